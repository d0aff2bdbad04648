// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Columns packed at run time and products with them, against nibble::numerics, bit for bit.

#include "nibble/Kernels/Packed.h"
#include "DynamicKernel.h"
#include "nibble/Support/Numerics.h"

#include "llvm/Support/Allocator.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

/// Bytes that nothing wrote before, aligned as the arena is, with room to be read behind them.
class Aligned {
public:
  explicit Aligned(int64_t bytes) : storage(bytes + 128, canary) {}
  char *data() { return reinterpret_cast<char *>((reinterpret_cast<uintptr_t>(storage.data()) + 63) / 64 * 64); }

private:
  std::vector<char> storage;
};

/// Matrices of `rows` with a gap behind each row.
PackColumnsParams packing(const Extent &rows, const Extent &columns, const Extents &batch = {}, int64_t gap = 1) {
  PackColumnsParams p;
  p.rows = rows, p.columns = columns, p.batch = batch;
  p.row = (columns + gap) * 4;
  p.batchStrides = denseStrides(batch, 1);
  for (Extent &stride : p.batchStrides)
    stride *= p.row * rows;
  return p;
}

PackedMatMulParams product(ElementKind lhs, const Extent &M, const Extent &K, const Extent &N,
                           const Extents &batch = {}, bool sharesColumns = false) {
  PackedMatMulParams p;
  p.lhs = lhs, p.M = M, p.K = K, p.N = N, p.batch = batch;
  p.lhsRow = K + 1, p.outputRow = (N + 2) * 4;
  const auto strides = [&](const Extent &matrix) {
    Extents all = denseStrides(batch, 1);
    for (Extent &stride : all)
      stride *= matrix;
    return all;
  };
  p.lhsBatchStrides = strides(M * p.lhsRow);
  p.rowsBatchStrides = strides(M * 4);
  p.outputBatchStrides = strides(M * p.outputRow);
  p.rhsBatchStrides = sharesColumns ? Extents(batch.size(), 0) : strides(packedBlocks(N) * packedBlockBytes(K));
  return p;
}

/// Matrices of f32, and their columns as bytes.
struct Columns {
  int64_t rows, columns, count;
  std::vector<float> floats; ///< with gaps
  std::vector<int32_t> bytes;
  std::vector<float> scales;
};

Columns makeColumns(const PackColumnsParams &p, std::vector<float> floats) {
  Columns made{
      p.rows.getStatic(), p.columns.getStatic(), nibble::product(p.batch).getStatic(), std::move(floats), {}, {}};
  const int64_t pitch = p.row.getStatic() / 4;
  made.floats.resize(made.count * made.rows * pitch);
  made.bytes.resize(made.count * made.rows * made.columns);
  for (int64_t i = 0; i < made.count; ++i)
    for (int64_t n = 0; n < made.columns; ++n) {
      std::vector<float> column;
      for (int64_t k = 0; k < made.rows; ++k)
        column.push_back(made.floats[(i * made.rows + k) * pitch + n]);
      made.scales.push_back(numerics::rowScale(column.data(), column.size(), 127));
      for (int64_t k = 0; k < made.rows; ++k)
        made.bytes[(i * made.rows + k) * made.columns + n] =
            numerics::quantizeRow(column[k], made.scales.back(), -127, 127);
    }
  return made;
}

/// What a product gives of random bytes, some of them the extremes, and of `columns`; scales of rows with a NaN.
struct Want {
  std::vector<uint8_t> lhs;
  std::vector<float> rows, results;
};

Want makeWant(const PackedMatMulParams &p, const Columns &columns) {
  const int64_t M = p.M.getStatic(), K = p.K.getStatic(), N = p.N.getStatic();
  const int64_t count = nibble::product(p.batch).getStatic(), pitch = p.lhsRow.getStatic(),
                out = p.outputRow.getStatic() / 4;
  Want want{randomBytes(count * M * pitch + 64, 5), randomFloats(count * M, 0.1f, false, 6), {}};
  float untouched;
  std::memset(&untouched, canary, sizeof untouched);
  want.results.assign(count * M * out, untouched);
  if (!want.rows.empty())
    want.rows.back() = std::numeric_limits<float>::quiet_NaN();
  for (int64_t i = 0; i < count; ++i)
    for (int64_t m = 0; m < M; ++m)
      for (int64_t n = 0; n < N; ++n) {
        const int64_t matrix = columns.count == 1 ? 0 : i;
        int64_t acc = 0;
        for (int64_t k = 0; k < K; ++k) {
          const uint8_t byte = want.lhs[(i * M + m) * pitch + k];
          acc += int64_t(p.lhs == u8 ? int(byte) : int(int8_t(byte))) * columns.bytes[(matrix * K + k) * N + n];
        }
        const float scale = want.rows[i * M + m] * columns.scales[matrix * N + n];
        want.results[(i * M + m) * out + n] = float(int32_t(acc)) * scale;
      }
  return want;
}

void checkOn(const ISA &isa, const PackColumnsParams &c, const PackedMatMulParams &p, Columns &columns, Want &want) {
  ASSERT_EQ(whyNoPackColumns(c, isa) + whyNoPackedMatMul(p, isa), "");
  CompiledKernel pack(isa, [&](auto &builder, auto loc, auto symbol, const ISA &level) {
    return emitPackColumns(builder, loc, symbol, c, level);
  });
  CompiledKernel multiply(isa, [&](auto &builder, auto loc, auto symbol, const ISA &level) {
    return emitPackedMatMul(builder, loc, symbol, p, level);
  });
  ASSERT_TRUE(pack && multiply);
  const int64_t packedBytes = (packedBlocks(c.columns) * packedBlockBytes(c.rows)).getStatic() * columns.count;
  Aligned packed(packedBytes);
  Guarded out(want.results.size() * 4);
  pack.run({columns.floats.data(), packed.data()}, packColumnsTileCount(c));
  multiply.run({want.lhs.data(), packed.data(), want.rows.data(), out.data()}, packedMatMulTileCount(p));
  expectSame(out.data<float>(), want.results.data(), want.results.size(),
             packedMatMulKernelName(p, isa) + " " + packedMatMulKernelKey(p));
}

void check(ElementKind lhs, int64_t M, int64_t K, int64_t N, const Extents &batch, bool shared,
           std::vector<float> floats) {
  const PackColumnsParams c = packing(K, N, shared ? Extents() : batch);
  const PackedMatMulParams p = product(lhs, M, K, N, batch, shared);
  Columns columns = makeColumns(c, std::move(floats));
  Want want = makeWant(p, columns);
  for (const ISA *isa : testedISAs())
    checkOn(*isa, c, p, columns, want);
}

void checkRandom(ElementKind lhs, int64_t M, int64_t K, int64_t N, const Extents &batch = {}, bool shared = false) {
  const int64_t count = nibble::product(batch).getStatic();
  check(lhs, M, K, N, batch, shared, randomFloats(count * K * (N + 1), 2, /*extremes=*/false, 7));
}

TEST(Packed, Shapes) {
  for (ElementKind lhs : {u8, s8}) {
    checkRandom(lhs, 1, 1, 1);
    for (int64_t K : {2, 3, 4, 5, 6, 7, 8, 33})
      checkRandom(lhs, 3, K, 5);
    for (int64_t N : {2, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 50, 64})
      checkRandom(lhs, 5, 6, N);
    for (int64_t M : {2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17})
      checkRandom(lhs, M, 7, 20);
  }
}

TEST(Packed, Batches) {
  for (ElementKind lhs : {u8, s8}) {
    checkRandom(lhs, 9, 5, 18, {3});
    checkRandom(lhs, 4, 8, 16, {2, 3});
    checkRandom(lhs, 4, 8, 16, {2, 3}, /*shared=*/true);
  }
}

// NaN, infinities, denormals and the largest numbers: columns of their own, and beside ordinary ones.
TEST(Packed, Extremes) {
  for (uint32_t seed : {1, 2, 3})
    check(u8, 3, 5, 40, {2}, false, randomFloats(2 * 5 * 41, 1, /*extremes=*/true, seed));
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const float largest = std::numeric_limits<float>::max();
  for (float value :
       {0.0f, -0.0f, 1e-45f, -1e-40f, 0x1p-60f, -0x1.fffffep-61f, largest, -largest, inf, -inf, nan, -nan})
    check(s8, 2, 3, 17, {}, false, std::vector<float>(3 * 18, value));
}

// All bytes at their ends, so deep that a sum of one term more might not fit.
TEST(Packed, Deepest) {
  const int64_t K = 0x7fffffff / (255 * 127);
  const PackColumnsParams c = packing(K, 2, {}, 0);
  const PackedMatMulParams p = product(u8, 1, K, 2);
  std::vector<float> floats(2 * K, 1.0f);
  for (int64_t k = 0; k < K; ++k)
    floats[2 * k + 1] = -1.0f;
  Columns columns = makeColumns(c, std::move(floats));
  Want want = makeWant(p, columns);
  want.rows = {1.0f};
  std::fill(want.lhs.begin(), want.lhs.end(), 255);
  for (int64_t n : {0, 1})
    want.results[n] = float((n ? -127 : 127) * 255 * K) * columns.scales[n];
  for (const ISA *isa : testedISAs())
    checkOn(*isa, c, p, columns, want);
}

//===----------------------------------------------------------------------===//
// Extents that are found at run time
//===----------------------------------------------------------------------===//

std::vector<char> runPack(const PackColumnsParams &p, Call call) {
  const int64_t count = nibble::product(p.batch).getStatic();
  std::vector<float> in = randomFloats((p.rows * p.row).getStatic() / 4 * count, 2, false, 3);
  const int64_t blocks = packedBlocks(p.columns).getStatic(), blockBytes = packedBlockBytes(p.rows).getStatic();
  Aligned packed(count * blocks * blockBytes);
  call({in.data(), packed.data()});
  std::vector<char> bytes(packed.data(), packed.data() + count * blocks * blockBytes);
  // What columns have that are not there is not specified.
  for (int64_t block = 0; block < count * blocks; ++block)
    for (int64_t i = 0; i < blockBytes; ++i)
      if (block % blocks * kPackedColumns + i / 4 % kPackedColumns >= p.columns.getStatic())
        bytes[block * blockBytes + i] = 0;
  return bytes;
}

std::vector<char> runProduct(const PackedMatMulParams &p, Call call) {
  const int64_t count = nibble::product(p.batch).getStatic();
  PackColumnsParams c = packing(p.K, p.N, p.batch);
  std::vector<float> floats = randomFloats((c.rows * c.row).getStatic() / 4 * count, 2, false, 4);
  std::vector<uint8_t> lhs = randomBytes((p.M * p.lhsRow).getStatic() * count + 64, 8);
  std::vector<float> rows = randomFloats(p.M.getStatic() * count, 1, false, 9);
  Aligned packed((packedBlocks(p.N) * packedBlockBytes(p.K)).getStatic() * count);
  static std::map<std::string, CompiledKernel> packers;
  auto packer = packers
                    .try_emplace(packColumnsKernelKey(c), *hostISAs().back(),
                                 [&](auto &b, auto l, auto s, auto &isa) { return emitPackColumns(b, l, s, c, isa); })
                    .first;
  packer->second.run({floats.data(), packed.data()}, packColumnsTileCount(c));
  Result out((p.M * p.outputRow).getStatic() * count);
  call({lhs.data(), packed.data(), rows.data(), out.data()});
  return out.bytes;
}

TEST(DynamicPacked, Columns) {
  const nibble::kernels::test::Family<PackColumnsParams> packs{whyNoPackColumns, emitPackColumns, packColumnsTileCount,
                                                               packColumnsKernelKey, runPack};
  const auto checkAll = [&](Make<PackColumnsParams> make) {
    nibble::kernels::test::check<PackColumnsParams>(packs, make, /*floats=*/false);
  };
  checkAll([](const Extent &a, const Extent &b) { return packing(a, b); });
  checkAll([](const Extent &a, const Extent &b) { return packing(a, 18, {b}); });
  checkAll([](const Extent &a, const Extent &b) { return packing(a * 4, b * 16); });
}

TEST(DynamicPacked, Products) {
  const nibble::kernels::test::Family<PackedMatMulParams> products{
      whyNoPackedMatMul, emitPackedMatMul, packedMatMulTileCount, packedMatMulKernelKey, runProduct};
  for (ElementKind lhs : {u8, s8}) {
    const auto checkAll = [&](Make<PackedMatMulParams> make) {
      nibble::kernels::test::check<PackedMatMulParams>(products, make, /*floats=*/true);
    };
    checkAll([&](const Extent &a, const Extent &b) { return product(lhs, a, b, 20); });
    checkAll([&](const Extent &a, const Extent &b) { return product(lhs, a, 9, b); });
    // Attention.
    checkAll([&](const Extent &a, const Extent &b) { return product(lhs, b, 16, b, {a, 2}); });
    checkAll([&](const Extent &a, const Extent &b) { return product(lhs, a, a + b, 16, {2}); });
  }
}

TEST(Packed, NamesAndReasons) {
  const ISA &isa = *lookupISA("avx2");
  PackColumnsParams c = packing(4, 20);
  EXPECT_EQ(packColumnsKernelName(c, isa), "f32_s8_pack_columns_avx2");
  EXPECT_EQ(packColumnsTileCount(c), 2);
  c.batch = {2};
  EXPECT_EQ(whyNoPackColumns(c, isa), "the matrices need one stride a dimension");
  PackedMatMulParams p = product(u8, 9, 4, 20);
  EXPECT_EQ(packedMatMulKernelName(p, isa), "u8_s8_f32_packed_matmul_avx2");
  EXPECT_EQ(packedMatMulTileCount(p), 2);
  p.lhs = f32;
  EXPECT_EQ(whyNoPackedMatMul(p, isa), "it multiplies bytes");
  p.batch = {2};
  EXPECT_EQ(whyNoPackedMatMul(p, isa), "each operand needs one stride a dimension");
}

} // namespace
