// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiled models in this process.

#include "nibble/Codegen/Load.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include <dlfcn.h>

using namespace nibble;

LoadedModel::~LoadedModel() {
  if (handle)
    dlclose(handle);
}

llvm::ArrayRef<nibble_state_desc> LoadedModel::states() const {
  uint32_t count = 0;
  const nibble_state_desc *states = statesFunction ? statesFunction(&count) : nullptr;
  return {states, count};
}

void LoadedModel::releaseWeights() const {
  if (jit)
    for (const StoredBytes &bytes : jit->getData())
      releasePages(bytes.data);
}

// A library for instruction sets that this machine lacks would end in a signal. One for a GPU says when it runs what is
// missing.
static llvm::Error checkHost(llvm::StringRef isas) {
  llvm::SmallVector<llvm::StringRef> names;
  isas.split(names, ',');
  for (llvm::StringRef name : names)
    if (const TargetSpec *target = lookupTargetSpec(name); target && (isHostCapable(*target) || isGPU(*target)))
      return llvm::Error::success();
  return makeError("this machine has none of the instruction sets that the model was compiled for: " + isas);
}

static llvm::Error checkDescription(const nibble_model_desc &desc) {
  if (desc.abi_version != NIBBLE_ABI_VERSION)
    return makeError("expected ABI version " + llvm::Twine(NIBBLE_ABI_VERSION) + ", got " +
                     llvm::Twine(desc.abi_version));
  return checkHost(desc.isa);
}

/// The run function of the best level that this machine has.
static std::string findRun(const CompiledModel &model) {
  if (model.dispatch)
    for (const std::string &isa : llvm::reverse(model.isas))
      if (isHostCapable(*lookupTargetSpec(isa)))
        return model.name + "_run_" + isa;
  return model.name + "_run";
}

llvm::Expected<std::unique_ptr<LoadedModel>> nibble::loadJIT(const CompiledModel &model) {
  auto loaded = std::make_unique<LoadedModel>();
  // In memory there are no indirect functions.
  std::vector<ObjectBytes> objects;
  for (auto [index, object] : llvm::enumerate(model.objects))
    if (index != model.dispatch)
      objects.push_back(object);
  auto jit = JITLibrary::load(objects, model.weights);
  if (!jit)
    return jit.takeError();
  loaded->jit = std::move(*jit);
  auto describe = loaded->jit->lookupFunction<const nibble_model_desc *()>(model.name + "_describe");
  if (!describe)
    return describe.takeError();
  loaded->desc = (*describe)();
  if (llvm::Error error = checkDescription(*loaded->desc))
    return error;
  auto bytes = loaded->jit->lookupFunction<uint64_t(const int64_t *)>(model.name + "_arena_bytes");
  if (!bytes)
    return bytes.takeError();
  auto run = loaded->jit->lookupFunction<int32_t(const nibble_context *)>(findRun(model));
  if (!run)
    return run.takeError();
  if (loaded->desc->dim_count > 0) {
    auto shape = loaded->jit->lookupFunction<int32_t(const int64_t *, uint32_t, int64_t *)>(model.name + "_shape");
    if (!shape)
      return shape.takeError();
    loaded->shapeFunction = *shape;
  }
  if (model.stateCount > 0) {
    auto states = loaded->jit->lookupFunction<const nibble_state_desc *(uint32_t *)>(model.name + "_states");
    if (!states)
      return states.takeError();
    loaded->statesFunction = *states;
  }
  if (model.hasRelease) {
    auto release = loaded->jit->lookupFunction<void(void *)>(model.name + "_release");
    if (!release)
      return release.takeError();
    loaded->releaseFunction = *release;
  }
  loaded->arenaBytesFunction = *bytes;
  loaded->runFunction = *run;
  return loaded;
}

llvm::Expected<std::unique_ptr<LoadedModel>> nibble::loadLibrary(llvm::StringRef path, llvm::StringRef name) {
  std::string prefix = name.empty() ? llvm::sys::path::stem(path).str() : name.str();
  auto loaded = std::make_unique<LoadedModel>();
  // Without a directory dlopen would search the system's.
  std::string file = path.contains('/') ? path.str() : ("./" + path).str();
  loaded->handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!loaded->handle)
    return makeError("cannot open '" + path + "': " + dlerror());
  auto find = [&](const char *suffix) { return dlsym(loaded->handle, (prefix + suffix).c_str()); };
  auto describe = reinterpret_cast<nibble_describe_fn>(find("_describe"));
  if (!describe)
    return makeError("'" + path + "' has no model called '" + prefix + "'");
  loaded->desc = describe();
  if (llvm::Error error = checkDescription(*loaded->desc))
    return addContext("'" + path + "'", std::move(error));
  loaded->arenaBytesFunction = reinterpret_cast<nibble_arena_bytes_fn>(find("_arena_bytes"));
  loaded->runFunction = reinterpret_cast<nibble_run_fn>(find("_run"));
  loaded->statesFunction = reinterpret_cast<nibble_states_fn>(find("_states"));
  loaded->releaseFunction = reinterpret_cast<nibble_release_fn>(find("_release"));
  if (loaded->desc->dim_count > 0)
    loaded->shapeFunction = reinterpret_cast<nibble_shape_fn>(find("_shape"));
  const bool lacksShape = loaded->desc->dim_count > 0 && !loaded->shapeFunction;
  if (!loaded->arenaBytesFunction || !loaded->runFunction || lacksShape)
    return makeError("'" + path + "' lacks a function of the model '" + prefix + "'");
  return loaded;
}
