// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels of rows and matrices of dynamic extents.

#include "DynamicKernel.h"
#include "nibble/Kernels/Dynamic.h"
#include "nibble/Kernels/Rows.h"

using namespace nibble;
using namespace nibble::kernels;
using namespace nibble::kernels::test;

namespace {

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

std::vector<char> runSoftmax(const SoftmaxParams &p, Call call) {
  std::vector<char> in = operand(p.input.kind, p.shape, p.inputStrides), mask;
  Result out(reach(p.shape, p.outputStrides, bytesOf(p.output.kind)));
  llvm::SmallVector<void *> args = {in.data()};
  if (p.masked) {
    mask = operand(f32, p.shape, p.maskStrides, 2);
    args.push_back(mask.data());
  }
  args.push_back(out.data());
  call(args);
  return out.bytes;
}
const Family<SoftmaxParams> softmaxes{whyNoSoftmax, emitSoftmax, softmaxTileCount, softmaxKernelKey, runSoftmax};

const RealOperand reals;
const RealOperand bytes = {u8, 0.031f, {117, 3, 250}};
const RealOperand fractions = {s8, 1.0f / 255, {-128, -128, 127}};

/// Of shape {2, a, b}; a mask repeats along dimension 0, and along 1 where `repeats`.
SoftmaxParams softmax(const Extent &a, const Extent &b, int64_t axis, const RealOperand &input,
                      const RealOperand &output, bool masked, bool repeats = false) {
  SoftmaxParams p;
  p.shape = {2, a, b};
  p.axis = axis;
  p.input = input, p.output = output;
  p.inputStrides = stridesOf(p.shape, bytesOf(input.kind), 1);
  p.outputStrides = denseStrides(p.shape, bytesOf(output.kind));
  p.scale = 0.4f;
  p.masked = masked;
  if (masked)
    p.maskStrides = broadcastStrides(repeats ? Extents{b} : Extents{a, b}, p.shape, 4);
  return p;
}

TEST(DynamicSoftmax, Axes) {
  for (int64_t axis : {1, 2})
    for (const auto &[input, output] : {std::pair(reals, reals), std::pair(bytes, fractions)})
      for (bool masked : {false, true}) {
        const auto make = [&, &input = input, &output = output](const Extent &a, const Extent &b) {
          return softmax(a, b, axis, input, output, masked);
        };
        check<SoftmaxParams>(softmaxes, make, output.kind == f32);
      }
  // Columns of a known length, along which the mask repeats.
  const auto outermost = [](const Extent &a, const Extent &b) { return softmax(a, b, 0, reals, reals, true); };
  check<SoftmaxParams>(softmaxes, outermost, /*floats=*/true);
}

TEST(DynamicSoftmax, RepeatedMasks) {
  for (int64_t axis : {1, 2}) {
    const auto make = [&](const Extent &a, const Extent &b) {
      return softmax(a, b, axis, reals, reals, /*masked=*/true, /*repeats=*/true);
    };
    check<SoftmaxParams>(softmaxes, make, /*floats=*/true);
  }
}

TEST(DynamicSoftmax, OfWholeVectors) {
  // The lines' length is a multiple of 16, so that nothing remains.
  const auto make = [](const Extent &a, const Extent &b) { return softmax(a, b * 16, 2, reals, reals, false); };
  check<SoftmaxParams>(softmaxes, make, /*floats=*/true);
}

std::vector<char> runIntSoftmax(const IntSoftmaxParams &p, Call call) {
  std::vector<char> in = operand(p.input, p.shape, p.inputStrides);
  std::vector<int32_t> table = packSoftmaxTable(0.03f);
  Result out(reach(p.shape, p.outputStrides, 1));
  call({in.data(), table.data(), out.data()});
  return out.bytes;
}
const Family<IntSoftmaxParams> intSoftmaxes{whyNoIntSoftmax, emitIntSoftmax, intSoftmaxTileCount, intSoftmaxKernelKey,
                                            runIntSoftmax};

TEST(DynamicIntSoftmax, Axes) {
  for (int64_t axis : {0, 1, 2})
    for (ElementKind kind : {u8, s8}) {
      const auto make = [&](const Extent &a, const Extent &b) {
        IntSoftmaxParams p;
        p.shape = {2, a, b};
        p.axis = axis;
        p.inputStrides = stridesOf(p.shape, 1, 1);
        p.outputStrides = denseStrides(p.shape, 1);
        p.input = kind;
        return p;
      };
      check<IntSoftmaxParams>(intSoftmaxes, make, false);
    }
}

//===----------------------------------------------------------------------===//
// Norms and reductions
//===----------------------------------------------------------------------===//

std::vector<char> runNorm(const NormParams &p, Call call) {
  const auto rowOf = [&](const RealOperand &operand) { return p.length.getStatic() * bytesOf(operand.kind); };
  std::vector<char> in = elements(p.input.kind, reach(p.rows, p.inputStrides, rowOf(p.input)));
  std::vector<char> scale = elements(f32, p.length.getStatic() * 4, 2),
                    bias = elements(f32, p.length.getStatic() * 4, 3);
  Result out(reach(p.rows, p.outputStrides, rowOf(p.output)));
  llvm::SmallVector<void *> args = {in.data()};
  if (p.scale)
    args.push_back(scale.data());
  if (p.bias)
    args.push_back(bias.data());
  args.push_back(out.data());
  call(args);
  return out.bytes;
}
const Family<NormParams> norms{whyNoNorm, emitNorm, normTileCount, normKernelKey, runNorm};

/// Of rows {2, rows} of `length`.
NormParams norm(const Extent &rows, const Extent &length, bool centered, const RealOperand &operand) {
  NormParams p;
  p.centered = p.bias = centered;
  p.scale = true;
  p.rows = {2, rows};
  p.length = length;
  p.input = p.output = operand;
  p.inputStrides = p.outputStrides = {rows * length * bytesOf(operand.kind), length * bytesOf(operand.kind)};
  p.epsilon = 1e-5f;
  return p;
}

TEST(DynamicNorm, RowsAndLengths) {
  for (bool centered : {false, true})
    for (const RealOperand &operand : {reals, bytes}) {
      const auto both = [&](const Extent &a, const Extent &b) { return norm(a, b, centered, operand); };
      check<NormParams>(norms, both, operand.kind == f32);
      const auto rows = [&](const Extent &a, const Extent &b) { return norm(a * b, 37, centered, operand); };
      check<NormParams>(norms, rows, operand.kind == f32);
    }
}

std::vector<char> runReduction(const ReductionParams &p, Call call) {
  std::vector<char> in = operand(f32, p.shape, p.inputStrides);
  Extents kept;
  for (size_t d = 0; d < p.shape.size(); ++d)
    if (!llvm::is_contained(p.axes, int64_t(d)))
      kept.push_back(p.shape[d]);
  Result out(reach(kept, p.outputStrides, 4));
  call({in.data(), out.data()});
  return out.bytes;
}
const Family<ReductionParams> reductions{whyNoReduction, emitReduction, reductionTileCount, reductionKernelKey,
                                         runReduction};

/// Of shape {3, a, b}, with gaps.
ReductionParams reduction(ReductionKind kind, const std::vector<int64_t> &axes, const Extent &a, const Extent &b) {
  ReductionParams p;
  p.kind = kind;
  p.shape = {3, a, b};
  p.inputStrides = stridesOf(p.shape, 4, 1);
  p.axes = axes;
  Extents kept;
  for (int64_t d = 0; d < 3; ++d)
    if (!llvm::is_contained(axes, d))
      kept.push_back(p.shape[d]);
  p.outputStrides = denseStrides(kept, 4);
  return p;
}

TEST(DynamicReduction, KindsAndAxes) {
  const auto checkAll = [](ReductionKind kind, const std::vector<int64_t> &axes) {
    const auto make = [&](const Extent &a, const Extent &b) { return reduction(kind, axes, a, b); };
    check<ReductionParams>(reductions, make, /*floats=*/true);
  };
  for (ReductionKind kind : {ReductionKind::Mean, ReductionKind::Max, ReductionKind::Min, ReductionKind::Prod})
    for (const std::vector<int64_t> &axes : {std::vector<int64_t>{2}, {1}})
      checkAll(kind, axes);
  for (const std::vector<int64_t> &axes : {std::vector<int64_t>{0}, {0, 1}, {1, 2}, {0, 2}, {0, 1, 2}})
    checkAll(ReductionKind::Sum, axes);
}

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

std::vector<char> runMatMul(const BatchMatMulParams &p, Call call) {
  const auto matrices = [&](const Extents &batchStrides, const Extent &rows, const Extent &columns, const Extent &row,
                            ElementKind kind) {
    Extents shape = p.batch, strides = batchStrides;
    shape.insert(shape.end(), {rows, columns});
    strides.insert(strides.end(), {row, bytesOf(kind)});
    return reach(shape, strides, bytesOf(kind));
  };
  std::vector<char> lhs = elements(p.lhs, matrices(p.lhsBatchStrides, p.M, p.K, p.lhsRow, p.lhs), 1);
  std::vector<char> rhs = elements(p.rhs, matrices(p.rhsBatchStrides, p.K, p.N, p.rhsRow, p.rhs), 2);
  const int64_t columns = p.sharedColumn ? 1 : p.N.getStatic();
  std::vector<char> bias = elements(p.lhs == f32 ? f32 : u8, columns * 4, 3), multipliers;
  if (p.lhs != f32 && !p.sums) {
    std::vector<float> factors;
    for (int64_t n = 0; n < columns; ++n)
      factors.push_back(0.0003f * float(n + 1));
    multipliers = packMultipliers(factors, p.requant);
  }
  Result out(matrices(p.outputBatchStrides, p.M, p.N, p.outputRow, p.output));
  float encoding[] = {0.1f, 77.0f};
  void *third = p.sums ? static_cast<void *>(encoding) : bias.data();
  void *fourth = p.sums ? static_cast<void *>(encoding) : multipliers.data();
  call({lhs.data(), rhs.data(), out.data(), third, fourth});
  return out.bytes;
}
const Family<BatchMatMulParams> matMuls{whyNoBatchMatMul, emitBatchMatMul, batchMatMulTileCount, batchMatMulKernelKey,
                                        runMatMul};

/// Matrices with gaps behind their rows, in `batch`, along whose last dimension the rhs repeats.
BatchMatMulParams matMul(ElementKind kind, const Extent &M, const Extent &K, const Extent &N,
                         const Extents &batch = {}) {
  BatchMatMulParams p;
  p.lhs = p.rhs = p.output = kind;
  p.M = M, p.K = K, p.N = N;
  p.batch = batch;
  const int64_t width = bytesOf(kind);
  p.lhsRow = (K + 1) * width, p.rhsRow = (N + 2) * width, p.outputRow = (N + 1) * width;
  const auto stridesOfMatrices = [&](const Extent &matrix) {
    Extents strides = denseStrides(batch, 1);
    for (Extent &stride : strides)
      stride *= matrix;
    return strides;
  };
  p.lhsBatchStrides = stridesOfMatrices(M * p.lhsRow);
  p.rhsBatchStrides = stridesOfMatrices(K * p.rhsRow);
  p.outputBatchStrides = stridesOfMatrices(M * p.outputRow);
  if (!batch.empty())
    p.rhsBatchStrides.back() = 0;
  p.lhsZeroPoint = kind == u8 ? 200 : 0, p.rhsZeroPoint = kind == u8 ? 7 : 0;
  p.range = {100, 3, 250};
  p.bias = kind == f32;
  return p;
}

TEST(DynamicBatchMatMul, EachExtent) {
  for (ElementKind kind : {f32, u8}) {
    const auto checkAll = [&](Make<BatchMatMulParams> make) { check<BatchMatMulParams>(matMuls, make, kind == f32); };
    checkAll([&](const Extent &a, const Extent &b) { return matMul(kind, a, b, 37); });
    checkAll([&](const Extent &a, const Extent &b) { return matMul(kind, a, 9, b); });
    checkAll([&](const Extent &a, const Extent &b) { return matMul(kind, 6, a, b); });
    checkAll([&](const Extent &a, const Extent &b) { return matMul(kind, 3, 5, 8, {a, b}); });
    // Rows in whole tiles, and so few that there is none.
    checkAll([&](const Extent &a, const Extent &b) { return matMul(kind, a * 4, b * 2, 16); });
    checkAll([&](const Extent &a, const Extent &b) { return matMul(kind, mod(a, 4), b, 16); });
  }
}

TEST(DynamicBatchMatMul, Attention) {
  for (ElementKind kind : {f32, u8}) {
    const auto scores = [&](const Extent &a, const Extent &b) { return matMul(kind, b, 16, b, {a, 2}); };
    check<BatchMatMulParams>(matMuls, scores, kind == f32);
    const auto values = [&](const Extent &a, const Extent &b) { return matMul(kind, a, a + b, 16, {2}); };
    check<BatchMatMulParams>(matMuls, values, kind == f32);
  }
}

TEST(DynamicBatchMatMul, SumsAndSharedColumns) {
  for (bool encoded : {false, true}) {
    const auto sums = [&](const Extent &a, const Extent &b) {
      BatchMatMulParams p = matMul(u8, a, b, b);
      p.output = f32;
      p.outputRow = (b + 1) * 4;
      p.sums = true;
      p.lhsEncoded = encoded, p.rhsEncoded = !encoded;
      return p;
    };
    check<BatchMatMulParams>(matMuls, sums, false);
  }
  for (Requant mode : {Requant::Float, Requant::Fixed}) {
    const auto shared = [&](const Extent &a, const Extent &b) {
      BatchMatMulParams p = matMul(u8, a, 6, b);
      p.requant = mode;
      p.sharedColumn = true;
      return p;
    };
    check<BatchMatMulParams>(matMuls, shared, false);
  }
}

//===----------------------------------------------------------------------===//
// Scales of rows
//===----------------------------------------------------------------------===//

std::vector<char> runRowScale(const RowScaleParams &p, Call call) {
  std::vector<char> in = operand(f32, {p.rows, p.lines, p.length}, {p.rowPitch, p.linePitch, 4});
  Result out(p.rows.getStatic() * (p.affine ? 8 : 4));
  call({in.data(), out.data()});
  return out.bytes;
}

std::vector<char> runRowQuantize(const RowQuantizeParams &p, Call call) {
  std::vector<char> in = operand(f32, {p.rows, p.lines, p.length}, {p.rowPitch, p.linePitch, 4});
  std::vector<float> scales(p.rows.getStatic() + 1, 0.03f);
  if (p.affine)
    scales = {0.03f, 77.0f};
  Result out(reach({p.rows, p.lines, p.length}, {p.outputRowPitch, p.outputLinePitch, 1}, 1));
  call({in.data(), scales.data(), out.data()});
  return out.bytes;
}

/// A known extent is not 0.
RowQuantizeParams rows(const Extent &rows, const Extent &lines, const Extent &length) {
  RowQuantizeParams p;
  p.rows = rows, p.lines = lines, p.length = length;
  p.linePitch = (length + 2) * 4, p.rowPitch = lines * p.linePitch;
  p.outputLinePitch = length + 3, p.outputRowPitch = lines * p.outputLinePitch;
  return p;
}

TEST(DynamicRows, ScalesAndBytes) {
  const Family<RowScaleParams> scales{whyNoRowScale, emitRowScale, rowScaleTileCount, rowScaleKernelKey, runRowScale};
  const Family<RowQuantizeParams> quantizations{whyNoRowQuantize, emitRowQuantize, rowQuantizeTileCount,
                                                rowQuantizeKernelKey, runRowQuantize};
  using MakeRows = RowQuantizeParams (*)(const Extent &, const Extent &);
  for (MakeRows make :
       std::initializer_list<MakeRows>{[](const Extent &a, const Extent &b) { return rows(a + 1, 1, b + 1); },
                                       [](const Extent &a, const Extent &b) { return rows(2, a + 1, b + 1); },
                                       [](const Extent &a, const Extent &b) { return rows(a + 1, b + 1, 19); }}) {
    check<RowQuantizeParams>(quantizations, make, false);
    const auto scale = [&](const Extent &a, const Extent &b) {
      RowScaleParams p;
      static_cast<RowsParams &>(p) = make(a, b);
      return p;
    };
    check<RowScaleParams>(scales, scale, /*floats=*/true);
  }
  const auto encoding = [](const Extent &a, const Extent &b) {
    RowScaleParams p;
    static_cast<RowsParams &>(p) = rows(1, 1, a + b * 3 + 1);
    p.affine = true;
    return p;
  };
  check<RowScaleParams>(scales, encoding, /*floats=*/true);
  const auto encoded = [](const Extent &a, const Extent &b) {
    RowQuantizeParams p = rows(1, a + 1, b + 1);
    p.affine = true;
    p.output = u8;
    return p;
  };
  check<RowQuantizeParams>(quantizations, encoded, false);
}

TEST(DynamicRows, CenteredBytesAreSignedOnes) {
  for (const ISA *isa : hostISAs())
    for (int64_t length : {1, 3, 15, 16, 17, 64, 67, 200}) {
      RowQuantizeParams p = rows(3, 2, length);
      const auto run = [&] {
        CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
          return emitRowQuantize(builder, loc, symbol, p, isa);
        });
        return runRowQuantize(p, [&](Arguments args) { kernel.run(args, rowQuantizeTileCount(p).getStatic()); });
      };
      const std::vector<char> bytes = run();
      p.output = u8, p.centered = true;
      std::vector<char> centered = run();
      for (int64_t row = 0; row < 3; ++row)
        for (int64_t line = 0; line < 2; ++line)
          for (int64_t i = 0; i < length; ++i) {
            const int64_t at =
                Result::guard + row * p.outputRowPitch.getStatic() + line * p.outputLinePitch.getStatic() + i;
            EXPECT_EQ(int8_t(bytes[at]) + 128, uint8_t(centered[at])) << isa->name.str() << ' ' << length;
          }
    }
}

TEST(DynamicRows, MayBeEmpty) {
  const RowQuantizeParams p = rows(d0, 2, d1);
  for (const ISA *isa : hostISAs()) {
    CompiledKernel kernel(*isa, [&](auto &builder, auto loc, auto symbol, const ISA &isa) {
      return emitRowQuantize(builder, loc, symbol, p, isa);
    });
    for (int64_t count : {0, 3}) {
      int64_t dims[] = {count, 0};
      std::vector<float> scales(4, 1.0f);
      Guarded out(0);
      void *args[] = {dims, nullptr, scales.data(), out.data()};
      kernel.run(Arguments(args).drop_front(), rowQuantizeTileCount(p).evaluate(dims));
    }
  }
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

TEST(DynamicRows, TileCounts) {
  EXPECT_EQ(batchMatMulTileCount(matMul(f32, d0, 5, d1, {3})), ceilDiv(d0, 4) * 3);
  EXPECT_EQ(normTileCount(norm(d0, 8, true, reals)), ceilDiv(d0 * 2, 512));
  // Without elements there is nothing to do.
  EXPECT_EQ(normTileCount(norm(d0, d1, true, reals)).evaluate({5, 0}), 0);
  EXPECT_EQ(softmaxTileCount(softmax(d0, d1, 2, reals, reals, false)).evaluate({5, 0}), 0);
}

} // namespace
