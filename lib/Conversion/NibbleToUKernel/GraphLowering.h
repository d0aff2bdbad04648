// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The state of a function's lowering from nibble to ukernel.

#ifndef NIBBLE_CONVERSION_NIBBLETOUKERNEL_GRAPHLOWERING_H
#define NIBBLE_CONVERSION_NIBBLETOUKERNEL_GRAPHLOWERING_H

#include "nibble/Analysis/States.h"
#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Dialect/UKernel/UKernel.h"

namespace nibble::ukernel {

/// An error that begins with the node's name.
mlir::InFlightDiagnostic emitNodeError(mlir::Operation *op);

/// Kernels know images as N, H, W, C alone.
llvm::LogicalResult checkLayout(mlir::Operation *op, Layout layout);

/// Whether the multipliers exist in the mode.
llvm::LogicalResult checkFixed(mlir::Operation *op, bool fixed, llvm::ArrayRef<float> multipliers);

/// The only user of a value, or null.
mlir::Operation *getOnlyUser(mlir::Value value);

/// Whether only kernels read the reals that dequantize stored values on their way.
bool isReadByRows(IntDequantizeOp op);

/// Lowers the operations of one function, in order, into a new one that takes its place.
class GraphLowering {
public:
  GraphLowering(mlir::func::FuncOp function, bool observe, kernels::DotInput dotInput, bool pairsSteps)
      : function(function), observe(observe), dotInput(dotInput), pairsSteps(pairsSteps), extents(function),
        builder(function.getContext()) {}

  llvm::LogicalResult run();

private:
  /// Padding that the consumers of a value want round it.
  struct Halo {
    llvm::SmallVector<int64_t, 4> counts = {0, 0, 0, 0};
    int64_t fill = 0;
  };

  // Layouts (GraphLowering.cpp).
  llvm::LogicalResult checkTypes();
  llvm::LogicalResult checkTypes(mlir::Block &block);
  llvm::LogicalResult checkSize(mlir::Value value, llvm::StringRef what);
  llvm::LogicalResult refuseInput(mlir::BlockArgument argument);
  void chooseHalos();
  void requireExtents();
  bool alignResidual(IntConvOp conv);
  void want(mlir::Value value, llvm::ArrayRef<int64_t> pads, int64_t fill);
  BufferType getResultType(mlir::Value value);
  BufferType getPlainType(mlir::Value value);
  llvm::LogicalResult finish(mlir::func::ReturnOp op);

  // States (LowerStates.cpp).
  llvm::LogicalResult readStates();
  /// In the caller's memory, with its capacity where the argument is a state that grows.
  llvm::FailureOr<BufferType> getArgumentType(mlir::BlockArgument argument);
  const State *findAppended(nibble::ConcatOp op) const;
  mlir::Value append(nibble::ConcatOp op, const State &state);
  llvm::LogicalResult checkStateReaders();

  // Values (GraphLowering.cpp).
  mlir::Value lookup(mlir::Value value);
  /// `value` in memory with at least these pads round it.
  mlir::Value lookupPadded(mlir::Value value, llvm::ArrayRef<int64_t> pads, int64_t fill);
  mlir::Value lookupPlain(mlir::Value value);
  /// Whether the memory is not the arena's: the caller's, or a constant.
  static bool isExternal(mlir::Value buffer);
  /// Whether it is a kernel's result, or memory that loops and branches write.
  static bool isInArena(mlir::Value buffer);
  mlir::Value copy(mlir::Location loc, mlir::Value buffer, BufferType type);
  /// `value` in memory that is seen under another shape without a copy, or in plain memory.
  mlir::Value lookupForView(mlir::Value value, llvm::ArrayRef<Extent> shape);
  mlir::Value view(mlir::Location loc, mlir::Value buffer, llvm::ArrayRef<Extent> shape);
  mlir::Value createConstant(mlir::Location loc, llvm::ArrayRef<char> bytes);
  /// A constant before the outermost loop or branch, as what stands behind that may read it too.
  mlir::Value createConstant(mlir::Location loc, BufferType type, mlir::ElementsAttr value);
  void define(mlir::Value value, mlir::Value buffer) { buffers[value] = buffer; }

  // Which of those below (LowerOps.cpp).
  llvm::LogicalResult lower(mlir::Operation *op);

  // LowerConv.cpp
  llvm::LogicalResult lower(IntConvOp op);
  llvm::LogicalResult lower(nibble::ConvOp op);
  template <typename Op>
  llvm::LogicalResult setWindow(struct ConvPlan &plan, Op op, int64_t padValue);
  void chooseBits(kernels::ConvParams &params, struct ConvPlan &plan, mlir::Operation *op,
                  llvm::ArrayRef<int8_t> weights, llvm::ArrayRef<int32_t> bias) const;
  void chooseSteps(kernels::ConvParams &params, struct ConvPlan &plan) const;
  llvm::LogicalResult packInteger(struct ConvPlan &plan, mlir::Operation *op, mlir::Value filter, bool transposed,
                                  mlir::Value bias, mlir::Value multiplier, bool fixed);
  llvm::LogicalResult packFloat(struct ConvPlan &plan, mlir::Operation *op, mlir::Value filter, bool transposed,
                                mlir::Value bias);
  llvm::LogicalResult lower(ScaledConvOp op);
  llvm::LogicalResult lower(SumConvOp op);
  llvm::LogicalResult packSums(struct ConvPlan &plan, mlir::Operation *op, mlir::Value filter, bool transposed,
                               int32_t zeroPoint);
  llvm::LogicalResult packScaled(struct ConvPlan &plan, mlir::Operation *op, mlir::Value filter, bool transposed,
                                 mlir::Value bias, mlir::Value scale);
  mlir::Value createConv(struct ConvPlan &plan, mlir::Location loc, BufferType result);
  mlir::Value fuseClamp(struct ConvPlan &plan, mlir::Value value);

  // LowerMatMul.cpp
  llvm::LogicalResult lower(IntMatMulOp op);
  llvm::LogicalResult lower(nibble::MatMulOp op);
  llvm::LogicalResult lower(IntConvTransposeOp op);
  llvm::LogicalResult lower(nibble::ConvTransposeOp op);
  llvm::LogicalResult lower(ScaledMatMulOp op);
  llvm::LogicalResult lower(SumMatMulOp op);
  llvm::LogicalResult lower(DynamicMatMulOp op);
  llvm::LogicalResult lowerConstantMatMul(IntMatMulOp op);
  llvm::LogicalResult lowerConstantMatMul(nibble::MatMulOp op);
  void setRows(struct ConvPlan &plan, mlir::Value lhs, BufferType result);
  mlir::Value packMultipliers(mlir::Operation *op, mlir::Value multiplier, RequantMode mode);
  template <typename T, typename Op>
  mlir::Value packTransposed(Op op);

  // LowerShapes.cpp
  llvm::LogicalResult lower(ReshapeOp op);
  llvm::LogicalResult lower(nibble::TransposeOp op);
  llvm::LogicalResult lower(nibble::ConcatOp op);
  llvm::LogicalResult lower(nibble::SliceOp op);
  llvm::LogicalResult lower(nibble::PadOp op);
  llvm::LogicalResult lower(ResizeNearestOp op);
  llvm::LogicalResult lower(nibble::GenerateOp op);
  llvm::LogicalResult lower(nibble::GatherRowsOp op);
  mlir::Value gather(mlir::Operation *op, mlir::Value input, llvm::ArrayRef<int32_t> indices,
                     llvm::ArrayRef<int64_t> axes);

  // LowerQuantization.cpp
  llvm::LogicalResult lower(IntQuantizeOp op);
  llvm::LogicalResult lower(IntDequantizeOp op);
  llvm::LogicalResult lower(IntRequantizeOp op);
  llvm::LogicalResult lower(DynamicScaleOp op);
  llvm::LogicalResult lower(DynamicQuantizeOp op);
  llvm::LogicalResult lower(DynamicEncodingOp op);
  llvm::LogicalResult lower(DynamicEncodeOp op);
  mlir::Value lookupRows(mlir::Value value, int64_t rowDims);
  /// Whether what a dynamic quantization makes lies in memory as u8 with a zero point of 128.
  bool isCentered(mlir::Value value) const;
  llvm::LogicalResult lower(FakeQuantOp op);
  llvm::LogicalResult lower(IntLookupOp op);
  llvm::LogicalResult lower(nibble::ObserveOp op);

  // LowerRows.cpp
  llvm::LogicalResult lower(nibble::MaxPoolOp op);
  llvm::LogicalResult lower(nibble::AvgPoolOp op);
  llvm::LogicalResult lower(IntAvgPoolOp op);
  llvm::LogicalResult lower(nibble::ReduceOp op);

  // LowerNorms.cpp
  struct RealEnds;
  /// The conversions before and behind `op` become its own.
  RealEnds takeEnds(mlir::Operation *op);
  mlir::Value lookupMask(mlir::Value mask, int64_t rank);
  llvm::LogicalResult lower(nibble::SoftmaxOp op);
  llvm::LogicalResult lower(nibble::IntSoftmaxOp op);
  llvm::LogicalResult lower(nibble::NormOp op);

  // LowerControl.cpp
  llvm::LogicalResult lower(nibble::LoopOp op);
  llvm::LogicalResult lower(nibble::IfOp op);
  llvm::LogicalResult lowerOps(mlir::Block &block);
  llvm::LogicalResult lowerBody(mlir::Operation *control, mlir::Block &from, mlir::Region &to,
                                llvm::ArrayRef<mlir::Type> arguments);
  llvm::SmallVector<mlir::Value> copyYielded(mlir::Operation *yield, mlir::Block *body);
  mlir::Value copyPlain(mlir::Value value);

  // LowerElementwise.cpp
  llvm::LogicalResult lower(IntAddOp op);
  llvm::LogicalResult lower(IntMulOp op);
  llvm::LogicalResult lowerBinary(mlir::Operation *op, BinaryKind kind, llvm::ArrayRef<mlir::NamedAttribute> attrs);
  llvm::LogicalResult lowerUnary(mlir::Operation *op);

  mlir::func::FuncOp function;
  bool observe;
  kernels::DotInput dotInput;
  bool pairsSteps; ///< of weights, where they can be
  ExtentAnalysis extents;
  mlir::OpBuilder builder;
  llvm::DenseMap<mlir::Value, mlir::Value> buffers;
  llvm::DenseMap<mlir::Value, Halo> halos;
  /// The outermost loop or branch whose body is lowered; null outside of any.
  mlir::Operation *outermost = nullptr;
  llvm::SmallVector<State> states;
  /// Nodes that need a copy of a state's buffer, and the buffer.
  llvm::SmallVector<std::pair<mlir::Operation *, mlir::Value>> copiedStates;
  /// What is being lowered; null at the end.
  mlir::Operation *current = nullptr;
  /// Operations that another one computes.
  llvm::DenseSet<mlir::Operation *> fused;
};

} // namespace nibble::ukernel

#endif // NIBBLE_CONVERSION_NIBBLETOUKERNEL_GRAPHLOWERING_H
