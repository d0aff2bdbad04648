// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The type of a value in memory.

#ifndef UKERNEL_TYPES
#define UKERNEL_TYPES

include "mlir/IR/AttrTypeBase.td"
include "UKernelDialect.td"

def UKernel_BufferType : TypeDef<UKernel_Dialect, "Buffer"> {
  let mnemonic = "buffer";
  let summary = "Value in memory: a shape, an element type and a layout";
  let description = [{
    Elements lie in row-major order, images as N, H, W, C. A buffer with a `capacity` has memory for so many positions
    along dimension `axis`, and the value is the first of them: what grows along it does not move (docs/state.md).
    An extent in brackets is a polynomial of the model's dynamic dimensions d0, d1, …, known when it runs.
    An image may have a `halo`: so many pixels at its top, left, bottom and right that are not part of the
    value, but which its producer leaves filled with `fill` for the windows of its consumers. Each element has whole
    bytes: of fewer bits than 8 it is the low bits of one.

    ```mlir
    !ukernel.buffer<1x56x56x64xui8>
    !ukernel.buffer<1x56x56x64xui8, halo = [1, 1, 1, 1], fill = 128>
    !ukernel.buffer<1x12x[d1]x[d0 + d1]xf32>
    !ukernel.buffer<1x4x[d0]x8xf32, capacity = 512, axis = 2>
    ```

    * C1: extents are not negative, elements are those of `nibble.generate`: integers of 1, 2, 4, 8, 16, 32 or 64 bits or floats.
    * C2: a halo has four counts, none negative, and its buffer four dimensions.
    * C3: a capacity is a number, at least the extent along its axis as far as that is known, without a halo beside it.
    * C4: `fill` is 0 for floats, else it lies in the element type's range.
    * C5: the memory, with halo and capacity, has at most 2^47 bytes, as far as that is known.
  }];
  let parameters = (ins ArrayRefParameter<"::nibble::Extent">:$shape, "::mlir::Type":$elementType,
      ArrayRefParameter<"int64_t">:$halo, "int64_t":$fill, "int64_t":$capacity, "int64_t":$axis);
  let builders = [
    TypeBuilderWithInferredContext<(ins "::llvm::ArrayRef<::nibble::Extent>":$shape, "::mlir::Type":$elementType), [{
      return $_get(elementType.getContext(), shape, elementType, ::llvm::ArrayRef<int64_t>(), int64_t(0),
                   int64_t(0), int64_t(-1));
    }]>,
    TypeBuilderWithInferredContext<(ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$elementType), [{
      return $_get(elementType.getContext(), ::nibble::toExtents(shape), elementType, ::llvm::ArrayRef<int64_t>(),
                   int64_t(0), int64_t(0), int64_t(-1));
    }]>];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getRank() const { return getShape().size(); }
    ::nibble::Extent getDim(unsigned i) const { return getShape()[i]; }
    /// Whether all extents are known.
    bool hasStaticShape() const { return ::nibble::areStatic(getShape()); }
    ::nibble::Extent getNumElements() const;
    /// Bytes of one element.
    int64_t getElementBytes() const;
    bool hasHalo() const { return !getHalo().empty(); }
    int64_t getTop() const { return hasHalo() ? getHalo()[0] : 0; }
    int64_t getLeft() const { return hasHalo() ? getHalo()[1] : 0; }
    int64_t getBottom() const { return hasHalo() ? getHalo()[2] : 0; }
    int64_t getRight() const { return hasHalo() ? getHalo()[3] : 0; }
    bool hasCapacity() const { return getAxis() >= 0; }
    /// Neither halo nor capacity: the elements lie one after another.
    bool isPlain() const;
    /// Elements from an index to the next, for each dimension.
    ::llvm::SmallVector<::nibble::Extent> getStrides() const;
    /// Elements from the start of the memory to the value's first.
    ::nibble::Extent getOrigin() const;
    /// Bytes of the memory, with what lies between the elements.
    ::nibble::Extent getBytes() const;
    /// The same shape and elements without halo and capacity.
    BufferType getPlain() const;
    BufferType withHalo(::llvm::ArrayRef<int64_t> halo, int64_t fill) const;
    BufferType withCapacity(int64_t capacity, int64_t axis) const;
  }];
}

def UKernel_Buffer : Type<CPred<"::llvm::isa<::nibble::ukernel::BufferType>($_self)">, "buffer",
                          "::nibble::ukernel::BufferType">, BuildableType<"">;

#endif // UKERNEL_TYPES
