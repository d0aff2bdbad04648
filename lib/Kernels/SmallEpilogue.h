// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From sums in registers to bytes in memory, by integers.

#ifndef NIBBLE_LIB_KERNELS_SMALLEPILOGUE_H
#define NIBBLE_LIB_KERNELS_SMALLEPILOGUE_H

#include "Small.h"

namespace nibble {
namespace kernels {

/// A pixel's sums, of one column each or in one vector, and where its bytes go.
struct SmallPixel {
  Values sums;
  Value output, addend;
};

class SmallEpilogue {
public:
  SmallEpilogue(KernelBuilder &b, const SmallPlan &plan, Value table, Value multipliers);

  Value field(Field field);
  /// The bytes of the columns from `n` on; those before `first` are stored already.
  void store(llvm::ArrayRef<SmallPixel> pixels, Value n, Value first);
  /// Where the multipliers of another group begin.
  void enterGroup(Value firstColumn) { group = firstColumn; }

  /// Whether the clamp is the range of a byte, which instructions have.
  static bool clampsToByte(const ConvParams &params);

private:
  struct Scale {
    Value m, r;
  };
  bool isVector() const { return b.isa.dot == DotKind::Vmladav && plan.tileColumns == 4; }
  Value like(Value value, Value scalar);
  Scale loadScale(Value n, int64_t column);
  void liftSums(llvm::MutableArrayRef<SmallPixel> pixels, llvm::MutableArrayRef<Scale> scales);
  Value requantize(Value sum, Scale scale);
  Value addResidual(Value q, Value addend);
  Value clamp(Value value, Field low, Field high, bool toByte);
  Value loadAddend(Value pointer, int64_t column);
  void storeColumn(Value bytes, Value pointer, int64_t column, Value skipped);

  KernelBuilder &b;
  const SmallPlan &plan;
  const ConvParams &p;
  Value table, lifted, multipliers, group;
};

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_SMALLEPILOGUE_H
