// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Bench.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/Extent.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

#include <chrono>
#include <random>

using namespace llvm;

namespace nibble::driver {

namespace {
/// Runs on one feed again and again; the states among its inputs are kept, and found as they were by each run.
class Runner {
public:
  static Expected<Runner> create(Executable &executable, const NamedArrays &feed) {
    Runner runner(executable);
    if (executable.states().empty()) {
      runner.feed = feed;
      return runner;
    }
    Expected<std::vector<Array>> arguments = arrangeFeed(executable.inputs(), feed);
    if (!arguments)
      return arguments.takeError();
    for (const StatePort &state : executable.states()) {
      const Array &rows = (*arguments)[state.input];
      if (Error error = checkLength(executable, state, rows))
        return std::move(error);
      runner.kept.buffers.push_back(toBuffer(state, rows));
      runner.kept.lengths.push_back(state.axis ? rows.shape[*state.axis] : 0);
    }
    for (auto [index, argument] : enumerate(*arguments))
      if (none_of(executable.states(), [&, index = index](const StatePort &state) { return state.input == index; }))
        runner.feed.push_back({executable.inputs()[index].name, argument});
    return runner;
  }

  Error run() {
    if (executable->states().empty())
      return executable->run(feed).takeError();
    Kept again = kept; // the same buffers
    return executable->run(feed, again).takeError();
  }

private:
  explicit Runner(Executable &executable) : executable(&executable) {}
  static Error checkLength(const Executable &executable, const StatePort &state, const Array &rows) {
    if (!state.axis || rows.shape[*state.axis] <= state.capacity[*state.axis])
      return Error::success();
    return makeError("input '" + executable.inputs()[state.input].name + "' has " + Twine(rows.shape[*state.axis]) +
                     " rows, and its buffer room for " + Twine(state.capacity[*state.axis]));
  }

  Executable *executable;
  NamedArrays feed;
  Kept kept;
};
} // namespace

Expected<Latency> measure(Executable &executable, const NamedArrays &feed, double seconds) {
  using Clock = std::chrono::steady_clock;
  constexpr int warmUp = 5, atLeast = 10;
  Expected<Runner> runner = Runner::create(executable, feed);
  if (!runner)
    return runner.takeError();
  std::vector<double> times;
  Clock::time_point begin = Clock::now();
  for (int64_t run = 0; run < warmUp + atLeast || Clock::now() - begin < std::chrono::duration<double>(seconds);
       ++run) {
    Clock::time_point start = Clock::now();
    Error error = runner->run();
    Clock::time_point end = Clock::now();
    if (error)
      return std::move(error);
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

/// Calls `visit` with each axis of an input whose dynamic dimension has a name.
static void visitDims(ArrayRef<Port> inputs, function_ref<void(StringRef name, size_t axis)> visit) {
  for (const Port &port : inputs)
    for (auto [axis, name] : enumerate(port.dims))
      if (port.shape[axis] < 0 && !name.empty())
        visit(name, axis);
}

DimValues chooseDims(ArrayRef<Port> inputs, const DimValues &limits, const DimValues &given) {
  DimValues dims;
  visitDims(inputs, [&](StringRef name, size_t axis) {
    int64_t &value = dims.try_emplace(name.str(), 1).first->second;
    value = std::max(value, axis == 0 ? 1 : kUsualDimension);
  });
  for (auto &[name, value] : dims) {
    if (auto limit = limits.find(name); limit != limits.end())
      value = std::min(value, limit->second);
    if (auto known = given.find(name); known != given.end())
      value = known->second;
  }
  return dims;
}

Error checkDimNames(ArrayRef<Port> inputs, const DimValues &given) {
  SetVector<StringRef> names;
  visitDims(inputs, [&](StringRef name, size_t) { names.insert(name); });
  for (const auto &entry : given)
    if (!names.contains(entry.first))
      return makeError("no input has a dynamic dimension '" + entry.first + "'; " +
                       (names.empty() ? "all extents are known"
                                      : "the dynamic dimensions are '" + join(names.getArrayRef(), "', '") + "'"));
  return Error::success();
}

NamedArrays makeRandomFeed(ArrayRef<Port> inputs, const DimValues &dims) {
  std::mt19937 random(1);
  NamedArrays feed;
  for (const Port &port : inputs) {
    SmallVector<int64_t, 4> shape = port.shape;
    for (auto [axis, extent] : enumerate(shape)) {
      auto value = axis < port.dims.size() ? dims.find(port.dims[axis]) : dims.end();
      if (extent < 0)
        extent = value == dims.end() ? 1 : value->second;
    }
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
