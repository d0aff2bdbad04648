// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix products of bytes and packed columns, by blocks of threads: the columns' scales stand before their bytes.

#include "BlockPacked.h"
#include "../RowTiles.h"
#include "../VectorArith.h"
#include "BlockProduct.h"
#include "Device.h"
#include <numeric>

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static_assert(kPackedColumns == kBlock, "packed at run time as at compile time");
/// Of a block of columns: their scales and sums.
static constexpr int64_t kHeaderBytes = kPackedColumns * 8;

/// One of the products.
static ConvParams productOf(const PackedMatMulParams &p) {
  ConvParams product =
      matmulParams(p.M, p.K.getStatic(), p.N.getStatic(), p.lhsRow.getStatic(), p.outputRow.getStatic());
  product.input = p.lhs;
  product.output = ElementKind::F32;
  product.scaled = true;
  product.rowScalePitch = 4;
  return product;
}

static int64_t productCount(const PackedMatMulParams &p) { return product(p.batch).getStatic(); }

std::optional<BlockTile> nibble::kernels::choosePackedTile(const PackedMatMulParams &p, const ISA &isa) {
  Extents extents = {p.M, p.K, p.N, p.lhsRow, p.outputRow};
  for (const Extents *more :
       {&p.batch, &p.lhsBatchStrides, &p.rhsBatchStrides, &p.rowsBatchStrides, &p.outputBatchStrides})
    llvm::append_range(extents, *more);
  if (!isa.isGPU() || llvm::any_of(extents, [](const Extent &extent) { return !extent.isStatic(); }) ||
      productCount(p) == 0 || p.K == 0 || p.N == 0)
    return std::nullopt;
  return chooseBlockTile(productOf(p), isa, productCount(p));
}

int64_t nibble::kernels::packedBlockCount(const PackedMatMulParams &p, const BlockTile &tile) {
  return productCount(p) * blockCount(productOf(p), tile);
}

namespace {
class PackedResults : public BlockResults {
public:
  PackedResults(KernelBuilder &b, const DensePlan &plan, const BlockTile &tile, const PixelMap &pixels,
                ResultPointers at, Value panels, int64_t panelBytes)
      : BlockResults(b, plan, tile, pixels, at), panels(panels), panelBytes(panelBytes) {}
  Value start(Value) override { return b.splat(b.vec(width, b.i32()), int64_t(0)); }
  void store(Value column, ValueRange sums) override;

private:
  Value panels;
  int64_t panelBytes;
};
} // namespace

void PackedResults::store(Value column, ValueRange sums) {
  Value there = existing(column), block = b.create<arith::DivUIOp>(there, number(kBlock));
  Value scales =
      atColumn(b.at(panels, b.mul(block, number(panelBytes))), b.create<arith::RemUIOp>(there, number(kBlock)), 4);
  Value columnScale = b.load(b.vec(width, b.f32()), scales, 16);
  VectorArith a(b, width);
  for (auto [row, sum] : llvm::zip(rows, sums))
    storePiece(row, column, a.mul(a.toF32(sum), a.mul(loadRowScale(row), columnScale)));
}

/// What the matrices of a batch begin at multiples of.
static int64_t alignmentOf(KernelBuilder &b, int64_t argument, const Extents &strides) {
  int64_t alignment = b.alignmentOf(argument);
  for (const Extent &stride : strides)
    alignment = std::gcd(alignment, stride.getStatic());
  return alignment;
}

void nibble::kernels::emitBlockPacked(KernelBuilder &b, const PackedMatMulParams &p, const BlockTile &tile, Value args,
                                      const Box &batch) {
  b.launch.itemThreads = b.launch.block = tile.threads();
  const ConvParams product = productOf(p);
  const DensePlan plan(product);
  const PixelMap pixels(product);
  const int64_t perProduct = blockCount(product, tile), panelBytes = packedBlockBytes(p.K).getStatic();
  Value block = blockInGrid(b), blocks = b.splat(b.i32(), perProduct);
  Value index = b.create<arith::ExtUIOp>(b.index(), b.create<arith::DivUIOp>(block, blocks));
  Values pointers;
  for (Value pointer : loadArguments(b, args, 4))
    pointers.push_back(globalPointer(b, pointer));
  const Values at = enterBatch(b, batch, pointers, index);
  const BlockOperands from = {at[0], b.at(at[1], kHeaderBytes), alignmentOf(b, 0, p.lhsBatchStrides), panelBytes};
  PackedResults results(b, plan, tile, pixels, {at[3], at[2], alignmentOf(b, 3, p.outputBatchStrides)}, at[1],
                        panelBytes);
  emitBlockProduct(b, plan, tile, pixels, from, results, b.create<arith::RemUIOp>(block, blocks));
}
