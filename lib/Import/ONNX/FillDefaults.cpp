// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes out default attributes of operators that ONNX defines by others: its inference and its inliner read them from
// the node alone, and refuse a body that refers to one that is not there.

#include "Model.h"

#include "onnx/defs/schema.h"

using namespace nibble::onnximport;

static bool hasAttribute(const onnx::NodeProto &node, const std::string &name) {
  return llvm::any_of(node.attribute(),
                      [&](const onnx::AttributeProto &attribute) { return attribute.name() == name; });
}

static void fillDefaults(onnx::NodeProto &node, int opset) {
  const onnx::OpSchema *schema = onnx::OpSchemaRegistry::Schema(node.op_type(), opset, node.domain());
  if (!schema || !(schema->HasFunction() || schema->HasContextDependentFunction()))
    return;
  for (const auto &[name, attribute] : schema->attributes())
    if (!attribute.default_value.name().empty() && !hasAttribute(node, name))
      *node.add_attribute() = attribute.default_value;
}

void nibble::onnximport::fillDefaults(onnx::ModelProto &proto) {
  llvm::StringMap<int> opsets;
  for (const onnx::OperatorSetIdProto &import : proto.opset_import())
    opsets[import.domain()] = import.version();
  forEachGraph(*proto.mutable_graph(), [&](onnx::GraphProto &graph) {
    for (onnx::NodeProto &node : *graph.mutable_node())
      ::fillDefaults(node, opsets.lookup(node.domain()));
  });
}
