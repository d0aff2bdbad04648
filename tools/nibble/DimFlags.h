// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The flags --dim of every command that reads an ONNX model; --bound, --state and --specialize of those that compile
// one.

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

class StateFlags {
public:
  explicit StateFlags(cl::SubCommand &sub);

  /// The outputs that are one buffer with an input, by its name, or what is wrong with a flag.
  llvm::Expected<std::map<std::string, std::string>> parse() const;

private:
  cl::list<std::string> states;
};

class SpecializeFlags {
public:
  explicit SpecializeFlags(cl::SubCommand &sub);

  /// The values of each, by name, or what is wrong with a flag.
  llvm::Expected<std::vector<DimValues>> parse() const;

private:
  cl::list<std::string> specializations;
};

} // namespace nibble::driver

#endif // NIBBLE_TOOLS_NIBBLE_DIMFLAGS_H
