// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops over boxes of elements: what all kernels but convolutions and matrix products are made of.

#ifndef NIBBLE_LIB_KERNELS_BOX_H
#define NIBBLE_LIB_KERNELS_BOX_H

#include "KernelBuilder.h"
#include "nibble/Kernels/Elementwise.h"

namespace nibble {
namespace kernels {

/// Where one operand's elements lie; strides in bytes.
struct BoxOperand {
  int64_t elementBytes;
  Extents strides;
  Extent offset = 0; ///< of the first element, for what is aligned
};

/// An iteration space and what it reads and writes.
struct Box {
  Extents shape;
  llvm::SmallVector<BoxOperand, 3> operands;
  int64_t rowTile = 4096; ///< elements of a tile where there is one dimension
  int64_t threadTile = 0; ///< of a row, which a thread of a GPU takes; 0: as many as fill a vector and are aligned

  int64_t rank() const { return shape.size(); }
  Extent length() const { return shape.back(); }
  /// Whether it is known that there is no element.
  bool empty() const;
  /// True if operand `index` lies without gaps along the innermost dimension.
  bool isContiguous(unsigned index) const { return operands[index].strides.back() == operands[index].elementBytes; }
  bool isRepeated(unsigned index) const { return operands[index].strides.back() == 0; }
  /// True if no operand needs a strided access along the innermost dimension.
  bool isVectorizable() const;
};

/// The same box with as few dimensions as the strides allow, at least one.
Box mergeDimensions(Box box);

/// The outermost dimension, or pieces of `box.rowTile` elements where it is the only one. `box` must be merged.
Extent boxTileCount(const Box &box);

/// What the kernel of an ISA is cut into: these tiles, or the items of a GPU, pieces of rows.
Extent boxItemCount(const Box &box, const ISA &isa);

/// The `rowTile` of a box whose elements take `work` elements of input each.
int64_t elementsPerTile(const Extent &work);

/// Emits the loops over tiles, or items, [begin, end) of a merged box. `row` gets the operands' pointers at a row's
/// first element, and the row's length.
void emitBox(KernelBuilder &b, const Box &box, llvm::ArrayRef<Value> pointers, Value begin, Value end,
             llvm::function_ref<void(llvm::ArrayRef<Value> pointers, const Extent &length)> row);

/// The same for a whole box, without tiles.
void emitWholeBox(KernelBuilder &b, const Box &box, llvm::ArrayRef<Value> pointers,
                  llvm::function_ref<void(llvm::ArrayRef<Value> pointers, const Extent &length)> row);

/// Sets a merged box of one operand to `value`, of its element's type.
void emitFillBox(KernelBuilder &b, const Box &box, Value pointer, mlir::TypedAttr value);

/// Emits `body` for all of [0, length): in a loop over `lanes` elements, a power of two where the length is dynamic,
/// and what remains in powers of two.
void emitVectors(KernelBuilder &b, const Extent &length, int64_t lanes,
                 llvm::function_ref<void(int64_t lanes, Value first)> body);

/// The same, divided among the threads of a GPU where several share an item: element by element, as carryOwn does.
void emitShared(KernelBuilder &b, const Extent &length, int64_t lanes,
                llvm::function_ref<void(int64_t lanes, Value first)> body);

/// Emits `body` for the tiles [begin, end) of a kernel whose tiles are the `rows` rows of each of `images` images.
void forEachImageRow(KernelBuilder &b, Value begin, Value end, const Extent &images, const Extent &rows,
                     llvm::function_ref<void(Value image, Value row)> body);

/// The first `count` arguments of a kernel.
llvm::SmallVector<Value> loadArguments(KernelBuilder &b, Value args, unsigned count);

/// `lanes` elements of an operand from element `first` of the row at `pointer` on, as a vector.
Value loadRow(KernelBuilder &b, const Box &box, unsigned operand, Type element, Value pointer, Value first,
              int64_t lanes);
void storeRow(KernelBuilder &b, const Box &box, unsigned operand, Value vector, Value pointer, Value first);

/// i8, i16 or f32.
Type elementType(KernelBuilder &b, ElementKind kind);
/// A stored value as a constant of `kind`'s type.
mlir::TypedAttr storedValue(KernelBuilder &b, ElementKind kind, double value);

/// Texts for keys: `2x3`, and the bits of a float.
std::string spelling(llvm::ArrayRef<Extent> extents);
std::string spelling(float value);
std::string spelling(const StoredRange &range);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_BOX_H
