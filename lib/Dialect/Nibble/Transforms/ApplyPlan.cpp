// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Quantization/Plan.h"
#include "nibble/Quantization/Roles.h"
#include "nibble/Support/Locations.h"

namespace nibble {
#define GEN_PASS_DEF_APPLYPLAN
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-apply-plan"

using namespace mlir;
using namespace nibble;

namespace {

struct ApplyPlan : nibble::impl::ApplyPlanBase<ApplyPlan> {
  using ApplyPlanBase::ApplyPlanBase;

  /// Errors for the names that the model does not have.
  bool checkNames(const Plan &plan) {
    SmallVector<StringRef> nodes, values;
    getOperation()->walk([&](Operation *op) {
      if (isPlannable(op))
        nodes.push_back(getNodeName(op->getLoc()));
      if (auto observe = dyn_cast<ObserveOp>(op))
        values.push_back(observe.getName());
    });
    bool known = true;
    auto check = [&](const auto &entries, ArrayRef<StringRef> names, StringRef what) {
      for (const auto &entry : entries) {
        if (llvm::is_contained(names, StringRef(entry.first)))
          continue;
        known = false;
        InFlightDiagnostic diagnostic = getOperation()->emitError()
                                        << "plan file '" << file << "' names the " << what << " '" << entry.first
                                        << "', which the quantizable part of the model does not have";
        StringRef nearest = getNearest(entry.first, names);
        if (!nearest.empty())
          diagnostic << "; the nearest name is '" << nearest << "'";
      }
    };
    check(plan.nodes, nodes, "node");
    check(plan.values, values, "value");
    return known;
  }

  void runOnOperation() override {
    if (!llvm::is_contained(getWeightWords(), weights)) {
      getOperation()->emitError() << "unknown weights '" << weights << "': expected int8, int4, int2 or float";
      return signalPassFailure();
    }
    if (mode != "static" && mode != "dynamic" && mode != "weight-only") {
      getOperation()->emitError() << "unknown mode '" << mode << "': expected static, dynamic or weight-only";
      return signalPassFailure();
    }
    llvm::Expected<Plan> read = readPlanFile(file);
    if (!read) {
      getOperation()->emitError() << llvm::toString(read.takeError());
      return signalPassFailure();
    }
    Plan plan = std::move(*read);
    if (!checkNames(plan))
      return signalPassFailure();
    if (plan.standard.weights.empty())
      plan.standard.weights = weights;
    if (plan.standard.mode.empty())
      plan.standard.mode = mode;
    if (!plan.standard.activations.empty())
      setActivations(getOperation(), plan.standard.activations);
    getOperation()->walk([&](Operation *op) {
      if (auto observe = dyn_cast<ObserveOp>(op))
        planValue(plan, observe);
      else if (isPlannable(op))
        planNode(plan, op);
    });
  }

  /// What has a quantized form, and tables, which are weights.
  static bool isPlannable(Operation *op) { return hasQuantizedForm(op) || isa<GatherRowsOp>(op); }

  void setActivations(Operation *op, StringRef kind) {
    op->setAttr(kActivationsAttr, StringAttr::get(&getContext(), kind));
  }

  void planValue(const Plan &plan, ObserveOp op) {
    if (auto it = plan.values.find(op.getName().str()); it != plan.values.end())
      setActivations(op, it->second);
  }

  /// A node's own entry counts where it says something, else the default.
  void planNode(const Plan &plan, Operation *op) {
    auto it = plan.nodes.find(getNodeName(op->getLoc()).str());
    Precision precision = plan.standard;
    if (it != plan.nodes.end()) {
      if (!it->second.weights.empty())
        precision.weights = it->second.weights;
      if (!it->second.activations.empty()) {
        precision.activations = it->second.activations;
        setActivations(op, precision.activations);
      }
      if (!it->second.mode.empty())
        precision.mode = it->second.mode;
    }
    const bool isProduct = isa<ConvOp, ConvTransposeOp, MatMulOp>(op), hasWeights = isProduct || isa<GatherRowsOp>(op);
    const bool floatInput = precision.activations == "float" && precision.mode != "weight-only";
    if (floatInput || (precision.weights == "float" && hasWeights)) {
      op->setAttr(kPrecisionAttr, StringAttr::get(&getContext(), "float"));
      ++planned;
      return;
    }
    if (isProduct && getWeightBits(precision.weights) < 8) {
      op->setAttr(kWeightsAttr, StringAttr::get(&getContext(), precision.weights));
      ++narrowed;
    }
    if (precision.mode != "static") {
      op->setAttr(kPrecisionAttr, StringAttr::get(&getContext(), precision.mode));
    } else if (it != plan.nodes.end()) {
      op->setAttr(kPrecisionAttr, StringAttr::get(&getContext(), "int8"));
    }
  }
};

} // namespace
