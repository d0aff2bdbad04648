// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The state of a function's lowering from nibble to ukernel.

#ifndef NIBBLE_CONVERSION_NIBBLETOUKERNEL_GRAPHLOWERING_H
#define NIBBLE_CONVERSION_NIBBLETOUKERNEL_GRAPHLOWERING_H

#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Dialect/UKernel/UKernel.h"

namespace nibble::ukernel {

/// Lowers the operations of one function, in order, into a new one that takes its place.
class GraphLowering {
public:
  GraphLowering(mlir::func::FuncOp function, bool observe, kernels::DotInput dotInput)
      : function(function), observe(observe), dotInput(dotInput), builder(function.getContext()) {}

  llvm::LogicalResult run();

private:
  /// Padding that the consumers of a value want round it.
  struct Halo {
    llvm::SmallVector<int64_t, 4> counts = {0, 0, 0, 0};
    int64_t fill = 0;
  };

  // Layouts (GraphLowering.cpp).
  llvm::LogicalResult checkTypes();
  void chooseHalos();
  void want(mlir::Value value, llvm::ArrayRef<int64_t> pads, int64_t fill);
  BufferType getResultType(mlir::Value value);
  BufferType getPlainType(mlir::Value value);
  llvm::LogicalResult finish(mlir::func::ReturnOp op);

  // Values (GraphLowering.cpp).
  mlir::Value lookup(mlir::Value value);
  /// `value` in memory with at least these pads round it.
  mlir::Value lookupPadded(mlir::Value value, llvm::ArrayRef<int64_t> pads, int64_t fill);
  mlir::Value lookupPlain(mlir::Value value);
  /// Whether the memory is not the arena's: the caller's, or a constant.
  static bool isExternal(mlir::Value buffer);
  mlir::Value copy(mlir::Location loc, mlir::Value buffer, BufferType type);
  mlir::Value view(mlir::Location loc, mlir::Value buffer, llvm::ArrayRef<int64_t> shape);
  mlir::Value createConstant(mlir::Location loc, llvm::ArrayRef<char> bytes);
  void define(mlir::Value value, mlir::Value buffer) { buffers[value] = buffer; }

  // Operations with weights (LowerConv.cpp).
  llvm::LogicalResult lower(IntConvOp op);
  llvm::LogicalResult lower(nibble::ConvOp op);
  llvm::LogicalResult lower(IntMatMulOp op);
  llvm::LogicalResult lower(nibble::MatMulOp op);
  llvm::LogicalResult lower(IntConvTransposeOp op);
  llvm::LogicalResult lower(nibble::ConvTransposeOp op);
  llvm::LogicalResult lowerConstantMatMul(IntMatMulOp op);
  llvm::LogicalResult lowerConstantMatMul(nibble::MatMulOp op);
  llvm::LogicalResult packInteger(struct ConvPlan &plan, mlir::Operation *op, mlir::Value filter, bool transposed,
                                  mlir::Value bias, mlir::Value multiplier, bool fixed);
  llvm::LogicalResult packFloat(struct ConvPlan &plan, mlir::Operation *op, mlir::Value filter, bool transposed,
                                mlir::Value bias);
  mlir::Value createConv(struct ConvPlan &plan, mlir::Location loc, BufferType result);
  /// The activation behind a float operation that it can compute itself, or null.
  mlir::Operation *getFusedClamp(mlir::Value value, float &low, float &high);

  // The rest (LowerOps.cpp).
  llvm::LogicalResult lower(mlir::Operation *op);
  llvm::LogicalResult lower(ReshapeOp op);
  llvm::LogicalResult lower(nibble::TransposeOp op);
  llvm::LogicalResult lower(IntQuantizeOp op);
  llvm::LogicalResult lower(IntDequantizeOp op);
  llvm::LogicalResult lower(FakeQuantOp op);
  llvm::LogicalResult lower(nibble::PadOp op);
  llvm::LogicalResult lower(ResizeNearestOp op);
  llvm::LogicalResult lower(nibble::MaxPoolOp op);
  llvm::LogicalResult lower(nibble::AvgPoolOp op);
  llvm::LogicalResult lower(IntAvgPoolOp op);
  llvm::LogicalResult lower(IntRequantizeOp op);
  llvm::LogicalResult lower(IntAddOp op);
  llvm::LogicalResult lower(IntMulOp op);
  llvm::LogicalResult lower(IntLookupOp op);
  llvm::LogicalResult lower(nibble::ConcatOp op);
  llvm::LogicalResult lower(nibble::SliceOp op);
  llvm::LogicalResult lower(nibble::SoftmaxOp op);
  llvm::LogicalResult lower(nibble::ReduceOp op);
  llvm::LogicalResult lower(nibble::ObserveOp op);
  llvm::LogicalResult lowerBinary(mlir::Operation *op, BinaryKind kind, llvm::ArrayRef<mlir::NamedAttribute> attrs);
  llvm::LogicalResult lowerUnary(mlir::Operation *op);
  llvm::LogicalResult checkFixed(mlir::Operation *op, bool fixed, llvm::ArrayRef<float> multipliers);

  mlir::func::FuncOp function;
  bool observe;
  kernels::DotInput dotInput;
  mlir::OpBuilder builder;
  llvm::DenseMap<mlir::Value, mlir::Value> buffers;
  llvm::DenseMap<mlir::Value, Halo> halos;
  /// Operations that another one computes.
  llvm::DenseSet<mlir::Operation *> fused;
};

} // namespace nibble::ukernel

#endif // NIBBLE_CONVERSION_NIBBLETOUKERNEL_GRAPHLOWERING_H
