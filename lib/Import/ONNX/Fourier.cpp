// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DFT and STFT.

#include "Fourier.h"
#include "Generate.h"

#include "nibble/Support/Trigonometry.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Entries of the largest matrix that stands for a transform.
constexpr int64_t kLargestMatrix = int64_t(1) << 26;

static void checkLength(Node &node, const Fourier &fourier, int64_t terms, int64_t parts) {
  const int64_t limit = kLargestMatrix / (std::max<int64_t>(terms, 1) * 4);
  if (fourier.length < 1 || fourier.length > limit)
    node.fail("a transform of length " + Twine(fourier.length) + " is not supported, expected 1 to " + Twine(limit));
  if (parts != 1 && parts != 2)
    node.fail("the last dimension has extent " + Twine(parts) + ", expected 1 or 2 (real and imaginary part)");
}

/// Rows are parts of x[n], columns those of y[k].
static Value fourierMatrix(Node &node, const Fourier &fourier, int64_t terms, int64_t inParts) {
  std::vector<float> matrix;
  const double sign = fourier.isInverse ? 1 : -1;
  for (int64_t n = 0; n < terms; ++n)
    for (int64_t from = 0; from < inParts; ++from)
      for (int64_t k = 0; k < fourier.results(); ++k)
        for (int64_t to = 0; to < fourier.parts(); ++to) {
          const int64_t turn = n * k % fourier.length;
          const double cos = cosOfTurn(turn, fourier.length), sin = sign * sinOfTurn(turn, fourier.length);
          const double entry = from == to ? cos : from == 1 ? -sin : sin;
          matrix.push_back(float(entry * fourier.weight(n) * fourier.factor()));
        }
  return node.floats(matrix, {terms * inParts, fourier.results() * fourier.parts()});
}

Value nibble::onnximport::transform(Node &node, Value input, const Fourier &fourier) {
  Shape shape = node.shapeOf(input);
  const size_t axis = shape.size() - 2;
  if (!shape[axis].isStatic() || !shape.back().isStatic())
    node.fail("the signal's extents are not known at compile time");
  const int64_t parts = shape.back().getStatic(), terms = fourier.terms(shape[axis].getStatic());
  checkLength(node, fourier, terms, parts);
  shape[axis] = terms;
  SmallVector<int64_t> zeros(shape.size(), 0), ones(shape.size(), 1);
  Value used = node.slice(input, zeros, ones, shape);
  Shape rows(shape.begin(), shape.end() - 1), product(shape.begin(), shape.end() - 1);
  rows.back() = terms * parts;
  product.back() = fourier.results() * fourier.parts();
  Value result = node.emit<MatMulOp>(product, node.elementOf(input), node.reshape(used, rows),
                                     fourierMatrix(node, fourier, terms, parts), Value());
  shape[axis] = fourier.results();
  shape.back() = fourier.parts();
  return node.reshape(result, shape);
}

/// Exchanges dimension `axis` with the last but one.
static Value swapAxis(Node &node, Value value, int64_t axis) {
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, node.shapeOf(value).size()));
  std::swap(order[axis], order[order.size() - 2]);
  return node.transpose(value, order);
}

static Fourier readFourier(Node &node) {
  Fourier fourier;
  fourier.isInverse = node.getInt("inverse", 0);
  fourier.isOneSided = node.getInt("onesided", 0);
  return fourier;
}

/// The only element of operand `i`, an integer that is known at run time.
static Scalar readInteger(Body &b, unsigned operand, int64_t rank) {
  return b.cast(b.read(operand, Scalars(rank, b.integer(0))), b.getI64Type());
}

/// Lengths of a transform whose half spectrum has `bins` elements.
static SmallVector<int64_t> lengthsOf(int64_t bins) { return {2 * bins - 2, 2 * bins - 1}; }

/// Of two results, that whose length operand `i` says at run time.
static Value chooseByLength(Node &node, unsigned i, ArrayRef<int64_t> lengths, ArrayRef<Value> results) {
  if (results.size() == 1)
    return results.front();
  const int64_t rank = node.rank(i);
  return node.generate(node.shapeOf(results[0]), node.elementOf(results[0]), {node.plain(i), results[0], results[1]},
                       [&](Body &b) {
                         Scalars indices;
                         for (int64_t d = 0; d < b.rank(); ++d)
                           indices.push_back(b.index(d));
                         Scalar isSecond = b.equal(readInteger(b, 0, rank), b.integer(lengths[1]));
                         return b.select(isSecond, b.read(2, indices), b.read(1, indices));
                       });
}

/// The transform's length along `axis`: the operand's value, else the signal's extent. Of one that is known at run time
/// alone the result's extent tells, which the model states: exactly, or of half a spectrum two.
static SmallVector<int64_t> readLengths(Node &node, const Fourier &fourier, int64_t axis) {
  const Dim extent = node.shape(0)[axis];
  if (!node.has(1) && !extent.isStatic())
    node.fail("the signal's extents are not known at compile time");
  if (!node.has(1))
    return {fourier.isInverse && fourier.isOneSided ? 2 * (extent.getStatic() - 1) : extent.getStatic()};
  if (!node.isKnown(1)) {
    const int64_t results = node.resultShape(0, 1, "the transform's length", node.rank(0))[axis].getStatic();
    return fourier.isOneSided && !fourier.isInverse ? lengthsOf(results) : SmallVector<int64_t>{results};
  }
  SmallVector<int64_t> length = node.ints(1, "the transform's length");
  if (length.size() != 1)
    node.fail("the transform's length has " + Twine(length.size()) + " elements, expected 1");
  return length;
}

static Value transformAlong(Node &node, Value input, Fourier fourier, int64_t axis) {
  const SmallVector<int64_t> lengths = readLengths(node, fourier, axis);
  SmallVector<Value> results;
  Value swapped = swapAxis(node, input, axis);
  for (int64_t length : lengths) {
    fourier.length = length;
    results.push_back(swapAxis(node, transform(node, swapped, fourier), axis));
  }
  return chooseByLength(node, 1, lengths, results);
}

/// Transforms along each axis that the model's shapes allow, of which the operand chooses one at run time.
static Value transformByAxis(Node &node, Value input, Fourier fourier) {
  const int64_t rank = node.rank(0);
  Shape shape = node.resultShape(0, 2, "the axis", rank);
  SmallVector<Value> choices = {node.plain(2)};
  SmallVector<int64_t> axes;
  for (int64_t axis = 0; axis + 1 < rank; ++axis) {
    fourier.length = readLengths(node, fourier, axis).front();
    Shape wanted = node.shapeOf(input);
    wanted[axis] = fourier.results();
    wanted.back() = fourier.parts();
    if (wanted != shape)
      continue;
    axes.push_back(axis);
    choices.push_back(transformAlong(node, input, fourier, axis));
  }
  if (axes.empty())
    node.fail("no axis gives the declared shape " + node.importer.symbols.print(shape));
  const int64_t axisRank = node.rank(2);
  return node.generate(shape, node.elementOf(input), choices, [&](Body &b) {
    Scalars indices;
    for (int64_t d = 0; d < rank; ++d)
      indices.push_back(b.index(d));
    Scalar chosen = b.fromEnd(readInteger(b, 0, axisRank), b.integer(rank));
    Scalar result = b.read(1, indices);
    for (unsigned i = 1; i < axes.size(); ++i)
      result = b.select(b.equal(chosen, b.integer(axes[i])), b.read(1 + i, indices), result);
    return result;
  });
}

static void importDFT(Node &node) {
  Value input = node.single(0);
  Fourier fourier = readFourier(node);
  const int64_t rank = node.rank(0);
  if (rank < 2)
    node.fail("input 0 has rank " + Twine(rank) + ", expected at least 2");
  if (node.has(2) && !node.isKnown(2))
    return node.set(0, transformByAxis(node, input, fourier));
  SmallVector<int64_t> axes = node.has(2) ? node.ints(2, "the axis") : SmallVector<int64_t>{-2};
  if (axes.size() != 1)
    node.fail("the axis has " + Twine(axes.size()) + " elements, expected 1");
  const int64_t axis = node.axis(axes.front(), rank);
  if (axis + 1 == rank)
    node.fail("axis " + Twine(axes.front()) + " is that of real and imaginary parts");
  node.set(0, transformAlong(node, input, fourier, axis));
}

namespace {
/// STFT's operands.
enum StftOperand : unsigned { Signal, FrameStep, FrameWindow, FrameLength };
} // namespace

/// The frames' length: the window's, the operand's or the signal's; two for one that is known at run time alone, whose
/// half spectrum the model states.
static SmallVector<int64_t> readFrameLengths(Node &node) {
  SmallVector<int64_t> lengths = {node.shape(Signal)[1].getStatic()};
  if (node.has(FrameWindow) && node.rank(FrameWindow) == 1)
    lengths = {node.shape(FrameWindow)[0].getStatic()};
  else if (node.has(FrameLength) && node.isKnown(FrameLength))
    lengths = node.ints(FrameLength, "the frames' length");
  else if (node.has(FrameLength)) {
    const int64_t bins = node.resultShape(0, FrameLength, "the frames' length", 4)[2].getStatic();
    lengths = node.getInt("onesided", 1) ? lengthsOf(bins) : SmallVector<int64_t>{bins};
  }
  if (lengths.empty() || !node.shape(Signal)[1].isStatic() || lengths[0] < 1 ||
      lengths[0] > node.shape(Signal)[1].getStatic())
    node.fail("the frames do not fit the signal " + node.importer.symbols.print(node.shape(Signal)));
  return lengths;
}

/// How many frames there are.
static int64_t countFrames(Node &node, int64_t length, bool isExact) {
  if (!node.isKnown(FrameStep) || !isExact)
    return node.resultShape(0, FrameStep, "the frames' step", 4)[1].getStatic();
  SmallVector<int64_t> step = node.ints(FrameStep, "the frames' step");
  if (step.size() != 1 || step.front() < 1)
    node.fail("the frames' step is not one positive integer");
  return (node.shape(Signal)[1].getStatic() - length) / step.front() + 1;
}

/// Frames of the signal, each times the window: batch, frames, length, parts.
static Value cutFrames(Node &node, Value signal, int64_t count, int64_t length) {
  Shape from = node.shapeOf(signal);
  SmallVector<Value> operands = {signal, node.plain(FrameStep)};
  if (node.has(FrameWindow))
    operands.push_back(node.single(FrameWindow));
  const int64_t stepRank = node.rank(FrameStep);
  return node.generate({from[0], count, length, from[2]}, node.elementOf(signal), operands, [&](Body &b) {
    Scalar position = b.add(b.mul(b.index(1), readInteger(b, 1, stepRank)), b.index(2));
    Scalar inside = b.less(position, b.extent(0, 1));
    Scalar x = b.read(0, {b.index(0), position, b.index(3)});
    x = b.select(inside, x, b.constant(x.type, 0));
    return node.has(FrameWindow) ? b.mul(x, b.read(2, {b.index(2)})) : x;
  });
}

static void importSTFT(Node &node) {
  Value signal = node.single(Signal);
  if (node.rank(Signal) == 2) // a real signal without a dimension for its parts
    signal = node.reshape(signal, {node.shape(Signal)[0], node.shape(Signal)[1], 1});
  if (node.shapeOf(signal).size() != 3)
    node.fail("input 0 has rank " + Twine(node.rank(Signal)) + ", expected 3");
  const SmallVector<int64_t> lengths = readFrameLengths(node);
  const int64_t count = countFrames(node, lengths.front(), lengths.size() == 1);
  Fourier fourier;
  fourier.isOneSided = node.getInt("onesided", 1);
  SmallVector<Value> results;
  for (int64_t length : lengths) {
    fourier.length = length;
    results.push_back(transform(node, cutFrames(node, signal, count, length), fourier));
  }
  node.set(0, chooseByLength(node, FrameLength, lengths, results));
}

void nibble::onnximport::addFourierTransforms(TranslatorTable &table) {
  table["DFT"] = importDFT;
  table["STFT"] = importSTFT;
}
