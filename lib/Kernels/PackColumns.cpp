// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The columns of matrices as bytes, each with a scale of its own: their largest magnitudes first, then four rows at a
// time.

#include "ByteArith.h"
#include "RowTiles.h"
#include "VectorArith.h"
#include "nibble/Kernels/Packed.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static Box matrixBox(const PackColumnsParams &p) {
  Extents packed = denseStrides(p.batch, 1);
  for (Extent &stride : packed)
    stride *= packedBlocks(p.columns) * packedBlockBytes(p.rows);
  return mergeDimensions({p.batch, {{4, p.batchStrides}, {1, packed}}});
}

std::string nibble::kernels::whyNoPackColumns(const PackColumnsParams &p, const ISA &) {
  return p.batchStrides.size() == p.batch.size() ? "" : "the matrices need one stride a dimension";
}
std::string nibble::kernels::packColumnsKernelName(const PackColumnsParams &, const ISA &isa) {
  return "f32_s8_pack_columns_" + isa.name.str();
}
std::string nibble::kernels::packColumnsKernelKey(const PackColumnsParams &p) {
  const Box box = matrixBox(p);
  std::string key;
  llvm::raw_string_ostream(key) << "pack_columns " << p.rows << 'x' << p.columns << " rows " << p.row << " batch "
                                << spelling(box.shape) << " by " << spelling(box.operands[0].strides);
  return key;
}
Extent nibble::kernels::packColumnsTileCount(const PackColumnsParams &p) {
  return packedBlocks(p.columns) * product(p.batch);
}

namespace {
/// Of as many neighbouring columns as a vector has lanes.
class ColumnPacker {
public:
  ColumnPacker(KernelBuilder &b, const PackColumnsParams &params, int64_t lanes)
      : b(b), p(params), a(b, lanes), floats(b.vec(lanes, b.f32())), integers(b.vec(lanes, b.i32())) {}

  /// Pointers to the columns' first elements, and to the first one's place in its block.
  void emit(Value in, Value out);

private:
  Value rowAt(Value in, Value k) { return b.at(in, b.mul(k, b.constant(p.row))); }
  Value findScales(Value in);
  Value quantize(Value row, Value reciprocal) {
    return roundClamp(b, a.mul(b.load(floats, row), reciprocal), {0, -127, 127}, /*mayBeNaN=*/true);
  }
  /// Up to four rows of bytes as the dwords of their columns.
  Value join(ArrayRef<Value> rows);
  Value emitRest(Value in, Value out, Value reciprocal, Value sums);

  KernelBuilder &b;
  const PackColumnsParams &p;
  VectorArith a;
  VectorType floats, integers;
};
} // namespace

/// numerics::rowScale of each column.
Value ColumnPacker::findScales(Value in) {
  Value least = a.i32(llvm::bit_cast<int32_t>(numerics::leastRowMagnitude));
  Value bits = b.loop(p.rows, least, [&](Value k, ValueRange found) {
    Value magnitude = a.iand(b.load(integers, rowAt(in, k)), a.i32(0x7fffffff));
    return Values{b.create<arith::MaxSIOp>(found[0], magnitude)};
  })[0];
  Value scales = a.div(a.fromBits(bits), a.f32(127.0f));
  return a.select(a.ilt(bits, a.i32(0x7f800000)), scales, a.f32(std::numeric_limits<float>::quiet_NaN()));
}

Value ColumnPacker::join(ArrayRef<Value> rows) {
  Value joined;
  for (auto [i, row] : llvm::enumerate(rows)) {
    Value byte = i == 3 ? row : a.iand(row, a.i32(0xff));
    Value placed = i == 0 ? byte : a.shl(byte, 8 * i);
    joined = joined ? b.create<arith::OrIOp>(joined, placed) : placed;
  }
  return joined;
}

/// The rows behind the last four, if there are such.
Value ColumnPacker::emitRest(Value in, Value out, Value reciprocal, Value sums) {
  const Extent whole = floorDiv(p.rows, 4), rest = mod(p.rows, 4);
  if (rest == 0)
    return sums;
  const auto emitRows = [&]() -> Values {
    Values rows;
    Value total = sums;
    for (int64_t i = 0; i < rest.getStaticOr(3); ++i) {
      Value k = b.constant(whole * 4 + i), q;
      if (rest.isStatic()) {
        q = quantize(rowAt(in, k), reciprocal);
      } else { // the first row in the place of one that is not there
        Value isThere = b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, k, b.constant(p.rows));
        q = quantize(rowAt(in, a.select(isThere, k, b.constant(0))), reciprocal);
        q = a.select(isThere, q, a.i32(0));
      }
      total = a.iadd(total, q);
      rows.push_back(q);
    }
    b.store(join(rows), b.at(out, whole * (kPackedColumns * 4)));
    return {total};
  };
  if (rest.isStatic())
    return emitRows()[0];
  return b.when(b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, b.constant(rest), b.constant(0)), sums, emitRows)[0];
}

void ColumnPacker::emit(Value in, Value out) {
  Value scales = findScales(in), reciprocal = a.div(a.f32(1.0f), scales);
  Value bytes = b.at(out, kPackedColumns * 8);
  Value sums = b.loop(floorDiv(p.rows, 4), a.i32(0), [&](Value group, ValueRange sums) {
    Value first = b.at(in, b.mul(group, b.constant(p.row * 4))), total = sums[0];
    Values rows;
    for (int64_t i = 0; i < 4; ++i) {
      rows.push_back(quantize(b.at(first, p.row * i), reciprocal));
      total = a.iadd(total, rows.back());
    }
    b.store(join(rows), b.at(bytes, b.mul(group, b.constant(kPackedColumns * 4))));
    return Values{total};
  })[0];
  sums = emitRest(in, bytes, reciprocal, sums);
  b.store(scales, out);
  b.store(sums, b.at(out, kPackedColumns * 4));
}

static Value at(KernelBuilder &b, Value floats, Value index) { return b.at(floats, b.mul(index, b.constant(4))); }

/// A GPU's threads have a column each.
static func::FuncOp emitThreadPackColumns(OpBuilder &builder, Location loc, StringRef symbol,
                                          const PackColumnsParams &params, const ISA &isa) {
  const Extent items = params.columns * product(params.batch);
  return defineKernel(builder, loc, symbol, isa, items, [&](KernelBuilder &b, Value args, Value item, Value) {
    if (items == 0)
      return;
    Value column = b.takeDigit(item, params.columns), block = column;
    const Values moved = enterBatch(b, matrixBox(params), Values(loadArguments(b, args, 2)), item);
    Value within = b.takeDigit(block, kPackedColumns);
    Value out = b.at(moved[1], b.mul(block, b.constant(packedBlockBytes(params.rows))));
    ColumnPacker(b, params, 1).emit(at(b, moved[0], column), at(b, out, within));
  });
}

func::FuncOp nibble::kernels::emitPackColumns(OpBuilder &builder, Location loc, StringRef symbol,
                                              const PackColumnsParams &params, const ISA &isa) {
  assert(whyNoPackColumns(params, isa).empty());
  if (isa.isGPU())
    return emitThreadPackColumns(builder, loc, symbol, params, isa);
  return defineKernel(
      builder, loc, symbol, isa, packColumnsTileCount(params),
      [&](KernelBuilder &b, Value args, Value begin, Value end) {
        if (packColumnsTileCount(params) == 0)
          return;
        const Values pointers(loadArguments(b, args, 2));
        b.loop(begin, end, [&](Value tile) {
          Value blocks = b.constant(packedBlocks(params.columns));
          const Values moved = enterBatch(b, matrixBox(params), pointers, b.create<arith::DivUIOp>(tile, blocks));
          Value block = b.create<arith::RemUIOp>(tile, blocks);
          Value out = b.at(moved[1], b.mul(block, b.constant(packedBlockBytes(params.rows))));
          emitRowTile(b, params.columns, kPackedColumns, block, [&](Value first, int64_t columns) {
            Value within = b.create<arith::RemUIOp>(first, b.constant(kPackedColumns));
            emitVectors(b, columns, isa.lanes(), [&](int64_t lanes, Value done) {
              ColumnPacker(b, params, lanes).emit(at(b, moved[0], b.add(first, done)), at(b, out, b.add(within, done)));
            });
          });
        });
      });
}
