// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Executable.h"

#include "gtest/gtest.h"

using namespace llvm;
using namespace nibble;
using namespace nibble::driver;

namespace {

const std::vector<Port> ports = {{"image", ElementKind::F32, {-1, 3}, {"batch", ""}, std::nullopt, ""},
                                 {"mask", ElementKind::U8, {-1}, {"batch"}, std::nullopt, ""}};

std::string errorOf(const NamedArrays &feed) {
  Expected<std::vector<Array>> arguments = arrangeFeed(ports, feed);
  return arguments ? "no error" : toString(arguments.takeError());
}

Array make(ElementKind kind, ArrayRef<int64_t> shape) { return Array::allocate(kind, shape); }

TEST(Executable, ArrangesByName) {
  Array image = make(ElementKind::F32, {2, 3}), mask = make(ElementKind::U8, {2});
  Expected<std::vector<Array>> arguments = arrangeFeed(ports, {{"mask", mask}, {"image", image}});
  ASSERT_TRUE(bool(arguments)) << toString(arguments.takeError());
  EXPECT_EQ((*arguments)[0].data, image.data);
  EXPECT_EQ((*arguments)[1].data, mask.data);
}

TEST(Executable, MissingInput) {
  EXPECT_EQ(errorOf({{"image", make(ElementKind::F32, {2, 3})}}), "input 'mask' is missing, expected uint8[batch]");
}

TEST(Executable, WrongType) {
  EXPECT_EQ(errorOf({{"image", make(ElementKind::F64, {2, 3})}}),
            "input 'image' is float64[2x3], expected float32[batch x 3]");
}

TEST(Executable, WrongShape) {
  EXPECT_EQ(errorOf({{"image", make(ElementKind::F32, {2, 4})}}),
            "input 'image' is float32[2x4], expected float32[batch x 3]");
}

TEST(Executable, DimensionsDisagree) {
  EXPECT_EQ(errorOf({{"image", make(ElementKind::F32, {2, 3})}, {"mask", make(ElementKind::U8, {4})}}),
            "dimension 'batch' is 4 in input 'mask' and 2 in input 'image'");
}

TEST(Executable, UnknownInput) {
  EXPECT_EQ(errorOf({{"image", make(ElementKind::F32, {2, 3})},
                     {"mask", make(ElementKind::U8, {2})},
                     {"label", make(ElementKind::U8, {2})}}),
            "'label' is not an input of the model, expected 'image', 'mask'");
}

} // namespace
