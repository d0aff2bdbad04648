// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which function lowers which operation, and what they share.

#include "GraphLowering.h"

#include "nibble/Support/Locations.h"
#include "nibble/Support/Numerics.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

InFlightDiagnostic nibble::ukernel::emitNodeError(Operation *op) {
  return op->emitOpError("node '") << getNodeName(op->getLoc()) << "' ";
}

LogicalResult nibble::ukernel::checkLayout(Operation *op, Layout layout) {
  if (layout == Layout::NHWC)
    return success();
  return emitNodeError(op) << "has the layout nchw, expected nhwc (--nibble-convert-layout)";
}

Operation *nibble::ukernel::getOnlyUser(Value value) { return value.hasOneUse() ? *value.user_begin() : nullptr; }

LogicalResult nibble::ukernel::checkFixed(Operation *op, bool fixed, ArrayRef<float> multipliers) {
  for (float m : multipliers) {
    if (fixed && !numerics::toFixedMultiplier(m))
      return emitNodeError(op) << "has the multiplier " << m << ", which has no fixed-point form";
    if (!fixed && !std::isfinite(m))
      return emitNodeError(op) << "has the multiplier " << m << ", expected a finite one";
  }
  return success();
}

LogicalResult GraphLowering::lower(Operation *op) {
  auto binary = [&](BinaryKind kind) { return lowerBinary(op, kind, {}); };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<IntConvOp, nibble::ConvOp, IntMatMulOp, nibble::MatMulOp, IntConvTransposeOp, nibble::ConvTransposeOp,
            DynamicScaleOp, DynamicQuantizeOp, DynamicEncodingOp, DynamicEncodeOp, SumConvOp, SumMatMulOp, ScaledConvOp,
            ScaledMatMulOp, DynamicMatMulOp, ReshapeOp, nibble::TransposeOp, IntQuantizeOp, IntDequantizeOp,
            IntRequantizeOp, FakeQuantOp, nibble::PadOp, ResizeNearestOp, nibble::MaxPoolOp, nibble::AvgPoolOp,
            IntAvgPoolOp, IntAddOp, IntMulOp, IntLookupOp, nibble::ConcatOp, nibble::SliceOp, nibble::GenerateOp,
            nibble::SoftmaxOp, nibble::IntSoftmaxOp, nibble::NormOp, nibble::GatherRowsOp, nibble::ReduceOp,
            nibble::ObserveOp, nibble::LoopOp, nibble::IfOp>([&](auto concrete) { return lower(concrete); })
      .Case([&](AddOp) { return binary(BinaryKind::Add); })
      .Case([&](SubOp) { return binary(BinaryKind::Sub); })
      .Case([&](MulOp) { return binary(BinaryKind::Mul); })
      .Case([&](DivOp) { return binary(BinaryKind::Div); })
      .Case([&](PowOp) { return binary(BinaryKind::Pow); })
      .Case([&](MinOp) { return binary(BinaryKind::Min); })
      .Case([&](MaxOp) { return binary(BinaryKind::Max); })
      .Case<UnaryFunction, IntToFloatOp>([&](auto) { return lowerUnary(op); })
      .Default([&](Operation *) { return emitNodeError(op) << "cannot be lowered to a kernel"; });
}
