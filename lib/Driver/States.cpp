// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "States.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/PortAttrs.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace nibble::driver {

/// The number of the input or output called `name`.
template <typename GetAttrs>
static Expected<unsigned> findPort(StringRef what, StringRef name, unsigned count, GetAttrs getAttrs) {
  SmallVector<std::string> names;
  for (unsigned i = 0; i < count; ++i) {
    names.push_back(getPortName(getAttrs(i)).str());
    if (names.back() == name)
      return i;
  }
  return makeError("state: the model has no " + what + " '" + name + "', expected one of '" + join(names, "', '") +
                   "'");
}

Error setStates(mlir::ModuleOp module, const std::map<std::string, std::string> &states) {
  auto function = module.lookupSymbol<mlir::func::FuncOp>("main");
  if (!function)
    return states.empty() ? Error::success() : makeError("the module has no function 'main'");
  for (const auto &[input, output] : states) {
    Expected<unsigned> from =
        findPort("input", input, function.getNumArguments(), [&](unsigned i) { return function.getArgAttrDict(i); });
    if (!from)
      return from.takeError();
    Expected<unsigned> to =
        findPort("output", output, function.getNumResults(), [&](unsigned i) { return function.getResultAttrDict(i); });
    if (!to)
      return to.takeError();
    function.setArgAttr(*from, kStateAttr, mlir::Builder(module.getContext()).getI64IntegerAttr(*to));
  }
  return Error::success();
}

void removeStates(mlir::ModuleOp module) {
  for (auto function : module.getOps<mlir::func::FuncOp>())
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      function.removeArgAttr(i, kStateAttr);
}

} // namespace nibble::driver
