// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Objects loaded by ORC.

#include "nibble/Target/JIT.h"
#include "Targets.h"

#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/MapperJITLinkMemoryManager.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace nibble;

JITLibrary::JITLibrary(std::unique_ptr<llvm::orc::LLJIT> jit) : jit(std::move(jit)) {}
JITLibrary::~JITLibrary() = default;

/// Links all objects into one reservation: code reaches what other objects define by 32-bit offsets, and separate
/// mappings may lie farther apart than that.
static llvm::orc::LLJITBuilderState::ObjectLinkingLayerCreator layerFor(llvm::ArrayRef<ObjectBytes> objects) {
  size_t bytes = 0;
  for (const ObjectBytes &object : objects)
    bytes += object.size() + (1 << 16); // segments begin at pages; stubs and the offset table are added
  return [bytes](llvm::orc::ExecutionSession &session) -> llvm::Expected<std::unique_ptr<llvm::orc::ObjectLayer>> {
    using Mapper = llvm::orc::InProcessMemoryMapper;
    auto memory = llvm::orc::MapperJITLinkMemoryManager::CreateWithMapper<Mapper>(llvm::alignTo(bytes, 1 << 16));
    if (!memory)
      return memory.takeError();
    return std::make_unique<llvm::orc::ObjectLinkingLayer>(session, std::move(*memory));
  };
}

/// Tells where the data are.
static llvm::Error define(llvm::orc::LLJIT &jit, llvm::ArrayRef<RawData> data) {
  llvm::orc::SymbolMap symbols;
  for (const RawData &each : data)
    symbols[jit.mangleAndIntern(each.symbol)] = {llvm::orc::ExecutorAddr::fromPtr(each.bytes.data.data()),
                                                 llvm::JITSymbolFlags::Exported};
  return jit.getMainJITDylib().define(llvm::orc::absoluteSymbols(std::move(symbols)));
}

llvm::Expected<std::unique_ptr<JITLibrary>> JITLibrary::load(llvm::ArrayRef<ObjectBytes> objects,
                                                             llvm::ArrayRef<RawData> data) {
  initializeTargets();
  auto jit = llvm::orc::LLJITBuilder().setObjectLinkingLayerCreator(layerFor(objects)).create();
  if (!jit)
    return jit.takeError();
  if (llvm::Error error = define(**jit, data))
    return error;
  unsigned index = 0;
  for (const ObjectBytes &object : objects) {
    auto buffer = llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(object.data(), object.size()),
                                                       "object" + llvm::Twine(index++));
    if (llvm::Error error = (*jit)->addObjectFile(std::move(buffer)))
      return error;
  }
  auto library = std::unique_ptr<JITLibrary>(new JITLibrary(std::move(*jit)));
  for (const RawData &each : data)
    library->data.push_back(each.bytes);
  return library;
}

llvm::Expected<void *> JITLibrary::lookup(llvm::StringRef symbol) {
  llvm::Expected<llvm::orc::ExecutorAddr> address = jit->lookup(symbol);
  if (!address)
    return address.takeError();
  return address->toPtr<void *>();
}
