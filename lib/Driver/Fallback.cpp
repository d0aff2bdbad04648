// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes that int8 harms too much stay in float: each is run in int8 on exact operands, and its error is measured.

#include "Compilation.h"
#include "nibble/Driver/Open.h"
#include "nibble/Quantization/Plan.h"
#include "nibble/Support/Errors.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace llvm;

namespace nibble::driver {

/// Below this signal-to-noise ratio, in dB, a node's result in int8 has little to do with its result in float.
static constexpr double standardMinSqnr = 10;
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

/// Turns a copy of the calibrated graph into one that computes every value in float and in int8.
Expected<std::vector<IsolatedValue>> Compilation::prepareProbe(mlir::ModuleOp probe) {
  QuantizeOptions quantize = getQuantizeOptions();
  quantize.strict = false;
  if (Error error = runQuietly(probe, [&](mlir::PassManager &pm) { buildPlanPhase(pm, quantize); }))
    return std::move(error);
  std::vector<IsolatedValue> values = isolateErrors(probe.lookupSymbol<mlir::func::FuncOp>("main"));
  auto makeInteger = [&](mlir::PassManager &pm) {
    buildQuantizePhase(pm, quantize);
    buildFoldPhase(pm);
  };
  if (Error error = runQuietly(probe, makeInteger))
    return std::move(error);
  return values;
}

Error Compilation::runProbe(mlir::ModuleOp probe, std::vector<IsolatedValue> values) {
  Expected<std::unique_ptr<Executable>> executable = makeExecutable(session, probe, /*threads=*/1, /*optLevel=*/0);
  if (!executable)
    return executable.takeError();
  std::vector<Difference> differences(values.size());
  for (const KeptSample &sample : ArrayRef(kept).take_front(probeSamples)) {
    Expected<std::vector<Array>> results = (*executable)->run(sample.feed);
    if (!results)
      return results.takeError();
    size_t own = sample.outputs.size();
    for (auto [index, difference] : enumerate(differences))
      if (Error error = difference.add((*results)[own + 2 * index], (*results)[own + 2 * index + 1]))
        return error;
  }
  addFallbacks(values, differences);
  return Error::success();
}

void Compilation::addFallbacks(ArrayRef<IsolatedValue> values, ArrayRef<Difference> differences) {
  double least = options.quantization.minSqnr.value_or(standardMinSqnr);
  StringMap<std::string> readers; // of the values that are needed in float
  for (auto [value, difference] : zip_equal(values, differences)) {
    double sqnr = difference.getSqnr();
    valueSqnrs[value.name] = sqnr;
    if (!(sqnr < least)) // a value that is always 0 has none
      continue;
    for (const std::string &node : value.nodes)
      fallbackNodes[node] = formatv("its signal-to-noise ratio in int8 is {0:f1} dB, below {1:f1}", sqnr, least).str();
    // More noise than the rounding of the result makes: it comes in with the operands, and float would not help.
    if (difference.getMeanSquaredError() > 4 * value.scale * value.scale / 12 && !value.nodes.empty())
      for (const std::string &operand : value.operands)
        readers.try_emplace(operand, value.nodes.back());
  }
  for (const IsolatedValue &value : values)
    if (auto reader = readers.find(value.name); reader != readers.end())
      for (const std::string &node : value.nodes)
        fallbackNodes.try_emplace(node, "node '" + reader->second + "' needs more than 8 bits of its result");
}

/// The user's plan with the nodes that stay in float.
Error Compilation::writePlan() {
  Expected<Plan> plan = readPlanFile(options.quantization.plan);
  if (!plan)
    return plan.takeError();
  for (const auto &entry : fallbackNodes)
    plan->nodes[entry.first().str()].activations = "float";
  std::string text;
  raw_string_ostream stream(text);
  nibble::writePlan(*plan, stream);
  return temporaryPlan.write("plan.json", text);
}

Error Compilation::planFallbacks() {
  Expected<bool> needed = needsRanges();
  if (!needed)
    return needed.takeError();
  if (!*needed || kept.empty() || options.quantization.minSqnr == 0.0)
    return Error::success();
  session.reporter().beginStep("measuring each node in int8", std::nullopt);
  mlir::OwningOpRef<mlir::ModuleOp> probe(module->clone());
  Expected<std::vector<IsolatedValue>> values = prepareProbe(*probe);
  if (!values)
    return values.takeError();
  if (Error error = runProbe(*probe, std::move(*values)))
    return error;
  return fallbackNodes.empty() ? Error::success() : writePlan();
}

} // namespace nibble::driver
