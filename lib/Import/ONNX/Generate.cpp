// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes that become nibble.generate.

#include "Generate.h"
#include "Broadcast.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

Value Node::plain(unsigned i) {
  Value value = get(i);
  if (!isa<quant::QuantizedType>(elementOf(value)))
    return importer.materialize(proto.input(i));
  return emit<DequantizeOp>(shapeOf(value), importer.builder.getF32Type(), value);
}

Value Node::generate(const Shape &result, Type element, ValueRange operands, llvm::function_ref<Scalar(Body &)> body) {
  auto type = RankedTensorType::get(checkedExtents(result), element);
  auto op = GenerateOp::create(importer.builder, location(), type, operands, extentsOf(result));
  Block &block = op.getBody().emplaceBlock();
  for (size_t i = 0; i < result.size(); ++i)
    block.addArgument(importer.builder.getIndexType(), importer.builder.getUnknownLoc());
  for (Value operand : operands)
    block.addArgument(operand.getType(), importer.builder.getUnknownLoc());
  OpBuilder builder = OpBuilder::atBlockBegin(&block);
  // Only the whole is the node: passes that look for its name find one operation.
  Body b(importer.builder.getUnknownLoc(), builder, op);
  b.setInsertionPointToStart(&block);
  Scalar value = body(b);
  assert(value.type == element && "a program computes elements of its result");
  YieldOp::create(b, value.value);
  return record(op, result);
}

Value Node::elementwise(Type element, ValueRange operands, llvm::function_ref<Scalar(Body &, ArrayRef<Scalar>)> body) {
  Shape result;
  for (Value operand : operands)
    result = broadcastOpen(*this, result, shapeOf(operand));
  return generate(result, element, operands, [&](Body &b) {
    Scalars elements;
    for (auto [n, operand] : llvm::enumerate(operands)) {
      Shape shape = shapeOf(operand);
      const size_t added = result.size() - shape.size();
      // An extent of 1 is known to repeat here; an unknown one that turns out to be 1 does, as reads are clamped.
      Scalars indices;
      for (auto [d, extent] : llvm::enumerate(shape))
        indices.push_back(extent == 1 ? b.integer(0) : b.index(added + d));
      elements.push_back(b.read(n, indices));
    }
    return body(b, elements);
  });
}
