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
  int64_t extent, inputStride, outputStride, table;
};

struct GatherLoops {
  SmallVector<GatherDimension> outer; ///< up to the last dimension with a table
  Box rows;                           ///< what lies behind it, merged
};

} // namespace

static GatherLoops loopsOf(const GatherParams &params) {
  size_t firstInner = 0;
  for (size_t d = 0; d < params.shape.size(); ++d)
    if (!params.indices[d].empty())
      firstInner = d + 1;
  GatherLoops loops;
  int64_t entries = 0;
  for (size_t d = 0; d < firstInner; ++d) {
    const bool identity = params.indices[d].empty();
    if (!identity || params.shape[d] != 1)
      loops.outer.push_back(
          {params.shape[d], params.inputStrides[d], params.outputStrides[d], identity ? -1 : entries});
    entries += params.indices[d].size();
  }
  auto inner = [&](const Extents &all) { return Extents(all.begin() + firstInner, all.end()); };
  loops.rows = mergeDimensions(
      {inner(params.shape),
       {{params.elementBytes, inner(params.inputStrides)}, {params.elementBytes, inner(params.outputStrides)}}});
  return loops;
}

static bool hasElements(const GatherParams &params) { return !llvm::is_contained(params.shape, 0); }

std::string nibble::kernels::whyNoGather(const GatherParams &params, const ISA &isa) {
  if (params.indices.size() != params.shape.size())
    return "each dimension needs a table, which may be empty";
  for (auto [table, extent] : llvm::zip(params.indices, params.shape))
    if (!table.empty() && int64_t(table.size()) != extent)
      return "a table of " + std::to_string(table.size()) + " entries for an extent of " + std::to_string(extent);
  return whyNotElements(params.elementBytes, params.shape, {params.inputStrides, params.outputStrides});
}

std::string nibble::kernels::gatherKernelName(const GatherParams &params, const ISA &isa) {
  return "x" + std::to_string(8 * params.elementBytes) + "_gather_" + isa.name.str();
}

std::string nibble::kernels::gatherKernelKey(const GatherParams &params) {
  const GatherLoops loops = loopsOf(params);
  std::string key = "gather " + std::to_string(params.elementBytes);
  for (const GatherDimension &d : loops.outer)
    key += " " + std::to_string(d.extent) + (d.table < 0 ? " by " + std::to_string(d.inputStride) : " by table") +
           " by " + std::to_string(d.outputStride);
  return key + " rows " + spelling(loops.rows.shape) + " by " + spelling(loops.rows.operands[0].strides) + " by " +
         spelling(loops.rows.operands[1].strides);
}

int64_t nibble::kernels::gatherTileCount(const GatherParams &params) {
  if (!hasElements(params))
    return 0;
  const GatherLoops loops = loopsOf(params);
  return loops.outer.empty() ? boxTileCount(loops.rows) : loops.outer.front().extent;
}

std::vector<char> nibble::kernels::packGatherTables(const GatherParams &params) {
  Extents offsets;
  for (auto [table, stride] : llvm::zip(params.indices, params.inputStrides))
    for (int64_t index : table)
      offsets.push_back(index * stride);
  const char *bytes = reinterpret_cast<const char *>(offsets.data());
  return std::vector<char>(bytes, bytes + offsets.size() * sizeof(int64_t));
}

/// Pointers of index `iv` along `d`.
static SmallVector<Value> enter(KernelBuilder &b, const GatherDimension &d, Value tables, ArrayRef<Value> pointers,
                                Value iv) {
  Value offset = b.mul(iv, b.constant(d.inputStride));
  if (d.table >= 0)
    offset = b.load(b.i64(), b.at(tables, b.mul(b.add(iv, b.constant(d.table)), b.constant(8))), 8);
  return {b.at(pointers[0], offset), b.at(pointers[1], b.mul(iv, b.constant(d.outputStride)))};
}

static void emitFrom(KernelBuilder &b, const GatherLoops &loops, size_t dimension, Value tables,
                     ArrayRef<Value> pointers) {
  if (dimension == loops.outer.size())
    return emitWholeBox(b, loops.rows, pointers,
                        [&](ArrayRef<Value> row, int64_t length) { emitCopyRow(b, loops.rows, row, length); });
  const GatherDimension &d = loops.outer[dimension];
  b.loop(d.extent, [&](Value iv) { emitFrom(b, loops, dimension + 1, tables, enter(b, d, tables, pointers, iv)); });
}

func::FuncOp nibble::kernels::emitGather(OpBuilder &builder, Location loc, llvm::StringRef symbol,
                                         const GatherParams &params, const ISA &isa) {
  assert(whyNoGather(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, [&](KernelBuilder &b, Value args, Value begin, Value end) {
    if (!hasElements(params))
      return;
    const GatherLoops loops = loopsOf(params);
    SmallVector<Value> pointers = loadArguments(b, args, 2);
    if (loops.outer.empty())
      return emitBox(b, loops.rows, pointers, begin, end,
                     [&](ArrayRef<Value> row, int64_t length) { emitCopyRow(b, loops.rows, row, length); });
    Value tables = b.argument(args, 2);
    b.loop(begin, end,
           [&](Value iv) { emitFrom(b, loops, 1, tables, enter(b, loops.outer.front(), tables, pointers, iv)); });
  });
}
