// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Summary.h"

#include <cmath>

using namespace llvm;

namespace nibble::driver {

template <typename T>
static void put(json::Object &object, StringRef key, const std::optional<T> &value) {
  // JSON has no infinity.
  if (value)
    object[key] = std::isfinite(double(*value)) ? json::Value(*value) : json::Value(nullptr);
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

json::Object toJson(const Summary &summary) {
  json::Object object{{"model", summary.model},
                      {"model_bytes", summary.modelBytes},
                      {"output_bytes", summary.outputBytes},
                      {"weight_bytes", summary.weightBytes},
                      {"calibration_samples", summary.samples}};
  put(object, "target", summary.target);
  put(object, "arena_bytes", summary.arenaBytes);
  put(object, "sqnr_db", summary.sqnr);
  put(object, "ms", summary.latency);
  put(object, "float_ms", summary.floatLatency);
  json::Array nodes;
  for (const NodeSummary &node : summary.nodes)
    nodes.push_back(toJson(node));
  object["nodes"] = std::move(nodes);
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

} // namespace nibble::driver
