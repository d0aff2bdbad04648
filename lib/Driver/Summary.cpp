// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Summary.h"
#include "nibble/Driver/Inspect.h"

#include <cmath>

using namespace llvm;

namespace nibble::driver {

/// The object keeps a copy of the key.
template <typename T>
static void put(json::Object &object, StringRef key, const std::optional<T> &value) {
  // JSON has no infinity.
  if (value)
    object[key.str()] = std::isfinite(double(*value)) ? json::Value(*value) : json::Value(nullptr);
}

static void put(json::Object &object, StringRef key, const std::string &value) {
  if (!value.empty())
    object[key] = value;
}

json::Object toJson(const NodeSummary &node) {
  json::Object object{{"node", node.node}, {"value", node.value}, {"operation", node.operation}};
  put(object, "precision", node.precision);
  put(object, "reason", node.reason);
  put(object, "kernel", node.kernel);
  object["weight_bytes"] = node.weightBytes;
  object["output_bytes"] = node.outputBytes;
  put(object, "sqnr_db", node.sqnr);
  put(object, "ms", node.milliseconds);
  return object;
}

static json::Object toJson(const CallSummary &call) {
  json::Object object{{"kernel", call.kernel}, {"node", call.node}, {"tiles", call.tiles}};
  if (call.fillsHalo)
    object["fills_halo"] = true;
  put(object, "ms", call.milliseconds);
  return object;
}

template <typename T>
static json::Array toArray(const std::vector<T> &entries);

json::Object toJson(const SpecializationSummary &code) {
  return json::Object{{"dims", toJson(code.dims)},
                      {"arena_bytes", code.arenaBytes},
                      {"weight_bytes", code.weightBytes},
                      {"calls", toArray(code.calls)}};
}

static json::Object toJson(const BufferSummary &buffer) {
  return json::Object{{"value", buffer.value},
                      {"offset", buffer.offset},
                      {"bytes", buffer.bytes},
                      {"first_call", buffer.first},
                      {"last_call", buffer.last}};
}

static json::Object toJson(const SensitivitySummary &node) {
  json::Object sqnrs;
  for (const auto &[bits, sqnr] : node.sqnrs)
    put(sqnrs, std::to_string(bits), std::optional<double>(sqnr));
  return json::Object{
      {"node", node.node}, {"weights", node.weights}, {"bits", node.bits}, {"sqnr_db", std::move(sqnrs)}};
}

static json::Object toJson(const FrontPoint &point) {
  json::Object object{{"bytes", point.bytes}, {"bits", point.bits}, {"widths", json::Array(point.widths)}};
  put(object, "sqnr_db", std::optional<double>(point.sqnr));
  if (point.isChosen)
    object["chosen"] = true;
  return object;
}

template <typename T>
static json::Array toArray(const std::vector<T> &entries) {
  json::Array array;
  for (const T &entry : entries)
    array.push_back(toJson(entry));
  return array;
}

json::Object toJson(const Summary &summary) {
  json::Object object{{"model", summary.model},
                      {"model_bytes", summary.modelBytes},
                      {"output_bytes", summary.outputBytes},
                      {"weight_bytes", summary.weightBytes},
                      {"calibration_samples", summary.samples}};
  put(object, "target", summary.target);
  put(object, "arena_bytes", summary.arenaBytes);
  put(object, "arena_dimension", summary.arenaDimension);
  if (!summary.dims.empty())
    object["dims"] = toJson(summary.dims);
  put(object, "code_bytes", summary.codeBytes);
  put(object, "stack_bytes", summary.stackBytes);
  put(object, "sqnr_db", summary.sqnr);
  put(object, "ms", summary.latency);
  put(object, "float_ms", summary.floatLatency);
  put(object, "float_arena_bytes", summary.floatArenaBytes);
  put(object, "float_weight_bytes", summary.floatWeightBytes);
  object["nodes"] = toArray(summary.nodes);
  json::Object precisions;
  for (const auto &[precision, count] : summary.precisions)
    precisions[precision] = count;
  object["precisions"] = std::move(precisions);
  if (!summary.calls.empty())
    object["calls"] = toArray(summary.calls);
  if (!summary.specializations.empty())
    object["specializations"] = toArray(summary.specializations);
  if (!summary.timed.empty())
    object["timed_dims"] = toJson(summary.timed);
  if (!summary.buffers.empty())
    object["buffers"] = toArray(summary.buffers);
  if (!summary.sensitivities.empty()) {
    json::Object search{{"sensitivities", toArray(summary.sensitivities)}, {"front", toArray(summary.front)}};
    put(search, "sqnr_db", summary.searchSqnr);
    put(search, "bound_db", summary.searchBound);
    object["search"] = std::move(search);
  }
  json::Array methods;
  for (const MethodSummary &method : summary.methods) {
    json::Object entry{{"calib_method", method.method}, {"bias_correction", method.correctBias}};
    put(entry, "sqnr_db", std::optional<double>(method.sqnr));
    methods.push_back(std::move(entry));
  }
  object["methods"] = std::move(methods);
  json::Array steps;
  for (const StepTime &step : summary.steps)
    steps.push_back(json::Object{{"step", step.name}, {"seconds", step.seconds}});
  object["steps"] = std::move(steps);
  return object;
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

static std::string getText(const json::Object &object, StringRef key) {
  std::optional<StringRef> text = object.getString(key);
  return text ? text->str() : "";
}

static int64_t getInteger(const json::Object &object, StringRef key, int64_t standard = 0) {
  return object.getInteger(key).value_or(standard);
}

/// A number, or infinity for null.
static std::optional<double> getNumber(const json::Object &object, StringRef key) {
  const json::Value *value = object.get(key);
  if (value && value->getAsNull())
    return INFINITY;
  return value ? value->getAsNumber() : std::nullopt;
}

static void parse(const json::Object &object, NodeSummary &node) {
  node.node = getText(object, "node");
  node.value = getText(object, "value");
  node.operation = getText(object, "operation");
  node.precision = getText(object, "precision");
  node.reason = getText(object, "reason");
  node.kernel = getText(object, "kernel");
  node.weightBytes = getInteger(object, "weight_bytes");
  node.outputBytes = getInteger(object, "output_bytes");
  node.sqnr = getNumber(object, "sqnr_db");
  node.milliseconds = getNumber(object, "ms");
}

static void parse(const json::Object &object, CallSummary &call) {
  call.kernel = getText(object, "kernel");
  call.node = getInteger(object, "node", -1);
  call.tiles = getInteger(object, "tiles", 1);
  call.fillsHalo = object.getBoolean("fills_halo").value_or(false);
  call.milliseconds = getNumber(object, "ms");
}

/// Values of dimensions by their names.
static std::map<std::string, int64_t> parseDims(const json::Object &object) {
  std::map<std::string, int64_t> dims;
  if (const json::Object *values = object.getObject("dims"))
    for (const auto &[name, value] : *values)
      dims[StringRef(name).str()] = value.getAsInteger().value_or(0);
  return dims;
}

static void parse(const json::Object &object, BufferSummary &buffer) {
  buffer.value = getText(object, "value");
  buffer.offset = getInteger(object, "offset");
  buffer.bytes = getInteger(object, "bytes");
  buffer.first = getInteger(object, "first_call");
  buffer.last = getInteger(object, "last_call");
}

template <typename T>
static bool parse(const json::Object &object, StringRef key, std::vector<T> &entries) {
  const json::Array *array = object.getArray(key);
  for (const json::Value &value : array ? *array : json::Array()) {
    const json::Object *entry = value.getAsObject();
    if (!entry)
      return false;
    parse(*entry, entries.emplace_back());
  }
  return true;
}

static void parse(const json::Object &object, SpecializationSummary &code) {
  code.dims = parseDims(object);
  code.arenaBytes = getInteger(object, "arena_bytes");
  code.weightBytes = getInteger(object, "weight_bytes");
  (void)parse(object, "calls", code.calls);
}

/// Whether they name nodes that there are.
static bool areValid(ArrayRef<CallSummary> calls, ArrayRef<NodeSummary> nodes) {
  return all_of(calls, [&](const CallSummary &call) { return call.node >= -1 && call.node < int64_t(nodes.size()); });
}

std::optional<Summary> parseSummary(const json::Object &object) {
  Summary summary;
  summary.model = getText(object, "model");
  summary.target = getText(object, "target");
  summary.modelBytes = getInteger(object, "model_bytes");
  summary.outputBytes = getInteger(object, "output_bytes");
  summary.weightBytes = getInteger(object, "weight_bytes");
  summary.arenaBytes = object.getInteger("arena_bytes");
  summary.arenaDimension = object.getInteger("arena_dimension");
  summary.dims = parseDims(object);
  summary.codeBytes = object.getInteger("code_bytes");
  summary.stackBytes = object.getInteger("stack_bytes");
  summary.sqnr = getNumber(object, "sqnr_db");
  summary.latency = getNumber(object, "ms");
  summary.floatLatency = getNumber(object, "float_ms");
  summary.floatArenaBytes = object.getInteger("float_arena_bytes");
  summary.floatWeightBytes = object.getInteger("float_weight_bytes");
  summary.samples = getInteger(object, "calibration_samples");
  if (!parse(object, "nodes", summary.nodes) || !parse(object, "calls", summary.calls) ||
      !parse(object, "specializations", summary.specializations) || !parse(object, "buffers", summary.buffers))
    return std::nullopt;
  if (const json::Object *precisions = object.getObject("precisions"))
    for (const auto &[precision, count] : *precisions)
      summary.precisions[StringRef(precision).str()] = count.getAsInteger().value_or(0);
  for (const SpecializationSummary &code : summary.specializations)
    if (!areValid(code.calls, summary.nodes))
      return std::nullopt;
  if (!areValid(summary.calls, summary.nodes))
    return std::nullopt;
  return summary;
}

} // namespace nibble::driver
