// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Harness.h"
#include "gtest/gtest.h"
#include <random>

using namespace nibble::test;

namespace {

std::string join(const std::vector<int64_t> &values, const char *separator) {
  std::string text;
  for (int64_t v : values)
    text += (text.empty() ? "" : separator) + std::to_string(v);
  return text;
}

/// `count` values as a dense attribute's flat text in brackets of `shape`.
std::string makeDense(const std::vector<int64_t> &shape, size_t dim, std::function<std::string()> next) {
  std::string text = "[";
  for (int64_t i = 0; i < shape[dim]; ++i)
    text += (i ? "," : "") + (dim + 1 == shape.size() ? next() : makeDense(shape, dim + 1, next));
  return text + "]";
}

std::string makeConstant(const std::string &name, const std::vector<int64_t> &shape, const std::string &type,
                         std::function<std::string()> next) {
  std::string tensor = "tensor<" + join(shape, "x") + "x" + type + ">";
  return "%" + name + " = nibble.constant dense<" + makeDense(shape, 0, next) + "> : " + tensor + " -> " + tensor +
         "\n";
}

struct Shape {
  int64_t H, W, C, N, KH, KW, stride, dilation, groups;
  std::vector<int64_t> pads;

  int64_t out(int64_t extent, int64_t k, int64_t before, int64_t after) const {
    return (extent + before + after - dilation * (k - 1) - 1) / stride + 1;
  }
  int64_t outH() const { return out(H, KH, pads[0], pads[2]); }
  int64_t outW() const { return out(W, KW, pads[1], pads[3]); }
};

const Shape shapes[] = {
    {7, 9, 3, 17, 3, 3, 1, 1, 1, {1, 1, 1, 1}},    {9, 7, 16, 5, 3, 3, 2, 1, 1, {0, 1, 1, 2}},
    {5, 5, 33, 64, 1, 1, 1, 1, 1, {0, 0, 0, 0}},   {9, 9, 19, 19, 3, 3, 1, 1, 19, {1, 1, 1, 1}},
    {9, 11, 32, 32, 3, 3, 2, 2, 32, {2, 2, 2, 2}}, {6, 5, 8, 12, 3, 1, 1, 1, 4, {1, 0, 1, 0}},
};

std::string attributes(const Shape &s) {
  std::string stride = std::to_string(s.stride), dilation = std::to_string(s.dilation);
  return "strides = array<i64: " + stride + ", " + stride + ">, pads = array<i64: " + join(s.pads, ", ") +
         ">, dilations = array<i64: " + dilation + ", " + dilation + ">, groups = " + std::to_string(s.groups) +
         " : i64";
}

// A convolution behind a quantization or relu, so that its padded input is a kernel's result.
std::string makeFloat(const Shape &s, bool relu) {
  std::mt19937 random(7);
  auto number = [&] { return std::to_string((int(random() % 2001) - 1000) / 1000.0); };
  std::string in = "tensor<1x" + join({s.H, s.W, s.C}, "x") + "xf32>";
  std::string w = "tensor<" + join({s.N, s.KH, s.KW, s.C / s.groups}, "x") + "xf32>";
  std::string b = "tensor<" + std::to_string(s.N) + "xf32>";
  std::string out = "tensor<1x" + join({s.outH(), s.outW(), s.N}, "x") + "xf32>";
  std::string body = makeConstant("w", {s.N, s.KH, s.KW, s.C / s.groups}, "f32", number) +
                     makeConstant("b", {s.N}, "f32", number) + "%c = nibble.conv %x, %w bias %b {" + attributes(s) +
                     ", layout = #nibble.layout<nhwc>} : " + in + ", " + w + ", " + b + " -> " + out + "\n";
  body +=
      relu ? "%y = nibble.clip %c {min = 0.0 : f32, max = 6.0 : f32} : " + out + " -> " + out + "\nreturn %y : " + out
           : "return %c : " + out;
  return makeMain("(%x: " + in + ") -> " + out, body);
}

struct Mode {
  const char *in, *out;
  int padValue, outputZeroPoint, low, high;
  const char *requant;
  bool residual;
};
const Mode modes[] = {
    {"ui8", "ui8", 128, 3, 0, 255, "float", false},        {"i8", "i8", -128, -5, -128, 127, "fixed", false},
    {"ui8", "ui8", 255, 255, 10, 255, "fixed", true},      {"i8", "ui8", 127, 0, 0, 200, "float", true},
    {"i16", "i16", 0, 0, -32767, 32767, "float", true},    {"i16", "i16", 0, 0, -20000, 32767, "fixed", false},
    {"ui8", "i16", 128, 0, -32767, 32767, "float", false}, {"i16", "ui8", 0, 30, 0, 255, "float", true}};

std::string makeInteger(const Shape &s, const Mode &m) {
  std::mt19937 random(9);
  auto weight = [&] {
    unsigned r = random();
    return std::to_string(r % 5 == 0 ? 127 : r % 5 == 1 ? -127 : int(r % 255) - 127);
  };
  auto bias = [&] { return std::to_string(int(random() % 20001) - 10000); };
  auto multiplier = [&] { return std::to_string((random() % 1000 + 1) / 200000.0); };
  std::string in = "tensor<1x" + join({s.H, s.W, s.C}, "x") + "x" + m.in + ">";
  std::string w = "tensor<" + join({s.N, s.KH, s.KW, s.C / s.groups}, "x") + "xi8>";
  std::string n = std::to_string(s.N), out = "tensor<1x" + join({s.outH(), s.outW(), s.N}, "x") + "x" + m.out + ">";
  std::string body = makeConstant("w", {s.N, s.KH, s.KW, s.C / s.groups}, "i8", weight) +
                     makeConstant("b", {s.N}, "i32", bias) + makeConstant("m", {s.N}, "f32", multiplier);
  body += "%y = nibble.int_conv %x, %w, %b, %m ";
  body += m.residual ? "add %a {residual = #nibble.residual<scale = 0.7 : f32, addend_scale = 0.45 : f32, "
                       "addend_zero_point = 11, zero_point = 7, min = 0, max = 255>, "
                     : "{";
  body += attributes(s) + ", pad_value = " + std::to_string(m.padValue) +
          " : i32, output_zero_point = " + std::to_string(m.outputZeroPoint) +
          " : i32, clamp = array<i32: " + std::to_string(m.low) + ", " + std::to_string(m.high) +
          ">, requant = #nibble.requant<" + m.requant + ">} : " + in + ", " + w + ", tensor<" + n + "xi32>, tensor<" +
          n + "xf32>" + (m.residual ? ", " + out : "") + " -> " + out + "\nreturn %y : " + out;
  return makeMain("(%x: " + in + (m.residual ? ", %a: " + out : "") + ") -> " + out, body);
}

TEST(Conv, Float) {
  for (const Shape &s : shapes)
    for (bool relu : {false, true})
      expectExact(makeFloat(s, relu));
}

TEST(Conv, Integer) {
  for (const Shape &s : shapes)
    for (const Mode &m : modes)
      expectExact(makeInteger(s, m));
}

TEST(Conv, MatMulWithConstant) {
  std::mt19937 random(3);
  auto weight = [&] { return std::to_string(int(random() % 255) - 127); };
  auto number = [&] { return std::to_string((int(random() % 2001) - 1000) / 1000.0); };
  expectExact(
      makeMain("(%x: tensor<?x37xui8>) -> tensor<?x19xui8>",
               makeConstant("w", {37, 19}, "i8", weight) + makeConstant("b", {19}, "i32", weight) +
                   "%m = nibble.constant dense<0.004> : tensor<19xf32> -> tensor<19xf32>\n"
                   "%y = nibble.int_matmul %x, %w, %b, %m {output_zero_point = 5 : i32, clamp = array<i32: 0, 255>}"
                   " : tensor<?x37xui8>, tensor<37x19xi8>, tensor<19xi32>, tensor<19xf32> -> tensor<?x19xui8>\n"
                   "return %y : tensor<?x19xui8>"),
      3);
  expectExact(makeMain("(%x: tensor<5x37xf32>) -> tensor<5x19xf32>",
                       makeConstant("w", {37, 19}, "f32", number) +
                           "%y = nibble.matmul %x, %w : tensor<5x37xf32>, tensor<37x19xf32> -> tensor<5x19xf32>\n"
                           "return %y : tensor<5x19xf32>"));
}

TEST(Conv, Transposed) {
  std::mt19937 random(5);
  auto weight = [&] { return std::to_string(int(random() % 255) - 127); };
  expectExact(makeMain(
      "(%x: tensor<1x4x5x3xui8>) -> tensor<1x9x11x5xui8>",
      makeConstant("w", {5, 3, 3, 3}, "i8", weight) + makeConstant("b", {5}, "i32", weight) +
          "%m = nibble.constant dense<0.004> : tensor<5xf32> -> tensor<5xf32>\n"
          "%y = nibble.int_conv_transpose %x, %w, %b, %m {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, "
          "dilations = array<i64: 1, 1>, groups = 1 : i64, input_zero_point = 128 : i32, output_zero_point = 0 : i32, "
          "clamp = array<i32: 0, 255>} : tensor<1x4x5x3xui8>, tensor<5x3x3x3xi8>, tensor<5xi32>, tensor<5xf32> -> "
          "tensor<1x9x11x5xui8>\nreturn %y : tensor<1x9x11x5xui8>"));
}

// A result that a convolution reads too lies in the caller's memory, behind which the kernel must not read.
TEST(Conv, ReadsAResult) {
  std::mt19937 random(5);
  auto number = [&] { return std::to_string((int(random() % 2001) - 1000) / 1000.0); };
  const std::string in = "tensor<1x3x3x5xf32>", out = "tensor<1x3x3x7xf32>";
  expectExact(makeMain("(%x: " + in + ") -> (" + in + ", " + out + ")",
                       makeConstant("w", {7, 1, 1, 5}, "f32", number) + "%e = nibble.exp %x : " + in + " -> " + in +
                           "\n%y = nibble.conv %e, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, "
                           "dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>} : " +
                           in + ", tensor<7x1x1x5xf32> -> " + out + "\nreturn %e, %y : " + in + ", " + out));
}

} // namespace
