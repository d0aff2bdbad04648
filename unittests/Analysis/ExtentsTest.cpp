// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Extents of values by the dimensions of a function's arguments.

#include "nibble/Analysis/Extents.h"

#include "nibble/InitAll.h"
#include "nibble/Support/ExtentSyntax.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace nibble;

namespace {

class ExtentsTest : public testing::Test {
protected:
  ExtentsTest() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
  }

  func::FuncOp parse(StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    return module ? *module->getOps<func::FuncOp>().begin() : func::FuncOp();
  }

  /// The extents of the first result, then what is required: "[d0, 4]; d1 = 4".
  std::string analyze(StringRef text) {
    func::FuncOp function = parse(text);
    if (!function)
      return "does not parse";
    ExtentAnalysis analysis(function);
    Value result = function.front().getTerminator()->getOperand(0);
    auto extents = analysis.get(result);
    std::string found = extents ? formatExtents(*extents) : analysis.whyUnknown(result);
    for (const ExtentRequirement &requirement : analysis.getRequirements())
      found += "; " + requirement.lhs.str() + " = " + requirement.rhs.str();
    return found;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

TEST_F(ExtentsTest, Names) {
  func::FuncOp function = parse(R"(
func.func @main(%a: tensor<?x3x?xf32> {nibble.dims = ["N", "", "W"], nibble.name = "a"}, %b: tensor<?x?xf32> {nibble.name = "b"},
                %c: tensor<?xf32> {nibble.dims = ["N"]}) { return })");
  EXPECT_EQ(getDimNames(function), (SmallVector<std::string>{"N", "W", "b.0", "b.1"}));
  ArgumentDims dims(function);
  EXPECT_EQ(formatExtents(dims.getExtents(0)), "[d0, 3, d1]");
  EXPECT_EQ(formatExtents(dims.getExtents(1)), "[d2, d3]");
  EXPECT_EQ(formatExtents(dims.getExtents(2)), "[d0]");
}

TEST_F(ExtentsTest, Broadcast) {
  Extent n = Extent::dim(0), m = Extent::dim(1);
  EXPECT_EQ(broadcastExtents(n, 1), n);
  EXPECT_EQ(broadcastExtents(1, n), n);
  EXPECT_EQ(broadcastExtents(n, n), n);
  EXPECT_EQ(broadcastExtents(n, 4), Extent(4));
  EXPECT_EQ(broadcastExtents(nibble::min(n, 512), n), n);
  EXPECT_EQ(broadcastExtents(n, m), std::nullopt);
  EXPECT_EQ(broadcastExtents(3, 4), std::nullopt);
}

TEST_F(ExtentsTest, Addition) {
  EXPECT_EQ(analyze(R"(
func.func @main(%a: tensor<?x?xf32> {nibble.dims = ["N", "L"]}, %b: tensor<?xf32> {nibble.dims = ["L"]}) -> tensor<?x?xf32> {
  %y = nibble.add %a, %b : tensor<?x?xf32>, tensor<?xf32> -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
})"),
            "[d0, d1]");
  EXPECT_EQ(analyze(R"(
func.func @main(%a: tensor<?xf32> {nibble.dims = ["N"]}, %b: tensor<4xf32>) -> tensor<4xf32> {
  %y = nibble.add %a, %b : tensor<?xf32>, tensor<4xf32> -> tensor<4xf32>
  return %y : tensor<4xf32>
})"),
            "[4]; d0 = 4");
  EXPECT_EQ(analyze(R"(
func.func @main(%a: tensor<?xf32> {nibble.dims = ["N"]}, %b: tensor<?xf32> {nibble.dims = ["M"]}) -> tensor<?xf32> {
  %y = nibble.add %a, %b : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
  %z = nibble.relu %y : tensor<?xf32> -> tensor<?xf32>
  return %z : tensor<?xf32>
})"),
            "nibble.add: extents d0 and d1 broadcast where they are equal, or one is 1, which is not known");
}

TEST_F(ExtentsTest, EqualDimensions) {
  // What the function requires holds for all of its values.
  EXPECT_EQ(analyze(R"(
func.func @main(%a: tensor<?xf32> {nibble.dims = ["N"]}, %b: tensor<?xf32> {nibble.dims = ["M"]}) -> tensor<?xf32>
    attributes {nibble.requirements = [#nibble.extents<[d0, d1]>]} {
  %y = nibble.add %a, %b : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
  %z = nibble.concat %b, %y {axis = 0 : i64} : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
  return %z : tensor<?xf32>
})"),
            "[2 * d0]; d0 = d1");
  EXPECT_EQ(analyze(R"(
func.func @main(%a: tensor<?xf32> {nibble.dims = ["N"]}, %b: tensor<2x?xf32> {nibble.dims = ["", "M"]}) -> tensor<?xf32>
    attributes {nibble.requirements = [#nibble.extents<[d0, 2 * d1]>]} {
  %c = nibble.reshape %b : tensor<2x?xf32> -> tensor<?xf32>
  %y = nibble.add %a, %c : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
})"),
            "[d0]; d0 = 2 * d1");
}

TEST_F(ExtentsTest, Positions) {
  EXPECT_EQ(analyze(R"(
func.func @main(%x: tensor<?x?x2xf32> {nibble.dims = ["N", "L", ""]}, %t: tensor<512x2xf32>) -> tensor<?x?x2xf32> {
  %p = nibble.slice %t {starts = array<i64: 0, 0>, steps = array<i64: 1, 1>, extents = #nibble.extents<[min(d1, 512), 2]>} : tensor<512x2xf32> -> tensor<?x2xf32>
  %y = nibble.add %x, %p : tensor<?x?x2xf32>, tensor<?x2xf32> -> tensor<?x?x2xf32>
  return %y : tensor<?x?x2xf32>
})"),
            "[d0, d1, 2]; min(d1, 512) = d1");
}

TEST_F(ExtentsTest, Reshape) {
  EXPECT_EQ(analyze(R"(
func.func @main(%x: tensor<?x?x8xf32> {nibble.dims = ["N", "L", ""]}) -> tensor<?x8xf32> {
  %h = nibble.reshape %x {extents = #nibble.extents<[d0, d1, 2, 4]>} : tensor<?x?x8xf32> -> tensor<?x?x2x4xf32>
  %y = nibble.reshape %h : tensor<?x?x2x4xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
})"),
            "[d0 * d1, 8]");
  EXPECT_EQ(analyze(R"(
func.func @main(%x: tensor<?xf32>) -> tensor<?x2xf32> {
  %y = nibble.reshape %x : tensor<?xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
})"),
            "[floordiv(d0, 2), 2]; d0 = 2 * floordiv(d0, 2)");
  EXPECT_EQ(analyze(R"(
func.func @main(%x: tensor<?xf32>) -> tensor<?x?xf32> {
  %y = nibble.reshape %x {extents = #nibble.extents<[d0, d1]>} : tensor<?xf32> -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
})"),
            "nibble.reshape: 'extents' reads d1, but the function's inputs have 1 dynamic dimensions");
}

TEST_F(ExtentsTest, Movement) {
  EXPECT_EQ(analyze(R"(
func.func @main(%p: tensor<?x?xf32> {nibble.dims = ["N", "P"]}, %x: tensor<?x?xf32> {nibble.dims = ["N", "S"]}) -> tensor<?x?xf32> {
  %a = nibble.concat %p, %x {axis = 1 : i64} : tensor<?x?xf32>, tensor<?x?xf32> -> tensor<?x?xf32>
  %t = nibble.transpose %a {permutation = array<i64: 1, 0>} : tensor<?x?xf32> -> tensor<?x?xf32>
  %y = nibble.pad %t {low = array<i64: 1, 0>, high = array<i64: 2, 0>, mode = #nibble.pad_mode<constant>} : tensor<?x?xf32> -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
})"),
            "[d1 + d2 + 3, d0]");
  EXPECT_EQ(analyze(R"(
func.func @main(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = nibble.slice %x {starts = array<i64: 0, 1>, steps = array<i64: 1, 2>} : tensor<?x?xf32> -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
})"),
            "[d0, floordiv(d1, 2)]");
  // Elements are read that a short input does not have.
  EXPECT_EQ(analyze(R"(
func.func @main(%x: tensor<?xf32>) -> tensor<3xf32> {
  %y = nibble.slice %x {starts = array<i64: 0>, steps = array<i64: 1>} : tensor<?xf32> -> tensor<3xf32>
  return %y : tensor<3xf32>
})"),
            "[3]; min(d0, 3) = 3");
}

TEST_F(ExtentsTest, Products) {
  EXPECT_EQ(analyze(R"(
func.func @main(%q: tensor<?x?x8xf32> {nibble.dims = ["N", "S", ""]}, %k: tensor<?x8x?xf32> {nibble.dims = ["N", "", "T"]}) -> tensor<?x?x?xf32> {
  %y = nibble.matmul %q, %k : tensor<?x?x8xf32>, tensor<?x8x?xf32> -> tensor<?x?x?xf32>
  return %y : tensor<?x?x?xf32>
})"),
            "[d0, d1, d2]");
  EXPECT_EQ(analyze(R"(
func.func @main(%x: tensor<?x4x?x3xf32> {nibble.dims = ["N", "", "W", ""]}, %w: tensor<8x3x3x3xf32>) -> tensor<?x2x?x8xf32> {
  %y = nibble.conv %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>} : tensor<?x4x?x3xf32>, tensor<8x3x3x3xf32> -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
})"),
            "[d0, 2, floordiv(d1 + 1, 2), 8]; min(d1 + 2, 3) = 3");
}

} // namespace
