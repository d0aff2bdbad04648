// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How integer results become stored values: the equations of nibble/Support/Numerics.h on vectors.

#ifndef NIBBLE_LIB_KERNELS_BYTEARITH_H
#define NIBBLE_LIB_KERNELS_BYTEARITH_H

#include "KernelBuilder.h"
#include "nibble/Kernels/Convert.h"
#include "nibble/Support/Numerics.h"

namespace nibble {
namespace kernels {

/// Stored values, as i32 lanes with the value that `kind` gives them.
Value widen(KernelBuilder &b, Value stored, ElementKind kind);

/// The low bits of i32 lanes, as `kind` stores them.
Value narrow(KernelBuilder &b, Value lanes, ElementKind kind);

/// f32 lanes of q - zeroPoint.
Value centered(KernelBuilder &b, Value lanes, int32_t zeroPoint);

/// numerics::roundClamp: f32 lanes to i32 lanes in the range. `mayBeNaN` maps a NaN to the zero point.
Value roundClamp(KernelBuilder &b, Value floats, const StoredRange &range, bool mayBeNaN = false);

/// The sum that numerics::addFloat rounds, of i32 lanes of stored values.
Value fusedSum(KernelBuilder &b, const numerics::FloatAddition &addition, Value l, Value r);

/// numerics::requantizeFloat of i32 lanes; `multiplier` has f32 lanes.
Value requantizeFloat(KernelBuilder &b, Value acc, Value multiplier, const StoredRange &range);

/// numerics::requantizeFixed of i32 lanes; `mantissa` and `shift` have i64 lanes.
Value requantizeFixed(KernelBuilder &b, Value acc, Value mantissa, Value shift, const StoredRange &range);

/// Ends a fixed-point equation: clamp(zeroPoint + ((sum + 2^(s-1)) >> s), min, max) of i64 lanes, to i32 lanes.
Value shiftClamp(KernelBuilder &b, Value sum, Value shift, const StoredRange &range);

/// R(acc, scale) in either mode, for one constant scale (which has a fixed-point form in mode Fixed).
Value requantize(KernelBuilder &b, Value acc, float scale, Requant mode, const StoredRange &range);

/// numerics::quantize of f32 lanes, to i32 lanes.
Value quantize(KernelBuilder &b, Value floats, float scale, const StoredRange &range);

/// numerics::dequantize of i32 lanes.
Value dequantize(KernelBuilder &b, Value lanes, float scale, int32_t zeroPoint);

/// i32 sums of the columns from `n` on, of `columns`, as `kind` stores them; `multipliers` are by packMultipliers.
Value requantizeColumns(KernelBuilder &b, Value acc, Value multipliers, Value n, const Extent &columns, Requant mode,
                        const StoredRange &range, ElementKind kind);

/// The same by the one multiplier that all columns share.
Value requantizeShared(KernelBuilder &b, Value acc, Value multiplier, Requant mode, const StoredRange &range,
                       ElementKind kind);

/// What is wrong with the scale and range of stored values of `kind`; empty if nothing.
std::string whyNotScale(float scale, const StoredRange &range, ElementKind kind);

/// What is wrong with a range of stored values of `kind`; empty if nothing.
std::string whyNotRange(const StoredRange &range, ElementKind kind);

/// What is wrong with a multiplier in `mode`; empty if nothing.
std::string whyNotMultiplier(float multiplier, Requant mode);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_BYTEARITH_H
