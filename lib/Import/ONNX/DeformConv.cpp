// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DeformConv: convolutions whose taps are moved by what another tensor says.

#include "Taps.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// The node's operands in ONNX's order.
enum Operand : unsigned { Input, Filter, Offset, Bias, Mask };

struct DeformConv {
  Window window;
  int64_t groups, offsetGroups;
  SmallVector<Value> operands;
  /// Where bias and mask stand among `operands`, 0 if they do not.
  unsigned bias = 0, mask = 0;
  Shape shape;

  int64_t taps() const {
    int64_t count = 1;
    for (int64_t extent : window.kernel)
      count *= extent;
    return count;
  }
};
} // namespace

static void checkChannels(Node &node, const DeformConv &conv) {
  Shape image = node.shapeOf(conv.operands[Input]), weights = node.shapeOf(conv.operands[Filter]);
  Shape offset = node.shapeOf(conv.operands[Offset]);
  std::optional<Dim> expected = multiply(weights[1], std::max<int64_t>(conv.groups, 1));
  if (conv.groups < 1 || !divideExactly(weights[0], conv.groups) || !expected || image[1] != *expected)
    node.fail("attribute 'group' is " + Twine(conv.groups) + ", which does not fit the channels");
  if (conv.offsetGroups < 1 || !divideExactly(image[1], conv.offsetGroups))
    node.fail("attribute 'offset_group' is " + Twine(conv.offsetGroups) + ", which does not divide the channels");
  const int64_t wanted = conv.offsetGroups * conv.taps() * int64_t(conv.window.rank());
  if (offset[1] != wanted)
    node.fail("input 2 has " + node.importer.symbols.print(offset[1]) + " channels, expected " + Twine(wanted));
}

static DeformConv readDeformConv(Node &node) {
  DeformConv conv;
  for (unsigned i : {Input, Filter, Offset})
    conv.operands.push_back(dequantized(node, node.real(i)));
  for (auto [i, place] : {std::pair(Bias, &conv.bias), std::pair(Mask, &conv.mask)})
    if (node.has(i)) {
      *place = conv.operands.size();
      conv.operands.push_back(dequantized(node, node.real(i)));
    }
  conv.groups = node.getInt("group", 1);
  conv.offsetGroups = node.getInt("offset_group", 1);
  const unsigned rank = spatialRank(node, Input);
  std::optional<SmallVector<int64_t>> weights = staticExtents(node.shape(Filter));
  if (!weights || weights->size() != rank + 2 || node.rank(Offset) != rank + 2)
    node.fail("the filter's shape is not known at compile time, or the operands' ranks differ");
  conv.window = readWindow(node, ArrayRef(*weights).drop_front(2), node.shape(Input));
  checkChannels(node, conv);
  conv.shape = {node.shape(Input)[0], (*weights)[0]};
  llvm::append_range(conv.shape, slideAll(node, conv.window, node.shape(Input)));
  return conv;
}

/// The tap's number in row-major order.
static Scalar tapNumber(Body &b, const Window &window, ArrayRef<Scalar> offset) {
  Scalar number = b.integer(0);
  for (unsigned i = 0; i < window.rank(); ++i)
    number = b.add(b.mul(number, b.integer(window.kernel[i])), offset[i]);
  return number;
}

/// An element of offset or mask: those have the result's spatial indices.
static Scalar readAtResult(Body &b, const Window &window, unsigned operand, Scalar channel) {
  Scalars indices = {b.index(0), channel};
  for (unsigned i = 0; i < window.rank(); ++i)
    indices.push_back(b.index(2 + i));
  return b.read(operand, indices);
}

/// Linear interpolation of one channel of the image between the 2ⁿ elements round a real position; outside of it are
/// zeros.
static Scalar sample(Body &b, Scalar channel, ArrayRef<Scalar> position) {
  const unsigned rank = position.size();
  Scalar sum = b.constant(b.getF32Type(), 0), one = b.constant(b.getF32Type(), 1);
  for (unsigned corner = 0; corner < 1u << rank; ++corner) {
    Scalars indices = {b.index(0), channel};
    Scalar weight = one, inside = b.boolean(true);
    for (unsigned i = 0; i < rank; ++i) {
      const bool isUpper = corner >> i & 1;
      Scalar low = b.floor(position[i]), fraction = b.sub(position[i], low);
      Scalar at = b.cast(low, b.getI64Type());
      at = isUpper ? b.add(at, b.integer(1)) : at;
      weight = b.mul(weight, isUpper ? fraction : b.sub(one, fraction));
      inside = b.and_(inside, b.and_(b.greaterOrEqual(at, b.integer(0)), b.less(at, b.extent(Input, 2 + i))));
      indices.push_back(at);
    }
    Scalar value = b.mul(b.read(Input, indices), weight);
    sum = b.select(inside, b.add(sum, value), sum);
  }
  return sum;
}

/// Where a tap of one offset group lies.
static Scalars movedPosition(Body &b, const DeformConv &conv, ArrayRef<Scalar> offset, Scalar tap) {
  Scalars position;
  const Window &window = conv.window;
  for (unsigned i = 0; i < window.rank(); ++i) {
    Scalar start = b.sub(b.mul(b.index(2 + i), b.integer(window.strides[i])), b.value(window.low[i]));
    Scalar plain = b.add(start, b.mul(offset[i], b.integer(window.dilations[i])));
    Scalar channel = b.add(b.mul(tap, b.integer(window.rank())), b.integer(i));
    position.push_back(b.add(b.cast(plain, b.getF32Type()), readAtResult(b, window, Offset, channel)));
  }
  return position;
}

/// Σ mask · w · sample over the taps and one offset group's channels after another.
static Scalar deformedSum(Body &b, const DeformConv &conv, Scalar start) {
  Scalar output = b.index(1), inputs = b.extent(Filter, 1);
  Scalar first = b.mul(b.div(output, b.div(b.extent(Filter, 0), b.integer(conv.groups))), inputs);
  Scalar perOffset = b.div(b.extent(Input, 1), b.integer(conv.offsetGroups));
  Scalars counts = llvm::map_to_vector(conv.window.kernel, [&](int64_t extent) { return b.integer(extent); });
  counts.push_back(inputs);
  return loopNest(b, counts, {start}, [&](ArrayRef<Scalar> indices, ArrayRef<Scalar> acc) -> Scalars {
    ArrayRef<Scalar> offset = indices.drop_back();
    Scalar channel = b.add(first, indices.back()), group = b.div(channel, perOffset);
    Scalar tap = b.add(b.mul(group, b.integer(conv.taps())), tapNumber(b, conv.window, offset));
    Scalar x = sample(b, channel, movedPosition(b, conv, offset, tap));
    if (conv.mask)
      x = b.mul(x, readAtResult(b, conv.window, conv.mask, tap));
    Scalars weight = {output, indices.back()};
    llvm::append_range(weight, offset);
    return {b.fma(x, b.read(Filter, weight), acc[0])};
  })[0];
}

static void importDeformConv(Node &node) {
  const DeformConv conv = readDeformConv(node);
  node.set(0, node.generate(conv.shape, node.importer.builder.getF32Type(), conv.operands, [&](Body &b) {
    return deformedSum(b, conv, conv.bias ? b.read(conv.bias, {b.index(1)}) : b.constant(b.getF32Type(), 0));
  }));
}

void nibble::onnximport::addDeformConvolutions(TranslatorTable &table) { table["DeformConv"] = importDeformConv; }
