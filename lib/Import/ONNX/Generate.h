// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalar programs (nibble.generate) with the types that ONNX has.

#ifndef NIBBLE_LIB_IMPORT_ONNX_GENERATE_H
#define NIBBLE_LIB_IMPORT_ONNX_GENERATE_H

#include "Importer.h"

#include "nibble/Dialect/Nibble/ScalarProgram.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace nibble::onnximport {

/// A scalar of ONNX: `value` has no sign, `type` says how to read it (`i8`, `ui8`, `i1` for a boolean, `f32` ...).
struct Scalar {
  mlir::Value value;
  mlir::Type type;

  bool isFloat() const { return llvm::isa<mlir::FloatType>(type); }
  bool isBool() const { return type.isInteger(1); }
  bool isUnsigned() const { return isBool() || type.isUnsignedInteger(); }
  unsigned width() const { return type.getIntOrFloatBitWidth(); }
};
using Scalars = llvm::SmallVector<Scalar>;

/// Writes the program of one element. Operands of a function have the same type unless it says otherwise; floats of
/// fewer bits than 32 are computed with as f32 and rounded after each step.
class Body : public mlir::ImplicitLocOpBuilder {
public:
  Body(mlir::Location loc, mlir::OpBuilder &builder, GenerateOp op) : ImplicitLocOpBuilder(loc, builder), op(op) {}

  // Where.
  int64_t rank() { return op.getType().getRank(); }
  /// The element's index along dimension `d`, an i64.
  Scalar index(unsigned d);
  /// An extent of operand `n`, an i64.
  Scalar extent(unsigned n, unsigned d);
  /// What the dimensions of the model's inputs decide of, an i64.
  Scalar value(const Dim &dim);
  /// The element of operand `n` at integer scalars; those outside count as the nearest inside.
  Scalar read(unsigned n, llvm::ArrayRef<Scalar> indices);
  mlir::Type elementOf(unsigned n) { return Node::elementOf(op.getInputs()[n]); }

  // Constants.
  Scalar constant(mlir::Type type, double value);
  /// An i64.
  Scalar integer(int64_t value);
  Scalar boolean(bool value);
  /// The least and the largest value of a type; infinities of floats.
  Scalar least(mlir::Type type);
  Scalar largest(mlir::Type type);

  // Arithmetic, modulo 2^width where integers overflow.
  Scalar add(Scalar x, Scalar y);
  Scalar sub(Scalar x, Scalar y);
  Scalar mul(Scalar x, Scalar y);
  /// Of integers towards zero; by zero it is 0.
  Scalar div(Scalar x, Scalar y);
  /// Of integers, with the divisor's sign; by zero it is 0.
  Scalar mod(Scalar x, Scalar y);
  /// Of integers, with the dividend's sign, as C's `%`; by zero it is 0.
  Scalar rem(Scalar x, Scalar y);
  /// x·y + z, of f32 and shorter floats with one rounding.
  Scalar fma(Scalar x, Scalar y, Scalar z);
  Scalar neg(Scalar x);
  Scalar abs(Scalar x);
  /// Of floats, a NaN if one is a NaN.
  Scalar min(Scalar x, Scalar y);
  Scalar max(Scalar x, Scalar y);

  // Comparisons, each a boolean; false where one is a NaN.
  Scalar equal(Scalar x, Scalar y);
  Scalar less(Scalar x, Scalar y);
  Scalar lessOrEqual(Scalar x, Scalar y);
  Scalar greater(Scalar x, Scalar y) { return less(y, x); }
  Scalar greaterOrEqual(Scalar x, Scalar y) { return lessOrEqual(y, x); }
  Scalar isNaN(Scalar x);

  // Booleans and bits of integers.
  Scalar and_(Scalar x, Scalar y);
  Scalar or_(Scalar x, Scalar y);
  Scalar xor_(Scalar x, Scalar y);
  Scalar not_(Scalar x);
  /// By unsigned counts; what is shifted out is lost.
  Scalar shiftLeft(Scalar x, Scalar count);
  Scalar shiftRight(Scalar x, Scalar count);

  // Functions of floats: those below of f32 and shorter ones alone, the others of f64 too.
  Scalar sqrt(Scalar x);
  Scalar floor(Scalar x);
  Scalar ceil(Scalar x);
  /// Halves to even.
  Scalar round(Scalar x);
  Scalar copySign(Scalar x, Scalar sign);
  Scalar apply(llvm::StringRef function, llvm::ArrayRef<Scalar> operands);

  // Control. `x` and `y` of a selection are both computed.
  Scalar select(Scalar condition, Scalar x, Scalar y);
  /// ONNX's Cast: a boolean is whether a number is not 0; a float becomes an integer towards zero, clamped to its
  /// range; to floats of 8 and 4 bits it is clamped to finite values if `saturate`.
  Scalar cast(Scalar x, mlir::Type type, bool saturate = true);
  /// Runs `body` for i64 scalars 0 ... count - 1, which gets and gives `carried`.
  Scalars loop(Scalar count, llvm::ArrayRef<Scalar> carried,
               llvm::function_ref<Scalars(Scalar index, llvm::ArrayRef<Scalar> carried)> body);
  Scalars branch(Scalar condition, llvm::function_ref<Scalars()> then, llvm::function_ref<Scalars()> otherwise);

  /// `i` counted from the end of `extent` where it is negative; both are i64.
  Scalar fromEnd(Scalar i, Scalar extent);

private:
  /// The type that floats of `type` are computed with.
  mlir::Type computeType(mlir::Type type);
  /// `x` as its compute type has it, and back.
  mlir::Value widen(Scalar x);
  Scalar narrow(mlir::Value value, mlir::Type type);
  template <typename Float, typename Signed, typename Unsigned = Signed>
  Scalar binary(Scalar x, Scalar y);
  template <typename Op>
  Scalar unary(Scalar x);
  Scalar compare(mlir::arith::CmpFPredicate real, mlir::arith::CmpIPredicate isSigned,
                 mlir::arith::CmpIPredicate isUnsigned, Scalar x, Scalar y);
  mlir::Value castFloat(mlir::Value value, mlir::Type from, mlir::Type to, bool saturate);
  mlir::Value castInteger(Scalar x, mlir::Type to);

  GenerateOp op;
};

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_GENERATE_H
