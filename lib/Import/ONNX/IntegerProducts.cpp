// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of integers in scalar programs.

#include "IntegerProducts.h"
#include "Broadcast.h"
#include "Quant.h"
#include "Taps.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// Ranks of a product's operands, and which of their elements meet.
struct MatrixIndices {
  size_t lhsRank, rhsRank;

  size_t batchRank() const { return std::max<size_t>({lhsRank, rhsRank, 2}) - 2; }
  /// Of the operand's own batch; an extent of 1 reads its only element by any index.
  Scalars batch(Body &b, size_t rank) const {
    Scalars indices;
    const size_t own = rank < 2 ? 0 : rank - 2;
    for (size_t d = batchRank() - own; d < batchRank(); ++d)
      indices.push_back(b.index(d));
    return indices;
  }
  Scalar row(Body &b) const { return lhsRank < 2 ? b.integer(0) : b.index(batchRank()); }
  Scalar column(Body &b) const { return rhsRank < 2 ? b.integer(0) : b.index(batchRank() + (lhsRank < 2 ? 0 : 1)); }
  Scalars lhs(Body &b, Scalar k) const {
    Scalars indices = batch(b, lhsRank);
    if (lhsRank > 1)
      indices.push_back(row(b));
    indices.push_back(k);
    return indices;
  }
  Scalars rhs(Body &b, Scalar k) const {
    Scalars indices = batch(b, rhsRank);
    indices.push_back(k);
    if (rhsRank > 1)
      indices.push_back(column(b));
    return indices;
  }
};

/// A parameter as an operand of a program; none is a constant.
class Parameter {
public:
  Parameter(Node &node, std::optional<unsigned> input, SmallVector<Value> &operands) {
    if (!input || !node.has(*input))
      return;
    place = operands.size();
    operands.push_back(node.plain(*input));
    rank = node.shapeOf(operands.back()).size();
  }
  /// Its element for an operand's `indices`: of one dimension it is along `channel`.
  Scalar read(Body &b, Type type, double otherwise, Scalar channel, ArrayRef<Scalar> indices) const {
    if (!place)
      return b.constant(type, otherwise);
    Scalars at(indices.take_back(std::min(rank, indices.size())));
    if (rank == 1)
      at = {channel};
    return b.cast(b.read(*place, at), type);
  }

private:
  std::optional<unsigned> place;
  size_t rank = 0;
};

/// All parameters of a product as operands 2 and further.
struct Parameters {
  Parameters(Node &node, const IntegerProduct &product, SmallVector<Value> &operands)
      : lhsZero(node, product.lhs.zeroPoint, operands), rhsZero(node, product.rhs.zeroPoint, operands),
        lhsScale(node, product.lhs.scale, operands), rhsScale(node, product.rhs.scale, operands),
        scale(node, product.result ? product.result->scale : std::nullopt, operands),
        zero(node, product.result ? std::optional(product.result->zeroPoint) : std::nullopt, operands),
        bias(node, product.bias, operands) {}

  Parameter lhsZero, rhsZero, lhsScale, rhsScale, scale, zero, bias;
};

/// Where parameters of a product are read: along the operands' channels.
struct Place {
  Scalar lhsChannel, rhsChannel;
  Scalars lhs, rhs, result;
};
} // namespace

/// (q - z) of an operand's element, as an i32.
static Scalar centered(Body &b, unsigned n, ArrayRef<Scalar> indices, Scalar zero) {
  return b.sub(b.cast(b.read(n, indices), b.getI32Type()), zero);
}

/// A sum as the result holds it: as it is, or quantized by the dialect's R.
static Scalar requantize(Body &b, const Parameters &p, Scalar sum, const Place &at, Type element) {
  if (element.isSignlessInteger(32))
    return sum;
  Type real = b.getF32Type();
  Scalar scale =
      b.mul(p.lhsScale.read(b, real, 1, at.lhsChannel, at.lhs), p.rhsScale.read(b, real, 1, at.rhsChannel, at.rhs));
  scale = b.div(scale, p.scale.read(b, real, 1, at.rhsChannel, at.result));
  // The conversion to 32 bits clamps.
  Scalar steps = b.cast(b.cast(b.round(b.mul(b.cast(sum, real), scale)), b.getI32Type()), b.getI64Type());
  Scalar zero = p.zero.read(b, b.getI64Type(), 0, at.rhsChannel, at.result);
  Scalar least = b.cast(b.least(element), b.getI64Type()), largest = b.cast(b.largest(element), b.getI64Type());
  return b.cast(b.min(b.max(b.add(steps, zero), least), largest), element);
}

/// Type of the result's elements: that of its zero point, or of the sums.
static Type resultElement(Node &node, const IntegerProduct &product) {
  if (!product.result)
    return node.importer.builder.getI32Type();
  return node.has(product.result->zeroPoint) ? node.elementOf(node.plain(product.result->zeroPoint))
                                             : node.elementOf(toBytes(node, product.lhs.value));
}

static Shape matrixShape(Node &node, const Shape &a, const Shape &b) {
  if (a.empty() || b.empty())
    node.fail("inputs have ranks " + Twine(a.size()) + " and " + Twine(b.size()) + ", expected at least 1");
  const Dim inner = b[b.size() == 1 ? 0 : b.size() - 2];
  if (a.back().isStatic() && inner.isStatic() && a.back() != inner)
    node.fail("contracted extents " + node.importer.symbols.print(a.back()) + " and " +
              node.importer.symbols.print(inner) + " differ");
  auto batchOf = [](const Shape &s) { return s.size() < 2 ? Shape() : Shape(s.begin(), s.end() - 2); };
  Shape shape = broadcastOpen(node, batchOf(a), batchOf(b));
  if (a.size() > 1)
    shape.push_back(a[a.size() - 2]);
  if (b.size() > 1)
    shape.push_back(b.back());
  return shape;
}

Value nibble::onnximport::generateMatMulInteger(Node &node, const IntegerProduct &product) {
  SmallVector<Value> operands = {toBytes(node, product.lhs.value), toBytes(node, product.rhs.value)};
  Shape shape = matrixShape(node, node.shapeOf(operands[0]), node.shapeOf(operands[1]));
  const MatrixIndices indices = {node.shapeOf(operands[0]).size(), node.shapeOf(operands[1]).size()};
  const Parameters parameters(node, product, operands);
  Type element = resultElement(node, product);
  return node.generate(shape, element, operands, [&](Body &b) {
    Type sumType = b.getI32Type();
    Scalar any = b.integer(0);
    Place at = {indices.row(b), indices.column(b), indices.lhs(b, any), indices.rhs(b, any), {}};
    for (int64_t d = 0; d < b.rank(); ++d)
      at.result.push_back(b.index(d));
    Scalar lhsZero = parameters.lhsZero.read(b, sumType, 0, at.lhsChannel, at.lhs);
    Scalar rhsZero = parameters.rhsZero.read(b, sumType, 0, at.rhsChannel, at.rhs);
    Scalars zero = {b.constant(sumType, 0)};
    Scalar sum = b.loop(b.extent(0, indices.lhsRank - 1), zero, [&](Scalar k, ArrayRef<Scalar> sum) -> Scalars {
      return {
          b.add(sum[0], b.mul(centered(b, 0, indices.lhs(b, k), lhsZero), centered(b, 1, indices.rhs(b, k), rhsZero)))};
    })[0];
    return requantize(b, parameters, sum, at, element);
  });
}

/// The window of an integer convolution, and its result's shape.
static Window readIntegerWindow(Node &node, Value image, Value filter, int64_t groups, Shape &shape) {
  Shape extents = node.shapeOf(image);
  std::optional<SmallVector<int64_t>> weights = staticExtents(node.shapeOf(filter));
  if (!weights || weights->size() < 3 || weights->size() != extents.size())
    node.fail("the filter's shape is not known at compile time, or has another rank than the image's");
  std::optional<Dim> channels = multiply((*weights)[1], std::max<int64_t>(groups, 1));
  if (groups < 1 || (*weights)[0] % groups || !channels || (extents[1].isStatic() && extents[1] != *channels))
    node.fail("attribute 'group' is " + Twine(groups) + ", which does not fit the channels");
  Window window = readWindow(node, ArrayRef(*weights).drop_front(2), extents);
  shape = {extents[0], (*weights)[0]};
  llvm::append_range(shape, slideAll(node, window, extents));
  return window;
}

Value nibble::onnximport::generateConvInteger(Node &node, const IntegerProduct &product) {
  SmallVector<Value> operands = {toBytes(node, product.lhs.value), toBytes(node, product.rhs.value)};
  const int64_t groups = node.getInt("group", 1);
  Shape shape;
  const Window window = readIntegerWindow(node, operands[0], operands[1], groups, shape);
  const Parameters parameters(node, product, operands);
  Type element = resultElement(node, product);
  return node.generate(shape, element, operands, [&](Body &b) {
    Type sumType = b.getI32Type();
    Scalar output = b.index(1), inputs = b.extent(1, 1);
    Scalar first = b.mul(b.div(output, b.div(b.extent(1, 0), b.integer(groups))), inputs);
    const Place at = {b.integer(0), output, {}, {}, {}};
    Scalar imageZero = parameters.lhsZero.read(b, sumType, 0, at.lhsChannel, {});
    Scalar filterZero = parameters.rhsZero.read(b, sumType, 0, output, {});
    Scalar start = parameters.bias.read(b, sumType, 0, output, {});
    Scalar sum = forEachTap(b, window, 0, {start}, [&](const Tap &tap, ArrayRef<Scalar> acc) {
      return b.loop(inputs, acc, [&](Scalar channel, ArrayRef<Scalar> acc) -> Scalars {
        Scalars x = {b.index(0), b.add(first, channel)}, w = {output, channel};
        llvm::append_range(x, tap.position);
        llvm::append_range(w, tap.offset);
        return {b.add(acc[0], b.mul(centered(b, 0, x, imageZero), centered(b, 1, w, filterZero)))};
      });
    })[0];
    return requantize(b, parameters, sum, at, element);
  });
}
