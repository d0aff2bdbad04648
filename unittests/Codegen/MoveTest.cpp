// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Harness.h"
#include "gtest/gtest.h"

using namespace nibble::test;

namespace {

TEST(Move, Transpose) {
  for (const char *type : {"ui8", "f32"}) {
    std::string in = std::string("tensor<2x3x5x7x") + type + ">", out = std::string("tensor<2x5x7x3x") + type + ">";
    expectExact(makeMain("(%x: " + in + ") -> " + out,
                         "%y = nibble.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : " + in + " -> " + out +
                             "\nreturn %y : " + out));
  }
}

TEST(Move, ConcatSlicePad) {
  expectExact(makeMain("(%a: tensor<2x3x4xui8>, %b: tensor<2x5x4xui8>) -> tensor<2x8x4xui8>",
                       "%y = nibble.concat %a, %b {axis = 1 : i64} : tensor<2x3x4xui8>, tensor<2x5x4xui8> -> "
                       "tensor<2x8x4xui8>\nreturn %y : tensor<2x8x4xui8>"));
  expectExact(makeMain("(%x: tensor<3x10xf32>) -> tensor<2x4xf32>",
                       "%y = nibble.slice %x {starts = array<i64: 1, 9>, steps = array<i64: 1, -3>} : "
                       "tensor<3x10xf32> -> tensor<2x4xf32>\nreturn %y : tensor<2x4xf32>"));
  for (const char *mode : {"constant", "edge", "reflect"})
    expectExact(makeMain("(%x: tensor<3x4x5xf32>) -> tensor<3x7x8xf32>",
                         std::string("%y = nibble.pad %x {low = array<i64: 0, 1, 2>, high = array<i64: 0, 2, 1>, "
                                     "mode = #nibble.pad_mode<") +
                             mode + ">} : tensor<3x4x5xf32> -> tensor<3x7x8xf32>\nreturn %y : tensor<3x7x8xf32>"));
}

TEST(Move, ResizeNearest) {
  expectExact(
      makeMain("(%x: tensor<1x2x3x5xui8>) -> tensor<1x4x6x5xui8>",
               "%y = nibble.resize_nearest %x {axes = array<i64: 1, 2>, indices = array<i64: 0, 0, 1, 1, 0, 0, 1, "
               "1, 2, 2>} : tensor<1x2x3x5xui8> -> tensor<1x4x6x5xui8>\nreturn %y : tensor<1x4x6x5xui8>"));
}

TEST(Move, ReshapeAndInputAsOutput) {
  expectExact(makeMain("(%x: tensor<2x6xf32>) -> (tensor<3x4xf32>, tensor<2x6xf32>)",
                       "%y = nibble.reshape %x : tensor<2x6xf32> -> tensor<3x4xf32>\n"
                       "return %y, %x : tensor<3x4xf32>, tensor<2x6xf32>"));
}

} // namespace
