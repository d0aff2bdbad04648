// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators on plain integers: DynamicQuantizeLinear, MatMulInteger and ConvInteger.

#include "IntegerProducts.h"
#include "Quant.h"

#include "nibble/Support/Constants.h"

#include "mlir/Dialect/Quant/IR/QuantTypes.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The result is three: the bytes, then scale and zero point as scalars.
static void importDynamicQuantizeLinear(Node &node) {
  OpBuilder &builder = node.importer.builder;
  Value input = node.real(0);
  Type real = builder.getF32Type(), byte = builder.getIntegerType(8, /*isSigned=*/false);
  if (!node.elementOf(input).isF32())
    node.fail("input 0 is quantized already");
  Value encoding = node.emit<DynamicEncodingOp>({2}, real, input);
  node.set(0, node.emit<DynamicEncodeOp>(node.shapeOf(input), byte, input, encoding));
  if (node.wants(1))
    node.set(1, node.reshape(node.slice(encoding, {0}, {1}, {1}), {}));
  if (!node.wants(2))
    return;
  Value zero = node.reshape(node.slice(encoding, {1}, {1}, {1}), {});
  const int32_t clamp[] = {0, 255};
  node.set(2, node.emit<IntQuantizeOp>({}, byte, zero, APFloat(1.0f), 0, ArrayRef<int32_t>(clamp)));
}

namespace {
/// Bytes and what is taken from them: constants, one or one a channel, or what an encoding says at run time.
struct Factor {
  Value value, encoding;
  SmallVector<int64_t> zeros = {0};
  /// The zero point is known at run time alone, and no encoding's.
  bool isOpen = false;

  int32_t zero() const { return int32_t(zeros.front()); }
};
} // namespace

/// The encoding whose zero point `value` is; null if it is none.
static Value traceEncoding(Value value) {
  auto skip = [](Value v) {
    while (auto reshape = v.getDefiningOp<ReshapeOp>())
      v = reshape.getInput();
    return v;
  };
  auto quantize = skip(value).getDefiningOp<IntQuantizeOp>();
  auto slice = quantize ? skip(quantize.getInput()).getDefiningOp<SliceOp>() : SliceOp();
  auto encoding = slice ? slice.getInput().getDefiningOp<DynamicEncodingOp>() : DynamicEncodingOp();
  return encoding && slice.getStarts()[0] == 1 ? encoding.getResult() : Value();
}

Value nibble::onnximport::toBytes(Node &node, unsigned i) {
  Value value = node.get(i);
  if (node.elementOf(value).isInteger(8))
    return value;
  auto type = dyn_cast<quant::UniformQuantizedType>(node.elementOf(value));
  if (!type || type.getStorageTypeIntegralWidth() != 8)
    node.fail("input " + Twine(i) + " ('" + node.proto.input(i) + "') holds no bytes");
  Builder &builder = node.importer.builder;
  Type byte = builder.getIntegerType(8, /*isSigned=*/false);
  const int32_t clamp[] = {int32_t(type.getStorageTypeMin()), int32_t(type.getStorageTypeMax())};
  // Of a value that is quantized already the scale gives the same bytes again.
  auto quantize = value.getDefiningOp<QuantizeOp>();
  Value real =
      quantize ? quantize.getInput() : node.emit<DequantizeOp>(node.shapeOf(value), builder.getF32Type(), value);
  return node.emit<IntQuantizeOp>(node.shapeOf(value), type.isSigned() ? Type(builder.getI8Type()) : byte, real,
                                  APFloat(float(type.getScale())), int32_t(type.getZeroPoint()),
                                  ArrayRef<int32_t>(clamp));
}

/// Operand `i` and its zero point, operand `zeroPoint`.
static Factor readFactor(Node &node, unsigned i, unsigned zeroPoint) {
  Factor factor;
  factor.value = toBytes(node, i);
  if (!node.has(zeroPoint))
    return factor;
  const Known &known = node.known(zeroPoint);
  if (known.value && !known.tensor && !known.content) {
    factor.encoding = traceEncoding(known.value);
    factor.isOpen = !factor.encoding;
    return factor;
  }
  factor.zeros = node.ints(zeroPoint, "the zero point");
  if (factor.zeros.empty())
    node.fail("the zero point (input " + Twine(zeroPoint) + ") is empty");
  if (llvm::all_equal(factor.zeros))
    factor.zeros.resize(1);
  return factor;
}

static std::optional<std::vector<int32_t>> readBytes(Value value) {
  if (auto bytes = getConstantValues<uint8_t>(value))
    return std::vector<int32_t>(bytes->begin(), bytes->end());
  if (auto bytes = getConstantValues<int8_t>(value))
    return std::vector<int32_t>(bytes->begin(), bytes->end());
  return std::nullopt;
}

/// Takes the zero points off constant weights and makes them `i8`: several weights one after another along `sumAxis`
/// where they need nine bits. Gives the number of these; 0 if the weights are not constant. `channelOf`: of element i.
static int64_t centerWeights(Node &node, Factor &weights, int64_t sumAxis, int64_t channels,
                             llvm::function_ref<int64_t(int64_t)> channelOf) {
  auto values = readBytes(weights.value);
  if (!values)
    return 0;
  if (weights.zeros.size() != 1 && int64_t(weights.zeros.size()) != channels)
    node.fail("has " + Twine(weights.zeros.size()) + " zero points, expected 1 or " + Twine(channels));
  for (auto [i, value] : llvm::enumerate(*values))
    value -= int32_t(weights.zeros[weights.zeros.size() == 1 ? 0 : channelOf(int64_t(i))]);
  std::vector<std::vector<int8_t>> parts;
  do {
    std::vector<int8_t> &part = parts.emplace_back();
    for (int32_t &value : *values) {
      part.push_back(int8_t(std::clamp(value, -128, 127)));
      value -= part.back();
    }
  } while (llvm::any_of(*values, [](int32_t value) { return value != 0; }));
  SmallVector<int64_t> extents = toTypeShape(node.shapeOf(weights.value));
  int64_t inner = 1;
  for (int64_t extent : ArrayRef(extents).drop_front(sumAxis))
    inner *= extent;
  std::vector<int8_t> all;
  for (int64_t first = 0; first < int64_t(values->size()); first += inner)
    for (const std::vector<int8_t> &part : parts)
      all.insert(all.end(), part.begin() + first, part.begin() + first + inner);
  extents[sumAxis] *= int64_t(parts.size());
  weights.value = createConstant<int8_t>(node.importer.builder, weights.value.getLoc(), extents, all);
  weights.zeros = {0};
  return int64_t(parts.size());
}

/// `value` `count` times along `axis`: for weights in as many parts.
static Value repeat(Node &node, Value value, int64_t axis, int64_t count) {
  if (count <= 1)
    return value;
  Shape shape = node.shapeOf(value);
  for (int64_t i = 1; i < count; ++i)
    shape[axis] += node.shapeOf(value)[axis];
  return node.emit<ConcatOp>(shape, node.elementOf(value), SmallVector<Value>(count, value), axis);
}

/// Takes the zero points off a constant matrix, so that there is one of its columns.
static void centerMatrix(Node &node, Factor &lhs, Factor &rhs) {
  Shape a = node.shapeOf(lhs.value), b = node.shapeOf(rhs.value);
  const int64_t columns = b.back().isStatic() ? b.back().getStatic() : 0;
  const int64_t parts =
      centerWeights(node, rhs, /*sumAxis=*/0, columns, [&](int64_t i) { return i % std::max<int64_t>(columns, 1); });
  lhs.value = repeat(node, lhs.value, int64_t(a.size()) - 1, parts);
}

static void importMatMulInteger(Node &node) {
  Factor lhs = readFactor(node, 0, 2), rhs = readFactor(node, 1, 3);
  Shape a = node.shapeOf(lhs.value), b = node.shapeOf(rhs.value);
  const bool isOpen = a.size() < 2 || b.size() < 2 || lhs.isOpen || rhs.isOpen || lhs.zeros.size() != 1;
  if (!isOpen && !rhs.encoding && b.size() == 2)
    centerMatrix(node, lhs, rhs);
  if (isOpen || rhs.zeros.size() != 1)
    return node.set(0, generateMatMulInteger(node, {{0, 2}, {1, 3}}));
  Shape shape = node.broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  shape.append({a[a.size() - 2], b.back()});
  node.set(0, node.emit<SumMatMulOp>(shape, node.importer.builder.getI32Type(), lhs.value, rhs.value, lhs.encoding,
                                     rhs.encoding, lhs.zero(), rhs.zero()));
}

/// Bytes in the padding of an encoded image read its zero point, which is what a 0 in the padding of the floats
/// becomes.
static void padBeforeEncoding(Node &node, Factor &input, Window &window) {
  if (!input.encoding || !window.isPadded())
    return;
  Value bytes = input.value;
  while (auto reshape = bytes.getDefiningOp<ReshapeOp>())
    bytes = reshape.getInput();
  auto encode = bytes.getDefiningOp<DynamicEncodeOp>();
  if (!encode || encode.getEncoding() != input.encoding)
    node.fail("pads bytes that are not DynamicQuantizeLinear's own, with a zero point that is");
  Shape shape = node.shapeOf(input.value);
  Value floats = node.reshape(encode.getInput(), shape);
  const SmallVector<int64_t> pads = window.pads();
  const int64_t low[] = {0, 0, pads[0], pads[1]}, high[] = {0, 0, pads[2], pads[3]};
  for (unsigned d = 2; d < 4; ++d)
    shape[d] += low[d] + high[d];
  floats = node.emit<PadOp>(shape, node.elementOf(floats), floats, ArrayRef<int64_t>(low), ArrayRef<int64_t>(high),
                            PadMode::Constant, node.importer.builder.getF64FloatAttr(0));
  input.value = node.emit<DynamicEncodeOp>(shape, node.elementOf(input.value), floats, input.encoding);
  window.low = window.high = {0, 0};
}

/// Whether the operation has a form of a convolution: of images, and of weights that are known.
static bool hasSumConv(Node &node, const Factor &input, const Factor &filter) {
  const bool isPlanar = spatialRank(node, 0) <= 2;
  return isPlanar && !input.isOpen && !filter.isOpen && !filter.encoding && input.zeros.size() == 1 &&
         staticExtents(node.shapeOf(filter.value)) && readBytes(filter.value);
}

static void importConvInteger(Node &node) {
  Factor input = readFactor(node, 0, 2), filter = readFactor(node, 1, 3);
  if (!hasSumConv(node, input, filter))
    return node.set(0, generateConvInteger(node, {{0, 2}, {1, 3}}));
  const Image operand = readImage(node, 0);
  input.value = operand.value;
  filter.value = readImage(node, 1).value;
  const SmallVector<int64_t> extents = *staticExtents(node.shapeOf(filter.value));
  const int64_t groups = node.getInt("group", 1), channels = extents[0], taps = extents[1] * extents[2] * extents[3];
  const int64_t parts =
      centerWeights(node, filter, /*sumAxis=*/1, channels, [&](int64_t i) { return i / std::max<int64_t>(taps, 1); });
  if (parts > 1 && groups != 1)
    return node.set(0, generateConvInteger(node, {{0, 2}, {1, 3}}));
  const unsigned rank = operand.isFlat ? 1 : 2;
  Window window = readWindow(node, ArrayRef(extents).take_back(rank), node.shape(0)).planar();
  if (window.hasDynamicPads())
    return node.set(0, generateConvInteger(node, {{0, 2}, {1, 3}}));
  Shape shape = {node.shapeOf(input.value)[0], channels};
  llvm::append_range(shape, slideAll(node, window, node.shapeOf(input.value)));
  padBeforeEncoding(node, input, window);
  input.value = repeat(node, input.value, 1, parts);
  Value result =
      node.emit<SumConvOp>(shape, node.importer.builder.getI32Type(), input.value, filter.value, input.encoding,
                           window.strides, window.pads(), window.dilations, groups, Layout::NCHW, input.zero());
  setImage(node, result, operand.isFlat);
}

void nibble::onnximport::addIntegerOperators(TranslatorTable &table) {
  table["DynamicQuantizeLinear"] = importDynamicQuantizeLinear;
  table["MatMulInteger"] = importMatMulInteger;
  table["ConvInteger"] = importConvInteger;
}
