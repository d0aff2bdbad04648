// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise kernels and moves of dynamic extents.

#include "DynamicKernel.h"
#include "nibble/Kernels/Move.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

std::vector<char> runUnary(const UnaryParams &p, Call call) {
  std::vector<char> in = operand(p.input, p.shape, p.inputStrides), table = elements(u8, 256, 2);
  Result out(reach(p.shape, p.outputStrides, bytesOf(p.output)));
  call({in.data(), out.data(), table.data()});
  return out.bytes;
}
const Family<UnaryParams> unaries{whyNoUnary, emitUnary, unaryTileCount, unaryKernelKey, runUnary};

TEST(DynamicUnary, KindsAndGaps) {
  for (auto [kind, input, output] : {std::tuple(UnaryKind::Gelu, f32, f32), std::tuple(UnaryKind::Quantize, f32, u8),
                                     std::tuple(UnaryKind::Dequantize, s16, f32),
                                     std::tuple(UnaryKind::Requantize, s8, u8), std::tuple(UnaryKind::Lookup, u8, u8)})
    for (int64_t gap : {0, 3}) {
      const auto make = [&, kind = kind, input = input, output = output](const Extent &a, const Extent &b) {
        UnaryParams p;
        p.kind = kind, p.input = input, p.output = output;
        p.shape = {a, 3, b};
        p.inputStrides = stridesOf(p.shape, bytesOf(input), gap);
        p.outputStrides = stridesOf(p.shape, bytesOf(output), 2 * gap);
        p.scale = 0.07f;
        p.range = input == s16 ? StoredRange{0, -32767, 32767} : StoredRange{100, 0, 255};
        return p;
      };
      check<UnaryParams>(unaries, make, output == f32);
    }
}

TEST(DynamicUnary, SeveralTiles) {
  const auto make = [](const Extent &a, const Extent &b) {
    UnaryParams p;
    p.shape = {a * b * 50 + 3};
    p.inputStrides = p.outputStrides = {4};
    return p;
  };
  check<UnaryParams>(unaries, make, /*floats=*/true);
}

std::vector<char> runBinary(const BinaryParams &p, Call call) {
  std::vector<char> lhs = operand(p.lhs, p.shape, p.lhsStrides, 1), rhs = operand(p.rhs, p.shape, p.rhsStrides, 2);
  Result out(reach(p.shape, p.outputStrides, bytesOf(p.output)));
  call({lhs.data(), rhs.data(), out.data()});
  return out.bytes;
}
const Family<BinaryParams> binaries{whyNoBinary, emitBinary, binaryTileCount, binaryKernelKey, runBinary};

/// Where an operand does not have the result's shape {2, a, b}.
enum class Broadcast { None, Rows, Columns, All };

Extents shapeOf(Broadcast broadcast, const Extent &a, const Extent &b) {
  switch (broadcast) {
  case Broadcast::None:
    return {2, a, b};
  case Broadcast::Rows:
    return {b};
  case Broadcast::Columns:
    return {2, a, 1};
  case Broadcast::All:
    return {};
  }
  llvm_unreachable("all cases return");
}

TEST(DynamicBinary, KindsAndBroadcasts) {
  for (ElementKind kind : {f32, u8})
    for (Broadcast broadcast : {Broadcast::None, Broadcast::Rows, Broadcast::Columns, Broadcast::All}) {
      const auto make = [&](const Extent &a, const Extent &b) {
        BinaryParams p;
        p.kind = kind == f32 ? BinaryKind::Div : BinaryKind::Add;
        p.lhs = p.rhs = p.output = kind;
        p.shape = {2, a, b};
        p.lhsStrides = p.outputStrides = denseStrides(p.shape, bytesOf(kind));
        p.rhsStrides = broadcastStrides(shapeOf(broadcast, a, b), p.shape, bytesOf(kind));
        p.requant = Requant::Fixed;
        p.lhsScale = 0.7f, p.rhsScale = 0.31f;
        p.lhsZeroPoint = 3, p.rhsZeroPoint = 250;
        p.range = {100, 0, 255};
        return p;
      };
      check<BinaryParams>(binaries, make, kind == f32);
    }
}

//===----------------------------------------------------------------------===//
// Moves
//===----------------------------------------------------------------------===//

/// What lies before the input's element 0 where strides are negative.
constexpr int64_t behind = 1 << 12;

std::vector<char> runCopy(const CopyParams &p, Call call) {
  std::vector<char> in = elements(u8, behind + reach(p.shape, p.inputStrides, p.elementBytes));
  Result out(reach(p.shape, p.outputStrides, p.elementBytes));
  call({in.data() + behind, out.data()});
  return out.bytes;
}
const Family<CopyParams> copies{whyNoCopy, emitCopy, copyTileCount, copyKernelKey, runCopy};

TEST(DynamicCopy, Transposes) {
  const std::vector<int64_t> permutations[] = {{0, 1, 2}, {1, 0, 2}, {0, 2, 1}, {2, 1, 0}};
  for (const std::vector<int64_t> &permutation : permutations)
    for (int64_t bytes : {1, 4}) {
      const auto make = [&](const Extent &a, const Extent &b) { return transposeCopy({a, b, 5}, permutation, bytes); };
      check<CopyParams>(copies, make, false);
      const auto heads = [&](const Extent &a, const Extent &b) { return transposeCopy({2, a, b}, permutation, bytes); };
      check<CopyParams>(copies, heads, false);
    }
}

TEST(DynamicCopy, SlicesAndReversals) {
  const auto slice = [](const Extent &a, const Extent &b) {
    return CopyParams{2, {a, b}, {(b + 7) * 2, 2}, {b * 2, 2}};
  };
  check<CopyParams>(copies, slice, false);
  const auto reverse = [](const Extent &, const Extent &b) { return CopyParams{1, {b, 4}, {-4, 1}, {4, 1}}; };
  check<CopyParams>(copies, reverse, false);
  const auto repeat = [](const Extent &a, const Extent &b) { return CopyParams{8, {a, b}, {8, 0}, {b * 8, 8}}; };
  check<CopyParams>(copies, repeat, false);
}

std::vector<char> runAssemble(const AssembleParams &p, Call call) {
  int64_t size = 0;
  std::vector<std::vector<char>> inputs(p.inputs);
  for (const Piece &piece : p.pieces) {
    const int64_t written = reach(piece.shape, piece.outputStrides, p.elementBytes);
    size = std::max(size, written ? piece.outputOffset.getStatic() + written : 0);
    if (piece.source >= 0)
      inputs[piece.source] =
          elements(u8, reach(piece.shape, piece.inputStrides, p.elementBytes), uint32_t(piece.source + 1));
  }
  Result out(size);
  llvm::SmallVector<void *> args;
  for (std::vector<char> &input : inputs)
    args.push_back(input.data());
  args.push_back(out.data());
  call(args);
  return out.bytes;
}
const Family<AssembleParams> assemblies{whyNoAssemble, emitAssemble, assembleTileCount, assembleKernelKey, runAssemble};

/// Pieces of shape {outer, extent, inner} one behind the other along dimension 1.
AssembleParams concat(const Extent &outer, const Extents &extents, const Extent &inner, int64_t bytes) {
  AssembleParams p;
  p.elementBytes = bytes;
  p.inputs = int64_t(extents.size());
  Extent sum, position;
  for (const Extent &extent : extents)
    sum += extent;
  const Extents strides = denseStrides({outer, sum, inner}, bytes);
  for (auto [i, extent] : llvm::enumerate(extents)) {
    const Extents shape = {outer, extent, inner};
    p.pieces.push_back({int64_t(i), shape, denseStrides(shape, bytes), strides, position * strides[1]});
    position += extent;
  }
  return p;
}

TEST(DynamicAssemble, Concatenations) {
  // As a cache of keys grows: past and new rows.
  const auto cache = [](const Extent &a, const Extent &b) { return concat(3, {b, a}, 8, 4); };
  check<AssembleParams>(assemblies, cache, false);
  const auto innermost = [](const Extent &a, const Extent &b) { return concat(a, {b, 5, b * 2}, 1, 1); };
  check<AssembleParams>(assemblies, innermost, false);
  const auto outermost = [](const Extent &a, const Extent &b) { return concat(1, {a, 2, a}, b * 3, 2); };
  check<AssembleParams>(assemblies, outermost, false);
}

TEST(DynamicAssemble, Borders) {
  const auto make = [](const Extent &a, const Extent &b) {
    const Extents inside = {a, b, 3}, shape = {a + 3, b + 1, 3};
    AssembleParams p{4, 1, borderPieces(shape, denseStrides(shape, 4), {1, 1, 0}, inside), 0x3f800000};
    const Extents strides = denseStrides(shape, 4);
    p.pieces.push_back({0, inside, denseStrides(inside, 4), strides, strides[0] + strides[1]});
    return p;
  };
  check<AssembleParams>(assemblies, make, false);
  // As many rows as are missing to a multiple of 8.
  const auto align = [](const Extent &a, const Extent &b) {
    const Extents inside = {a, b}, shape = {alignTo(a, 8), b};
    AssembleParams p{1, 1, borderPieces(shape, denseStrides(shape, 1), {0, 0}, inside), 7};
    p.pieces.push_back({0, inside, denseStrides(inside, 1), denseStrides(shape, 1), 0});
    return p;
  };
  check<AssembleParams>(assemblies, align, false);
}

std::vector<char> runGather(const GatherParams &p, Call call) {
  std::vector<char> in = elements(u8, reach(p.shape, p.inputStrides, p.elementBytes));
  std::vector<int32_t> tables;
  for (int64_t axis : p.axes)
    for (int64_t i = 0, extent = p.shape[axis].getStatic(); i < extent; ++i)
      tables.push_back(int32_t((i * 3 + 1) % extent));
  Result out(reach(p.shape, p.outputStrides, p.elementBytes));
  call({in.data(), tables.data(), out.data()});
  return out.bytes;
}
const Family<GatherParams> gathers{whyNoGather, emitGather, gatherTileCount, gatherKernelKey, runGather};

TEST(DynamicGather, BesideTables) {
  for (const std::vector<int64_t> &axes : {std::vector<int64_t>{1}, {1, 3}, {3}}) {
    const auto make = [&](const Extent &a, const Extent &b) {
      GatherParams p{2, {a, 4, b, 5}, {}, {}, axes};
      p.inputStrides = denseStrides(p.shape, 2);
      p.outputStrides = stridesOf(p.shape, 2, 1);
      return p;
    };
    check<GatherParams>(gathers, make, false);
  }
  GatherParams p{2, {d0}, {2}, {2}, {0}};
  EXPECT_EQ(whyNoGather(p, getISAs().front()), "a table for a dynamic dimension");
}

std::vector<char> runGatherRows(const GatherRowsParams &p, Call call) {
  const int64_t rows = p.rows.getStatic(), count = p.indices.getStatic();
  std::vector<char> table = elements(u8, rows * p.rowBytes), scales = elements(f32, rows * 4, 2), indices;
  for (int64_t i = 0; i < count; ++i) {
    // Mostly inside, from either end, and far outside.
    const int64_t index = i % 5 == 4 ? (i % 2 ? 1000000 : -1000000) : (i * 7) % (2 * rows + 1) - rows;
    indices.insert(indices.end(), reinterpret_cast<const char *>(&index),
                   reinterpret_cast<const char *>(&index) + p.indexBytes); // the low bytes come first
  }
  Result out(count * p.rowBytes * (p.scaled ? 4 : 1));
  llvm::SmallVector<void *> args = {table.data(), indices.data()};
  if (p.scaled)
    args.push_back(scales.data());
  args.push_back(out.data());
  call(args);
  return out.bytes;
}
const Family<GatherRowsParams> rowGathers{whyNoGatherRows, emitGatherRows, gatherRowsTileCount, gatherRowsKernelKey,
                                          runGatherRows};

TEST(DynamicGatherRows, Indices) {
  for (int64_t indexBytes : {4, 8})
    for (bool scaled : {false, true}) {
      const auto make = [&](const Extent &a, const Extent &b) {
        return GatherRowsParams{7, a * b, indexBytes, 13, scaled};
      };
      check<GatherRowsParams>(rowGathers, make, scaled);
    }
}

TEST(DynamicGatherRows, Tables) {
  // A known table has rows.
  const auto make = [&](const Extent &a, const Extent &b) { return GatherRowsParams{b + 1, a, 8, 4, false}; };
  check<GatherRowsParams>(rowGathers, make, false);
  EXPECT_EQ(gatherRowsTileCount({d0, d1, 8, 4, false}).evaluate({0, 9}), 0);
}

} // namespace
