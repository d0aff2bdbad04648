// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Kernels/Move.h"
#include "KernelRunner.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

/// Calls `body` for all indices below `shape`.
void forEachIndex(const Extents &shape, llvm::function_ref<void(const Extents &)> body) {
  Extents index(shape.size(), 0);
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  for (int64_t i = 0; i < count; ++i) {
    body(index);
    for (size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];)
      index[d] = 0;
  }
}

int64_t dot(const Extents &index, const Extents &strides) {
  int64_t offset = 0;
  for (size_t d = 0; d < index.size(); ++d)
    offset += index[d] * strides[d];
  return offset;
}

constexpr int64_t bufferBytes = 1 << 15;

/// Runs a kernel that reads from the middle of a buffer and writes into another, and compares all of the latter.
template <typename Emitter>
void check(Emitter emit, int64_t tiles, const std::vector<uint8_t> &in, const std::vector<uint8_t> &want,
           std::vector<char> tables, const std::string &what) {
  for (const ISA *isa : hostISAs()) {
    CompiledKernel kernel(*isa, emit);
    Guarded out(bufferBytes);
    auto *source = const_cast<uint8_t *>(in.data()) + bufferBytes / 2;
    kernel.run({source, out.data(), tables.data()}, tiles);
    expectSame(out.data<uint8_t>(), want.data(), bufferBytes, isa->name.str() + " " + what);
  }
}

std::vector<uint8_t> untouched() { return std::vector<uint8_t>(bufferBytes, uint8_t(canary)); }

void checkCopy(const CopyParams &p) {
  std::vector<uint8_t> in = randomBytes(bufferBytes), want = untouched();
  forEachIndex(p.shape, [&](const Extents &i) {
    std::memcpy(&want[dot(i, p.outputStrides)], &in[bufferBytes / 2 + dot(i, p.inputStrides)], p.elementBytes);
  });
  ASSERT_EQ(whyNoCopy(p, getISAs().front()), "");
  check([&](auto &builder, auto loc, auto symbol, const ISA &isa) { return emitCopy(builder, loc, symbol, p, isa); },
        copyTileCount(p), in, want, {}, copyKernelKey(p));
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

TEST(Fill, Boxes) {
  for (const FillParams &p : {FillParams{1, {7, 3, 5}, {100, 20, 1}, 200}, FillParams{4, {77}, {4}, 0x12345678},
                              FillParams{8, {3, 2}, {64, 24}, ~uint64_t(6)}, FillParams{2, {0}, {2}, 1}}) {
    std::vector<uint8_t> want = untouched();
    forEachIndex(p.shape,
                 [&](const Extents &i) { std::memcpy(&want[dot(i, p.outputStrides)], &p.bits, p.elementBytes); });
    for (const ISA *isa : hostISAs()) {
      CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
        return emitFill(builder, loc, symbol, p, isa);
      });
      Guarded out(bufferBytes);
      kernel.run({out.data()}, fillTileCount(p));
      expectSame(out.data<uint8_t>(), want.data(), bufferBytes, isa->name.str() + " " + fillKernelKey(p));
    }
  }
}

void checkGather(const GatherParams &p) {
  std::vector<uint8_t> in = randomBytes(bufferBytes), want = untouched();
  forEachIndex(p.shape, [&](const Extents &i) {
    Extents source = i;
    for (size_t d = 0; d < i.size(); ++d)
      if (!p.indices[d].empty())
        source[d] = p.indices[d][i[d]];
    std::memcpy(&want[dot(i, p.outputStrides)], &in[bufferBytes / 2 + dot(source, p.inputStrides)], p.elementBytes);
  });
  ASSERT_EQ(whyNoGather(p, getISAs().front()), "");
  check([&](auto &builder, auto loc, auto symbol, const ISA &isa) { return emitGather(builder, loc, symbol, p, isa); },
        gatherTileCount(p), in, want, packGatherTables(p), gatherKernelKey(p));
}

TEST(Gather, ResizesAndPads) {
  // Twice the height and width of 3 x 4 pixels of 5 channels.
  checkGather(
      {1, {1, 6, 8, 5}, {60, 20, 5, 1}, {600, 100, 8, 1}, {{}, {0, 0, 1, 1, 2, 2}, {0, 0, 1, 1, 2, 2, 3, 3}, {}}});
  checkGather({4, {2, 7}, {16, 4}, {28, 4}, {{}, {2, 1, 0, 1, 2, 3, 2}}}); // a reflection, innermost
  checkGather({4, {5, 3}, {12, 4}, {12, 4}, {{4, 0, 0, 2, 1}, {}}});
  checkGather({2, {4, 70}, {140, 2}, {140, 2}, {{}, {}}}); // no table
  checkGather({1, {0, 3}, {3, 1}, {3, 1}, {{}, {0, 1, 2}}});
  checkGather({1, {1}, {1}, {1}, {{5}}});
}

TEST(Gather, Reasons) {
  EXPECT_EQ(whyNoGather({1, {3}, {1}, {1}, {{0, 1}}}, getISAs().front()), "a table of 2 entries for an extent of 3");
  EXPECT_EQ(whyNoGather({1, {3}, {1}, {1}, {}}, getISAs().front()), "each dimension needs a table, which may be empty");
}

} // namespace
