// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops over the taps of a sliding window.

#include "Taps.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Whether each position lies inside operand `n`'s spatial extents.
static Scalar isInside(Body &b, unsigned n, ArrayRef<Scalar> position) {
  Scalar inside = b.boolean(true);
  for (auto [i, p] : llvm::enumerate(position))
    inside = b.and_(inside, b.and_(b.greaterOrEqual(p, b.integer(0)), b.less(p, b.extent(n, 2 + i))));
  return inside;
}

static Scalars kernelCounts(Body &b, const Window &window) {
  return llvm::map_to_vector(window.kernel, [&](int64_t count) { return b.integer(count); });
}

Scalars nibble::onnximport::forEachTap(Body &b, const Window &window, unsigned n, ArrayRef<Scalar> carried,
                                       TapBody body) {
  return loopNest(b, kernelCounts(b, window), carried, [&](ArrayRef<Scalar> offset, ArrayRef<Scalar> carried) {
    Tap tap = {Scalars(offset), {}};
    for (unsigned i = 0; i < window.rank(); ++i) {
      Scalar start = b.sub(b.mul(b.index(2 + i), b.integer(window.strides[i])), b.value(window.low[i]));
      tap.position.push_back(b.add(start, b.mul(tap.offset[i], b.integer(window.dilations[i]))));
    }
    return b.branch(isInside(b, n, tap.position), [&] { return body(tap, carried); }, [&] { return Scalars(carried); });
  });
}

Scalars nibble::onnximport::forEachSource(Body &b, const Window &window, unsigned n, ArrayRef<Scalar> carried,
                                          TapBody body) {
  return loopNest(b, kernelCounts(b, window), carried, [&](ArrayRef<Scalar> offset, ArrayRef<Scalar> carried) {
    Tap tap = {Scalars(offset), {}};
    Scalar hits = b.boolean(true);
    for (unsigned i = 0; i < window.rank(); ++i) {
      Scalar stride = b.integer(window.strides[i]), shifted = b.add(b.index(2 + i), b.value(window.low[i]));
      Scalar ahead = b.sub(shifted, b.mul(tap.offset[i], b.integer(window.dilations[i])));
      hits = b.and_(hits, b.and_(b.greaterOrEqual(ahead, b.integer(0)), b.equal(b.rem(ahead, stride), b.integer(0))));
      tap.position.push_back(b.div(ahead, stride));
    }
    hits = b.and_(hits, isInside(b, n, tap.position));
    return b.branch(hits, [&] { return body(tap, carried); }, [&] { return Scalars(carried); });
  });
}

Value nibble::onnximport::dequantized(Node &node, Value value) {
  if (!isa<quant::QuantizedType>(node.elementOf(value)))
    return value;
  return node.emit<DequantizeOp>(node.shapeOf(value), node.importer.builder.getF32Type(), value);
}
