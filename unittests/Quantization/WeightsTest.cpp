// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/Types.h"
#include "nibble/Quantization/Weights.h"
#include "nibble/Support/Numerics.h"

#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace nibble;

namespace {

struct TypesTest : testing::Test {
  TypesTest() { context.loadDialect<mlir::quant::QuantDialect>(); }
  mlir::MLIRContext context;

  int32_t quantize(float x, mlir::quant::UniformQuantizedType type) {
    return numerics::quantize(x, getScale(type), type.getZeroPoint(), type.getStorageTypeMin(),
                              type.getStorageTypeMax());
  }
};

TEST_F(TypesTest, WorkedExamples) {
  auto symmetric = chooseActivationType(&context, {-1.0f, 1.0f}, ActivationKind::Int8Symmetric);
  EXPECT_EQ(quantize(-1.0f, symmetric), -127);
  EXPECT_EQ(quantize(0.0f, symmetric), 0);
  EXPECT_EQ(quantize(1.0f, symmetric), 127);
  auto asymmetric = chooseActivationType(&context, {0.0f, 2.0f}, ActivationKind::UInt8);
  EXPECT_EQ(quantize(0.0f, asymmetric), 0);
  EXPECT_EQ(quantize(2.0f, asymmetric), 255);
}

TEST_F(TypesTest, ZeroIsExactAndRangesAreReached) {
  const RealRange ranges[] = {{-1, 1},  {0, 6},          {-3, 0},         {2, 5},         {-5, -2},
                              {0, 0},   {-1e-30f, 1e-30f}, {-3e38f, 3e38f}, {-0.1f, 1000}, {-1000, 0.1f}};
  for (RealRange range : ranges)
    for (auto kind : {ActivationKind::UInt8, ActivationKind::Int8, ActivationKind::Int8Symmetric}) {
      auto type = chooseActivationType(&context, range, kind);
      EXPECT_TRUE(numerics::isExactScale(type.getScale()));
      EXPECT_EQ(quantize(0.0f, type), type.getZeroPoint());
      EXPECT_GE(type.getZeroPoint(), type.getStorageTypeMin());
      EXPECT_LE(type.getZeroPoint(), type.getStorageTypeMax());
      for (float end : {range.min, range.max}) {
        const float back = numerics::dequantize(quantize(end, type), getScale(type), type.getZeroPoint());
        EXPECT_LE(std::fabs(back - end), getScale(type) * 1.001f);
      }
    }
}

TEST_F(TypesTest, NarrowedTypesClipAsTheClipDoes) {
  const ClampBounds bounds[] = {{0, INFINITY}, {0, 6}, {-1, 1}, {-INFINITY, 0.5f}, {0.25f, 0.75f}};
  const RealRange ranges[] = {{-1, 1}, {0, 6}, {-3, 2}, {0, 0.5f}};
  for (ClampBounds bound : bounds)
    for (RealRange range : ranges)
      for (auto kind : {ActivationKind::UInt8, ActivationKind::Int8, ActivationKind::Int8Symmetric}) {
        auto type = chooseActivationType(&context, range, kind), narrow = narrowType(type, bound);
        if (!impliesClamp(narrow, bound))
          continue; // 0 lies outside of the bounds
        for (float x = -4; x <= 8; x += 0.03125f)
          EXPECT_EQ(quantize(x, narrow), quantize(std::min(std::max(x, bound.lo), bound.hi), narrow));
      }
}

int64_t byTwo(size_t i) { return static_cast<int64_t>(i / 2); }

TEST(Weights, PerChannelAndPerTensor) {
  const float weights[] = {1.0f, -0.5f, 0.1f, 0.05f};
  auto channels = quantizeWeights(weights, byTwo, 2, {}, 0.5f, /*perTensor=*/false);
  EXPECT_EQ(channels.values, (std::vector<int8_t>{127, -64, 127, 64}));
  EXPECT_EQ(channels.scales, (std::vector<float>{1.0f / 127.0f, static_cast<float>(0.1f / 127.0)}));
  EXPECT_TRUE(channels.findings.empty());
  auto tensor = quantizeWeights(weights, byTwo, 2, {}, 0.5f, /*perTensor=*/true);
  EXPECT_EQ(tensor.values, (std::vector<int8_t>{127, -64, 13, 6}));
  EXPECT_EQ(tensor.scales.size(), 1u);
}

TEST(Weights, BiasIsInUnitsOfTheProduct) {
  const float weights[] = {127.0f, 0.0f}, bias[] = {-3.0f};
  auto result = quantizeWeights(weights, [](size_t) { return 0; }, 1, bias, 0.5f, false);
  EXPECT_EQ(result.biasScales, (std::vector<float>{0.5f}));
  EXPECT_EQ(result.bias, (std::vector<int32_t>{-6}));
}

TEST(Weights, DeadChannelKeepsItsBias) {
  const float weights[] = {0.0f, 0.0f, 1.0f, 1.0f}, bias[] = {-3.0f, 0.0f};
  auto result = quantizeWeights(weights, byTwo, 2, bias, 0.5f, false);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].kind, WeightFinding::Dead);
  EXPECT_NEAR(result.bias[0] * static_cast<double>(result.biasScales[0]), -3.0, 1e-5);
}

TEST(Weights, BiasNeverOverflows) {
  const float weights[] = {1e-6f, 1e-6f}, bias[] = {1e9f};
  auto result = quantizeWeights(weights, [](size_t) { return 0; }, 1, bias, 1e-3f, false);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].kind, WeightFinding::BiasOverflow);
  EXPECT_LE(std::abs(result.bias[0]), 1 << 30);
  EXPECT_NEAR(result.bias[0] * static_cast<double>(result.biasScales[0]), 1e9, 1e3);
}

TEST(Weights, TinyWeightsKeepANormalScale) {
  const float weights[] = {1e-40f, 0.0f};
  auto result = quantizeWeights(weights, [](size_t) { return 0; }, 1, {}, 1.0f, false);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].kind, WeightFinding::ScaleUnderflow);
  EXPECT_TRUE(numerics::isScale(result.scales[0]));
}

TEST(Weights, NotFinite) {
  const float weights[] = {1.0f, NAN};
  auto result = quantizeWeights(weights, [](size_t) { return 0; }, 1, {}, 1.0f, false);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].kind, WeightFinding::NotFinite);
  EXPECT_TRUE(result.values.empty());
}

} // namespace
