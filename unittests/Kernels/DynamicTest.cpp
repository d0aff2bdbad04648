// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The scales of rows, and bytes by them, against nibble::numerics, bit for bit.

#include "nibble/Kernels/Dynamic.h"
#include "KernelRunner.h"
#include "nibble/Support/Numerics.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

/// `gap`: bytes between lines of input and output.
RowQuantizeParams makeRows(int64_t rows, int64_t lines, int64_t length, ElementKind output, int64_t gap = 0) {
  RowQuantizeParams p;
  p.rows = rows, p.lines = lines, p.length = length;
  p.linePitch = 4 * length + 4 * gap, p.rowPitch = lines * p.linePitch;
  p.output = output;
  p.outputLinePitch = length + gap, p.outputRowPitch = lines * p.outputLinePitch;
  return p;
}

RowScaleParams scaleParams(const RowQuantizeParams &p) {
  RowScaleParams scale;
  static_cast<RowsParams &>(scale) = p;
  scale.levels = p.output == ElementKind::S8 ? 127 : 255;
  return scale;
}

/// The elements of a row, one line behind the other.
std::vector<float> rowOf(const RowsParams &p, const std::vector<float> &memory, int64_t row) {
  std::vector<float> elements;
  for (int64_t line = 0; line < p.lines.getStatic(); ++line) {
    const float *from = memory.data() + (row * p.rowPitch + line * p.linePitch).getStatic() / 4;
    elements.insert(elements.end(), from, from + p.length.getStatic());
  }
  return elements;
}

std::vector<char> quantized(const RowQuantizeParams &p, const std::vector<float> &memory,
                            const std::vector<float> &scales) {
  const int64_t length = p.length.getStatic(), linePitch = p.outputLinePitch.getStatic();
  std::vector<char> bytes((p.rows * p.outputRowPitch).getStatic(), canary);
  const bool isSigned = p.output == ElementKind::S8;
  for (int64_t row = 0; row < p.rows.getStatic(); ++row) {
    const std::vector<float> elements = rowOf(p, memory, row);
    for (int64_t i = 0; i < int64_t(elements.size()); ++i)
      bytes[row * p.outputRowPitch.getStatic() + i / length * linePitch + i % length] =
          char(numerics::quantizeRow(elements[i], scales[row], isSigned ? -127 : 0, isSigned ? 127 : 255));
  }
  return bytes;
}

void check(const RowQuantizeParams &p, std::vector<float> memory) {
  const RowScaleParams s = scaleParams(p);
  const int64_t rows = p.rows.getStatic();
  memory.resize(rows * p.rowPitch.getStatic() / 4);
  std::vector<float> scales;
  for (int64_t row = 0; row < rows; ++row) {
    const std::vector<float> elements = rowOf(p, memory, row);
    scales.push_back(numerics::rowScale(elements.data(), elements.size(), s.levels));
  }
  const std::vector<char> bytes = quantized(p, memory, scales);
  for (const ISA *isa : testedISAs()) {
    CompiledKernel scale(*isa, [&](mlir::OpBuilder &b, mlir::Location loc, llvm::StringRef symbol, const ISA &level) {
      return emitRowScale(b, loc, symbol, s, level);
    });
    CompiledKernel quantize(*isa, [&](mlir::OpBuilder &b, mlir::Location loc, llvm::StringRef symbol,
                                      const ISA &level) { return emitRowQuantize(b, loc, symbol, p, level); });
    ASSERT_TRUE(scale && quantize);
    Guarded gotScales(4 * rows), gotBytes(bytes.size());
    scale.run({memory.data(), gotScales.data()}, rowScaleTileCount(s));
    expectSame(gotScales.data<float>(), scales.data(), rows, rowScaleKernelName(s, *isa) + rowScaleKernelKey(s));
    quantize.run({memory.data(), gotScales.data(), gotBytes.data()}, rowQuantizeTileCount(p));
    expectSame(gotBytes.data<uint8_t>(), reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(),
               rowQuantizeKernelName(p, *isa) + rowQuantizeKernelKey(p));
  }
}

TEST(Dynamic, Lengths) {
  for (int64_t length : {1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 63, 64, 65, 100, 257})
    for (ElementKind output : {ElementKind::S8, ElementKind::U8})
      check(makeRows(3, 1, length, output), randomFloats(3 * length, 2.0f, /*extremes=*/false, length));
}

TEST(Dynamic, Images) {
  for (int64_t gap : {0, 3, 16})
    for (int64_t length : {3, 24, 112})
      check(makeRows(2, 5, length, ElementKind::U8, gap), randomFloats(10 * (length + gap), 1.0f, false, gap));
}

// More than a few threads of a GPU are worth: their parts of a row are combined.
TEST(Dynamic, LongRows) {
  for (int64_t length : {2047, 2048, 2049, 8193, 10000})
    check(makeRows(2, 1, length, ElementKind::S8), randomFloats(2 * length, 2.0f, /*extremes=*/false, length));
  for (int64_t gap : {0, 5})
    check(makeRows(2, 7, 1500, ElementKind::U8, gap), randomFloats(14 * (1500 + gap), 2.0f, false, gap));
}

void checkEncoding(const std::vector<float> &row) {
  RowQuantizeParams p = makeRows(1, 1, row.size(), ElementKind::U8);
  RowScaleParams s = scaleParams(p);
  p.affine = s.affine = true;
  const numerics::DynamicEncoding want = numerics::dynamicEncoding(row.data(), row.size());
  for (const ISA *isa : testedISAs()) {
    CompiledKernel encode(*isa, [&](mlir::OpBuilder &b, mlir::Location loc, llvm::StringRef symbol, const ISA &level) {
      return emitRowScale(b, loc, symbol, s, level);
    });
    ASSERT_TRUE(encode);
    Guarded got(8);
    encode.run({const_cast<float *>(row.data()), got.data()}, rowScaleTileCount(s));
    expectSame(got.data<float>(), &want.scale, 2, rowScaleKernelName(s, *isa) + rowScaleKernelKey(s));
  }
}

TEST(Dynamic, Encodings) {
  for (int64_t length : {1, 2, 3, 16, 17, 33, 100, 2049, 10000}) {
    checkEncoding(randomFloats(length, 2.0f, /*extremes=*/false, length));
    checkEncoding(randomFloats(length, 2.0f, /*extremes=*/true, length));
    std::vector<float> negative(length, -1.5f), zeros(length, -0.0f);
    checkEncoding(negative);
    checkEncoding(zeros);
  }
}

// NaN, infinities, denormals and the largest numbers: rows of their own, and beside ordinary ones.
TEST(Dynamic, Extremes) {
  for (int64_t length : {1, 7, 40})
    for (uint32_t seed : {1, 2, 3})
      check(makeRows(40, 1, length, ElementKind::S8), randomFloats(40 * length, 1.0f, /*extremes=*/true, seed));
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const float largest = std::numeric_limits<float>::max();
  for (float value :
       {0.0f, -0.0f, 1e-45f, -1e-40f, 0x1p-60f, -0x1.fffffep-61f, largest, -largest, inf, -inf, nan, -nan})
    for (ElementKind output : {ElementKind::S8, ElementKind::U8})
      for (int64_t length : {1, 19})
        check(makeRows(2, 1, length, output), std::vector<float>(length, value));
}

// Half a step: rounding to even, in the quantized value of every other element.
TEST(Dynamic, Ties) {
  std::vector<float> row = {127.0f};
  for (int i = -126; i < 126; ++i)
    row.push_back(float(i) + 0.5f);
  check(makeRows(1, 1, row.size(), ElementKind::S8), row);
}

TEST(Dynamic, Keys) {
  const RowQuantizeParams p = makeRows(2, 3, 5, ElementKind::S8), q = makeRows(2, 3, 5, ElementKind::U8);
  EXPECT_NE(rowScaleKernelKey(scaleParams(p)), rowScaleKernelKey(scaleParams(q)));
  EXPECT_NE(rowQuantizeKernelKey(p), rowQuantizeKernelKey(q));
  EXPECT_EQ(rowQuantizeTileCount(p), 6);
  EXPECT_EQ(rowScaleKernelName(scaleParams(p), *lookupISA("avx2")), "f32_f32_row_scale_avx2");
  EXPECT_EQ(rowQuantizeKernelName(p, *lookupISA("avx2")), "f32_s8_row_quantize_avx2");
}

TEST(Dynamic, EncodingNamesAndReasons) {
  RowQuantizeParams p = makeRows(1, 4, 8, ElementKind::U8);
  RowScaleParams s = scaleParams(makeRows(1, 1, 32, ElementKind::U8));
  const std::string rowKey = rowScaleKernelKey(s), bytesKey = rowQuantizeKernelKey(p);
  p.affine = s.affine = true;
  const ISA &isa = *lookupISA("avx2");
  EXPECT_EQ(rowScaleKernelName(s, isa), "f32_f32_encoding_avx2");
  EXPECT_EQ(rowQuantizeKernelName(p, isa), "f32_u8_encode_avx2");
  EXPECT_NE(rowScaleKernelKey(s), rowKey);
  EXPECT_NE(rowQuantizeKernelKey(p), bytesKey);
  EXPECT_EQ(whyNoRowScale(s, isa), "");
  EXPECT_EQ(whyNoRowQuantize(p, isa), "");
  s.lines = 2;
  p.output = ElementKind::S8;
  EXPECT_EQ(whyNoRowScale(s, isa), "an encoding is that of one row of one line");
  EXPECT_EQ(whyNoRowQuantize(p, isa), "an encoding is that of one row, and of u8");
}

} // namespace
