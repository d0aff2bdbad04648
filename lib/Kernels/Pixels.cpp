// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Pixels.h"
#include "Plan.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static void emitDynamicGroups(KernelBuilder &b, const Extent &number, int64_t atOnce,
                              llvm::function_ref<void(Value, int64_t)> body) {
  const Extent pixels = max(number, 0); // where no window fits there are fewer than none
  b.loop(floorDiv(pixels, atOnce), [&](Value i) { body(b.mul(i, b.constant(atOnce)), atOnce); });
  const Extent rest = mod(pixels, atOnce);
  if (rest == 0)
    return;
  Value all = b.constant(pixels), left = b.constant(rest);
  for (int64_t part = llvm::bit_floor(uint64_t(atOnce - 1)); part >= 1; part /= 2) {
    Value bit = b.create<arith::AndIOp>(left, b.constant(part));
    Value isThere = b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, bit, b.constant(0));
    b.when(isThere, [&] {
      // Those of this bit and of the ones below are still to come.
      Value toCome = b.create<arith::AndIOp>(left, b.constant(2 * part - 1));
      body(b.create<arith::SubIOp>(all, toCome), part);
    });
  }
}

void nibble::kernels::emitPixelGroups(KernelBuilder &b, const Extent &pixels, int64_t atOnce,
                                      llvm::function_ref<void(Value, int64_t)> body) {
  if (!pixels.isStatic())
    return emitDynamicGroups(b, pixels, atOnce, body);
  for (Part part : splitEvenly(pixels.getStatic(), atOnce))
    b.loop(part.count, [&](Value i) { body(b.addMul(b.constant(part.first), i, part.size), part.size); });
}

Value nibble::kernels::atRow(KernelBuilder &b, Value pointer, const Extent &rows, int64_t bytes) {
  return rows.isStatic() ? b.at(pointer, rows + bytes) : b.at(b.at(pointer, rows), bytes);
}
