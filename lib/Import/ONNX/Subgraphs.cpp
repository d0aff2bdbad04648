// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Graphs within graphs: what each sees, and how its nodes become part of the function.

#include "Importer.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

Known &Importer::lookup(StringRef name) {
  for (const auto &scope : llvm::reverse(scopes)) {
    auto it = scope->values.find(name);
    if (it != scope->values.end())
      return it->second;
  }
  throw ImportError("value '" + name + "' is used before it is computed");
}

bool Importer::isConstant(StringRef name) const {
  for (const auto &scope : llvm::reverse(scopes)) {
    auto it = scope->values.find(name);
    if (it != scope->values.end())
      return it->second.tensor || it->second.content;
  }
  return false;
}

Known Importer::share(StringRef name) {
  Known &known = lookup(name);
  if (known.tensor && byteSize(*known.tensor) > kContentLimit)
    materialize(known, name);
  return known;
}

void Importer::openScope(const onnx::GraphProto &graph) {
  scopes.push_back(std::make_unique<Scope>());
  for (const auto *infos : {&graph.value_info(), &graph.output()})
    for (const onnx::ValueInfoProto &info : *infos)
      scopes.back()->inferred[info.name()] = &info.type();
  auto add = [&](StringRef name, const onnx::TensorProto &tensor) {
    Known &known = define(name);
    known.tensor = &tensor;
    known.shape.assign(tensor.dims().begin(), tensor.dims().end());
  };
  for (const onnx::TensorProto &tensor : graph.initializer())
    add(tensor.name(), tensor);
  // Already now, as inputs' types depend on scales.
  for (const onnx::NodeProto &node : graph.node())
    if (node.op_type() == "Constant" && node.domain().empty() && node.output_size() == 1 &&
        node.attribute_size() == 1 && node.attribute(0).name() == "value")
      add(node.output(0), node.attribute(0).t());
}

std::vector<Known> Importer::translateGraph(const onnx::GraphProto &graph, ArrayRef<Known> inputs) {
  openScope(graph);
  for (auto [input, known] : llvm::zip_equal(graph.input(), inputs))
    define(input.name()) = known;
  for (const onnx::NodeProto &node : graph.node())
    translate(node);
  std::vector<Known> outputs;
  for (const onnx::ValueInfoProto &output : graph.output())
    outputs.push_back(share(output.name()));
  scopes.pop_back();
  return outputs;
}

std::vector<Known> Importer::translateIteration(Node &node, const onnx::GraphProto &body, ArrayRef<Known> inputs,
                                                int64_t index) {
  if (index >= kMostIterations)
    node.fail("has more than " + Twine(kMostIterations) + " iterations", "loops are unrolled");
  ++openLoops;
  std::vector<Known> outputs = translateGraph(body, inputs);
  --openLoops;
  return outputs;
}

std::string Importer::uniqueName(StringRef value) {
  if (value.empty())
    return "";
  const unsigned count = names[value]++;
  return count ? uniqueName((value + "." + Twine(count)).str()) : value.str();
}

const onnx::GraphProto &Node::graph(StringRef name, int inputs, int outputs) const {
  const onnx::AttributeProto *found = attribute(name);
  if (!found || !found->has_g())
    fail("has no attribute '" + name + "'");
  if (found->g().input_size() != inputs)
    fail("attribute '" + name + "' has " + Twine(found->g().input_size()) + " inputs, expected " + Twine(inputs));
  if (found->g().output_size() != outputs)
    fail("attribute '" + name + "' has " + Twine(found->g().output_size()) + " outputs, expected " + Twine(outputs));
  return found->g();
}
