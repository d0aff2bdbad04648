// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix products of two run-time operands: tiles of four rows, columns in vectors, k in order.

#include "Box.h"
#include "ByteArith.h"
#include "VectorArith.h"
#include "nibble/Kernels/Rows.h"

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
       << params.rhsZeroPoint << ' ' << spelling(params.range);
  return key;
}

static int64_t rowTiles(const BatchMatMulParams &params) { return llvm::divideCeil(params.M, tileRows); }

int64_t nibble::kernels::batchMatMulTileCount(const BatchMatMulParams &params) {
  int64_t tiles = params.N == 0 ? 0 : rowTiles(params);
  for (int64_t extent : params.batch)
    tiles *= extent;
  return tiles;
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
  Matrices enterBatch(Value batch);
  void emitRows(Matrices matrices, int64_t rows);
  Value start(Value n, int64_t lanes);
  Value multiply(Value lhs, Value rhs, Value acc);
  /// An operand's vector as it is multiplied.
  Value operand(Value value, ElementKind kind, Value zeroPoint);
  Value loadZeroPoint(Value args, int64_t index, bool encoded, int32_t zeroPoint) {
    if (!encoded)
      return b.splat(b.i32(), int64_t(zeroPoint));
    return b.create<arith::FPToSIOp>(b.i32(), b.load(b.f32(), b.at(b.argument(args, index), 4), 4));
  }
  Value finish(Value acc, Value n);
  Value at(Value pointer, Value index, int64_t bytes) { return b.at(pointer, b.mul(index, b.constant(bytes))); }

  KernelBuilder &b;
  const BatchMatMulParams &p;
  SmallVector<Value> pointers;
  Value bias, multipliers;
  Value lhsZero, rhsZero; ///< of integers
};

} // namespace

Matrices MatMulEmitter::enterBatch(Value batch) {
  const Box box = batchBox(p);
  SmallVector<Value> moved = pointers;
  for (int64_t d = box.rank() - 1; d >= 0; --d) {
    Value extent = b.constant(box.shape[d]);
    Value index = d == 0 ? batch : b.create<arith::RemUIOp>(batch, extent);
    for (auto [pointer, operand] : llvm::zip(moved, box.operands))
      pointer = at(pointer, index, operand.strides[d]);
    if (d > 0)
      batch = b.create<arith::DivUIOp>(batch, extent);
  }
  return {moved[0], moved[1], moved[2]};
}

Value MatMulEmitter::start(Value n, int64_t lanes) {
  Type element = isFloat(p) ? b.f32() : b.i32();
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
  return isFloat(p) || p.sums ? acc : requantizeColumns(b, acc, multipliers, n, p.N, p.requant, p.range, p.output);
}

void MatMulEmitter::emitRows(Matrices matrices, int64_t rows) {
  const int64_t lhsBytes = bytesOf(p.lhs), rhsBytes = bytesOf(p.rhs);
  emitVectors(b, p.N, 2 * b.isa.lanes(), [&](int64_t lanes, Value n) {
    Value column = at(matrices.rhs, n, rhsBytes);
    Values accs(rows, start(n, lanes));
    if (p.K > 0)
      accs = b.loop(p.K, accs, [&](Value k, ValueRange carried) {
        Value rhs = operand(b.load(b.vec(lanes, elementType(b, p.rhs)), at(column, k, p.rhsRow)), p.rhs, rhsZero);
        Value source = at(matrices.lhs, k, lhsBytes);
        Values next;
        for (int64_t m = 0; m < rows; ++m) {
          Value lhs = b.load(b.vec(1, elementType(b, p.lhs)), b.at(source, m * p.lhsRow));
          next.push_back(multiply(operand(lhs, p.lhs, lhsZero), rhs, carried[m]));
        }
        return next;
      });
    Value target = at(matrices.output, n, bytesOf(p.output));
    for (int64_t m = 0; m < rows; ++m)
      b.store(finish(accs[m], n), b.at(target, m * p.outputRow));
  });
}

void MatMulEmitter::emitTile(Value tile) {
  Value count = b.constant(rowTiles(p));
  Matrices matrices = enterBatch(b.create<arith::DivUIOp>(tile, count));
  Value block = b.create<arith::RemUIOp>(tile, count);
  matrices.lhs = at(matrices.lhs, block, tileRows * p.lhsRow);
  matrices.output = at(matrices.output, block, tileRows * p.outputRow);
  const int64_t full = p.M / tileRows, rest = p.M % tileRows;
  if (rest == 0 || full == 0)
    return emitRows(matrices, rest == 0 ? tileRows : rest);
  Value isFull = b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, block, b.constant(full));
  auto branch = scf::IfOp::create(b, isFull, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  emitRows(matrices, tileRows);
  b.setInsertionPointToStart(branch.elseBlock());
  emitRows(matrices, rest);
}

func::FuncOp nibble::kernels::emitBatchMatMul(OpBuilder &builder, Location loc, StringRef symbol,
                                              const BatchMatMulParams &params, const ISA &isa) {
  assert(whyNoBatchMatMul(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, [&](KernelBuilder &b, Value args, Value begin, Value end) {
    if (batchMatMulTileCount(params) == 0)
      return;
    MatMulEmitter emitter(b, params, args);
    b.loop(begin, end, [&](Value tile) { emitter.emitTile(tile); });
  });
}
