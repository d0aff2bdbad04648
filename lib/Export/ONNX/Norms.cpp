// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax and the norms of rows.

#include "Exporter.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnxexport;

/// `input` times the softmax's scale, plus its mask.
static std::string exportMasked(Exporter &exporter, SoftmaxOp op, std::string input, const std::string &output) {
  if (const float scale = op.getScale().convertToFloat(); scale != 1.0f) {
    std::string scaled = exporter.unique(output + "_scaled");
    exporter.node(nullptr, "Mul", {input, exporter.scalar(output + "_scale", scale)}, scaled);
    input = scaled;
  }
  if (op.getMask()) {
    std::string masked = exporter.unique(output + "_masked");
    exporter.node(nullptr, "Add", {input, exporter.real(op.getMask())}, masked);
    input = masked;
  }
  return input;
}

static void exportSoftmax(Exporter &exporter, Operation *operation) {
  auto op = cast<SoftmaxOp>(operation);
  Form form = exporter.isImage(op.getInput()) && !op.getMask() ? Form::Image : Form::Plain;
  std::string output = exporter.realName(op, form);
  std::string input = exportMasked(exporter, op, exporter.real(op.getInput(), form), output);
  int64_t axis = op.getAxis();
  Exporter::setInt(exporter.node(op, "Softmax", {input}, output), "axis", form == Form::Image ? imageAxis(axis) : axis);
  exporter.setReal(op, output, form);
}

namespace {
/// The nodes that a norm without an operator of its own becomes.
struct Chain {
  Exporter &exporter;
  std::string output, axes;

  std::string add(StringRef type, ArrayRef<std::string> inputs, StringRef suffix) {
    std::string name = exporter.unique(output + suffix);
    exporter.node(nullptr, type, inputs, name);
    return name;
  }
  std::string mean(const std::string &input, StringRef suffix) { return add("ReduceMean", {input, axes}, suffix); }
};
} // namespace

/// ONNX's RMSNormalization is newer than the operators that we write, its LayerNormalization has a scale.
static void exportChain(Exporter &exporter, NormOp op, std::string x, const std::string &output) {
  auto axes = llvm::to_vector(llvm::seq<int64_t>(op.getAxis(), typeOf(op.getInput()).getRank()));
  Chain chain{exporter, output, exporter.ints(output + "_axes", axes)};
  if (op.getKind() == NormKind::Layer)
    x = chain.add("Sub", {x, chain.mean(x, "_mean")}, "_centered");
  std::string variance = chain.mean(chain.add("Mul", {x, x}, "_square"), "_variance");
  std::string epsilon = exporter.scalar(output + "_epsilon", op.getEpsilon().convertToFloat());
  std::string deviation = chain.add("Sqrt", {chain.add("Add", {variance, epsilon}, "_sum")}, "_deviation");
  SmallVector<std::pair<StringRef, std::string>> steps = {{"Div", deviation}};
  if (op.getScale())
    steps.emplace_back("Mul", exporter.real(op.getScale()));
  if (op.getBias())
    steps.emplace_back("Add", exporter.real(op.getBias()));
  for (auto [type, operand] : ArrayRef(steps).drop_back())
    x = chain.add(type, {x, operand}, "_step");
  exporter.node(op, steps.back().first, {x, steps.back().second}, output);
}

static void exportNorm(Exporter &exporter, Operation *operation) {
  auto op = cast<NormOp>(operation);
  std::string input = exporter.real(op.getInput()), output = exporter.realName(op);
  if (op.getKind() == NormKind::RMS || !op.getScale()) {
    exportChain(exporter, op, input, output);
  } else {
    SmallVector<std::string> inputs = {input, exporter.real(op.getScale())};
    if (op.getBias())
      inputs.push_back(exporter.real(op.getBias()));
    onnx::NodeProto &node = exporter.node(op, "LayerNormalization", inputs, output);
    Exporter::setInt(node, "axis", op.getAxis());
    Exporter::setFloat(node, "epsilon", op.getEpsilon().convertToFloat());
  }
  exporter.setReal(op, output);
}

void nibble::onnxexport::addNorms(TranslatorTable &table) {
  table["nibble.softmax"] = exportSoftmax;
  table["nibble.norm"] = exportNorm;
}
