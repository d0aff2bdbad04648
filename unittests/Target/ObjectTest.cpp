// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Target/Object.h"
#include "nibble/InitAll.h"
#include "nibble/Target/JIT.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"
#include <dlfcn.h>

using namespace mlir;
using namespace nibble;

namespace {

// sum(p, n) = p[0] + ... + p[n - 1] + weights[0]
constexpr const char *program = R"mlir(
llvm.mlir.global external hidden constant @m_address() {alignment = 8 : i64} : !llvm.ptr
func.func @m_sum(%p: !llvm.ptr, %n: i64) -> i32 {
  %c0 = arith.constant 0 : i64
  %c1 = arith.constant 1 : i64
  %address = llvm.mlir.addressof @m_address : !llvm.ptr
  %w = llvm.load %address : !llvm.ptr -> !llvm.ptr
  %start = llvm.load %w : !llvm.ptr -> i32
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %start) -> i32 : i64 {
    %q = llvm.getelementptr %p[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i32
    %v = llvm.load %q : !llvm.ptr -> i32
    %next = arith.addi %acc, %v : i32
    scf.yield %next : i32
  }
  return %sum : i32
}
)mlir";

using Sum = int32_t(const int32_t *, int64_t);

struct Objects {
  std::vector<ObjectBytes> objects;
  RawData data;
};

llvm::Expected<Objects> compile(const TargetSpec &target) {
  DialectRegistry registry;
  nibble::registerAllDialects(registry);
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(program, &context);
  if (!module)
    return llvm::createStringError("parse error");
  Objects result;
  auto code = emitObject(*module, target);
  if (!code)
    return code.takeError();
  result.objects.push_back(std::move(*code));
  auto address = emitAddressObject("m_address", "m_weights", target);
  if (!address)
    return address.takeError();
  result.objects.push_back(std::move(*address));
  const char seven[] = {7, 0, 0, 0};
  auto data = emitRawData("m_weights", storeBytes(seven), target);
  if (!data)
    return data.takeError();
  result.data = std::move(*data);
  return result;
}

TEST(Object, NoSuchTarget) {
  TargetSpec target = getTargetSpecs().front();
  target.triple = "z80-unknown-none";
  auto objects = compile(target);
  ASSERT_FALSE(bool(objects));
  std::string message = llvm::toString(objects.takeError());
  EXPECT_EQ(message.find("no code generator for 'z80-unknown-none': "), 0u) << message;
}

TEST(Object, RunsInProcessOnEveryLevel) {
  for (const TargetSpec &target : getTargetSpecs()) {
    if (isGPU(target)) // its kernels are text: CodegenTests, and the tests of kernels
      continue;
    auto objects = compile(target);
    ASSERT_TRUE(bool(objects)) << llvm::toString(objects.takeError());
    if (!isHostCapable(target)) {
      llvm::errs() << "not run, as this machine lacks it: " << target.isa << "\n";
      continue;
    }
    auto library = JITLibrary::load(objects->objects, objects->data);
    ASSERT_TRUE(bool(library)) << llvm::toString(library.takeError());
    auto sum = (*library)->lookupFunction<Sum>("m_sum");
    ASSERT_TRUE(bool(sum)) << llvm::toString(sum.takeError());
    int32_t values[] = {1, 2, 3};
    EXPECT_EQ((*sum)(values, 3), 13);
  }
}

TEST(Object, LinksSharedLibrary) {
  auto objects = compile(getTargetSpecs().front());
  ASSERT_TRUE(bool(objects)) << llvm::toString(objects.takeError());
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("nibble-test", "so", path));
  llvm::Error error = linkSharedLibrary(objects->objects, objects->data, path);
  ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));
  void *handle = dlopen(path.c_str(), RTLD_NOW);
  ASSERT_NE(handle, nullptr) << dlerror();
  auto *sum = reinterpret_cast<Sum *>(dlsym(handle, "m_sum"));
  ASSERT_NE(sum, nullptr);
  int32_t values[] = {1, 2, 3};
  EXPECT_EQ(sum(values, 2), 10);
  EXPECT_EQ(dlsym(handle, "m_weights"), nullptr);
  dlclose(handle);
  llvm::sys::fs::remove(path);
}

TEST(Object, LinkErrorNamesTheFile) {
  auto objects = compile(getTargetSpecs().front());
  ASSERT_TRUE(bool(objects));
  llvm::Error error = linkSharedLibrary(objects->objects, objects->data, "/nonexistent/x.so");
  EXPECT_NE(llvm::toString(std::move(error)).find("cannot link '/nonexistent/x.so'"), std::string::npos);
}

} // namespace
