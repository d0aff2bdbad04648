// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Verify.h"

using namespace mlir;
using namespace nibble::ukernel;

LogicalResult nibble::ukernel::verifySameShape(Operation *op, BufferType input, BufferType result) {
  if (areCompatible(input.getShape(), result.getShape()))
    return success();
  return op->emitOpError("expected input and result of one shape, got ") << input << " and " << result;
}

LogicalResult nibble::ukernel::verifySameElements(Operation *op, BufferType input, BufferType result) {
  if (input.getElementType() == result.getElementType())
    return success();
  return op->emitOpError("expected input and result of one element type, got ") << input << " and " << result;
}

LogicalResult nibble::ukernel::verifyImage(Operation *op, BufferType type, StringRef what) {
  if (type.getRank() == 4)
    return success();
  return op->emitOpError("expected ") << what << " of four dimensions, got " << type;
}

LogicalResult nibble::ukernel::verifySame(Operation *op, BufferType input, BufferType result) {
  return failed(verifySameShape(op, input, result)) ? failure() : verifySameElements(op, input, result);
}

LogicalResult nibble::ukernel::verifyFloats(Operation *op, BufferType input, BufferType result) {
  if (isFloat(input) && isFloat(result))
    return success();
  return op->emitOpError("expected f32 in and out, got ") << input << " and " << result;
}

LogicalResult nibble::ukernel::verifyBytes(Operation *op, BufferType input, BufferType result) {
  if (isByte(input) && isByte(result))
    return success();
  return op->emitOpError("expected bytes in and out, got ") << input << " and " << result;
}

LogicalResult nibble::ukernel::verifyKind(Operation *op, BufferType input, BufferType result) {
  if ((isFloat(input) && isFloat(result)) || (isStored(input) && isStored(result)))
    return success();
  return op->emitOpError("expected f32 or integers, one of them in and out, got ") << input << " and " << result;
}

LogicalResult nibble::ukernel::verifyPermuted(Operation *op, BufferType input, BufferType result,
                                              ArrayRef<int64_t> permutation) {
  if (permutation.empty())
    return verifySameShape(op, input, result);
  SmallVector<bool> seen(input.getRank(), false);
  bool valid = permutation.size() == seen.size() && result.getRank() == input.getRank();
  for (unsigned i = 0; valid && i < permutation.size(); ++i) {
    int64_t from = permutation[i];
    valid = from >= 0 && from < input.getRank() && !seen[from] && areCompatible(input.getDim(from), result.getDim(i));
    if (valid)
      seen[from] = true;
  }
  if (valid)
    return success();
  return op->emitOpError("expected the result's shape to be the input's permuted, got ") << input << " and " << result;
}

LogicalResult nibble::ukernel::verifyCount(Operation *op, StringRef name, size_t expected, size_t actual) {
  if (expected == actual)
    return success();
  return op->emitOpError("expected ") << expected << " values in '" << name << "', got " << actual;
}

LogicalResult nibble::ukernel::verifyEncoding(Operation *op, BufferType type) {
  if (type.isPlain() && type.getNumElements() == 2 && isFloat(type))
    return success();
  return op->emitOpError("expected an encoding of two f32, got ") << type;
}

LogicalResult nibble::ukernel::verifyPlain(Operation *op, BufferType type) {
  if (type.isPlain())
    return success();
  return op->emitOpError("expected a plain buffer, got ") << type;
}
