// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX's own converter of opsets, and what it converts to another meaning.

#include "Model.h"

#include "onnx/version_converter/convert.h"

using namespace nibble::onnximport;
using llvm::StringRef;

/// Upsample and Resize-10 mean asymmetric coordinates, rounded down; the converter says something else.
static void fixResizes(onnx::GraphProto &graph, const llvm::StringMap<std::string> &legacy) {
  auto set = [](onnx::NodeProto &node, const char *name, const char *value) {
    auto &attributes = *node.mutable_attribute();
    auto it = llvm::find_if(attributes, [&](const onnx::AttributeProto &a) { return a.name() == name; });
    onnx::AttributeProto &attribute = it == attributes.end() ? *attributes.Add() : *it;
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::STRING);
    attribute.set_s(value);
  };
  for (onnx::NodeProto &node : *graph.mutable_node()) {
    auto it = node.op_type() == "Resize" ? legacy.find(node.output(0)) : legacy.end();
    if (it == legacy.end())
      continue;
    node.set_name(it->second);
    set(node, "coordinate_transformation_mode", "asymmetric");
    set(node, "nearest_mode", "floor");
  }
}

/// The nodes that mean another interpolation than the converter says, by their results: it drops their names.
static llvm::StringMap<std::string> findLegacyResizes(Model &model, int64_t opset) {
  llvm::StringMap<std::string> legacy;
  forEachGraph(*model.proto.mutable_graph(), [&](const onnx::GraphProto &graph) {
    for (const onnx::NodeProto &node : graph.node())
      if (node.domain().empty() && (node.op_type() == "Upsample" || (node.op_type() == "Resize" && opset == 10)))
        legacy[node.output(0)] = node.name();
  });
  return legacy;
}

/// The nodes before opset 13, by their results: they look for one largest element in all dimensions from the axis on.
/// The converter leaves them as they are.
static llvm::StringMap<onnx::NodeProto> findLegacyHardmaxes(Model &model) {
  llvm::StringMap<onnx::NodeProto> legacy;
  forEachGraph(*model.proto.mutable_graph(), [&](const onnx::GraphProto &graph) {
    for (const onnx::NodeProto &node : graph.node())
      if (node.op_type() == "Hardmax" && node.domain().empty() && node.output_size())
        legacy[node.output(0)] = node;
  });
  return legacy;
}

static void keepLegacyHardmaxes(onnx::GraphProto &graph, const llvm::StringMap<onnx::NodeProto> &legacy) {
  for (onnx::NodeProto &node : *graph.mutable_node()) {
    auto it = node.op_type() == "Hardmax" && node.output_size() ? legacy.find(node.output(0)) : legacy.end();
    if (it == legacy.end())
      continue;
    node.set_domain(kLegacyDomain);
    node.set_name(it->second.name());
    *node.mutable_attribute() = it->second.attribute();
  }
}

/// The results of Scan nodes of opset 8, whose operands are batches. The converter gives them a new opset's name alone,
/// and takes a dimension from the shapes that it notes.
static llvm::StringSet<> findBatchedScans(Model &model) {
  llvm::StringSet<> results;
  forEachGraph(*model.proto.mutable_graph(), [&](const onnx::GraphProto &graph) {
    for (const onnx::NodeProto &node : graph.node())
      if (node.op_type() == "Scan" && node.domain().empty())
        results.insert(node.output_size() ? node.output(0) : "");
  });
  return results;
}

static void keepBatchedScans(onnx::GraphProto &graph, const llvm::StringSet<> &results) {
  for (onnx::NodeProto &node : *graph.mutable_node())
    if (node.op_type() == "Scan" && node.output_size() && results.contains(node.output(0)))
      node.set_domain(kLegacyDomain);
}

void nibble::onnximport::convertOpset(Model &model) {
  int64_t opset = model.opsets.lookup("");
  if (opset == kCanonicalOpset || opset == 0)
    return;
  if (opset > kCanonicalOpset)
    throw ImportError("the model has opset " + llvm::Twine(opset) + ", expected at most " +
                      llvm::Twine(kCanonicalOpset));
  llvm::StringMap<std::string> legacy = findLegacyResizes(model, opset);
  llvm::StringSet<> scans = opset == 8 ? findBatchedScans(model) : llvm::StringSet<>();
  llvm::StringMap<onnx::NodeProto> hardmaxes =
      opset < 13 ? findLegacyHardmaxes(model) : llvm::StringMap<onnx::NodeProto>();
  auto opsets = model.proto.opset_import();
  auto inputs = model.proto.graph().input();
  onnx::ModelProto converted = onnx::version_conversion::ConvertVersion(model.proto, kCanonicalOpset);
  for (const onnx::OperatorSetIdProto &import : opsets)
    if (!import.domain().empty() &&
        llvm::none_of(converted.opset_import(), [&](auto &other) { return other.domain() == import.domain(); }))
      *converted.add_opset_import() = import;
  model.proto = std::move(converted);
  *model.proto.mutable_graph()->mutable_input() = std::move(inputs);
  onnx::OperatorSetIdProto &own = *model.proto.add_opset_import();
  own.set_domain(kLegacyDomain);
  own.set_version(1);
  forEachGraph(*model.proto.mutable_graph(), [&](onnx::GraphProto &graph) {
    fixResizes(graph, legacy);
    keepBatchedScans(graph, scans);
    keepLegacyHardmaxes(graph, hardmaxes);
  });
}
