// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dynamic and weight-only products, compiled from the operations, against the interpreter.

#include "Harness.h"
#include "gtest/gtest.h"
#include <random>

using namespace nibble::test;

namespace {

std::string tensor(const std::string &shape, const std::string &type) { return "tensor<" + shape + "x" + type + ">"; }

/// Constants of random values in the nested lists of `shape`.
std::string list(const std::vector<int64_t> &shape, size_t dim, const std::function<std::string()> &next) {
  if (dim == shape.size())
    return next();
  std::string text = "[";
  for (int64_t i = 0; i < shape[dim]; ++i)
    text += (i ? "," : "") + list(shape, dim + 1, next);
  return text + "]";
}

std::string spell(const std::vector<int64_t> &shape) {
  std::string text;
  for (int64_t extent : shape)
    text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

std::string constant(const std::string &name, const std::vector<int64_t> &shape, const std::string &type,
                     const std::function<std::string()> &next) {
  const std::string t = tensor(spell(shape), type);
  return "%" + name + " = nibble.constant dense<" + list(shape, 0, next) + "> : " + t + " -> " + t + "\n";
}

/// Weights %w, scales %m and biases %b of `channels`.
std::string weights(const std::vector<int64_t> &shape, int64_t channels) {
  std::mt19937 random(11);
  auto byte = [&] { return std::to_string(int(random() % 255) - 127); };
  auto scale = [&] { return std::to_string((random() % 1000 + 1) / 20000.0); };
  auto bias = [&] { return std::to_string((int(random() % 2001) - 1000) / 300.0); };
  return constant("w", shape, "i8", byte) + constant("m", {channels}, "f32", scale) +
         constant("b", {channels}, "f32", bias);
}

/// x to bytes by the scales of its first dimensions.
std::string quantize(const std::string &shape, const std::string &rows, int rowDims, const std::string &byte) {
  return "%s = nibble.dynamic_scale %x {row_dims = " + std::to_string(rowDims) +
         " : i64, levels = " + (byte == "i8" ? "127" : "255") + " : i32} : " + tensor(shape, "f32") + " -> " +
         tensor(rows, "f32") + "\n%q = nibble.dynamic_quantize %x, %s : " + tensor(shape, "f32") + ", " +
         tensor(rows, "f32") + " -> " + tensor(shape, byte) + "\n";
}

/// [rows x k] tokens times [k x n]; `byte` is f32 for weights alone.
std::string makeMatMul(const std::string &rows, int rowDims, int64_t k, int64_t n, const std::string &byte, bool bias,
                       bool relu) {
  const bool dynamic = byte != "f32";
  const std::string in = rows + "x" + std::to_string(k), out = tensor(rows + "x" + std::to_string(n), "f32");
  std::string body = weights({k, n}, n) + (dynamic ? quantize(in, rows, rowDims, byte) : "");
  body += std::string("%y = nibble.scaled_matmul ") + (dynamic ? "%q" : "%x") + ", %w, %m" + (bias ? " bias %b" : "") +
          (dynamic ? " rows %s" : "") + " : (" + tensor(in, byte) + ", " + tensor(spell({k, n}), "i8") + ", " +
          tensor(std::to_string(n), "f32") + (bias ? ", " + tensor(std::to_string(n), "f32") : "") +
          (dynamic ? ", " + tensor(rows, "f32") : "") + ") -> " + out + "\n";
  body += relu ? "%r = nibble.relu %y : " + out + " -> " + out + "\nreturn %r : " + out : "return %y : " + out;
  return makeMain("(%x: " + tensor(in, "f32") + ") -> " + out, body);
}

TEST(Scaled, MatMul) {
  for (const std::string byte : {"i8", "ui8", "f32"}) {
    expectExact(makeMatMul("1", 1, 37, 19, byte, true, false));
    expectExact(makeMatMul("9", 1, 64, 33, byte, false, true));
    expectExact(makeMatMul("?", 1, 5, 3, byte, true, true), /*batch=*/4);
    expectExact(makeMatMul("2x7", 2, 48, 21, byte, true, false));
    expectExact(makeMatMul("?x3", 2, 16, 70, byte, true, true), /*batch=*/3);
    expectExact(makeMatMul("2x2x3", 3, 11, 8, byte, false, false));
  }
}

/// Bytes of x times the columns of v, of the leading extents `batch` and `other`.
std::string makeDynamicMatMul(const std::string &batch, const std::string &other, const std::string &m, int64_t k,
                              const std::string &n, const std::string &byte) {
  const std::string depth = std::to_string(k), in = batch + m + "x" + depth, right = other + depth + "x" + n;
  const std::string out = tensor(batch + m + "x" + n, "f32"), rows = batch + m;
  const std::string positive = byte == "i8" ? "%x = nibble.neg %a" : "%x = nibble.abs %a";
  return makeMain("(%a: " + tensor(in, "f32") + ", %v: " + tensor(right, "f32") + ") -> " + out,
                  positive + " : " + tensor(in, "f32") + " -> " + tensor(in, "f32") + "\n" +
                      quantize(in, rows, std::count(rows.begin(), rows.end(), 'x') + 1, byte) +
                      "%y = nibble.dynamic_matmul %q, %v rows %s : (" + tensor(in, byte) + ", " + tensor(right, "f32") +
                      ", " + tensor(rows, "f32") + ") -> " + out + "\nreturn %y : " + out);
}

TEST(Scaled, MatMulOfTwoValues) {
  for (const std::string byte : {"i8", "ui8"}) {
    expectExact(makeDynamicMatMul("", "", "1", 1, "1", byte));
    expectExact(makeDynamicMatMul("", "", "9", 37, "19", byte));
    expectExact(makeDynamicMatMul("2x3x", "2x3x", "17", 32, "33", byte));
    expectExact(makeDynamicMatMul("2x3x", "1x3x", "5", 9, "16", byte));
    expectExact(makeDynamicMatMul("3x2x", "2x", "4", 8, "20", byte));
    expectExact(makeDynamicMatMul("?x2x", "1x2x", "8", 16, "32", byte), /*batch=*/3);
  }
}

struct Window {
  int64_t extent, channels, filters, kernel, stride, groups, pad;
  int64_t out() const { return (extent + 2 * pad - kernel) / stride + 1; }
};
const Window windows[] = {{7, 3, 17, 3, 1, 1, 1},   {8, 16, 5, 3, 2, 1, 0},   {5, 33, 64, 1, 1, 1, 0},
                          {9, 19, 19, 3, 1, 19, 1}, {9, 64, 64, 3, 2, 64, 1}, {6, 8, 12, 3, 1, 4, 1}};

// The input comes from a kernel, which writes it into padded memory; a convolution of floats may read that too.
std::string makeConv(const Window &v, const std::string &batch, const std::string &byte) {
  const bool dynamic = byte != "f32";
  const std::string in = batch + "x" + spell({v.extent, v.extent, v.channels});
  const std::string out = tensor(batch + "x" + spell({v.out(), v.out(), v.filters}), "f32");
  const std::vector<int64_t> filter = {v.filters, v.kernel, v.kernel, v.channels / v.groups};
  const std::string pad = std::to_string(v.pad), stride = std::to_string(v.stride), n = std::to_string(v.filters);
  std::string body = weights(filter, v.filters) + "%x = nibble.relu %a : " + tensor(in, "f32") + " -> " +
                     tensor(in, "f32") + "\n" + (dynamic ? quantize(in, batch, 1, byte) : "");
  body += std::string("%y = nibble.scaled_conv ") + (dynamic ? "%q" : "%x") + ", %w, %m bias %b" +
          (dynamic ? " rows %s" : "") + " {strides = array<i64: " + stride + ", " + stride +
          ">, pads = array<i64: " + pad + ", " + pad + ", " + pad + ", " + pad +
          ">, dilations = array<i64: 1, 1>, groups = " + std::to_string(v.groups) + " : i64} : (" + tensor(in, byte) +
          ", " + tensor(spell(filter), "i8") + ", " + tensor(n, "f32") + ", " + tensor(n, "f32") +
          (dynamic ? ", " + tensor(batch, "f32") : "") + ") -> " + out +
          "\n%r = nibble.clip %y {min = 0.0 : f32, max = 6.0 : f32} : " + out + " -> " + out + "\nreturn %r : " + out;
  return makeMain("(%a: " + tensor(in, "f32") + ") -> " + out, body);
}

TEST(Scaled, Conv) {
  for (const std::string byte : {"i8", "ui8", "f32"})
    for (const Window &window : windows)
      expectExact(makeConv(window, "1", byte));
}

TEST(Scaled, ConvOfManySamples) {
  for (const std::string byte : {"ui8", "f32"})
    expectExact(makeConv(windows[0], "?", byte), /*batch=*/3);
}

} // namespace
