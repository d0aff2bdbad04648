// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes that have no form in the nibble dialect, as operations of the onnx dialect.

#include "Importer.h"

#include "onnx/defs/schema.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

static Attribute convertAttribute(Node &node, const onnx::AttributeProto &attribute) {
  Builder &builder = node.importer.builder;
  switch (attribute.type()) {
  case onnx::AttributeProto::INT:
    return builder.getI64IntegerAttr(attribute.i());
  case onnx::AttributeProto::FLOAT:
    return builder.getF32FloatAttr(attribute.f());
  case onnx::AttributeProto::STRING:
    return builder.getStringAttr(attribute.s());
  case onnx::AttributeProto::INTS:
    return builder.getDenseI64ArrayAttr(llvm::to_vector(attribute.ints()));
  case onnx::AttributeProto::FLOATS:
    return builder.getDenseF32ArrayAttr(llvm::to_vector(attribute.floats()));
  case onnx::AttributeProto::STRINGS: {
    SmallVector<StringRef> strings(attribute.strings().begin(), attribute.strings().end());
    return builder.getStrArrayAttr(strings);
  }
  case onnx::AttributeProto::TENSOR: {
    const onnx::TensorProto &tensor = attribute.t();
    SmallVector<int64_t> extents(tensor.dims().begin(), tensor.dims().end());
    auto type = RankedTensorType::get(extents, node.importer.elementType(tensor.data_type()));
    return node.importer.attribute(type, node.importer.bytes(tensor), attribute.name());
  }
  default:
    node.fail("attribute '" + attribute.name() + "' is of kind " +
              onnx::AttributeProto::AttributeType_Name(attribute.type()) + ", which is not supported");
  }
}

/// The type that ONNX infers for result `i`.
static Type resultType(Node &node, unsigned i, Shape &shape) {
  const onnx::TypeProto *type = node.importer.inferredType(node.proto.output(i));
  if (!type || !type->has_tensor_type() || !type->tensor_type().has_shape())
    node.fail("operator is not supported", "the shape of its result '" + Twine(node.proto.output(i)) +
                                               "' is not known, so that it cannot be kept as an onnx operation");
  for (const auto &dim : type->tensor_type().shape().dim())
    shape.push_back(dim.has_dim_value()       ? Dim(dim.dim_value())
                    : dim.dim_param().empty() ? node.importer.symbols.fresh()
                                              : node.importer.symbols.lookup(dim.dim_param()));
  return RankedTensorType::get(toTypeShape(shape), node.importer.elementType(type->tensor_type().elem_type()));
}

using Parameters = std::vector<onnx::OpSchema::FormalParameter>;

/// How many values stand for each formal parameter, where several may be absent or many.
static std::optional<SmallVector<int32_t>> segments(const Parameters &parameters, ArrayRef<bool> present) {
  SmallVector<int32_t> sizes;
  unsigned special = 0;
  for (auto [i, parameter] : llvm::enumerate(parameters)) {
    special += parameter.GetOption() != onnx::OpSchema::Single;
    if (parameter.GetOption() == onnx::OpSchema::Variadic)
      sizes.push_back(present.size() > i ? present.size() - i : 0);
    else
      sizes.push_back(i < present.size() && present[i]);
  }
  return special > 1 ? std::optional(sizes) : std::nullopt;
}

/// Gives `state` the operands; returns which of the node's inputs are present.
static SmallVector<bool> addOperands(Node &node, OperationState &state) {
  SmallVector<bool> present;
  for (unsigned i = 0; i < node.size(); ++i) {
    present.push_back(node.has(i));
    if (node.has(i))
      state.operands.push_back(node.get(i));
  }
  return present;
}

void nibble::onnximport::keepNode(Node &node) {
  OpBuilder &builder = node.importer.builder;
  std::string name = "onnx." + node.proto.op_type();
  auto *schema = onnx::OpSchemaRegistry::Schema(node.proto.op_type(), kCanonicalOpset, node.proto.domain());
  bool isCustom =
      !schema || !node.proto.domain().empty() || !RegisteredOperationName::lookup(name, builder.getContext());
  OperationState state(node.location(), isCustom ? "onnx.custom" : name);
  SmallVector<bool> inputs = addOperands(node, state), outputs;
  NamedAttrList attributes;
  for (const onnx::AttributeProto &attribute : node.proto.attribute())
    attributes.set(attribute.name(), convertAttribute(node, attribute));
  SmallVector<Shape> shapes;
  SmallVector<unsigned> indices;
  for (int i = 0; i < node.proto.output_size(); ++i) {
    outputs.push_back(node.wants(i));
    if (!node.wants(i))
      continue;
    indices.push_back(i);
    state.addTypes(resultType(node, i, shapes.emplace_back()));
  }
  if (isCustom) {
    state.addAttribute("op_type", builder.getStringAttr(node.proto.op_type()));
    state.addAttribute("domain", builder.getStringAttr(node.proto.domain()));
    state.addAttribute("values", attributes.getDictionary(builder.getContext()));
  } else {
    state.addAttributes(attributes);
    if (auto sizes = segments(schema->inputs(), inputs))
      state.addAttribute("operandSegmentSizes", builder.getDenseI32ArrayAttr(*sizes));
    if (auto sizes = segments(schema->outputs(), outputs))
      state.addAttribute("resultSegmentSizes", builder.getDenseI32ArrayAttr(*sizes));
  }
  Operation *op = builder.create(state);
  op->setLoc(node.location(indices.empty() ? 0 : indices.front()));
  for (auto [i, result, shape] : llvm::zip(indices, op->getResults(), shapes)) {
    node.importer.shapes[result] = shape;
    node.set(i, result);
  }
}
