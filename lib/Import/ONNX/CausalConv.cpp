// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CausalConvWithState: a depthwise convolution of a sequence and of what was before it.

#include "Convolution.h"
#include "Generate.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// The node's operands.
enum Operand : unsigned { Input, Filter, Bias, PastState };
} // namespace

/// The sequence behind the past's `count` values, or behind zeros.
static Value withPast(Node &node, Value input, int64_t count) {
  if (count == 0)
    return input;
  Shape shape = node.shapeOf(input);
  shape[2] += count;
  if (node.has(PastState))
    return node.emit<ConcatOp>(shape, node.elementOf(input), ArrayRef<Value>{node.single(PastState), input}, 2);
  const int64_t low[] = {0, 0, count}, high[] = {0, 0, 0};
  return node.emit<PadOp>(shape, node.elementOf(input), input, ArrayRef<int64_t>(low), ArrayRef<int64_t>(high),
                          PadMode::Constant, FloatAttr());
}

/// The last `count` values, which are none for a filter of one tap.
static Value lastValues(Node &node, Value sequence, int64_t count) {
  Shape shape = node.shapeOf(sequence);
  if (!shape[2].isStatic())
    node.fail("the sequence's length is not known at compile time");
  const int64_t length = shape[2].getStatic();
  shape[2] = count;
  if (count > 0)
    return node.slice(sequence, {0, 0, length - count}, {1, 1, 1}, shape);
  return node.generate(shape, node.elementOf(sequence), sequence,
                       [&](Body &b) { return b.constant(b.elementOf(0), 0); });
}

/// x · sigmoid(x), if the node asks for it.
static Value activated(Node &node, Value value) {
  std::string name = node.getString("activation", "none");
  if (name == "none")
    return value;
  if (name != "silu" && name != "swish")
    node.fail("attribute 'activation' is '" + name + "', expected 'none', 'silu' or 'swish'");
  return node.binary<MulOp>(value, node.unary<SigmoidOp>(value));
}

static void importCausalConv(Node &node) {
  Value input = node.single(Input);
  Shape shape = node.shapeOf(input), weights = node.shape(Filter);
  if (shape.size() != 3 || weights.size() != 3 || !staticExtents(weights) || shape[1] != weights[0] ||
      weights[1] != 1 || weights[2].getStatic() < 1)
    node.fail("inputs 0 and 1 have shapes " + node.importer.symbols.print(shape) + " and " +
              node.importer.symbols.print(weights) + ", expected a sequence and a filter of each of its channels");
  const int64_t taps = weights[2].getStatic();
  Convolution conv;
  conv.input = withPast(node, input, taps - 1);
  conv.filter = node.single(Filter);
  conv.bias = node.has(Bias) ? node.single(Bias) : Value();
  conv.window = plainWindow({taps});
  conv.groups = weights[0].getStatic();
  conv.shape = shape;
  Value state = node.wants(1) ? lastValues(node, conv.input, taps - 1) : Value();
  node.set(0, activated(node, convolve(node, conv)));
  if (state)
    node.set(1, state);
}

void nibble::onnximport::addCausalConvolutions(TranslatorTable &table) {
  table["CausalConvWithState"] = importCausalConv;
}
