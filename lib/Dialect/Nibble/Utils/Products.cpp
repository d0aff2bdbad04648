// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Products.h"
#include "nibble/Support/Constants.h"

using namespace mlir;
using namespace nibble;

std::optional<Product> nibble::getProduct(Operation *op) {
  if (!isa_and_nonnull<ConvOp, ConvTransposeOp, MatMulOp>(op))
    return std::nullopt;
  Product product{op, op->getOperand(0), op->getOperand(1), Value(), 0, 1, 0, 1};
  if (op->getNumOperands() > 2)
    product.bias = op->getOperand(2);
  auto weights = cast<RankedTensorType>(product.weights.getType());
  if (isa<MatMulOp>(op)) {
    product.weightsChannelDim = weights.getRank() - 1;
    product.resultChannelDim = cast<RankedTensorType>(op->getResult(0).getType()).getRank() - 1;
  } else if (cast<SpatialOp>(op).getLayout() == Layout::NHWC) {
    product.resultChannelDim = 3;
  }
  if (weights.isDynamicDim(product.weightsChannelDim)) {
    product.channels = 1;
    return isa<MatMulOp>(op) && !product.bias ? std::optional<Product>(product) : std::nullopt;
  }
  product.channels = weights.getDimSize(product.weightsChannelDim);
  product.stride = ShapedType::getNumElements(weights.getShape().drop_front(product.weightsChannelDim + 1));
  return product;
}

Operation *nibble::cloneWithOperands(OpBuilder &builder, Location loc, Operation *op, ValueRange operands,
                                     TypeRange results) {
  OperationState state(loc, op->getName(), operands, results, op->getAttrs());
  return builder.create(state);
}

Operation *nibble::createScaledProduct(OpBuilder &builder, Location loc, const Product &product, ArrayRef<double> scale,
                                       ArrayRef<double> shift) {
  auto weights = getConstantValues<float>(product.weights);
  auto bias = product.bias ? getConstantValues<float>(product.bias)
                           : std::optional<std::vector<float>>(std::vector<float>(product.channels, 0.0f));
  if (!weights || !bias)
    return nullptr;
  for (size_t i = 0; i < weights->size(); ++i)
    (*weights)[i] = static_cast<float>((*weights)[i] * scale[product.channelOf(i)]);
  for (int64_t c = 0; c < product.channels; ++c)
    (*bias)[c] = static_cast<float>((*bias)[c] * scale[c] + shift[c]);
  Value newWeights = createConstant<float>(builder, product.weights.getLoc(),
                                           cast<RankedTensorType>(product.weights.getType()), *weights);
  Value newBias = createConstant<float>(builder, product.bias ? product.bias.getLoc() : loc, {product.channels}, *bias);
  return cloneWithOperands(builder, loc, product.op, {product.input, newWeights, newBias},
                           product.op->getResultTypes());
}
