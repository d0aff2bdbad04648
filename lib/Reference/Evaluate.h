// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the families of the interpreter share: the operations' entry points, requantization and iteration.

#ifndef NIBBLE_LIB_REFERENCE_EVALUATE_H
#define NIBBLE_LIB_REFERENCE_EVALUATE_H

#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Dialect/Nibble/ShapeUtils.h"
#include "nibble/Reference/Tensor.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/Numerics.h"

namespace nibble::reference {

using Operands = llvm::ArrayRef<const Tensor *>;
using Result = llvm::Expected<Tensor>;

/// The value of a constant attribute as a tensor of `elementType`.
Result makeTensor(mlir::ElementsAttr value, mlir::Type elementType);

/// The extents that `attr` gives where the model's dynamic dimensions are `dims`.
llvm::Expected<llvm::SmallVector<int64_t>> evaluateExtents(ExtentsAttr attr, llvm::ArrayRef<int64_t> dims);

/// Executes an operation of each family; null-like `std::nullopt` if `op` is of none.
std::optional<Result> evaluateConversion(mlir::Operation *op, Operands operands);
std::optional<Result> evaluateConvolution(mlir::Operation *op, Operands operands);
std::optional<Result> evaluateMatMul(mlir::Operation *op, Operands operands);
std::optional<Result> evaluatePool(mlir::Operation *op, Operands operands);
std::optional<Result> evaluateNorm(mlir::Operation *op, Operands operands);
std::optional<Result> evaluateRows(mlir::Operation *op, Operands operands);
std::optional<Result> evaluateElementwise(mlir::Operation *op, Operands operands);
std::optional<Result> evaluateMovement(mlir::Operation *op, Operands operands, llvm::ArrayRef<int64_t> dims);
std::optional<Result> evaluateGather(mlir::Operation *op, Operands operands);
std::optional<Result> evaluateInteger(mlir::Operation *op, Operands operands);
std::optional<Result> evaluateScaled(mlir::Operation *op, Operands operands);
std::optional<Result> evaluateSums(mlir::Operation *op, Operands operands);

/// That `multiplier` has no fixed-point form.
llvm::Error makeMultiplierError(float multiplier);

/// The element type of the operation's result.
mlir::Type getResultElementType(mlir::Operation *op);

/// A requantization's last step, with its multiplier in the mode's form.
class Requantizer {
public:
  /// Stored values are clamped to [lo, hi]. An error if `multiplier` has no form in `mode`.
  static llvm::Expected<Requantizer> get(RequantMode mode, float multiplier, int32_t zp, int32_t lo, int32_t hi);
  /// To a quantized type's zero point and range.
  static llvm::Expected<Requantizer> get(RequantMode mode, float multiplier, const QuantParams &to);

  int32_t operator()(int32_t acc) const {
    return mode == RequantMode::Float ? numerics::requantizeFloat(acc, multiplier, zp, lo, hi)
                                      : numerics::requantizeFixed(acc, fixed, zp, lo, hi);
  }

private:
  RequantMode mode;
  float multiplier;
  numerics::FixedMultiplier fixed;
  int32_t zp, lo, hi;
};

/// An addition's last step.
class Adder {
public:
  /// An operand's multiplier and zero point.
  struct Term {
    float scale;
    int32_t zp;
  };
  static llvm::Expected<Adder> get(RequantMode mode, Term lhs, Term rhs, int32_t zp, int32_t lo, int32_t hi);
  /// Of stored values.
  int32_t operator()(int32_t l, int32_t r) const {
    return mode == RequantMode::Float ? numerics::addFloat(l, r, real, lo, hi)
                                      : numerics::addFixed(l - lhsZero, r - rhsZero, fixed, zp, lo, hi);
  }

private:
  RequantMode mode;
  numerics::FloatAddition real;
  numerics::FixedAddition fixed;
  int32_t lhsZero, rhsZero, zp, lo, hi;
};

/// The stored integers less their zero points (of each channel).
std::vector<int32_t> loadCentred(const Tensor &tensor);
std::vector<int32_t> loadCentred(const Tensor &tensor, int32_t zeroPoint);

/// An error if `acc`, computed in i64, does not fit the i32 that targets accumulate in.
llvm::Error checkAccumulator(int64_t acc);

/// The largest storage, in bits, that products may have so that sums of them are exact in i64.
llvm::Error checkFactorWidth(const Tensor &tensor);

/// A result of the same shape and f32 elements.
Result allocateFloat(llvm::ArrayRef<int64_t> shape, mlir::Operation *op);

/// All real operands and results of `op` are f32 or quantized.
llvm::Error checkElementTypes(mlir::Operation *op);

/// Steps along each dimension of `shape` when it is broadcast to `rank` dimensions: 0 where it repeats.
llvm::SmallVector<int64_t> getBroadcastStrides(llvm::ArrayRef<int64_t> shape, size_t rank);

/// Walks `shape` in row-major order and calls `visit(i, a, b)` with the running number and two offsets.
template <typename Visit>
void forEachIndex(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> stridesA, llvm::ArrayRef<int64_t> stridesB,
                  Visit visit) {
  llvm::SmallVector<int64_t> index(shape.size(), 0);
  int64_t count = 1, a = 0, b = 0;
  for (int64_t extent : shape)
    count *= extent;
  for (int64_t i = 0; i < count; ++i) {
    visit(i, a, b);
    for (size_t d = shape.size(); d-- > 0;) {
      a += stridesA[d];
      b += stridesB[d];
      if (++index[d] < shape[d])
        break;
      a -= stridesA[d] * shape[d];
      b -= stridesB[d] * shape[d];
      index[d] = 0;
    }
  }
}

template <typename Visit>
void forEachIndex(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> strides, Visit visit) {
  forEachIndex(shape, strides, strides, [&](int64_t i, int64_t a, int64_t) { visit(i, a); });
}

/// Two operands and the result that they broadcast to.
struct BroadcastOperands {
  const Tensor &lhs, &rhs;
  llvm::SmallVector<int64_t> lhsStrides, rhsStrides;
  Tensor result;

  static llvm::Expected<BroadcastOperands> get(mlir::Operation *op, Operands operands);

  /// Calls `visit(i, a, b)` with the running number of each result and its operands'.
  template <typename Visit>
  void forEach(Visit visit) const {
    forEachIndex(result.shape, lhsStrides, rhsStrides, visit);
  }

  /// Stores what `compute` makes of the operands' values, `left` and `right`.
  void run(llvm::ArrayRef<int32_t> left, llvm::ArrayRef<int32_t> right,
           llvm::function_ref<int32_t(int32_t, int32_t)> compute);
};

} // namespace nibble::reference

#endif // NIBBLE_LIB_REFERENCE_EVALUATE_H
