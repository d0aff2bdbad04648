// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nibble.generate: its program, run for each element.

#include "ScalarProgram.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

/// The result's extents, at run time by `extents`.
static llvm::Expected<SmallVector<int64_t>> getShape(GenerateOp op, Operands inputs) {
  if (!op.getExtents())
    return SmallVector<int64_t>(op.getType().getShape());
  Builder builder(op.getContext());
  SmallVector<Attribute> extents;
  for (const Tensor *input : inputs)
    for (int64_t extent : input->shape)
      extents.push_back(builder.getI64IntegerAttr(extent));
  SmallVector<Attribute> folded;
  SmallVector<int64_t> shape;
  if (succeeded(op.getExtents()->constantFold(extents, folded)))
    for (Attribute extent : folded)
      shape.push_back(cast<IntegerAttr>(extent).getInt());
  if (shape.size() != size_t(op.getType().getRank()) || llvm::any_of(shape, [](int64_t extent) { return extent < 0; }))
    return makeError("expected 'extents' of 0 or more, got " + formatShape(shape));
  return shape;
}

static Result evaluateGenerate(GenerateOp op, Operands inputs) {
  auto shape = getShape(op, inputs);
  if (!shape)
    return shape.takeError();
  auto result = Tensor::allocate(*shape, op.getType().getElementType());
  if (!result)
    return result;
  ScalarProgram program(op.getBody(), *shape, inputs);
  const int64_t count = result->getCount(), bytes = count ? int64_t(result->data.size()) / count : 0;
  SmallVector<int64_t> index(shape->size(), 0);
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t bits = program.run(index).getZExtValue();
    std::memcpy(result->data.data() + i * bytes, &bits, bytes);
    for (size_t d = shape->size(); d-- > 0 && ++index[d] == (*shape)[d];)
      index[d] = 0;
  }
  return result;
}

std::optional<Result> reference::evaluateGenerated(Operation *op, Operands operands) {
  if (auto generate = dyn_cast<GenerateOp>(op))
    return evaluateGenerate(generate, operands);
  return std::nullopt;
}
