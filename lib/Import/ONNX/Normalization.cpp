// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normalizations and softmax.

#include "Importer.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Reduction along `axes`, which stay with extent 1.
static Value reduce(Node &node, Value input, ReduceKind kind, ArrayRef<int64_t> axes) {
  Shape shape = node.shapeOf(input);
  for (int64_t axis : axes)
    shape[axis] = 1;
  return node.emit<ReduceOp>(shape, node.elementOf(input), input, kind, axes, /*keep_dims=*/true);
}

static SmallVector<int64_t> axesFrom(int64_t first, int64_t rank) {
  return llvm::to_vector(llvm::seq<int64_t>(first, rank));
}

/// sqrt(mean(x * x) + epsilon), the mean being along `axes`.
static Value rootMeanSquare(Node &node, Value input, ArrayRef<int64_t> axes, float epsilon) {
  Value square = reduce(node, node.binary<MulOp>(input, input), ReduceKind::Mean, axes);
  return node.unary<SqrtOp>(node.binary<AddOp>(square, node.floats(epsilon)));
}

/// (x - mean) / sqrt(variance + epsilon), both along `axes`.
static Value standardize(Node &node, Value input, ArrayRef<int64_t> axes, float epsilon) {
  Value centered = node.binary<SubOp>(input, reduce(node, input, ReduceKind::Mean, axes));
  return node.binary<DivOp>(centered, rootMeanSquare(node, centered, axes, epsilon));
}

/// scale * x + bias, operands 1 and 2.
static Value scaleAndShift(Node &node, Value x, Value scale, Value bias) {
  Value product = node.binary<MulOp>(x, scale);
  return bias ? node.binary<AddOp>(product, bias) : product;
}

/// One number a channel, for the dimensions of an image of rank `rank`.
static Value alongChannels(Node &node, unsigned i, int64_t rank) {
  Shape shape(rank - 1, Dim(1));
  shape.front() = node.shape(i).front();
  return node.reshape(node.real(i), shape);
}

/// Statistics of the batch, which go into the running ones, too.
static void trainBatchNormalization(Node &node) {
  Value input = node.real(0);
  int64_t rank = node.rank(0);
  SmallVector<int64_t> axes = axesFrom(2, rank);
  axes.insert(axes.begin(), 0);
  Value mean = reduce(node, input, ReduceKind::Mean, axes), centered = node.binary<SubOp>(input, mean);
  Value variance = reduce(node, node.binary<MulOp>(centered, centered), ReduceKind::Mean, axes);
  Value deviation = node.unary<SqrtOp>(node.binary<AddOp>(variance, node.floats(node.getFloat("epsilon", 1e-5f))));
  Value result = node.binary<DivOp>(centered, deviation);
  node.set(0, scaleAndShift(node, result, alongChannels(node, 1, rank), alongChannels(node, 2, rank)));
  float momentum = node.getFloat("momentum", 0.9f);
  for (auto [i, now] : {std::pair(1, mean), std::pair(2, variance)}) {
    if (!node.wants(i))
      continue;
    Value before = node.binary<MulOp>(node.real(i + 2), node.floats(momentum));
    Value share = node.binary<MulOp>(node.reshape(now, node.shapeOf(before)), node.floats(1.0f - momentum));
    node.set(i, node.binary<AddOp>(before, share));
  }
}

/// (x - mean) / sqrt(variance + epsilon) * scale + bias. Constants become one factor and one addend later.
static void importBatchNormalization(Node &node) {
  int64_t rank = node.rank(0);
  if (rank < 2)
    node.fail("input 0 has rank " + Twine(rank) + ", expected at least 2");
  if (node.getInt("training_mode", 0))
    return trainBatchNormalization(node);
  APFloat epsilon(node.getFloat("epsilon", 1e-5f));
  SmallVector<Value> parameters = {node.real(1), node.real(2), node.real(3), node.real(4)};
  if (llvm::all_of(parameters, [](Value value) { return value.getDefiningOp<ConstantOp>(); }))
    return node.set(
        0, node.unary<BatchNormOp>(node.real(0), parameters[0], parameters[1], parameters[2], parameters[3], epsilon));
  Value variance = node.binary<AddOp>(node.real(4), node.floats(epsilon.convertToFloat()));
  Value factor = node.binary<DivOp>(node.real(1), node.unary<SqrtOp>(variance));
  Shape channels = {node.shape(1).front()};
  channels.append(rank - 2, Dim(1));
  Value centered = node.binary<SubOp>(node.real(0), alongChannels(node, 3, rank));
  node.set(0, scaleAndShift(node, centered, node.reshape(factor, channels), alongChannels(node, 2, rank)));
}

/// The first dimension of a row.
static int64_t firstAxis(Node &node) { return node.axis(node.getInt("axis", -1), node.rank(0)); }

/// The norm of the rows from `axis` on, times `scale`, plus `bias` (operands of the node; -1 for none).
static Value normalize(Node &node, Value input, NormKind kind, int64_t axis, int scale, int bias) {
  auto has = [&](int i) { return i >= 0 && node.has(i); };
  Shape shape = node.shapeOf(input), row(shape.begin() + axis, shape.end());
  // A parameter of another shape is broadcast behind the norm.
  const bool takesScale = !has(scale) || node.shape(scale) == row;
  const bool takesBias = takesScale && has(bias) && node.shape(bias) == row;
  Value result =
      node.unary<NormOp>(input, takesScale && has(scale) ? node.real(scale) : Value(),
                         takesBias ? node.real(bias) : Value(), kind, axis, APFloat(node.getFloat("epsilon", 1e-5f)));
  if (!takesScale)
    result = node.binary<MulOp>(result, node.real(scale));
  return has(bias) && !takesBias ? node.binary<AddOp>(result, node.real(bias)) : result;
}

/// The mean of each row and the reciprocal of its deviation, results `first` and the one behind it.
static void setStatistics(Node &node, Value input, int64_t axis, unsigned first) {
  if (!node.wants(first) && !node.wants(first + 1))
    return;
  SmallVector<int64_t> axes = axesFrom(axis, node.shapeOf(input).size());
  Value mean = reduce(node, input, ReduceKind::Mean, axes);
  if (node.wants(first))
    node.set(first, mean);
  if (node.wants(first + 1)) {
    Value deviation = rootMeanSquare(node, node.binary<SubOp>(input, mean), axes, node.getFloat("epsilon", 1e-5f));
    node.set(first + 1, node.unary<ReciprocalOp>(deviation));
  }
}

static void importLayerNormalization(Node &node) {
  Value input = node.real(0);
  node.set(0, normalize(node, input, NormKind::Layer, firstAxis(node), 1, 2));
  setStatistics(node, input, firstAxis(node), 1);
}

/// Like a layer normalization without mean and bias.
static void importRMSNormalization(Node &node) {
  node.set(0, normalize(node, node.real(0), NormKind::RMS, firstAxis(node), 1, -1));
}

/// onnxruntime's norm of the sum of two inputs and a bias, the sum being result 3.
static void importSkipNormalization(Node &node, NormKind kind, int scale, int shift, int bias) {
  Value sum = node.binary<AddOp>(node.real(0), node.real(1));
  if (node.has(bias))
    sum = node.binary<AddOp>(sum, node.real(bias));
  const int64_t rank = node.shapeOf(sum).size(), axis = node.axis(-1, rank);
  node.set(0, normalize(node, sum, kind, axis, scale, shift));
  if (kind == NormKind::Layer)
    setStatistics(node, sum, axis, 1);
  else if (node.wants(1) || node.wants(2))
    node.fail("outputs 1 and 2 (statistics) are not supported");
  if (node.wants(3))
    node.set(3, sum);
}

static void importSkipLayerNormalization(Node &node) { importSkipNormalization(node, NormKind::Layer, 2, 3, 4); }
static void importSkipRMSNormalization(Node &node) { importSkipNormalization(node, NormKind::RMS, 2, -1, 3); }

static void requireImage(Node &node) {
  if (node.rank(0) < 3)
    node.fail("input 0 has rank " + Twine(node.rank(0)) + ", expected at least 3");
}

static void importInstanceNormalization(Node &node) {
  requireImage(node);
  int64_t rank = node.rank(0);
  Value result = standardize(node, node.real(0), axesFrom(2, rank), node.getFloat("epsilon", 1e-5f));
  node.set(0, scaleAndShift(node, result, alongChannels(node, 1, rank), alongChannels(node, 2, rank)));
}

/// Over groups of channels.
static void importGroupNormalization(Node &node) {
  requireImage(node);
  Value input = node.real(0);
  Shape shape = node.shapeOf(input);
  int64_t groups = node.getInt("num_groups", 0);
  std::optional<Dim> size = groups > 0 ? checkedProduct(ArrayRef<Dim>(shape).drop_front()) : std::nullopt;
  std::optional<Dim> inner = size && divideExactly(shape[1], groups) ? divideExactly(*size, groups) : std::nullopt;
  if (!inner)
    node.fail("attribute 'num_groups' is " + Twine(groups) + ", which does not divide the channels");
  Value grouped = node.reshape(input, {shape[0], groups, *inner});
  Value result = node.reshape(standardize(node, grouped, {2}, node.getFloat("epsilon", 1e-5f)), shape);
  node.set(0, scaleAndShift(node, result, alongChannels(node, 1, shape.size()), alongChannels(node, 2, shape.size())));
}

/// (x - mean) / (deviation + 1e-9).
static void importMeanVarianceNormalization(Node &node) {
  SmallVector<int64_t> axes = node.getInts("axes", {0, 2, 3});
  for (int64_t &axis : axes)
    axis = node.axis(axis, node.rank(0));
  llvm::sort(axes);
  Value input = node.real(0);
  Value centered = node.binary<SubOp>(input, reduce(node, input, ReduceKind::Mean, axes));
  Value variance = reduce(node, node.binary<MulOp>(centered, centered), ReduceKind::Mean, axes);
  Value deviation = node.binary<AddOp>(node.unary<SqrtOp>(variance), node.floats(1e-9f));
  node.set(0, node.binary<DivOp>(centered, deviation));
}

/// The p-th root of the sum of |x|^p along an axis.
static Value norm(Node &node, Value input, int64_t axis, int64_t p) {
  if (p == 2)
    return node.unary<SqrtOp>(reduce(node, node.binary<MulOp>(input, input), ReduceKind::Sum, {axis}));
  Value size = node.unary<AbsOp>(input);
  if (p == 1)
    return reduce(node, size, ReduceKind::Sum, {axis});
  Value powers = node.binary<PowOp>(size, node.floats(float(p)));
  return node.binary<PowOp>(reduce(node, powers, ReduceKind::Sum, {axis}), node.floats(1.0f / float(p)));
}

/// x divided by its norm, where that is not 0.
static void importLpNormalization(Node &node) {
  Value input = node.real(0);
  int64_t axis = node.axis(node.getInt("axis", -1), node.rank(0)), p = node.getInt("p", 2);
  if (p < 1)
    node.fail("attribute 'p' is " + Twine(p) + ", expected at least 1");
  Value norm = ::norm(node, input, axis, p);
  // ONNX: what has no length stays zero. The norm is then 1: 0 + (1 - 0).
  Value isPositive = node.unary<CeilOp>(node.unary<ClipOp>(norm, APFloat(0.0f), APFloat(1.0f)));
  norm = node.binary<AddOp>(norm, node.binary<SubOp>(node.floats(1.0f), isPositive));
  node.set(0, node.binary<DivOp>(input, norm));
}

/// x / (bias + alpha / size * sum(x * x))^beta, the sum being over neighbouring channels: an average pool along them.
static void importLRN(Node &node) {
  Value input = node.real(0);
  Shape shape = node.shapeOf(input);
  int64_t size = node.getInt("size", 0);
  std::optional<Dim> inner = shape.size() > 2 ? checkedProduct(ArrayRef<Dim>(shape).drop_front(2)) : std::nullopt;
  if (!inner || size < 1)
    node.fail("has size " + Twine(size) + " and rank " + Twine(shape.size()) + ", expected at least 1 and 3");
  Shape flat = {shape[0], 1, shape[1], *inner};
  Value square = node.reshape(node.binary<MulOp>(input, input), flat);
  SmallVector<int64_t> kernel = {size, 1}, ones = {1, 1}, pads = {(size - 1) / 2, 0, size / 2, 0};
  Value mean = node.emit<AvgPoolOp>(flat, node.elementOf(square), square, kernel, ones, pads,
                                    /*count_include_pad=*/true, Layout::NCHW);
  Value sum =
      node.binary<AddOp>(node.binary<MulOp>(node.reshape(mean, shape), node.floats(node.getFloat("alpha", 1e-4f))),
                         node.floats(node.getFloat("bias", 1.0f)));
  node.set(0, node.binary<DivOp>(input, node.binary<PowOp>(sum, node.floats(node.getFloat("beta", 0.75f)))));
}

static void importSoftmax(Node &node) {
  Value input = node.real(0);
  node.set(0, node.unary<SoftmaxOp>(input, firstAxis(node)));
}

/// (x - max) - log(sum(exp(x - max))).
static void importLogSoftmax(Node &node) {
  Value input = node.real(0);
  int64_t axis = node.axis(node.getInt("axis", -1), node.rank(0));
  Value shifted = node.binary<SubOp>(input, reduce(node, input, ReduceKind::Max, {axis}));
  Value sum = reduce(node, node.unary<ExpOp>(shifted), ReduceKind::Sum, {axis});
  node.set(0, node.binary<SubOp>(shifted, node.unary<LogOp>(sum)));
}

void nibble::onnximport::addNormalizations(TranslatorTable &table) {
  table["BatchNormalization"] = importBatchNormalization;
  table["LayerNormalization"] = importLayerNormalization;
  table["RMSNormalization"] = importRMSNormalization;
  table["com.microsoft.SimplifiedLayerNormalization"] = importRMSNormalization;
  table["com.microsoft.SkipLayerNormalization"] = importSkipLayerNormalization;
  table["com.microsoft.SkipSimplifiedLayerNormalization"] = importSkipRMSNormalization;
  table["InstanceNormalization"] = importInstanceNormalization;
  table["GroupNormalization"] = importGroupNormalization;
  table["MeanVarianceNormalization"] = importMeanVarianceNormalization;
  table["LpNormalization"] = importLpNormalization;
  table["LRN"] = importLRN;
  table["Softmax"] = importSoftmax;
  table["LogSoftmax"] = importLogSoftmax;
}
