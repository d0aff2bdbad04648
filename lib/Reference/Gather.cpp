// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of tables by indices that are found at run time.

#include "Evaluate.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

static int64_t loadIndex(const Tensor &indices, int64_t i) {
  return indices.elementType.isInteger(64) ? indices.as<int64_t>()[i] : indices.as<int32_t>()[i];
}

std::optional<Result> reference::evaluateGather(Operation *operation, Operands operands) {
  auto op = dyn_cast<GatherRowsOp>(operation);
  if (!op)
    return std::nullopt;
  const Tensor &table = *operands[0], &indices = *operands[1];
  SmallVector<int64_t> shape(indices.shape);
  shape.append(table.shape.begin() + 1, table.shape.end());
  auto result = Tensor::allocate(shape, getResultElementType(op));
  if (!result)
    return result;
  const int64_t rows = table.shape.front(), length = table.getCount() / rows;
  for (int64_t i = 0; i < indices.getCount(); ++i) {
    const int64_t index = loadIndex(indices, i);
    const int64_t row = std::clamp<int64_t>(index < 0 ? index + rows : index, 0, rows - 1);
    if (op.getScale()) {
      for (int64_t j = 0; j < length; ++j)
        result->as<float>()[i * length + j] =
            static_cast<float>(table.as<int8_t>()[row * length + j]) * operands[2]->as<float>()[row];
      continue;
    }
    const size_t bytes = table.data.size() / rows;
    std::memcpy(result->data.data() + i * bytes, table.data.data() + row * bytes, bytes);
  }
  return result;
}
