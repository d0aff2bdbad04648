// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shapes of results that the model tells: ONNX's inference finds them, or the file declares them.

#include "Movement.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// All extents of a type, if they are known.
static std::optional<Shape> staticShape(const onnx::TypeProto *type) {
  if (!type || !type->has_tensor_type() || !type->tensor_type().has_shape())
    return std::nullopt;
  Shape shape;
  for (const onnx::TensorShapeProto::Dimension &dim : type->tensor_type().shape().dim()) {
    if (!dim.has_dim_value() || dim.dim_value() < 0)
      return std::nullopt;
    shape.push_back(dim.dim_value());
  }
  return shape;
}

/// What the file says of an output of the model; null of other values.
static const onnx::TypeProto *declaredType(const Model &model, StringRef name) {
  for (const auto &[output, type] : llvm::zip_equal(model.proto.graph().output(), model.declared))
    if (output.name() == name)
      return &type;
  return nullptr;
}

Shape nibble::onnximport::resultShape(Node &node, unsigned output, unsigned operand, StringRef what, int64_t rank) {
  std::optional<Shape> shape;
  if (node.wants(output)) {
    shape = staticShape(node.importer.inferredType(node.proto.output(output)));
    if (!shape)
      shape = staticShape(declaredType(node.importer.model, node.proto.output(output)));
  }
  if (!shape)
    node.fail(what + " (input " + Twine(operand) + ", '" + node.proto.input(operand) +
                  "') is not known at compile time",
              "where it decides of an output of the model, the output's declared shape is taken, if that is fixed");
  if (rank >= 0 && int64_t(shape->size()) != rank)
    node.fail("output " + Twine(output) + " is declared with rank " + Twine(shape->size()) + ", expected " +
              Twine(rank));
  return *shape;
}
