// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention: products of queries, keys and values, with the softmax between them.

#include "Generate.h"

#include "nibble/Support/Locations.h"

#include <cmath>

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {

/// One node. Queries, keys and values are B, heads, sequence, head size.
class Attention {
public:
  explicit Attention(Node &node) : node(node) {}
  void run();

private:
  enum Output { Result, PresentKey, PresentValue, Scores };
  /// What output `Scores` holds.
  enum Stage { Product, Capped, Masked, Probabilities };

  Value splitHeads(unsigned operand, int64_t heads);
  Value appendToPast(Value value, unsigned past);
  Value multiply(Value lhs, Value rhs, StringRef step);
  /// Queries of the heads that share a key, one after another.
  Value groupHeads(Value queries);
  Value cap(Value scores);
  Value makeMask(Value scores);
  Value readMask();
  Value makeBand(const Dim &rows, const Dim &columns);
  Value padMask(Value mask, const Dim &length);
  void capture(Stage stage, Value scores) {
    if (node.wants(Scores) && node.getInt("qk_matmul_output_mode", 0) == stage)
      node.set(Scores, scores);
  }
  /// Steps have names, so that calibration measures them.
  Value label(Value value, StringRef step);
  int64_t extent(const Dim &dim, StringRef what);

  Node &node;
  Shape shape; ///< of the queries
};

} // namespace

Value Attention::label(Value value, StringRef step) {
  value.getDefiningOp()->setLoc(
      getNodeLoc(node.importer.builder.getContext(), nodeName(node.proto), node.proto.output(0) + "/" + step.str()));
  return value;
}

int64_t Attention::extent(const Dim &dim, StringRef what) {
  if (!dim.isStatic())
    node.fail("the extent of " + what + " is unknown at compile time",
              "give it a fixed extent, with --dim or in the model");
  return dim.getStatic();
}

Value Attention::splitHeads(unsigned operand, int64_t heads) {
  Value value = node.real(operand);
  Shape whole = node.shapeOf(value);
  if (whole.size() == 4)
    return value;
  std::optional<Dim> size = whole.size() == 3 && heads > 0 ? divideExactly(whole[2], heads) : std::nullopt;
  if (!size)
    node.fail("input " + Twine(operand) + " of shape " + node.importer.symbols.print(whole) + " has no " +
              Twine(heads) + " heads");
  return node.transpose(node.reshape(value, {whole[0], whole[1], heads, *size}), {0, 2, 1, 3});
}

Value Attention::appendToPast(Value value, unsigned past) {
  if (!node.has(past))
    return value;
  Value before = node.real(past);
  Shape all = node.shapeOf(value);
  if (node.rank(past) != 4)
    node.fail("input " + Twine(past) + " has rank " + Twine(node.rank(past)) + ", expected 4");
  all[2] = node.shapeOf(before)[2] + all[2];
  return node.emit<ConcatOp>(all, node.elementOf(value), SmallVector<Value>{before, value}, 2);
}

Value Attention::multiply(Value lhs, Value rhs, StringRef step) {
  Shape product = node.shapeOf(lhs);
  product.back() = node.shapeOf(rhs).back();
  return label(node.emit<MatMulOp>(product, node.elementOf(lhs), lhs, rhs, Value()), step);
}

Value Attention::groupHeads(Value queries) {
  Shape grouped = node.shapeOf(queries);
  const Dim heads = node.shapeOf(queries)[1];
  const int64_t keyHeads = extent(node.shape(1).size() == 4 ? node.shape(1)[1] : Dim(node.getInt("kv_num_heads", 0)),
                                  "the heads of the keys");
  std::optional<Dim> repeats = keyHeads > 0 ? divideExactly(heads, keyHeads) : std::nullopt;
  std::optional<Dim> rows = repeats ? nibble::onnximport::multiply(*repeats, grouped[2]) : std::nullopt;
  if (!rows)
    node.fail(node.importer.symbols.print(heads) + " heads of queries cannot share " + Twine(keyHeads) +
              " heads of keys");
  grouped[1] = keyHeads;
  grouped[2] = *rows;
  return node.reshape(queries, grouped);
}

Value Attention::cap(Value scores) {
  const float bound = node.getFloat("softcap", 0.0f);
  if (bound <= 0)
    return scores;
  Value bounded = node.unary<TanhOp>(node.binary<MulOp>(scores, node.floats(1.0f / bound)));
  return node.binary<MulOp>(bounded, node.floats(bound));
}

/// 0 where a query sees a key, by `is_causal` and the window's sizes, else -infinity.
Value Attention::makeBand(const Dim &rows, const Dim &columns) {
  const Dim past = node.has(4) ? node.shape(4)[2] : Dim(0);
  const int64_t left = node.getInt("left_window_size", -1);
  const int64_t right = node.getInt("is_causal", 0) ? 0 : node.getInt("right_window_size", -1);
  Type f32 = node.importer.builder.getF32Type();
  if (!rows.isStatic() || !columns.isStatic() || !past.isStatic())
    return node.generate({rows, columns}, f32, {}, [&](Body &b) {
      Scalar ahead = b.sub(b.index(1), b.add(b.index(0), b.value(past))), isHidden = b.boolean(false);
      if (right >= 0)
        isHidden = b.greater(ahead, b.integer(right));
      if (left >= 0)
        isHidden = b.or_(isHidden, b.less(ahead, b.integer(-left)));
      return b.select(isHidden, b.least(f32), b.constant(f32, 0));
    });
  const int64_t height = rows.getStatic(), width = columns.getStatic();
  std::vector<float> band(height * width, 0.0f);
  for (int64_t i = 0; i < height; ++i)
    for (int64_t j = 0; j < width; ++j)
      if (const int64_t ahead = j - i - past.getStatic(); (right >= 0 && ahead > right) || (left >= 0 && -ahead > left))
        band[i * width + j] = -INFINITY;
  return node.floats(band, {height, width});
}

/// Keys behind the mask's end are not seen.
Value Attention::padMask(Value mask, const Dim &length) {
  Shape own = node.shapeOf(mask);
  if (own.empty() || own.back() == length || own.back() == 1)
    return mask;
  SmallVector<int64_t> low(own.size(), 0), high = low;
  high.back() = extent(length, "the keys") - extent(own.back(), "the mask");
  own.back() = length;
  return node.emit<PadOp>(own, node.elementOf(mask), mask, low, high, PadMode::Constant,
                          node.importer.builder.getF64FloatAttr(-INFINITY));
}

/// Of booleans 0 where a query sees a key, else -infinity.
Value Attention::readMask() {
  Value given = node.plain(3);
  if (!Node::elementOf(given).isInteger(1))
    return node.real(3);
  Type f32 = node.importer.builder.getF32Type();
  return node.elementwise(
      f32, given, [&](Body &b, ArrayRef<Scalar> sees) { return b.select(sees[0], b.constant(f32, 0), b.least(f32)); });
}

Value Attention::makeMask(Value scores) {
  Shape all = node.shapeOf(scores);
  Value mask = node.has(3) ? padMask(readMask(), all[3]) : Value();
  if (node.has(6))
    node.fail("input 6 (numbers of keys) is not supported");
  if (!node.getInt("is_causal", 0) && node.getInt("left_window_size", -1) < 0 &&
      node.getInt("right_window_size", -1) < 0)
    return mask;
  Value band = makeBand(all[2], all[3]);
  return mask ? node.binary<AddOp>(mask, band) : band;
}

void Attention::run() {
  Value queries = splitHeads(0, node.getInt("q_num_heads", 0));
  Value keys = appendToPast(splitHeads(1, node.getInt("kv_num_heads", 0)), 4);
  Value values = appendToPast(splitHeads(2, node.getInt("kv_num_heads", 0)), 5);
  shape = node.shapeOf(queries);
  const float scale = node.getFloat("scale", 1.0f / std::sqrt(static_cast<float>(extent(shape[3], "a head"))));
  Value scores = multiply(groupHeads(queries), node.transpose(keys, {0, 1, 3, 2}), "product");
  Shape grouped = node.shapeOf(scores);
  scores = node.reshape(scores, {shape[0], shape[1], shape[2], grouped[3]});
  // The softmax scales, where nobody else looks at the scores.
  const bool isSeen = node.wants(Scores) && node.getInt("qk_matmul_output_mode", 0) != Probabilities;
  const bool scalesHere = isSeen || node.getFloat("softcap", 0.0f) > 0;
  if (scalesHere)
    scores = node.binary<MulOp>(scores, node.floats(scale));
  capture(Product, scores);
  scores = cap(scores);
  capture(Capped, scores);
  Value mask = makeMask(scores);
  if (isSeen)
    capture(Masked, mask ? node.binary<AddOp>(scores, mask) : scores);
  Value probabilities =
      label(node.unary<SoftmaxOp>(scores, mask, 3, APFloat(scalesHere ? 1.0f : scale)), "probabilities");
  capture(Probabilities, probabilities);
  Value result = multiply(node.reshape(probabilities, grouped), values, "result");
  result = node.reshape(result, {shape[0], shape[1], shape[2], node.shapeOf(values)[3]});
  if (node.rank(0) == 3)
    result = node.reshape(node.transpose(result, {0, 2, 1, 3}),
                          {shape[0], shape[2], *checkedProduct({shape[1], node.shapeOf(values)[3]})});
  node.set(Result, result);
  if (node.wants(PresentKey))
    node.set(PresentKey, keys);
  if (node.wants(PresentValue))
    node.set(PresentValue, values);
}

static void importAttention(Node &node) { Attention(node).run(); }

void nibble::onnximport::addAttention(TranslatorTable &table) { table["Attention"] = importAttention; }
