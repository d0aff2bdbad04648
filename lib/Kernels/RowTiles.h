// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles of the rows of matrices, in a batch of such: what products of two values are cut into.

#ifndef NIBBLE_LIB_KERNELS_ROWTILES_H
#define NIBBLE_LIB_KERNELS_ROWTILES_H

#include "Box.h"

namespace nibble {
namespace kernels {

/// The operands' pointers at matrix number `batch`. `box` is merged.
Values enterBatch(KernelBuilder &b, const Box &box, ValueRange pointers, Value batch);

/// Emits `body` for tile `tile` of the `rows` rows of a matrix: with its first row, and the number of its rows. Of a
/// last tile of a dynamic number the body has parts, of powers of two; so `tileRows` is one.
void emitRowTile(KernelBuilder &b, const Extent &rows, int64_t tileRows, Value tile,
                 llvm::function_ref<void(Value first, int64_t count)> body);

/// A row that a tile has whole, and of which an item of a GPU has a piece of at most `size` elements, a power of two.
class RowPieces {
public:
  RowPieces(const ISA &isa, const Extent &length, int64_t size) : length(length), size(isa.isGPU() ? size : 0) {}

  /// What each row makes of the kernel's tiles.
  Extent count() const { return size ? ceilDiv(length, size) : Extent(1); }
  /// The number of the piece, which is the last digit of the item's; nothing where rows stay whole.
  Value take(KernelBuilder &b, Value &item) const { return size ? b.takeDigit(item, count()) : Value(); }
  /// emitVectors of the row, or of its piece.
  void emit(KernelBuilder &b, Value piece, int64_t lanes,
            llvm::function_ref<void(int64_t lanes, Value first)> body) const;

private:
  Extent length;
  int64_t size;
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_ROWTILES_H
