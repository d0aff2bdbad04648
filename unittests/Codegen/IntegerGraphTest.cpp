// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One graph of every integer operation, from floats to floats: the same bits on every instruction set, code for all.

#include "Harness.h"

#include "nibble/Target/TargetSpec.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace nibble;
using namespace nibble::test;

namespace {

// test/Meta/test_structure.py asks that no integer operation of the dialect is missing. MODE is a requantization's.
constexpr const char *graph = R"mlir(
  %wc = nibble.constant dense<[[[[3, -7, 127]]], [[[-127, 5, 2]]], [[[11, 60, -9]]], [[[1, 0, -1]]]]> : tensor<4x1x1x3xi8> -> tensor<4x1x1x3xi8>
  %bc = nibble.constant dense<[100, -2000, 0, 7]> : tensor<4xi32> -> tensor<4xi32>
  %mc = nibble.constant dense<[0.011, 0.003, 0.02, 0.7]> : tensor<4xf32> -> tensor<4xf32>
  %wt = nibble.constant dense<[[[[9, -4, 3, 1], [0, 2, 7, -127]], [[5, 5, -5, 8], [127, 1, 1, 1]]], [[[1, 2, 3, 4], [4, 3, 2, 1]], [[-1, -2, -3, -4], [0, 0, 90, 0]]]]> : tensor<2x2x2x4xi8> -> tensor<2x2x2x4xi8>
  %bt = nibble.constant dense<[-300, 41]> : tensor<2xi32> -> tensor<2xi32>
  %mt = nibble.constant dense<[0.004, 0.009]> : tensor<2xf32> -> tensor<2xf32>
  %wm = nibble.constant dense<[[1, -2, 3, -4, 5], [127, 0, -127, 9, 8]]> : tensor<2x5xi8> -> tensor<2x5xi8>
  %bm = nibble.constant dense<[1, 2, 3, 4, 5]> : tensor<5xi32> -> tensor<5xi32>
  %mm = nibble.constant dense<[0.2, 0.3, 0.1, 0.5, 0.7]> : tensor<5xf32> -> tensor<5xf32>
  %table = nibble.constant dense_resource<table> : tensor<256xi8> -> tensor<256xi8>

  %q = nibble.int_quantize %x {scale = 0.03 : f32, zero_point = 131 : i32, clamp = array<i32: 0, 255>} : tensor<1x6x7x3xf32> -> tensor<1x6x7x3xui8>
  %c = nibble.int_conv %q, %wc, %bc, %mc {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 131 : i32, output_zero_point = 9 : i32, clamp = array<i32: 9, 250>, MODE}
      : tensor<1x6x7x3xui8>, tensor<4x1x1x3xi8>, tensor<4xi32>, tensor<4xf32> -> tensor<1x8x9x4xui8>
  %t = nibble.int_conv_transpose %c, %wt, %bt, %mt {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, input_zero_point = 9 : i32, output_zero_point = 128 : i32, clamp = array<i32: 0, 255>, MODE}
      : tensor<1x8x9x4xui8>, tensor<2x2x2x4xi8>, tensor<2xi32>, tensor<2xf32> -> tensor<1x16x18x2xui8>
  %p = nibble.int_avg_pool %t {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 0, 0>, scale = 1.3 : f32, input_zero_point = 128 : i32, output_zero_point = 100 : i32, clamp = array<i32: 0, 255>, MODE}
      : tensor<1x16x18x2xui8> -> tensor<1x8x9x2xui8>
  %r = nibble.int_requantize %p {scale = 0.77 : f32, input_zero_point = 100 : i32, output_zero_point = 7 : i32, clamp = array<i32: 0, 255>, MODE} : tensor<1x8x9x2xui8> -> tensor<1x8x9x2xui8>
  %a = nibble.int_add %p, %r {lhs_scale = 0.7 : f32, rhs_scale = -0.31 : f32, lhs_zero_point = 100 : i32, rhs_zero_point = 7 : i32, output_zero_point = 90 : i32, clamp = array<i32: 0, 255>, MODE}
      : tensor<1x8x9x2xui8>, tensor<1x8x9x2xui8> -> tensor<1x8x9x2xui8>
  %s = nibble.int_mul %a, %r {scale = 0.0123 : f32, lhs_zero_point = 90 : i32, rhs_zero_point = 7 : i32, output_zero_point = 128 : i32, clamp = array<i32: 3, 255>, MODE}
      : tensor<1x8x9x2xui8>, tensor<1x8x9x2xui8> -> tensor<1x8x9x2xui8>
  %v = nibble.reshape %s : tensor<1x8x9x2xui8> -> tensor<1x72x2xui8>
  %m = nibble.int_matmul %v, %wm, %bm, %mm {lhs_zero_point = 128 : i32, output_zero_point = 60 : i32, clamp = array<i32: 0, 255>, MODE}
      : tensor<1x72x2xui8>, tensor<2x5xi8>, tensor<5xi32>, tensor<5xf32> -> tensor<1x72x5xui8>
  %n = nibble.int_softmax %m {axis = 2 : i64, input_scale = 0.04 : f32, scale = 200.0 : f32, output_zero_point = 30 : i32, clamp = array<i32: 0, 255>} : tensor<1x72x5xui8> -> tensor<1x72x5xui8>
  %l = nibble.int_lookup %n, %table : tensor<1x72x5xui8>, tensor<256xi8> -> tensor<1x72x5xi8>
  %y = nibble.int_dequantize %l {scale = 0.05 : f32, zero_point = -3 : i32} : tensor<1x72x5xi8> -> tensor<1x72x5xf32>
  %ws = nibble.constant dense<[[1, 2], [-127, 127], [3, 0], [0, -4], [50, 60]]> : tensor<5x2xi8> -> tensor<5x2xi8>
  %u = nibble.sum_matmul %l, %ws : (tensor<1x72x5xi8>, tensor<5x2xi8>) -> tensor<1x72x2xi32>
  %f = nibble.int_to_float %u : tensor<1x72x2xi32> -> tensor<1x72x2xf32>
  return %y, %f : tensor<1x72x5xf32>, tensor<1x72x2xf32>
)mlir";

std::string makeGraph(llvm::StringRef mode) {
  std::string body = graph, table;
  for (int i = 0; i < 256; ++i)
    table += (i ? ", " : "") + std::to_string(i * 37 % 256 - 128);
  auto replace = [&](llvm::StringRef word, const std::string &text) {
    for (size_t at; (at = body.find(word.str())) != std::string::npos;)
      body.replace(at, word.size(), text);
  };
  replace("dense_resource<table>", "dense<[" + table + "]>");
  replace("MODE", ("requant = #nibble.requant<" + mode + ">").str());
  return makeMain("(%x: tensor<1x6x7x3xf32>) -> (tensor<1x72x5xf32>, tensor<1x72x2xf32>)", body);
}

class IntegerGraph : public testing::TestWithParam<const char *> {};

TEST_P(IntegerGraph, HasTheInterpretersBits) { expectExact(makeGraph(GetParam())); }

/// Code can be made for machines that are not at hand. The graph begins and ends in floats, which bare metal refuses.
TEST_P(IntegerGraph, HasCodeForEveryTarget) {
  auto context = makeContext();
  for (const TargetSpec &target : getTargetSpecs()) {
    if (isBareMetal(target))
      continue;
    auto module = mlir::parseSourceString<mlir::ModuleOp>(makeGraph(GetParam()), context.get());
    ASSERT_TRUE(bool(module));
    CodegenOptions options;
    options.targets = {target};
    auto model = compileToObjects(*module, options);
    ASSERT_TRUE(bool(model)) << target.isa << ": " << llvm::toString(model.takeError());
    EXPECT_FALSE(model->objects.empty()) << target.isa;
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, IntegerGraph, testing::Values("float", "fixed"),
                         [](const auto &info) { return std::string(info.param); });

/// The tests of this folder leave out what the machine lacks: here it is said.
class Machine : public testing::TestWithParam<size_t> {};

TEST_P(Machine, RunsTheTarget) {
  const TargetSpec &target = getTargetSpecs()[GetParam()];
  if (!isHostCapable(target))
    GTEST_SKIP() << "this machine has no " << target.isa << ": code for it is made, not run";
}

INSTANTIATE_TEST_SUITE_P(Targets, Machine, testing::Range<size_t>(0, getTargetSpecs().size()),
                         [](const auto &info) {
                           std::string name = getTargetSpecs()[info.param].isa;
                           std::replace(name.begin(), name.end(), '-', '_'); // letters, digits and underscores alone
                           return name;
                         });

} // namespace
