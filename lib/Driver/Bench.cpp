// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Bench.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"

#include <chrono>
#include <random>

using namespace llvm;

namespace nibble::driver {

Expected<Latency> measure(Executable &executable, const NamedArrays &feed, double seconds) {
  using Clock = std::chrono::steady_clock;
  constexpr int warmUp = 5, atLeast = 10;
  std::vector<double> times;
  Clock::time_point begin = Clock::now();
  for (int64_t run = 0; run < warmUp + atLeast || Clock::now() - begin < std::chrono::duration<double>(seconds);
       ++run) {
    Clock::time_point start = Clock::now();
    Expected<std::vector<Array>> results = executable.run(feed);
    Clock::time_point end = Clock::now();
    if (!results)
      return results.takeError();
    if (run >= warmUp)
      times.push_back(std::chrono::duration<double, std::milli>(end - start).count());
    else if (run == warmUp - 1)
      begin = end;
  }
  llvm::sort(times);
  return Latency{times.front(), times[times.size() / 2], times[times.size() * 9 / 10],
                 static_cast<int64_t>(times.size())};
}

template <typename T>
static void fill(Array &array, std::mt19937 &random) {
  for (T &element : array.as<T>())
    element = std::is_floating_point_v<T> ? T(random() >> 8) / T(1 << 24) : T(random() & 1);
}

static void fillHalf(Array &array, std::mt19937 &random) {
  for (uint16_t &element : array.as<uint16_t>())
    element = 0x3800 + (random() >> 22); // 0.5 to 1
}

static void fillRandom(Array &array, std::mt19937 &random) {
  switch (array.kind) {
  case ElementKind::Bool:
  case ElementKind::U8:
    return fill<uint8_t>(array, random);
  case ElementKind::I8:
    return fill<int8_t>(array, random);
  case ElementKind::I16:
    return fill<int16_t>(array, random);
  case ElementKind::U16:
    return fill<uint16_t>(array, random);
  case ElementKind::I32:
    return fill<int32_t>(array, random);
  case ElementKind::U32:
    return fill<uint32_t>(array, random);
  case ElementKind::I64:
    return fill<int64_t>(array, random);
  case ElementKind::U64:
    return fill<uint64_t>(array, random);
  case ElementKind::F16:
    return fillHalf(array, random);
  case ElementKind::F32:
    return fill<float>(array, random);
  case ElementKind::F64:
    return fill<double>(array, random);
  }
}

NamedArrays makeRandomFeed(ArrayRef<Port> inputs) {
  std::mt19937 random(1);
  NamedArrays feed;
  for (const Port &port : inputs) {
    SmallVector<int64_t, 4> shape = port.shape;
    for (int64_t &extent : shape)
      extent = extent < 0 ? 1 : extent;
    Array array = Array::allocate(port.kind, shape);
    fillRandom(array, random);
    feed.push_back({port.name, std::move(array)});
  }
  return feed;
}

json::Object toJson(const Latency &latency) {
  return json::Object{{"min_ms", latency.minimum},
                      {"median_ms", latency.median},
                      {"p90_ms", latency.percentile90},
                      {"runs", latency.runs}};
}

} // namespace nibble::driver
