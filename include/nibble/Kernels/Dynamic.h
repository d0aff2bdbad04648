// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantization with scales that are found at run time, one a row.

#ifndef NIBBLE_KERNELS_DYNAMIC_H
#define NIBBLE_KERNELS_DYNAMIC_H

#include "nibble/Kernels/Convert.h"

namespace nibble {
namespace kernels {

/// Rows of f32, each of `lines` pieces without gaps: a row of a matrix is one line, an image one row of H lines.
struct RowsParams {
  Extent rows = 1, lines = 1, length = 1;
  Extent rowPitch = 0, linePitch = 0; ///< bytes
};

/// `nibble.dynamic_scale`. args: 0 the rows, 1 the scales, one behind the other.
/// Where `affine`, `nibble.dynamic_encoding` of one row of one line: 1 the encoding.
struct RowScaleParams : RowsParams {
  bool affine = false;
  int32_t levels = 127;
};

std::string whyNoRowScale(const RowScaleParams &params, const ISA &isa);
std::string rowScaleKernelName(const RowScaleParams &params, const ISA &isa);
std::string rowScaleKernelKey(const RowScaleParams &params);
Extent rowScaleTileCount(const RowScaleParams &params);
mlir::func::FuncOp emitRowScale(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                                const RowScaleParams &params, const ISA &isa);

/// `nibble.dynamic_quantize`. args: 0 the rows, 1 the scales, 2 the bytes.
/// Where `affine`, `nibble.dynamic_encode` of one row to u8: 1 the encoding.
struct RowQuantizeParams : RowsParams {
  bool affine = false;
  ElementKind output = ElementKind::S8;
  /// u8 with a zero point of 128 in place of s8.
  bool centered = false;
  Extent outputRowPitch = 0, outputLinePitch = 0; ///< bytes
};

std::string whyNoRowQuantize(const RowQuantizeParams &params, const ISA &isa);
std::string rowQuantizeKernelName(const RowQuantizeParams &params, const ISA &isa);
std::string rowQuantizeKernelKey(const RowQuantizeParams &params);
Extent rowQuantizeTileCount(const RowQuantizeParams &params);
mlir::func::FuncOp emitRowQuantize(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                                   const RowQuantizeParams &params, const ISA &isa);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_DYNAMIC_H
