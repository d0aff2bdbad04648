// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Initializers of subgraphs become those of the main graph.

#include "Model.h"

using namespace nibble::onnximport;
using llvm::StringRef;

void nibble::onnximport::forEachGraph(onnx::GraphProto &graph, llvm::function_ref<void(onnx::GraphProto &)> visit) {
  visit(graph);
  for (onnx::NodeProto &node : *graph.mutable_node())
    for (onnx::AttributeProto &attribute : *node.mutable_attribute()) {
      if (attribute.has_g())
        forEachGraph(*attribute.mutable_g(), visit);
      for (onnx::GraphProto &each : *attribute.mutable_graphs())
        forEachGraph(each, visit);
    }
}

static bool defines(const onnx::GraphProto &graph, const std::string &name) {
  auto isNamed = [&](const auto &each) { return each.name() == name; };
  return llvm::any_of(graph.input(), isNamed) || llvm::any_of(graph.initializer(), isNamed) ||
         llvm::any_of(graph.node(),
                      [&](const onnx::NodeProto &node) { return llvm::is_contained(node.output(), name); });
}

/// Renames what `graph`, and the graphs inside it that have no such name of their own, read.
static void rename(onnx::GraphProto &graph, const std::string &from, const std::string &to) {
  for (onnx::NodeProto &node : *graph.mutable_node()) {
    for (std::string &input : *node.mutable_input())
      if (input == from)
        input = to;
    for (onnx::AttributeProto &attribute : *node.mutable_attribute())
      if (attribute.has_g() && !defines(attribute.g(), from))
        rename(*attribute.mutable_g(), from, to);
  }
  for (onnx::ValueInfoProto &output : *graph.mutable_output())
    if (output.name() == from)
      output.set_name(to);
}

/// How many values of the model have each name.
static llvm::StringMap<unsigned> countNames(onnx::GraphProto &main) {
  llvm::StringMap<unsigned> counts;
  forEachGraph(main, [&](onnx::GraphProto &graph) {
    for (const onnx::ValueInfoProto &input : graph.input())
      ++counts[input.name()];
    for (const onnx::TensorProto &tensor : graph.initializer())
      ++counts[tensor.name()];
    for (const onnx::NodeProto &node : graph.node())
      for (const std::string &output : node.output())
        ++counts[output];
  });
  return counts;
}

/// The name that an initializer of `graph` has in the main graph; what reads it there gets the new one.
static std::string makeUnique(onnx::GraphProto &graph, const std::string &name, llvm::StringMap<unsigned> &counts) {
  if (counts.lookup(name) == 1)
    return name;
  std::string unique;
  for (unsigned i = 1; unique.empty() || counts.contains(unique); ++i)
    unique = name + "." + std::to_string(i);
  ++counts[unique];
  rename(graph, name, unique);
  return unique;
}

/// Before IR version 4 every initializer is an input.
static void addInput(onnx::GraphProto &graph, const onnx::TensorProto &tensor) {
  onnx::ValueInfoProto &input = *graph.add_input();
  input.set_name(tensor.name());
  onnx::TypeProto::Tensor &type = *input.mutable_type()->mutable_tensor_type();
  type.set_elem_type(tensor.data_type());
  for (int64_t extent : tensor.dims())
    type.mutable_shape()->add_dim()->set_dim_value(extent);
}

void nibble::onnximport::hoistInitializers(onnx::ModelProto &proto) {
  onnx::GraphProto &main = *proto.mutable_graph();
  llvm::StringMap<unsigned> counts = countNames(main);
  forEachGraph(main, [&](onnx::GraphProto &graph) {
    if (&graph == &main)
      return;
    for (onnx::TensorProto &tensor : *graph.mutable_initializer()) {
      // The inputs of loops always have values.
      if (llvm::any_of(graph.input(), [&](const auto &input) { return input.name() == tensor.name(); }))
        continue;
      tensor.set_name(makeUnique(graph, tensor.name(), counts));
      if (proto.ir_version() < 4)
        addInput(main, tensor);
      *main.add_initializer() = std::move(tensor);
    }
    graph.clear_initializer();
  });
}
