// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files from compiled models.

#ifndef NIBBLE_CODEGEN_PACKAGE_H
#define NIBBLE_CODEGEN_PACKAGE_H

#include "nibble/Codegen/Compile.h"

namespace nibble {

/// Adds bytes that are no part of the program: a section of the file called `section`.
llvm::Error addNote(CompiledModel &model, llvm::StringRef section, llvm::ArrayRef<char> bytes);

enum class PackageKind { SharedLibrary, StaticLibrary, Object, Header, Executable };

/// Writes a model as `kind` at `path`. A static library or object gets its header beside it.
llvm::Error writePackage(const CompiledModel &model, llvm::StringRef path, PackageKind kind);

/// The C header of a model: the interface that all models share, and three declarations.
std::string makeHeader(const CompiledModel &model);

} // namespace nibble

#endif // NIBBLE_CODEGEN_PACKAGE_H
