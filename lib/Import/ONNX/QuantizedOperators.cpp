// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators on quantized values: ONNX's QLinear family and onnxruntime's. All become quantized nibble operations.

#include "IntegerProducts.h"
#include "Quant.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// A quantized activation: operand `i` followed by its scale and zero point.
static Value activation(Node &node, unsigned i) {
  QuantParameters parameters = readParameters(node, i + 1, i + 2, onnx::TensorProto::UINT8);
  if (parameters.scales.size() != 1)
    node.fail("input " + Twine(i) + " has " + Twine(parameters.scales.size()) + " scales, expected 1");
  return quantizedOperand(node, i, parameters, 0);
}

/// A quantized weight: operand `i` followed by its scale and zero point, along `axis`.
static Value weight(Node &node, unsigned i, int64_t axis) {
  return quantizedOperand(node, i, readParameters(node, i + 1, i + 2, onnx::TensorProto::INT8), axis);
}

/// The element type that operands `scale` and `scale` + 1 give the result.
static Type resultType(Node &node, unsigned scale) {
  QuantParameters parameters = readParameters(node, scale, scale + 1, onnx::TensorProto::UINT8);
  if (parameters.scales.size() != 1)
    node.fail("the result has " + Twine(parameters.scales.size()) + " scales, expected 1");
  return quantizedType(node, parameters, 0, {});
}

/// The bias in operand `i`: integers whose scales are those of the products.
static Value bias(Node &node, unsigned i, Value input, Value filter) {
  if (!node.has(i))
    return Value();
  double scale = cast<quant::UniformQuantizedType>(node.elementOf(input)).getScale();
  SmallVector<double> scales;
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(node.elementOf(filter)))
    scales.assign(perAxis.getScales().begin(), perAxis.getScales().end());
  else
    scales.push_back(cast<quant::UniformQuantizedType>(node.elementOf(filter)).getScale());
  QuantParameters parameters;
  for (double weightScale : scales)
    parameters.scales.push_back(float(scale) * float(weightScale));
  parameters.zeroPoints.assign(scales.size(), 0);
  parameters.storage = onnx::TensorProto::INT32;
  return quantizedOperand(node, i, parameters, 0);
}

/// Whether scale and zero point of an operand or of the result are known at compile time.
static bool areKnown(Node &node, unsigned scale) {
  return node.isKnown(scale) && (!node.has(scale + 1) || node.isKnown(scale + 1));
}

/// Bytes that a scalar program computed: quantized, if the result's operands `scale` and `scale` + 1 are constants.
static Value quantizedBytes(Node &node, Value bytes, unsigned scale) {
  if (!areKnown(node, scale))
    return bytes;
  auto type = cast<quant::UniformQuantizedType>(resultType(node, scale));
  Value real = node.emit<IntDequantizeOp>(node.shapeOf(bytes), node.importer.builder.getF32Type(), bytes,
                                          APFloat(float(type.getScale())), int32_t(type.getZeroPoint()));
  return node.emit<QuantizeOp>(node.shapeOf(bytes), type, real);
}

static void importQLinearConv(Node &node) {
  const unsigned rank = spatialRank(node, 0);
  if (rank > 2 || !areKnown(node, 1) || !areKnown(node, 4) || !areKnown(node, 6) || !node.isKnown(3))
    return node.set(
        0, quantizedBytes(node, generateConvInteger(node, {{0, 2, 1}, {3, 5, 4}, IntegerOperand{0, 7, 6}, 8}), 6));
  if (node.rank(3) != rank + 2 || !staticExtents(node.shape(3)))
    node.fail("input 3 has rank " + Twine(node.rank(3)) + ", expected " + Twine(rank + 2) + " and known extents");
  Value input = toPlanar(node, activation(node, 0)), filter = toPlanar(node, weight(node, 3, 0));
  Shape image = node.shapeOf(input), weights = node.shapeOf(filter);
  const int64_t kernel[] = {weights[2].getStatic(), weights[3].getStatic()};
  Window window = readWindow(node, ArrayRef(kernel).take_back(rank), node.shape(0)).planar();
  Shape shape = {image[0], weights[0]};
  llvm::append_range(shape, slideAll(node, window, image));
  input = padWithZeros(node, input, window);
  Value result =
      node.emit<ConvOp>(shape, resultType(node, 6), input, filter, bias(node, 8, input, filter), window.strides,
                        window.pads(), window.dilations, node.getInt("group", 1), Layout::NCHW);
  setImage(node, result, rank == 1);
}

/// Extents of a product of matrices.
static Shape productShape(Node &node, Value lhs, Value rhs) {
  Shape a = node.shapeOf(lhs), b = node.shapeOf(rhs);
  if (a.size() < 2 || b.size() < 2)
    node.fail("inputs have ranks " + Twine(a.size()) + " and " + Twine(b.size()) + ", expected at least 2");
  Shape shape = node.broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  shape.push_back(a[a.size() - 2]);
  shape.push_back(b.back());
  return shape;
}

static void importQLinearMatMul(Node &node) {
  if (!areKnown(node, 1) || !areKnown(node, 4) || !areKnown(node, 6))
    return node.set(
        0, quantizedBytes(node, generateMatMulInteger(node, {{0, 2, 1}, {3, 5, 4}, IntegerOperand{0, 7, 6}}), 6));
  Value lhs = activation(node, 0), rhs = weight(node, 3, -1);
  node.set(0, node.emit<MatMulOp>(productShape(node, lhs, rhs), resultType(node, 6), lhs, rhs, Value()));
}

/// onnxruntime's QGemm: operands as QLinearMatMul, then the bias and the result's parameters.
static void importQGemm(Node &node) {
  if (node.getFloat("alpha", 1.0f) != 1.0f)
    node.fail("attribute 'alpha' other than 1 is not supported");
  bool isTransposed = node.getInt("transB", 0);
  Value lhs = activation(node, 0), rhs = weight(node, 3, isTransposed ? 0 : 1);
  if (node.getInt("transA", 0))
    lhs = node.transpose(lhs, {1, 0});
  if (isTransposed)
    rhs = node.transpose(rhs, {1, 0});
  Value addend = bias(node, 6, lhs, rhs);
  if (addend && node.shapeOf(addend).size() != 1)
    addend = node.reshape(addend, {node.shapeOf(rhs)[1]});
  Shape shape = productShape(node, lhs, rhs);
  if (node.has(7))
    return node.set(0, node.emit<MatMulOp>(shape, resultType(node, 7), lhs, rhs, addend));
  Type real = node.importer.builder.getF32Type();
  lhs = node.emit<DequantizeOp>(node.shapeOf(lhs), real, lhs);
  rhs = node.emit<DequantizeOp>(node.shapeOf(rhs), real, rhs);
  if (addend)
    addend = node.emit<DequantizeOp>(node.shapeOf(addend), real, addend);
  node.set(0, node.emit<MatMulOp>(shape, real, lhs, rhs, addend));
}

/// onnxruntime's QLinearAdd and QLinearMul.
template <typename Op>
static void importQLinearBinary(Node &node) {
  Value lhs = activation(node, 0), rhs = activation(node, 3);
  node.set(0, node.emit<Op>(node.broadcast(node.shapeOf(lhs), node.shapeOf(rhs)), resultType(node, 6), lhs, rhs));
}

/// onnxruntime's functions of one quantized variable.
template <typename Op>
static void importQLinearUnary(Node &node) {
  Value input = activation(node, 0);
  node.set(0, node.emit<Op>(node.shapeOf(input), resultType(node, 3), input));
}

static void importQLinearLeakyRelu(Node &node) {
  Value input = activation(node, 0);
  node.set(0, node.emit<LeakyReluOp>(node.shapeOf(input), resultType(node, 3), input,
                                     APFloat(node.getFloat("alpha", 0.01f))));
}

static void importQLinearSoftmax(Node &node) {
  Value input = activation(node, 0);
  int64_t axis = node.axis(node.getInt("axis", -1), node.rank(0));
  if (node.getInt("opset", 13) < 13 && axis + 1 != node.rank(0))
    node.fail("attribute 'opset' below 13 is supported along the last axis only");
  node.set(0, node.emit<SoftmaxOp>(node.shapeOf(input), resultType(node, 3), input, axis));
}

static void importQLinearGlobalAveragePool(Node &node) {
  if (node.getInt("channels_last", 0))
    node.fail("attribute 'channels_last' is not supported");
  Value input = activation(node, 0);
  Shape shape = node.shapeOf(input);
  if (shape.size() != 4)
    node.fail("input 0 has rank " + Twine(shape.size()) + ", expected 4");
  if (!shape[2].isStatic() || !shape[3].isStatic()) {
    Type real = node.importer.builder.getF32Type();
    Value mean = node.emit<ReduceOp>({shape[0], shape[1], 1, 1}, real, node.emit<DequantizeOp>(shape, real, input),
                                     ReduceKind::Mean, ArrayRef<int64_t>{2, 3}, /*keep_dims=*/true);
    return node.set(0, node.emit<QuantizeOp>(node.shapeOf(mean), resultType(node, 3), mean));
  }
  SmallVector<int64_t> kernel = {shape[2].getStatic(), shape[3].getStatic()}, ones = {1, 1}, zeros(4, 0);
  shape[2] = shape[3] = 1;
  node.set(0, node.emit<AvgPoolOp>(shape, resultType(node, 3), input, kernel, ones, zeros, false, Layout::NCHW));
}

/// onnxruntime's QLinearConcat: the result's parameters, then value, scale and zero point of each input.
static void importQLinearConcat(Node &node) {
  SmallVector<Value> inputs;
  for (unsigned i = 2; i + 2 < node.size(); i += 3)
    inputs.push_back(activation(node, i));
  if (inputs.empty())
    node.fail("has no inputs");
  Shape shape = node.shapeOf(inputs.front());
  int64_t axis = node.axis(node.getInt("axis", 0), shape.size());
  for (Value input : ArrayRef(inputs).drop_front())
    shape[axis] += node.shapeOf(input)[axis];
  node.set(0, node.emit<ConcatOp>(shape, resultType(node, 0), inputs, axis));
}

void nibble::onnximport::addQuantizedOperators(TranslatorTable &table) {
  table["QLinearConv"] = importQLinearConv;
  table["QLinearMatMul"] = importQLinearMatMul;
  table["com.microsoft.QLinearConv"] = importQLinearConv;
  table["com.microsoft.QGemm"] = importQGemm;
  table["com.microsoft.QLinearAdd"] = importQLinearBinary<AddOp>;
  table["com.microsoft.QLinearMul"] = importQLinearBinary<MulOp>;
  table["com.microsoft.QLinearSigmoid"] = importQLinearUnary<SigmoidOp>;
  table["com.microsoft.QLinearLeakyRelu"] = importQLinearLeakyRelu;
  table["com.microsoft.QLinearSoftmax"] = importQLinearSoftmax;
  table["com.microsoft.QLinearGlobalAveragePool"] = importQLinearGlobalAveragePool;
  table["com.microsoft.QLinearConcat"] = importQLinearConcat;
}
