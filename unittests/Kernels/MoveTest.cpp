// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Kernels/Move.h"
#include "KernelRunner.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

using Index = std::vector<int64_t>;

/// Calls `body` for all indices below `extents`.
void forEachIndex(const Extents &extents, llvm::function_ref<void(const Index &)> body) {
  const std::vector<int64_t> shape = toIntegers(extents);
  Index index(shape.size(), 0);
  for (int64_t i = 0, count = nibble::product(extents).getStatic(); i < count; ++i) {
    body(index);
    for (size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];)
      index[d] = 0;
  }
}

int64_t dot(const Index &index, const Extents &strides) {
  int64_t offset = 0;
  for (size_t d = 0; d < index.size(); ++d)
    offset += index[d] * strides[d].getStatic();
  return offset;
}

constexpr int64_t bufferBytes = 1 << 15;

std::vector<uint8_t> untouched() { return std::vector<uint8_t>(bufferBytes, uint8_t(canary)); }

void checkCopy(const CopyParams &p) {
  std::vector<uint8_t> in = randomBytes(bufferBytes), want = untouched();
  forEachIndex(p.shape, [&](const Index &i) {
    std::memcpy(&want[dot(i, p.outputStrides)], &in[bufferBytes / 2 + dot(i, p.inputStrides)], p.elementBytes);
  });
  ASSERT_EQ(whyNoCopy(p, getISAs().front()), "");
  for (const ISA *isa : testedISAs()) {
    CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
      return emitCopy(builder, loc, symbol, p, isa);
    });
    Guarded out(bufferBytes);
    kernel.run({in.data() + bufferBytes / 2, out.data()}, copyTileCount(p));
    expectSame(out.data<uint8_t>(), want.data(), bufferBytes, isa->name.str() + " " + copyKernelKey(p));
  }
}

TEST(Copy, Transposes) {
  checkCopy(transposeCopy({5, 7}, {1, 0}, 4));
  checkCopy(transposeCopy({2, 3, 4, 5}, {0, 2, 3, 1}, 1));
  checkCopy(transposeCopy({2, 3, 2, 1, 3, 4}, {5, 3, 1, 0, 4, 2}, 2));
  checkCopy(transposeCopy({3, 37, 4}, {1, 0, 2}, 8));
  checkCopy(transposeCopy({}, {}, 4));
  checkCopy(transposeCopy({3, 0}, {1, 0}, 4));
}

TEST(Copy, BoxesSlicesAndBroadcasts) {
  checkCopy({1, {6, 50}, {70, 1}, {64, 1}});          // into a wider buffer
  checkCopy({4, {6, 5}, {-80, 8}, {20, 4}});          // every other element, rows backwards
  checkCopy({4, {9}, {-4}, {4}});                     // backwards
  checkCopy({4, {3, 33}, {4, 0}, {132, 4}});          // each element repeated
  checkCopy({1, {9000}, {1}, {1}});                   // several tiles
  checkCopy({2, {4, 3, 5}, {0, 10, 2}, {40, 10, 2}}); // a repeated matrix
}

TEST(Copy, Reasons) {
  EXPECT_EQ(whyNoCopy({3, {1}, {1}, {1}}, getISAs().front()), "elements of 3 bytes");
  EXPECT_EQ(whyNoCopy({4, {1}, {}, {1}}, getISAs().front()), "each operand needs one stride a dimension");
  EXPECT_EQ(copyKernelName(transposeCopy({5, 7}, {1, 0}, 4), getISAs().front()), "x32_copy_generic");
}

/// Pieces of a matrix of 6 x 50 elements: two inputs side by side, and what is left is filled.
AssembleParams twoInputsAndBorder(int64_t bytes) {
  const Extents shape = {6, 50}, strides = {64 * bytes, bytes};
  AssembleParams p{bytes, 2, borderPieces(shape, strides, {1, 2}, {4, 40}), 0x1234567890abcdef};
  const Extent inside = strides[0] + 2 * bytes;
  p.pieces.push_back({0, {4, 37}, {37 * bytes, bytes}, strides, inside});
  p.pieces.push_back({1, {4, 3}, {bytes, 4 * bytes}, strides, inside + 37 * bytes});
  return p;
}

void checkAssemble(const AssembleParams &p) {
  ASSERT_EQ(whyNoAssemble(p, getISAs().front()), "");
  std::vector<std::vector<uint8_t>> inputs = {randomBytes(bufferBytes, 1), randomBytes(bufferBytes, 2)};
  std::vector<uint8_t> want = untouched();
  for (const Piece &piece : p.pieces)
    forEachIndex(piece.shape, [&](const Index &i) {
      const void *from = &p.fill;
      if (piece.source >= 0)
        from = &inputs[piece.source][dot(i, piece.inputStrides)];
      std::memcpy(&want[piece.outputOffset.getStatic() + dot(i, piece.outputStrides)], from, p.elementBytes);
    });
  for (const ISA *isa : testedISAs()) {
    CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
      return emitAssemble(builder, loc, symbol, p, isa);
    });
    Guarded out(bufferBytes);
    kernel.run({inputs[0].data(), inputs[1].data(), out.data()}, assembleTileCount(p));
    expectSame(out.data<uint8_t>(), want.data(), bufferBytes, isa->name.str() + " " + assembleKernelKey(p));
  }
}

TEST(Assemble, CopiesAndFills) {
  for (int64_t bytes : {1, 2, 4, 8})
    checkAssemble(twoInputsAndBorder(bytes));
  checkAssemble({1, 2, {{-1, {9001}, {}, {1}, 3}}, 200});                                        // several tiles
  checkAssemble({4, 2, borderPieces({3, 4, 5}, {80, 20, 4}, {0, 4, 0}, {3, 0, 5}), 0x3f800000}); // nothing inside
  checkAssemble({4, 2, {}, 1});
}

TEST(Assemble, Reasons) {
  const ISA &isa = getISAs().front();
  EXPECT_EQ(whyNoAssemble({1, 1, {{1, {3}, {1}, {1}, 0}}, 0}, isa), "a piece of input 1 of 1");
  EXPECT_EQ(whyNoAssemble({1, 1, {{0, {3}, {}, {1}, 0}}, 0}, isa), "each operand needs one stride a dimension");
  EXPECT_EQ(assembleKernelName({4, 1, {}, 0}, isa), "x32_assemble_generic");
}

void checkGather(const GatherParams &p, const std::vector<int32_t> &tables) {
  std::vector<uint8_t> in = randomBytes(bufferBytes), want = untouched();
  forEachIndex(p.shape, [&](const Index &i) {
    Index source = i;
    int64_t start = 0;
    for (int64_t axis : p.axes) {
      source[axis] = tables[start + i[axis]];
      start += p.shape[axis].getStatic();
    }
    std::memcpy(&want[dot(i, p.outputStrides)], &in[bufferBytes / 2 + dot(source, p.inputStrides)], p.elementBytes);
  });
  ASSERT_EQ(whyNoGather(p, getISAs().front()), "");
  for (const ISA *isa : testedISAs()) {
    CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
      return emitGather(builder, loc, symbol, p, isa);
    });
    Guarded out(bufferBytes);
    kernel.run({in.data() + bufferBytes / 2, const_cast<int32_t *>(tables.data()), out.data()}, gatherTileCount(p));
    expectSame(out.data<uint8_t>(), want.data(), bufferBytes, isa->name.str() + " " + gatherKernelKey(p));
  }
}

TEST(Gather, ResizesAndPads) {
  // Twice the height and width of 3 x 4 pixels of 5 channels.
  checkGather({1, {1, 6, 8, 5}, {60, 20, 5, 1}, {600, 100, 8, 1}, {1, 2}}, {0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2, 3, 3});
  checkGather({1, {1, 6, 8, 5}, {60, 20, 5, 1}, {600, 100, 8, 1}, {2, 1}}, {0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 1, 1, 2, 2});
  checkGather({4, {2, 7}, {16, 4}, {28, 4}, {1}}, {2, 1, 0, 1, 2, 3, 2}); // a reflection, innermost
  checkGather({4, {5, 3}, {12, 4}, {12, 4}, {0}}, {4, 0, 0, 2, 1});
  checkGather({2, {4, 70}, {140, 2}, {140, 2}, {}}, {}); // no table
  checkGather({1, {0, 3}, {3, 1}, {3, 1}, {1}}, {0, 1, 2});
  checkGather({1, {1}, {1}, {1}, {0}}, {5});
}

TEST(Gather, Reasons) {
  EXPECT_EQ(whyNoGather({1, {3}, {1}, {1}, {1}}, getISAs().front()), "a table for dimension 1 of 1");
}

} // namespace
