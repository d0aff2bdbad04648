// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Objects loaded by ORC.

#include "nibble/Target/JIT.h"
#include "Targets.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace nibble;

JITLibrary::JITLibrary(std::unique_ptr<llvm::orc::LLJIT> jit) : jit(std::move(jit)) {}
JITLibrary::~JITLibrary() = default;

llvm::Expected<std::unique_ptr<JITLibrary>> JITLibrary::load(llvm::ArrayRef<ObjectBytes> objects) {
  initializeTargets();
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  unsigned index = 0;
  for (const ObjectBytes &object : objects) {
    auto buffer = llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(object.data(), object.size()),
                                                       "object" + llvm::Twine(index++));
    if (llvm::Error error = (*jit)->addObjectFile(std::move(buffer)))
      return error;
  }
  return std::unique_ptr<JITLibrary>(new JITLibrary(std::move(*jit)));
}

llvm::Expected<void *> JITLibrary::lookup(llvm::StringRef symbol) {
  llvm::Expected<llvm::orc::ExecutorAddr> address = jit->lookup(symbol);
  if (!address)
    return address.takeError();
  return address->toPtr<void *>();
}
