// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Functions of one and two tensors.

#include "Exporter.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnxexport;

/// A function of one tensor whose ONNX operator has the same attributes.
static onnx::NodeProto &exportUnary(Exporter &exporter, Operation *op, StringRef type,
                                    ArrayRef<std::string> more = {}) {
  Value input = op->getOperand(0);
  Form form = exporter.isImage(input) ? Form::Image : Form::Plain;
  SmallVector<std::string> inputs = {exporter.real(input, form)};
  llvm::append_range(inputs, more);
  std::string output = exporter.realName(op, form);
  int index = exporter.graph.node_size();
  exporter.node(op, type, inputs, output);
  exporter.setReal(op, output, form);
  return *exporter.graph.mutable_node(index);
}

static void exportNamed(Exporter &exporter, Operation *op) {
  static const llvm::StringMap<StringRef> types = {{"nibble.relu", "Relu"},
                                                   {"nibble.sigmoid", "Sigmoid"},
                                                   {"nibble.tanh", "Tanh"},
                                                   {"nibble.hard_swish", "HardSwish"},
                                                   {"nibble.gelu", "Gelu"},
                                                   {"nibble.softplus", "Softplus"},
                                                   {"nibble.erf", "Erf"},
                                                   {"nibble.exp", "Exp"},
                                                   {"nibble.log", "Log"},
                                                   {"nibble.sqrt", "Sqrt"},
                                                   {"nibble.reciprocal", "Reciprocal"},
                                                   {"nibble.neg", "Neg"},
                                                   {"nibble.abs", "Abs"},
                                                   {"nibble.floor", "Floor"},
                                                   {"nibble.ceil", "Ceil"},
                                                   {"nibble.round", "Round"}};
  exportUnary(exporter, op, types.lookup(op->getName().getStringRef()));
}

static void exportLeakyRelu(Exporter &exporter, Operation *op) {
  float alpha = cast<LeakyReluOp>(op).getAlpha().convertToFloat();
  Exporter::setFloat(exportUnary(exporter, op, "LeakyRelu"), "alpha", alpha);
}

static void exportElu(Exporter &exporter, Operation *op) {
  Exporter::setFloat(exportUnary(exporter, op, "Elu"), "alpha", cast<EluOp>(op).getAlpha().convertToFloat());
}

static void exportHardSigmoid(Exporter &exporter, Operation *operation) {
  auto op = cast<HardSigmoidOp>(operation);
  onnx::NodeProto &node = exportUnary(exporter, op, "HardSigmoid");
  Exporter::setFloat(node, "alpha", op.getAlpha().convertToFloat());
  Exporter::setFloat(node, "beta", op.getBeta().convertToFloat());
}

static void exportClip(Exporter &exporter, Operation *operation) {
  auto op = cast<ClipOp>(operation);
  std::string low = exporter.scalar("clip_min", op.getMin().convertToFloat());
  std::string high = exporter.scalar("clip_max", op.getMax().convertToFloat());
  exportUnary(exporter, op, "Clip", {low, high});
}

/// x * sigmoid(x).
static void exportSilu(Exporter &exporter, Operation *op) {
  Value input = op->getOperand(0);
  Form form = exporter.isImage(input) ? Form::Image : Form::Plain;
  std::string x = exporter.real(input, form), output = exporter.realName(op, form);
  std::string gate = exporter.unique(output + "_gate");
  exporter.node(nullptr, "Sigmoid", {x}, gate);
  exporter.node(op, "Mul", {x, gate}, output);
  exporter.setReal(op, output, form);
}

static bool isScalar(Value value) { return typeOf(value).hasStaticShape() && typeOf(value).getNumElements() == 1; }

static bool isConstant(Value value) {
  if (auto dequantize = value.getDefiningOp<DequantizeOp>())
    value = dequantize.getInput();
  return value.getDefiningOp<ConstantOp>() != nullptr;
}

/// Whether an operand of an elementwise operation on images can be had in NCHW order without a node.
static bool fitsImage(const Exporter &exporter, Value value) {
  int64_t rank = typeOf(value).getRank();
  return exporter.isImage(value) || isScalar(value) || (isConstant(value) && (rank == 1 || rank == 4));
}

/// An operand of an elementwise operation on NCHW images.
static std::string imageOperand(Exporter &exporter, Value value) {
  int64_t rank = typeOf(value).getRank();
  if (rank == 4 && !isConstant(value))
    return exporter.real(value, Form::Image);
  if (rank == 4)
    return exporter.weight(value, {0, 3, 1, 2}, 1);
  if (rank == 1 && !isScalar(value))
    return exporter.weight(value, {0}, 0, {typeOf(value).getDimSize(0), 1, 1});
  return exporter.real(value);
}

static void exportBinary(Exporter &exporter, Operation *op) {
  static const llvm::StringMap<StringRef> types = {{"nibble.add", "Add"}, {"nibble.sub", "Sub"}, {"nibble.mul", "Mul"},
                                                   {"nibble.div", "Div"}, {"nibble.pow", "Pow"}, {"nibble.min", "Min"},
                                                   {"nibble.max", "Max"}};
  auto isImage = [&](Value value) { return exporter.isImage(value); };
  bool asImage = typeOf(op->getResult(0)).getRank() == 4 && llvm::any_of(op->getOperands(), isImage) &&
                 llvm::all_of(op->getOperands(), [&](Value value) { return fitsImage(exporter, value); });
  Form form = asImage ? Form::Image : Form::Plain;
  SmallVector<std::string> inputs;
  for (Value operand : op->getOperands())
    inputs.push_back(asImage ? imageOperand(exporter, operand) : exporter.real(operand));
  std::string output = exporter.realName(op, form);
  exporter.node(op, types.lookup(op->getName().getStringRef()), inputs, output);
  exporter.setReal(op, output, form);
}

void nibble::onnxexport::addElementwise(TranslatorTable &table) {
  for (StringRef name : {"relu", "sigmoid", "tanh", "hard_swish", "gelu", "softplus", "erf", "exp", "log", "sqrt",
                         "reciprocal", "neg", "abs", "floor", "ceil", "round"})
    table[("nibble." + name).str()] = exportNamed;
  for (StringRef name : {"add", "sub", "mul", "div", "pow", "min", "max"})
    table[("nibble." + name).str()] = exportBinary;
  table["nibble.leaky_relu"] = exportLeakyRelu;
  table["nibble.elu"] = exportElu;
  table["nibble.hard_sigmoid"] = exportHardSigmoid;
  table["nibble.clip"] = exportClip;
  table["nibble.silu"] = exportSilu;
}
