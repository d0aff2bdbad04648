// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// QuantizeLinear and DequantizeLinear of what no quantized type says: scales that are known at run time or belong to
// blocks, and stored types other than bytes and 16-bit integers round zero.

#include "Generate.h"
#include "Quant.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// Where an element's scale and zero point stand.
struct Grid {
  int64_t axis = 0, block = 0;
  bool isSingle = false; ///< one for all

  /// The index of the current element's in operand `n`.
  Scalars indices(Body &b, int64_t rank) const {
    Scalars result;
    if (block == 0)
      return isSingle ? result : Scalars{b.index(axis)};
    for (int64_t d = 0; d < rank; ++d)
      result.push_back(d == axis ? b.div(b.index(d), b.integer(block)) : b.index(d));
    return result;
  }
};
} // namespace

/// Checks the shapes of scale and zero point against the tensor's.
static Grid readGrid(Node &node, const Shape &shape, const Shape &scales) {
  Grid grid;
  std::optional<Dim> count = product(scales);
  grid.isSingle = count && *count == 1;
  grid.block = grid.isSingle ? 0 : node.getInt("block_size", 0);
  if (grid.isSingle)
    return grid;
  grid.axis = node.axis(node.getInt("axis", 1), shape.size());
  if (grid.block < 0)
    node.fail("attribute 'block_size' is " + Twine(grid.block) + ", expected 0 or more");
  Shape expected = shape;
  if (grid.block == 0)
    expected = {shape[grid.axis]};
  else if (shape[grid.axis].isStatic())
    expected[grid.axis] = llvm::divideCeil(shape[grid.axis].getStatic(), grid.block);
  if (scales != expected)
    node.fail("has scales of shape " + node.importer.symbols.print(scales) + ", expected " +
              node.importer.symbols.print(expected));
  return grid;
}

/// A tensor of one element as a scalar: so an operand's only element needs no index.
static Value flatten(Node &node, Value value, const Grid &grid) {
  return grid.isSingle ? node.reshape(value, {}) : value;
}

/// Integers become floats without loss, but for those of 32 bits.
static Scalar readAsFloat(Body &b, unsigned operand, const Scalars &indices) {
  return b.cast(b.read(operand, indices), b.getF32Type());
}

static Scalars allIndices(Body &b) {
  Scalars indices;
  for (int64_t d = 0; d < b.rank(); ++d)
    indices.push_back(b.index(d));
  return indices;
}

void nibble::onnximport::dequantizeAny(Node &node) {
  Value input = node.get(0), scale = node.real(1);
  Type real = node.importer.builder.getF32Type(), stored = node.elementOf(input);
  if (isa<quant::QuantizedType>(stored))
    node.fail("input 0 ('" + node.proto.input(0) + "') was quantized by a scale that is constant, and this one is not");
  Shape shape = node.shapeOf(input);
  Grid grid = readGrid(node, shape, node.shapeOf(scale));
  SmallVector<Value> operands = {input, flatten(node, scale, grid)};
  const bool hasZeroPoint = node.has(2) && isa<IntegerType>(stored);
  if (hasZeroPoint && node.typeOf(2) != stored)
    node.fail("input 0 and its zero point have unlike types");
  if (hasZeroPoint)
    operands.push_back(flatten(node, node.get(2), grid));
  node.set(0, node.generate(shape, real, operands, [&](Body &b) {
    Scalars where = grid.indices(b, b.rank());
    Scalar value = readAsFloat(b, 0, allIndices(b));
    if (hasZeroPoint)
      value = b.sub(value, readAsFloat(b, 2, where));
    return b.mul(value, b.read(1, where));
  }));
}

/// clamp(rint(x) + z, least, largest); of a NaN z. `zero` is null if there is no zero point.
static Scalar storeInteger(Body &b, Scalar x, std::optional<Scalar> zero, Type stored) {
  Scalar offset = zero.value_or(b.constant(x.type, 0));
  Scalar value = b.select(b.isNaN(x), offset, b.add(b.round(x), offset));
  Scalar low = b.cast(b.least(stored), x.type), high = b.cast(b.largest(stored), x.type);
  return b.cast(b.cast(b.min(b.max(value, low), high), b.getI32Type()), stored);
}

void nibble::onnximport::quantizeAny(Node &node, Type stored) {
  Value input = node.real(0), scale = node.real(1);
  if (isa<quant::QuantizedType>(node.elementOf(input)))
    node.fail("input 0 ('" + node.proto.input(0) + "') is quantized already");
  Shape shape = node.shapeOf(input);
  Grid grid = readGrid(node, shape, node.shapeOf(scale));
  SmallVector<Value> operands = {input, flatten(node, scale, grid)};
  // Of floats of 8 bits it is zero.
  const bool hasZeroPoint = node.has(2) && (isa<IntegerType>(stored) || stored.getIntOrFloatBitWidth() < 8);
  if (hasZeroPoint)
    operands.push_back(flatten(node, node.get(2), grid));
  node.set(0, node.generate(shape, stored, operands, [&](Body &b) {
    Scalars where = grid.indices(b, b.rank());
    Scalar value = b.div(b.read(0, allIndices(b)), b.read(1, where));
    std::optional<Scalar> zero;
    if (hasZeroPoint)
      zero = readAsFloat(b, 2, where);
    if (isa<IntegerType>(stored))
      return storeInteger(b, value, zero, stored);
    return b.cast(zero ? b.add(value, *zero) : value, stored, node.getInt("saturate", 1));
  }));
}
