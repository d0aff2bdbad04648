// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A launch: its blocks on CPU threads.
#include "Machine.h"
#include "Shadow.h"

#include <algorithm>
#include <thread>

using namespace ptx;

static Fault refused(const Kernel &kernel, const std::string &what) {
  return {FaultKind::Launch, "kernel '" + kernel.name + "': " + what};
}

static Fault checkLaunch(const Kernel &kernel, Extent grid, Extent block, uint32_t dynamicShared, uint64_t bytes) {
  uint64_t threads = block.count();
  if (grid.count() == 0 || grid.x > 0x7FFFFFFF || grid.y > 65535 || grid.z > 65535)
    return refused(kernel, "a grid of " + std::to_string(grid.x) + "x" + std::to_string(grid.y) + "x" +
                               std::to_string(grid.z) + " blocks");
  if (threads == 0 || threads > 1024 || block.z > 64)
    return refused(kernel, "blocks of " + std::to_string(threads) + " threads, expected 1 to 1024");
  if (kernel.maxThreads && threads > kernel.maxThreads)
    return refused(kernel, "blocks of " + std::to_string(threads) + " threads, .maxntid allows " +
                               std::to_string(kernel.maxThreads));
  const uint32_t *required = kernel.requiredThreads;
  if (required[0] && (block.x != required[0] || block.y != required[1] || block.z != required[2]))
    return refused(kernel, "blocks that .reqntid does not allow");
  if (uint64_t(kernel.dynamicOffset) + dynamicShared > (228u << 10))
    return refused(kernel, std::to_string(kernel.dynamicOffset + dynamicShared) + " bytes of shared memory");
  if (bytes < kernel.parameterBytes)
    return refused(kernel,
                   std::to_string(bytes) + " bytes of parameters, expected " + std::to_string(kernel.parameterBytes));
  return {};
}

static void work(Launch &launch, uint32_t worker, uint32_t &lastInterval) {
  Block block(launch, worker);
  uint64_t count = launch.grid.count(), done = 0;
  while (!launch.stopped) {
    uint64_t index = launch.nextBlock++;
    if (index >= count)
      break;
    block.run(index);
    ++done;
    if (block.fault)
      launch.stopped = true;
  }
  lastInterval = block.intervalTag;
  std::lock_guard<std::mutex> lock(launch.mutex);
  if (block.fault && !launch.fault)
    launch.fault = block.fault;
  if (!launch.settings.profile)
    return;
  Kernel &kernel = launch.kernel;
  for (size_t i = 0; i < block.executed.size(); ++i)
    kernel.executed[i] += block.executed[i];
  Profile &sum = kernel.profile;
  const Profile &made = block.profile;
  sum.blocks += done;
  sum.warpInstructions += made.warpInstructions;
  sum.globalLoadBytes += made.globalLoadBytes;
  sum.globalStoreBytes += made.globalStoreBytes;
  sum.globalAccesses += made.globalAccesses;
  sum.sectors += made.sectors;
  sum.leastSectors += made.leastSectors;
  sum.sharedAccesses += made.sharedAccesses;
  sum.bankConflicts += made.bankConflicts;
}

/// Intervals of the launch are numbered behind all before.
static void prepareTags(Launch &launch, unsigned threads) {
  launch.workerShift = warpBits;
  while ((1u << (launch.workerShift - warpBits)) < threads)
    ++launch.workerShift;
  if (!launch.settings.races)
    return;
  Memory &memory = launch.memory;
  if (memory.nextTag > (1u << 31))
    memory.clearTags();
  memory.prepareTags();
  uint32_t step = 1u << launch.workerShift;
  launch.firstTag = (memory.nextTag + step - 1) / step * step;
  launch.manyBlocks = launch.firstTag;
}

Fault ptx::launch(Kernel &kernel, Extent grid, Extent block, uint32_t dynamicShared, const void *parameters,
                  uint64_t parameterBytes, Memory &memory, const Settings &settings) {
  if (Fault wrong = checkLaunch(kernel, grid, block, dynamicShared, parameterBytes))
    return wrong;
  Launch launch(kernel, grid, block, dynamicShared, memory, settings);
  launch.parameters.resize(kernel.parameterBytes);
  if (kernel.parameterBytes)
    std::memcpy(launch.parameters.data(), parameters, kernel.parameterBytes);
  unsigned threads = unsigned(std::min<uint64_t>(std::clamp(settings.threads, 1u, 64u), grid.count()));
  prepareTags(launch, threads);
  std::vector<uint32_t> last(threads);
  std::vector<std::thread> helpers;
  for (unsigned worker = 1; worker < threads; ++worker)
    helpers.emplace_back([&, worker] { work(launch, worker, last[worker]); });
  work(launch, 0, last[0]);
  for (std::thread &helper : helpers)
    helper.join();
  if (settings.races)
    memory.nextTag = *std::max_element(last.begin(), last.end()) + (1u << launch.workerShift);
  if (settings.profile)
    ++kernel.profile.launches;
  return launch.fault;
}

const Profile &ptx::profileOf(const Kernel &kernel) {
  auto &counts = const_cast<Kernel &>(kernel).profile.threadInstructions;
  counts.clear();
  for (size_t i = 0; i < kernel.executed.size(); ++i)
    if (kernel.executed[i])
      counts[kindNames()[kernel.code[i].kind]] += kernel.executed[i];
  return kernel.profile;
}

const std::string &ptx::nameOf(const Kernel &kernel) { return kernel.name; }

Resources ptx::resourcesOf(const Kernel &kernel) {
  Resources made{kernel.parameterBytes, kernel.sharedBytes, kernel.localBytes, kernel.maxThreads, {}, {}};
  for (const Parameter &parameter : kernel.parameters) {
    made.parameterOffsets.push_back(parameter.offset);
    made.parameterSizes.push_back(parameter.bytes);
  }
  return made;
}
