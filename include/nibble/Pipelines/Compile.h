// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From a folded or float module to objects, and from objects to something that runs.

#ifndef NIBBLE_PIPELINES_COMPILE_H
#define NIBBLE_PIPELINES_COMPILE_H

#include "nibble/Kernels/ISA.h"
#include "nibble/Runtime/nibble_abi.h"
#include "nibble/Target/JIT.h"
#include "nibble/Target/Object.h"
#include "nibble/Target/TargetSpec.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace nibble {

struct CompileOptions {
  /// Prefix of every symbol; a C identifier.
  std::string name = "model";
  /// Instruction set levels, the plainest first; empty means the host's best. With several, the library chooses by
  /// cpuid when it is loaded.
  std::vector<TargetSpec> targets;
  /// Keep the values of `nibble.observe` in the arena until the end of a run.
  bool observe = false;
  /// Add what PackageKind::Executable needs.
  bool standalone = false;
  unsigned optLevel = 2;
  /// What an object is; assembly and LLVM IR are for people.
  CodeKind codeKind = CodeKind::Object;
};

/// A value that stays in the arena: `bytes` from `offset` on, elements of `shape` (f32) `strides` elements apart, the
/// first one at `offset`.
struct ObservedValue {
  std::string name;
  int64_t offset = 0;
  llvm::SmallVector<int64_t> shape, strides;
};

/// A call of the run function, in order.
struct KernelCall {
  std::string kernel; ///< signature: `u8_s8pc_u8_gemm_6x64c4_avx512vnni` of the best level
  std::string node;   ///< ONNX node
  std::string value;  ///< ONNX value that it computes
  std::string result; ///< type of the result
  int64_t tiles = 1;
  bool fillsHalo = false; ///< a call of its own before this one fills the margin of the result
};

/// Memory of a value in the arena, from the call `first` that writes it to the call `last` that reads it last.
struct ArenaBuffer {
  std::string value;
  int64_t offset = 0, bytes = 0, first = 0, last = 0;
};

/// Objects of one model, and what is known of them.
struct CompiledModel {
  std::string name;
  std::vector<ObjectBytes> objects;
  uint64_t arenaBytes = 0, weightBytes = 0;
  std::vector<KernelCall> kernels;
  std::vector<ArenaBuffer> buffers;
  std::vector<ObservedValue> observed;
  /// Each input and output on a line, for people: `input 0 'x': uint8[batch x 8 x 8 x 1], nhwc, ...`.
  std::vector<std::string> ports;
  /// Level of each code object.
  std::vector<std::string> isas;
};

/// Adds the passes from a folded or float module to planned ukernel calls.
void buildLowerPipeline(mlir::OpPassManager &pm, const CompileOptions &options = {});

/// The functions of a lowered module: a module with a module for each instruction set (`nibble.isa`), and behind them
/// what every processor runs.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> emitFunctions(mlir::ModuleOp lowered, const CompileOptions &options);

/// Generates code of a lowered module and its functions, which are used up.
llvm::Expected<CompiledModel> emitObjects(mlir::ModuleOp lowered, mlir::ModuleOp functions,
                                          const CompileOptions &options);

/// All of this: compiles `module`, which is left as planned ukernel IR. Diagnostics of the passes go to the context.
llvm::Expected<CompiledModel> compileToObjects(mlir::ModuleOp module, const CompileOptions &options);

/// The functions of a model in this process.
class LoadedModel {
public:
  ~LoadedModel();
  const nibble_model_desc &describe() const { return *desc; }
  uint64_t arenaBytes(const int64_t *dims = nullptr) const { return arenaBytesFunction(dims); }
  int32_t run(const nibble_context &context) const { return runFunction(&context); }

private:
  friend llvm::Expected<std::unique_ptr<LoadedModel>> loadJIT(const CompiledModel &model);
  friend llvm::Expected<std::unique_ptr<LoadedModel>> loadLibrary(llvm::StringRef path, llvm::StringRef name);
  std::unique_ptr<JITLibrary> jit;
  void *handle = nullptr;
  const nibble_model_desc *desc = nullptr;
  nibble_arena_bytes_fn arenaBytesFunction = nullptr;
  nibble_run_fn runFunction = nullptr;
};

/// Links the objects in memory.
llvm::Expected<std::unique_ptr<LoadedModel>> loadJIT(const CompiledModel &model);

/// Opens a shared library; `name` empty: finds the model's name by its file's stem.
llvm::Expected<std::unique_ptr<LoadedModel>> loadLibrary(llvm::StringRef path, llvm::StringRef name);

/// Adds bytes that are no part of the program: a section of the file called `section`.
llvm::Error addNote(CompiledModel &model, llvm::StringRef section, llvm::ArrayRef<char> bytes);

enum class PackageKind { SharedLibrary, StaticLibrary, Object, Header, Executable };

/// Writes a model as `kind` at `path`. A static library or object gets its header beside it.
llvm::Error writePackage(const CompiledModel &model, llvm::StringRef path, PackageKind kind);

/// The C header of a model: three declarations.
std::string makeHeader(const CompiledModel &model);

} // namespace nibble

#endif // NIBBLE_PIPELINES_COMPILE_H
