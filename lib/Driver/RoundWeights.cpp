// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights of fewer than 8 bits are rounded by what they are multiplied by: the samples that calibration kept are run
// again, and the second moments of each product's input are measured, of as many products at a time as memory allows.

#include "Compilation.h"
#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/RoundedWeights.h"
#include "nibble/Driver/Open.h"
#include "nibble/Quantization/Plan.h"
#include "nibble/Support/ElementData.h"
#include "nibble/Support/Errors.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Pass/PassManager.h"

#include <set>

using namespace llvm;

namespace nibble::driver {

/// Of all moments that are measured in one run.
static constexpr int64_t largestMoments = int64_t(512) << 20;

/// The products whose weights can be rounded, in program order.
static std::vector<Product> findProducts(mlir::ModuleOp module) {
  std::vector<Product> products;
  module.walk([&](mlir::Operation *op) {
    auto product = getProduct(op);
    if (product && getWindows(*product) && isCounted(op))
      products.push_back(*product);
  });
  return products;
}

static int64_t getInputChannels(const Product &product) {
  return cast<mlir::RankedTensorType>(product.input.getType()).getShape().back();
}

static mlir::ElementsAttr makeAttr(mlir::Operation *op, const Moments &moments) {
  const int64_t size = moments.getTaps() + 1;
  const std::vector<float> means = moments.getMeans();
  auto type = mlir::RankedTensorType::get({moments.getGroups(), size, size}, mlir::Float32Type::get(op->getContext()));
  return makeElements(type, ArrayRef(reinterpret_cast<const char *>(means.data()), means.size() * sizeof(float)),
                      "moments");
}

/// Gives some products of the graph, by their positions among all, the moments of their inputs.
Error Compilation::measureMoments(ArrayRef<size_t> chosen) {
  mlir::OwningOpRef<mlir::ModuleOp> probe(module->clone());
  removeObserves(*probe);
  const std::vector<Product> copies = findProducts(*probe), products = findProducts(*module);
  SmallVector<mlir::Value> values;
  std::vector<Moments> moments;
  std::vector<Windows> windows;
  SmallVector<size_t> sources; // of each product, among the values
  for (size_t index : chosen) {
    mlir::Value input = copies[index].input;
    size_t at = find(values, input) - values.begin();
    if (at == values.size())
      values.push_back(input);
    sources.push_back(at);
    moments.emplace_back(*getWindows(copies[index]), getInputChannels(copies[index]));
  }
  auto function = probe->lookupSymbol<mlir::func::FuncOp>("main");
  const size_t own = function.getNumResults();
  returnValues(function, values);
  Expected<std::unique_ptr<Executable>> executable = makeProbe(session, *probe);
  if (!executable)
    return executable.takeError();
  session.reporter().beginStep("measuring moments", kept.size());
  for (auto [done, sample] : enumerate(kept)) {
    Expected<std::vector<Array>> results = (*executable)->run(sample.feed);
    if (!results)
      return results.takeError();
    for (auto [source, each] : zip_equal(sources, moments)) {
      const Array &input = (*results)[own + source];
      each.add(input.as<float>(), input.shape);
    }
    session.reporter().advance(done + 1);
  }
  for (auto [index, each] : zip_equal(chosen, moments))
    products[index].op->setAttr(kMomentsAttr, makeAttr(products[index].op, each));
  return Error::success();
}

/// The attributes go, and the memory that they hold, which the context would keep.
static void dropMoments(mlir::Operation *op) {
  if (auto resource = dyn_cast_or_null<mlir::DenseResourceElementsAttr>(op->removeAttr(kMomentsAttr)))
    resource.getRawHandle().getResource()->setBlob(mlir::AsmResourceBlob());
}

Expected<SmallVector<int64_t>> Compilation::getNarrowWidths() const {
  Expected<Plan> plan = readPlanFile(options.quantization.plan);
  if (!plan)
    return plan.takeError();
  std::set<std::string> words = {options.quantization.weights, plan->standard.weights};
  for (const auto &[name, precision] : plan->nodes)
    words.insert(precision.weights);
  SmallVector<int64_t> widths;
  for (int64_t bits : {4, 2})
    if (options.quantization.isSearch() || words.count("int" + std::to_string(bits)))
      widths.push_back(bits);
  return widths;
}

Error Compilation::roundWeights() {
  Expected<SmallVector<int64_t>> widths = getNarrowWidths();
  if (!widths)
    return widths.takeError();
  const int64_t group = options.quantization.group.value_or(0);
  if (group && widths->empty())
    return makeError(kGroupWithoutNarrow);
  if (group && kept.empty())
    return makeError("group needs calibration data (--calib): a file of ranges does not tell enough of the inputs");
  if (widths->empty() || options.quantization.rounding == "nearest")
    return Error::success();
  // Ranges of a file hold no moments.
  if (kept.empty())
    return options.quantization.rounding == "auto"
               ? Error::success()
               : makeError("rounding '" + options.quantization.rounding +
                           "' needs calibration data (--calib): a file of ranges does not tell enough of the inputs");
  const std::vector<Product> products = findProducts(*module);
  size_t next = 0;
  while (next < products.size()) {
    int64_t bytes = 0;
    std::vector<size_t> chosen;
    for (; next < products.size(); ++next) {
      bytes += Moments::getBytes(*getWindows(products[next]), getInputChannels(products[next]));
      if (!chosen.empty() && bytes > largestMoments)
        break;
      chosen.push_back(next);
    }
    session.reporter().beginStep("measuring moments", kept.size());
    if (Error error = measureMoments(chosen))
      return error;
    session.reporter().beginStep("rounding weights", std::nullopt);
    if (Error error = runQuietly(*module, [&](mlir::PassManager &pm) {
          nibble::GptqOptions gptq;
          nibble::AdaRoundOptions adaRound;
          gptq.bits = adaRound.bits = *widths;
          gptq.group = adaRound.group = group;
          gptq.centred = adaRound.centred = options.quantization.biasCorrection != "off";
          pm.addPass(options.quantization.rounding == "adaround" ? createAdaRound(adaRound) : createGptq(gptq));
        }))
      return error;
    for (size_t index : chosen)
      dropMoments(products[index].op);
  }
  return Error::success();
}

} // namespace nibble::driver
