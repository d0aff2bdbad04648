// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What emits the kernels of a program, and the function that calls them for one sample.

#ifndef NIBBLE_CODEGEN_SAMPLEEMITTER_H
#define NIBBLE_CODEGEN_SAMPLEEMITTER_H

#include "ProgramEmitter.h"

#include "nibble/Dialect/UKernel/Control.h"
#include "nibble/Dialect/UKernel/Kernels.h"

#include "llvm/ADT/StringMap.h"

#include <map>

namespace nibble {

/// Emits each distinct kernel once, by name and key.
class KernelTable {
public:
  KernelTable(mlir::ModuleOp module, const Program &program, const kernels::ISA &isa);

  /// `alignments`: of a GPU's kernel, what the addresses of its arguments are multiples of.
  llvm::FailureOr<mlir::func::FuncOp> get(ukernel::KernelOp op, llvm::ArrayRef<int64_t> alignments = {});
  mlir::func::FuncOp getHalo(mlir::Location loc, const kernels::HaloParams &params,
                             llvm::ArrayRef<int64_t> alignments = {});
  /// The symbol of a constant with the numbers that a shared kernel reads; equal ones are there once.
  llvm::StringRef getTable(llvm::ArrayRef<int32_t> table);

private:
  using EmitFn = llvm::function_ref<llvm::LogicalResult(llvm::StringRef symbol)>;
  llvm::FailureOr<mlir::func::FuncOp> getOrEmit(llvm::StringRef name, std::string key,
                                                llvm::ArrayRef<int64_t> alignments, EmitFn emit);

  mlir::ModuleOp module;
  const Program &program;
  const kernels::ISA &isa;
  mlir::OpBuilder builder;
  std::map<std::pair<std::string, std::string>, mlir::func::FuncOp> functions;
  llvm::StringMap<std::string> tables;
};

/// The function for one sample: `void sample(inputs, outputs, arena, parallel_for, data, index)`, and `dims` last where
/// shapes depend on them. EmitSample.cpp has its calls, EmitControl.cpp its loops and branches.
class SampleEmitter {
public:
  SampleEmitter(mlir::ModuleOp module, const Program &program, KernelTable &kernels, const kernels::ISA &isa);

  llvm::FailureOr<mlir::func::FuncOp> emit(llvm::StringRef symbol);

private:
  mlir::Value constant(int64_t c);
  /// The value of an extent, computed once.
  mlir::Value valueOf(const Extent &extent);
  mlir::Value offset(mlir::Value base, const Extent &bytes);
  /// A number of tiles.
  mlir::Value tileCount(const Extent &count);
  mlir::Value loadBuffer(mlir::Value array, unsigned index, mlir::Type type, bool shared);
  mlir::Value getPointer(mlir::Value value);
  mlir::Value inArena(mlir::Attribute bytes);
  mlir::Value getElementPointer(ukernel::LoopOp loop, mlir::Value whole, mlir::Value base, bool isReversed);
  mlir::Value getArgumentPointer(mlir::BlockArgument argument);
  mlir::Value getYieldedPointer(mlir::Operation *control, unsigned index);
  void call(mlir::func::FuncOp kernel, llvm::ArrayRef<mlir::Value> arguments, const Extent &tiles);
  void makeArguments();
  mlir::Value loadWeights();
  llvm::LogicalResult emitCall(ukernel::KernelOp op);
  llvm::LogicalResult emitBlock(mlir::Block &block);
  llvm::LogicalResult emitBranch(mlir::Block &block);
  llvm::LogicalResult emitIteration(ukernel::LoopOp loop, mlir::Value number);
  llvm::LogicalResult emitLoop(ukernel::LoopOp loop);
  llvm::LogicalResult emitConditionalLoop(ukernel::LoopOp loop);
  llvm::LogicalResult emitIf(ukernel::IfOp branch);
  mlir::Value countIterations(ukernel::LoopOp loop);
  mlir::Value isTrue(mlir::Value flag);
  unsigned countArguments();

  mlir::ModuleOp module;
  const Program &program;
  KernelTable &kernels;
  const kernels::ISA &isa;
  mlir::OpBuilder b;
  mlir::Location loc;
  mlir::Type pointer;
  mlir::func::FuncOp function;
  mlir::Value weights, argumentArray;
  mlir::Value dims; // null where shapes do not depend on them
  llvm::SmallVector<mlir::Value> dimValues;
  llvm::SmallVector<std::pair<Extent, mlir::Value>> extents;
  llvm::DenseMap<mlir::Operation *, mlir::Value> numbers; // of the iterations of loops that are open
  mlir::Value threaded;                                   // null where there are no threads
  llvm::SmallVector<mlir::Value> inputs, outputs;
};

} // namespace nibble

#endif // NIBBLE_CODEGEN_SAMPLEEMITTER_H
