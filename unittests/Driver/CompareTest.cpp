// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Compare.h"

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

TEST(Compare, ShapesDiffer) {
  Difference difference;
  EXPECT_EQ(toString(difference.add(make({2}, {1, 2}), make({1}, {1}))), "is float32[1], expected float32[2]");
}

} // namespace
