// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions.

#include "Importer.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The axes that a node reduces, sorted; all of them if it names none.
static SmallVector<int64_t> readAxes(Node &node) {
  SmallVector<int64_t> axes = node.has(1) ? node.ints(1, "axes") : SmallVector<int64_t>();
  int64_t rank = node.rank(0);
  if (axes.empty() && !node.getInt("noop_with_empty_axes", 0))
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  for (int64_t &axis : axes)
    axis = node.axis(axis, rank);
  llvm::sort(axes);
  axes.erase(llvm::unique(axes), axes.end());
  return axes;
}

/// Mean over the image's extents is a pool, which has a quantized form.
static Value poolImage(Node &node, Value input) {
  Shape shape = node.shapeOf(input);
  SmallVector<int64_t> kernel = {shape[2].factor, shape[3].factor}, ones = {1, 1}, zeros(4, 0);
  shape[2] = shape[3] = 1;
  return node.emit<AvgPoolOp>(shape, node.elementOf(input), input, kernel, ones, zeros, false, Layout::NCHW);
}

static Value reduce(Node &node, Value input, ReduceKind kind) {
  SmallVector<int64_t> axes = readAxes(node);
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

template <ReduceKind kind>
static void importReduce(Node &node) {
  node.set(0, reduce(node, node.real(0), kind));
}

static Value square(Node &node, Value value) { return node.binary<MulOp>(value, value); }

static void importReduceSumSquare(Node &node) {
  node.set(0, reduce(node, square(node, node.real(0)), ReduceKind::Sum));
}

static void importReduceL1(Node &node) { node.set(0, reduce(node, node.unary<AbsOp>(node.real(0)), ReduceKind::Sum)); }

static void importReduceL2(Node &node) {
  node.set(0, node.unary<SqrtOp>(reduce(node, square(node, node.real(0)), ReduceKind::Sum)));
}

static void importReduceLogSum(Node &node) {
  node.set(0, node.unary<LogOp>(reduce(node, node.real(0), ReduceKind::Sum)));
}

/// max + log(sum(exp(x - max))).
static void importReduceLogSumExp(Node &node) {
  Value input = node.real(0);
  SmallVector<int64_t> axes = readAxes(node);
  Shape kept = node.shapeOf(input);
  for (int64_t axis : axes)
    kept[axis] = 1;
  Value largest = node.emit<ReduceOp>(kept, node.elementOf(input), input, ReduceKind::Max, axes, /*keep_dims=*/true);
  Value sum = reduce(node, node.unary<ExpOp>(node.binary<SubOp>(input, largest)), ReduceKind::Sum);
  Value log = node.unary<LogOp>(sum);
  node.set(0, node.binary<AddOp>(log, node.reshape(largest, node.shapeOf(log))));
}

void nibble::onnximport::addReductions(TranslatorTable &table) {
  table["ReduceSum"] = importReduce<ReduceKind::Sum>;
  table["ReduceMean"] = importReduce<ReduceKind::Mean>;
  table["ReduceMax"] = importReduce<ReduceKind::Max>;
  table["ReduceMin"] = importReduce<ReduceKind::Min>;
  table["ReduceProd"] = importReduce<ReduceKind::Prod>;
  table["ReduceSumSquare"] = importReduceSumSquare;
  table["ReduceL1"] = importReduceL1;
  table["ReduceL2"] = importReduceL2;
  table["ReduceLogSum"] = importReduceLogSum;
  table["ReduceLogSumExp"] = importReduceLogSumExp;
}
