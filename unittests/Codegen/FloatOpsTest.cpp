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
