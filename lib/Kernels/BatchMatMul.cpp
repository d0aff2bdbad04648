// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix products of two run-time operands: tiles of four rows, columns in vectors, k in order; integers in pairs of k,
// whose products one instruction multiplies and adds.

#include "ByteArith.h"
#include "CUDA/FourSteps.h"
#include "Dot.h"
#include "RowTiles.h"
#include "VectorArith.h"
#include "nibble/Kernels/Rows.h"

#include <numeric>

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

/// Rows of a tile.
static constexpr int64_t tileRows = 4;

static bool isFloat(const BatchMatMulParams &params) { return params.lhs == ElementKind::F32; }

static Box batchBox(const BatchMatMulParams &params) {
  return mergeDimensions({params.batch,
                          {{bytesOf(params.lhs), params.lhsBatchStrides},
                           {bytesOf(params.rhs), params.rhsBatchStrides},
                           {bytesOf(params.output), params.outputBatchStrides}}});
}

std::string nibble::kernels::whyNoBatchMatMul(const BatchMatMulParams &params, const ISA &isa) {
  const size_t rank = params.batch.size();
  if (params.lhsBatchStrides.size() != rank || params.rhsBatchStrides.size() != rank ||
      params.outputBatchStrides.size() != rank)
    return "each operand needs one stride a dimension";
  if ((params.rhs == ElementKind::F32) != isFloat(params))
    return "operands of bytes and of floats";
  if (params.sums && (isFloat(params) || params.output != ElementKind::F32))
    return "sums are those of bytes, as they are";
  if (!params.sums && (params.output == ElementKind::F32) != isFloat(params))
    return "operands of bytes and of floats";
  if (params.sharedColumn && (isFloat(params) || params.sums))
    return "a shared multiplier without multipliers";
  if (isFloat(params) || params.sums)
    return "";
  return whyNotRange(params.range, params.output);
}

std::string nibble::kernels::batchMatMulKernelName(const BatchMatMulParams &params, const ISA &isa) {
  StringRef output = params.sums ? "i32" : spelling(params.output);
  return (spelling(params.lhs) + "_" + spelling(params.rhs) + "_" + output + "_matmul_" + isa.name).str();
}

std::string nibble::kernels::batchMatMulKernelKey(const BatchMatMulParams &params) {
  std::string key;
  llvm::raw_string_ostream os(key);
  Box box = batchBox(params);
  os << "batch_matmul " << spelling(params.lhs) << ' ' << spelling(params.rhs) << ' ' << spelling(params.output) << ' '
     << spelling(Extents{params.M, params.K, params.N}) << " rows "
     << spelling(Extents{params.lhsRow, params.rhsRow, params.outputRow}) << " batch " << spelling(box.shape);
  for (const BoxOperand &operand : box.operands)
    os << " by " << spelling(operand.strides);
  if (isFloat(params))
    os << (params.bias ? " bias" : "");
  else if (params.sums)
    os << " sums " << params.lhsZeroPoint << (params.lhsEncoded ? " encoded " : " ") << params.rhsZeroPoint
       << (params.rhsEncoded ? " encoded" : "");
  else
    os << (params.requant == Requant::Float ? " float " : " fixed ") << params.lhsZeroPoint << ' '
       << params.rhsZeroPoint << ' ' << spelling(params.range) << (params.sharedColumn ? " shared" : "");
  return key;
}

static Extent rowTiles(const BatchMatMulParams &params) { return ceilDiv(params.M, tileRows); }

/// Of the columns: with a tile of rows an item of a GPU.
static RowPieces piecesOf(const BatchMatMulParams &params, const ISA &isa) {
  return RowPieces(isa, params.N, isa.lanes());
}

Extent nibble::kernels::batchMatMulTileCount(const BatchMatMulParams &params) {
  return params.N == 0 ? Extent(0) : rowTiles(params) * product(params.batch);
}

std::vector<char> nibble::kernels::packMultipliers(llvm::ArrayRef<float> multipliers, Requant requant) {
  auto bytesOf = [](const auto &values) {
    const char *bytes = reinterpret_cast<const char *>(values.data());
    return std::vector<char>(bytes, bytes + values.size() * sizeof(values[0]));
  };
  if (requant == Requant::Float)
    return bytesOf(multipliers);
  // All mantissas, then all shifts.
  std::vector<int64_t> fixed(2 * multipliers.size());
  for (auto [n, multiplier] : llvm::enumerate(multipliers)) {
    auto form = numerics::toFixedMultiplier(multiplier);
    assert(form && "the multiplier has no fixed-point form");
    fixed[n] = form->m;
    fixed[multipliers.size() + n] = form->s;
  }
  return bytesOf(fixed);
}

namespace {

/// Where the matrices of one tile lie.
struct Matrices {
  Value lhs, rhs, output; ///< lhs and output at the tile's first row
};

class MatMulEmitter {
public:
  MatMulEmitter(KernelBuilder &b, const BatchMatMulParams &params, Value args) : b(b), p(params) {
    pointers = loadArguments(b, args, 3);
    if (params.sums) {
      lhsZero = loadZeroPoint(args, 3, params.lhsEncoded, params.lhsZeroPoint);
      rhsZero = loadZeroPoint(args, 4, params.rhsEncoded, params.rhsZeroPoint);
      return;
    }
    if (params.bias || !isFloat(params))
      bias = b.argument(args, 3);
    if (isFloat(params))
      return;
    multipliers = b.argument(args, 4);
    lhsZero = b.splat(b.i32(), int64_t(params.lhsZeroPoint));
    rhsZero = b.splat(b.i32(), int64_t(params.rhsZeroPoint));
  }

  void emitTile(Value tile);

private:
  void emitRows(Matrices matrices, int64_t rows, Value piece);
  Value start(Value n, int64_t lanes);
  Value multiply(Value lhs, Value rhs, Value acc);
  /// One k of all rows, by `carried` accumulators.
  Values emitStep(Matrices matrices, Value column, Value k, int64_t lanes, ValueRange carried);
  /// Whether integers of so many columns are multiplied in pairs.
  bool multipliesPairs(int64_t lanes) const { return !isFloat(p) && !b.isa.isBareMetal() && lanes >= 4; }
  /// Adds the products of several k at once, and gives how many of them were done.
  Extent emitTogether(Matrices matrices, Value column, int64_t lanes, Values &accs);
  /// The k of `pair` and the one behind it.
  Values emitPair(Matrices matrices, Value column, Value pair, int64_t lanes, ValueRange carried);
  /// Stored values less their zero point, which 16 bits hold: of words it is 0.
  Value centerWords(Value stored, ElementKind kind, Value zeroPoint);
  Value multiplyAddPairs(Value lhs, Value rhs, Value acc);
  /// An operand's vector as it is multiplied.
  Value operand(Value value, ElementKind kind, Value zeroPoint);
  Value loadZeroPoint(Value args, int64_t index, bool encoded, int32_t zeroPoint) {
    if (!encoded)
      return b.splat(b.i32(), int64_t(zeroPoint));
    return b.create<arith::FPToSIOp>(b.i32(), b.load(b.f32(), b.at(b.argument(args, index), 4), 4));
  }
  Value finish(Value acc, Value n);
  Value at(Value pointer, Value index, const Extent &bytes) { return b.at(pointer, b.mul(index, b.constant(bytes))); }

  KernelBuilder &b;
  const BatchMatMulParams &p;
  SmallVector<Value> pointers;
  Value bias, multipliers;
  Value lhsZero, rhsZero; ///< of integers
};

} // namespace

Value MatMulEmitter::start(Value n, int64_t lanes) {
  Type element = isFloat(p) ? b.f32() : b.i32();
  if (bias && p.sharedColumn)
    return b.broadcastLoad(b.vec(lanes, element), bias);
  if (bias)
    return b.load(b.vec(lanes, element), at(bias, n, 4));
  return isFloat(p) ? b.splat(b.vec(lanes, element), 0.0f) : b.splat(b.vec(lanes, element), int64_t(0));
}

Value MatMulEmitter::operand(Value value, ElementKind kind, Value zeroPoint) {
  if (isFloat(p))
    return value;
  value = widen(b, value, kind);
  return b.create<arith::SubIOp>(value, b.create<vector::BroadcastOp>(value.getType(), zeroPoint));
}

Value MatMulEmitter::multiply(Value lhs, Value rhs, Value acc) {
  VectorArith a(b, b.lanesOf(acc));
  Value all = b.shuffle(lhs, lhs, SmallVector<int64_t>(b.lanesOf(acc), 0));
  return isFloat(p) ? a.fma(all, rhs, acc) : a.iadd(acc, b.mul(all, rhs));
}

Value MatMulEmitter::finish(Value acc, Value n) {
  if (isFloat(p) || p.sums)
    return acc;
  if (!p.sharedColumn)
    return requantizeColumns(b, acc, multipliers, n, p.N, p.requant, p.range, p.output);
  return requantizeShared(b, acc, multipliers, p.requant, p.range, p.output);
}

Values MatMulEmitter::emitStep(Matrices matrices, Value column, Value k, int64_t lanes, ValueRange carried) {
  Value rhs = operand(b.load(b.vec(lanes, elementType(b, p.rhs)), at(column, k, p.rhsRow)), p.rhs, rhsZero);
  Value source = at(matrices.lhs, k, bytesOf(p.lhs));
  Values next;
  for (auto [m, acc] : llvm::enumerate(carried)) {
    Value lhs = b.load(b.vec(1, elementType(b, p.lhs)), b.at(source, int64_t(m) * p.lhsRow));
    next.push_back(multiply(operand(lhs, p.lhs, lhsZero), rhs, acc));
  }
  return next;
}

Value MatMulEmitter::centerWords(Value stored, ElementKind kind, Value zeroPoint) {
  if (kind == ElementKind::S16)
    return stored;
  VectorType type = b.vec(b.lanesOf(stored), b.i16());
  Value words = kind == ElementKind::U8 ? Value(b.create<arith::ExtUIOp>(type, stored))
                                        : Value(b.create<arith::ExtSIOp>(type, stored));
  Value zero = b.create<arith::TruncIOp>(b.i16(), zeroPoint);
  return b.create<arith::SubIOp>(words, b.create<vector::BroadcastOp>(type, zero));
}

/// `lhs` has the pair of one row in one lane, `rhs` a column's pair in each.
Value MatMulEmitter::multiplyAddPairs(Value lhs, Value rhs, Value acc) {
  ConvParams words;
  words.input = ElementKind::S16;
  Dot dot(b, words);
  const int64_t lanes = b.lanesOf(acc), width = std::min<int64_t>(lanes, b.isa.lanes());
  Operand row = dot.input(b.shuffle(lhs, lhs, SmallVector<int64_t>(width, 0)));
  Value joined;
  for (int64_t first = 0; first < lanes; first += width) {
    Value sum = dot.multiplyAdd(b.slice(acc, first, width), row, dot.input(b.slice(rhs, first, width)));
    if (lanes == width)
      return sum;
    SmallVector<int64_t> both(2 * width);
    std::iota(both.begin(), both.end(), 0);
    joined = joined ? b.shuffle(joined, sum, both) : sum;
  }
  return joined;
}

Values MatMulEmitter::emitPair(Matrices matrices, Value column, Value pair, int64_t lanes, ValueRange carried) {
  Value k = b.mul(pair, b.constant(2)), upper = at(column, k, p.rhsRow);
  auto load = [&](Value pointer, int64_t count) { return b.load(b.vec(count, elementType(b, p.rhs)), pointer); };
  SmallVector<int64_t> interleaved;
  for (int64_t i = 0; i < lanes; ++i)
    interleaved.append({i, lanes + i});
  Value rhs = b.shuffle(centerWords(load(upper, lanes), p.rhs, rhsZero),
                        centerWords(load(b.at(upper, p.rhsRow), lanes), p.rhs, rhsZero), interleaved);
  rhs = b.bitcast(rhs, b.i32());
  Value source = at(matrices.lhs, k, bytesOf(p.lhs));
  Values next;
  for (auto [m, acc] : llvm::enumerate(carried)) {
    Value lhs = b.load(b.vec(2, elementType(b, p.lhs)), b.at(source, int64_t(m) * p.lhsRow));
    next.push_back(multiplyAddPairs(b.bitcast(centerWords(lhs, p.lhs, lhsZero), b.i32()), rhs, acc));
  }
  return next;
}

Extent MatMulEmitter::emitTogether(Matrices matrices, Value column, int64_t lanes, Values &accs) {
  if (b.isa.isGPU() && FourSteps::serves(p)) {
    const Extent fours = floorDiv(p.K, 4);
    if (fours != 0)
      accs = FourSteps(b, p, lhsZero, rhsZero).emit(matrices.lhs, column, fours.getStatic(), accs);
    return 4 * fours;
  }
  const Extent pairs = multipliesPairs(lanes) ? floorDiv(p.K, 2) : Extent(0);
  if (pairs != 0)
    accs = b.loop(pairs, accs,
                  [&](Value pair, ValueRange carried) { return emitPair(matrices, column, pair, lanes, carried); });
  return 2 * pairs;
}

void MatMulEmitter::emitRows(Matrices matrices, int64_t rows, Value piece) {
  const int64_t rhsBytes = bytesOf(p.rhs);
  piecesOf(p, b.isa).emit(b, piece, 2 * b.isa.lanes(), [&](int64_t lanes, Value n) {
    Value column = at(matrices.rhs, n, rhsBytes);
    Values accs(rows, start(n, lanes));
    const Extent done = emitTogether(matrices, column, lanes, accs), rest = p.K - done;
    if (rest != 0)
      accs = b.loop(rest, accs, [&](Value k, ValueRange carried) {
        return emitStep(matrices, column, b.add(k, b.constant(done)), lanes, carried);
      });
    Value target = at(matrices.output, n, bytesOf(p.output));
    for (int64_t m = 0; m < rows; ++m)
      b.store(finish(accs[m], n), b.at(target, m * p.outputRow));
  });
}

void MatMulEmitter::emitTile(Value tile) {
  Value piece = piecesOf(p, b.isa).take(b, tile);
  Value count = b.constant(rowTiles(p));
  const Values moved = enterBatch(b, batchBox(p), pointers, b.create<arith::DivUIOp>(tile, count));
  emitRowTile(b, p.M, tileRows, b.create<arith::RemUIOp>(tile, count), [&](Value first, int64_t rows) {
    emitRows({at(moved[0], first, p.lhsRow), moved[1], at(moved[2], first, p.outputRow)}, rows, piece);
  });
}

func::FuncOp nibble::kernels::emitBatchMatMul(OpBuilder &builder, Location loc, StringRef symbol,
                                              const BatchMatMulParams &params, const ISA &isa) {
  assert(whyNoBatchMatMul(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, batchMatMulTileCount(params) * piecesOf(params, isa).count(),
                      [&](KernelBuilder &b, Value args, Value begin, Value end) {
                        if (batchMatMulTileCount(params) == 0)
                          return;
                        MatMulEmitter emitter(b, params, args);
                        b.loop(begin, end, [&](Value tile) { emitter.emitTile(tile); });
                      });
}
