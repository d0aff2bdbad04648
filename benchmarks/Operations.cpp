// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations other than convolutions, each compiled as a model of its own: the shortest run, in microseconds.

#include "../unittests/Codegen/Harness.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <benchmark/benchmark.h>
#include <chrono>

using namespace mlir;
using namespace nibble;
using namespace nibble::test;

static void benchModel(benchmark::State &state, const TargetSpec &target, const std::string &text) {
  auto context = makeContext();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, context.get());
  auto main = module->lookupSymbol<func::FuncOp>("main");
  std::vector<Tensor> inputs;
  for (Type type : main.getArgumentTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    inputs.push_back(llvm::cantFail(Tensor::allocate(tensor.getShape(), tensor.getElementType())));
    fillRandom(inputs.back(), inputs.size());
  }
  CodegenOptions options;
  options.targets = {target};
  CompiledModel model = llvm::cantFail(compileToObjects(*module, options));
  auto loaded = llvm::cantFail(loadJIT(model));
  Buffers buffers(*loaded, inputs, 1, context.get());
  // As a caller that cares about speed: whole cache lines.
  std::vector<std::unique_ptr<char, decltype(&std::free)>> aligned;
  auto align = [&](auto &pointers, ArrayRef<Tensor> tensors) {
    for (auto [pointer, tensor] : llvm::zip(pointers, tensors)) {
      const size_t bytes = tensor.data.size(), rounded = llvm::alignTo(bytes, NIBBLE_ALIGNMENT);
      aligned.emplace_back(static_cast<char *>(std::aligned_alloc(NIBBLE_ALIGNMENT, rounded)), &std::free);
      std::memcpy(aligned.back().get(), tensor.data.data(), bytes);
      pointer = aligned.back().get();
    }
  };
  align(buffers.inputPointers, buffers.inputs);
  align(buffers.outputPointers, buffers.outputs);
  double best = 1e9;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    loaded->run(buffers.context);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  state.counters["best_us"] = best * 1e6;
  state.SetLabel(model.kernels.back().kernel);
}

namespace {
struct Case {
  const char *name, *signature, *body;
};
} // namespace

#define IMAGE "tensor<1x56x56x64xui8>"
#define PLANES "tensor<1x64x56x56xui8>"
#define FLOATS "tensor<1x56x56x64xf32>"
#define ROWS "tensor<12x64x64xf32>"
#define BYTE_SOFTMAX(BYTES)                                                                                            \
  "%y = nibble.int_softmax %x {axis = 1 : i64, input_scale = 0.05 : f32, scale = 256.0 : f32, output_zero_point = 0 "  \
  ": "                                                                                                                 \
  "i32, clamp = array<i32: 0, 255>} : " BYTES " -> " BYTES "\nreturn %y : " BYTES
#define FLOAT_SOFTMAX(BYTES, FLOATS)                                                                                   \
  "%d = nibble.int_dequantize %x {scale = 0.05 : f32, zero_point = 128 : i32} : " BYTES " -> " FLOATS                  \
  "\n%s = nibble.softmax %d {axis = 1 : i64} : " FLOATS " -> " FLOATS                                                  \
  "\n%y = nibble.int_quantize %s {scale = 0.00390625 : f32, zero_point = 0 : i32, clamp = array<i32: 0, 255>} "        \
  ": " FLOATS " -> " BYTES "\nreturn %y : " BYTES
#define SOFTMAX_CASES(SHAPE)                                                                                           \
  {"softmax_" SHAPE "_u8", "(%x: tensor<" SHAPE "xui8>) -> tensor<" SHAPE "xui8>",                                     \
   BYTE_SOFTMAX("tensor<" SHAPE "xui8>")},                                                                             \
  {                                                                                                                    \
    "softmax_" SHAPE "_u8_by_float", "(%x: tensor<" SHAPE "xui8>) -> tensor<" SHAPE "xui8>",                           \
        FLOAT_SOFTMAX("tensor<" SHAPE "xui8>", "tensor<" SHAPE "xf32>")                                                \
  }

static const Case cases[] = {
    {"add_u8", "(%a: " IMAGE ", %b: " IMAGE ") -> " IMAGE,
     "%y = nibble.int_add %a, %b {lhs_scale = 0.7 : f32, rhs_scale = 0.31 : f32, lhs_zero_point = 3 : i32, "
     "rhs_zero_point = 9 : i32, output_zero_point = 5 : i32, clamp = array<i32: 0, 255>, requant = "
     "#nibble.requant<float>} : " IMAGE ", " IMAGE " -> " IMAGE "\nreturn %y : " IMAGE},
    {"add_fixed_u8", "(%a: " IMAGE ", %b: " IMAGE ") -> " IMAGE,
     "%y = nibble.int_add %a, %b {lhs_scale = 0.7 : f32, rhs_scale = 0.31 : f32, lhs_zero_point = 3 : i32, "
     "rhs_zero_point = 9 : i32, output_zero_point = 5 : i32, clamp = array<i32: 0, 255>, requant = "
     "#nibble.requant<fixed>} : " IMAGE ", " IMAGE " -> " IMAGE "\nreturn %y : " IMAGE},
    {"mul_channels_u8", "(%a: " IMAGE ", %b: tensor<1x1x1x64xui8>) -> " IMAGE,
     "%y = nibble.int_mul %a, %b {scale = 0.0123 : f32, lhs_zero_point = 3 : i32, rhs_zero_point = 9 : i32, "
     "output_zero_point = 5 : i32, clamp = array<i32: 0, 255>, requant = #nibble.requant<float>} : " IMAGE
     ", tensor<1x1x1x64xui8> -> " IMAGE "\nreturn %y : " IMAGE},
    {"add_f32", "(%a: " FLOATS ", %b: " FLOATS ") -> " FLOATS,
     "%y = nibble.add %a, %b : " FLOATS ", " FLOATS " -> " FLOATS "\nreturn %y : " FLOATS},
    {"pow_f32", "(%a: " ROWS ", %b: " ROWS ") -> " ROWS,
     "%y = nibble.pow %a, %b : " ROWS ", " ROWS " -> " ROWS "\nreturn %y : " ROWS},
    {"gelu_f32", "(%x: " ROWS ") -> " ROWS, "%y = nibble.gelu %x : " ROWS " -> " ROWS "\nreturn %y : " ROWS},
    {"relu_f32", "(%x: " FLOATS ") -> " FLOATS, "%y = nibble.relu %x : " FLOATS " -> " FLOATS "\nreturn %y : " FLOATS},
    {"requantize_u8", "(%x: " IMAGE ") -> " IMAGE,
     "%y = nibble.int_requantize %x {scale = 1.37 : f32, input_zero_point = 3 : i32, output_zero_point = 5 : i32, "
     "clamp = array<i32: 0, 255>, requant = #nibble.requant<float>} : " IMAGE " -> " IMAGE "\nreturn %y : " IMAGE},
    {"lookup_u8", "(%x: " IMAGE ", %t: tensor<256xui8>) -> " IMAGE,
     "%y = nibble.int_lookup %x, %t : " IMAGE ", tensor<256xui8> -> " IMAGE "\nreturn %y : " IMAGE},
    {"quantize", "(%x: " FLOATS ") -> " IMAGE,
     "%y = nibble.int_quantize %x {scale = 0.05 : f32, zero_point = 3 : i32, clamp = array<i32: 0, 255>} : " FLOATS
     " -> " IMAGE "\nreturn %y : " IMAGE},
    {"dequantize", "(%x: " IMAGE ") -> " FLOATS,
     "%y = nibble.int_dequantize %x {scale = 0.05 : f32, zero_point = 3 : i32} : " IMAGE " -> " FLOATS
     "\nreturn %y : " FLOATS},
    {"dequantize_to_planes", "(%x: " IMAGE ") -> tensor<1x64x56x56xf32>",
     "%q = nibble.int_dequantize %x {scale = 0.05 : f32, zero_point = 3 : i32} : " IMAGE " -> " FLOATS
     "\n%y = nibble.transpose %q {permutation = array<i64: 0, 3, 1, 2>} : " FLOATS
     " -> tensor<1x64x56x56xf32>\nreturn %y : tensor<1x64x56x56xf32>"},
    {"transpose_to_pixels_u8", "(%x: " PLANES ") -> " IMAGE,
     "%y = nibble.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : " PLANES " -> " IMAGE "\nreturn %y : " IMAGE},
    {"transpose_rgb_f32", "(%x: tensor<1x3x224x224xf32>) -> tensor<1x224x224x3xf32>",
     "%y = nibble.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : tensor<1x3x224x224xf32> -> "
     "tensor<1x224x224x3xf32>\nreturn %y : tensor<1x224x224x3xf32>"},
    {"transpose_to_pixels_f32", "(%x: tensor<1x64x56x56xf32>) -> " FLOATS,
     "%y = nibble.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : tensor<1x64x56x56xf32> -> " FLOATS
     "\nreturn %y : " FLOATS},
    {"transpose_to_planes_f32", "(%x: " FLOATS ") -> tensor<1x64x56x56xf32>",
     "%y = nibble.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : " FLOATS
     " -> tensor<1x64x56x56xf32>\nreturn %y : tensor<1x64x56x56xf32>"},
    {"transpose_heads_f32", "(%x: tensor<1x64x12x64xf32>) -> tensor<1x12x64x64xf32>",
     "%y = nibble.transpose %x {permutation = array<i64: 0, 2, 1, 3>} : tensor<1x64x12x64xf32> -> "
     "tensor<1x12x64x64xf32>\nreturn %y : tensor<1x12x64x64xf32>"},
    {"transpose_keys_f32", "(%x: " ROWS ") -> " ROWS,
     "%y = nibble.transpose %x {permutation = array<i64: 0, 2, 1>} : " ROWS " -> " ROWS "\nreturn %y : " ROWS},
    {"concat_u8", "(%a: " IMAGE ", %b: " IMAGE ") -> tensor<1x56x56x128xui8>",
     "%y = nibble.concat %a, %b {axis = 3 : i64} : " IMAGE ", " IMAGE " -> tensor<1x56x56x128xui8>\n"
     "return %y : tensor<1x56x56x128xui8>"},
    {"slice_u8", "(%x: " IMAGE ") -> tensor<1x28x28x64xui8>",
     "%y = nibble.slice %x {starts = array<i64: 0, 0, 0, 0>, steps = array<i64: 1, 2, 2, 1>} : " IMAGE
     " -> tensor<1x28x28x64xui8>\nreturn %y : tensor<1x28x28x64xui8>"},
    {"pad_u8", "(%x: " IMAGE ") -> tensor<1x58x58x64xui8>",
     "%y = nibble.pad %x {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 1, 1, 0>, mode = "
     "#nibble.pad_mode<constant>} : " IMAGE " -> tensor<1x58x58x64xui8>\nreturn %y : tensor<1x58x58x64xui8>"},
    {"resize_u8", "(%x: tensor<1x4x4x64xui8>) -> tensor<1x8x8x64xui8>",
     "%y = nibble.resize_nearest %x {axes = array<i64: 1, 2>, indices = array<i64: 0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 1, "
     "1, 2, 2, 3, 3>} : tensor<1x4x4x64xui8> -> tensor<1x8x8x64xui8>\nreturn %y : tensor<1x8x8x64xui8>"},
    {"max_pool_u8", "(%x: " IMAGE ") -> tensor<1x28x28x64xui8>",
     "%y = nibble.max_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 0, 0>, "
     "dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>} : " IMAGE
     " -> tensor<1x28x28x64xui8>\nreturn %y : tensor<1x28x28x64xui8>"},
    {"max_pool_f32", "(%x: " FLOATS ") -> tensor<1x28x28x64xf32>",
     "%y = nibble.max_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 0, 0>, "
     "dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>} : " FLOATS
     " -> tensor<1x28x28x64xf32>\nreturn %y : tensor<1x28x28x64xf32>"},
    {"global_avg_pool_u8", "(%x: tensor<1x7x7x1280xui8>) -> tensor<1x1x1x1280xui8>",
     "%y = nibble.int_avg_pool %x {kernel = array<i64: 7, 7>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, "
     "0>, scale = 0.83 : f32, input_zero_point = 3 : i32, output_zero_point = 5 : i32, clamp = array<i32: 0, 255>, "
     "requant = #nibble.requant<float>} : tensor<1x7x7x1280xui8> -> tensor<1x1x1x1280xui8>\n"
     "return %y : tensor<1x1x1x1280xui8>"},
    {"softmax_rows", "(%x: " ROWS ") -> " ROWS,
     "%y = nibble.softmax %x {axis = 2 : i64} : " ROWS " -> " ROWS "\nreturn %y : " ROWS},
    {"softmax_columns", "(%x: " ROWS ") -> " ROWS,
     "%y = nibble.softmax %x {axis = 1 : i64} : " ROWS " -> " ROWS "\nreturn %y : " ROWS},
    {"softmax_10", "(%x: tensor<1x10xf32>) -> tensor<1x10xf32>",
     "%y = nibble.softmax %x {axis = 1 : i64} : tensor<1x10xf32> -> tensor<1x10xf32>\nreturn %y : tensor<1x10xf32>"},
    SOFTMAX_CASES("4096x2"),
    SOFTMAX_CASES("1024x10"),
    SOFTMAX_CASES("768x64"),
    SOFTMAX_CASES("768x128"),
    SOFTMAX_CASES("768x256"),
    SOFTMAX_CASES("64x1000"),
    {"mean_rows", "(%x: " ROWS ") -> tensor<12x64x1xf32>",
     "%y = nibble.reduce %x {kind = #nibble.reduce_kind<mean>, axes = array<i64: 2>, keep_dims} : " ROWS
     " -> tensor<12x64x1xf32>\nreturn %y : tensor<12x64x1xf32>"},
    {"mean_image", "(%x: " FLOATS ") -> tensor<1x1x1x64xf32>",
     "%y = nibble.reduce %x {kind = #nibble.reduce_kind<mean>, axes = array<i64: 1, 2>, keep_dims} : " FLOATS
     " -> tensor<1x1x1x64xf32>\nreturn %y : tensor<1x1x1x64xf32>"},
    {"matmul_f32", "(%a: " ROWS ", %b: " ROWS ") -> " ROWS,
     "%y = nibble.matmul %a, %b : " ROWS ", " ROWS " -> " ROWS "\nreturn %y : " ROWS},
    {"matmul_u8", "(%a: tensor<12x64x64xui8>, %b: tensor<12x64x64xui8>) -> tensor<12x64x64xui8>",
     "%c = nibble.constant dense<5> : tensor<64xi32> -> tensor<64xi32>\n"
     "%m = nibble.constant dense<0.001> : tensor<64xf32> -> tensor<64xf32>\n"
     "%y = nibble.int_matmul %a, %b, %c, %m {lhs_zero_point = 3 : i32, rhs_zero_point = 2 : i32, output_zero_point = 9 "
     ": i32, clamp = array<i32: 0, 255>, requant = #nibble.requant<float>} : tensor<12x64x64xui8>, "
     "tensor<12x64x64xui8>, tensor<64xi32>, tensor<64xf32> -> tensor<12x64x64xui8>\n"
     "return %y : tensor<12x64x64xui8>"},
    {"conv_transpose_f32", "(%x: tensor<1x14x14x32xf32>) -> tensor<1x28x28x16xf32>",
     "%w = nibble.constant dense<0.5> : tensor<16x2x2x32xf32> -> tensor<16x2x2x32xf32>\n"
     "%y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = "
     "array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>} : tensor<1x14x14x32xf32>, "
     "tensor<16x2x2x32xf32> -> tensor<1x28x28x16xf32>\nreturn %y : tensor<1x28x28x16xf32>"},
};

static int registerAll() {
  for (const TargetSpec &target : getTargetSpecs())
    for (const Case &operation : cases) {
      if (!isHostCapable(target))
        continue;
      std::string text = makeMain(operation.signature, operation.body);
      benchmark::RegisterBenchmark((target.isa + "/" + operation.name).c_str(), [=, &target](benchmark::State &state) {
        benchModel(state, target, text);
      })->Unit(benchmark::kMicrosecond);
    }
  return 0;
}

static const int registered = registerAll();
