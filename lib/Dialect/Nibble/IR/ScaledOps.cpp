// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of the products with float results and of what quantizes their inputs at run time.

#include "Verify.h"
#include "nibble/Dialect/Nibble/Nibble.h"

using namespace mlir;
using namespace nibble;
using verify::Named;

LogicalResult DynamicScaleOp::verify() {
  ArrayRef<int64_t> shape = getInput().getType().getShape();
  const int64_t rows = getRowDims();
  if (rows < 1 || rows >= int64_t(shape.size()))
    return emitOpError() << "expected 'row_dims' in [1, " << shape.size() << "), got " << rows;
  if (getLevels() != 127 && getLevels() != 255)
    return emitOpError() << "expected 'levels' 127 or 255, got " << int32_t(getLevels());
  return verify::shape(*this, {"result", getResult()}, shape.take_front(rows));
}

LogicalResult DynamicQuantizeOp::verify() {
  ArrayRef<int64_t> shape = getInput().getType().getShape();
  const size_t rows = getScale().getType().getRank();
  if (rows < 1 || rows >= shape.size())
    return emitOpError() << "expected a scale of rank in [1, " << shape.size() << "), got " << rows;
  return verify::shape(*this, {"scale", getScale()}, shape.take_front(rows));
}

/// One value per channel in scale and bias; one per row where there are bytes.
template <typename OpTy>
static LogicalResult verifyScales(OpTy op, Named input, StringRef unit, int64_t channels, ArrayRef<int64_t> rows) {
  if (failed(verify::onePer(op, {"scale", op.getScale()}, unit, channels)))
    return failure();
  if (op.getBias() && failed(verify::onePer(op, {"bias", op.getBias()}, unit, channels)))
    return failure();
  const bool bytes = !input.getElementType().isF32();
  if (bytes != bool(op.getRows()))
    return op.emitOpError() << "expected 'rows' exactly where " << input.name << " holds bytes, got "
                            << input.getElementType() << (bytes ? " without 'rows'" : " with 'rows'");
  return bytes ? verify::shape(op, {"rows", op.getRows()}, rows) : success();
}

LogicalResult ScaledConvOp::verify() {
  Named input{"input", getInput()}, filter{"filter", getFilter()}, result{"result", getResult()};
  verify::Convolution conv{input,        filter, result, getStrides(), getPads(), getDilations(), int64_t(getGroups()),
                           Layout::NHWC, false};
  if (failed(verify::convolution(*this, conv)))
    return failure();
  return verifyScales(*this, input, "output channel", conv.getChannels(), input.getShape().take_front(1));
}

LogicalResult ScaledMatMulOp::verify() {
  Named lhs{"lhs", getLhs()}, rhs{"rhs", getRhs()}, result{"result", getResult()};
  if (failed(verify::rank(*this, rhs, 2)))
    return failure();
  auto shape = getMatMulShape(lhs.getShape(), rhs.getShape());
  if (!shape)
    return emitOpError() << "expected [..., m, k] and [k, n], got " << formatShape(lhs.getShape()) << " and "
                         << formatShape(rhs.getShape());
  if (failed(verify::shape(*this, result, *shape)))
    return failure();
  return verifyScales(*this, lhs, "column", shape->back(), lhs.getShape().drop_back(1));
}

LogicalResult DynamicMatMulOp::verify() {
  Named lhs{"lhs", getLhs()}, rhs{"rhs", getRhs()}, result{"result", getResult()};
  if (failed(verify::matmul(*this, lhs, rhs, result)))
    return failure();
  return verify::shape(*this, {"rows", getRows()}, lhs.getShape().drop_back(1));
}
