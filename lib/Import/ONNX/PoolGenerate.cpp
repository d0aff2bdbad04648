// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pools element by element: of any rank, type and dilation.

#include "Pool.h"
#include "Taps.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The element of operand 0 that a tap touches.
static Scalar readTap(Body &b, const Tap &tap) {
  Scalars indices = {b.index(0), b.index(1)};
  llvm::append_range(indices, tap.position);
  return b.read(0, indices);
}

Value nibble::onnximport::generateMaxPool(Node &node, Value input, const Window &window, const Shape &shape) {
  return node.generate(shape, node.elementOf(input), input, [&](Body &b) {
    Scalar least = b.least(b.elementOf(0));
    return forEachTap(b, window, 0, {least}, [&](const Tap &tap, ArrayRef<Scalar> best) -> Scalars {
      return {b.max(best[0], readTap(b, tap))};
    })[0];
  });
}

/// Number of an element of operand 0 in the order that MaxPool's indices count.
static Scalar flatIndex(Body &b, ArrayRef<Scalar> position, bool columnMajor) {
  Scalar inner = b.integer(0), area = b.integer(1);
  const unsigned rank = position.size();
  for (unsigned i = 0; i < rank; ++i) {
    const unsigned d = columnMajor ? i : rank - 1 - i;
    inner = b.add(inner, b.mul(position[d], area));
    area = b.mul(area, b.extent(0, 2 + d));
  }
  Scalar plane = b.add(b.mul(b.index(0), b.extent(0, 1)), b.index(1));
  return b.add(b.mul(plane, area), inner);
}

Value nibble::onnximport::generateMaxIndices(Node &node, Value input, const Window &window, const Shape &shape,
                                             bool columnMajor) {
  return node.generate(shape, node.importer.builder.getI64Type(), input, [&](Body &b) {
    Scalars start = {b.least(b.elementOf(0)), b.integer(-1)};
    return forEachTap(b, window, 0, start, [&](const Tap &tap, ArrayRef<Scalar> best) -> Scalars {
      Scalar x = readTap(b, tap);
      // The first tap counts whatever it is; a NaN beats all numbers.
      Scalar wins = b.or_(b.greater(x, best[0]), b.equal(best[1], b.integer(-1)));
      if (x.isFloat())
        wins = b.or_(wins, b.and_(b.isNaN(x), b.not_(b.isNaN(best[0]))));
      return {b.select(wins, x, best[0]), b.select(wins, flatIndex(b, tap.position, columnMajor), best[1])};
    })[1];
  });
}

/// Number of the window's taps inside the padded image, as an f32.
static Scalar countPadded(Body &b, const Window &window) {
  Scalar count = b.integer(1);
  for (unsigned i = 0; i < window.rank(); ++i) {
    Scalar start = b.mul(b.index(2 + i), b.integer(window.strides[i]));
    Scalar room = b.sub(b.add(b.extent(0, 2 + i), b.value(window.low[i] + window.high[i])), start);
    Scalar dilation = b.integer(window.dilations[i]);
    Scalar taps = b.div(b.add(room, b.sub(dilation, b.integer(1))), dilation);
    count = b.mul(count, b.min(b.max(taps, b.integer(0)), b.integer(window.kernel[i])));
  }
  return b.cast(count, b.getF32Type());
}

Value nibble::onnximport::generateAveragePool(Node &node, Value input, const Window &window, const Shape &shape,
                                              bool countPad) {
  return node.generate(shape, node.elementOf(input), input, [&](Body &b) {
    Scalar zero = b.constant(b.getF32Type(), 0), one = b.constant(b.getF32Type(), 1);
    Scalars sum = forEachTap(b, window, 0, {zero, zero}, [&](const Tap &tap, ArrayRef<Scalar> acc) -> Scalars {
      return {b.add(acc[0], readTap(b, tap)), b.add(acc[1], one)};
    });
    return b.div(sum[0], b.max(countPad ? countPadded(b, window) : sum[1], one));
  });
}

Value nibble::onnximport::generateLpPool(Node &node, Value input, const Window &window, const Shape &shape, int64_t p) {
  return node.generate(shape, node.elementOf(input), input, [&](Body &b) {
    Type real = b.getF32Type();
    Scalar exponent = b.constant(real, double(p));
    Scalars sum = forEachTap(b, window, 0, {b.constant(real, 0)}, [&](const Tap &tap, ArrayRef<Scalar> acc) -> Scalars {
      return {b.add(acc[0], b.apply("pow", {b.abs(readTap(b, tap)), exponent}))};
    });
    return b.apply("pow", {sum[0], b.constant(real, 1.0 / double(p))});
  });
}
