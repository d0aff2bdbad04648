// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise kernels of one and two tensors: float, integer and by table.

#ifndef NIBBLE_KERNELS_ELEMENTWISE_H
#define NIBBLE_KERNELS_ELEMENTWISE_H

#include "nibble/Kernels/Convert.h"

namespace nibble {
namespace kernels {

using Extents = std::vector<Extent>;

/// Bytes from one index to the next of each dimension, row-major without gaps.
Extents denseStrides(llvm::ArrayRef<Extent> shape, int64_t elementBytes);

/// The strides of a dense operand of shape `from` that broadcasts to `to` as in
/// numpy: 0 where it is repeated.
Extents broadcastStrides(llvm::ArrayRef<Extent> from, llvm::ArrayRef<Extent> to, int64_t elementBytes);

//===----------------------------------------------------------------------===//
// Two operands
//===----------------------------------------------------------------------===//

enum class BinaryKind { Add, Sub, Mul, Div, Min, Max, Pow };

/// Float operands and result, or stored values: then Add is `nibble.int_add` and Mul is
/// `nibble.int_mul`, the other kinds do not exist. Any rank; dimensions are
/// merged where the strides allow it, and at most 6 may remain.
struct BinaryParams {
  BinaryKind kind = BinaryKind::Add;
  ElementKind lhs = ElementKind::U8, rhs = ElementKind::U8, output = ElementKind::U8;
  Extents shape; ///< of the result
  Extents lhsStrides, rhsStrides,
      outputStrides; ///< bytes; 0 where an operand broadcasts

  Requant requant = Requant::Float;
  float lhsScale = 1; ///< Mul: its only scale
  float rhsScale = 1;
  int32_t lhsZeroPoint = 0, rhsZeroPoint = 0;
  StoredRange range;
};

std::string whyNoBinary(const BinaryParams &params, const ISA &isa);
std::string binaryKernelName(const BinaryParams &params, const ISA &isa);
std::string binaryKernelKey(const BinaryParams &params);
Extent binaryTileCount(const BinaryParams &params);

/// args: 0 lhs, 1 rhs, 2 the result; the result may be an operand with the same
/// strides.
mlir::func::FuncOp emitBinary(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                              const BinaryParams &params, const ISA &isa);

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

enum class UnaryKind {
  Relu,
  Sigmoid,
  Tanh,
  HardSwish,
  Gelu,
  Silu,
  Softplus,
  Erf,
  Exp,
  Log,
  Sqrt,
  Reciprocal,
  Neg,
  Abs,
  Floor,
  Ceil,
  Round,
  IntToFloat,  ///< i32 to f32, `nibble.int_to_float`
  LeakyRelu,   ///< a = alpha
  Elu,         ///< a = alpha
  HardSigmoid, ///< a = alpha, b = beta
  Clip,        ///< a = min, b = max
  Quantize,    ///< f32 to stored values, `nibble.int_quantize`
  Dequantize,  ///< stored values to f32, `nibble.int_dequantize`
  Requantize,  ///< stored values to stored values, `nibble.int_requantize`
  Lookup,      ///< bytes to bytes by a table, `nibble.int_lookup`
};

/// The function f32 -> f32 whose `nibble` operation is called `name`.
std::optional<UnaryKind> lookupFloatFunction(llvm::StringRef name);

/// How many of `a` and `b` it takes.
unsigned parameterCount(UnaryKind kind);

struct UnaryParams {
  UnaryKind kind = UnaryKind::Relu;
  ElementKind input = ElementKind::F32, output = ElementKind::F32;
  Extents shape;
  Extents inputStrides, outputStrides; ///< bytes
  float a = 0, b = 0;

  float scale = 1;                  ///< Quantize, Dequantize, Requantize
  StoredRange range;                ///< of the bytes, or the resulting ones; Dequantize reads the zero point alone
  Requant requant = Requant::Float; ///< Requantize
  int32_t inputZeroPoint = 0;       ///< Requantize
};

std::string whyNoUnary(const UnaryParams &params, const ISA &isa);
std::string unaryKernelName(const UnaryParams &params, const ISA &isa);
std::string unaryKernelKey(const UnaryParams &params);
Extent unaryTileCount(const UnaryParams &params);

/// args: 0 the input, 1 the result (which may be the input, with the same
/// strides), 2 the table of 256 bytes (Lookup).
mlir::func::FuncOp emitUnary(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef symbol,
                             const UnaryParams &params, const ISA &isa);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_KERNELS_ELEMENTWISE_H
