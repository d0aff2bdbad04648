// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shapes of results that the model tells: ONNX's inference finds them, or the file declares them.

#include "Importer.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The extents of a type, if they are all numbers.
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

std::optional<Shape> Node::declaredShape(unsigned i) const {
  const std::string &name = proto.output(i);
  if (std::optional<Shape> shape = staticShape(importer.inferredType(name)))
    return shape;
  for (auto [output, type] : llvm::zip(importer.model.proto.graph().output(), importer.model.declared))
    if (output.name() == name)
      return staticShape(&type);
  return std::nullopt;
}

Shape Node::resultShape(unsigned output, unsigned operand, StringRef what, int64_t rank) const {
  std::optional<Shape> shape = wants(output) ? declaredShape(output) : std::nullopt;
  if (!shape)
    fail(what + " (input " + Twine(operand) + ", '" + proto.input(operand) + "') is not known at compile time",
         "where it decides of an output of the model, the output's declared shape is taken, if that is fixed");
  if (rank >= 0 && int64_t(shape->size()) != rank)
    fail("output " + Twine(output) + " is declared with rank " + Twine(shape->size()) + ", expected " + Twine(rank));
  return *shape;
}
