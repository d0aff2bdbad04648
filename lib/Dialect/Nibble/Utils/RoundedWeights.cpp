// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/RoundedWeights.h"
#include "nibble/Support/Constants.h"
#include "nibble/Support/Locations.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace nibble;

std::optional<Windows> nibble::getWindows(const Product &product) {
  auto type = cast<RankedTensorType>(product.weights.getType());
  if (!getConstantAttr(product.weights) || !type.getElementType().isF32() || !type.hasStaticShape())
    return std::nullopt;
  if (isa<MatMulOp>(product.op))
    return type.getRank() == 2 ? std::optional<Windows>(Windows()) : std::nullopt;
  auto conv = dyn_cast<ConvOp>(product.op);
  if (!conv || conv.getLayout() != Layout::NHWC)
    return std::nullopt;
  Windows windows;
  windows.groups = conv.getGroups();
  windows.kernel = {type.getDimSize(1), type.getDimSize(2)};
  llvm::copy(conv.getStrides(), windows.strides.begin());
  llvm::copy(conv.getDilations(), windows.dilations.begin());
  llvm::copy(conv.getPads(), windows.pads.begin());
  return windows;
}

static std::string getKey(int64_t bits) { return "int" + std::to_string(bits); }

std::optional<RoundedWeights> nibble::getRoundedWeights(Operation *op, int64_t bits) {
  auto rounded = op->getAttrOfType<DictionaryAttr>(kRoundedAttr);
  auto entry = rounded ? rounded.getAs<ArrayAttr>(getKey(bits)) : ArrayAttr();
  if (!entry || entry.size() < 2 || entry.size() > 3)
    return std::nullopt;
  auto group = entry.size() == 3 ? dyn_cast<IntegerAttr>(entry[2]) : IntegerAttr();
  if (entry.size() == 3 && !group)
    return std::nullopt;
  auto values = dyn_cast<ElementsAttr>(entry[0]);
  auto scales = dyn_cast<DenseF32ArrayAttr>(entry[1]);
  auto bytes = values && scales ? copyElementData(values) : std::nullopt;
  if (!bytes)
    return std::nullopt;
  return RoundedWeights{std::vector<int8_t>(bytes->begin(), bytes->end()), scales.asArrayRef().vec(),
                        group ? group.getInt() : 0};
}

static void setRoundedWeights(const Product &product, int64_t bits, const RoundedWeights &weights) {
  Operation *op = product.op;
  auto type = cast<RankedTensorType>(product.weights.getType()).clone(IntegerType::get(op->getContext(), 8));
  ArrayRef<char> bytes(reinterpret_cast<const char *>(weights.values.data()), weights.values.size());
  StringRef name = getValueName(product.weights.getLoc());
  SmallVector<Attribute> entry = {makeElements(type, bytes, name.empty() ? "weight" : name),
                                  DenseF32ArrayAttr::get(op->getContext(), weights.scales)};
  if (weights.group)
    entry.push_back(IntegerAttr::get(IntegerType::get(op->getContext(), 64), weights.group));
  NamedAttrList entries(op->getAttrOfType<DictionaryAttr>(kRoundedAttr));
  entries.set(getKey(bits), ArrayAttr::get(op->getContext(), entry));
  op->setAttr(kRoundedAttr, entries.getDictionary(op->getContext()));
}

/// The moments of one group without the row and column of means, less the means' products where `centred`.
static std::vector<double> getProblemMoments(ArrayRef<float> all, int64_t taps, bool centred) {
  const int64_t size = taps + 1;
  std::vector<double> moments;
  for (int64_t row = 0; row < taps; ++row)
    for (int64_t column = 0; column < taps; ++column)
      moments.push_back(all[row * size + column] -
                        (centred ? double(all[row * size + taps]) * double(all[column * size + taps]) : 0.0));
  return moments;
}

/// Weights of zeros leave all to the bias, which has to have steps enough: 2^-14 of it for inputs of scale 1.
static void chooseDeadScales(const Product &product, RoundedWeights &weights) {
  auto bias = product.bias ? getConstantValues<float>(product.bias) : std::nullopt;
  std::vector<bool> alive(product.channels, false);
  for (auto [i, value] : llvm::enumerate(weights.values))
    if (value)
      alive[product.channelOf(i)] = true;
  for (int64_t c = 0; c < product.channels; ++c)
    if (!alive[c] && bias && (*bias)[c] != 0)
      weights.scales[c] = std::clamp(std::fabs((*bias)[c]) * 0x1p-14f, 0x1p-40f, 0x1p40f);
}

/// The size of groups of a window's weights, 0 if there are to be none.
static int64_t getGroup(const Windows &windows, int64_t taps, int64_t wanted) {
  const int64_t positions = windows.kernel[0] * windows.kernel[1], channels = taps / positions;
  return wanted >= taps || (positions > 1 && channels % std::max<int64_t>(wanted, 1)) ? 0 : wanted;
}

/// Of `product` alone. False if there is nothing to be rounded.
static bool roundWeights(const Product &product, int64_t bits, const RoundingGoal &goal,
                         llvm::function_ref<RoundedMatrix(const RoundingProblem &)> round) {
  auto windows = getWindows(product);
  auto weights = windows ? getConstantValues<float>(product.weights) : std::nullopt;
  auto attr = product.op->getAttrOfType<ElementsAttr>(kMomentsAttr);
  if (!weights || !attr || !llvm::all_of(*weights, [](float w) { return std::isfinite(w); }))
    return false;
  const int64_t taps = int64_t(weights->size()) / std::max<int64_t>(product.channels, 1), size = taps + 1;
  auto bytes = copyElementData(attr);
  if (!bytes || !attr.getShapedType().getElementType().isF32() ||
      int64_t(bytes->size()) != windows->groups * size * size * int64_t(sizeof(float)))
    return false;
  std::vector<float> moments(bytes->size() / sizeof(float));
  std::memcpy(moments.data(), bytes->data(), bytes->size());
  const bool isMatMul = isa<MatMulOp>(product.op); // K, N: a row for each output channel is made of it
  if (isMatMul)
    *weights = transposeValues<float>(*weights, {taps, product.channels}, {1, 0});
  RoundedWeights result;
  result.group = getGroup(*windows, taps, goal.group);
  const int64_t rows = product.channels / windows->groups;
  for (int64_t group = 0; group < windows->groups; ++group) {
    const std::vector<double> own =
        getProblemMoments(ArrayRef(moments).slice(group * size * size, size * size), taps, goal.centred);
    RoundingProblem problem{ArrayRef(*weights).slice(group * rows * taps, rows * taps),
                            own,
                            rows,
                            taps,
                            (1 << (bits - 1)) - 1,
                            result.group};
    const RoundedMatrix rounded = multiplyFactors(problem, round(problem));
    llvm::append_range(result.values, rounded.values);
    llvm::append_range(result.scales, rounded.scales);
  }
  if (isMatMul)
    result.values = transposeValues<int8_t>(result.values, {product.channels, taps}, {1, 0});
  chooseDeadScales(product, result);
  setRoundedWeights(product, bits, result);
  return true;
}

FailureOr<int64_t> nibble::roundAllWeights(Operation *root, const RoundingGoal &goal,
                                           llvm::function_ref<RoundedMatrix(const RoundingProblem &)> round) {
  for (int64_t width : goal.bits)
    if (width < 2 || width > 8)
      return root->emitError() << "cannot round to " << width << " bits: expected 2 to 8";
  int64_t rounded = 0;
  root->walk([&](Operation *op) {
    auto product = getProduct(op);
    if (!product || !op->hasAttr(kMomentsAttr))
      return;
    for (int64_t width : goal.bits)
      if (!getRoundedWeights(op, width))
        rounded += roundWeights(*product, width, goal, round);
  });
  return rounded;
}
