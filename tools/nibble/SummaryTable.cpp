// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "SummaryTable.h"
#include "Output.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <map>

using namespace llvm;

namespace nibble::driver {

static std::string formatBytes(int64_t bytes) { return formatv("{0:n}", bytes).str(); }

static std::string formatMilliseconds(std::optional<double> time) {
  return time ? formatv("{0:f4} ms", *time).str() : "";
}

static std::string formatDecibels(std::optional<double> sqnr) { return sqnr ? formatv("{0:f1} dB", *sqnr).str() : ""; }

static std::string countPrecisions(const Summary &summary) {
  std::map<std::string, int> counts;
  for (const NodeSummary &node : summary.nodes)
    ++counts[node.precision];
  std::string text;
  for (const auto &[precision, count] : counts)
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + precision;
  return text;
}

/// The chosen way first.
static std::string formatMethods(ArrayRef<MethodSummary> methods) {
  std::string text;
  for (const MethodSummary &method : methods)
    text += formatv("{0}{1}{2} {3:f1} dB", text.empty() ? "" : ", ", method.method,
                    method.correctBias ? " with bias correction" : "", method.sqnr)
                .str();
  return text;
}

/// The whole, and the steps that are worth knowing of.
static std::string formatSteps(ArrayRef<StepTime> steps) {
  double total = 0;
  for (const StepTime &step : steps)
    total += step.seconds;
  std::string text = formatv("{0:f1} s", total).str();
  StringRef separator = " (";
  for (const StepTime &step : steps) {
    if (step.seconds < 0.1 * total)
      continue;
    text += formatv("{0}{1} {2:f1}", separator, step.name, step.seconds).str();
    separator = ", ";
  }
  return steps.empty() ? "" : text + (separator == ", " ? ")" : "");
}

static void printFloatNodes(const Summary &summary) {
  for (const NodeSummary &node : summary.nodes)
    if (!node.reason.empty())
      outs() << formatv("  {0} ({1}) is {2}: {3}\n", node.node.empty() ? node.value : node.node, node.operation,
                        node.precision, node.reason);
}

void printSummary(const Summary &summary, StringRef output) {
  std::vector<std::vector<std::string>> rows;
  auto add = [&](StringRef what, std::string value) {
    if (!value.empty())
      rows.push_back({what.str(), std::move(value)});
  };
  add("model size", formatBytes(summary.modelBytes) + " B");
  add("output size", formatBytes(summary.outputBytes) + " B");
  add("weights", formatBytes(summary.weightBytes) + " B");
  if (summary.arenaBytes)
    add("arena (peak memory beside weights)", formatBytes(*summary.arenaBytes) + " B");
  add("nodes", countPrecisions(summary));
  add("calibration samples", summary.samples ? formatBytes(summary.samples) : "");
  add("ranges (best of)", formatMethods(summary.methods));
  add("int8 against float (SQNR)", formatDecibels(summary.sqnr));
  add("latency", formatMilliseconds(summary.latency));
  add("latency in float", formatMilliseconds(summary.floatLatency));
  add("target", summary.target);
  add("compilation", formatSteps(summary.steps));
  outs() << output << '\n';
  printTable(rows);
  printFloatNodes(summary);
}

void printNodes(const Summary &summary) {
  std::vector<std::vector<std::string>> rows = {
      {"node", "operation", "precision", "kernel", "weights B", "output B", "ms", "SQNR"}};
  for (const NodeSummary &node : summary.nodes)
    rows.push_back({node.node.empty() ? node.value : node.node, node.operation, node.precision, node.kernel,
                    formatBytes(node.weightBytes), formatBytes(node.outputBytes),
                    node.milliseconds ? formatv("{0:f4}", *node.milliseconds).str() : "", formatDecibels(node.sqnr)});
  printTable(rows);
  printFloatNodes(summary);
}

} // namespace nibble::driver
