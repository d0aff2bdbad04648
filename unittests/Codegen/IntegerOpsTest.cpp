// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Harness.h"
#include "gtest/gtest.h"

using namespace nibble::test;

namespace {

// Both signs of bytes and 16 bits, zero points at both ends and inside, both modes.
struct Variant {
  const char *type;
  int zeroPoint, low, high;
};
constexpr Variant variants[] = {{"ui8", 0, 0, 255},      {"ui8", 255, 3, 250}, {"ui8", 128, 0, 255},
                                {"i8", -128, -128, 127}, {"i8", 7, -100, 127}, {"i16", 0, -32767, 32767},
                                {"i16", 0, -100, 20000}};
constexpr const char *modes[] = {"float", "fixed"};

std::string clampOf(const Variant &v) {
  return "clamp = array<i32: " + std::to_string(v.low) + ", " + std::to_string(v.high) + ">";
}
std::string zp(const char *name, const Variant &v) {
  return std::string(name) + " = " + std::to_string(v.zeroPoint) + " : i32";
}
std::string requant(const char *mode) { return std::string("requant = #nibble.requant<") + mode + ">"; }

TEST(IntegerOps, AddAndMul) {
  for (const Variant &v : variants)
    for (const char *mode : modes) {
      std::string t = std::string("tensor<3x5x19x") + v.type + ">", s = std::string("tensor<19x") + v.type + ">";
      std::string tail = zp("lhs_zero_point", v) + ", " + zp("rhs_zero_point", v) + ", " + zp("output_zero_point", v) +
                         ", " + clampOf(v) + ", " + requant(mode) + "} : " + t + ", " + s + " -> " + t +
                         "\nreturn %y : " + t;
      expectExact(makeMain("(%a: " + t + ", %b: " + s + ") -> " + t,
                           "%y = nibble.int_add %a, %b {lhs_scale = 0.7 : f32, rhs_scale = -0.31 : f32, " + tail));
      expectExact(makeMain("(%a: " + t + ", %b: " + s + ") -> " + t,
                           "%y = nibble.int_mul %a, %b {scale = 0.0123 : f32, " + tail));
    }
}

TEST(IntegerOps, Conversions) {
  for (const Variant &v : variants) {
    std::string t = std::string("tensor<3x41x") + v.type + ">";
    expectExact(makeMain("(%x: tensor<3x41xf32>) -> " + t, "%y = nibble.int_quantize %x {scale = 0.05 : f32, " +
                                                               zp("zero_point", v) + ", " + clampOf(v) +
                                                               "} : tensor<3x41xf32> -> " + t + "\nreturn %y : " + t));
    expectExact(makeMain("(%x: " + t + ") -> tensor<3x41xf32>",
                         "%y = nibble.int_dequantize %x {scale = 0.05 : f32, " + zp("zero_point", v) + "} : " + t +
                             " -> tensor<3x41xf32>\nreturn %y : tensor<3x41xf32>"));
    for (const char *mode : modes)
      expectExact(makeMain("(%x: " + t + ") -> " + t,
                           "%y = nibble.int_requantize %x {scale = 1.37 : f32, " + zp("input_zero_point", v) + ", " +
                               zp("output_zero_point", v) + ", " + clampOf(v) + ", " + requant(mode) + "} : " + t +
                               " -> " + t + "\nreturn %y : " + t));
  }
}

TEST(IntegerOps, BetweenWidths) {
  for (const char *mode : modes) {
    expectExact(makeMain("(%x: tensor<3x41xui8>) -> tensor<3x41xi16>",
                         "%y = nibble.int_requantize %x {scale = 130.7 : f32, input_zero_point = 3 : i32, "
                         "output_zero_point = 0 : i32, clamp = array<i32: -32767, 32767>, " +
                             requant(mode) + "} : tensor<3x41xui8> -> tensor<3x41xi16>\nreturn %y : tensor<3x41xi16>"));
    expectExact(makeMain("(%x: tensor<3x41xi16>) -> tensor<3x41xi8>",
                         "%y = nibble.int_requantize %x {scale = 0.0047 : f32, input_zero_point = 0 : i32, "
                         "output_zero_point = -7 : i32, clamp = array<i32: -128, 127>, " +
                             requant(mode) + "} : tensor<3x41xi16> -> tensor<3x41xi8>\nreturn %y : tensor<3x41xi8>"));
  }
}

// Transposition of planes to pixels, a slice, a padding, a resize and a concatenation of 16-bit values.
TEST(IntegerOps, MovesOfWords) {
  expectExact(makeMain(
      "(%x: tensor<1x3x9x21xi16>) -> tensor<1x11x20x3xi16>",
      "%t = nibble.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : tensor<1x3x9x21xi16> -> tensor<1x9x21x3xi16>\n"
      "%s = nibble.slice %t {starts = array<i64: 0, 0, 1, 0>, steps = array<i64: 1, 1, 2, 1>} : tensor<1x9x21x3xi16> "
      "-> "
      "tensor<1x9x10x3xi16>\n"
      "%c = nibble.concat %s, %s {axis = 2 : i64} : tensor<1x9x10x3xi16>, tensor<1x9x10x3xi16> -> "
      "tensor<1x9x20x3xi16>\n"
      "%p = nibble.pad %c {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 1, 0, 0>, mode = "
      "#nibble.pad_mode<constant>, value = -300.0 : f64} : tensor<1x9x20x3xi16> -> tensor<1x11x20x3xi16>\n"
      "%y = nibble.resize_nearest %p {axes = array<i64: 1>, indices = array<i64: 10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9>} : "
      "tensor<1x11x20x3xi16> -> tensor<1x11x20x3xi16>\n"
      "return %y : tensor<1x11x20x3xi16>"));
}

TEST(IntegerOps, QuantizeWordsWithLayout) {
  for (const char *channels : {"1", "2", "3", "4", "5"}) {
    const std::string c = channels;
    expectExact(
        makeMain("(%x: tensor<1x" + c + "x9x21xf32>) -> tensor<1x" + c + "x9x21xf32>",
                 "%q = nibble.int_quantize %x {scale = 0.0005 : f32, zero_point = 0 : i32, clamp = array<i32: "
                 "-32767, 32767>} : tensor<1x" +
                     c + "x9x21xf32> -> tensor<1x" + c +
                     "x9x21xi16>\n"
                     "%t = nibble.transpose %q {permutation = array<i64: 0, 2, 3, 1>} : tensor<1x" +
                     c + "x9x21xi16> -> tensor<1x9x21x" + c +
                     "xi16>\n"
                     "%m = nibble.max_pool %t {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, "
                     "pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>} : "
                     "tensor<1x9x21x" +
                     c + "xi16> -> tensor<1x9x21x" + c +
                     "xi16>\n"
                     "%d = nibble.int_dequantize %m {scale = 0.0005 : f32, zero_point = 0 : i32} : tensor<1x9x21x" +
                     c + "xi16> -> tensor<1x9x21x" + c +
                     "xf32>\n"
                     "%y = nibble.transpose %d {permutation = array<i64: 0, 3, 1, 2>} : tensor<1x9x21x" +
                     c + "xf32> -> tensor<1x" + c + "x9x21xf32>\nreturn %y : tensor<1x" + c + "x9x21xf32>"));
  }
}

TEST(IntegerOps, MatMulOfTwoWords) {
  for (const char *mode : modes)
    expectExact(makeMain(
        "(%f: tensor<2x5x7xf32>, %g: tensor<7x19xf32>) -> tensor<2x5x19xi16>",
        std::string("%a = nibble.int_quantize %f {scale = 0.01 : f32, zero_point = 0 : i32, clamp = array<i32: -17514, "
                    "17514>} : tensor<2x5x7xf32> -> tensor<2x5x7xi16>\n"
                    "%b = nibble.int_quantize %g {scale = 0.01 : f32, zero_point = 0 : i32, clamp = array<i32: -17514, "
                    "17514>} : tensor<7x19xf32> -> tensor<7x19xi16>\n"
                    "%c = nibble.constant dense<5> : tensor<19xi32> -> tensor<19xi32>\n"
                    "%m = nibble.constant dense<0.0013> : tensor<19xf32> -> tensor<19xf32>\n"
                    "%y = nibble.int_matmul %a, %b, %c, %m {output_zero_point = 0 : i32, clamp = array<i32: -32767, "
                    "32767>, ") +
            requant(mode) +
            "} : tensor<2x5x7xi16>, tensor<7x19xi16>, tensor<19xi32>, tensor<19xf32> -> tensor<2x5x19xi16>\n"
            "return %y : tensor<2x5x19xi16>"));
}

TEST(IntegerOps, QuantizeWithLayout) {
  expectExact(makeMain(
      "(%x: tensor<1x3x9x21xf32>) -> tensor<1x9x21x3xui8>",
      "%q = nibble.int_quantize %x {scale = 0.05 : f32, zero_point = 3 : i32, clamp = array<i32: 0, 255>}"
      " : tensor<1x3x9x21xf32> -> tensor<1x3x9x21xui8>\n"
      "%y = nibble.transpose %q {permutation = array<i64: 0, 2, 3, 1>} : tensor<1x3x9x21xui8> -> tensor<1x9x21x3xui8>\n"
      "return %y : tensor<1x9x21x3xui8>"));
}

TEST(IntegerOps, AveragePool) {
  for (const Variant &v : variants)
    for (const char *mode : modes)
      for (const char *rest : {"", "count_include_pad, "}) {
        std::string in = std::string("tensor<1x9x8x21x") + v.type + ">",
                    out = std::string("tensor<1x5x4x21x") + v.type + ">";
        expectExact(
            makeMain("(%x: " + in + ") -> " + out,
                     std::string("%y = nibble.int_avg_pool %x {kernel = array<i64: 3, 2>, strides = array<i64: 2, 2>, "
                                 "pads = array<i64: 1, 0, 1, 0>, scale = 0.83 : f32, ") +
                         rest + zp("input_zero_point", v) + ", " + zp("output_zero_point", v) + ", " + clampOf(v) +
                         ", " + requant(mode) + "} : " + in + " -> " + out + "\nreturn %y : " + out));
      }
}

TEST(IntegerOps, MaxPool) {
  for (const char *type : {"ui8", "i8", "i16"}) {
    std::string in = std::string("tensor<1x9x8x21x") + type + ">", out = std::string("tensor<1x4x7x21x") + type + ">";
    expectExact(
        makeMain("(%x: " + in + ") -> " + out,
                 "%y = nibble.max_pool %x {kernel = array<i64: 3, 2>, strides = array<i64: 2, 1>, "
                 "pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>} : " +
                     in + " -> " + out + "\nreturn %y : " + out));
  }
}

TEST(IntegerOps, Softmax) {
  for (const Variant &v : variants)
    for (int axis : {1, 2}) {
      if (llvm::StringRef(v.type) == "i16") // bytes alone
        continue;
      std::string t = std::string("tensor<3x7x180x") + v.type + ">";
      expectExact(makeMain("(%x: " + t + ") -> " + t, "%y = nibble.int_softmax %x {axis = " + std::to_string(axis) +
                                                          " : i64, input_scale = 0.043 : f32, scale = 300.0 : f32, " +
                                                          zp("output_zero_point", v) + ", " + clampOf(v) + "} : " + t +
                                                          " -> " + t + "\nreturn %y : " + t));
    }
}

TEST(IntegerOps, SoftmaxOfSamples) {
  expectExact(makeMain("(%x: tensor<?x10xi8>) -> tensor<?x10xui8>",
                       "%y = nibble.int_softmax %x {axis = 1 : i64, input_scale = 0.1 : f32, scale = 256.0 : f32, "
                       "output_zero_point = 0 : i32, clamp = array<i32: 0, 255>} : tensor<?x10xi8> -> "
                       "tensor<?x10xui8>\nreturn %y : tensor<?x10xui8>"),
              /*batch=*/3);
}

/// A norm and a masked softmax convert on their way; `%f`, where something else reads it, is made for itself.
TEST(IntegerOps, RowsBetweenStoredValues) {
  for (const Variant &v : variants)
    for (const char *second : {"%n", "%f"}) {
      const std::string t = std::string("tensor<1x4x35x") + v.type + ">", real = "tensor<1x4x35xf32>";
      expectExact(makeMain(
          "(%x: " + t + ", %m: tensor<4x1xf32>, %p: tensor<35xf32>) -> (" + t + ", " + t + ", " + real + ")",
          "%f = nibble.int_dequantize %x {scale = 0.05 : f32, " + zp("zero_point", v) + "} : " + t + " -> " + real +
              "\n%n = nibble.norm %f scale %p bias %p {kind = #nibble.norm_kind<layer>, axis = 2 : i64, epsilon = "
              "1.0e-5 : f32} : (" +
              real + ", tensor<35xf32>, tensor<35xf32>) -> " + real +
              "\n%s = nibble.softmax %f mask %m {axis = 2 : i64, scale = 0.7 : f32} : " + real +
              ", tensor<4x1xf32> -> " + real + "\n%a = nibble.int_quantize %n {scale = 0.02 : f32, " +
              zp("zero_point", v) + ", " + clampOf(v) + "} : " + real + " -> " + t +
              "\n%b = nibble.int_quantize %s {scale = 0.004 : f32, " + zp("zero_point", v) + ", " + clampOf(v) +
              "} : " + real + " -> " + t + "\n%c = nibble.relu " + second + " : " + real + " -> " + real +
              "\nreturn %a, %b, %c : " + t + ", " + t + ", " + real));
    }
}

TEST(IntegerOps, Lookup) {
  expectExact(makeMain("(%x: tensor<3x41xui8>, %t: tensor<256xi8>) -> tensor<3x41xi8>",
                       "%y = nibble.int_lookup %x, %t : tensor<3x41xui8>, tensor<256xi8> -> tensor<3x41xi8>\n"
                       "return %y : tensor<3x41xi8>"));
}

TEST(IntegerOps, MatMulOfTwoValues) {
  for (const char *mode : modes)
    expectExact(makeMain(
        "(%a: tensor<2x5x7xui8>, %b: tensor<7x19xi8>) -> tensor<2x5x19xui8>",
        std::string("%c = nibble.constant dense<5> : tensor<19xi32> -> tensor<19xi32>\n"
                    "%m = nibble.constant dense<0.013> : tensor<19xf32> -> tensor<19xf32>\n"
                    "%y = nibble.int_matmul %a, %b, %c, %m {lhs_zero_point = 3 : i32, rhs_zero_point = -2 : i32, "
                    "output_zero_point = 9 : i32, clamp = array<i32: 0, 255>, ") +
            requant(mode) +
            "} : tensor<2x5x7xui8>, tensor<7x19xi8>, tensor<19xi32>, tensor<19xf32> -> tensor<2x5x19xui8>\n"
            "return %y : tensor<2x5x19xui8>"));
}

} // namespace
