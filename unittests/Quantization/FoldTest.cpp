// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes that promise the same bits: the interpreter's results before and after phase fold.

#include "nibble/InitAll.h"
#include "nibble/Pipelines/Phases.h"
#include "nibble/Reference/Interpreter.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

#include <random>

using namespace mlir;
using namespace nibble;
using reference::Tensor;

namespace {

struct FoldTest : testing::Test {
  FoldTest() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }
  MLIRContext context;

  static func::FuncOp getMain(ModuleOp module) { return *module.getOps<func::FuncOp>().begin(); }

  /// Random floats, a tenth of them extreme.
  Tensor makeInput(RankedTensorType type, unsigned seed) {
    Tensor tensor = cantFail(Tensor::allocate(type.getShape(), type.getElementType()));
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> uniform(-3.0f, 3.0f);
    const float extremes[] = {1e30f, -1e30f, 0.0f, -0.0f, 1e-40f};
    for (int64_t i = 0; i < tensor.getCount(); ++i)
      tensor.as<float>()[i] = random() % 10 ? uniform(random) : extremes[random() % 5];
    return tensor;
  }

  std::vector<char> run(ModuleOp module, ArrayRef<Tensor> inputs) {
    auto results = reference::interpret(getMain(module), inputs);
    if (!results) {
      ADD_FAILURE() << toString(results.takeError());
      return {};
    }
    std::vector<char> bytes;
    for (const Tensor &result : *results)
      bytes.insert(bytes.end(), result.data.begin(), result.data.end());
    return bytes;
  }

  /// Interprets `text` before and after phase fold on a few inputs.
  void check(const std::string &text) {
    auto before = parseSourceString<ModuleOp>(text, &context), after = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(before && after) << text;
    PassManager pm(&context);
    buildFoldPhase(pm);
    ASSERT_TRUE(succeeded(pm.run(*after))) << text;
    for (unsigned seed = 0; seed < 4; ++seed) {
      std::vector<Tensor> inputs;
      for (Type type : getMain(*before).getArgumentTypes())
        inputs.push_back(makeInput(cast<RankedTensorType>(type), seed * 10 + inputs.size()));
      EXPECT_EQ(run(*before, inputs), run(*after, inputs)) << text;
    }
  }

  /// Types with zero points in the middle, at both ends, signed, and narrowed.
  const std::vector<std::string> activations = {
      "!quant.uniform<u8:f32, 0.0234375:128>", "!quant.uniform<u8:f32, 0.0234375>",
      "!quant.uniform<u8:f32, 0.0234375:255>", "!quant.uniform<i8:f32, 0.03125:-128>",
      "!quant.uniform<i8<-127:127>:f32, 0.03125>", "!quant.uniform<u8<7:200>:f32, 0.0234375:100>"};

  static std::string floatOf(const std::string &shape) { return "tensor<" + shape + "xf32>"; }
  static std::string quantOf(const std::string &shape, const std::string &type) {
    return "tensor<" + shape + "x" + type + ">";
  }

  /// A function of floats of `shapes` (the last is the result's) that quantizes, computes `body`, and dequantizes.
  std::string wrap(ArrayRef<std::string> shapes, ArrayRef<std::string> types, const std::string &body) {
    std::string arguments, quantizes;
    for (size_t i = 0; i + 1 < shapes.size(); ++i) {
      arguments += llvm::formatv("{0}%a{1}: {2}", i ? ", " : "", i, floatOf(shapes[i]));
      quantizes += llvm::formatv("%q{0} = nibble.quantize %a{0} : {1} to {2}\n", i, floatOf(shapes[i]),
                                 quantOf(shapes[i], types[i]));
    }
    return llvm::formatv("func.func @main({0}) -> {1} {{\n{2}{3}\n%d = nibble.dequantize %y : {4} to {1}\n"
                         "return %d : {1}\n}\n",
                         arguments, floatOf(shapes.back()), quantizes, body, quantOf(shapes.back(), types.back()));
  }
};

TEST_F(FoldTest, Conv) {
  for (const std::string &x : activations)
    for (const std::string &y : activations)
      for (const char *pads : {"0, 0, 0, 0", "1, 2, 1, 0"}) {
        const bool padded = pads[0] == '1';
        const std::string out = padded ? "2x5x5x2" : "2x3x3x2";
        check(wrap({"2x5x5x2", out}, {x, y},
                   llvm::formatv(
                       "%w = nibble.constant dense<[[[[1], [2], [-3]], [[127], [-127], [0]], [[5], [6], [7]]],"
                       " [[[-1], [-2], [3]], [[9], [-5], [100]], [[-50], [60], [-70]]]]> : tensor<2x3x3x1xi8>"
                       " -> tensor<2x3x3x1x!quant.uniform<i8<-127:127>:f32:0, {{0.0078125, 0.015625}>>\n"
                       "%b = nibble.constant dense<[300, -200]> : tensor<2xi32>"
                       " -> tensor<2x!quant.uniform<i32:f32:0, {{{0}, {1}}>>\n"
                       "%y = nibble.conv %q0, %w bias %b {{strides = array<i64: 1, 1>, pads = array<i64: {2}>,"
                       " dilations = array<i64: 1, 1>, groups = 2 : i64, layout = #nibble.layout<nhwc>} : {3},"
                       " tensor<2x3x3x1x!quant.uniform<i8<-127:127>:f32:0, {{0.0078125, 0.015625}>>,"
                       " tensor<2x!quant.uniform<i32:f32:0, {{{0}, {1}}>> -> {4}",
                       x.find("0.03125") != std::string::npos ? "2.44140625E-4" : "1.8310546875E-4",
                       x.find("0.03125") != std::string::npos ? "4.8828125E-4" : "3.662109375E-4",
                       padded ? "1, 2, 1, 0" : "0, 0, 0, 0", quantOf("2x5x5x2", x), quantOf(out, y))));
      }
}

TEST_F(FoldTest, MatMul) {
  const std::string w = "!quant.uniform<i8<-127:127>:f32:1, {0.0078125, 0.015625}>";
  for (const std::string &x : activations)
    for (const std::string &y : activations) {
      check(wrap({"3x3", "3x2"}, {x, y},
                 "%w = nibble.constant dense<[[1, -127], [127, 0], [-5, 9]]> : tensor<3x2xi8> -> " +
                     quantOf("3x2", w) + "\n%y = nibble.matmul %q0, %w : " + quantOf("3x3", x) + ", " +
                     quantOf("3x2", w) + " -> " + quantOf("3x2", y)));
      check(wrap({"3x3", "3x2", "3x2"}, {x, y, x},
                 "%y = nibble.matmul %q0, %q1 : " + quantOf("3x3", x) + ", " + quantOf("3x2", y) + " -> " +
                     quantOf("3x2", x)));
    }
}

/// Weights as foreign models have them: unsigned, or with zero points of their own.
TEST_F(FoldTest, WeightsWithZeroPoints) {
  const std::pair<std::string, std::string> weights[] = {
      {"dense<[[1, 255], [127, 0], [250, 9]]> : tensor<3x2xui8>", "!quant.uniform<u8:f32, 0.0078125:128>"},
      {"dense<[[1, -100], [120, 0], [-5, 9]]> : tensor<3x2xi8>", "!quant.uniform<i8:f32, 0.0078125:-7>"},
      {"dense<[[1, -100], [120, 0], [-5, 9]]> : tensor<3x2xi8>", "!quant.uniform<i8:f32:1, {0.0078125:3, 0.015625:-4}>"}};
  for (const std::string &x : activations)
    for (const auto &[values, w] : weights)
      check(wrap({"3x3", "3x2"}, {x, activations[0]},
                 "%w = nibble.constant " + values + " -> " + quantOf("3x2", w) + "\n%y = nibble.matmul %q0, %w : " +
                     quantOf("3x3", x) + ", " + quantOf("3x2", w) + " -> " + quantOf("3x2", activations[0])));
}

TEST_F(FoldTest, Elementwise) {
  for (const std::string &x : activations)
    for (const std::string &y : activations)
      for (const char *op : {"add", "sub", "mul"})
        check(wrap({"3x5", "5", "3x5"}, {x, y, activations[1]},
                   llvm::formatv("%y = nibble.{0} %q0, %q1 : {1}, {2} -> {3}", op, quantOf("3x5", x), quantOf("5", y),
                                 quantOf("3x5", activations[1]))));
}

TEST_F(FoldTest, Functions) {
  for (const std::string &x : activations)
    for (const std::string &y : activations)
      for (const char *op : {"relu", "sigmoid", "hard_swish", "gelu", "exp", "reciprocal", "neg"})
        check(wrap({"17", "17"}, {x, y},
                   llvm::formatv("%t = nibble.{0} %q0 : {1} -> {2}\n%y = nibble.tanh %t : {2} -> {2}", op,
                                 quantOf("17", x), quantOf("17", y))));
}

TEST_F(FoldTest, Movement) {
  for (const std::string &x : activations)
    for (const std::string &y : activations) {
      check(wrap({"1x3x3x2", "1x3x3x1", "1x3x3x3"}, {x, y, y},
                 llvm::formatv("%y = nibble.concat %q0, %q1 {{axis = 3 : i64} : {0}, {1} -> {2}",
                               quantOf("1x3x3x2", x), quantOf("1x3x3x1", y), quantOf("1x3x3x3", y))));
      check(wrap({"1x3x3x2", "1x2x2x2"}, {x, y},
                 llvm::formatv("%p = nibble.pad %q0 {{low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 0, 1, 0>,"
                               " mode = #nibble.pad_mode<constant>} : {0} -> {1}\n"
                               "%y = nibble.avg_pool %p {{kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>,"
                               " pads = array<i64: 1, 0, 0, 1>, layout = #nibble.layout<nhwc>} : {1} -> {2}",
                               quantOf("1x3x3x2", x), quantOf("1x4x4x2", x), quantOf("1x2x2x2", y))));
      check(wrap({"4", "4"}, {x, y}, "%y = nibble.requantize %q0 : " + quantOf("4", x) + " to " + quantOf("4", y)));
    }
}

TEST_F(FoldTest, Residual) {
  for (const std::string &x : activations)
    for (const std::string &y : activations) {
      if ((x.find("<u8") == std::string::npos) != (y.find("<u8") == std::string::npos))
        continue;
      const std::string w = "!quant.uniform<i8<-127:127>:f32, 0.0078125>";
      check(wrap({"1x3x3x2", "1x3x3x2"}, {x, y},
                 llvm::formatv("%w = nibble.constant dense<[[[[100, 50]]], [[[-127, 3]]]]> : tensor<2x1x1x2xi8> -> {0}\n"
                               "%c = nibble.conv %q0, %w {{strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,"
                               " dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>} : {1},"
                               " {0} -> {2}\n%y = nibble.add %q0, %c : {1}, {2} -> {2}",
                               quantOf("2x1x1x2", w), quantOf("1x3x3x2", x), quantOf("1x3x3x2", y))));
    }
}

} // namespace
