// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Objects: machine code from MLIR, and raw data.

#ifndef NIBBLE_TARGET_OBJECT_H
#define NIBBLE_TARGET_OBJECT_H

#include "nibble/Support/StoredBytes.h"
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

/// Machine code of a GPU, a cubin, by NVIDIA's assembler, a program's name or path.
llvm::Expected<ObjectBytes> assemblePTX(llvm::StringRef ptx, const TargetSpec &target, llvm::StringRef assembler);

/// Raw data, of any size: linking writes them into the file and holds them nowhere else.
struct RawData {
  std::string symbol;
  StoredBytes bytes;
  /// Their section without content: read-only, aligned to 64 bytes, with the hidden symbol at its begin.
  ObjectBytes object;
};

llvm::Expected<RawData> emitRawData(llvm::StringRef symbol, StoredBytes bytes, const TargetSpec &target);

/// An object with a constant that holds the address of `symbol`, under the hidden symbol `name`. Code reaches data by
/// it that may lie farther than its offsets of 32 bits.
llvm::Expected<ObjectBytes> emitAddressObject(llvm::StringRef name, llvm::StringRef symbol, const TargetSpec &target);

/// An object with one section `section` that is in the file and never in memory.
llvm::Expected<ObjectBytes> emitNoteObject(llvm::StringRef section, llvm::ArrayRef<char> data,
                                           const TargetSpec &target);

/// Links objects and data into a shared library at `path`, in this process.
llvm::Error linkSharedLibrary(llvm::ArrayRef<ObjectBytes> objects, llvm::ArrayRef<RawData> data, llvm::StringRef path);

/// Links objects into a static executable at `path`. It starts at `_start`; there is no C library.
llvm::Error linkExecutable(llvm::ArrayRef<ObjectBytes> objects, llvm::ArrayRef<RawData> data, llvm::StringRef path);

/// Joins objects and data into one object.
llvm::Error linkRelocatable(llvm::ArrayRef<ObjectBytes> objects, llvm::ArrayRef<RawData> data, llvm::StringRef path);

/// Writes the object with its data.
llvm::Error writeRawData(const RawData &data, llvm::StringRef path);

} // namespace nibble

#endif // NIBBLE_TARGET_OBJECT_H
