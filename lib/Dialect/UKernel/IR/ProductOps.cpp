// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of convolutions and matrix products.

#include "Verify.h"
#include "nibble/Dialect/UKernel/Kernels.h"

using namespace mlir;
using namespace nibble::ukernel;
using nibble::Extent;

static LogicalResult verifyScaled(ConvOp op) {
  if (!isFloat(op.getType()) || op.getAddend())
    return op.emitOpError("expected a scaled result of f32 without an addend, got ") << op.getType();
  BufferType input = op.getInput().getType();
  if (isByte(input) != bool(op.getRows()))
    return op.emitOpError("expected 'rows' exactly where the input holds bytes, got ") << input;
  // One scale in all; or one an image; or, of one image, one a pixel.
  const Extent images = op.getType().getDim(0), pixels = op.getType().getDim(1) * op.getType().getDim(2);
  const Extent rows = op.getRows() ? op.getRows().getType().getNumElements() : Extent(1);
  const Extent expected = images == 1 ? pixels : images;
  if (rows == 1 || areCompatible(rows, expected))
    return success();
  return op.emitOpError("expected 1 scale or ") << expected.str() << " in 'rows', got " << rows.str();
}

static LogicalResult verifySums(ConvOp op) {
  BufferType input = op.getInput().getType();
  if (!isByte(input) || !op.getType().getElementType().isInteger(32) || op.getAddend() || op.getScaled())
    return op.emitOpError("expected bytes in and i32 out where there are sums, got ")
           << input << " and " << op.getType();
  return op.getRows() ? verifyEncoding(op, op.getRows().getType()) : success();
}

LogicalResult ConvOp::verify() {
  BufferType input = getInput().getType(), result = getType();
  if (failed(verifyDilatedWindow(*this)) || failed(verifyCount(*this, "clamp", 2, getClamp().size())))
    return failure();
  int64_t halo[] = {input.getTop(), input.getLeft(), input.getBottom(), input.getRight()};
  for (unsigned i = 0; i < 4; ++i)
    if (halo[i] < getPads()[i])
      return emitOpError("expected the input's halo to hold the padding, got ")
             << halo[i] << " for a padding of " << getPads()[i];
  size_t integers = getAddend() ? 4 : 0, scales = getAddend() ? 2 : 0;
  if (failed(verifyCount(*this, "residual_integers", integers, getResidualIntegers().size())) ||
      failed(verifyCount(*this, "residual_scales", scales, getResidualScales().size())) ||
      (getAddend() && failed(verifySame(*this, getAddend().getType(), result))))
    return failure();
  if (int64_t bits = getWeightBits(); bits != 8 && bits != 4 && bits != 2)
    return emitOpError("expected weights of 8, 4 or 2 bits, got ") << bits;
  if (getPairedSteps() && !getInput().getType().getElementType().isInteger(8))
    return emitOpError() << "expected bytes for steps in pairs, got " << getInput().getType().getElementType();
  if (int64_t group = getWeightGroup(); group < 0 || (group && getWeightBits() == 8))
    return emitOpError("expected no groups of weights of 8 bits, got ") << group;
  if (getSums())
    return verifySums(*this);
  return getScaled() ? verifyScaled(*this) : success();
}

static LogicalResult verifyColumns(Operation *op, BufferType result, Value bias, Value multiplier) {
  if (isFloat(result) || (bias && multiplier))
    return success();
  return op->emitOpError("expected a bias and multipliers for an integer result, got ")
         << (bias ? "no multipliers" : "no bias");
}

LogicalResult ConvTransposeOp::verify() {
  if (failed(verifyDilatedWindow(*this)) || failed(verifyCount(*this, "clamp", 2, getClamp().size())))
    return failure();
  return verifyColumns(*this, getType(), getBias(), getMultiplier());
}

/// The leading dimensions of a product, as numpy broadcasts them.
static std::optional<SmallVector<Extent>> broadcast(ArrayRef<Extent> lhs, ArrayRef<Extent> rhs) {
  if (lhs.size() < rhs.size())
    std::swap(lhs, rhs);
  SmallVector<Extent> shape(lhs);
  for (auto [extent, other] : llvm::zip(MutableArrayRef(shape).take_back(rhs.size()), rhs)) {
    if (!areCompatible(extent, other) && extent != 1 && other != 1)
      return std::nullopt;
    extent = extent == 1 ? other : extent;
  }
  return shape;
}

LogicalResult MatMulOp::verify() {
  BufferType lhs = getLhs().getType(), rhs = getRhs().getType(), result = getType();
  if (lhs.getRank() < 2 || rhs.getRank() < 2 || result.getRank() < 2)
    return emitOpError("expected at least two dimensions, got ") << lhs << ", " << rhs << " and " << result;
  if (!areCompatible(lhs.getShape().back(), rhs.getDim(rhs.getRank() - 2)))
    return emitOpError("expected equal contracted extents, got ")
           << lhs.getShape().back().str() << " and " << rhs.getDim(rhs.getRank() - 2).str();
  std::optional<SmallVector<Extent>> shape = broadcast(lhs.getShape().drop_back(2), rhs.getShape().drop_back(2));
  if (shape)
    shape->append({lhs.getDim(lhs.getRank() - 2), rhs.getShape().back()});
  if (!shape || !areCompatible(*shape, result.getShape()))
    return emitOpError("expected a result of the operands' rows, columns and leading dimensions, got ")
           << lhs << ", " << rhs << " and " << result;
  if (failed(verifyCount(*this, "clamp", 2, getClamp().size())))
    return failure();
  const bool sums = result.getElementType().isInteger(32) && !getBias() && !getMultiplier();
  for (Value encoding : {getLhsEncoding(), getRhsEncoding()})
    if (encoding && (!sums || failed(verifyEncoding(*this, cast<BufferType>(encoding.getType())))))
      return sums ? failure() : LogicalResult(emitOpError("expected encodings of sums alone, got ") << result);
  return sums ? success() : verifyColumns(*this, result, getBias(), getMultiplier());
}

LogicalResult PackColumnsOp::verify() {
  BufferType input = getInput().getType();
  if (input.getRank() < 2 || !isFloat(input))
    return emitOpError("expected f32 of two dimensions or more, got ") << input;
  BufferType packed = getPackedType(input);
  if (!getType().isPlain() || getType().getElementType() != packed.getElementType() ||
      !areCompatible(getType().getShape(), packed.getShape()))
    return emitOpError("expected a result of ") << packed << ", got " << getType();
  return success();
}

LogicalResult PackedMatMulOp::verify() {
  BufferType lhs = getLhs().getType(), rhs = getRhs().getType(), result = getType();
  if (lhs.getRank() < 2 || rhs.getRank() < 2 || result.getRank() < 2 || !isByte(lhs) || !isFloat(result))
    return emitOpError("expected bytes and f32 of two dimensions or more, got ") << lhs << " and " << result;
  SmallVector<Extent> columns(rhs.getShape().drop_back(2));
  columns.append({lhs.getShape().back(), result.getShape().back()});
  BufferType packed = getPackedType(BufferType::get(ArrayRef<Extent>(columns), result.getElementType()));
  if (!rhs.isPlain() || rhs.getElementType() != packed.getElementType() ||
      !areCompatible(rhs.getShape(), packed.getShape()))
    return emitOpError("expected packed columns of ") << packed << ", got " << rhs;
  std::optional<SmallVector<Extent>> shape = broadcast(lhs.getShape().drop_back(2), rhs.getShape().drop_back(2));
  if (shape)
    shape->append({lhs.getDim(lhs.getRank() - 2), result.getShape().back()});
  if (!shape || !areCompatible(*shape, result.getShape()))
    return emitOpError("expected a result of the operands' rows, columns and leading dimensions, got ")
           << lhs << ", " << rhs << " and " << result;
  BufferType rows = getRows().getType();
  if (!rows.isPlain() || !isFloat(rows) || !areCompatible(rows.getShape(), lhs.getShape().drop_back()))
    return emitOpError("expected plain f32 scales of the rows of ") << lhs << ", got " << rows;
  return success();
}
