// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/Roles.h"

using namespace mlir;
using namespace nibble;

bool nibble::hasQuantizedForm(Operation *op) {
  return isa_and_nonnull<ConvOp, ConvTransposeOp, MatMulOp, AvgPoolOp, AddOp, SubOp, MulOp, ConcatOp>(op) ||
         isa_and_nonnull<UnaryFunction>(op);
}

bool nibble::keepsElements(Operation *op) {
  // A padding of zeros is always representable, an edge and a reflection are elements.
  if (auto pad = dyn_cast_or_null<PadOp>(op))
    return !pad.getValue() || pad.getValue()->isZero();
  return isa_and_nonnull<MaxPoolOp, ReshapeOp, TransposeOp, SliceOp, ResizeNearestOp>(op);
}

std::optional<ClampBounds> nibble::getClampBounds(Operation *op) {
  if (isa_and_nonnull<ReluOp>(op))
    return ClampBounds{0.0f, std::numeric_limits<float>::infinity()};
  if (auto clip = dyn_cast_or_null<ClipOp>(op))
    return ClampBounds{clip.getMin().convertToFloat(), clip.getMax().convertToFloat()};
  return std::nullopt;
}

bool nibble::absorbsClamp(Operation *op) {
  return isa_and_nonnull<ConvOp, ConvTransposeOp, MatMulOp, AvgPoolOp, AddOp, SubOp, MulOp>(op);
}

Value nibble::getElementSource(Value value) {
  while (keepsElements(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

bool nibble::isPlannedFloat(Operation *op) {
  auto precision = op->getAttrOfType<StringAttr>(kPrecisionAttr);
  return precision && precision == "float";
}
