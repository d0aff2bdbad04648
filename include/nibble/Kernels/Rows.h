// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that work on rows: softmax, norms, reductions, matrix products of two
// run-time operands.

#ifndef NIBBLE_KERNELS_ROWS_H
#define NIBBLE_KERNELS_ROWS_H

#include "nibble/Kernels/Elementwise.h"

namespace nibble {
namespace kernels {

/// An operand of a kernel that computes with reals: f32, or stored values that are dequantized, or quantized, on their
/// way.
struct RealOperand {
  ElementKind kind = ElementKind::F32;
  float scale = 1;   ///< of stored values
  StoredRange range; ///< of stored values; dequantizing reads the zero point alone
};

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// Lines along `axis`.
struct LineParams {
  Extents shape;
  int64_t axis = 0;
  Extents inputStrides, outputStrides; ///< bytes
};

/// As `nibble.softmax`, in floats.
struct SoftmaxParams : LineParams {
  RealOperand input, output;
  float scale = 1;
  bool masked = false;
  Extents maskStrides; ///< bytes; 0 where the mask broadcasts
};

std::string whyNoSoftmax(const SoftmaxParams &params, const ISA &isa);
std::string softmaxKernelName(const SoftmaxParams &params, const ISA &isa);
std::string softmaxKernelKey(const SoftmaxParams &params);
Extent softmaxTileCount(const SoftmaxParams &params);

/// args: the input, the mask if there is one (f32), the result, which may be the input with the same kind and strides.
mlir::func::FuncOp emitSoftmax(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                               const SoftmaxParams &params, const ISA &isa);

/// From bytes to bytes, as `nibble.int_softmax`.
struct IntSoftmaxParams : LineParams {
  ElementKind input = ElementKind::U8, output = ElementKind::U8;
  float scale = 256; ///< 1 / scale of the result
  StoredRange range;
};

std::string whyNoIntSoftmax(const IntSoftmaxParams &params, const ISA &isa);
std::string intSoftmaxKernelName(const IntSoftmaxParams &params, const ISA &isa);
std::string intSoftmaxKernelKey(const IntSoftmaxParams &params);
Extent intSoftmaxTileCount(const IntSoftmaxParams &params);

/// The exponentials of numerics::softmaxTable as this kernel reads them, the smallest first.
std::vector<int32_t> packSoftmaxTable(float inputScale);

/// args: 0 the input, 1 the exponentials by packSoftmaxTable, 2 the result, which may be the input with the same
/// strides.
mlir::func::FuncOp emitIntSoftmax(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                                  const IntSoftmaxParams &params, const ISA &isa);

//===----------------------------------------------------------------------===//
// Norms
//===----------------------------------------------------------------------===//

/// As `nibble.norm`, in floats; the elements of a row are contiguous.
struct NormParams {
  bool centered = true;                ///< `layer`; else `rms`
  Extents rows;                        ///< extents of the dimensions before the rows'
  Extent length = 1;                   ///< elements of a row
  Extents inputStrides, outputStrides; ///< bytes, of `rows`
  RealOperand input, output;
  bool scale = false, bias = false;
  float epsilon = 0;
};

std::string whyNoNorm(const NormParams &params, const ISA &isa);
std::string normKernelName(const NormParams &params, const ISA &isa);
std::string normKernelKey(const NormParams &params);
Extent normTileCount(const NormParams &params);

/// args: the input, the scale and the bias if there are such (f32), the result, which may be the input with the same
/// kind and strides.
mlir::func::FuncOp emitNorm(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                            const NormParams &params, const ISA &isa);

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

enum class ReductionKind { Sum, Mean, Max, Min, Prod };

/// By the name in `nibble.reduce`; none if there is no such.
std::optional<ReductionKind> lookupReductionKind(llvm::StringRef name);

/// f32; the result has the dimensions that are not in `axes`.
struct ReductionParams {
  ReductionKind kind = ReductionKind::Sum;
  Extents shape;
  Extents inputStrides;      ///< bytes
  std::vector<int64_t> axes; ///< sorted
  Extents outputStrides;     ///< bytes; of the dimensions that stay
};

std::string whyNoReduction(const ReductionParams &params, const ISA &isa);
std::string reductionKernelName(const ReductionParams &params, const ISA &isa);
std::string reductionKernelKey(const ReductionParams &params);
Extent reductionTileCount(const ReductionParams &params);

/// args: 0 the input, 1 the result.
mlir::func::FuncOp emitReduction(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                                 const ReductionParams &params, const ISA &isa);

//===----------------------------------------------------------------------===//
// Matrix product, both operands at run time
//===----------------------------------------------------------------------===//

/// result[b..., m, n] = bias[n] + sum_k lhs[b..., m, k] * rhs[b..., k, n]; all
/// f32, or bytes as `nibble.int_matmul`.
struct BatchMatMulParams {
  ElementKind lhs = ElementKind::F32, rhs = ElementKind::F32, output = ElementKind::F32;
  Extent M = 1, K = 1, N = 1;
  Extents batch; ///< leading extents of the result
  Extents lhsBatchStrides, rhsBatchStrides,
      outputBatchStrides; ///< bytes; 0 where an operand broadcasts
  Extent lhsRow = 0, rhsRow = 0,
         outputRow = 0; ///< bytes from one row to the next; columns are contiguous
  bool bias = false;    ///< float only; integers always have one

  /// The sums of bytes as they are, i32 (the kind F32 has their size).
  bool sums = false;
  /// Of sums: the operand's zero point is found at run time.
  bool lhsEncoded = false, rhsEncoded = false;

  Requant requant = Requant::Float;
  int32_t lhsZeroPoint = 0, rhsZeroPoint = 0;
  StoredRange range;
  /// Of integers: all columns share one bias and one multiplier.
  bool sharedColumn = false;
};

std::string whyNoBatchMatMul(const BatchMatMulParams &params, const ISA &isa);
std::string batchMatMulKernelName(const BatchMatMulParams &params, const ISA &isa);
std::string batchMatMulKernelKey(const BatchMatMulParams &params);
Extent batchMatMulTileCount(const BatchMatMulParams &params);

/// Multipliers as this kernel and ConvTranspose.h's read them, in either mode.
std::vector<char> packMultipliers(llvm::ArrayRef<float> multipliers, Requant requant);

/// args: 0 lhs, 1 rhs, 2 the result, 3 the bias (N values, or the shared one, f32 or i32; unused
/// without one), 4 the multipliers by packMultipliers, as many (integers only); of sums
/// 3 the lhs's and 4 the rhs's encoding (scale and zero point, f32), if there is one.
mlir::func::FuncOp emitBatchMatMul(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                                   const BatchMatMulParams &params, const ISA &isa);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_ROWS_H
