// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From planned ukernel IR to modules of functions, one for each instruction set.

#ifndef NIBBLE_CODEGEN_PROGRAMEMITTER_H
#define NIBBLE_CODEGEN_PROGRAMEMITTER_H

#include "nibble/Codegen/Compile.h"
#include "nibble/Dialect/UKernel/UKernel.h"
#include "nibble/Support/Extent.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace nibble {

/// The weights of programs: constants one after another, equal ones once.
class WeightBlob {
public:
  explicit WeightBlob(llvm::ArrayRef<mlir::func::FuncOp> programs);
  int64_t getOffset(ukernel::ConstantOp op) const { return offsets.lookup(op); }
  int64_t getSize() const { return size; }
  /// Bytes of a program's constants that none before it has.
  int64_t getAddedBytes(unsigned program) const { return added[program]; }
  /// Copies them into one block, which is not in memory if it is large.
  StoredBytes store() const;

private:
  llvm::DenseMap<mlir::Operation *, int64_t> offsets;
  std::vector<mlir::ElementsAttr> constants; // each once, in order
  std::vector<int64_t> added;
  int64_t size = 0;
};

/// What the code of all instruction sets has in common.
struct Program {
  std::string name;
  mutable mlir::func::FuncOp function; ///< a handle
  const WeightBlob &weights;
  Extent arenaBytes;
  /// Names of the model's dynamic dimensions, in the order of a context's `dims`.
  llvm::SmallVector<std::string> dims;
  /// The values of the dimensions that the code is for, 0 where it is for all.
  llvm::SmallVector<int64_t> fixed;
  /// Code for some dimensions. A run takes the first that is for its own, before this.
  std::vector<Program> specializations;

  /// An input and an output that are one buffer.
  struct StatePort {
    unsigned input, output;
    ukernel::BufferType type; ///< the input's
  };

  /// Of a function, and of its specializations behind it (findPrograms).
  Program(llvm::StringRef name, llvm::ArrayRef<mlir::func::FuncOp> functions, const WeightBlob &weights);
  /// The arena that runs of any dimensions fit into, if that is known; else the one without specializations.
  Extent getLargestArena() const;
  /// Whether a buffer's shape depends on the dimensions; the number of samples aside, of which the code takes one.
  bool isDynamic() const;
  llvm::SmallVector<StatePort> getStates() const;
  /// The bound that the user gave dimension `index`, or 0.
  int64_t getBound(unsigned index) const;
  /// Extents of buffers that some dimensions make negative, which a run refuses: windows larger than their image.
  llvm::SmallVector<Extent> getDoubtfulExtents() const;
  /// How many entries a context's `dims` has.
  unsigned getDimCount() const;
  /// The entry that counts samples, where getBatch() is -1.
  unsigned getBatchDim() const;
  /// The extents of an input or output, with the samples.
  llvm::SmallVector<Extent> getShape(mlir::Type type, mlir::DictionaryAttr attrs) const;
  /// Text of an extent, with the names of dimensions.
  std::string spell(const Extent &extent) const;
  std::string getWeightSymbol() const { return name + "_weights"; }
  /// Of a constant that holds their address, which all but microcontrollers' code reads.
  std::string getWeightAddressSymbol() const { return name + "_weights_address"; }
  /// 1, a static extent, or -1 for a dynamic batch.
  int64_t getBatch() const;
  std::string getString(llvm::StringRef moduleAttr) const;
};

/// The function 'main' of a lowered module, then its specializations in order.
llvm::Expected<llvm::SmallVector<mlir::func::FuncOp>> findPrograms(mlir::ModuleOp lowered);

/// Emits kernels and the run function, called `symbol`, for one instruction set. `exported`: visible outside.
llvm::LogicalResult emitRun(mlir::ModuleOp module, const Program &program, llvm::StringRef symbol, bool exported,
                            const TargetSpec &target);

/// Tells of calls, buffers and ports, for people.
void describeProgram(const Program &program, const TargetSpec &target, CompiledModel &model);

/// Finds codeBytes and stackBytes.
void measureFootprint(CompiledModel &model);

/// Emits NAME_describe, NAME_arena_bytes and, where there are dynamic dimensions, NAME_shape.
void emitDescription(mlir::ModuleOp module, const Program &program, llvm::ArrayRef<TargetSpec> targets);

/// Emits NAME_run, which is the run function of the best of `targets` that the processor has, or returns
/// NIBBLE_ERROR_PROCESSOR if it has none.
void emitDispatch(mlir::ModuleOp module, const Program &program, llvm::ArrayRef<TargetSpec> targets);

/// Emits what the program of a standalone executable looks for (lib/Runtime/Standalone/Main.c): a table of the model's
/// functions, and whether the processor has one of `targets`.
void emitStandaloneTable(mlir::ModuleOp module, const Program &program, llvm::ArrayRef<TargetSpec> targets);

inline constexpr llvm::StringLiteral kPtxSuffix = "_ptx", kCubinSuffix = "_cubin";

/// Emits the kernels of a program for a GPU into `device`, and into `host` the tables of their calls and NAME_run,
/// which reads them; the PTX, NAME_ptx, comes later, as does NAME_cubin where it is assembled too.
llvm::LogicalResult emitDevice(mlir::ModuleOp device, mlir::ModuleOp host, const Program &program,
                               const TargetSpec &target, bool isAssembled);

/// Sets what NAME_ptx or NAME_cubin (`suffix`) of a program's host module holds.
void emitDeviceCode(mlir::ModuleOp host, const Program &program, llvm::StringRef suffix, llvm::StringRef bytes);

/// Entry `index` of an array of dimensions.
mlir::Value loadDim(mlir::OpBuilder &b, mlir::Location loc, mlir::Value dims, unsigned index);

/// The value of an extent by an array of dimensions, which may be null where it is static.
mlir::Value emitValue(mlir::OpBuilder &b, mlir::Location loc, const Extent &extent, mlir::Value dims);

/// Fails where a run would refuse all dimensions that a specialization is for.
llvm::Error checkSpecializations(const Program &program);

/// Whether an array of dimensions is what a specialization is for, an i1.
mlir::Value emitIsFor(mlir::OpBuilder &b, mlir::Location loc, const Program &specialization, mlir::Value dims);

/// The bytes of the arena that a run with these dimensions needs; `dims` may be null where nothing depends on them.
mlir::Value emitArenaBytes(mlir::OpBuilder &b, mlir::Location loc, const Program &program, mlir::Value dims);

/// Whether a run refuses an array of dimensions, an i1: one is negative or above its bound, memory or a sum of products
/// would overflow, or extents differ that must be equal. Null where there is nothing to check.
mlir::Value emitIsRefused(mlir::OpBuilder &b, mlir::Location loc, const Program &program, mlir::Value dims);

/// NAME_run_ISA.
std::string getVariantSymbol(const Program &program, const TargetSpec &target);

} // namespace nibble

#endif // NIBBLE_CODEGEN_PROGRAMEMITTER_H
