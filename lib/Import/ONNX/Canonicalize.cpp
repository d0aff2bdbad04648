// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Brings a model to the canonical opset, without its weights.

#include "Model.h"

#include "onnx/inliner/inliner.h"
#include "onnx/shape_inference/implementation.h"

using namespace nibble::onnximport;
using llvm::StringRef;

/// What is smaller stays in the message: shape arithmetic reads it.
constexpr size_t kStubThreshold = 1024;

/// Large tensors of Constant nodes become initializers.
static void liftConstants(onnx::GraphProto &graph) {
  google::protobuf::RepeatedPtrField<onnx::NodeProto> kept;
  for (onnx::NodeProto &node : *graph.mutable_node()) {
    bool isLarge = node.op_type() == "Constant" && node.domain().empty() && node.attribute_size() == 1 &&
                   node.attribute(0).name() == "value" && node.attribute(0).t().raw_data().size() > kStubThreshold;
    if (!isLarge) {
      kept.Add(std::move(node));
      continue;
    }
    onnx::TensorProto &tensor = *graph.add_initializer();
    tensor = std::move(*node.mutable_attribute(0)->mutable_t());
    tensor.set_name(node.output(0));
  }
  graph.mutable_node()->Swap(&kept);
}

/// Initializers that are inputs too are constants to us: before IR version 4 every initializer had to be; from then on
/// it is the value of an input that the caller leaves out.
static void dropInitializedInputs(Model &model) {
  onnx::ModelProto &proto = model.proto;
  onnx::GraphProto &graph = *proto.mutable_graph();
  llvm::StringSet<> names;
  for (const onnx::TensorProto &tensor : graph.initializer())
    names.insert(tensor.name());
  google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> kept;
  for (onnx::ValueInfoProto &input : *graph.mutable_input())
    if (!names.contains(input.name()))
      kept.Add(std::move(input));
    else if (proto.ir_version() >= 4)
      model.defaults.push_back(input.name());
  graph.mutable_input()->Swap(&kept);
  proto.set_ir_version(std::max<int64_t>(proto.ir_version(), 10));
}

/// Moves large initializers' bytes out of the message and leaves stubs, so that the converter copies no weights.
static void stubWeights(Model &model) {
  for (onnx::TensorProto &tensor : *model.proto.mutable_graph()->mutable_initializer()) {
    bool isExternal = tensor.data_location() == onnx::TensorProto::EXTERNAL;
    if (!isExternal && tensor.raw_data().size() <= kStubThreshold)
      continue;
    if (!isExternal) {
      if (int64_t(tensor.raw_data().size()) != byteSize(tensor))
        throw ImportError("tensor '" + tensor.name() + "' has " + llvm::Twine(tensor.raw_data().size()) +
                          " bytes of data, expected " + llvm::Twine(byteSize(tensor)));
      model.weights[tensor.name()] = takeBytes(std::move(*tensor.mutable_raw_data()));
    }
    tensor.clear_raw_data();
    tensor.clear_external_data();
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    onnx::StringStringEntryProto &entry = *tensor.add_external_data();
    entry.set_key("location");
    entry.set_value("stub");
  }
}

/// External tensors that are small go back into the message, for shape inference to read.
static void unstubSmallWeights(Model &model) {
  for (onnx::TensorProto &tensor : *model.proto.mutable_graph()->mutable_initializer()) {
    auto it = model.weights.find(tensor.name());
    if (it == model.weights.end() || it->second.data.size() > kStubThreshold)
      continue;
    tensor.clear_external_data();
    tensor.clear_data_location();
    tensor.set_raw_data(it->second.data.data(), it->second.data.size());
    model.weights.erase(it);
  }
}

static void clearShape(onnx::ValueInfoProto &info) {
  if (info.type().has_tensor_type())
    info.mutable_type()->mutable_tensor_type()->clear_shape();
}

/// Drops what the file claims about inner values and about outputs' shapes, except for those that other domains'
/// operators compute; the importer compares the outputs with what it finds.
static void dropClaims(onnx::GraphProto &graph, bool isMain) {
  llvm::StringSet<> foreign;
  for (const onnx::NodeProto &node : graph.node())
    if (!node.domain().empty())
      for (const std::string &output : node.output())
        foreign.insert(output);
  google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> kept;
  for (onnx::ValueInfoProto &info : *graph.mutable_value_info())
    if (foreign.contains(info.name()))
      kept.Add(std::move(info));
  graph.mutable_value_info()->Swap(&kept);
  for (onnx::ValueInfoProto &output : *graph.mutable_output())
    if (!foreign.contains(output.name()))
      clearShape(output);
  if (!isMain)
    for (onnx::ValueInfoProto &input : *graph.mutable_input())
      clearShape(input);
}

/// Infers types and shapes. Where there are subgraphs, errors pass: in a branch that is never taken, nodes need not fit
/// each other.
static void inferTypes(onnx::ModelProto &proto) {
  bool hasSubgraphs = false;
  forEachGraph(*proto.mutable_graph(), [&](onnx::GraphProto &graph) {
    const bool isMain = &graph == proto.mutable_graph();
    hasSubgraphs |= !isMain;
    dropClaims(graph, isMain);
  });
  onnx::ShapeInferenceOptions options(/*check_type_val=*/true, /*strict_mode_val=*/!hasSubgraphs,
                                      /*data_prop_val=*/true);
  onnx::shape_inference::InferShapes(proto, onnx::OpSchemaRegistry::Instance(), options);
}

namespace {
/// The operators that ONNX defines by others, and the importer has no form of.
class UnknownFunctions : public onnx::inliner::FunctionIdSet {
public:
  explicit UnknownFunctions(llvm::function_ref<bool(StringRef)> hasForm) : hasForm(hasForm) {}
  bool Contains(const std::string &domain, const std::string &name) const override {
    return !hasForm(operatorName(domain, name));
  }

private:
  llvm::function_ref<bool(StringRef)> hasForm;
};
} // namespace

/// The inliner does not look for types at initializers.
static void declareInitializers(onnx::GraphProto &graph) {
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    onnx::ValueInfoProto &info = *graph.add_value_info();
    info.set_name(tensor.name());
    onnx::TypeProto::Tensor &type = *info.mutable_type()->mutable_tensor_type();
    type.set_elem_type(tensor.data_type());
    for (int64_t extent : tensor.dims())
      type.mutable_shape()->add_dim()->set_dim_value(extent);
    type.mutable_shape();
  }
}

/// The inliner needs the types of all operands. Where one has none, nothing is replaced, and the importer names the
/// operator that it does not know.
static void inlineOperators(Model &model, llvm::function_ref<bool(StringRef)> hasForm) {
  const UnknownFunctions unknown(hasForm);
  onnx::ModelProto inlined = model.proto;
  declareInitializers(*inlined.mutable_graph());
  try {
    onnx::inliner::InlineSelectedFunctions(inlined, unknown, nullptr);
  } catch (const std::exception &) {
    return;
  }
  model.proto = std::move(inlined);
}

/// A compiled model has all of its inputs.
static void takeOptionalInputs(Model &model) {
  for (onnx::ValueInfoProto &input : *model.proto.mutable_graph()->mutable_input()) {
    if (!input.type().has_optional_type() || !input.type().optional_type().elem_type().has_tensor_type())
      continue;
    model.optionals.push_back(input.name());
    onnx::TypeProto type = input.type().optional_type().elem_type();
    *input.mutable_type() = std::move(type);
  }
}

/// ONNX's inference of ai.onnx.ml's operators reads their inputs' types unseen: each must be known before.
static void requireTypes(const Model &model) {
  const onnx::GraphProto &graph = model.proto.graph();
  llvm::StringSet<> stated, unknown;
  for (const onnx::ValueInfoProto &info : graph.value_info())
    stated.insert(info.name());
  for (const onnx::NodeProto &node : graph.node()) {
    auto isUnknown = [&](const std::string &input) { return unknown.contains(input); };
    auto found = llvm::find_if(node.input(), isUnknown);
    if (node.domain() == "ai.onnx.ml" && found != node.input().end())
      throw ImportError(describe(model, node) + ": " + llvm::Twine("the type of input '") + *found + "' is not known",
                        "state the type of what the operator of another domain before it computes");
    const bool isForeign = !node.domain().empty() && node.domain() != "ai.onnx.ml";
    // A Cast says what it makes.
    if (isForeign || (node.op_type() != "Cast" && found != node.input().end()))
      for (const std::string &output : node.output())
        if (!stated.contains(output))
          unknown.insert(output);
  }
}

void nibble::onnximport::canonicalize(Model &model, llvm::function_ref<bool(StringRef)> hasForm) {
  if (model.proto.functions_size() > 0)
    onnx::inliner::InlineLocalFunctions(model.proto, /*convert_version=*/true);
  for (const onnx::ValueInfoProto &output : model.proto.graph().output())
    model.declared.push_back(output.type());
  forEachGraph(*model.proto.mutable_graph(), [](onnx::GraphProto &graph) {
    // The converter would not find them.
    if (graph.sparse_initializer_size() > 0)
      throw ImportError("sparse initializers are not supported", "store the weights as dense tensors");
    liftConstants(graph);
  });
  hoistInitializers(model.proto);
  dropInitializedInputs(model);
  unstubSmallWeights(model);
  stubWeights(model);
  requireTypes(model);
  convertOpset(model);
  takeOptionalInputs(model);
  fillDefaults(model.proto);
  inferTypes(model.proto);
  inlineOperators(model, hasForm);
  inferTypes(model.proto);
}
