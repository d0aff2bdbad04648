// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normalizations and softmax.

#include "Importer.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

static void importBatchNormalization(Node &node) {
  for (unsigned i = 1; i < 5; ++i)
    if (node.wants(i))
      node.fail("output " + Twine(i) + " (running statistics) is not supported", "export the model for inference");
  if (node.getInt("training_mode", 0))
    node.fail("attribute 'training_mode' is set", "export the model for inference");
  Value input = node.real(0);
  Value result = node.unary<BatchNormOp>(input, node.real(1), node.real(2), node.real(3), node.real(4),
                                         APFloat(node.getFloat("epsilon", 1e-5f)));
  node.set(0, result);
}

static Value reduceLast(Node &node, Value input, ReduceKind kind, int64_t first) {
  Shape shape = node.shapeOf(input);
  SmallVector<int64_t> axes;
  for (int64_t axis = first, rank = shape.size(); axis < rank; ++axis) {
    axes.push_back(axis);
    shape[axis] = 1;
  }
  return node.emit<ReduceOp>(shape, node.elementOf(input), input, kind, axes, /*keep_dims=*/true);
}

/// scale * (x - mean) / sqrt(variance + epsilon) + bias, over the dimensions from `axis` on.
static void importLayerNormalization(Node &node) {
  if (node.wants(1) || node.wants(2))
    node.fail("outputs 1 and 2 (mean and deviation) are not supported");
  Value input = node.real(0);
  int64_t axis = node.axis(node.getInt("axis", -1), node.rank(0));
  Value centered = node.binary<SubOp>(input, reduceLast(node, input, ReduceKind::Mean, axis));
  Value variance = reduceLast(node, node.binary<MulOp>(centered, centered), ReduceKind::Mean, axis);
  Value sum = node.binary<AddOp>(variance, node.floats(node.getFloat("epsilon", 1e-5f)));
  Value result = node.binary<DivOp>(centered, node.unary<SqrtOp>(sum));
  result = node.binary<MulOp>(result, node.real(1));
  node.set(0, node.has(2) ? node.binary<AddOp>(result, node.real(2)) : result);
}

static void importSoftmax(Node &node) {
  Value input = node.real(0);
  node.set(0, node.unary<SoftmaxOp>(input, node.axis(node.getInt("axis", -1), node.rank(0))));
}

/// Reduction along one axis, which stays with extent 1.
static Value reduceAxis(Node &node, Value input, ReduceKind kind, int64_t axis) {
  Shape shape = node.shapeOf(input);
  shape[axis] = 1;
  return node.emit<ReduceOp>(shape, node.elementOf(input), input, kind, ArrayRef<int64_t>{axis}, /*keep_dims=*/true);
}

/// (x - max) - log(sum(exp(x - max))).
static void importLogSoftmax(Node &node) {
  Value input = node.real(0);
  int64_t axis = node.axis(node.getInt("axis", -1), node.rank(0));
  Value shifted = node.binary<SubOp>(input, reduceAxis(node, input, ReduceKind::Max, axis));
  Value sum = reduceAxis(node, node.unary<ExpOp>(shifted), ReduceKind::Sum, axis);
  node.set(0, node.binary<SubOp>(shifted, node.unary<LogOp>(sum)));
}

void nibble::onnximport::addNormalizations(TranslatorTable &table) {
  table["BatchNormalization"] = importBatchNormalization;
  table["LayerNormalization"] = importLayerNormalization;
  table["Softmax"] = importSoftmax;
  table["LogSoftmax"] = importLogSoftmax;
}
