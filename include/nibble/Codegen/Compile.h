// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From a folded or float module to objects.

#ifndef NIBBLE_CODEGEN_COMPILE_H
#define NIBBLE_CODEGEN_COMPILE_H

#include "nibble/Kernels/ISA.h"
#include "nibble/Support/Extent.h"
#include "nibble/Target/Object.h"
#include "nibble/Target/TargetSpec.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace nibble {

struct CodegenOptions {
  /// Prefix of every symbol; a C identifier.
  std::string name = "model";
  /// Instruction set levels, the plainest first; empty means the host's best. Unless it is one that all machines have,
  /// the library asks the processor when it is loaded.
  std::vector<TargetSpec> targets;
  /// Keep the values of `nibble.observe` in the arena until the end of a run.
  bool observe = false;
  /// Add what PackageKind::Executable needs.
  bool standalone = false;
  /// Of a GPU: the assembler that makes machine code of the kernels, a program's name or path. Empty: none, and the driver
  /// does when the model runs first.
  std::string ptxas;
  unsigned optLevel = 2;
  /// What an object is; assembly and LLVM IR are for people.
  CodeKind codeKind = CodeKind::Object;
};

/// A value that stays in the arena: elements of `shape` (f32) `strides` elements apart, the first one `offset` bytes
/// from the arena's start.
struct ObservedValue {
  std::string name;
  Extent offset = 0;
  llvm::SmallVector<Extent> shape, strides;
};

/// A call of the run function, in order.
struct KernelCall {
  std::string kernel;     ///< signature: `u8_s8pc_u8_gemm_6x64c4_avx512vnni` of the best level
  std::string node;       ///< ONNX node
  std::string value;      ///< ONNX value that it computes
  std::string result;     ///< type of the result
  int64_t tiles = 1;      ///< where dimensions are not known, at kUsualDimension
  bool fillsHalo = false; ///< a call of its own before this one fills the margin of the result
};

/// Memory of a value in the arena, from the call `first` that writes it to the call `last` that reads it last; where
/// dimensions are not known, at kUsualDimension.
struct ArenaBuffer {
  std::string value;
  int64_t offset = 0, bytes = 0, first = 0, last = 0;
};

/// Code for some values of the dynamic dimensions, which runs with these use.
struct SpecializedCode {
  std::vector<std::pair<std::string, int64_t>> dims; ///< in the order of a context's `dims`; 0 where it is for all
  uint64_t arenaBytes = 0;                           ///< where other dimensions are kUsualDimension
  uint64_t weightBytes = 0;                          ///< of what it adds to the weights
  bool isUsual = false; ///< the same code as for all dimensions: it fixes the number of samples, which run one by one
  std::vector<KernelCall> kernels;
};

/// Objects of one model, and what is known of them.
struct CompiledModel {
  std::string name;
  std::vector<ObjectBytes> objects;
  /// Where objects are machine code.
  RawData weights;
  /// The one of them that chooses among the levels, or refuses; only a system's loader runs such code.
  std::optional<size_t> dispatch;
  uint64_t arenaBytes = 0, weightBytes = 0; ///< the arena's where dimensions are kUsualDimension; of a GPU, on it
  Extent arena;                             ///< the caller's, for all dimensions
  std::vector<std::string> dims;            ///< names of the dynamic dimensions, in the order of a context's `dims`
  /// All that is loaded but the weights; of a microcontroller, the stack that a run needs.
  uint64_t codeBytes = 0, stackBytes = 0;
  std::vector<KernelCall> kernels;
  std::vector<SpecializedCode> specializations;
  std::vector<ArenaBuffer> buffers;
  std::vector<ObservedValue> observed;
  /// Each input and output on a line, for people: `input 0 'x': uint8[batch x 8 x 8 x 1], nhwc, ...`.
  std::vector<std::string> ports;
  /// How many inputs are one buffer with an output.
  size_t stateCount = 0;
  /// Whether a device computes it, on which runs leave something: there is NAME_release.
  bool hasRelease = false;
  /// Level of each code object.
  std::vector<std::string> isas;
};

/// Adds the passes from a folded or float module to planned ukernel calls.
void buildLowerPipeline(mlir::OpPassManager &pm, const CodegenOptions &options = {});

/// The functions of a lowered module: a module with a module for each instruction set (`nibble.isa`), and behind them
/// what every processor runs.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> emitFunctions(mlir::ModuleOp lowered, const CodegenOptions &options);

/// Generates code of a lowered module and its functions, which are used up.
llvm::Expected<CompiledModel> emitObjects(mlir::ModuleOp lowered, mlir::ModuleOp functions,
                                          const CodegenOptions &options);

/// All of this: compiles `module`, which is left as planned ukernel IR. Diagnostics of the passes go to the context.
llvm::Expected<CompiledModel> compileToObjects(mlir::ModuleOp module, const CodegenOptions &options);

} // namespace nibble

#endif // NIBBLE_CODEGEN_COMPILE_H
