// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Explanation.h"
#include "LoadedExecutable.h"
#include "nibble/Dialect/UKernel/Control.h"
#include "nibble/Driver/Bench.h"
#include "nibble/Support/Errors.h"

#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/Compression.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace nibble::driver {

/// Size of the text as 4 bytes, then the text compressed by zlib.
std::vector<char> packExplanation(Summary summary) {
  summary.latency = summary.floatLatency = std::nullopt;
  json::Object object = toJson(summary);
  object.erase("output_bytes"); // the file's own size
  object.erase("steps");
  object.erase("methods"); // the same library, whether a method was asked for or found
  object.erase("search");  // or a plan
  std::string text = formatv("{0}", json::Value(std::move(object)));
  SmallVector<uint8_t, 0> packed;
  compression::zlib::compress(arrayRefFromStringRef(text), packed, compression::zlib::BestSizeCompression);
  std::vector<char> bytes(4);
  support::endian::write32le(bytes.data(), text.size());
  bytes.insert(bytes.end(), packed.begin(), packed.end());
  return bytes;
}

static std::optional<Summary> unpack(StringRef bytes) {
  constexpr size_t largest = 256 << 20;
  if (bytes.size() < 4)
    return std::nullopt;
  size_t size = support::endian::read32le(bytes.data());
  SmallVector<uint8_t, 0> text;
  if (size > largest)
    return std::nullopt;
  if (Error error = compression::zlib::decompress(arrayRefFromStringRef(bytes.drop_front(4)), text, size)) {
    consumeError(std::move(error));
    return std::nullopt;
  }
  Expected<json::Value> value = json::parse(toStringRef(text));
  if (!value) {
    consumeError(value.takeError());
    return std::nullopt;
  }
  const json::Object *object = value->getAsObject();
  return object ? parseSummary(*object) : std::nullopt;
}

Expected<std::optional<Summary>> readExplanation(StringRef path) {
  Expected<object::OwningBinary<object::ObjectFile>> binary = object::ObjectFile::createObjectFile(path);
  if (!binary)
    return makeError("cannot read '" + path + "' as a compiled model: " + toString(binary.takeError()));
  for (const object::SectionRef &section : binary->getBinary()->sections()) {
    Expected<StringRef> name = section.getName();
    if (!name || *name != kExplanationSection) {
      consumeError(name.takeError());
      continue;
    }
    Expected<StringRef> content = section.getContents();
    std::optional<Summary> summary = content ? unpack(*content) : std::nullopt;
    if (!content)
      consumeError(content.takeError());
    if (!summary)
      return makeError("'" + path + "' is damaged: its section " + kExplanationSection + " cannot be read");
    return summary;
  }
  return std::optional<Summary>();
}

/// The node that a call computes: of the same name, best of the same value, best the first that has no kernel yet.
static int64_t findNode(ArrayRef<NodeSummary> nodes, const KernelCall &call) {
  int64_t best = -1;
  int bestScore = -1;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (call.node.empty() || nodes[i].node != call.node)
      continue;
    int score = 2 * (nodes[i].value == call.value) + nodes[i].kernel.empty();
    if (score > bestScore) {
      best = i;
      bestScore = score;
    }
  }
  return best;
}

static CallSummary summarize(ArrayRef<NodeSummary> nodes, const KernelCall &call) {
  return {call.kernel, findNode(nodes, call), call.tiles, call.fillsHalo, std::nullopt};
}

static SpecializationSummary summarize(ArrayRef<NodeSummary> nodes, const SpecializedCode &code) {
  SpecializationSummary summary;
  for (const auto &[name, value] : code.dims)
    if (value > 0)
      summary.dims[name] = value;
  summary.arenaBytes = code.arenaBytes;
  summary.weightBytes = code.weightBytes;
  for (const KernelCall &call : code.kernels)
    summary.calls.push_back(summarize(nodes, call));
  return summary;
}

void addCalls(Summary &summary, const CompiledModel &model) {
  for (const SpecializedCode &code : model.specializations)
    summary.specializations.push_back(summarize(summary.nodes, code));
  for (const KernelCall &call : model.kernels) {
    summary.calls.push_back(summarize(summary.nodes, call));
    const int64_t node = summary.calls.back().node;
    if (node >= 0 && summary.nodes[node].kernel.empty())
      summary.nodes[node].kernel = call.kernel;
  }
  for (const ArenaBuffer &buffer : model.buffers)
    summary.buffers.push_back({buffer.value, buffer.offset, buffer.bytes, buffer.first, buffer.last});
}

bool hasControl(const Summary &summary) {
  return any_of(summary.calls,
                [](const CallSummary &call) { return StringRef(call.kernel).ends_with(ukernel::kInControl); });
}

/// Whether a run with these dimensions uses the code.
static bool isFor(const SpecializationSummary &code, const DimValues &dims) {
  return all_of(code.dims, [&](const auto &dim) {
    auto value = dims.find(dim.first);
    return value != dims.end() && value->second == dim.second;
  });
}

std::vector<CallSummary> &findCalls(Summary &summary, const DimValues &dims) {
  for (SpecializationSummary &code : summary.specializations)
    if (isFor(code, dims))
      return code.calls;
  return summary.calls;
}

/// Takes the time of each of `calls`, which a run on `feed` makes.
static Error measureCalls(LoadedModel &model, const NamedArrays &feed, std::vector<CallSummary> &calls) {
  Expected<std::vector<double>> times = measureKernels(model, feed, /*runs=*/20);
  if (!times)
    return times.takeError();
  size_t expected = 0, next = 0;
  for (const CallSummary &call : calls)
    expected += 1 + call.fillsHalo;
  if (times->size() % std::max<size_t>(expected, 1) != 0 || times->size() < expected)
    return makeError("the model makes " + Twine(times->size()) + " calls, its explanation tells of " + Twine(expected));
  for (CallSummary &call : calls) {
    double time = (*times)[next++];
    if (call.fillsHalo)
      time += (*times)[next++];
    call.milliseconds = time;
  }
  return Error::success();
}

/// The dynamic dimensions of a feed.
static DimValues getDims(ArrayRef<Port> inputs, const NamedArrays &feed) {
  DimValues dims;
  for (const Port &port : inputs)
    for (auto [axis, name] : enumerate(port.dims))
      if (const Array *array = find(feed, port.name); !name.empty() && array && axis < array->shape.size())
        dims[name] = array->shape[axis];
  return dims;
}

Error measureCalls(LoadedModel &model, const NamedArrays *feed, ArrayRef<Port> feedPorts, Summary &summary) {
  std::vector<Port> inputs, outputs;
  if (Error error = readPorts(model.describe(), inputs, outputs))
    return error;
  const DimValues limits = findLimits(model, inputs);
  const NamedArrays arrays =
      feed ? adapt(feedPorts, *feed, inputs) : makeRandomFeed(inputs, chooseDims(inputs, limits));
  std::vector<CallSummary> &calls = findCalls(summary, getDims(inputs, arrays));
  for (SpecializationSummary &code : summary.specializations) {
    const DimValues dims = chooseDims(inputs, limits, code.dims);
    if (&calls == &code.calls)
      summary.timed = code.dims;
    else if (&findCalls(summary, dims) == &code.calls) // not what fixes more
      if (Error error = measureCalls(model, makeRandomFeed(inputs, dims), code.calls))
        return error;
  }
  if (Error error = measureCalls(model, arrays, calls))
    return error;
  for (const CallSummary &call : calls)
    if (call.node >= 0) {
      std::optional<double> &total = summary.nodes[call.node].milliseconds;
      total = total.value_or(0) + *call.milliseconds;
    }
  return Error::success();
}

} // namespace nibble::driver
