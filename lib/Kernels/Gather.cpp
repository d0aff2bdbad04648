// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Copies whose source indices stand in tables.

#include "Copy.h"
#include "nibble/Kernels/Move.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

namespace {

/// A dimension in the loops round the rows. `table` is its first entry's index in the tables, or -1.
struct GatherDimension {
  Extent extent, inputStride, outputStride;
  int64_t table;
};

struct GatherLoops {
  SmallVector<GatherDimension> outer; ///< up to the last dimension with a table
  Box rows;                           ///< what lies behind it, merged
};

} // namespace

static GatherLoops loopsOf(const GatherParams &params) {
  // Where each dimension's table begins.
  std::vector<int64_t> tables(params.shape.size(), -1);
  int64_t entries = 0;
  size_t firstInner = 0;
  for (int64_t axis : params.axes) {
    tables[axis] = entries;
    entries += params.shape[axis].getStatic();
    firstInner = std::max(firstInner, size_t(axis) + 1);
  }
  GatherLoops loops;
  for (size_t d = 0; d < firstInner; ++d)
    if (tables[d] >= 0 || params.shape[d] != 1)
      loops.outer.push_back({params.shape[d], params.inputStrides[d], params.outputStrides[d], tables[d]});
  auto inner = [&](const Extents &all) { return Extents(all.begin() + firstInner, all.end()); };
  loops.rows = mergeDimensions(
      {inner(params.shape),
       {{params.elementBytes, inner(params.inputStrides)}, {params.elementBytes, inner(params.outputStrides)}}});
  return loops;
}

static bool hasElements(const GatherParams &params) { return !llvm::is_contained(params.shape, Extent(0)); }

std::string nibble::kernels::whyNoGather(const GatherParams &params, const ISA &isa) {
  for (int64_t axis : params.axes) {
    if (axis < 0 || axis >= int64_t(params.shape.size()))
      return "a table for dimension " + std::to_string(axis) + " of " + std::to_string(params.shape.size());
    if (!params.shape[axis].isStatic())
      return "a table for a dynamic dimension";
  }
  return whyNotElements(params.elementBytes, params.shape, {params.inputStrides, params.outputStrides});
}

std::string nibble::kernels::gatherKernelName(const GatherParams &params, const ISA &isa) {
  return "x" + std::to_string(8 * params.elementBytes) + "_gather_" + isa.name.str();
}

std::string nibble::kernels::gatherKernelKey(const GatherParams &params) {
  const GatherLoops loops = loopsOf(params);
  std::string key = "gather " + std::to_string(params.elementBytes);
  for (const GatherDimension &d : loops.outer)
    key += " " + d.extent.str() + (d.table < 0 ? " by " : " by table " + std::to_string(d.table) + " of ") +
           d.inputStride.str() + " by " + d.outputStride.str();
  return key + " rows " + spelling(loops.rows.shape) + " by " + spelling(loops.rows.operands[0].strides) + " by " +
         spelling(loops.rows.operands[1].strides);
}

Extent nibble::kernels::gatherTileCount(const GatherParams &params) {
  if (!hasElements(params))
    return 0;
  const GatherLoops loops = loopsOf(params);
  return loops.outer.empty() ? boxTileCount(loops.rows) : loops.outer.front().extent;
}

static Extent gatherItemCount(const GatherParams &params, const ISA &isa) {
  if (!isa.isGPU() || !hasElements(params))
    return gatherTileCount(params);
  const GatherLoops loops = loopsOf(params);
  Extent count = boxItemCount(loops.rows, isa);
  for (const GatherDimension &d : loops.outer)
    count *= d.extent;
  return count;
}

/// Pointers of index `iv` along `d`.
static SmallVector<Value> enter(KernelBuilder &b, const GatherDimension &d, Value tables, ArrayRef<Value> pointers,
                                Value iv) {
  Value index = iv;
  if (d.table >= 0) {
    Value entry = b.load(b.i32(), b.at(tables, b.mul(b.add(iv, b.constant(d.table)), b.constant(4))), 4);
    index = b.isa.pointerBits() == 32 ? entry : b.create<arith::ExtSIOp>(b.index(), entry);
  }
  return {b.at(pointers[0], b.mul(index, b.constant(d.inputStride))),
          b.at(pointers[1], b.mul(iv, b.constant(d.outputStride)))};
}

static void emitRows(KernelBuilder &b, const GatherLoops &loops, ArrayRef<Value> pointers, Value begin, Value end) {
  emitBox(b, loops.rows, pointers, begin, end,
          [&](ArrayRef<Value> row, const Extent &length) { emitCopyRow(b, loops.rows, row, length); });
}

/// An item of a GPU: the digits of its number are the indices.
static void emitItem(KernelBuilder &b, const GatherLoops &loops, Value tables, SmallVector<Value> pointers,
                     Value item) {
  Value own = b.takeDigit(item, boxItemCount(loops.rows, b.isa));
  for (const GatherDimension &d : llvm::reverse(loops.outer))
    pointers = enter(b, d, tables, pointers, b.takeDigit(item, d.extent));
  emitRows(b, loops, pointers, own, own);
}

static void emitFrom(KernelBuilder &b, const GatherLoops &loops, size_t dimension, Value tables,
                     ArrayRef<Value> pointers) {
  if (dimension == loops.outer.size())
    return emitWholeBox(b, loops.rows, pointers,
                        [&](ArrayRef<Value> row, const Extent &length) { emitCopyRow(b, loops.rows, row, length); });
  const GatherDimension &d = loops.outer[dimension];
  b.loop(d.extent, [&](Value iv) { emitFrom(b, loops, dimension + 1, tables, enter(b, d, tables, pointers, iv)); });
}

func::FuncOp nibble::kernels::emitGather(OpBuilder &builder, Location loc, llvm::StringRef symbol,
                                         const GatherParams &params, const ISA &isa) {
  assert(whyNoGather(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, gatherItemCount(params, isa),
                      [&](KernelBuilder &b, Value args, Value begin, Value end) {
                        if (!hasElements(params))
                          return;
                        const GatherLoops loops = loopsOf(params);
                        SmallVector<Value> pointers = {b.argument(args, 0), b.argument(args, 2)};
                        if (loops.outer.empty())
                          return emitRows(b, loops, pointers, begin, end);
                        Value tables = b.argument(args, 1);
                        if (isa.isGPU())
                          return emitItem(b, loops, tables, pointers, begin);
                        b.loop(begin, end, [&](Value iv) {
                          emitFrom(b, loops, 1, tables, enter(b, loops.outer.front(), tables, pointers, iv));
                        });
                      });
}
