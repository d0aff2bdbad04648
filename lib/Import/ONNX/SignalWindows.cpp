// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// HannWindow, HammingWindow and BlackmanWindow: constants, and MelWeightMatrix.

#include "Generate.h"

#include "nibble/Support/Trigonometry.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The extent along dimension `d` of the result that scalar operand `i` asks for; the model states it where the operand
/// is known at run time alone.
static int64_t statedExtent(Node &node, unsigned i, StringRef what, int64_t rank, unsigned d) {
  if (!node.isKnown(i))
    return node.resultShape(0, i, what, rank)[d].getStatic();
  SmallVector<int64_t> values = node.ints(i, what);
  if (values.size() != 1 || values[0] < 0 || values[0] > kLargestExtent)
    node.fail(what + " (input " + Twine(i) + ") is not one number from 0 to " + Twine(kLargestExtent));
  return values.front();
}

/// ONNX's element type of the result, a float.
static int32_t resultType(Node &node) {
  const int32_t type = node.getInt("output_datatype", onnx::TensorProto::FLOAT);
  if (!isWideFloat(type))
    node.fail("attribute 'output_datatype' is " + Twine(type) + ", expected a float of 16, 32 or 64 bits");
  return type;
}

/// Σ (-1)^i a_i cos(2π·i·n / period).
static void importCosineWindow(Node &node, ArrayRef<double> coefficients) {
  Content window;
  window.type = resultType(node);
  const int64_t size = statedExtent(node, 0, "the window's size", 1, 0);
  const int64_t period = node.getInt("periodic", 1) ? size : size - 1;
  window.shape = {size};
  for (int64_t n = 0; n < size; ++n) {
    double sum = 0;
    for (auto [i, a] : llvm::enumerate(coefficients))
      sum += (i % 2 ? -a : a) * (period == 0 && i ? NAN : cosOfTurn(int64_t(i) * n, std::max<int64_t>(period, 1)));
    window.reals.push_back(sum);
  }
  node.set(0, std::move(window));
}

static void importHannWindow(Node &node) { importCosineWindow(node, {0.5, 0.5}); }
static void importHammingWindow(Node &node) { importCosineWindow(node, {25.0 / 46.0, 21.0 / 46.0}); }
static void importBlackmanWindow(Node &node) { importCosineWindow(node, {0.42, 0.5, 0.08}); }

namespace {
/// MelWeightMatrix's operands.
enum MelOperand : unsigned { Bands, Length, Rate, LowEdge, HighEdge };

/// The program of one of its elements, in f64: an edge that moved to another row of the spectrum would be a large
/// error.
class MelProgram {
public:
  MelProgram(Body &b, ArrayRef<int64_t> ranks) : b(b), ranks(ranks) {
    low = logarithm(LowEdge);
    high = logarithm(HighEdge);
    points = b.cast(b.add(b.cast(read(Bands), b.getI64Type()), b.integer(2)), b.getF64Type());
    rows = b.add(b.cast(read(Length), b.getF64Type()), real(1));
    rate = b.cast(read(Rate), b.getF64Type());
  }
  Scalar element(Scalar row, Scalar band);

private:
  Scalar real(double value) { return b.constant(b.getF64Type(), value); }
  Scalar read(unsigned i) { return b.read(i, Scalars(ranks[i], b.integer(0))); }
  Scalar exp(Scalar x);
  /// log(1 + edge / 700): Newton's steps from a value of f32.
  Scalar logarithm(unsigned edge);
  /// The spectrum's row of the i-th edge, of which neighbouring bands share two.
  Scalar edge(Scalar i);

  Body &b;
  ArrayRef<int64_t> ranks;
  Scalar low, high, points, rows, rate;
};
} // namespace

/// exp(x) = exp(x / 1024)^1024, the former by Taylor's series.
Scalar MelProgram::exp(Scalar x) {
  Scalar r = b.mul(x, real(1.0 / 1024)), sum = real(1);
  for (int i = 8; i > 0; --i)
    sum = b.add(real(1), b.div(b.mul(sum, r), real(i)));
  for (int i = 0; i < 10; ++i)
    sum = b.mul(sum, sum);
  return sum;
}

Scalar MelProgram::logarithm(unsigned edge) {
  Scalar x = b.add(real(1), b.div(b.cast(read(edge), b.getF64Type()), real(700)));
  Scalar y = b.cast(b.apply("log", {b.cast(x, b.getF32Type())}), b.getF64Type());
  for (int i = 0; i < 2; ++i)
    y = b.add(y, b.sub(b.mul(x, exp(b.neg(y))), real(1)));
  return y;
}

Scalar MelProgram::edge(Scalar i) {
  Scalar place = b.div(b.cast(i, b.getF64Type()), points);
  Scalar hertz = b.mul(real(700), b.sub(exp(b.add(low, b.mul(place, b.sub(high, low)))), real(1)));
  return b.cast(b.floor(b.div(b.mul(rows, hertz), rate)), b.getI64Type());
}

Scalar MelProgram::element(Scalar row, Scalar band) {
  Scalar left = edge(band), center = edge(b.add(band, b.integer(1))), right = edge(b.add(band, b.integer(2)));
  auto ratio = [&](Scalar x, Scalar y) { return b.div(b.cast(x, b.getF64Type()), b.cast(y, b.getF64Type())); };
  Scalar isRising = b.and_(b.lessOrEqual(left, row), b.lessOrEqual(row, center));
  Scalar isPoint = b.equal(left, center);
  Scalar isFalling = b.and_(b.lessOrEqual(center, row), b.less(row, right));
  Scalar rising = b.select(isPoint, real(1), ratio(b.sub(row, left), b.sub(center, left)));
  Scalar value = b.select(isRising, rising, real(0));
  return b.select(isFalling, ratio(b.sub(right, row), b.sub(right, center)), value);
}

static void importMelWeightMatrix(Node &node) {
  const int64_t bands = statedExtent(node, Bands, "the number of bands", 2, 1);
  const int64_t rows = node.isKnown(Length) ? statedExtent(node, Length, "the transform's length", 2, 0) / 2 + 1
                                            : node.resultShape(0, Length, "the transform's length", 2)[0].getStatic();
  Type element = node.importer.elementType(resultType(node));
  SmallVector<Value> operands;
  SmallVector<int64_t> ranks;
  for (unsigned i : {Bands, Length, Rate, LowEdge, HighEdge}) {
    operands.push_back(node.plain(i));
    ranks.push_back(node.rank(i));
  }
  node.set(0, node.generate({rows, bands}, element, operands, [&](Body &b) {
    return b.cast(MelProgram(b, ranks).element(b.index(0), b.index(1)), element);
  }));
}

void nibble::onnximport::addSignalWindows(TranslatorTable &table) {
  table["HannWindow"] = importHannWindow;
  table["HammingWindow"] = importHammingWindow;
  table["BlackmanWindow"] = importBlackmanWindow;
  table["MelWeightMatrix"] = importMelWeightMatrix;
}
