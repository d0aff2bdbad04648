// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "SummaryTable.h"
#include "Output.h"
#include "nibble/Driver/Compare.h"
#include "nibble/Driver/Inspect.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace nibble::driver {

static std::string formatBytes(int64_t bytes) { return formatv("{0:n}", bytes).str(); }

static std::string formatDecibels(std::optional<double> sqnr) { return sqnr ? formatSqnr(*sqnr) : ""; }

static std::string formatPrecisions(const Summary &summary) {
  std::string text;
  for (const auto &[precision, count] : summary.precisions)
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + precision;
  return text;
}

/// The chosen way first.
static std::string formatMethods(ArrayRef<MethodSummary> methods) {
  std::string text;
  for (const MethodSummary &method : methods)
    text += formatv("{0}{1}{2} {3}", text.empty() ? "" : ", ", method.method,
                    method.correctBias ? " with bias correction" : "", formatSqnr(method.sqnr))
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

/// What a search found of each node, and of the whole.
static void printSearch(const Summary &summary) {
  if (summary.sensitivities.empty())
    return;
  std::vector<std::vector<std::string>> rows = {{"node", "weights", "bits"}};
  for (const auto &entry : summary.sensitivities.front().sqnrs)
    rows.front().push_back("SQNR of " + std::to_string(entry.first));
  for (const SensitivitySummary &node : summary.sensitivities) {
    rows.push_back({node.node, formatBytes(node.weights), std::to_string(node.bits)});
    for (const auto &entry : node.sqnrs)
      rows.back().push_back(formatSqnr(entry.second));
  }
  printTable(rows);
  for (const FrontPoint &point : summary.front)
    if (point.isChosen)
      outs() << formatv(
          "weights: {0} bytes, {1:f2} bits on average; expected {2}, no choice of this size more than {3}\n",
          formatBytes(point.bytes), point.bits, formatDecibels(summary.searchSqnr),
          formatDecibels(summary.searchBound));
}

static void printFloatNodes(const Summary &summary) {
  for (const NodeSummary &node : summary.nodes)
    if (!node.reason.empty())
      outs() << formatv("  {0} ({1}) is {2}: {3}\n", node.node.empty() ? node.value : node.node, node.operation,
                        node.precision, node.reason);
}

namespace {
/// Rows of float, integers and what is gained.
class ComparisonTable {
public:
  explicit ComparisonTable(StringRef compiled) { rows.push_back({"", "float", compiled.str(), ""}); }
  void addBytes(StringRef what, std::optional<int64_t> before, std::optional<int64_t> after) {
    if (after)
      add(what, before ? formatBytes(*before) + " B" : "", formatBytes(*after) + " B",
          before ? double(*before) / double(std::max<int64_t>(*after, 1)) : 0);
  }
  void addTime(StringRef what, std::optional<double> before, std::optional<double> after) {
    auto format = [](std::optional<double> time) { return time ? formatv("{0:f4} ms", *time).str() : ""; };
    if (after)
      add(what, format(before), format(after), before ? *before / *after : 0);
  }
  void addText(StringRef what, StringRef before, StringRef after) { add(what, before, after, 0); }
  void print() const { printTable(rows); }

private:
  void add(StringRef what, StringRef before, StringRef after, double gain) {
    rows.push_back({what.str(), before.str(), after.str(), gain > 0 ? formatv("{0:f2}x", gain).str() : ""});
  }
  std::vector<std::vector<std::string>> rows;
};
} // namespace

/// What a library has for single sizes.
static void printSpecializations(const Summary &summary) {
  for (const SpecializationSummary &code : summary.specializations)
    outs() << "code for " << describe(code.dims) << ": " << describeMemory(code) << '\n';
}

/// The kernels of the code for single sizes, in the order of their calls.
static void printCalls(const Summary &summary, const SpecializationSummary &code) {
  std::vector<std::vector<std::string>> rows = {{"node", "kernel", "ms"}};
  for (const CallSummary &call : code.calls) {
    const NodeSummary *node = call.node < 0 ? nullptr : &summary.nodes[call.node];
    rows.push_back({!node                ? ""
                    : node->node.empty() ? node->value
                                         : node->node,
                    call.kernel, call.milliseconds ? formatv("{0:f4}", *call.milliseconds).str() : ""});
  }
  outs() << "\ncode for " << describe(code.dims) << ": " << describeMemory(code) << '\n';
  printTable(rows);
}

static std::optional<int64_t> sum(std::optional<int64_t> a, std::optional<int64_t> b) {
  return a && b ? std::optional<int64_t>(*a + *b) : std::nullopt;
}

void printSummary(const Summary &summary, StringRef output) {
  auto has = [&](StringRef precision) {
    return any_of(summary.nodes, [&](const NodeSummary &node) { return node.precision == precision; });
  };
  std::optional<int64_t> weights = summary.arenaBytes ? std::optional<int64_t>(summary.weightBytes) : std::nullopt;
  const StringRef words[] = {"int8", "int4", "int2", "int16"};
  auto word = find_if(words, has);
  ComparisonTable table(word == std::end(words) ? "compiled" : *word);
  table.addBytes("file", summary.modelBytes, summary.outputBytes);
  table.addBytes("weights", summary.floatWeightBytes, weights);
  const std::string where =
      summary.arenaDimension ? formatv(" at dynamic dimensions of {0}", *summary.arenaDimension).str() : "";
  table.addBytes("arena" + where, summary.floatArenaBytes, summary.arenaBytes);
  table.addBytes("peak memory (both)", sum(summary.floatWeightBytes, summary.floatArenaBytes),
                 sum(weights, summary.arenaBytes));
  table.addBytes("code", std::nullopt, summary.codeBytes);
  table.addBytes("flash (code and weights)", std::nullopt, sum(weights, summary.codeBytes));
  table.addBytes("stack", std::nullopt, summary.stackBytes);
  table.addBytes("RAM (arena and stack)", std::nullopt, sum(summary.arenaBytes, summary.stackBytes));
  table.addTime("latency", summary.floatLatency, summary.latency);
  if (summary.sqnr)
    table.addText("SQNR on the calibration data", "", formatDecibels(summary.sqnr));
  outs() << output;
  if (!summary.target.empty())
    outs() << " for " << summary.target;
  if (summary.samples)
    outs() << formatv(", calibrated on {0:n} samples", summary.samples);
  outs() << '\n';
  table.print();
  if (std::string methods = formatMethods(summary.methods); !methods.empty())
    outs() << "ranges (best of): " << methods << '\n';
  printSearch(summary);
  printSpecializations(summary);
  outs() << "nodes: " << formatPrecisions(summary) << '\n';
  printFloatNodes(summary);
  if (std::string steps = formatSteps(summary.steps); !steps.empty())
    outs() << "compiled in " << steps << '\n';
}

void printNodes(const Summary &summary) {
  std::vector<std::vector<std::string>> rows = {
      {"node", "operation", "precision", "kernel", "weights B", "output B", "ms", "SQNR"}};
  for (const NodeSummary &node : summary.nodes)
    rows.push_back({node.node.empty() ? node.value : node.node, node.operation, node.precision, node.kernel,
                    formatBytes(node.weightBytes), formatBytes(node.outputBytes),
                    node.milliseconds ? formatv("{0:f4}", *node.milliseconds).str() : "", formatDecibels(node.sqnr)});
  printTable(rows);
  if (!summary.dims.empty())
    outs() << "bytes of outputs are those at " << describe(summary.dims) << '\n';
  if (!summary.timed.empty())
    outs() << "times are those of the code for " << describe(summary.timed) << '\n';
  printFloatNodes(summary);
  for (const SpecializationSummary &code : summary.specializations)
    printCalls(summary, code);
}

} // namespace nibble::driver
