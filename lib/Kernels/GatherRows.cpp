// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of a table by indices from memory.

#include "Box.h"
#include "ByteArith.h"
#include "RowTiles.h"
#include "nibble/Kernels/Move.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

/// All rows of the result.
static Box indexBox(const GatherRowsParams &params) {
  Box box{{params.indices}, {{params.indexBytes, {params.indexBytes}}}};
  box.rowTile = elementsPerTile(params.rowBytes);
  box.threadTile = 1;
  return box;
}

std::string nibble::kernels::whyNoGatherRows(const GatherRowsParams &params, const ISA &isa) {
  if (params.rows.getStaticOr(1) < 1)
    return "a table without rows";
  return params.indexBytes == 4 || params.indexBytes == 8 ? "" : "indices of neither 4 nor 8 bytes";
}

std::string nibble::kernels::gatherRowsKernelName(const GatherRowsParams &params, const ISA &isa) {
  return (params.scaled ? "s8_f32_gather_rows_" : "x8_gather_rows_") + isa.name.str();
}

std::string nibble::kernels::gatherRowsKernelKey(const GatherRowsParams &params) {
  return "gather_rows " + spelling(Extents{params.rows, params.indices, params.indexBytes, params.rowBytes}) +
         (params.scaled ? " scaled" : "");
}

Extent nibble::kernels::gatherRowsTileCount(const GatherRowsParams &params) {
  return params.rowBytes == 0 ? Extent(0) : boxTileCount(indexBox(params)) * min(params.rows, 1);
}

/// The row that the index at `pointer` means, wherever it points.
static Value loadRowNumber(KernelBuilder &b, const GatherRowsParams &params, Value pointer) {
  Value index = b.load(params.indexBytes == 8 ? b.i64() : b.i32(), pointer);
  if (params.indexBytes == 4)
    index = b.create<arith::ExtSIOp>(b.i64(), index);
  Value zero = b.constant64(0);
  Value isNegative = b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, index, zero);
  // Where extents are dynamic, they have 64 bits.
  const auto valueOf = [&](const Extent &extent) {
    return extent.isStatic() ? b.constant64(extent.getStatic()) : b.constant(extent);
  };
  Value fromEnd = b.create<arith::AddIOp>(index, valueOf(params.rows));
  Value row = b.create<arith::SelectOp>(isNegative, fromEnd, index);
  row = b.create<arith::MaxSIOp>(row, zero);
  row = b.create<arith::MinSIOp>(row, valueOf(params.rows - 1));
  return b.index() == b.i64() ? row : Value(b.create<arith::TruncIOp>(b.index(), row));
}

/// Elements of a row that are moved at once.
static int64_t lanesOf(const GatherRowsParams &params, const ISA &isa) {
  return params.scaled ? isa.lanes() : isa.vectorBits / 8;
}

/// Of rows: an item of a GPU.
static RowPieces piecesOf(const GatherRowsParams &params, const ISA &isa) {
  return RowPieces(isa, params.rowBytes, lanesOf(params, isa));
}

static void copyRow(KernelBuilder &b, const GatherRowsParams &params, Value piece, Value from, Value to) {
  piecesOf(params, b.isa).emit(b, piece, lanesOf(params, b.isa), [&](int64_t lanes, Value i) {
    b.store(b.load(b.vec(lanes, b.i8()), b.at(from, i)), b.at(to, i));
  });
}

static void scaleRow(KernelBuilder &b, const GatherRowsParams &params, Value piece, Value from, Value scale, Value to) {
  piecesOf(params, b.isa).emit(b, piece, lanesOf(params, b.isa), [&](int64_t lanes, Value i) {
    Value stored = widen(b, b.load(b.vec(lanes, b.i8()), b.at(from, i)), ElementKind::S8);
    VectorType type = b.vec(lanes, b.f32());
    Value real = b.create<arith::SIToFPOp>(type, stored);
    b.store(b.create<arith::MulFOp>(real, b.create<vector::BroadcastOp>(type, scale)),
            b.at(to, b.mul(i, b.constant(4))));
  });
}

func::FuncOp nibble::kernels::emitGatherRows(OpBuilder &builder, Location loc, llvm::StringRef symbol,
                                             const GatherRowsParams &params, const ISA &isa) {
  assert(whyNoGatherRows(params, isa).empty());
  return defineKernel(
      builder, loc, symbol, isa,
      boxItemCount(indexBox(params), isa) * min(gatherRowsTileCount(params), 1) * piecesOf(params, isa).count(),
      [&](KernelBuilder &b, Value args, Value begin, Value end) {
        if (gatherRowsTileCount(params) == 0)
          return;
        SmallVector<Value> arguments = loadArguments(b, args, 3 + params.scaled);
        Box box = indexBox(params);
        const int64_t outputBytes = params.rowBytes * (params.scaled ? 4 : 1);
        box.operands.push_back({outputBytes, {outputBytes}});
        Value piece = piecesOf(params, isa).take(b, begin);
        emitBox(b, box, {arguments[1], arguments.back()}, begin, end,
                [&](ArrayRef<Value> pointers, const Extent &length) {
                  b.loop(length, [&](Value i) {
                    Value row = loadRowNumber(b, params, b.at(pointers[0], b.mul(i, b.constant(params.indexBytes))));
                    Value from = b.at(arguments[0], b.mul(row, b.constant(params.rowBytes)));
                    Value to = b.at(pointers[1], b.mul(i, b.constant(outputBytes)));
                    if (params.scaled)
                      scaleRow(b, params, piece, from,
                               b.load(b.f32(), b.at(arguments[2], b.mul(row, b.constant(4))), 4), to);
                    else
                      copyRow(b, params, piece, from, to);
                  });
                });
      });
}
