// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two models for a GPU and one for the processor in one program: threads run them at once, each with arenas of its own.

#include "cpu.h"
#include "floats.h"
#include "gpu.h"

#include "Model.h"

#include <atomic>
#include <cstdio>

namespace {
constexpr int kImages = 2;
using Logits = std::vector<float>;

struct Models {
  Model gpu{gpu_describe, gpu_arena_bytes, gpu_run, {}, gpu_release};
  Model floats{floats_describe, floats_arena_bytes, floats_run, {}, floats_release};
  Model cpu{cpu_describe, cpu_arena_bytes, cpu_run, {}};
};

Logits run(Model &model, const Logits &images) {
  Logits logits(kImages * 10);
  model.run({images.data()}, {logits.data()});
  return logits;
}
} // namespace

int main() {
  std::atomic<int> different{0}, alike{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      Models own;
      for (int round = 0; round < 4; ++round) {
        Logits images(kImages * 64);
        for (size_t i = 0; i < images.size(); ++i)
          images[i] = float((i * (t + 3) + round) % 17) / 16;
        const Logits logits = run(own.cpu, images);
        different += run(own.gpu, images) != logits;
        alike += run(own.floats, images) == logits;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  std::printf("%d of 12 rounds differ from the processor's, %d are those of floats\n", different.load(), alike.load());
  return 0;
}
