// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Objects: machine code from MLIR, and raw data.

#ifndef NIBBLE_TARGET_OBJECT_H
#define NIBBLE_TARGET_OBJECT_H

#include "nibble/Target/TargetSpec.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

namespace mlir {
class DialectRegistry;
class ModuleOp;
class OpPassManager;
} // namespace mlir

namespace nibble {

/// A relocatable ELF object, or a text in its place.
using ObjectBytes = llvm::SmallVector<char, 0>;

enum class CodeKind { Object, Assembly, LLVMIR };

/// Adds what buildLowerToLLVMPipeline needs of the dialects to `registry`.
void registerLowerToLLVM(mlir::DialectRegistry &registry);

/// Adds the passes from scf, vector, arith, math, index, ub and func to the LLVM dialect.
/// Without `hasFMA` fused multiply-adds and roundings become exact instruction sequences.
void buildLowerToLLVMPipeline(mlir::OpPassManager &pm, bool hasFMA = true);

/// Lowers `module`, which it changes, and generates code for `target`. `optLevel` 0 to 3 chooses
/// LLVM's pipeline; 0 leaves the code as it is but for register allocation and scheduling.
llvm::Expected<ObjectBytes> emitObject(mlir::ModuleOp module, const TargetSpec &target, unsigned optLevel = 2,
                                       CodeKind kind = CodeKind::Object);

/// An object with one read-only section that holds `data`, aligned to 64 bytes, under the hidden symbol `symbol`.
llvm::Expected<ObjectBytes> emitDataObject(llvm::StringRef symbol, llvm::ArrayRef<char> data, const TargetSpec &target);

/// An object with one section `section` that is in the file and never in memory.
llvm::Expected<ObjectBytes> emitNoteObject(llvm::StringRef section, llvm::ArrayRef<char> data,
                                           const TargetSpec &target);

/// Links objects into a shared library at `path`, in this process.
llvm::Error linkSharedLibrary(llvm::ArrayRef<ObjectBytes> objects, llvm::StringRef path);

/// Links objects into a static executable at `path`. It starts at `_start`; there is no C library.
llvm::Error linkExecutable(llvm::ArrayRef<ObjectBytes> objects, llvm::StringRef path);

/// Joins objects into one.
llvm::Error linkRelocatable(llvm::ArrayRef<ObjectBytes> objects, llvm::StringRef path);

} // namespace nibble

#endif // NIBBLE_TARGET_OBJECT_H
