// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Kernels/Rows.h"
#include "KernelRunner.h"
#include "nibble/Support/Numerics.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// Dense, along dimension 1.
SoftmaxParams softmax(int64_t outer, int64_t length, int64_t inner) {
  SoftmaxParams p;
  p.shape = {outer, length, inner};
  p.axis = 1;
  p.inputStrides = p.outputStrides = denseStrides(p.shape, 4);
  return p;
}

/// All of the output's `elements`, which the canary fills before.
std::vector<float> softmaxReference(const SoftmaxParams &p, const std::vector<float> &in, int64_t elements) {
  float untouched;
  std::memset(&untouched, canary, 4);
  std::vector<float> out(elements, untouched);
  const std::vector<int64_t> shape = toIntegers(p.shape);
  const int64_t length = shape[1];
  for (int64_t o = 0; o < shape[0]; ++o)
    for (int64_t c = 0; c < shape[2]; ++c) {
      auto at = [&](const Extents &s, int64_t i) { return (o * s[0] + i * s[1] + c * s[2]).getStatic() / 4; };
      float max = -inf;
      for (int64_t i = 0; i < length; ++i)
        max = numerics::maximum(max, in[at(p.inputStrides, i)]);
      std::vector<float> e;
      for (int64_t i = 0; i < length; ++i)
        e.push_back(numerics::expNegative(in[at(p.inputStrides, i)] - max));
      const float sum = numerics::sum(e.data(), length);
      for (int64_t i = 0; i < length; ++i)
        out[at(p.outputStrides, i)] = e[i] / sum;
    }
  return out;
}

/// How far a tensor reaches, in elements.
int64_t reach(const Extents &shape, const Extents &strides) {
  int64_t last = 0;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0)
      return 0;
    last += ((shape[d] - 1) * strides[d]).getStatic();
  }
  return last / 4 + 1;
}

void checkSoftmax(const SoftmaxParams &p, float deviation, bool extremes) {
  std::vector<float> in = randomFloats(reach(p.shape, p.inputStrides), deviation, extremes);
  const int64_t elements = reach(p.shape, p.outputStrides);
  std::vector<float> want = softmaxReference(p, in, elements);
  for (const ISA *isa : testedISAs()) {
    ASSERT_EQ(whyNoSoftmax(p, *isa), "");
    CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
      return emitSoftmax(builder, loc, symbol, p, isa);
    });
    Guarded out(elements * 4);
    kernel.run({in.data(), out.data()}, softmaxTileCount(p));
    expectSame(out.data<float>(), want.data(), elements, isa->name.str() + " " + softmaxKernelKey(p));
    if (p.inputStrides != p.outputStrides)
      continue;
    copyBytes(out.data(), in);
    kernel.run({out.data(), out.data()}, softmaxTileCount(p));
    expectSame(out.data<float>(), want.data(), elements, isa->name.str() + " in place");
  }
}

TEST(Softmax, RowsAndColumns) {
  for (const SoftmaxParams &p :
       {softmax(1, 1, 1), softmax(3, 10, 1), softmax(2, 100, 1), softmax(2, 16, 1), softmax(2, 5, 23),
        softmax(1, 40, 3), softmax(2, 0, 1), softmax(0, 3, 1), softmax(3, 1, 17), softmax(9000, 2, 1), softmax(7, 5, 1),
        softmax(5, 6, 1), softmax(3, 47, 1)}) {
    checkSoftmax(p, 5, false);
    checkSoftmax(p, 60, false);
  }
  checkSoftmax(softmax(4, 33, 1), 1, true);
  checkSoftmax(softmax(2, 9, 19), 1, true);
}

TEST(Softmax, PaddedBuffers) {
  SoftmaxParams p = softmax(3, 5, 19);
  p.outputStrides = {800, 120, 4};
  checkSoftmax(p, 5, false);
  p.inputStrides = {400, 4, 20}; // along contiguous elements, into a column
  checkSoftmax(p, 5, false);
  p.outputStrides = {800, 4, 40};
  checkSoftmax(p, 5, false);
}

TEST(Softmax, Reasons) {
  SoftmaxParams p = softmax(3, 5, 19);
  p.axis = 3;
  EXPECT_EQ(whyNoSoftmax(p, getISAs().front()), "an axis out of range");
  p.axis = 0;
  p.outputStrides.pop_back();
  EXPECT_EQ(whyNoSoftmax(p, getISAs().front()), "each operand needs one stride a dimension");
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

float reduce(ReductionKind kind, const std::vector<float> &x) {
  auto get = [&](int64_t i) { return x[i]; };
  const int64_t n = x.size();
  switch (kind) {
  case ReductionKind::Sum:
    return numerics::sum(x.data(), n);
  case ReductionKind::Mean:
    return numerics::sum(x.data(), n) / float(n);
  case ReductionKind::Max:
    return numerics::reduceLanes(n, -inf, get, numerics::maximum);
  case ReductionKind::Min:
    return numerics::reduceLanes(n, inf, get, numerics::minimum);
  case ReductionKind::Prod:
    return numerics::reduceLanes(n, 1.0f, get, [](float a, float b) { return a * b; });
  }
  return 0;
}

/// Results in row-major order; each from its elements in row-major order.
std::vector<float> reductionReference(const ReductionParams &p, const std::vector<float> &in) {
  std::vector<std::vector<float>> groups;
  const std::vector<int64_t> shape = toIntegers(p.shape), strides = toIntegers(p.inputStrides);
  int64_t count = 1, results = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    count *= shape[d];
    if (!llvm::is_contained(p.axes, int64_t(d)))
      results *= shape[d];
  }
  groups.resize(results);
  for (int64_t i = 0; i < count; ++i) {
    int64_t result = 0, offset = 0, place = 1, rest = i;
    for (size_t d = shape.size(); d-- > 0; rest /= shape[d]) {
      const int64_t index = rest % shape[d];
      offset += index * strides[d];
      if (!llvm::is_contained(p.axes, int64_t(d))) {
        result += index * place;
        place *= shape[d];
      }
    }
    groups[result].push_back(in[offset / 4]);
  }
  std::vector<float> out;
  for (const std::vector<float> &group : groups)
    out.push_back(reduce(p.kind, group));
  return out;
}

void checkReduction(ReductionParams p, int64_t elements) {
  Extents kept;
  for (size_t d = 0; d < p.shape.size(); ++d)
    if (!llvm::is_contained(p.axes, int64_t(d)))
      kept.push_back(p.shape[d]);
  p.outputStrides = denseStrides(kept, 4);
  const bool order = p.kind == ReductionKind::Max || p.kind == ReductionKind::Min;
  std::vector<float> in = randomFloats(elements, 1, order), want = reductionReference(p, in);
  for (const ISA *isa : testedISAs()) {
    ASSERT_EQ(whyNoReduction(p, *isa), "");
    CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
      return emitReduction(builder, loc, symbol, p, isa);
    });
    Guarded out(want.size() * 4);
    kernel.run({in.data(), out.data()}, reductionTileCount(p));
    expectSame(out.data<float>(), want.data(), want.size(), isa->name.str() + " " + reductionKernelKey(p));
  }
}

TEST(Reduction, KindsAndAxes) {
  const Extents shape = {3, 4, 5, 19};
  for (ReductionKind kind :
       {ReductionKind::Sum, ReductionKind::Mean, ReductionKind::Max, ReductionKind::Min, ReductionKind::Prod})
    for (const std::vector<int64_t> &axes : {std::vector<int64_t>{3}, {1, 2}})
      checkReduction({kind, shape, denseStrides(shape, 4), axes, {}}, 3 * 4 * 5 * 19);
  for (const std::vector<int64_t> &axes : {std::vector<int64_t>{0}, {0, 3}, {1, 3}, {0, 1, 2, 3}, {2, 3}, {}})
    checkReduction({ReductionKind::Sum, shape, denseStrides(shape, 4), axes, {}}, 3 * 4 * 5 * 19);
}

TEST(Reduction, OddShapes) {
  checkReduction({ReductionKind::Mean, {2, 100}, {400, 4}, {1}, {}}, 200);
  checkReduction({ReductionKind::Sum, {2, 0}, {0, 4}, {1}, {}}, 0);
  checkReduction({ReductionKind::Max, {1}, {4}, {0}, {}}, 1);
  for (int64_t length : {2, 5, 6, 15, 16, 17, 47, 48})
    checkReduction({ReductionKind::Sum, {7, length}, {4 * length, 4}, {1}, {}}, 7 * length);
  checkReduction({ReductionKind::Sum, {3, 4, 18}, {400, 80, 4}, {0, 1}, {}}, 300 + 60 + 18); // a padded image
}

TEST(Reduction, IntoAPaddedBuffer) {
  ReductionParams p{ReductionKind::Sum, {3, 5, 7}, denseStrides({3, 5, 7}, 4), {1}, {40, 4}};
  std::vector<float> in = randomFloats(105, 1, false), dense = reductionReference(p, in), want(27);
  std::memset(want.data(), canary, want.size() * 4);
  for (int64_t i = 0; i < 21; ++i)
    want[i / 7 * 10 + i % 7] = dense[i];
  for (const ISA *isa : testedISAs()) {
    CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
      return emitReduction(builder, loc, symbol, p, isa);
    });
    Guarded out(want.size() * 4);
    kernel.run({in.data(), out.data()}, reductionTileCount(p));
    expectSame(out.data<float>(), want.data(), want.size(), isa->name.str());
  }
}

TEST(Reduction, NamesAndReasons) {
  EXPECT_EQ(lookupReductionKind("prod"), ReductionKind::Prod);
  EXPECT_EQ(lookupReductionKind("median"), std::nullopt);
  const ISA &isa = getISAs().front();
  EXPECT_EQ(whyNoReduction({ReductionKind::Sum, {3}, {4}, {1}, {}}, isa), "an axis out of range");
  EXPECT_EQ(whyNoReduction({ReductionKind::Sum, {3}, {4}, {0}, {4}}, isa),
            "the result needs one stride a dimension that stays");
}

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

BatchMatMulParams product(ElementKind lhs, ElementKind rhs, ElementKind output, int64_t M, int64_t K, int64_t N,
                          Extents batch = {}, Extents lhsBatch = {}, Extents rhsBatch = {}) {
  BatchMatMulParams p;
  p.lhs = lhs, p.rhs = rhs, p.output = output;
  p.M = M, p.K = K, p.N = N;
  p.lhsRow = (K + 1) * bytesOf(lhs), p.rhsRow = (N + 2) * bytesOf(rhs), p.outputRow = (N + 1) * bytesOf(output);
  p.batch = batch;
  lhsBatch.insert(lhsBatch.end(), {M, p.lhsRow});
  rhsBatch.insert(rhsBatch.end(), {K, p.rhsRow});
  auto strides = [&](Extents from) {
    Extents to = batch;
    to.insert(to.end(), from.end() - 2, from.end());
    Extents all = broadcastStrides(from, to, 1);
    return Extents(all.begin(), all.end() - 2);
  };
  p.lhsBatchStrides = strides(lhsBatch);
  p.rhsBatchStrides = strides(rhsBatch);
  Extents all = batch;
  all.insert(all.end(), {M, p.outputRow});
  p.outputBatchStrides = strides(all);
  return p;
}

/// Calls `body` with the byte offsets of each pair of matrices and their product.
void forEachBatch(const BatchMatMulParams &p, llvm::function_ref<void(int64_t, int64_t, int64_t)> body) {
  const std::vector<int64_t> batch = toIntegers(p.batch);
  for (int64_t i = 0, count = nibble::product(p.batch).getStatic(); i < count; ++i) {
    int64_t lhs = 0, rhs = 0, output = 0, rest = i;
    for (size_t d = batch.size(); d-- > 0; rest /= batch[d]) {
      const int64_t index = rest % batch[d];
      lhs += index * p.lhsBatchStrides[d].getStatic();
      rhs += index * p.rhsBatchStrides[d].getStatic();
      output += index * p.outputBatchStrides[d].getStatic();
    }
    body(lhs, rhs, output);
  }
}

constexpr int64_t matrixBytes = 1 << 16;

void runProduct(const BatchMatMulParams &p, std::vector<char> lhs, std::vector<char> rhs, std::vector<char> bias,
                std::vector<char> multipliers, const std::vector<char> &want) {
  for (const ISA *isa : testedISAs()) {
    ASSERT_EQ(whyNoBatchMatMul(p, *isa), "");
    CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
      return emitBatchMatMul(builder, loc, symbol, p, isa);
    });
    Guarded out(matrixBytes);
    kernel.run({lhs.data(), rhs.data(), out.data(), bias.data(), multipliers.data()}, batchMatMulTileCount(p));
    expectSame(out.data<uint8_t>(), reinterpret_cast<const uint8_t *>(want.data()), matrixBytes,
               isa->name.str() + " " + batchMatMulKernelKey(p));
  }
}

template <typename T>
std::vector<char> toBytes(const std::vector<T> &values) {
  const char *bytes = reinterpret_cast<const char *>(values.data());
  return std::vector<char>(bytes, bytes + values.size() * sizeof(T));
}

void checkFloat(BatchMatMulParams p, bool bias) {
  const int64_t M = p.M.getStatic(), K = p.K.getStatic(), N = p.N.getStatic();
  const int64_t lhsRow = p.lhsRow.getStatic(), rhsRow = p.rhsRow.getStatic(), outputRow = p.outputRow.getStatic();
  p.bias = bias;
  std::vector<float> lhs = randomFloats(matrixBytes / 4, 1, false, 1), rhs = randomFloats(matrixBytes / 4, 1, false, 2);
  std::vector<float> start = randomFloats(N, 1, false, 3);
  std::vector<char> want(matrixBytes, canary);
  forEachBatch(p, [&](int64_t l, int64_t r, int64_t o) {
    for (int64_t m = 0; m < M; ++m)
      for (int64_t n = 0; n < N; ++n) {
        float acc = bias ? start[n] : 0.0f;
        for (int64_t k = 0; k < K; ++k)
          acc = std::fma(lhs[(l + m * lhsRow) / 4 + k], rhs[(r + k * rhsRow) / 4 + n], acc);
        std::memcpy(&want[o + m * outputRow + n * 4], &acc, 4);
      }
  });
  runProduct(p, toBytes(lhs), toBytes(rhs), toBytes(start), {}, want);
}

void checkBytes(BatchMatMulParams p, Requant mode) {
  const int64_t M = p.M.getStatic(), K = p.K.getStatic(), N = p.N.getStatic();
  const int64_t lhsRow = p.lhsRow.getStatic(), rhsRow = p.rhsRow.getStatic(), outputRow = p.outputRow.getStatic();
  p.requant = mode;
  p.lhsZeroPoint = p.lhs == ElementKind::U8 ? 255 : -128;
  p.rhsZeroPoint = p.rhs == ElementKind::U8 ? 7 : 127;
  p.range = p.output == ElementKind::U8 ? StoredRange{100, 0, 255} : StoredRange{-5, -128, 120};
  std::vector<uint8_t> lhs = randomBytes(matrixBytes, 1), rhs = randomBytes(matrixBytes, 2);
  std::vector<int32_t> bias;
  std::vector<float> multipliers;
  for (int64_t n = 0; n < N; ++n) {
    bias.push_back(int32_t(n * 1001 - 5000));
    multipliers.push_back(0.0003f * float(n + 1));
  }
  auto value = [](uint8_t byte, ElementKind kind) {
    return kind == ElementKind::U8 ? int32_t(byte) : int32_t(int8_t(byte));
  };
  std::vector<char> want(matrixBytes, canary);
  forEachBatch(p, [&](int64_t l, int64_t r, int64_t o) {
    for (int64_t m = 0; m < M; ++m)
      for (int64_t n = 0; n < N; ++n) {
        int32_t acc = bias[n];
        for (int64_t k = 0; k < K; ++k)
          acc += (value(lhs[l + m * lhsRow + k], p.lhs) - p.lhsZeroPoint) *
                 (value(rhs[r + k * rhsRow + n], p.rhs) - p.rhsZeroPoint);
        const auto [zero, min, max] = std::tuple(p.range.zeroPoint, p.range.min, p.range.max);
        want[o + m * outputRow + n] =
            char(mode == Requant::Float
                     ? numerics::requantizeFloat(acc, multipliers[n], zero, min, max)
                     : numerics::requantizeFixed(acc, *numerics::toFixedMultiplier(multipliers[n]), zero, min, max));
      }
  });
  runProduct(p, toBytes(lhs), toBytes(rhs), toBytes(bias), packMultipliers(multipliers, mode), want);
}

TEST(BatchMatMul, Floats) {
  const ElementKind f32 = ElementKind::F32;
  checkFloat(product(f32, f32, f32, 7, 5, 37), true);
  checkFloat(product(f32, f32, f32, 8, 3, 16), false);
  checkFloat(product(f32, f32, f32, 1, 1, 1), false);
  checkFloat(product(f32, f32, f32, 2, 0, 3), true);
  checkFloat(product(f32, f32, f32, 5, 6, 9, {2, 3}, {2, 3}, {3}), false);
  checkFloat(product(f32, f32, f32, 5, 6, 9, {2, 3, 2}, {3, 1}, {2, 1, 2}), true);
}

TEST(BatchMatMul, Bytes) {
  for (Requant mode : {Requant::Float, Requant::Fixed}) {
    checkBytes(product(ElementKind::U8, ElementKind::S8, ElementKind::U8, 6, 13, 41), mode);
    checkBytes(product(ElementKind::S8, ElementKind::U8, ElementKind::S8, 3, 4, 5, {2, 2}, {2, 1}, {2}), mode);
    checkBytes(product(ElementKind::U8, ElementKind::U8, ElementKind::U8, 4, 1, 1), mode);
  }
}

} // namespace
