// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of the sums of products, and of the encodings of whole tensors.

#include "Verify.h"
#include "nibble/Dialect/Nibble/Nibble.h"

using namespace mlir;
using namespace nibble;
using verify::Named;

LogicalResult DynamicEncodingOp::verify() { return verify::shape(*this, {"result", getResult()}, {2}); }

LogicalResult DynamicEncodeOp::verify() { return verify::shape(*this, {"encoding", getEncoding()}, {2}); }

/// The zero point of `tensor`: that of an encoding, or a constant.
static LogicalResult verifyZeroPoint(Operation *op, StringRef name, int32_t zeroPoint, Named encoding, Named tensor) {
  if (!encoding.value)
    return verify::inRange(op, name, zeroPoint, tensor);
  if (zeroPoint != 0)
    return op->emitOpError() << "expected '" << name << "' 0 beside an encoding, got " << zeroPoint;
  return verify::shape(op, encoding, {2});
}

LogicalResult SumConvOp::verify() {
  Named input{"input", getInput()}, filter{"filter", getFilter()}, result{"result", getResult()};
  verify::Convolution conv{input,       filter, result, getStrides(), getPads(), getDilations(), int64_t(getGroups()),
                           getLayout(), false};
  if (failed(verify::convolution(*this, conv)))
    return failure();
  return verifyZeroPoint(*this, "zero_point", int32_t(getZeroPoint()), {"encoding", getEncoding()}, input);
}

LogicalResult SumMatMulOp::verify() {
  Named lhs{"lhs", getLhs()}, rhs{"rhs", getRhs()}, result{"result", getResult()};
  if (failed(verify::matmul(*this, lhs, rhs, result)) ||
      failed(verifyZeroPoint(*this, "lhs_zero_point", int32_t(getLhsZeroPoint()), {"lhs_encoding", getLhsEncoding()},
                             lhs)))
    return failure();
  return verifyZeroPoint(*this, "rhs_zero_point", int32_t(getRhsZeroPoint()), {"rhs_encoding", getRhsEncoding()}, rhs);
}
