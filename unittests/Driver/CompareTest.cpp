// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Compare.h"

#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace llvm;
using namespace nibble;
using namespace nibble::driver;

namespace {

Array make(ArrayRef<int64_t> shape, ArrayRef<float> values) {
  Array array = Array::allocate(ElementKind::F32, shape);
  std::copy(values.begin(), values.end(), array.as<float>().begin());
  return array;
}

TEST(Compare, Equal) {
  Difference difference;
  Array array = make({2, 2}, {1, 2, 3, 4});
  ASSERT_FALSE(bool(difference.add(array, array)));
  EXPECT_TRUE(std::isinf(difference.getSqnr()));
  EXPECT_EQ(difference.getArgMaxAgreement(), 1);
  EXPECT_EQ(difference.getIdentical(), 1);
}

TEST(Compare, IntegersBeyondDoubles) {
  Array first = Array::allocate(ElementKind::I64, {2}), second = Array::allocate(ElementKind::I64, {2});
  first.as<int64_t>()[0] = int64_t(1) << 60;
  second.as<int64_t>()[0] = (int64_t(1) << 60) + 1;
  Difference difference;
  ASSERT_FALSE(bool(difference.add(first, second)));
  EXPECT_TRUE(std::isfinite(difference.getSqnr()));
  EXPECT_EQ(difference.getMaxError(), 1);
  EXPECT_EQ(difference.getIdentical(), 0.5);
}

TEST(Compare, AddsUpOverSamples) {
  Difference difference;
  ASSERT_FALSE(bool(difference.add(make({1, 2}, {3, 4}), make({1, 2}, {3, 4.5}))));
  ASSERT_FALSE(bool(difference.add(make({1, 2}, {3, 4}), make({1, 2}, {4, 3.5}))));
  EXPECT_NEAR(difference.getSqnr(), 10 * std::log10(50 / 1.5), 1e-9);
  EXPECT_EQ(difference.getArgMaxAgreement(), 0.5);
  EXPECT_EQ(difference.getMaxError(), 1);
  EXPECT_EQ(difference.getMaxRelativeError(), 0.25);
  EXPECT_EQ(difference.getIdentical(), 0.25);
}

TEST(Compare, NumbersThatAreLost) {
  const float nan = NAN, infinity = INFINITY;
  Difference same;
  ASSERT_FALSE(bool(same.add(make({2, 2}, {1, nan, infinity, 2}), make({2, 2}, {1, nan, infinity, 2}))));
  EXPECT_TRUE(std::isinf(same.getSqnr()));
  EXPECT_EQ(same.describeLost(), "");
  EXPECT_EQ(formatSqnr(same.getSqnr()), "exact");

  Difference lost;
  ASSERT_FALSE(bool(lost.add(make({2, 2}, {1, 2, 3, 0.5}), make({2, 2}, {1, 2, 3, nan}))));
  EXPECT_EQ(lost.getSqnr(), -200);
  EXPECT_EQ(lost.describeLost(), "is NaN at element 3, which is 0.5");
  EXPECT_EQ(formatSqnr(lost.getSqnr()), "-200.0 dB");

  Difference infinite;
  ASSERT_FALSE(bool(infinite.add(make({2}, {1, -2}), make({2}, {1, -infinity}))));
  EXPECT_EQ(infinite.describeLost(), "is infinite at element 1, which is -2");

  // What float computes as no number cannot be lost.
  Difference found;
  ASSERT_FALSE(bool(found.add(make({2}, {1, nan}), make({2}, {1, 2}))));
  EXPECT_EQ(found.describeLost(), "");
  EXPECT_EQ(found.getSqnr(), -200);
}

TEST(Compare, NoiseWithoutSignal) {
  Difference difference;
  ASSERT_FALSE(bool(difference.add(make({2}, {0, 0}), make({2}, {0, 1}))));
  EXPECT_EQ(difference.getSqnr(), -200);
  EXPECT_EQ(
      cantFail(json::parse(formatv("{0}", json::Value(difference.toJson())).str())).getAsObject()->getNumber("sqnr_db"),
      -200);
}

TEST(Compare, ShapesDiffer) {
  Difference difference;
  EXPECT_EQ(toString(difference.add(make({2}, {1, 2}), make({1}, {1}))), "is float32[1], expected float32[2]");
}

} // namespace
