// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Layouts.h"
#include "nibble/Support/Constants.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace nibble;

SmallVector<int64_t> nibble::invertPermutation(ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> inverse(permutation.size());
  for (auto [i, p] : llvm::enumerate(permutation))
    inverse[p] = i;
  return inverse;
}

SmallVector<int64_t> nibble::permute(ArrayRef<int64_t> values, ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> result;
  for (int64_t p : permutation)
    result.push_back(values[p]);
  return result;
}

RankedTensorType nibble::permuteType(RankedTensorType type, ArrayRef<int64_t> permutation) {
  Type element = type.getElementType();
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(element)) {
    const int32_t axis = invertPermutation(permutation)[perAxis.getQuantizedDimension()];
    element = quant::UniformQuantizedPerAxisType::get(
        perAxis.getFlags(), perAxis.getStorageType(), perAxis.getExpressedType(), perAxis.getScales(),
        perAxis.getZeroPoints(), axis, perAxis.getStorageTypeMin(), perAxis.getStorageTypeMax());
  }
  return RankedTensorType::get(permute(type.getShape(), permutation), element);
}

template <typename T>
static Value transposeConstant(OpBuilder &builder, Value value, ArrayRef<int64_t> permutation) {
  auto type = cast<RankedTensorType>(value.getType());
  auto values = getConstantValues<T>(value);
  if (!values)
    return Value();
  return createConstant<T>(builder, value.getLoc(), permuteType(type, permutation),
                           transposeValues<T>(*values, type.getShape(), permutation));
}

Value nibble::createTranspose(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> permutation) {
  if (auto transpose = value.getDefiningOp<TransposeOp>())
    if (ArrayRef<int64_t>(invertPermutation(permutation)) == transpose.getPermutation())
      return transpose.getInput();
  if (auto dequantize = value.getDefiningOp<DequantizeOp>(); dequantize && getConstantAttr(dequantize.getInput())) {
    auto type = permuteType(dequantize.getType(), permutation);
    Value stored = createTranspose(builder, loc, dequantize.getInput(), permutation);
    return DequantizeOp::create(builder, dequantize.getLoc(), type, stored);
  }
  if (Value constant = transposeConstant<float>(builder, value, permutation))
    return constant;
  if (Value constant = transposeConstant<int8_t>(builder, value, permutation))
    return constant;
  if (Value constant = transposeConstant<uint8_t>(builder, value, permutation))
    return constant;
  auto type = permuteType(cast<RankedTensorType>(value.getType()), permutation);
  return TransposeOp::create(builder, loc, type, value, permutation);
}

bool nibble::isTransposeReshape(RankedTensorType type, ArrayRef<int64_t> permutation) {
  int64_t last = -1;
  for (int64_t p : permutation) {
    if (type.getDimSize(p) == 1)
      continue;
    if (p < last)
      return false;
    last = p;
  }
  return true;
}
