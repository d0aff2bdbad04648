// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "DimFlags.h"

#include "nibble/Support/Errors.h"

using namespace llvm;

namespace nibble::driver {

DimFlags::DimFlags(cl::SubCommand &sub)
    : dims("dim",
           cl::desc("fixes an extent that the ONNX model leaves open, by its name there; one without a name is "
                    "INPUT.AXIS, as image.2 (again for others)"),
           cl::value_desc("name=extent"), cl::sub(sub)) {}

Error DimFlags::apply(Session &session) const {
  std::map<std::string, int64_t> fixed;
  for (StringRef flag : dims) {
    auto [name, text] = flag.rsplit('=');
    int64_t extent;
    if (name.empty() || text.getAsInteger(10, extent))
      return makeError("--dim is '" + flag + "', expected a name and an extent, as in batch=1");
    if (!fixed.try_emplace(name.str(), extent).second)
      return makeError("--dim gives '" + name + "' twice");
  }
  session.fixDims(std::move(fixed));
  return Error::success();
}

} // namespace nibble::driver
