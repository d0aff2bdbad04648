// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes that int8 harms too much are computed in 16 bits, with dynamic ranges or in float: each is run on exact
// operands, and its error is measured.

#include "Codegen.h"
#include "Compilation.h"
#include "nibble/Driver/Open.h"
#include "nibble/Quantization/Plan.h"
#include "nibble/Support/ElementData.h"
#include "nibble/Support/Errors.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace llvm;

namespace nibble::driver {

static constexpr size_t probeSamples = 4;

Error Compilation::runQuietly(mlir::ModuleOp copy, function_ref<void(mlir::PassManager &)> build) {
  return session.attempt([&] {
    mlir::ScopedDiagnosticHandler quiet(&session.context(), [](mlir::Diagnostic &diagnostic) {
      return mlir::success(diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error);
    });
    mlir::PassManager passes(&session.context());
    passes.enableVerifier(false); // the phases proper verify the same
    build(passes);
    return passes.run(copy);
  });
}

Expected<std::vector<Compilation::Measured>>
Compilation::runProbe(mlir::ModuleOp probe, const QuantizeOptions &quantize, std::vector<IsolatedValue> values) {
  auto makeInteger = [&](mlir::PassManager &pm) {
    buildQuantizePhase(pm, quantize);
    buildFoldPhase(pm);
  };
  if (Error error = runQuietly(probe, makeInteger))
    return std::move(error);
  Expected<std::unique_ptr<Executable>> executable = makeProbe(session, probe);
  if (!executable)
    return executable.takeError();
  std::vector<Measured> measured;
  for (IsolatedValue &value : values)
    measured.emplace_back(std::move(value), Difference());
  for (const KeptSample &sample : ArrayRef(kept).take_front(probeSamples)) {
    Expected<std::vector<Array>> results = (*executable)->run(sample.feed);
    if (!results)
      return results.takeError();
    size_t own = sample.outputs.size();
    for (auto [index, entry] : enumerate(measured))
      if (Error error = entry.second.add((*results)[own + 2 * index], (*results)[own + 2 * index + 1]))
        return std::move(error);
  }
  return measured;
}

/// Computes every value in float and as the plan says, and measures how far they are apart.
Expected<std::vector<Compilation::Measured>> Compilation::measureStatic() {
  ResourceScope scope(session.context());
  mlir::OwningOpRef<mlir::ModuleOp> probe(module->clone());
  QuantizeOptions quantize = getQuantizeOptions();
  quantize.strict = false;
  if (Error error = runQuietly(*probe, [&](mlir::PassManager &pm) { buildPlanPhase(pm, quantize); }))
    return std::move(error);
  std::vector<IsolatedValue> values = isolateErrors(probe->lookupSymbol<mlir::func::FuncOp>("main"));
  return runProbe(*probe, quantize, std::move(values));
}

/// Computes the products of `nodes` in float and with a dynamic range.
Expected<std::vector<Compilation::Measured>> Compilation::measureDynamic(const StringSet<> &nodes) {
  ResourceScope scope(session.context());
  mlir::OwningOpRef<mlir::ModuleOp> probe(module->clone());
  removeObserves(*probe);
  std::vector<IsolatedValue> values = isolateDynamic(probe->lookupSymbol<mlir::func::FuncOp>("main"), nodes);
  if (values.empty())
    return std::vector<Measured>();
  QuantizeOptions quantize = getQuantizeOptions();
  quantize.strict = false;
  return runProbe(*probe, quantize, std::move(values));
}

static std::string formatDecibels(double value) { return formatv("{0:f1} dB", value).str(); }

/// The signal-to-noise ratio that rounding to `value`'s type alone leaves.
static double getRoundingSqnr(const IsolatedValue &value, const Difference &difference) {
  return 10 * std::log10(difference.getMeanSquaredSignal() / (value.scale * value.scale / 12));
}

/// The values below `least`, and those that they read and that need more bits for it.
static std::vector<Suspect> findSuspects(ArrayRef<std::pair<IsolatedValue, Difference>> measured, double least) {
  std::vector<Suspect> suspects;
  StringMap<std::pair<std::string, double>> readers; // of values that are needed more exactly; how much
  for (const auto &[value, difference] : measured) {
    const double sqnr = difference.getSqnr();
    if (!(sqnr < least)) // a value that is always 0 has none
      continue;
    const bool isWide = value.width == 16;
    suspects.push_back(
        {value.name, value.nodes, least,
         (isWide ? "int16" : "int8") + (" gives " + formatDecibels(sqnr)) + ", below " + formatv("{0:f1}", least).str(),
         isWide});
    // More noise than the rounding of the result makes: it comes in with the operands.
    if (difference.getMeanSquaredError() > 4 * value.scale * value.scale / 12 && !value.nodes.empty())
      for (const std::string &operand : value.operands)
        if (auto [entry, isNew] = readers.try_emplace(operand, value.nodes.back(), sqnr);
            !isNew && sqnr < entry->second.second)
          entry->second = {value.nodes.back(), sqnr};
  }
  for (const auto &[value, difference] : measured) {
    auto reader = readers.find(value.name);
    if (reader == readers.end())
      continue;
    // What the reader loses of its operand, the operand has to have more.
    const double needed = least + std::max(0.0, getRoundingSqnr(value, difference) - reader->second.second);
    auto known = find_if(suspects, [&, name = value.name](const Suspect &suspect) { return suspect.value == name; });
    if (known != suspects.end())
      known->needed = std::max(known->needed, needed);
    else
      suspects.push_back(
          {value.name, value.nodes, needed,
           "node '" + reader->second.first + "' needs more than " + std::to_string(value.width) + " bits of its result",
           value.width == 16});
  }
  return suspects;
}

/// Takes the suspects out whose nodes `kind` computes well enough, and adds to the others' findings what it gives.
static void settle(std::vector<Suspect> &suspects, Fallback::Kind kind, StringRef name,
                   ArrayRef<std::pair<IsolatedValue, Difference>> measured, StringMap<Fallback> &fallbacks,
                   StringMap<double> &sqnrs) {
  std::vector<Suspect> left;
  for (Suspect &suspect : suspects) {
    auto entry = find_if(measured, [&](const auto &each) {
      return kind == Fallback::Dynamic ? is_contained(suspect.nodes, each.first.nodes.front())
                                       : each.first.name == suspect.value;
    });
    if (entry == measured.end()) {
      left.push_back(std::move(suspect));
      continue;
    }
    const double sqnr = entry->second.getSqnr();
    suspect.findings += ("; " + name + " gives " + formatDecibels(sqnr)).str();
    if (sqnr < suspect.needed) {
      left.push_back(std::move(suspect));
      continue;
    }
    sqnrs[suspect.value] = sqnr;
    // Beside a dynamic product nothing has this mode.
    for (const std::string &node : suspect.nodes) {
      const bool isOther = kind == Fallback::Dynamic && node != entry->first.nodes.front();
      fallbacks[node] = {isOther ? Fallback::Float : kind, suspect.findings};
    }
  }
  suspects = std::move(left);
}

Error Compilation::tryInt16(std::vector<Suspect> &suspects) {
  for (const Suspect &suspect : suspects)
    for (const std::string &node : suspect.nodes)
      if (!suspect.isWide)
        fallbackNodes[node] = {Fallback::Int16, ""};
  if (fallbackNodes.empty())
    return Error::success();
  session.reporter().beginStep("measuring nodes in int16", std::nullopt);
  if (Error error = writePlan())
    return error;
  Expected<std::vector<Measured>> measured = measureStatic();
  fallbackNodes.clear();
  if (!measured)
    return measured.takeError();
  erase_if(*measured, [&](const Measured &entry) {
    return none_of(suspects, [&](const Suspect &s) { return !s.isWide && s.value == entry.first.name; });
  });
  settle(suspects, Fallback::Int16, "int16", *measured, fallbackNodes, valueSqnrs);
  return Error::success();
}

Error Compilation::tryDynamic(std::vector<Suspect> &suspects) {
  StringSet<> nodes;
  for (const Suspect &suspect : suspects)
    nodes.insert(suspect.nodes.begin(), suspect.nodes.end());
  if (nodes.empty())
    return Error::success();
  session.reporter().beginStep("measuring nodes with dynamic ranges", std::nullopt);
  Expected<std::vector<Measured>> measured = measureDynamic(nodes);
  if (!measured)
    return measured.takeError();
  settle(suspects, Fallback::Dynamic, "a dynamic range", *measured, fallbackNodes, valueSqnrs);
  return Error::success();
}

/// The user's plan with what is to be of the nodes that int8 harms.
Error Compilation::writePlan() {
  Expected<Plan> plan = readPlanFile(options.quantization.plan);
  if (!plan)
    return plan.takeError();
  for (const auto &entry : fallbackNodes) {
    Precision &precision = plan->nodes[entry.first().str()];
    if (entry.second.kind == Fallback::Dynamic) {
      precision.mode = "dynamic";
      precision.weights = "int8"; // as it was measured
    } else {
      precision.activations = entry.second.kind == Fallback::Int16 ? "int16" : "float";
    }
  }
  for (const auto &entry : wideValues)
    plan->values[entry.first().str()] = "int16";
  std::string text;
  raw_string_ostream stream(text);
  nibble::writePlan(*plan, stream);
  return temporaryPlan.write("plan.json", text);
}

/// A plan of integers alone has nothing else for them.
Error Compilation::warnSuspects(ArrayRef<Suspect> suspects) {
  for (const Suspect &suspect : suspects)
    for (const std::string &node : suspect.nodes)
      if (Error error = session.warn("node '" + node +
                                     "' stays in integers, as requant 'fixed' has nothing else: " + suspect.findings))
        return error;
  return Error::success();
}

/// Plans the nodes whose error leaves less than `least`.
Error Compilation::planBelow(ArrayRef<Measured> measured, double least) {
  fallbackNodes.clear();
  std::vector<Suspect> suspects = findSuspects(measured, least);
  if (isFixed(options))
    return warnSuspects(suspects);
  // Activations that were asked for are not widened.
  if (options.quantization.activations == "auto")
    if (Error error = tryInt16(suspects))
      return error;
  if (!avoidDynamic)
    if (Error error = tryDynamic(suspects))
      return error;
  for (const Suspect &suspect : suspects)
    for (const std::string &node : suspect.nodes)
      fallbackNodes[node] = {Fallback::Float, suspect.findings};
  return fallbackNodes.empty() && temporaryPlan.path.empty() ? Error::success() : writePlan();
}

} // namespace nibble::driver
