// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/CalibrationFile.h"

#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <cmath>
#include <limits>
#include <random>

using namespace nibble;

namespace {

std::vector<float> makeNormal(size_t count, unsigned seed, float scale = 1.0f) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, scale);
  std::vector<float> values(count);
  for (float &value : values)
    value = normal(random);
  return values;
}

std::string print(const Calibration &calibration) {
  std::string text;
  llvm::raw_string_ostream os(text);
  writeCalibration(calibration, os);
  return text;
}

TEST(Histogram, CountsEveryValueOnce) {
  Histogram histogram;
  histogram.add({0.0f, -0.0f, 1.0f, -1.0f, 1e-30f, 1e30f});
  EXPECT_EQ(histogram.getCount(), 6u);
  EXPECT_EQ(histogram.getMin(), -1.0f);
  EXPECT_EQ(histogram.getMax(), 1e30f);
  EXPECT_LE(histogram.getCounts().size(), static_cast<size_t>(Histogram::kBins));
  uint64_t sum = 0;
  for (uint64_t count : histogram.getCounts())
    sum += count;
  EXPECT_EQ(sum, 6u);
}

TEST(Histogram, DoesNotDependOnOrderOrShards) {
  for (float scale : {1e-20f, 1.0f, 1e20f}) {
    std::vector<float> values = makeNormal(5000, 1, scale);
    values.push_back(1000 * scale);
    Calibration whole, backwards, first, second;
    cantFail(whole.observe("x", values, 1));
    std::vector<float> reversed(values.rbegin(), values.rend());
    for (float value : reversed)
      cantFail(backwards.observe("x", value, 1));
    llvm::ArrayRef<float> all(values);
    cantFail(first.observe("x", all.take_front(7), 1));
    cantFail(second.observe("x", all.drop_front(7), 1));
    cantFail(first.merge(second));
    EXPECT_EQ(print(whole), print(backwards));
    EXPECT_EQ(print(whole), print(first));
  }
}

TEST(Histogram, BinsAreFloors) {
  // Either side of zero, on edges and beside them; bins narrower and wider than 1.
  for (float scale : {0.37f, 1.0f, 1e5f, 1e30f, 1e-38f}) {
    std::vector<float> values = makeNormal(3000, 7, scale);
    for (float x : {0.0f, -0.0f, 0.5f, -0.5f, 1.0f, -1.0f, 1e-40f, -1e-40f})
      values.push_back(x * scale);
    Histogram histogram;
    histogram.add(values);
    std::vector<uint64_t> expected(histogram.getCounts().size(), 0);
    for (float value : values)
      ++expected[static_cast<int64_t>(std::floor(std::ldexp(double(value), -histogram.getExponent()))) -
                 histogram.getFirstBin()];
    EXPECT_EQ(histogram.getCounts().vec(), expected) << scale;
  }
}

TEST(Histogram, CoversExtremes) {
  const float largest = std::numeric_limits<float>::max(), smallest = std::numeric_limits<float>::denorm_min();
  Histogram histogram;
  histogram.add(smallest);
  histogram.add(-smallest);
  histogram.add(largest);
  histogram.add(-largest);
  histogram.add(0.0f);
  EXPECT_EQ(histogram.getCount(), 5u);
  EXPECT_LE(histogram.getEdge(0), -static_cast<double>(largest));
}

TEST(Calibration, NaNAndInfinityAreErrorsThatNameTheValue) {
  Calibration calibration;
  EXPECT_EQ(toString(calibration.observe("relu_1", {0.0f, NAN})),
            "value 'relu_1' is NaN at element 1 of a calibration sample");
  EXPECT_EQ(toString(calibration.observe("relu_1", {INFINITY})),
            "value 'relu_1' is infinite at element 0 of a calibration sample");
  EXPECT_TRUE(calibration.values.empty());
  EXPECT_EQ(toString(calibration.getRange("relu_1", {}).takeError()), "value 'relu_1' was never observed");
}

TEST(Calibration, MeansOfChannels) {
  Calibration calibration;
  cantFail(calibration.observe("x", {1.0f, -2.0f, 3.0f, -4.0f}, 2));
  EXPECT_EQ(calibration.getMeans("x"), (std::vector<float>{2.0f, -3.0f}));
  cantFail(calibration.observe("x", {1.0f, 1.0f, 1.0f}, 3));
  EXPECT_TRUE(calibration.getMeans("x").empty()) << "tensors of different numbers of channels have no common means";
  cantFail(calibration.observe("huge", {1e38f, 1.0f}, 1));
  EXPECT_TRUE(calibration.getMeans("huge").empty());
  EXPECT_TRUE(calibration.getMeans("none").empty());
}

TEST(ChannelSums, LanesAddWhatSingleValuesDo) {
  for (float scale : {1e-8f, 1.0f, 1e6f, 1e10f, 1e11f}) { // the last ones are too large for lanes
    std::vector<float> values = makeNormal(3 * 200, 9, scale);
    values.insert(values.end(), {0x1p-21f, -0x1p-21f, 0x3p-21f});
    ChannelSums sums;
    sums.add(values, 3);
    std::vector<int64_t> expected(3, 0);
    for (size_t i = 0; i < values.size(); ++i)
      expected[i % 3] += std::llrint(values[i] * 0x1p20);
    EXPECT_EQ(sums.getSums().vec(), expected) << scale;
  }
}

TEST(Calibration, MergedPartsWithoutMeansHaveNone) {
  Calibration part("m", "1"), other("m", "1");
  cantFail(part.observe("x", {1e38f, 1.0f}, 1)); // too large
  cantFail(other.observe("x", {1.0f, 1.0f}, 1));
  Calibration read = cantFail(parseCalibration(print(part)));
  cantFail(read.merge(other));
  EXPECT_TRUE(read.getMeans("x").empty());
}

TEST(Calibration, OtherModelsDoNotMerge) {
  Calibration a("m", "12"), b("m", "34");
  EXPECT_EQ(toString(a.merge(b)), "cannot merge calibrations of different models: hashes '12' and '34'");
}

TEST(CalibrationFile, RoundTrips) {
  Calibration calibration("model \"1\"", "00ff");
  calibration.method = cantFail(RangeMethod::parse("percentile:99.9"));
  calibration.samples = 3;
  cantFail(calibration.observe("b", makeNormal(1000, 2), 10));
  cantFail(calibration.observe("a", {0.0f, 0.1f}));
  const std::string text = print(calibration);
  Calibration back = cantFail(parseCalibration(text));
  EXPECT_EQ(print(back), text);
  EXPECT_EQ(back.modelHash, "00ff");
  EXPECT_EQ(back.samples, 3u);
}

TEST(CalibrationFile, SaysWhatIsWrong) {
  auto error = [](llvm::StringRef text) { return toString(parseCalibration(text).takeError()); };
  EXPECT_EQ(error("[]"), "expected an object");
  EXPECT_EQ(error("{}"), "expected an integer 'schema'");
  EXPECT_EQ(error(R"({"schema": 2})"), "expected schema 1, got 2: calibrate again");
  EXPECT_EQ(error(R"({"schema": 1})"),
            "expected the strings 'model', 'model_hash' and 'method' and an object 'values'");
  const std::string head = R"({"schema": 1, "model": "", "model_hash": "", "method": "minmax", "values": {"v": )";
  EXPECT_EQ(error(head + "3}}"), "entry 'v': expected an object");
  EXPECT_EQ(error(head + "{}}}"), "entry 'v': expected the numbers 'min' and 'max' and an object 'histogram'");
  EXPECT_EQ(error(head + R"({"min": 0, "max": 0, "histogram": {"exponent": 0, "first": 0, "counts": [-1]}}}})"),
            "entry 'v': expected counts that are integers and not negative");
  EXPECT_EQ(error(head + R"({"min": 0, "max": 1e300, "histogram": {"exponent": 0, "first": 0, "counts": [1]}}}})"),
            "entry 'v': the histogram does not cover the values from 'min' to 'max'");
}

TEST(Ranges, Methods) {
  std::vector<float> values = makeNormal(200000, 3);
  values.push_back(100.0f);
  Histogram histogram;
  histogram.add(values);
  const RealRange minmax = chooseRange(histogram, cantFail(RangeMethod::parse("minmax")));
  EXPECT_EQ(minmax.max, 100.0f);
  // 0.05 % of a normal distribution lie beyond 3.29 at each side.
  const RealRange percentile = chooseRange(histogram, cantFail(RangeMethod::parse("percentile:99.9")));
  EXPECT_NEAR(percentile.max, 3.29f, 0.1f);
  EXPECT_NEAR(percentile.min, -3.29f, 0.1f);
  for (llvm::StringRef method : {"mse", "entropy"}) {
    const RealRange range = chooseRange(histogram, cantFail(RangeMethod::parse(method)));
    EXPECT_GT(range.max, 2.5f) << method.str();
    EXPECT_LT(range.max, 90.0f) << method.str();
    EXPECT_LT(range.min, -2.5f) << method.str();
  }
}

TEST(Ranges, DegenerateDistributions) {
  for (llvm::StringRef method : {"minmax", "percentile", "mse", "entropy"})
    for (float value : {0.0f, -3.0f, 1e-38f, 1e38f}) {
      Histogram histogram;
      histogram.add({value, value});
      const RealRange range = chooseRange(histogram, cantFail(RangeMethod::parse(method)));
      EXPECT_EQ(range.min, value) << method.str();
      EXPECT_EQ(range.max, value) << method.str();
    }
}

TEST(Ranges, UnknownMethods) {
  auto error = [](llvm::StringRef text) { return toString(RangeMethod::parse(text).takeError()); };
  EXPECT_EQ(error("best"), "unknown calibration method 'best': expected minmax, percentile, mse or entropy");
  EXPECT_EQ(error("percentile:101"), "expected a percentile in [50, 100], got '101'");
  EXPECT_EQ(error("mse:3"), "calibration method 'mse' takes no argument, got '3'");
}

} // namespace
