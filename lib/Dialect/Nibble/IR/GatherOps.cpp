// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifier of rows by indices.

#include "Verify.h"
#include "nibble/Dialect/Nibble/Nibble.h"

using namespace mlir;
using namespace nibble;
using verify::Named;

LogicalResult GatherRowsOp::verify() {
  Named table{"table", getTable()}, result{"result", getResult()};
  if (table.getShape().empty() || table.getShape().front() == 0)
    return emitOpError() << "expected a table of one row or more, got " << formatShape(table.getShape());
  SmallVector<int64_t> shape(getIndices().getType().getShape());
  llvm::append_range(shape, table.getShape().drop_front());
  if (failed(verify::shape(*this, result, shape)))
    return failure();
  if (!getScale())
    return failed(verify::sameElementType(*this, table, result)) ? failure()
                                                                 : verify::perTensor(*this, {table, result});
  if (!table.getElementType().isSignlessInteger(8) || !result.getElementType().isF32())
    return emitOpError() << "expected a table of i8 and a result of f32 beside a scale, got " << table.getElementType()
                         << " and " << result.getElementType();
  return verify::onePer(*this, {"scale", getScale()}, "row", table.getShape().front());
}
