// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nibble.generate: its program, run for each element.

#include "ScalarProgram.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

static Result evaluateGenerate(GenerateOp op, Operands inputs, ArrayRef<int64_t> dims) {
  llvm::Expected<SmallVector<int64_t>> shape = SmallVector<int64_t>(op.getType().getShape());
  if (ExtentsAttr extents = op.getExtentsAttr())
    shape = evaluateExtents(extents, dims);
  if (!shape)
    return shape.takeError();
  llvm::Error unknown = llvm::Error::success();
  op.getBody().walk([&](ExtentValueOp value) {
    if (!unknown && value.getExtent().getDimCount() > dims.size())
      unknown = makeError("expected values by the " + llvm::Twine(dims.size()) +
                          " dynamic dimensions of the inputs, got " + value.getExtent().str());
  });
  if (unknown)
    return unknown;
  auto result = Tensor::allocate(*shape, op.getType().getElementType());
  if (!result)
    return result;
  ScalarProgram program(op.getBody(), *shape, inputs, dims);
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

std::optional<Result> reference::evaluateGenerated(Operation *op, Operands operands, ArrayRef<int64_t> dims) {
  if (auto generate = dyn_cast<GenerateOp>(op))
    return evaluateGenerate(generate, operands, dims);
  return std::nullopt;
}
