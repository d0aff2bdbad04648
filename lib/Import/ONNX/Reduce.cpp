// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions: operations for what is computed in f32, scalar programs for other types, for sets that may be empty, and
// for axes that only a run knows.

#include "Reduction.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Mean over the image's extents is a pool, which has a quantized form.
static Value poolImage(Node &node, Value input) {
  Shape shape = node.shapeOf(input);
  SmallVector<int64_t> kernel = {shape[2].getStatic(), shape[3].getStatic()}, ones = {1, 1}, zeros(4, 0);
  shape[2] = shape[3] = 1;
  return node.emit<AvgPoolOp>(shape, node.elementOf(input), input, kernel, ones, zeros, false, Layout::NCHW);
}

static Value reduce(Node &node, Value input, ReduceKind kind) {
  SmallVector<int64_t> axes = readReducedAxes(node);
  Shape kept = node.shapeOf(input), dropped;
  if (axes.empty())
    return input;
  bool isImage = kept.size() == 4 && axes == ArrayRef<int64_t>{2, 3} && kept[2].isStatic() && kept[3].isStatic();
  for (auto [i, dim] : llvm::enumerate(kept))
    if (llvm::is_contained(axes, int64_t(i)))
      dim = 1;
    else
      dropped.push_back(dim);
  bool keep = node.getInt("keepdims", 1);
  if (kind == ReduceKind::Mean && isImage) {
    Value pooled = poolImage(node, input);
    if (!keep)
      node.name(pooled, 0);
    return keep ? pooled : node.reshape(pooled, dropped);
  }
  return node.emit<ReduceOp>(keep ? kept : dropped, node.elementOf(input), input, kind, axes, keep);
}

static Value square(Node &node, Value value) { return node.binary<MulOp>(value, value); }

//===----------------------------------------------------------------------===//
// By operations
//===----------------------------------------------------------------------===//

template <ReduceKind kind>
static Value reduceReal(Node &node) {
  return reduce(node, node.real(0), kind);
}

static Value realSumSquare(Node &node) { return reduce(node, square(node, node.real(0)), ReduceKind::Sum); }

static Value realL1(Node &node) { return reduce(node, node.unary<AbsOp>(node.real(0)), ReduceKind::Sum); }

static Value realL2(Node &node) { return node.unary<SqrtOp>(realSumSquare(node)); }

static Value realLogSum(Node &node) { return node.unary<LogOp>(reduceReal<ReduceKind::Sum>(node)); }

/// max + log(sum(exp(x - max))).
static Value realLogSumExp(Node &node) {
  Value input = node.real(0);
  SmallVector<int64_t> axes = readReducedAxes(node);
  Shape kept = node.shapeOf(input);
  for (int64_t axis : axes)
    kept[axis] = 1;
  Value largest = node.emit<ReduceOp>(kept, node.elementOf(input), input, ReduceKind::Max, axes, /*keep_dims=*/true);
  // The difference of infinities is none.
  constexpr float bound = std::numeric_limits<float>::max();
  largest = node.unary<ClipOp>(largest, APFloat(-bound), APFloat(bound));
  Value sum = reduce(node, node.unary<ExpOp>(node.binary<SubOp>(input, largest)), ReduceKind::Sum);
  Value log = node.unary<LogOp>(sum);
  return node.binary<AddOp>(log, node.reshape(largest, node.shapeOf(log)));
}

//===----------------------------------------------------------------------===//
// By programs
//===----------------------------------------------------------------------===//

using Program = Scalar (*)(Body &, const Path &);

static Scalar itself(Scalar x) { return x; }

static Scalar generateSum(Body &b, const Path &path) {
  return path.fold(b, b.constant(b.elementOf(0), 0), &Body::add, itself);
}

static Scalar generateMean(Body &b, const Path &path) {
  return b.div(generateSum(b, path), b.cast(path.size(b), b.elementOf(0)));
}

static Scalar generateProd(Body &b, const Path &path) {
  return path.fold(b, b.constant(b.elementOf(0), 1), &Body::mul, itself);
}

static Scalar generateMax(Body &b, const Path &path) {
  return path.fold(b, b.least(b.elementOf(0)), &Body::max, itself);
}

static Scalar generateMin(Body &b, const Path &path) {
  return path.fold(b, b.largest(b.elementOf(0)), &Body::min, itself);
}

static Scalar generateL1(Body &b, const Path &path) {
  return path.fold(b, b.constant(b.elementOf(0), 0), &Body::add, [&](Scalar x) { return b.abs(x); });
}

static Scalar generateSumSquare(Body &b, const Path &path) {
  return path.fold(b, b.constant(b.elementOf(0), 0), &Body::add, [&](Scalar x) { return b.mul(x, x); });
}

/// Of integers by way of f64, towards zero.
static Scalar generateL2(Body &b, const Path &path) {
  Scalar sum = generateSumSquare(b, path);
  if (sum.isFloat())
    return b.sqrt(sum);
  return b.cast(b.sqrt(b.cast(sum, b.getF64Type())), sum.type);
}

static Scalar generateLogSum(Body &b, const Path &path) { return b.apply("log", generateSum(b, path)); }

static Scalar generateLogSumExp(Body &b, const Path &path) {
  Scalar largest = generateMax(b, path), zero = b.constant(largest.type, 0);
  // The difference of infinities is none.
  largest = b.select(b.less(b.abs(largest), b.largest(largest.type)), largest, zero);
  Scalar sum = path.fold(b, zero, &Body::add, [&](Scalar x) { return b.apply("exp", b.sub(x, largest)); });
  return b.add(b.apply("log", sum), largest);
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static bool hasRealForm(Node &node) {
  return !hasAxesAtRunTime(node) && llvm::none_of(node.shape(0), [](const Dim &dim) { return dim == 0; });
}

template <Value (*real)(Node &), Program program>
static void importReduce(Node &node) {
  bool isReal = node.isReal(0) && hasRealForm(node);
  node.set(0, isReal ? real(node) : generateReduction(node, node.numeric(0), program));
}

/// Logarithms, which floats of 64 bits have in f32 alone.
template <Value (*real)(Node &), Program program>
static void importLogarithmic(Node &node) {
  node.set(0, hasRealForm(node) ? real(node) : generateReduction(node, node.single(0), program));
}

void nibble::onnximport::addReductions(TranslatorTable &table) {
  table["ReduceSum"] = importReduce<reduceReal<ReduceKind::Sum>, generateSum>;
  table["ReduceMean"] = importReduce<reduceReal<ReduceKind::Mean>, generateMean>;
  table["ReduceMax"] = importReduce<reduceReal<ReduceKind::Max>, generateMax>;
  table["ReduceMin"] = importReduce<reduceReal<ReduceKind::Min>, generateMin>;
  table["ReduceProd"] = importReduce<reduceReal<ReduceKind::Prod>, generateProd>;
  table["ReduceSumSquare"] = importReduce<realSumSquare, generateSumSquare>;
  table["ReduceL1"] = importReduce<realL1, generateL1>;
  table["ReduceL2"] = importReduce<realL2, generateL2>;
  table["ReduceLogSum"] = importLogarithmic<realLogSum, generateLogSum>;
  table["ReduceLogSumExp"] = importLogarithmic<realLogSumExp, generateLogSumExp>;
}
