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

/// Elements of 1, 2, 4 and 8 bytes, and of less than one.
TEST(Move, EveryElementType) {
  for (std::string e :
       {"i1",   "i2",  "ui4", "i4",   "ui8",      "i16",        "ui16",   "i32",        "ui32",      "i64",
        "ui64", "f64", "f16", "bf16", "f8E4M3FN", "f8E4M3FNUZ", "f8E5M2", "f8E5M2FNUZ", "f8E8M0FNU", "f4E2M1FN"}) {
    const std::string in = "tensor<2x3x5x7x" + e + ">", out = "tensor<2x5x7x3x" + e + ">";
    const std::string pixels = "tensor<2x10x7x3x" + e + ">", part = "tensor<2x4x7x1x" + e + ">";
    const std::string larger = "tensor<2x6x9x1x" + e + ">";
    const bool isFloat = e.find('f') != std::string::npos;
    const std::string value = e == "f8E8M0FNU" ? "1.0" : isFloat ? "-1.5" : "1.0";
    expectExact(makeMain(
        "(%x: " + in + ") -> (" + out + ", " + larger + ", tensor<56x" + e + ">)",
        "%t = nibble.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : " + in + " -> " + out +
            "\n%c = nibble.concat %t, %t {axis = 1 : i64} : " + out + ", " + out + " -> " + pixels +
            "\n%s = nibble.slice %c {starts = array<i64: 0, 9, 0, 1>, steps = array<i64: 1, -2, 1, 1>} : " + pixels +
            " -> " + part +
            "\n%p = nibble.pad %s {low = array<i64: 0, 1, 2, 0>, high = array<i64: 0, 1, 0, 0>, "
            "mode = #nibble.pad_mode<constant>, value = " +
            value + " : f64} : " + part + " -> " + larger +
            "\n%g = nibble.resize_nearest %s {axes = array<i64: 1>, indices = array<i64: 3, 0, 0, 1>} : " + part +
            " -> " + part + "\n%r = nibble.reshape %g : " + part + " -> tensor<56x" + e +
            ">\nreturn %t, %p, %r : " + out + ", " + larger + ", tensor<56x" + e + ">"));
  }
}

/// A single image, which has a kernel of its own.
TEST(Move, ImageOfEveryElementType) {
  for (std::string e : {"i1", "ui4", "i16", "bf16", "ui32", "i64", "f64", "f8E5M2"}) {
    const std::string planes = "tensor<1x5x16x9x" + e + ">", pixels = "tensor<1x16x9x5x" + e + ">";
    expectExact(makeMain("(%x: " + planes + ") -> (" + pixels + ", " + planes + ")",
                         "%t = nibble.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : " + planes + " -> " +
                             pixels + "\n%y = nibble.transpose %t {permutation = array<i64: 0, 3, 1, 2>} : " + pixels +
                             " -> " + planes + "\nreturn %t, %y : " + pixels + ", " + planes));
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
