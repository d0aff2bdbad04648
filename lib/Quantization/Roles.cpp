// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/Roles.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Quantization/Plan.h"
#include "nibble/Support/PortAttrs.h"

#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace nibble;

/// What scales the sums of a product, or multiplies such scales, works on numbers of more than 8 bits.
static bool readsSums(Operation *op) {
  return llvm::any_of(op->getOperands(), [](Value operand) {
    return isa_and_nonnull<IntToFloatOp, DynamicEncodingOp>(getElementSource(operand).getDefiningOp());
  });
}

bool nibble::hasQuantizedForm(Operation *op) {
  if (!op || readsSums(op) || op->hasAttr(kStateAttr))
    return false;
  return isa_and_nonnull<ConvOp, ConvTransposeOp, MatMulOp, AvgPoolOp, AddOp, SubOp, MulOp, ConcatOp, SoftmaxOp>(op) ||
         isa_and_nonnull<NormOp, UnaryFunction>(op);
}

OperandRange nibble::getStoredOperands(Operation *op) {
  const bool isRowwise = isa<NormOp, SoftmaxOp>(op);
  return op->getOperands().take_front(isRowwise ? 1 : op->getNumOperands());
}

bool nibble::isStoredOperand(OpOperand &use) {
  return use.getOperandNumber() < getStoredOperands(use.getOwner()).size();
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

static bool hasPrecision(Operation *op, StringRef word) {
  auto precision = op->getAttrOfType<StringAttr>(kPrecisionAttr);
  return precision && precision == word;
}

bool nibble::isPlannedFloat(Operation *op) { return op->hasAttr(kPrecisionAttr) && !hasPrecision(op, "int8"); }
bool nibble::isPlannedDynamic(Operation *op) { return hasPrecision(op, "dynamic"); }
bool nibble::isPlannedWeightOnly(Operation *op) { return hasPrecision(op, "weight-only"); }

bool nibble::isPlannedQuantized(Operation *op) { return hasQuantizedForm(op) && !isPlannedFloat(op); }

SmallVector<Operation *> nibble::getQuantizedReaders(Value value) {
  SmallVector<Operation *> readers;
  SmallVector<Value> worklist{value};
  while (!worklist.empty())
    for (OpOperand &use : worklist.pop_back_val().getUses()) {
      if (isPlannedQuantized(use.getOwner()) && isStoredOperand(use))
        readers.push_back(use.getOwner());
      else if (keepsElements(use.getOwner()))
        worklist.push_back(use.getOwner()->getResult(0));
    }
  return readers;
}

int64_t nibble::getPlannedWeightGroup(Operation *op) {
  auto group = op->getAttrOfType<IntegerAttr>(kWeightGroupAttr);
  return group ? group.getInt() : 0;
}

void nibble::copyPlannedWeights(Operation *from, Operation *to) {
  for (StringRef name : {StringRef(kWeightsAttr), StringRef(kWeightGroupAttr)})
    if (Attribute value = from->getAttr(name))
      to->setAttr(name, value);
}

unsigned nibble::getPlannedWeightBits(Operation *op) {
  auto word = op->getAttrOfType<StringAttr>(kWeightsAttr);
  return word ? getWeightBits(word) : 8;
}

/// Whether the operation's result is never negative, whatever its operands are.
static bool makesNonNegative(Operation *op) {
  if (auto bounds = getClampBounds(op))
    return bounds->lo >= 0;
  if (auto dequantize = dyn_cast<DequantizeOp>(op)) {
    QuantParams params = *QuantParams::get(dequantize.getInput().getType());
    return !params.isPerAxis() && params.getMin() >= params.getZeroPoint();
  }
  return isa<SigmoidOp, HardSigmoidOp, SoftmaxOp, ExpOp, SqrtOp, AbsOp>(op);
}

bool nibble::isNonNegative(Value value) {
  SmallVector<Value> worklist{value};
  llvm::SmallPtrSet<Operation *, 8> seen;
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val().getDefiningOp();
    if (!op)
      return false;
    if (makesNonNegative(op) || !seen.insert(op).second)
      continue;
    if (!keepsElements(op) && !isa<AvgPoolOp, ConcatOp, AddOp, MulOp, ObserveOp>(op))
      return false;
    llvm::append_range(worklist, op->getOperands());
  }
  return true;
}
