// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Harness.h"

#include "nibble/Codegen/Dtypes.h"
#include "nibble/InitAll.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/MathExtras.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

using namespace mlir;
using namespace nibble;
using namespace nibble::test;

std::unique_ptr<MLIRContext> test::makeContext() {
  DialectRegistry registry;
  registerAllDialects(registry);
  return std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
}

std::string test::makeMain(const std::string &signature, const std::string &body) {
  return "func.func @main" + signature + " {\n" + body + "\n}\n";
}

static void fillBytes(Tensor &tensor, std::mt19937 &random) {
  for (size_t i = 0; i < tensor.data.size(); ++i) {
    unsigned r = random();
    tensor.data[i] = char(r % 8 == 0 ? 255 : r % 8 == 1 ? 0 : r % 8 == 2 ? 128 : r >> 8);
  }
}

static void fillFloats(Tensor &tensor, std::mt19937 &random) {
  const float extremes[] = {0.0f, -0.0f, 1e-40f, 300.0f, -300.0f, 0.5f, -0.5f, 2.5f};
  for (int64_t i = 0; i < tensor.getCount(); ++i) {
    unsigned r = random();
    tensor.as<float>()[i] = r % 16 == 0 ? extremes[(r >> 8) % 8] : (float(int(r >> 4) % 20001) - 10000) / 1777.0f;
  }
}

void test::fillRandom(Tensor &tensor, unsigned seed) {
  std::mt19937 random(seed);
  if (tensor.elementType.isF32())
    fillFloats(tensor, random);
  else
    fillBytes(tensor, random);
}

/// The types that elements of kernels may have.
static SmallVector<Type> getElements(MLIRContext *context) {
  SmallVector<Type> types;
  for (unsigned width : {8, 16, 32, 64, 1, 2, 4})
    types.push_back(IntegerType::get(context, width));
  for (unsigned width : {8, 16, 32, 64, 2, 4})
    types.push_back(IntegerType::get(context, width, IntegerType::Unsigned));
  types.append({Float32Type::get(context), Float64Type::get(context), Float16Type::get(context),
                BFloat16Type::get(context), Float8E4M3FNType::get(context), Float8E4M3FNUZType::get(context),
                Float8E5M2Type::get(context), Float8E5M2FNUZType::get(context), Float8E8M0FNUType::get(context),
                Float4E2M1FNType::get(context)});
  return types;
}

static Type getElement(uint32_t dtype, MLIRContext *context) {
  for (Type type : getElements(context))
    if (getElementKind(type) == getElementKind(dtype))
      return type;
  ADD_FAILURE() << "an unknown type of elements, " << dtype;
  return IntegerType::get(context, 8);
}

Buffers::Buffers(const LoadedModel &model, std::vector<Tensor> given, int64_t batch, MLIRContext *mlir)
    : inputs(std::move(given)), dims(model.describe().dim_count, batch) {
  const nibble_model_desc &desc = model.describe();
  for (uint32_t i = 0; i < desc.output_count; ++i) {
    const nibble_tensor_desc &port = desc.outputs[i];
    SmallVector<int64_t> shape(port.dims, port.dims + port.rank);
    for (int64_t &extent : shape)
      extent = extent < 0 ? batch : extent;
    outputs.push_back(llvm::cantFail(Tensor::allocate(shape, getElement(port.dtype, mlir))));
  }
  for (Tensor &tensor : inputs)
    inputPointers.push_back(tensor.data.data());
  for (Tensor &tensor : outputs)
    outputPointers.push_back(tensor.data.data());
  uint64_t bytes = model.arenaBytes(dims.data());
  // Garbage, so that nothing relies on zeros.
  arenaMemory.assign(bytes + NIBBLE_ALIGNMENT, char(0xa5));
  context.abi_version = NIBBLE_ABI_VERSION;
  context.arena = reinterpret_cast<void *>(llvm::alignTo(uintptr_t(arenaMemory.data()), NIBBLE_ALIGNMENT));
  context.arena_bytes = bytes;
  context.inputs = inputPointers.data();
  context.outputs = outputPointers.data();
  context.dims = dims.data();
}

static std::vector<Tensor> makeInputs(func::FuncOp function, int64_t batch, unsigned seed) {
  std::vector<Tensor> inputs;
  for (Type type : function.getArgumentTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    SmallVector<int64_t> shape(tensor.getShape());
    for (int64_t &extent : shape)
      extent = ShapedType::isDynamic(extent) ? batch : extent;
    inputs.push_back(llvm::cantFail(Tensor::allocate(shape, tensor.getElementType())));
    fillRandom(inputs.back(), seed++);
  }
  return inputs;
}

static std::string compare(const Tensor &expected, const Tensor &actual) {
  if (expected.data.size() != actual.data.size())
    return "sizes differ";
  bool floats = expected.elementType.isF32();
  int64_t bytes = floats ? 4 : 1;
  for (int64_t i = 0; i < int64_t(expected.data.size()) / bytes; ++i) {
    if (!std::memcmp(&expected.data[i * bytes], &actual.data[i * bytes], bytes))
      continue;
    if (floats && std::isnan(expected.as<float>()[i]) && std::isnan(actual.as<float>()[i]))
      continue;
    std::string text;
    llvm::raw_string_ostream os(text);
    os << "element " << i << ": expected ";
    if (floats)
      os << llvm::format("%a got %a", expected.as<float>()[i], actual.as<float>()[i]);
    else
      os << int(expected.data[i]) << " got " << int(actual.data[i]);
    return text;
  }
  return "";
}

// Divides the tiles in another way than the caller: backwards, one by one.
static void runBackwards(void *, nibble_kernel_fn kernel, void *const *args, int64_t tiles) {
  for (int64_t i = tiles; i-- > 0;)
    kernel(args, i, i + 1);
}

void test::expectExact(const std::string &text, int64_t batch, unsigned seed) {
  auto context = makeContext();
  OwningOpRef<ModuleOp> reference = parseSourceString<ModuleOp>(text, context.get());
  ASSERT_TRUE(bool(reference)) << text;
  auto main = reference->lookupSymbol<func::FuncOp>("main");
  std::vector<Tensor> inputs = makeInputs(main, batch, seed);
  auto expected = reference::interpret(main, inputs);
  ASSERT_TRUE(bool(expected)) << llvm::toString(expected.takeError());
  for (const TargetSpec &target : getTargetSpecs()) {
    if (!isHostCapable(target))
      continue;
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, context.get());
    CodegenOptions options;
    options.targets = {target};
    auto model = compileToObjects(*module, options);
    ASSERT_TRUE(bool(model)) << target.isa << ": " << llvm::toString(model.takeError()) << "\n" << text;
    auto loaded = loadJIT(*model);
    ASSERT_TRUE(bool(loaded)) << llvm::toString(loaded.takeError());
    for (nibble_parallel_for_fn parallelFor : {nibble_parallel_for_fn(nullptr), &runBackwards}) {
      Buffers buffers(**loaded, inputs, batch, context.get());
      buffers.context.parallel_for = parallelFor;
      ASSERT_EQ((*loaded)->run(buffers.context), NIBBLE_OK);
      ASSERT_EQ(buffers.outputs.size(), expected->size());
      for (size_t i = 0; i < expected->size(); ++i)
        EXPECT_EQ(compare((*expected)[i], buffers.outputs[i]), "") << target.isa << " output " << i << "\n" << text;
    }
  }
}
