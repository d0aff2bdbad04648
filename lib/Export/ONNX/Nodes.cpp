// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes and their attributes.

#include "Exporter.h"

#include "nibble/Support/Locations.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnxexport;

onnx::NodeProto &Exporter::node(Operation *op, StringRef type, ArrayRef<std::string> inputs,
                                const std::string &output) {
  onnx::NodeProto &result = *graph.add_node();
  StringRef name = op ? getNodeName(op->getLoc()) : StringRef();
  result.set_name(nodeName(name.empty() ? StringRef(output) : name));
  result.set_op_type(type.str());
  for (const std::string &input : inputs)
    result.add_input(input);
  result.add_output(output);
  return result;
}

std::string Exporter::transpose(const std::string &input, ArrayRef<int64_t> permutation, const std::string &output) {
  setInts(node(nullptr, "Transpose", {input}, output), "perm", permutation);
  return output;
}

static onnx::AttributeProto &addAttribute(onnx::NodeProto &node, StringRef name,
                                          onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto &attribute = *node.add_attribute();
  attribute.set_name(name.str());
  attribute.set_type(type);
  return attribute;
}

void Exporter::setInt(onnx::NodeProto &node, StringRef name, int64_t value) {
  addAttribute(node, name, onnx::AttributeProto::INT).set_i(value);
}

void Exporter::setFloat(onnx::NodeProto &node, StringRef name, float value) {
  addAttribute(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}

void Exporter::setInts(onnx::NodeProto &node, StringRef name, ArrayRef<int64_t> values) {
  onnx::AttributeProto &attribute = addAttribute(node, name, onnx::AttributeProto::INTS);
  attribute.mutable_ints()->Add(values.begin(), values.end());
}
