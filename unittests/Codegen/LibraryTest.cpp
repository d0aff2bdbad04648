// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shared libraries: several instruction sets, several models, bad calls.

#include "Harness.h"

#include "nibble/Codegen/Package.h"
#include "nibble/Runtime/nibble_loader.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"
#include <thread>

using namespace mlir;
using namespace nibble;
using namespace nibble::test;

namespace {

// y = softmax(x) * factor, with a value in the arena.
std::string makeModel(const std::string &factor) {
  return makeMain("(%x: tensor<?x33xf32> {nibble.name = \"x\", nibble.dims = [\"batch\", \"\"]}) -> "
                  "(tensor<?x33xf32> {nibble.name = \"y\"})",
                  "%f = nibble.constant dense<" + factor +
                      "> : tensor<33xf32> -> tensor<33xf32>\n"
                      "%s = nibble.softmax %x {axis = 1 : i64} : tensor<?x33xf32> -> tensor<?x33xf32>\n"
                      "%o = nibble.observe %s name \"s\" : tensor<?x33xf32>\n"
                      "%y = nibble.mul %o, %f : tensor<?x33xf32>, tensor<33xf32> -> tensor<?x33xf32>\n"
                      "return %y : tensor<?x33xf32>");
}

CompiledModel compile(MLIRContext &context, const std::string &name, const std::string &factor, bool observe = false) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(makeModel(factor), &context);
  CodegenOptions options;
  options.name = name;
  // One library, one architecture.
  for (const TargetSpec &target : getTargetSpecs())
    if (target.triple == getHostTargetSpec().triple)
      options.targets.push_back(target);
  options.observe = observe;
  return llvm::cantFail(compileToObjects(*module, options));
}

struct TemporaryFile {
  llvm::SmallString<128> path;
  TemporaryFile() { EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("nibble-test", "so", path)); }
  ~TemporaryFile() { llvm::sys::fs::remove(path); }
};

TEST(Library, ThreeModelsOnFourThreads) {
  auto context = makeContext();
  std::vector<ObjectBytes> objects;
  std::vector<RawData> weights;
  const std::string names[] = {"one", "two", "three"}, factors[] = {"1.0", "2.0", "3.0"};
  for (int i = 0; i < 3; ++i) {
    CompiledModel model = compile(*context, names[i], factors[i]);
    llvm::move(model.objects, std::back_inserter(objects));
    weights.push_back(std::move(model.weights));
  }
  TemporaryFile file;
  ASSERT_FALSE(bool(linkSharedLibrary(objects, weights, file.path)));
  auto run = [&](int index) {
    nibble_model model;
    char error[256] = "";
    ASSERT_EQ(
        nibble_model_open(&model, file.path.c_str(), names[index % 3].c_str(), 1 + index % 2, error, sizeof error), 0)
        << error;
    EXPECT_STREQ(model.desc->isa, "generic,avx2,avxvnni,avx512vnni");
    EXPECT_STREQ(model.desc->inputs[0].dim_names[0], "batch");
    EXPECT_EQ(model.desc->inputs[0].dims[0], -1);
    std::vector<float> x(2 * 33, 0.5f), y(2 * 33);
    const void *inputs[] = {x.data()};
    void *outputs[] = {y.data()};
    int64_t batch = 2;
    for (int turn = 0; turn < 50; ++turn) {
      ASSERT_EQ(nibble_model_run(&model, inputs, outputs, &batch), NIBBLE_OK);
      for (float v : y)
        ASSERT_EQ(v, (1.0f / 33) * float(index % 3 + 1));
    }
    nibble_model_close(&model);
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back(run, i);
  for (std::thread &thread : threads)
    thread.join();
}

TEST(Library, BadCallsHaveStatusCodes) {
  auto context = makeContext();
  CompiledModel compiled = compile(*context, "m", "1.0", /*observe=*/true);
  TemporaryFile file;
  ASSERT_FALSE(bool(writePackage(compiled, file.path, PackageKind::SharedLibrary)));
  auto loaded = loadLibrary(file.path, "m");
  ASSERT_TRUE(bool(loaded)) << llvm::toString(loaded.takeError());
  Tensor x = llvm::cantFail(Tensor::allocate({1, 33}, Builder(context.get()).getF32Type()));
  Buffers buffers(**loaded, {x}, 1, context.get());
  auto status = [&](auto change) {
    nibble_context changed = buffers.context;
    change(changed);
    return (*loaded)->run(changed);
  };
  int64_t negative = -1;
  EXPECT_EQ(status([](auto &) {}), NIBBLE_OK);
  EXPECT_EQ(status([](auto &c) { c.abi_version = 7; }), NIBBLE_ERROR_ABI_VERSION);
  EXPECT_EQ(status([](auto &c) { c.arena = nullptr; }), NIBBLE_ERROR_NULL_POINTER);
  EXPECT_EQ(status([](auto &c) { c.inputs = nullptr; }), NIBBLE_ERROR_NULL_POINTER);
  EXPECT_EQ(status([](auto &c) { c.dims = nullptr; }), NIBBLE_ERROR_NULL_POINTER);
  EXPECT_EQ(status([](auto &c) { --c.arena_bytes; }), NIBBLE_ERROR_ARENA_TOO_SMALL);
  EXPECT_EQ(status([](auto &c) { c.arena = static_cast<char *>(c.arena) + 1; }), NIBBLE_ERROR_MISALIGNED);
  EXPECT_EQ(status([&](auto &c) { c.dims = &negative; }), NIBBLE_ERROR_DIMENSION);

  // The observed value is where the model says.
  ASSERT_EQ(compiled.observed.size(), 1u);
  EXPECT_EQ(compiled.observed[0].name, "s");
  EXPECT_EQ(status([](auto &) {}), NIBBLE_OK);
  float first;
  const int64_t offset = compiled.observed[0].offset.evaluate(buffers.dims);
  std::memcpy(&first, static_cast<char *>(buffers.context.arena) + offset, sizeof first);
  EXPECT_EQ(first, 1.0f / 33);
}

TEST(Library, SameBytesTwice) {
  auto context = makeContext(), again = makeContext();
  CompiledModel first = compile(*context, "m", "1.0"), second = compile(*again, "m", "1.0");
  EXPECT_EQ(first.objects, second.objects);
  EXPECT_EQ(first.weights.bytes.data, second.weights.bytes.data);
}

TEST(Library, NamesAreIdentifiers) {
  auto context = makeContext();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(makeModel("1.0"), context.get());
  CodegenOptions options;
  options.name = "a-b";
  auto model = compileToObjects(*module, options);
  EXPECT_EQ(llvm::toString(model.takeError()), "expected a name of letters, digits and underscores, got 'a-b'");
}

static void count(void *const *args, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i)
    ++static_cast<int *>(args[0])[i];
}

TEST(Pool, ComputesEachTileOnce) {
  nibble_pool *pool = nibble_pool_create(3);
  ASSERT_NE(pool, nullptr);
  std::vector<int> hits(100);
  void *args[] = {hits.data()};
  for (int turn = 1; turn <= 1000; ++turn)
    nibble_pool_parallel_for(pool, count, args, 1 + turn % 100);
  nibble_pool_destroy(pool);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(hits[i], (100 - i) * 10) << i;
}

} // namespace
