// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations with weights, windows or reductions.

#include "Exporter.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnxexport;

static Form formOf(SpatialOp op) { return op.getLayout() == Layout::NHWC ? Form::Image : Form::Plain; }

/// Strides, pads and dilations, which convolutions and pools share.
static void setWindow(onnx::NodeProto &node, ArrayRef<int64_t> strides, ArrayRef<int64_t> pads) {
  Exporter::setInts(node, "strides", strides);
  Exporter::setInts(node, "pads", pads);
}

static void exportConv(Exporter &exporter, Operation *operation) {
  auto op = cast<ConvOp>(operation);
  Form form = formOf(op);
  SmallVector<int64_t> permutation = {0, 1, 2, 3};
  if (form == Form::Image)
    permutation = {0, 3, 1, 2};
  ArrayRef<int64_t> shape = typeOf(op.getFilter()).getShape();
  SmallVector<std::string> inputs = {exporter.real(op.getInput(), form),
                                     exporter.weight(op.getFilter(), permutation, 0)};
  if (op.getBias())
    inputs.push_back(exporter.weight(op.getBias(), {0}, 0));
  std::string output = exporter.realName(op, form);
  onnx::NodeProto &node = exporter.node(op, "Conv", inputs, output);
  setWindow(node, op.getStrides(), op.getPads());
  Exporter::setInts(node, "dilations", op.getDilations());
  Exporter::setInts(node, "kernel_shape", {shape[permutation[2]], shape[permutation[3]]});
  Exporter::setInt(node, "group", op.getGroups());
  exporter.setReal(op, output, form);
}

/// What the result exceeds the smallest extents by.
static SmallVector<int64_t> outputPadding(ConvTransposeOp op, ArrayRef<int64_t> kernel, unsigned firstDim) {
  SmallVector<int64_t> padding;
  for (unsigned i = 0; i < 2; ++i) {
    int64_t in = typeOf(op.getInput()).getDimSize(firstDim + i), out = typeOf(op).getDimSize(firstDim + i);
    if (ShapedType::isDynamic(in) || ShapedType::isDynamic(out))
      throw ExportError(op.getLoc(), "a transposed convolution of unknown extents cannot be exported to ONNX");
    int64_t full = (in - 1) * op.getStrides()[i] + (kernel[i] - 1) * op.getDilations()[i] + 1;
    padding.push_back(out - (full - op.getPads()[i] - op.getPads()[2 + i]));
  }
  return padding;
}

static void exportConvTranspose(Exporter &exporter, Operation *operation) {
  auto op = cast<ConvTransposeOp>(operation);
  if (op.getGroups() != 1)
    throw ExportError(op.getLoc(), "a transposed convolution of several groups cannot be exported to ONNX");
  Form form = formOf(op);
  bool isImage = form == Form::Image;
  SmallVector<int64_t> permutation = {1, 0, 2, 3};
  if (isImage)
    permutation = {3, 0, 1, 2};
  ArrayRef<int64_t> shape = typeOf(op.getFilter()).getShape();
  SmallVector<int64_t> kernel = {shape[permutation[2]], shape[permutation[3]]};
  SmallVector<std::string> inputs = {exporter.real(op.getInput(), form),
                                     exporter.weight(op.getFilter(), permutation, 1)};
  if (op.getBias())
    inputs.push_back(exporter.weight(op.getBias(), {0}, 0));
  std::string output = exporter.realName(op, form);
  onnx::NodeProto &node = exporter.node(op, "ConvTranspose", inputs, output);
  setWindow(node, op.getStrides(), op.getPads());
  Exporter::setInts(node, "dilations", op.getDilations());
  Exporter::setInts(node, "kernel_shape", kernel);
  Exporter::setInts(node, "output_padding", outputPadding(op, kernel, isImage ? 1 : 2));
  exporter.setReal(op, output, form);
}

static void exportMatMul(Exporter &exporter, Operation *operation) {
  auto op = cast<MatMulOp>(operation);
  int64_t rank = typeOf(op.getRhs()).getRank();
  SmallVector<int64_t> identity = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  SmallVector<std::string> inputs = {exporter.real(op.getLhs()), exporter.weight(op.getRhs(), identity, rank - 1)};
  std::string output = exporter.realName(op);
  if (!op.getBias()) {
    exporter.node(op, "MatMul", inputs, output);
  } else if (rank == 2 && typeOf(op.getLhs()).getRank() == 2) {
    inputs.push_back(exporter.weight(op.getBias(), {0}, 0));
    exporter.node(op, "Gemm", inputs, output);
  } else {
    std::string product = exporter.unique(output + "_product"), bias = exporter.weight(op.getBias(), {0}, 0);
    exporter.node(op, "MatMul", inputs, product);
    exporter.node(nullptr, "Add", {product, bias}, output);
  }
  exporter.setReal(op, output);
}

static void exportMaxPool(Exporter &exporter, Operation *operation) {
  auto op = cast<MaxPoolOp>(operation);
  Form form = formOf(op);
  // The greatest of the dequantized numbers is quantized as it was.
  const bool asReal = exporter.isWide(op.getResult());
  std::string input = asReal ? exporter.real(op.getInput(), form) : exporter.stored(op.getInput(), form);
  std::string output = asReal ? exporter.realName(op, form) : exporter.storedName(op, form);
  onnx::NodeProto &node = exporter.node(op, "MaxPool", {input}, output);
  setWindow(node, op.getStrides(), op.getPads());
  Exporter::setInts(node, "dilations", op.getDilations());
  Exporter::setInts(node, "kernel_shape", op.getKernel());
  if (asReal)
    exporter.setReal(op, output, form);
  else
    exporter.set(op, output, form);
}

static void exportAvgPool(Exporter &exporter, Operation *operation) {
  auto op = cast<AvgPoolOp>(operation);
  Form form = formOf(op);
  std::string input = exporter.real(op.getInput(), form), output = exporter.realName(op, form);
  onnx::NodeProto &node = exporter.node(op, "AveragePool", {input}, output);
  setWindow(node, op.getStrides(), op.getPads());
  Exporter::setInts(node, "kernel_shape", op.getKernel());
  Exporter::setInt(node, "count_include_pad", op.getCountIncludePad());
  exporter.setReal(op, output, form);
}

static void exportBatchNorm(Exporter &exporter, Operation *operation) {
  auto op = cast<BatchNormOp>(operation);
  SmallVector<std::string> inputs;
  for (Value operand : op->getOperands())
    inputs.push_back(exporter.real(operand));
  std::string output = exporter.realName(op);
  Exporter::setFloat(exporter.node(op, "BatchNormalization", inputs, output), "epsilon",
                     op.getEpsilon().convertToFloat());
  exporter.setReal(op, output);
}

static StringRef reduction(ReduceKind kind) {
  switch (kind) {
  case ReduceKind::Sum:
    return "ReduceSum";
  case ReduceKind::Mean:
    return "ReduceMean";
  case ReduceKind::Max:
    return "ReduceMax";
  case ReduceKind::Min:
    return "ReduceMin";
  case ReduceKind::Prod:
    return "ReduceProd";
  }
  llvm_unreachable("unknown reduction");
}

static void exportReduce(Exporter &exporter, Operation *operation) {
  auto op = cast<ReduceOp>(operation);
  Form form = exporter.isImage(op.getInput()) && op.getKeepDims() ? Form::Image : Form::Plain;
  SmallVector<int64_t> axes(op.getAxes());
  if (form == Form::Image)
    llvm::transform(axes, axes.begin(), imageAxis);
  std::string input = exporter.real(op.getInput(), form), output = exporter.realName(op, form);
  std::string axesName = exporter.ints(output + "_axes", axes);
  Exporter::setInt(exporter.node(op, reduction(op.getKind()), {input, axesName}, output), "keepdims", op.getKeepDims());
  exporter.setReal(op, output, form);
}

void nibble::onnxexport::addCompute(TranslatorTable &table) {
  table["nibble.conv"] = exportConv;
  table["nibble.conv_transpose"] = exportConvTranspose;
  table["nibble.matmul"] = exportMatMul;
  table["nibble.max_pool"] = exportMaxPool;
  table["nibble.avg_pool"] = exportAvgPool;
  table["nibble.batch_norm"] = exportBatchNorm;
  table["nibble.reduce"] = exportReduce;
}
