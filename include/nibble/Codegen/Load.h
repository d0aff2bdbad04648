// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiled models in this process.

#ifndef NIBBLE_CODEGEN_LOAD_H
#define NIBBLE_CODEGEN_LOAD_H

#include "nibble/Codegen/Compile.h"
#include "nibble/Runtime/nibble_abi.h"
#include "nibble/Target/JIT.h"

#include <memory>

namespace nibble {

/// The functions of a model in this process.
class LoadedModel {
public:
  ~LoadedModel();
  const nibble_model_desc &describe() const { return *desc; }
  /// UINT64_MAX where a run refuses the dimensions.
  uint64_t arenaBytes(const int64_t *dims = nullptr) const { return arenaBytesFunction(dims); }
  /// The extents of an output, as many as its rank; a nibble_status. Of a model with dynamic dimensions only.
  int32_t shape(const int64_t *dims, uint32_t output, int64_t *extents) const {
    return shapeFunction(dims, output, extents);
  }
  /// Inputs and outputs that are one buffer.
  llvm::ArrayRef<nibble_state_desc> states() const;
  int32_t run(const nibble_context &context) const { return runFunction(&context); }
  /// Whether its kernels run elsewhere, where no `parallel_for` calls them.
  bool isOnDevice() const { return releaseFunction; }
  /// Gives back what runs with this arena left on a device; to be called before its memory is freed.
  void release(void *arena) const {
    if (releaseFunction && arena)
      releaseFunction(arena);
  }
  /// Gives memory back that weights took which were linked in memory; a run reads them again.
  void releaseWeights() const;

private:
  friend llvm::Expected<std::unique_ptr<LoadedModel>> loadJIT(const CompiledModel &model);
  friend llvm::Expected<std::unique_ptr<LoadedModel>> loadLibrary(llvm::StringRef path, llvm::StringRef name);
  std::unique_ptr<JITLibrary> jit;
  void *handle = nullptr;
  const nibble_model_desc *desc = nullptr;
  nibble_arena_bytes_fn arenaBytesFunction = nullptr;
  nibble_shape_fn shapeFunction = nullptr;   // null where there are no dynamic dimensions
  nibble_states_fn statesFunction = nullptr; // null where there are none
  nibble_run_fn runFunction = nullptr;
  nibble_release_fn releaseFunction = nullptr; // null where no device computes the model
};

/// Links the objects in memory: those of the best level that this machine has.
llvm::Expected<std::unique_ptr<LoadedModel>> loadJIT(const CompiledModel &model);

/// Opens a shared library; `name` empty: finds the model's name by its file's stem.
llvm::Expected<std::unique_ptr<LoadedModel>> loadLibrary(llvm::StringRef path, llvm::StringRef name);

} // namespace nibble

#endif // NIBBLE_CODEGEN_LOAD_H
