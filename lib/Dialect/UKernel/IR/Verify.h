// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks that many verifiers share. Each says what it expected and what it found.

#ifndef NIBBLE_LIB_DIALECT_UKERNEL_IR_VERIFY_H
#define NIBBLE_LIB_DIALECT_UKERNEL_IR_VERIFY_H

#include "nibble/Dialect/UKernel/UKernel.h"

namespace nibble::ukernel {

inline bool isByte(BufferType type) { return type.getElementType().isInteger(8); }
/// A byte or a 16-bit value.
inline bool isStored(BufferType type) { return isByte(type) || type.getElementType().isInteger(16); }
inline bool isFloat(BufferType type) { return type.getElementType().isF32(); }

/// Whether extents are equal, as far as that shows: where a run requires what the dimensions alone do not tell, it
/// checks.
inline bool areCompatible(const Extent &a, const Extent &b) { return (a - b).getStaticOr(0) == 0; }
inline bool areCompatible(llvm::ArrayRef<Extent> a, llvm::ArrayRef<Extent> b) {
  return a.size() == b.size() &&
         llvm::all_of(llvm::zip(a, b), [](auto pair) { return areCompatible(std::get<0>(pair), std::get<1>(pair)); });
}

mlir::LogicalResult verifySameShape(mlir::Operation *op, BufferType input, BufferType result);
mlir::LogicalResult verifySameElements(mlir::Operation *op, BufferType input, BufferType result);
mlir::LogicalResult verifyImage(mlir::Operation *op, BufferType type, llvm::StringRef what);
mlir::LogicalResult verifySame(mlir::Operation *op, BufferType input, BufferType result);
mlir::LogicalResult verifyFloats(mlir::Operation *op, BufferType input, BufferType result);
mlir::LogicalResult verifyBytes(mlir::Operation *op, BufferType input, BufferType result);
mlir::LogicalResult verifyKind(mlir::Operation *op, BufferType input, BufferType result);
mlir::LogicalResult verifyPermuted(mlir::Operation *op, BufferType input, BufferType result,
                                   llvm::ArrayRef<int64_t> permutation);
mlir::LogicalResult verifyCount(mlir::Operation *op, llvm::StringRef name, size_t expected, size_t actual);

/// Input and result are images under a window of two extents, strides and, where the operation has them, dilations.
template <typename OpTy>
mlir::LogicalResult verifyWindow(OpTy op) {
  if (mlir::failed(verifyImage(op, op.getInput().getType(), "an input")) ||
      mlir::failed(verifyImage(op, op.getType(), "a result")) ||
      mlir::failed(verifyCount(op, "kernel", 2, op.getKernel().size())) ||
      mlir::failed(verifyCount(op, "strides", 2, op.getStrides().size())))
    return mlir::failure();
  return verifyCount(op, "pads", 4, op.getPads().size());
}

template <typename OpTy>
mlir::LogicalResult verifyDilatedWindow(OpTy op) {
  return mlir::failed(verifyWindow(op)) ? mlir::failure() : verifyCount(op, "dilations", 2, op.getDilations().size());
}

mlir::LogicalResult verifyPlain(mlir::Operation *op, BufferType type);
/// An encoding: plain, a scale and a zero point.
mlir::LogicalResult verifyEncoding(mlir::Operation *op, BufferType type);

} // namespace nibble::ukernel

#endif // NIBBLE_LIB_DIALECT_UKERNEL_IR_VERIFY_H
