// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Bench.h"

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

/// Floats of fewer than 32 bits, by their bits.
template <typename T>
static void fillSmallFloats(Array &array, T least, T greatest, std::mt19937 &random) {
  for (T &element : array.as<T>())
    element = T(least + random() % (greatest - least + 1u));
}

static void fillFloats(Array &array, std::mt19937 &random) {
  switch (array.kind) {
  case ElementKind::F64:
    return fill<double>(array, random);
  case ElementKind::F32:
    return fill<float>(array, random);
  case ElementKind::F16:
    return fillSmallFloats<uint16_t>(array, 0x3800, 0x3c00, random); // 0.5 to 1
  case ElementKind::BF16:
    return fillSmallFloats<uint16_t>(array, 0x3f00, 0x3f80, random); // 0.5 to 1
  default:
    return fillSmallFloats<uint8_t>(array, 1, 3, random); // numbers in every type
  }
}

static void fillRandom(Array &array, std::mt19937 &random) {
  if (isFloat(array.kind))
    return fillFloats(array, random);
  switch (getByteWidth(array.kind)) {
  case 1:
    return fill<uint8_t>(array, random);
  case 2:
    return fill<uint16_t>(array, random);
  case 4:
    return fill<uint32_t>(array, random);
  default:
    return fill<uint64_t>(array, random);
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
