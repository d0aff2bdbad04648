// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Three models in one program: on four threads at a time they give the same bits as one after the other on one thread.

#include "first.h"
#include "second.h"
#include "third.h"

#include "Model.h"

#include <atomic>
#include <cstdio>
#include <cstring>
#include <random>

namespace {

constexpr int kImages = 5, kRounds = 40;

std::vector<Model> makeModels() {
  const std::vector<int64_t> dims = {kImages};
  std::vector<Model> models;
  models.emplace_back(first_describe, first_arena_bytes, first_run, dims);
  models.emplace_back(second_describe, second_arena_bytes, second_run, dims);
  models.emplace_back(third_describe, third_arena_bytes, third_run, dims);
  return models;
}

using Outputs = std::vector<std::vector<float>>;

Outputs runAll(std::vector<Model> &models, const std::vector<float> &images, Threads *threads) {
  Outputs outputs;
  for (Model &model : models) {
    outputs.emplace_back(kImages * 10);
    model.run({images.data()}, {outputs.back().data()}, threads);
  }
  return outputs;
}

bool areSame(const Outputs &a, const Outputs &b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (std::memcmp(a[i].data(), b[i].data(), a[i].size() * sizeof(float)) != 0)
      return false;
  return true;
}

} // namespace

int main() {
  std::mt19937 random(7);
  std::vector<std::vector<float>> images(4, std::vector<float>(kImages * 64));
  std::vector<Outputs> expected;
  std::vector<Model> models = makeModels();
  for (std::vector<float> &batch : images) {
    for (float &pixel : batch)
      pixel = float(random() % 17) / 16;
    expected.push_back(runAll(models, batch, nullptr));
  }
  std::printf("models %s %s %s\n", models[0].describe().name, models[1].describe().name, models[2].describe().name);
  std::printf("%s\n",
              areSame({expected[0][0]}, {expected[0][1]}) ? "int8 and float agree in all bits" : "models differ");

  std::atomic<int> different{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::vector<Model> own = makeModels();
      Threads helpers(2);
      for (int round = 0; round < kRounds; ++round) {
        const size_t batch = (round + t) % images.size();
        different += !areSame(runAll(own, images[batch], round % 8 ? nullptr : &helpers), expected[batch]);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  std::printf("%d of %d rounds differ\n", different.load(), 4 * kRounds);
  return different != 0;
}
