// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Buffers as the kernel library describes them.

#ifndef NIBBLE_DIALECT_UKERNEL_KERNELS_H
#define NIBBLE_DIALECT_UKERNEL_KERNELS_H

#include "nibble/Dialect/UKernel/UKernel.h"

namespace nibble::ukernel {

/// i32, which kernels only move, is as f32.
kernels::ElementKind getKind(BufferType type);

/// Bytes from an index to the next, for each dimension.
kernels::Extents getByteStrides(BufferType type);

/// Of an image.
kernels::ImagePitch getPitch(BufferType type);

kernels::Requant getRequant(bool fixed);

/// The bits of `value` as `type` stores it.
uint64_t getStoredBits(mlir::Type type, double value);

/// The value whose memory `value` is a view of, or itself.
mlir::Value getViewed(mlir::Value value);

/// The kernel that fills the border of a buffer with a halo; its one argument is the buffer's first element.
kernels::HaloParams getHaloParams(BufferType type);

/// `permutation`, or the identity where that is empty.
llvm::SmallVector<int64_t> getPermutation(llvm::ArrayRef<int64_t> permutation, int64_t rank);

kernels::ConvParams getConvParams(ConvOp op);

/// The columns of `input`'s matrices, packed (`ukernel.pack_columns`).
BufferType getPackedType(BufferType input);

/// The first elements of `values`, null for null.
void addOrigins(llvm::ArrayRef<mlir::Value> values, llvm::SmallVectorImpl<KernelArgument> &arguments);

/// What convolutions and pools have in common.
template <typename Params, typename Op>
void setWindow(Params &params, Op op) {
  BufferType input = op.getInput().getType(), result = op.getType();
  params.input = getKind(input);
  params.output = getKind(result);
  params.C = input.getDim(3).getStatic();
  params.KH = op.getKernel()[0];
  params.KW = op.getKernel()[1];
  params.strideH = op.getStrides()[0];
  params.strideW = op.getStrides()[1];
  params.in = getPitch(input);
  params.out = getPitch(result);
}

/// Extents of images that kernels do not want padded, and where the images lie.
template <typename Params, typename Op>
void setImages(Params &params, Op op) {
  BufferType input = op.getInput().getType(), result = op.getType();
  params.images = result.getDim(0);
  params.H = input.getDim(1);
  params.W = input.getDim(2);
  params.outputH = result.getDim(1);
  params.outputW = result.getDim(2);
  params.padTop = op.getPads()[0];
  params.padLeft = op.getPads()[1];
  params.inImage = getByteStrides(input)[0];
  params.outImage = getByteStrides(result)[0];
}

} // namespace nibble::ukernel

#endif // NIBBLE_DIALECT_UKERNEL_KERNELS_H
