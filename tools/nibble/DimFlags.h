// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The flags --dim of every command that reads an ONNX model; --bound, --state and --specialize of those that compile
// one.

#ifndef NIBBLE_TOOLS_NIBBLE_DIMFLAGS_H
#define NIBBLE_TOOLS_NIBBLE_DIMFLAGS_H

#include "Command.h"

#include "nibble/Driver/Executable.h"
#include "nibble/Driver/Options.h"

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

/// What a compilation does with dimensions that stay open.
class OpenDimFlags {
public:
  explicit OpenDimFlags(cl::SubCommand &sub);

  /// Sets bounds, states and specializations, or tells what is wrong with a flag.
  llvm::Error apply(CompileOptions &options) const;

private:
  llvm::Expected<DimValues> parseBounds() const;
  llvm::Expected<std::map<std::string, std::string>> parseStates() const;
  llvm::Expected<std::vector<DimValues>> parseSpecializations() const;

  cl::list<std::string> bounds, states, specializations;
};

} // namespace nibble::driver

#endif // NIBBLE_TOOLS_NIBBLE_DIMFLAGS_H
