// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums of products of bytes and encodings of whole tensors, compiled, against the interpreter.

#include "Harness.h"
#include "gtest/gtest.h"
#include <random>

using namespace nibble::test;

namespace {

std::string spell(const std::vector<int64_t> &shape) {
  std::string text;
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text;
}

/// %w of random bytes, the extremes among them.
std::string weights(const std::vector<int64_t> &shape) {
  std::mt19937 random(5);
  std::function<std::string(size_t)> list = [&](size_t dim) {
    if (dim == shape.size())
      return std::to_string(int(random() % 256) - 128);
    std::string text = "[";
    for (int64_t i = 0; i < shape[dim]; ++i)
      text += (i ? "," : "") + list(dim + 1);
    return text + "]";
  };
  const std::string type = "tensor<" + spell(shape) + "i8>";
  return "%w = nibble.constant dense<" + list(0) + "> : " + type + " -> " + type + "\n";
}

TEST(Sums, Encodings) {
  for (const std::string shape : {"1", "3", "16", "17", "5x7", "3x1000", "1x4x4x70"}) {
    const std::string f32 = "tensor<" + shape + "xf32>", ui8 = "tensor<" + shape + "xui8>";
    for (unsigned seed : {1, 2})
      expectExact(
          makeMain("(%a: " + f32 + ") -> (tensor<2xf32>, " + ui8 + ")",
                   // The harness's extremes would make all of them NaN.
                   "%x = nibble.clip %a {min = -3.0e+38 : f32, max = " + std::string(seed == 1 ? "4.5" : "3.0e+38") +
                       " : f32} : " + f32 + " -> " + f32 + "\n%e = nibble.dynamic_encoding %x : " + f32 +
                       " -> tensor<2xf32>\n%q = nibble.dynamic_encode %x, %e : " + f32 + ", tensor<2xf32> -> " + ui8 +
                       "\nreturn %e, %q : tensor<2xf32>, " + ui8),
          1, seed);
    expectExact(makeMain("(%a: " + f32 + ") -> (tensor<2xf32>, " + ui8 + ")",
                         "%x = nibble.tanh %a : " + f32 + " -> " + f32 + "\n%e = nibble.dynamic_encoding %x : " + f32 +
                             " -> tensor<2xf32>\n%q = nibble.dynamic_encode %x, %e : " + f32 + ", tensor<2xf32> -> " +
                             ui8 + "\nreturn %e, %q : tensor<2xf32>, " + ui8));
  }
}

/// Constant weights: a zero point of each kind.
TEST(Sums, MatMulByWeights) {
  for (const std::vector<int64_t> &mkn : std::vector<std::vector<int64_t>>{{1, 5, 3}, {9, 64, 33}, {3, 37, 70}}) {
    const std::string m = std::to_string(mkn[0]), k = std::to_string(mkn[1]), n = std::to_string(mkn[2]);
    const std::string f32 = "tensor<" + m + "x" + k + "xf32>", sums = "tensor<" + m + "x" + n + "xi32>";
    for (const std::string byte : {"ui8", "i8"}) {
      const std::string in = "tensor<" + m + "x" + k + "x" + byte + ">";
      expectExact(makeMain("(%q: " + in + ") -> " + sums,
                           weights({mkn[1], mkn[2]}) + "%y = nibble.sum_matmul %q, %w {lhs_zero_point = " +
                               (byte == "i8" ? "-128" : "255") + " : i32} : (" + in + ", tensor<" + k + "x" + n +
                               "xi8>) -> " + sums + "\nreturn %y : " + sums));
    }
    const std::string in = "tensor<" + m + "x" + k + "xui8>", out = "tensor<" + m + "x" + n + "xf32>";
    expectExact(makeMain(
        "(%a: " + f32 + ") -> " + out,
        weights({mkn[1], mkn[2]}) + "%x = nibble.sigmoid %a : " + f32 + " -> " + f32 +
            "\n%h = nibble.constant dense<0.3> : tensor<1xf32> -> tensor<1xf32>\n%c = nibble.sub %x, %h : " + f32 +
            ", tensor<1xf32> -> " + f32 + "\n%e = nibble.dynamic_encoding %c : " + f32 +
            " -> tensor<2xf32>\n%q = nibble.dynamic_encode %c, %e : " + f32 + ", tensor<2xf32> -> " + in +
            "\n%s = nibble.sum_matmul %q, %w lhs_encoding %e : (" + in + ", tensor<" + k + "x" + n +
            "xi8>, tensor<2xf32>) -> " + sums + "\n%y = nibble.int_to_float %s : " + sums + " -> " + out +
            "\nreturn %y : " + out));
  }
}

TEST(Sums, MatMulOfTwoValues) {
  for (const std::string b : {"ui8", "i8"}) {
    const std::string rhs = "tensor<2x7x19x" + b + ">";
    expectExact(makeMain("(%a: tensor<5x7xui8>, %b: " + rhs + ") -> tensor<2x5x19xi32>",
                         "%y = nibble.sum_matmul %a, %b {lhs_zero_point = 200 : i32, rhs_zero_point = 17 : i32} : "
                         "(tensor<5x7xui8>, " +
                             rhs + ") -> tensor<2x5x19xi32>\nreturn %y : tensor<2x5x19xi32>"));
  }
  expectExact(makeMain(
      "(%a: tensor<5x7xui8>, %b: tensor<7x19xui8>, %n: tensor<3xf32>) -> tensor<5x19xi32>",
      "%t = nibble.tanh %n : tensor<3xf32> -> tensor<3xf32>\n%e = nibble.dynamic_encoding %t : tensor<3xf32> -> "
      "tensor<2xf32>\n%y = nibble.sum_matmul %a, %b lhs_encoding %e rhs_encoding %e : (tensor<5x7xui8>, "
      "tensor<7x19xui8>, tensor<2xf32>, tensor<2xf32>) -> tensor<5x19xi32>\nreturn %y : tensor<5x19xi32>"));
}

struct Window {
  int64_t extent, channels, filters, kernel, stride, groups, pad;
  int64_t out() const { return (extent + 2 * pad - kernel) / stride + 1; }
};
const Window windows[] = {{7, 3, 17, 3, 1, 1, 1},   {8, 16, 5, 3, 2, 1, 0},   {5, 33, 64, 1, 1, 1, 0},
                          {9, 19, 19, 3, 1, 19, 1}, {9, 64, 64, 3, 2, 64, 1}, {6, 8, 12, 3, 1, 4, 1}};

/// With an encoding the image comes padded.
std::string makeConv(const Window &v, bool encoded) {
  const int64_t extent = encoded ? v.extent + 2 * v.pad : v.extent;
  const std::string image = "tensor<" + spell({1, extent, extent, v.channels}),
                    pad = std::to_string(encoded ? 0 : v.pad);
  const std::string sums = "tensor<" + spell({1, v.out(), v.out(), v.filters}) + "i32>";
  const std::vector<int64_t> filter = {v.filters, v.kernel, v.kernel, v.channels / v.groups};
  std::string body = weights(filter);
  if (encoded)
    body += "%t = nibble.tanh %a : " + image + "f32> -> " + image + "f32>\n%e = nibble.dynamic_encoding %t : " + image +
            "f32> -> tensor<2xf32>\n%q = nibble.dynamic_encode %t, %e : " + image + "f32>, tensor<2xf32> -> " + image +
            "ui8>\n";
  body += std::string("%y = nibble.sum_conv ") + (encoded ? "%q" : "%a") + ", %w" + (encoded ? " encoding %e" : "") +
          " {strides = array<i64: " + std::to_string(v.stride) + ", " + std::to_string(v.stride) +
          ">, pads = array<i64: " + pad + ", " + pad + ", " + pad + ", " + pad +
          ">, dilations = array<i64: 1, 1>, groups = " + std::to_string(v.groups) +
          " : i64, layout = #nibble.layout<nhwc>, zero_point = " + (encoded ? "0" : "77") + " : i32} : (" + image +
          "ui8>, tensor<" + spell(filter) + "i8>" + (encoded ? ", tensor<2xf32>" : "") + ") -> " + sums +
          "\nreturn %y : " + sums;
  return makeMain("(%a: " + image + (encoded ? "f32>" : "ui8>") + ") -> " + sums, body);
}

TEST(Sums, Conv) {
  for (const Window &window : windows)
    for (bool encoded : {false, true})
      expectExact(makeConv(window, encoded));
}

} // namespace
