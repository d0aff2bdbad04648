// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Widths of weights for a size or an accuracy: what each node's narrower weights cost the outputs is measured with all
// others in 8 bits, and the costs, as squared errors add up, are what a knapsack is filled by.

#include "Compilation.h"
#include "nibble/Dialect/Nibble/RoundedWeights.h"
#include "nibble/Driver/Open.h"
#include "nibble/Quantization/Knapsack.h"
#include "nibble/Support/ElementData.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/Locations.h"
#include "nibble/Support/OutputFile.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace llvm;

namespace nibble::driver {

/// Where as many bits as this are allowed on average, nodes of fewer are not tried.
static constexpr int64_t usualBits = 4;
static constexpr size_t sensitivitySamples = 32;

static std::string getWord(int64_t bits) { return "int" + std::to_string(bits); }

/// Noise by signal of all outputs.
static double getLoss(ArrayRef<Difference> differences) {
  double loss = 0;
  for (const Difference &difference : differences)
    if (const double signal = difference.getMeanSquaredSignal(); signal > 0)
      loss += difference.getMeanSquaredError() / signal;
  return loss;
}

static double toDecibels(double loss) { return loss > 0 ? -10 * std::log10(loss) : INFINITY; }

/// Of weights whose width is settled.
static int64_t getOwnBits(StringRef word) { return word == "float" ? 32 : word.empty() ? 8 : getWeightBits(word); }

namespace {
/// The nodes whose widths are searched for, and how many weights are beside them.
struct Layers {
  MapVector<StringRef, int64_t> weights;
  int64_t others = 0, otherBits = 0;

  Layers(mlir::ModuleOp module, const Plan &plan) {
    module.walk([&](mlir::Operation *op) {
      auto product = getProduct(op);
      auto type = product ? cast<mlir::RankedTensorType>(product->weights.getType()) : mlir::RankedTensorType();
      if (!product || !product->weights.getDefiningOp<ConstantOp>())
        return;
      auto planned = plan.nodes.find(getNodeName(op->getLoc()));
      const bool isFree = getWindows(*product) && (planned == plan.nodes.end() || planned->second.weights.empty());
      (isFree ? weights[getNodeName(op->getLoc())] : others) += type.getNumElements();
      if (!isFree)
        otherBits += type.getNumElements() * getOwnBits(planned == plan.nodes.end() ? "" : planned->second.weights);
    });
  }

  int64_t count() const {
    int64_t count = others;
    for (const auto &entry : weights)
      count += entry.second;
    return count;
  }
};
} // namespace

static int64_t getBytes(int64_t weights, int64_t bits) { return (weights * bits + 7) / 8; }

/// The outputs' differences where the weights of nodes have the widths of `plan`, on some samples.
Expected<std::vector<Difference>> Compilation::tryWidths(const Plan &plan) {
  std::string text;
  raw_string_ostream stream(text);
  nibble::writePlan(plan, stream);
  TemporaryFile file;
  if (Error error = file.write("plan.json", text))
    return std::move(error);
  QuantizeOptions quantize = getQuantizeOptions();
  quantize.plan = file.path.str().str();
  quantize.strict = false;
  if (quantize.method.empty())
    quantize.method = "mse";
  quantize.correctBias = options.quantization.biasCorrection != "off";
  ResourceScope scope(session.context());
  mlir::OwningOpRef<mlir::ModuleOp> copy(module->clone());
  auto build = [&](mlir::PassManager &pm) {
    buildPlanPhase(pm, quantize);
    buildQuantizePhase(pm, quantize);
    buildFoldPhase(pm);
  };
  if (Error error = runQuietly(*copy, build))
    return std::move(error);
  Expected<std::unique_ptr<Executable>> executable = makeProbe(session, *copy);
  if (!executable)
    return executable.takeError();
  return measureDifferences(**executable, ArrayRef(kept).take_front(sensitivitySamples), ownInputs, ownOutputs);
}

/// By how much each node's narrower weights raise the loss, of which all weights in 8 bits have `least`.
Error Compilation::measureSensitivities(const Plan &base, ArrayRef<int64_t> narrow, double &least) {
  const Layers layers(*module, base);
  session.reporter().beginStep("measuring sensitivities", 1 + narrow.size() * layers.weights.size());
  int64_t done = 0;
  auto attempt = [&](const Plan &plan) -> Expected<std::vector<Difference>> {
    auto result = tryWidths(plan);
    session.reporter().advance(++done);
    return result;
  };
  Expected<std::vector<Difference>> all = attempt(base);
  if (!all)
    return all.takeError();
  least = getLoss(*all);
  for (const auto &[node, count] : layers.weights) {
    SensitivitySummary entry;
    entry.node = node.str();
    entry.weights = count;
    entry.sqnrs[8] = toDecibels(least);
    for (int64_t bits : narrow) {
      Plan plan = base;
      plan.nodes[entry.node].weights = getWord(bits);
      Expected<std::vector<Difference>> differences = attempt(plan);
      if (!differences)
        return differences.takeError();
      entry.sqnrs[bits] = toDecibels(getLoss(*differences));
    }
    summary.sensitivities.push_back(std::move(entry));
  }
  return Error::success();
}

/// The widths that were tried, from the least.
static std::vector<int64_t> getWidths(const SensitivitySummary &node) {
  return std::vector<int64_t>(make_first_range(node.sqnrs).begin(), make_first_range(node.sqnrs).end());
}

/// For each node its widths: their bits, and the loss that they add.
static std::vector<std::vector<KnapsackOption>> makeItems(ArrayRef<SensitivitySummary> nodes) {
  std::vector<std::vector<KnapsackOption>> items;
  for (const SensitivitySummary &node : nodes) {
    auto loss = [&](int64_t bits) { return std::pow(10.0, -node.sqnrs.at(bits) / 10); };
    std::vector<KnapsackOption> &options = items.emplace_back();
    for (int64_t bits : getWidths(node))
      options.push_back({node.weights * bits, std::max(0.0, loss(bits) - loss(8))});
  }
  return items;
}

static Plan makePlan(Plan plan, ArrayRef<SensitivitySummary> nodes, const KnapsackChoice &choice) {
  for (auto [node, option] : zip_equal(nodes, choice.options))
    plan.nodes[node.node].weights = getWord(getWidths(node)[option]);
  return plan;
}

/// The least size on the front that measures as well as was asked for: the front is halved again and again.
Expected<KnapsackChoice> Compilation::findAccurate(const Plan &base, ArrayRef<KnapsackChoice> front) {
  const double wanted = *options.quantization.outputSqnr;
  size_t low = 0, high = front.size() - 1;
  auto measure = [&](size_t at) -> Expected<double> {
    Expected<std::vector<Difference>> differences = tryWidths(makePlan(base, summary.sensitivities, front[at]));
    return differences ? Expected<double>(toDecibels(getLoss(*differences))) : differences.takeError();
  };
  Expected<double> most = measure(high);
  if (!most)
    return most.takeError();
  if (*most < wanted)
    return makeError("output-sqnr " + formatSqnr(wanted) +
                     " cannot be reached by weights of 8 bits or fewer: 8 bits give " + formatSqnr(*most) +
                     " on the calibration inputs");
  while (low < high) {
    const size_t middle = (low + high) / 2;
    Expected<double> sqnr = measure(middle);
    if (!sqnr)
      return sqnr.takeError();
    if (*sqnr < wanted)
      low = middle + 1;
    else
      high = middle;
  }
  return front[low];
}

/// What the options allow all weights to take, in bits; an error if no widths do.
static Expected<int64_t> getBudget(const QuantizationOptions &options, const Layers &layers, int64_t fixed) {
  const int64_t count = layers.count(), least = 2 * (count - layers.others) + fixed;
  int64_t budget = std::numeric_limits<int64_t>::max();
  if (options.maxBytes)
    budget = *options.maxBytes * 8;
  if (options.avgBits)
    budget = std::min(budget, static_cast<int64_t>(*options.avgBits * static_cast<double>(count)));
  if (budget >= least)
    return budget;
  if (options.maxBytes)
    return makeError("max-bytes " + Twine(*options.maxBytes) + " is too few: the weights take " +
                     Twine((least + 7) / 8) + " bytes in the narrowest form, of 2 bits where there is a choice");
  auto format = [](double bits) { return formatv("{0:f2}", bits).str(); };
  return makeError("avg-bits " + format(*options.avgBits) + " is too few: the weights have " +
                   format(double(least) / double(count)) + " bits on average in the narrowest form");
}

Error Compilation::searchPlan() {
  const QuantizationOptions &wanted = options.quantization;
  if (!wanted.isSearch())
    return Error::success();
  if (kept.empty())
    return makeError("a search for widths of weights needs calibration data (--calib), on which it measures each node");
  Expected<Plan> base = readPlanFile(wanted.plan);
  if (!base)
    return base.takeError();
  const Layers layers(*module, *base);
  if (layers.weights.empty())
    return makeError("there is nothing to search: no node has weights whose width is free");
  const int64_t fixed = layers.otherBits;
  Expected<int64_t> budget = getBudget(wanted, layers, fixed);
  if (!budget)
    return budget.takeError();
  double least = 0;
  SmallVector<int64_t> narrow = {4};
  if (*budget - fixed < usualBits * (layers.count() - layers.others) || wanted.outputSqnr)
    narrow.push_back(2);
  if (Error error = measureSensitivities(*base, narrow, least))
    return error;
  const std::vector<std::vector<KnapsackOption>> items = makeItems(summary.sensitivities);
  const std::vector<KnapsackChoice> front = getFront(items);
  KnapsackSolution solution = *solveKnapsack(items, *budget - fixed);
  if (wanted.outputSqnr) {
    session.reporter().beginStep("searching the front", std::nullopt);
    Expected<KnapsackChoice> accurate = findAccurate(*base, front);
    if (!accurate)
      return accurate.takeError();
    if (accurate->cost + fixed > *budget)
      return makeError("output-sqnr " + formatSqnr(*wanted.outputSqnr) + " needs weights of " +
                       Twine((accurate->cost + fixed + 7) / 8) + " bytes, more than was allowed");
    solution = {*accurate, accurate->loss};
  }
  describeSearch(front, solution.choice, least, fixed, layers.count());
  summary.searchSqnr = toDecibels(least + solution.choice.loss);
  summary.searchBound = toDecibels(least + solution.bound);
  return usePlan(makePlan(*base, summary.sensitivities, solution.choice));
}

/// For the summary.
void Compilation::describeSearch(ArrayRef<KnapsackChoice> front, const KnapsackChoice &chosen, double least,
                                 int64_t fixed, int64_t count) {
  for (auto [node, option] : zip_equal(summary.sensitivities, chosen.options))
    node.bits = getWidths(node)[option];
  auto add = [&](const KnapsackChoice &choice, bool isChosen) {
    const int64_t bits = choice.cost + fixed;
    FrontPoint point{getBytes(bits, 1),
                     double(bits) / double(std::max<int64_t>(count, 1)),
                     toDecibels(least + choice.loss),
                     isChosen,
                     {}};
    for (auto [node, option] : zip_equal(summary.sensitivities, choice.options))
      point.widths.push_back(getWidths(node)[option]);
    summary.front.push_back(std::move(point));
  };
  for (const KnapsackChoice &choice : front)
    if (choice.options != chosen.options)
      add(choice, false);
  add(chosen, true);
  llvm::sort(summary.front, [](const FrontPoint &a, const FrontPoint &b) {
    return std::pair(a.bytes, a.sqnr) < std::pair(b.bytes, b.sqnr);
  });
}

/// From here on `plan` is as if it had been given.
Error Compilation::usePlan(const Plan &plan) {
  std::string text;
  raw_string_ostream stream(text);
  nibble::writePlan(plan, stream);
  if (Error error = searchedPlan.write("plan.json", text))
    return error;
  const std::string &file = options.quantization.planOut;
  options.quantization.plan = searchedPlan.path.str().str();
  return file.empty() ? Error::success() : writeFile(file, text);
}

} // namespace nibble::driver
