// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RowTiles.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

Values nibble::kernels::enterBatch(KernelBuilder &b, const Box &box, ValueRange pointers, Value batch) {
  Values moved(pointers);
  for (int64_t d = box.rank() - 1; d >= 0; --d) {
    Value extent = b.constant(box.shape[d]);
    Value index = d == 0 ? batch : b.create<arith::RemUIOp>(batch, extent);
    for (auto [pointer, operand] : llvm::zip(moved, box.operands))
      pointer = b.at(pointer, b.mul(index, b.constant(operand.strides[d])));
    if (d > 0)
      batch = b.create<arith::DivUIOp>(batch, extent);
  }
  return moved;
}

/// Fewer rows than a tile has, by the bits of their number.
static void emitLastRows(KernelBuilder &b, const Extent &rest, int64_t tileRows, Value first,
                         llvm::function_ref<void(Value, int64_t)> body) {
  if (rest.isStatic())
    return body(first, rest.getStatic());
  Value all = b.constant(rest);
  for (int64_t count = tileRows / 2; count >= 1; count /= 2) {
    Value left = b.create<arith::AndIOp>(all, b.constant(2 * count - 1));
    b.when(b.create<arith::CmpIOp>(arith::CmpIPredicate::uge, left, b.constant(count)),
           [&] { body(b.add(first, b.create<arith::SubIOp>(all, left)), count); });
  }
}

void nibble::kernels::emitRowTile(KernelBuilder &b, const Extent &rows, int64_t tileRows, Value tile,
                                  llvm::function_ref<void(Value, int64_t)> body) {
  Value first = b.mul(tile, b.constant(tileRows));
  const Extent full = floorDiv(rows, tileRows), rest = mod(rows, tileRows);
  if (rest == 0)
    return body(first, tileRows);
  if (full == 0)
    return emitLastRows(b, rest, tileRows, first, body);
  b.whenElse(
      b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, tile, b.constant(full)), [&] { body(first, tileRows); },
      [&] { emitLastRows(b, rest, tileRows, first, body); });
}

void RowPieces::emit(KernelBuilder &b, Value piece, int64_t lanes,
                     llvm::function_ref<void(int64_t, Value)> body) const {
  if (!size)
    return emitVectors(b, length, lanes, body);
  emitRowTile(b, length, size, piece, [&](Value first, int64_t count) {
    emitVectors(b, count, size, [&](int64_t part, Value i) { body(part, b.add(first, i)); });
  });
}
