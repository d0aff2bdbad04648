// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The interpreter's interface: inputs, results, the hook and errors. What operations compute is tested by
// test/Reference.

#include "nibble/Reference/Interpreter.h"
#include "nibble/InitAll.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace nibble;
using reference::Tensor;

namespace {

class InterpreterTest : public testing::Test {
protected:
  InterpreterTest() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
  }

  func::FuncOp parse(StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    return module ? *module->getOps<func::FuncOp>().begin() : func::FuncOp();
  }

  Tensor makeFloats(ArrayRef<int64_t> shape, ArrayRef<float> values) {
    Tensor tensor = llvm::cantFail(Tensor::allocate(shape, Float32Type::get(&context)));
    llvm::copy(values, tensor.as<float>());
    return tensor;
  }

  std::string runForError(StringRef text, ArrayRef<Tensor> inputs) {
    auto results = reference::interpret(parse(text), inputs);
    return results ? "no error" : llvm::toString(results.takeError());
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

constexpr StringRef reluTwice = R"(
func.func @main(%x: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %a = nibble.relu %x : tensor<?x2xf32> -> tensor<?x2xf32>
  %b = nibble.neg %a : tensor<?x2xf32> -> tensor<?x2xf32>
  return %b, %x : tensor<?x2xf32>, tensor<?x2xf32>
})";

TEST_F(InterpreterTest, Unranked) {
  EXPECT_EQ(runForError("func.func @main(%x: tensor<*xf32>) { return }", {makeFloats({1}, {1})}),
            "input 0: expected a function of ranked tensors");
}

constexpr StringRef cached = R"(
func.func @main(%past: tensor<?x?xf32> {nibble.dims = ["N", "P"]}, %x: tensor<?x?xf32> {nibble.dims = ["N", "S"]})
    -> (tensor<?x?x1xf32>, tensor<?xi64>, tensor<?x?xf32>) {
  %y = nibble.reshape %x {extents = #nibble.extents<[d2, d0, 1]>} : tensor<?x?xf32> -> tensor<?x?x1xf32>
  %at = nibble.generate () attributes {extents = #nibble.extents<[d2]>} {
  ^bb0(%i: index):
    %n = nibble.extent_value <[d1]>
    %p = arith.addi %n, %i : index
    %e = arith.index_cast %p : index to i64
    nibble.yield %e : i64
  } -> tensor<?xi64>
  %s = nibble.slice %x {starts = array<i64: 0, 0>, steps = array<i64: 1, 1>, extents = #nibble.extents<[d0, min(d2, 2)]>} : tensor<?x?xf32> -> tensor<?x?xf32>
  return %y, %at, %s : tensor<?x?x1xf32>, tensor<?xi64>, tensor<?x?xf32>
})";

TEST_F(InterpreterTest, DynamicDimensions) {
  auto results =
      reference::interpret(parse(cached), {makeFloats({1, 5}, {0, 0, 0, 0, 0}), makeFloats({1, 3}, {1, 2, 3})});
  ASSERT_TRUE(bool(results)) << llvm::toString(results.takeError());
  EXPECT_EQ((*results)[0].shape, (SmallVector<int64_t>{3, 1, 1}));
  EXPECT_EQ(ArrayRef((*results)[1].as<int64_t>(), 3), (ArrayRef<int64_t>{5, 6, 7}));
  EXPECT_EQ((*results)[2].shape, (SmallVector<int64_t>{1, 2}));
  EXPECT_EQ(runForError(cached, {makeFloats({1, 1}, {0}), makeFloats({2, 1}, {1, 2})}),
            "input 1: expected dimension 'N' to be 1 as in an input before, got 2");
}

TEST_F(InterpreterTest, ResultsAndHook) {
  func::FuncOp function = parse(reluTwice);
  std::vector<std::string> seen;
  auto results =
      reference::interpret(function, {makeFloats({1, 2}, {-1, 2})}, [&](Operation *op, ArrayRef<Tensor> values) {
        ASSERT_EQ(values.size(), 1u);
        seen.push_back(op->getName().getStringRef().str());
        EXPECT_EQ(values[0].shape, SmallVector<int64_t>({1, 2}));
      });
  ASSERT_TRUE(bool(results));
  ASSERT_EQ(results->size(), 2u);
  EXPECT_EQ((*results)[0].as<float>()[1], -2.0f);
  EXPECT_EQ((*results)[1].as<float>()[0], -1.0f); // an argument may be a result
  EXPECT_EQ(seen, std::vector<std::string>({"nibble.relu", "nibble.neg"}));
}

TEST_F(InterpreterTest, EmptyBatch) {
  auto results = reference::interpret(parse(reluTwice), {makeFloats({0, 2}, {})});
  ASSERT_TRUE(bool(results));
  EXPECT_EQ((*results)[0].shape, SmallVector<int64_t>({0, 2}));
}

TEST_F(InterpreterTest, StorageStandsForQuantized) {
  func::FuncOp function = parse(R"(
func.func @main(%x: tensor<2x!quant.uniform<u8:f32, 0.5:128>>) -> tensor<2xf32> {
  %a = nibble.dequantize %x : tensor<2x!quant.uniform<u8:f32, 0.5:128>> to tensor<2xf32>
  return %a : tensor<2xf32>
})");
  Tensor input = llvm::cantFail(Tensor::allocate({2}, IntegerType::get(&context, 8, IntegerType::Unsigned)));
  input.as<uint8_t>()[0] = 0;
  input.as<uint8_t>()[1] = 255;
  auto results = reference::interpret(function, {input});
  ASSERT_TRUE(bool(results));
  EXPECT_EQ((*results)[0].as<float>()[0], -64.0f);
  EXPECT_EQ((*results)[0].as<float>()[1], 63.5f);
}

TEST_F(InterpreterTest, InputsThatDoNotFit) {
  EXPECT_EQ(runForError(reluTwice, {}), "expected 1 inputs, got 0");
  EXPECT_EQ(runForError(reluTwice, {makeFloats({1, 3}, {1, 2, 3})}), "input 0: expected shape [?, 2], got [1, 3]");
  Tensor bytes = llvm::cantFail(Tensor::allocate({1, 2}, IntegerType::get(&context, 8)));
  EXPECT_EQ(runForError(reluTwice, {bytes}), "input 0: expected elements of f32, got i8");
}

TEST_F(InterpreterTest, SeveralBlocks) {
  EXPECT_EQ(runForError(R"(
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  cf.br ^end
^end:
  return %x : tensor<2xf32>
})",
                        {makeFloats({2}, {1, 2})}),
            "expected function 'main' to have one block, got 2");
}

} // namespace
