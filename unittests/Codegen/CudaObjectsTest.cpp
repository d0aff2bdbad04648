// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The runtime of models for CUDA devices, as it is embedded for each host.

#include "nibble/Codegen/CudaRuntime.h"
#include "nibble/Target/Object.h"

#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "gtest/gtest.h"
#include <set>

using namespace nibble;

namespace {
std::vector<ObjectBytes> getObjects(kernels::Arch host) {
  std::vector<ObjectBytes> objects;
  for (const std::vector<char> &object : getCudaRuntimeObjects(host))
    objects.emplace_back(object.begin(), object.end());
  return objects;
}

class CudaObjects : public testing::TestWithParam<kernels::Arch> {};

// A library with it loads without CUDA and links without a C library; nothing but two names is seen, and those are
// there as often as there are models.
TEST_P(CudaObjects, Symbols) {
  std::set<std::string> defined, needed;
  for (const ObjectBytes &bytes : getObjects(GetParam())) {
    auto object = llvm::object::ObjectFile::createObjectFile(
        llvm::MemoryBufferRef({bytes.data(), bytes.size()}, "object"), llvm::file_magic::elf_relocatable);
    ASSERT_TRUE(bool(object));
    for (llvm::object::ELFSymbolRef symbol : llvm::cast<llvm::object::ELFObjectFileBase>(**object).symbols()) {
      if (symbol.getBinding() == llvm::ELF::STB_LOCAL)
        continue;
      EXPECT_EQ(symbol.getBinding(), llvm::ELF::STB_WEAK) << symbol.getName()->str();
      const bool isDefined = !(*symbol.getFlags() & llvm::object::SymbolRef::SF_Undefined);
      EXPECT_EQ(symbol.getOther(), isDefined ? llvm::ELF::STV_HIDDEN : llvm::ELF::STV_DEFAULT);
      (isDefined ? defined : needed).insert(symbol.getName()->str());
    }
  }
  EXPECT_EQ(defined, (std::set<std::string>{"nibble_cuda_release", "nibble_cuda_run"}));
  EXPECT_EQ(needed, (std::set<std::string>{"calloc", "dlopen", "dlsym", "free", "getpid", "pthread_mutex_lock",
                                           "pthread_mutex_trylock", "pthread_mutex_unlock"}));
}

TEST_P(CudaObjects, LinkTwice) {
  std::vector<ObjectBytes> objects = getObjects(GetParam()), again = objects;
  objects.insert(objects.end(), again.begin(), again.end());
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("nibble-cuda", "so", path));
  llvm::FileRemover remover(path);
  EXPECT_FALSE(bool(linkSharedLibrary(objects, {}, path)));
}

INSTANTIATE_TEST_SUITE_P(Hosts, CudaObjects, testing::Values(kernels::Arch::X86_64, kernels::Arch::AArch64),
                         [](const auto &info) {
                           return info.param == kernels::Arch::X86_64 ? std::string("x86_64") : std::string("aarch64");
                         });
} // namespace
