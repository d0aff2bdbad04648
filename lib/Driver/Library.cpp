// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Library.h"
#include "Explanation.h"
#include "LoadedExecutable.h"
#include "nibble/Driver/Bench.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/OutputFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace nibble::driver {

/// The model's name, which all its symbols start with: whatever the file is called.
static Expected<std::string> findName(StringRef path) {
  Expected<object::OwningBinary<object::ObjectFile>> binary = object::ObjectFile::createObjectFile(path);
  if (!binary)
    return makeError("cannot read '" + path + "' as a compiled model: " + toString(binary.takeError()));
  auto *elf = dyn_cast<object::ELFObjectFileBase>(binary->getBinary());
  if (!elf)
    return makeError("'" + path + "' is not a shared library of this system");
  // The system's loader would say that there is no such file.
  Triple own(sys::getProcessTriple());
  if (elf->getArch() != own.getArch())
    return makeError("'" + path + "' was compiled for " + Triple::getArchTypeName(elf->getArch()) +
                     ", and this machine is " + own.getArchName());
  for (const object::ELFSymbolRef &symbol : elf->getDynamicSymbolIterators()) {
    Expected<StringRef> name = symbol.getName();
    if (!name) {
      consumeError(name.takeError());
      continue;
    }
    if (name->consume_back("_describe") && !name->empty())
      return name->str();
  }
  return makeError("'" + path + "' is not a compiled model: it has no symbol that ends in '_describe'");
}

Expected<std::unique_ptr<LoadedModel>> openLibrary(StringRef path) {
  Expected<std::string> name = findName(path);
  if (!name)
    return name.takeError();
  // A name without a slash would be looked up in the system's folders.
  SmallString<128> absolute(path);
  sys::fs::make_absolute(absolute);
  return nibble::loadLibrary(absolute, *name);
}

Expected<std::unique_ptr<Executable>> loadLibrary(StringRef path, int threads) {
  Expected<std::unique_ptr<LoadedModel>> model = openLibrary(path);
  if (!model)
    return model.takeError();
  return makeLoadedExecutable(std::move(*model), threads);
}

Expected<std::unique_ptr<Executable>> loadLibraryBytes(ArrayRef<char> bytes, int threads) {
  SmallString<128> path;
  if (std::error_code code = sys::fs::createTemporaryFile("nibble", "so", path))
    return makeError("cannot make a temporary file: " + code.message());
  llvm::scope_exit remove([&] { sys::fs::remove(path); }); // the system keeps what is loaded
  if (Error error = writeFile(path, StringRef(bytes.data(), bytes.size())))
    return std::move(error);
  Expected<std::unique_ptr<Executable>> executable = loadLibrary(path.str(), threads);
  return executable;
}

/// The size of the arena; where it depends on the dimensions, for usual ones.
static void readArena(const LoadedModel &model, ModelInfo &info) {
  info.arenaBytes = model.describe().arena_bytes;
  if (*info.arenaBytes || model.arenaBytes(nullptr) != UINT64_MAX)
    return;
  const DimValues chosen = chooseDims(info.inputs, findLimits(model, info.inputs));
  SmallVector<int64_t> dims;
  for (const std::string &name : listDims(info.inputs))
    dims.push_back(chosen.at(name));
  info.arenaBytes.reset();
  if (dims.size() != model.describe().dim_count)
    return;
  if (uint64_t bytes = model.arenaBytes(dims.data()); bytes != UINT64_MAX) {
    info.arenaBytes = bytes;
    info.dims = chosen;
  }
}

Expected<ModelInfo> inspectLibrary(StringRef path) {
  Expected<std::unique_ptr<LoadedModel>> model = openLibrary(path);
  if (!model)
    return model.takeError();
  const nibble_model_desc &desc = (*model)->describe();
  ModelInfo info;
  info.name = desc.name;
  info.hash = desc.model_hash;
  info.planHash = desc.plan_hash;
  info.weightBytes = desc.weight_bytes;
  SmallVector<StringRef> targets;
  StringRef(desc.isa).split(targets, ',', -1, /*KeepEmpty=*/false);
  for (StringRef target : targets)
    info.targets.push_back(target.str());
  if (Error error = readPorts(desc, info.inputs, info.outputs))
    return std::move(error);
  info.states = readStates(**model);
  readArena(**model, info);
  (void)sys::fs::file_size(path, reinterpret_cast<uint64_t &>(info.fileBytes));
  Expected<std::optional<Summary>> summary = readExplanation(path);
  if (!summary)
    return summary.takeError();
  if (*summary) {
    info.precisions = (*summary)->precisions;
    info.specializations = (*summary)->specializations;
  }
  return info;
}

} // namespace nibble::driver
