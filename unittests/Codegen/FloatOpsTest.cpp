// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Harness.h"
#include "gtest/gtest.h"

using namespace nibble::test;

namespace {

std::string makeUnary(const std::string &op, const std::string &attrs, const std::string &shape) {
  std::string type = "tensor<" + shape + "xf32>";
  return makeMain("(%x: " + type + ") -> " + type,
                  "%y = nibble." + op + " %x " + attrs + " : " + type + " -> " + type + "\nreturn %y : " + type);
}

TEST(FloatOps, Unary) {
  for (const char *op : {"relu", "sigmoid", "tanh", "hard_swish", "gelu", "silu", "softplus", "erf", "exp", "log",
                         "sqrt", "reciprocal", "neg", "abs", "floor", "ceil", "round"})
    expectExact(makeUnary(op, "", "3x37"));
  expectExact(makeUnary("leaky_relu", "{alpha = 0.1 : f32}", "2x7x5x3"));
  expectExact(makeUnary("elu", "{alpha = 0.7 : f32}", "37"));
  expectExact(makeUnary("hard_sigmoid", "{alpha = 0.2 : f32, beta = 0.5 : f32}", "37"));
  expectExact(makeUnary("clip", "{min = 0.0 : f32, max = 6.0 : f32}", "9001"));
}

TEST(FloatOps, Binary) {
  for (const char *op : {"add", "sub", "mul", "div", "min", "max", "pow"})
    expectExact(makeMain("(%x: tensor<3x5x7xf32>, %z: tensor<5x1xf32>) -> tensor<3x5x7xf32>",
                         std::string("%y = nibble.") + op +
                             " %x, %z : tensor<3x5x7xf32>, tensor<5x1xf32> -> tensor<3x5x7xf32>\n"
                             "return %y : tensor<3x5x7xf32>"));
}

TEST(FloatOps, DynamicBatch) {
  expectExact(makeMain("(%x: tensor<?x5xf32>) -> tensor<?x5xf32>",
                       "%y = nibble.relu %x : tensor<?x5xf32> -> tensor<?x5xf32>\nreturn %y : tensor<?x5xf32>"),
              3);
}

TEST(FloatOps, SoftmaxAndReductions) {
  for (int axis : {0, 1, 2})
    expectExact(makeMain("(%x: tensor<3x19x5xf32>) -> tensor<3x19x5xf32>",
                         "%y = nibble.softmax %x {axis = " + std::to_string(axis) +
                             " : i64} : tensor<3x19x5xf32> -> tensor<3x19x5xf32>\nreturn %y : tensor<3x19x5xf32>"));
  for (const char *kind : {"sum", "mean", "max", "min", "prod"})
    expectExact(makeMain("(%x: tensor<3x19x5xf32>) -> tensor<3x5xf32>",
                         std::string("%y = nibble.reduce %x {kind = #nibble.reduce_kind<") + kind +
                             ">, axes = array<i64: 1>} : tensor<3x19x5xf32> -> tensor<3x5xf32>\n"
                             "return %y : tensor<3x5xf32>"));
}

TEST(FloatOps, MaskedSoftmax) {
  for (int axis : {0, 1, 2})
    expectExact(makeMain("(%x: tensor<3x19x5xf32>, %m: tensor<19x1xf32>) -> tensor<3x19x5xf32>",
                         "%y = nibble.softmax %x mask %m {axis = " + std::to_string(axis) +
                             " : i64, scale = 0.3 : f32} : tensor<3x19x5xf32>, tensor<19x1xf32> -> tensor<3x19x5xf32>\n"
                             "return %y : tensor<3x19x5xf32>"));
}

TEST(FloatOps, Norms) {
  for (const char *kind : {"layer", "rms"})
    for (int axis : {0, 1, 2}) {
      const std::string row = axis == 0 ? "3x19x5xf32" : axis == 1 ? "19x5xf32" : "5xf32";
      expectExact(makeMain(
          "(%x: tensor<3x19x5xf32>, %s: tensor<" + row + ">, %b: tensor<" + row + ">) -> tensor<3x19x5xf32>",
          "%y = nibble.norm %x scale %s bias %b {kind = #nibble.norm_kind<" + std::string(kind) +
              ">, axis = " + std::to_string(axis) + " : i64, epsilon = 1.0e-5 : f32} : (tensor<3x19x5xf32>, tensor<" +
              row + ">, tensor<" + row + ">) -> tensor<3x19x5xf32>\nreturn %y : tensor<3x19x5xf32>"));
    }
}

/// Each sample has a mask of its own, and all have the norm's parameters.
TEST(FloatOps, RowsOfADynamicBatch) {
  const std::string dims = "{nibble.dims = [\"batch\", \"\", \"\"]}";
  expectExact(
      makeMain("(%x: tensor<?x3x18xf32> " + dims + ", %m: tensor<?x1x18xf32> " + dims + ") -> tensor<?x3x18xf32>",
               "%b = nibble.constant dense<0.5> : tensor<18xf32> -> tensor<18xf32>\n"
               "%s = nibble.softmax %x mask %m {axis = 2 : i64} : tensor<?x3x18xf32>, tensor<?x1x18xf32> -> "
               "tensor<?x3x18xf32>\n"
               "%y = nibble.norm %s bias %b {kind = #nibble.norm_kind<layer>, axis = 2 : i64, epsilon = 0.0 : "
               "f32} : (tensor<?x3x18xf32>, tensor<18xf32>) -> tensor<?x3x18xf32>\n"
               "return %y : tensor<?x3x18xf32>"),
      3);
}

TEST(FloatOps, Pools) {
  for (const char *rest : {"", ", count_include_pad"})
    expectExact(makeMain("(%x: tensor<1x9x8x21xf32>) -> tensor<1x5x4x21xf32>",
                         std::string("%y = nibble.avg_pool %x {kernel = array<i64: 3, 2>, strides = array<i64: 2, 2>, "
                                     "pads = array<i64: 1, 0, 1, 0>, layout = #nibble.layout<nhwc>") +
                             rest +
                             "} : tensor<1x9x8x21xf32> -> tensor<1x5x4x21xf32>\nreturn %y : tensor<1x5x4x21xf32>"));
  expectExact(makeMain("(%x: tensor<1x9x8x21xf32>) -> tensor<1x5x4x21xf32>",
                       "%y = nibble.max_pool %x {kernel = array<i64: 3, 2>, strides = array<i64: 2, 2>, "
                       "pads = array<i64: 1, 0, 1, 0>, dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>}"
                       " : tensor<1x9x8x21xf32> -> tensor<1x5x4x21xf32>\nreturn %y : tensor<1x5x4x21xf32>"));
}

TEST(FloatOps, MatMulOfTwoValues) {
  expectExact(makeMain("(%x: tensor<2x5x7xf32>, %w: tensor<7x19xf32>) -> tensor<2x5x19xf32>",
                       "%y = nibble.matmul %x, %w : tensor<2x5x7xf32>, tensor<7x19xf32> -> tensor<2x5x19xf32>\n"
                       "return %y : tensor<2x5x19xf32>"));
}

} // namespace
