// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix products of bytes and packed columns: register tiles of rows by blocks of columns, the whole sum in registers.

#include "CUDA/BlockPacked.h"
#include "Dot.h"
#include "RowTiles.h"
#include "VectorArith.h"
#include "nibble/Kernels/Packed.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

/// Rows of a tile.
static constexpr int64_t tileRows = 8;

static Box batchBox(const PackedMatMulParams &p) {
  return mergeDimensions(
      {p.batch, {{1, p.lhsBatchStrides}, {1, p.rhsBatchStrides}, {4, p.rowsBatchStrides}, {4, p.outputBatchStrides}}});
}

std::string nibble::kernels::whyNoPackedMatMul(const PackedMatMulParams &p, const ISA &) {
  for (const Extents *strides : {&p.lhsBatchStrides, &p.rhsBatchStrides, &p.rowsBatchStrides, &p.outputBatchStrides})
    if (strides->size() != p.batch.size())
      return "each operand needs one stride a dimension";
  return p.lhs == ElementKind::U8 || p.lhs == ElementKind::S8 ? "" : "it multiplies bytes";
}
std::string nibble::kernels::packedMatMulKernelName(const PackedMatMulParams &p, const ISA &isa) {
  const auto tile = choosePackedTile(p, isa);
  return (spelling(p.lhs) + "_s8_f32_packed_matmul_" + (tile ? blockTileName(*tile) + "_" : "") + isa.name).str();
}
std::string nibble::kernels::packedMatMulKernelKey(const PackedMatMulParams &p) {
  const Box box = batchBox(p);
  std::string key;
  llvm::raw_string_ostream os(key);
  os << "packed_matmul " << spelling(p.lhs) << ' ' << spelling(Extents{p.M, p.K, p.N}) << " rows "
     << spelling(Extents{p.lhsRow, p.outputRow}) << " batch " << spelling(box.shape);
  for (const BoxOperand &operand : box.operands)
    os << " by " << spelling(operand.strides);
  return key;
}

static Extent rowTiles(const PackedMatMulParams &p) { return ceilDiv(p.M, tileRows); }

Extent nibble::kernels::packedMatMulTileCount(const PackedMatMulParams &p) {
  return p.N == 0 ? Extent(0) : rowTiles(p) * product(p.batch);
}

static ConvParams dotParams(const PackedMatMulParams &p) {
  ConvParams params;
  params.input = p.lhs;
  return params;
}

namespace {
/// Where a tile begins; the columns at a block.
struct Operands {
  Value lhs, columns, rows, output;
};

class PackedMatMulEmitter {
public:
  PackedMatMulEmitter(KernelBuilder &b, const PackedMatMulParams &params)
      : b(b), p(params), lanes(b.isa.lanes()), vectors(kPackedColumns / lanes), dot(b, dotParams(params)) {
    chooseTile();
    if (!params.N.isStatic())
      scratch = b.stackMemory(kPackedColumns * 4);
  }

  void emitTile(ValueRange pointers, Value tile);

private:
  void chooseTile();
  void emitRows(Operands at, int64_t rows);
  Operands moveBlocks(Operands at, Value blocks);
  /// `columns` of the last block.
  void emitRegisterTile(Operands at, int64_t rows, int64_t blocks, const Extent &columns);
  Value columnAt(Value columns, int64_t vector) {
    return b.at(columns, packedBlockBytes(p.K) * (vector / vectors) + vector % vectors * lanes * 4);
  }
  Value startOf(Value columns, int64_t vector);
  Values sum(Operands at, Values acc, int64_t rows, int64_t count);
  void storeRow(ValueRange results, int64_t blocks, const Extent &columns, Value pointer);

  KernelBuilder &b;
  const PackedMatMulParams &p;
  int64_t lanes, vectors; ///< vectors of a block
  Dot dot;
  int64_t mr = 1, blocks = 1; ///< of a register tile
  Value scratch;              ///< a row of a block
};
} // namespace

/// The most multiplications a load, of what the registers hold.
void PackedMatMulEmitter::chooseTile() {
  double best = 0;
  for (int64_t count : {1, 2})
    for (int64_t rows = 1; rows <= tileRows; rows *= 2) {
      const double nr = count * vectors, gain = rows * nr / (rows + nr);
      if (Dot::registers(b.isa, dotParams(p), rows, count * vectors) > b.isa.registers || gain <= best)
        continue;
      best = gain;
      mr = rows;
      blocks = count;
    }
}

/// What the sums of a column begin with: hardware that multiplies bytes of the other kind gets them 128 off.
Value PackedMatMulEmitter::startOf(Value columns, int64_t vector) {
  VectorArith a(b, lanes);
  const bool takesUnsigned = b.isa.dotInput() == DotInput::U8;
  if (b.isa.dotInput() == DotInput::Either || takesUnsigned == (p.lhs == ElementKind::U8))
    return a.i32(0);
  Value sums = b.load(b.vec(lanes, b.i32()), b.at(columnAt(columns, vector), kPackedColumns * 4), lanes * 4);
  Value off = a.shl(sums, 7);
  return takesUnsigned ? a.isub(a.i32(0), off) : off;
}

Values PackedMatMulEmitter::sum(Operands at, Values acc, int64_t rows, int64_t count) {
  return b.loop(ceilDiv(p.K, 4), acc, [&](Value group, ValueRange carried) {
    Values next(carried);
    Value bytes = b.at(at.lhs, b.mul(group, b.constant(4)));
    Value dwords = b.at(at.columns, b.addMul(b.constant(kPackedColumns * 8), group, kPackedColumns * 4));
    const auto row = [&](int64_t m) { return dot.broadcastInput(b.at(bytes, p.lhsRow * m), lanes); };
    const auto column = [&](int64_t v) { return dot.weights(columnAt(dwords, v), lanes); };
    const auto add = [&](int64_t m, int64_t v, Operand x, Operand w) {
      next[m * count + v] = dot.multiplyAdd(next[m * count + v], x, w);
    };
    // The shorter side stays in registers for a step.
    SmallVector<Operand> staying;
    for (int64_t i = 0; i < std::min(rows, count); ++i)
      staying.push_back(rows < count ? row(i) : column(i));
    for (int64_t j = 0; j < std::max(rows, count); ++j) {
      Operand passing = rows < count ? column(j) : row(j);
      for (auto [i, operand] : llvm::enumerate(staying))
        rows < count ? add(i, j, operand, passing) : add(j, i, passing, operand);
    }
    return next;
  });
}

/// The results of a row, of which the last block has `columns`.
void PackedMatMulEmitter::storeRow(ValueRange results, int64_t blocks, const Extent &columns, Value pointer) {
  const int64_t before = (blocks - 1) * kPackedColumns;
  for (auto [v, value] : llvm::enumerate(results)) {
    const int64_t first = v * lanes;
    if (columns.isStatic())
      b.storePart(value, std::min(lanes, before + columns.getStatic() - first), b.at(pointer, first * 4));
    else
      b.store(value, b.at(scratch, first * 4));
  }
  if (columns.isStatic())
    return;
  // Out of memory of our own, as many as there are.
  emitVectors(b, columns, kPackedColumns / 2, [&](int64_t count, Value first) {
    Value offset = b.mul(first, b.constant(4));
    b.store(b.load(b.vec(count, b.f32()), b.at(scratch, offset)), b.at(pointer, offset));
  });
}

void PackedMatMulEmitter::emitRegisterTile(Operands at, int64_t rows, int64_t blocks, const Extent &columns) {
  VectorArith a(b, lanes);
  const int64_t last = columns.getStaticOr(kPackedColumns);
  const int64_t count = (blocks - 1) * vectors + llvm::divideCeil(last, lanes);
  Values start, acc;
  for (int64_t v = 0; v < count; ++v)
    start.push_back(dot.start(startOf(at.columns, v)));
  for (int64_t m = 0; m < rows; ++m)
    llvm::append_range(acc, start);
  acc = sum(at, acc, rows, count);
  for (int64_t m = 0; m < rows; ++m) {
    Value rowScale = b.broadcastLoad(b.vec(lanes, b.f32()), b.at(at.rows, 4 * m));
    Values results;
    for (int64_t v = 0; v < count; ++v) {
      Value columnScale = b.load(b.vec(lanes, b.f32()), columnAt(at.columns, v), lanes * 4);
      results.push_back(a.mul(a.toF32(dot.finish(acc[m * count + v])), a.mul(rowScale, columnScale)));
    }
    storeRow(results, blocks, columns, b.at(at.output, p.outputRow * m));
  }
}

Operands PackedMatMulEmitter::moveBlocks(Operands at, Value blocks) {
  at.columns = b.at(at.columns, b.mul(blocks, b.constant(packedBlockBytes(p.K))));
  at.output = b.at(at.output, b.mul(blocks, b.constant(kPackedColumns * 4)));
  return at;
}

/// All columns of a few rows.
void PackedMatMulEmitter::emitRows(Operands at, int64_t rows) {
  const Extent full = floorDiv(p.N, kPackedColumns), rest = mod(p.N, kPackedColumns), groups = floorDiv(full, blocks);
  if (groups != 0)
    b.loop(groups, [&](Value i) {
      emitRegisterTile(moveBlocks(at, b.mul(i, b.constant(blocks))), rows, blocks, kPackedColumns);
    });
  if (const Extent single = full - groups * blocks; single != 0)
    b.loop(single, [&](Value i) {
      emitRegisterTile(moveBlocks(at, b.addMul(i, b.constant(groups), blocks)), rows, 1, kPackedColumns);
    });
  if (rest == 0)
    return;
  const auto emitRest = [&] { emitRegisterTile(moveBlocks(at, b.constant(full)), rows, 1, rest); };
  if (rest.isStatic())
    return emitRest();
  b.when(b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, b.constant(rest), b.constant(0)), emitRest);
}

void PackedMatMulEmitter::emitTile(ValueRange pointers, Value tile) {
  Value count = b.constant(rowTiles(p));
  const Values moved = enterBatch(b, batchBox(p), pointers, b.create<arith::DivUIOp>(tile, count));
  const auto at = [&](unsigned i, Value first, const Extent &bytes) {
    return b.at(moved[i], b.mul(first, b.constant(bytes)));
  };
  emitRowTile(b, p.M, tileRows, b.create<arith::RemUIOp>(tile, count), [&](Value begin, int64_t rows) {
    for (int64_t done = 0; done < rows;) {
      const int64_t part = std::min<int64_t>(mr, llvm::bit_floor(uint64_t(rows - done)));
      Value first = b.add(begin, b.constant(done));
      emitRows({at(0, first, p.lhsRow), moved[1], at(2, first, 4), at(3, first, p.outputRow)}, part);
      done += part;
    }
  });
}

func::FuncOp nibble::kernels::emitPackedMatMul(OpBuilder &builder, Location loc, StringRef symbol,
                                               const PackedMatMulParams &params, const ISA &isa) {
  assert(whyNoPackedMatMul(params, isa).empty());
  if (const auto tile = choosePackedTile(params, isa))
    return defineKernel(
        builder, loc, symbol, isa, packedBlockCount(params, *tile),
        [&](KernelBuilder &b, Value args, Value, Value) { emitBlockPacked(b, params, *tile, args, batchBox(params)); });
  return defineKernel(builder, loc, symbol, isa, packedMatMulTileCount(params),
                      [&](KernelBuilder &b, Value args, Value begin, Value end) {
                        if (packedMatMulTileCount(params) == 0)
                          return;
                        const Values pointers(loadArguments(b, args, 4));
                        PackedMatMulEmitter emitter(b, params);
                        b.loop(begin, end, [&](Value tile) { emitter.emitTile(pointers, tile); });
                      });
}
