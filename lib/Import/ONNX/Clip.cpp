// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Clip, by bounds that are constants or values.

#include "Numeric.h"

#include <limits>

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Bounds that are found at run time.
static void importClipBetween(Node &node) {
  Value result = node.real(0);
  if (node.has(1))
    result = node.binary<MaxOp>(result, node.real(1));
  if (node.has(2))
    result = node.binary<MinOp>(result, node.real(2));
  node.set(0, result);
}

/// Of integers and f64. ONNX: the upper bound wins.
static void generateClip(Node &node) {
  SmallVector<Value> operands = {node.numeric(0)};
  for (unsigned i : {1, 2})
    if (node.has(i))
      operands.push_back(node.numeric(i));
  node.set(0, node.elementwise(node.elementOf(operands.front()), operands, [&](Body &b, ArrayRef<Scalar> x) {
    Scalar result = node.has(1) ? b.max(x[0], x[1]) : x[0];
    return node.has(2) ? b.min(result, x.back()) : result;
  }));
}

static void importClip(Node &node) {
  if (!node.isReal(0))
    return generateClip(node);
  if ((node.has(1) && !node.content(1)) || (node.has(2) && !node.content(2)))
    return importClipBetween(node);
  // Bounds that are not given are those of the type.
  float low = node.has(1) ? node.scalar(1, "the lower bound") : std::numeric_limits<float>::lowest();
  float high = node.has(2) ? node.scalar(2, "the upper bound") : std::numeric_limits<float>::max();
  if (low == 0.0f && (high == std::numeric_limits<float>::max() || high == std::numeric_limits<float>::infinity()))
    return node.set(0, node.unary<ReluOp>(node.real(0)));
  low = std::min(low, high); // ONNX: the upper bound wins
  node.set(0, node.unary<ClipOp>(node.real(0), APFloat(low), APFloat(high)));
}

void nibble::onnximport::addClips(TranslatorTable &table) { table["Clip"] = importClip; }
