// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The flags --dim of every command that reads an ONNX model, and --bound of those that compile one.

#ifndef NIBBLE_TOOLS_NIBBLE_DIMFLAGS_H
#define NIBBLE_TOOLS_NIBBLE_DIMFLAGS_H

#include "Command.h"

#include "nibble/Driver/Executable.h"

namespace nibble::driver {

class DimFlags {
public:
  explicit DimFlags(cl::SubCommand &sub);

  /// The values by name, or what is wrong with a flag.
  llvm::Expected<DimValues> parse() const;
  /// Tells the session which extents are fixed.
  llvm::Error apply(Session &session) const;

private:
  cl::list<std::string> dims;
};

class BoundFlags {
public:
  explicit BoundFlags(cl::SubCommand &sub);

  /// The largest values by name, or what is wrong with a flag.
  llvm::Expected<DimValues> parse() const;

private:
  cl::list<std::string> bounds;
};

} // namespace nibble::driver

#endif // NIBBLE_TOOLS_NIBBLE_DIMFLAGS_H
