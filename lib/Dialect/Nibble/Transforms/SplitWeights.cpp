// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/Products.h"
#include "nibble/Quantization/Headroom.h"
#include "nibble/Support/Constants.h"

namespace nibble {
#define GEN_PASS_DEF_SPLITWEIGHTS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-split-weights"

using namespace mlir;
using namespace nibble;

namespace {

struct SplitWeights : nibble::impl::SplitWeightsBase<SplitWeights> {
  /// How many terms of 8 bits each weight needs.
  static int64_t countParts(ArrayRef<int32_t> weights) {
    if (weights.empty())
      return 1;
    auto [min, max] = std::minmax_element(weights.begin(), weights.end());
    return std::max({1, (*max + 126) / 127, (-*min + 127) / 128});
  }

  /// The type of the parts: the same scales, zero points 0.
  static quant::QuantizedType getPartType(quant::QuantizedType type) {
    const unsigned flags = quant::QuantizationFlags::Signed;
    Type storage = IntegerType::get(type.getContext(), 8);
    if (auto uniform = dyn_cast<quant::UniformQuantizedType>(type))
      return quant::UniformQuantizedType::get(flags, storage, type.getExpressedType(), uniform.getScale(), 0, -128,
                                              127);
    auto perAxis = cast<quant::UniformQuantizedPerAxisType>(type);
    return quant::UniformQuantizedPerAxisType::get(flags, storage, type.getExpressedType(), perAxis.getScales(),
                                                   SmallVector<int64_t>(perAxis.getScales().size(), 0),
                                                   perAxis.getQuantizedDimension(), -128, 127);
  }

  /// The weights with dimension `dim` holding their parts one behind the other.
  static Value createParts(OpBuilder &builder, Value weights, std::vector<int32_t> rest, int64_t dim, int64_t parts) {
    auto type = cast<RankedTensorType>(weights.getType());
    int64_t inner = 1;
    for (int64_t extent : type.getShape().drop_front(dim))
      inner *= extent;
    std::vector<int8_t> values(rest.size() * parts);
    for (int64_t part = 0; part < parts; ++part)
      for (auto [i, w] : llvm::enumerate(rest)) {
        const int32_t term = std::clamp(w, -128, 127);
        values[(i / inner * parts + part) * inner + i % inner] = static_cast<int8_t>(term);
        w -= term;
      }
    SmallVector<int64_t> shape(type.getShape());
    shape[dim] *= parts;
    auto element = getPartType(cast<quant::QuantizedType>(type.getElementType()));
    return createConstant<int8_t>(builder, weights.getLoc(), RankedTensorType::get(shape, element), values);
  }

  /// The input with each group of `width` channels, its last dimension, repeated `parts` times.
  static Value repeatChannels(OpBuilder &builder, Location loc, Value input, int64_t width, int64_t parts) {
    auto type = cast<RankedTensorType>(input.getType());
    const int64_t axis = type.getRank() - 1;
    SmallVector<int64_t> indices, shape(type.getShape());
    for (int64_t group = 0; group < shape[axis]; group += width)
      for (int64_t i = 0; i < width * parts; ++i)
        indices.push_back(group + i % width);
    shape[axis] *= parts;
    return ResizeNearestOp::create(builder, loc, type.clone(shape), input, ArrayRef<int64_t>{axis}, indices);
  }

  void split(const Product &product) {
    auto weightsType = cast<RankedTensorType>(product.weights.getType());
    auto conv = dyn_cast<ConvOp>(product.op);
    if (conv ? conv.getLayout() != Layout::NHWC : !isa<MatMulOp>(product.op) || weightsType.getRank() != 2)
      return;
    std::vector<int32_t> weights = getCentredWeights(product);
    const int64_t parts = countParts(weights), dim = conv ? 3 : 0;
    auto inputType = cast<RankedTensorType>(product.input.getType());
    if (parts == 1 || inputType.isDynamicDim(inputType.getRank() - 1))
      return;
    product.op->emitWarning() << "weights less their zero point do not fit 8 bits: they are split into " << parts
                              << " parts, which takes " << parts << " times as long";
    OpBuilder builder(product.op);
    product.op->setOperand(
        0, repeatChannels(builder, product.op->getLoc(), product.input, weightsType.getDimSize(dim), parts));
    product.op->setOperand(1, createParts(builder, product.weights, std::move(weights), dim, parts));
    ++divided;
  }

  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      auto product = getProduct(op);
      if (product &&
          isa<quant::UniformQuantizedType>(cast<RankedTensorType>(op->getResult(0).getType()).getElementType()))
        split(*product);
    });
  }
};

} // namespace
