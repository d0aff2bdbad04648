// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From accumulators in registers to stored values (or floats) in memory.

#ifndef NIBBLE_LIB_KERNELS_EPILOGUE_H
#define NIBBLE_LIB_KERNELS_EPILOGUE_H

#include "Instructions.h"
#include "nibble/Kernels/Conv.h"

namespace nibble {
namespace kernels {

/// Multipliers of one vector of columns; `second` is the shift in mode Fixed, the bias where results are scaled.
struct Multiplier {
  Value value, second;
};

/// Requantization, residual addition and packing.
class Epilogue {
public:
  /// `columns`: of a group; shifts and biases lie behind that many multipliers, rounded up to `quantum`.
  Epilogue(KernelBuilder &b, const ConvParams &params, int64_t columns, int64_t quantum)
      : b(b), instructions(Instructions::of(b.isa.arch)), p(params),
        secondOffset((columns + quantum - 1) / quantum * quantum * 4) {}

  Multiplier loadMultiplier(Value pointer, int64_t lanes);

  /// The result less the zero point that packing adds, in i32. `addend`: stored values, one a lane, if there is a
  /// residual.
  Value requantize(Value acc, Multiplier multiplier, Value addend);

  /// Vectors of i32 that make one of the result's elements: four for bytes, two for words.
  int64_t vectorsOfPack() const { return 4 / bytesOf(p.output); }
  /// So many vectors that `requantize` made, as stored values, clamped. Each 128-bit lane has the elements of its
  /// lane of the first vector, then of the second, ...: the order of the pack instructions.
  Value packLanes(llvm::ArrayRef<Value> vectors);
  /// The same, one vector after the other.
  Value packInOrder(llvm::ArrayRef<Value> vectors);

  /// Of a GPU, which has no instructions that saturate while they pack: what `requantize` made, as stored values.
  Value narrow(Value clamped);

  /// Scaled: fl32(fl32(acc * scale) + bias), and the clamp. `row` has the row's scale in each lane, for integers.
  Value scale(Value acc, Multiplier multiplier, Value row);

  /// Sums of an encoded input: its zero point in each lane, and that times the weights' sums at `pointer`.
  Value loadZeroPoint(Value encoding, int64_t lanes);
  Value loadTaken(Value pointer, Value zeroPoint);

  /// Float: the fused clamp.
  Value clampFloat(Value acc);

  /// Elements of the addend at `pointer`.
  Value loadAddend(Value pointer, int64_t lanes) { return b.load(b.vec(lanes, isWords() ? b.i16() : b.i8()), pointer); }

private:
  bool isSigned() const { return p.output != ElementKind::U8; }
  bool isWords() const { return p.output == ElementKind::S16; }
  /// What packing adds: a float addition has its zero point in the sum.
  int32_t zeroPoint() const {
    if (!p.residual)
      return p.outputZeroPoint;
    return p.requant == Requant::Fixed ? p.residual->zeroPoint : 0;
  }
  int32_t low() const { return p.residual ? p.residual->min : p.clampMin; }
  int32_t high() const { return p.residual ? p.residual->max : p.clampMax; }
  /// No f32 clamp is needed before the conversion: saturation while packing is the clamp.
  bool clampsWhilePacking() const {
    return !b.isa.isGPU() && p.requant == Requant::Float && p.multipliersBelowOne && !p.residual &&
           !(isWords() && zeroPoint() != 0);
  }

  Value requantizeFloat(Value acc, Value multiplier);
  Value requantizeFixed(Value acc, Multiplier multiplier);
  Value addResidual(Value q, Value addend);
  Value addResidualFloat(Value q, Value a);
  Value addResidualFixed(Value q, Value a);
  Value clampWide(Value value, int32_t low, int32_t high);
  Value clampF32(Value value, int32_t low, int32_t high);
  Value roundClamped(Value real);
  Value packWords(Value first, Value second);
  Value clampPacked(Value packed);

  KernelBuilder &b;
  const Instructions &instructions;
  const ConvParams &p;
  int64_t secondOffset;
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_EPILOGUE_H
