// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A compiled model and the memory it works in, as a C++ object. Include a model's header before: it declares the
// interface that all models share.

#ifndef MODEL_H
#define MODEL_H

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

/// Runs kernels on threads of its own for each call: the shortest that works. A pool that waits for work is faster.
class Threads {
public:
  explicit Threads(unsigned count) : count(count) {}

  static void parallelFor(void *data, nibble_kernel_fn kernel, void *const *args, int64_t tiles) {
    const int64_t count = std::min<int64_t>(static_cast<Threads *>(data)->count, tiles);
    std::vector<std::thread> threads;
    for (int64_t i = 1; i < count; ++i)
      threads.emplace_back(kernel, args, tiles * i / count, tiles * (i + 1) / count);
    kernel(args, 0, count ? tiles / count : 0);
    for (std::thread &thread : threads)
      thread.join();
  }

private:
  unsigned count;
};

class Model {
public:
  /// `dims`: the values of the model's dynamic dimensions, as the batch. `release`: of a model for a CUDA device.
  Model(nibble_describe_fn describe, nibble_arena_bytes_fn arenaBytes, nibble_run_fn run, std::vector<int64_t> dims,
        nibble_release_fn release = nullptr)
      : description(describe()), entry(run), dims(std::move(dims)), bytes(arenaBytes(this->dims.data())),
        arena(allocate(bytes, release)) {}

  const nibble_model_desc &describe() const { return *description; }

  void run(const std::vector<const void *> &inputs, const std::vector<void *> &outputs, Threads *threads = nullptr) {
    nibble_context context = {NIBBLE_ABI_VERSION,
                              arena.get(),
                              bytes,
                              inputs.data(),
                              outputs.data(),
                              dims.data(),
                              threads ? Threads::parallelFor : nullptr,
                              threads};
    if (int32_t status = entry(&context))
      throw std::runtime_error(std::string(description->name) + ": status " + std::to_string(status));
  }

private:
  struct Free {
    nibble_release_fn release;
    void operator()(void *arena) const {
      if (release)
        release(arena);
      std::free(arena);
    }
  };
  using Memory = std::unique_ptr<void, Free>;
  static Memory allocate(uint64_t bytes, nibble_release_fn release) {
    if (bytes == UINT64_MAX)
      throw std::invalid_argument("dimensions that the model refuses");
    const uint64_t whole = std::max<uint64_t>((bytes + NIBBLE_ALIGNMENT - 1) / NIBBLE_ALIGNMENT, 1) * NIBBLE_ALIGNMENT;
    Memory memory(std::aligned_alloc(NIBBLE_ALIGNMENT, whole), Free{release});
    if (!memory)
      throw std::bad_alloc();
    return memory;
  }

  const nibble_model_desc *description;
  nibble_run_fn entry;
  std::vector<int64_t> dims;
  uint64_t bytes;
  Memory arena;
};

#endif // MODEL_H
