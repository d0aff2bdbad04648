// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The flag --dim of every command that reads an ONNX model.

#ifndef NIBBLE_TOOLS_NIBBLE_DIMFLAGS_H
#define NIBBLE_TOOLS_NIBBLE_DIMFLAGS_H

#include "Command.h"

namespace nibble::driver {

class DimFlags {
public:
  explicit DimFlags(cl::SubCommand &sub);

  /// Tells the session which extents are fixed, or what is wrong with a flag.
  llvm::Error apply(Session &session) const;

private:
  cl::list<std::string> dims;
};

} // namespace nibble::driver

#endif // NIBBLE_TOOLS_NIBBLE_DIMFLAGS_H
