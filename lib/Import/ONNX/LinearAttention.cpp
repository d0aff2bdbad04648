// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LinearAttention: a recurrence over the tokens, one step after another.

#include "Generate.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Tokens that are unrolled at most.
constexpr int64_t kMostTokens = 4096;

namespace {
/// The node's operands.
enum Operand : unsigned { Query, Key, Values, PastState, Decay, Beta };

struct Attention {
  int64_t queryHeads, heads, keySize, valueSize, tokens;
  Dim batch;
  bool hasDecay, hasDelta;
  float scale;
};
} // namespace

static Attention readAttention(Node &node) {
  Attention a;
  a.queryHeads = node.getInt("q_num_heads", 0);
  a.heads = node.getInt("kv_num_heads", 0);
  Shape query = node.shape(Query), key = node.shape(Key), value = node.shape(Values);
  const bool areRanksGood = query.size() == 3 && key.size() == 3 && value.size() == 3;
  if (!areRanksGood || !staticExtents(ArrayRef(query).drop_front()) || !staticExtents(ArrayRef(key).drop_front()) ||
      !staticExtents(ArrayRef(value).drop_front()))
    node.fail("query, key and value must have rank 3 and known extents, all but the batch");
  if (a.heads < 1 || a.queryHeads < 1 || a.queryHeads % a.heads || key[2].getStatic() % a.heads ||
      value[2].getStatic() % a.heads || query[2].getStatic() != key[2].getStatic() / a.heads * a.queryHeads)
    node.fail("attributes 'q_num_heads' and 'kv_num_heads' are " + Twine(a.queryHeads) + " and " + Twine(a.heads) +
              ", which do not fit the inputs");
  a.batch = query[0];
  a.tokens = query[1].getStatic();
  a.keySize = key[2].getStatic() / a.heads;
  a.valueSize = value[2].getStatic() / a.heads;
  if (a.tokens < 1 || a.tokens > kMostTokens)
    node.fail("has " + Twine(a.tokens) + " tokens, expected 1 to " + Twine(kMostTokens));
  std::string rule = node.getString("update_rule", "gated_delta");
  a.hasDecay = rule == "gated" || rule == "gated_delta";
  a.hasDelta = rule == "delta" || rule == "gated_delta";
  a.scale = node.getFloat("scale", 0);
  if (a.scale == 0)
    a.scale = 1.0f / std::sqrt(float(a.keySize));
  return a;
}

namespace {
/// One token's operands and the state that the tokens before have left.
struct Step {
  Value query, key, value, decay, beta, state;
};
} // namespace

/// The state as the token finds it: exp(decay) · S at a head's place.
static Scalar decayed(Body &b, const Attention &a, unsigned state, unsigned decay, Scalar head, Scalar i, Scalar j) {
  Scalar s = b.read(state, {b.index(0), head, i, j});
  if (!a.hasDecay)
    return s;
  // One a head, or one a key's dimension.
  Scalar perHead = b.equal(b.extent(decay, 2), b.integer(a.heads));
  Scalar place = b.select(perHead, head, b.add(b.mul(head, b.integer(a.keySize)), i));
  return b.mul(s, b.apply("exp", {b.read(decay, {b.index(0), b.integer(0), place})}));
}

/// What is written to the state's column j: the value, or beta times what the state lacks of it.
static Value writtenValue(Node &node, const Attention &a, const Step &step) {
  if (!a.hasDelta)
    return step.value;
  SmallVector<Value> operands = {step.value, step.state, step.key, step.beta};
  if (a.hasDecay)
    operands.push_back(step.decay);
  return node.generate(node.shapeOf(step.value), node.elementOf(step.value), operands, [&](Body &b) {
    Scalar size = b.integer(a.valueSize), head = b.div(b.index(2), size), j = b.rem(b.index(2), size);
    Scalars zero = {b.constant(b.getF32Type(), 0)};
    Scalar found = b.loop(b.integer(a.keySize), zero, [&](Scalar i, ArrayRef<Scalar> sum) -> Scalars {
      Scalar k = b.read(2, {b.index(0), b.integer(0), b.add(b.mul(head, b.integer(a.keySize)), i)});
      return {b.fma(decayed(b, a, 1, 4, head, i, j), k, sum[0])};
    })[0];
    Scalar beta = b.read(3, {b.index(0), b.integer(0), head}); // one of all heads is read by any index
    return b.mul(beta, b.sub(b.read(0, {b.index(0), b.integer(0), b.index(2)}), found));
  });
}

static Value nextState(Node &node, const Attention &a, const Step &step) {
  SmallVector<Value> operands = {step.state, step.key, writtenValue(node, a, step)};
  if (a.hasDecay)
    operands.push_back(step.decay);
  return node.generate(node.shapeOf(step.state), node.elementOf(step.state), operands, [&](Body &b) {
    Scalar head = b.index(1), i = b.index(2), j = b.index(3), zero = b.integer(0);
    Scalar k = b.read(1, {b.index(0), zero, b.add(b.mul(head, b.integer(a.keySize)), i)});
    Scalar v = b.read(2, {b.index(0), zero, b.add(b.mul(head, b.integer(a.valueSize)), j)});
    return b.fma(k, v, decayed(b, a, 0, 3, head, i, j));
  });
}

/// scale · qᵀS, query heads in groups that share a state.
static Value readState(Node &node, const Attention &a, const Step &step, Value state) {
  return node.generate(
      {a.batch, 1, a.queryHeads * a.valueSize}, node.elementOf(state), {step.query, state}, [&](Body &b) {
        Scalar size = b.integer(a.valueSize), head = b.div(b.index(2), size);
        Scalar group = b.div(head, b.integer(a.queryHeads / a.heads)), j = b.rem(b.index(2), size);
        Scalar first = b.mul(head, b.integer(a.keySize));
        Scalars zero = {b.constant(b.getF32Type(), 0)};
        Scalar sum = b.loop(b.integer(a.keySize), zero, [&](Scalar i, ArrayRef<Scalar> sum) -> Scalars {
          Scalar q = b.read(0, {b.index(0), b.integer(0), b.add(first, i)});
          return {b.fma(q, b.read(1, {b.index(0), group, i, j}), sum[0])};
        })[0];
        return b.mul(sum, b.constant(b.getF32Type(), a.scale));
      });
}

/// One token of operand `i`; null if the rule does not use it.
static Value tokenOf(Node &node, unsigned i, int64_t token, bool isUsed) {
  if (!isUsed)
    return Value();
  Value all = node.single(i);
  Shape shape = node.shapeOf(all);
  if (shape.size() != 3 || !shape[2].isStatic())
    node.fail("input " + Twine(i) + " has shape " + node.importer.symbols.print(shape) +
              ", expected rank 3 and known extents");
  shape[1] = 1;
  return node.slice(all, {0, token, 0}, {1, 1, 1}, shape);
}

/// The state before the first token: the operand, or zeros.
static Value firstState(Node &node, const Attention &a) {
  if (node.has(PastState))
    return node.single(PastState);
  Type real = node.importer.builder.getF32Type();
  return node.generate({a.batch, a.heads, a.keySize, a.valueSize}, real, node.single(Query),
                       [&](Body &b) { return b.constant(real, 0); });
}

static void importLinearAttention(Node &node) {
  const Attention a = readAttention(node);
  Value state = firstState(node, a);
  SmallVector<Value> outputs;
  for (int64_t token = 0; token < a.tokens; ++token) {
    const Step step = {tokenOf(node, Query, token, true),      tokenOf(node, Key, token, true),
                       tokenOf(node, Values, token, true),     tokenOf(node, Decay, token, a.hasDecay),
                       tokenOf(node, Beta, token, a.hasDelta), state};
    state = nextState(node, a, step);
    outputs.push_back(readState(node, a, step, state));
  }
  Shape shape = {a.batch, a.tokens, a.queryHeads * a.valueSize};
  node.set(0, outputs.size() == 1 ? outputs[0]
                                  : node.emit<ConcatOp>(shape, node.elementOf(outputs[0]), outputs, /*axis=*/1));
  if (node.wants(1))
    node.set(1, state);
}

void nibble::onnximport::addLinearAttention(TranslatorTable &table) {
  table["LinearAttention"] = importLinearAttention;
}
