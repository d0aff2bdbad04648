// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A thread's part of a matrix product: some rows by neighbouring columns, four k at a time.

#ifndef NIBBLE_LIB_KERNELS_CUDA_FOURSTEPS_H
#define NIBBLE_LIB_KERNELS_CUDA_FOURSTEPS_H

#include "../KernelBuilder.h"
#include "nibble/Kernels/Rows.h"

namespace nibble {
namespace kernels {

class FourSteps {
public:
  /// The zero points are i32, of bytes.
  FourSteps(KernelBuilder &b, const BatchMatMulParams &params, Value lhsZero, Value rhsZero)
      : b(b), p(params), lhsZero(lhsZero), rhsZero(rhsZero) {}

  /// Floats, or bytes on either side.
  static bool serves(const BatchMatMulParams &params);

  /// Adds the products of the first 4 * `trips` k to `accs`, a vector of columns for each row. `lhs` points to the
  /// first row, `rhs` to the first column.
  Values emit(Value lhs, Value rhs, int64_t trips, ValueRange accs);

private:
  bool isFloat() const { return p.lhs == ElementKind::F32; }
  /// Whether an operand's zero point is other than 0, so that the other operand's values are added up too.
  bool hasLhsZero() const { return !isFloat() && (p.lhsEncoded || p.lhsZeroPoint != 0); }
  bool hasRhsZero() const { return !isFloat() && (p.rhsEncoded || p.rhsZeroPoint != 0); }
  Values load(Value pointer, const Extent &pitch, int64_t rows, Type type);
  Values multiplyFloats(const Values &lhs, const Values &rhs, ValueRange accs);
  Values multiplyBytes(const Values &lhs, const Values &rhs, ValueRange carried);
  /// What the zero points make of the sums of `carried`.
  Values center(int64_t rows, int64_t trips, Values carried);
  /// The four bytes of each column as a lane.
  Value transpose(const Values &rows);
  /// acc += the products of the four bytes of each lane.
  Value dot(Value lhs, Value rhs, Value acc);

  KernelBuilder &b;
  const BatchMatMulParams &p;
  Value lhsZero, rhsZero;
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_CUDA_FOURSTEPS_H
