// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Pipelines/Phases.h"
#include "nibble/Codegen/Compile.h"
#include "nibble/Dialect/Nibble/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace nibble;

static constexpr std::pair<Phase, llvm::StringLiteral> kNames[] = {
    {Phase::Import, "import"}, {Phase::Normalize, "normalize"}, {Phase::Calibrate, "calibrate"},
    {Phase::Plan, "plan"},     {Phase::Quantize, "quantize"},   {Phase::Fold, "fold"},
    {Phase::Lower, "lower"},   {Phase::Codegen, "codegen"},     {Phase::Package, "package"}};

ArrayRef<Phase> nibble::getPhases() {
  static const SmallVector<Phase> phases = llvm::map_to_vector(kNames, [](const auto &entry) { return entry.first; });
  return phases;
}

StringRef nibble::stringifyPhase(Phase phase) { return kNames[static_cast<size_t>(phase)].second; }

std::optional<Phase> nibble::symbolizePhase(StringRef name) {
  for (const auto &[phase, spelling] : kNames)
    if (spelling == name)
      return phase;
  return std::nullopt;
}

void nibble::buildNormalizePhase(OpPassManager &pm) {
  // Folders first: shape arithmetic and identities hide patterns.
  pm.addPass(createCanonicalizerPass());
  // Constants before whatever asks for constant weights and parameters.
  pm.addPass(createFoldConstants());
  // One mean of each value, so that patterns meet in it.
  pm.addPass(createCSEPass());
  // Norms and masks before affine folding, which would take their scales for those of products.
  pm.addPass(createFuseNorms());
  pm.addPass(createFuseMasks());
  // Activations before affine folding, which would take the product of x * clip(x + 3, 0, 6) / 6 apart.
  pm.addPass(createFuseActivations());
  // What remains of batch normalization as mul and add may still fold behind it.
  pm.addPass(createFoldBatchNorm());
  pm.addPass(createFoldAffine());
  // Reductions and pads speak of NCHW or NHWC dimensions, so both precede the layout.
  pm.addPass(createReduceToPool());
  pm.addPass(createConvertLayout());
  pm.addPass(createSinkTransposes());
  // Only behind sunk transposes do a pad and its convolution meet.
  pm.addPass(createFoldPads());
  // Last: a reshape in place of a transpose would stop one that still moves.
  pm.addPass(createAbsorbTransposes());
  // Only NHWC products, and behind folded normalizations, show what their weights leave out.
  pm.addPass(createRemoveDeadChannels());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  // What a quantized model quantizes: these change no float model. Types first, as they take clips away.
  pm.addPass(createNarrowTypes());
  pm.addPass(createQuantizeOps());
  pm.addPass(createEliminateRequantize());
  // What the transposes at the border say of the model's own inputs and outputs.
  pm.addPass(createArrangeImages());
}

void nibble::buildCalibratePhase(OpPassManager &pm) { pm.addPass(createInsertObservers()); }

void nibble::buildPlanPhase(OpPassManager &pm, const QuantizeOptions &options) {
  if (!options.calibration.empty())
    pm.addPass(createReadCalibration({options.calibration, options.method}));
  // The plan before the types, which it chooses.
  pm.addPass(createApplyPlan({options.plan, options.weights, options.mode}));
  // The plan's word goes first: tails that it names are as it says. Fixed-point plans are for machines without floats.
  if (options.requant == RequantMode::Float)
    pm.addPass(createKeepTails());
  // While observes still hold the means, and the plan says which weights are rounded.
  if (options.correctBias)
    pm.addPass(createCorrectBias({options.perTensor}));
  pm.addPass(createAssignTypes({options.activations, options.perTensor}));
}

void nibble::buildQuantizePhase(OpPassManager &pm, const QuantizeOptions &options) {
  // Not before: up to here, what is measured is compared with the float weights.
  pm.addPass(createStoreWeights());
  pm.addPass(createQuantizeOps({options.perTensor, options.requant}));
  // What static quantization left: its results tell which inputs cannot be negative.
  pm.addPass(createQuantizeDynamic({options.perTensor, options.activations == "int8"}));
  pm.addPass(createQuantizeWeights({options.perTensor}));
  pm.addPass(createQuantizeTables());
  // Conversions between types remain where a value had to serve operations of different types.
  pm.addPass(createEliminateRequantize({options.requant}));
  // Last: it looks at what no pass before could quantize.
  pm.addPass(createReportFloat({options.strict}));
}

void nibble::buildFoldPhase(OpPassManager &pm) {
  // Integer weights of operations that stayed in float.
  FoldConstantsOptions constants;
  constants.dequantize = true;
  pm.addPass(createFoldConstants(constants));
  // Weights that fit 8 bits are what the products' integer forms take.
  pm.addPass(createSplitWeights());
  // Tables, products and scales may fold in any order: each leaves casts between bytes and quantized values.
  pm.addPass(createBuildTables());
  pm.addPass(createFoldZeroPoints());
  pm.addPass(createFoldScales());
  // Only when all producers and consumers speak of bytes do the casts cancel.
  pm.addPass(createFoldStorage());
  pm.addPass(createCSEPass());
  pm.addPass(createFuseEpilogues());
  // Last: the proof is of what runs.
  pm.addPass(createProveAccumulators());
}

namespace {

struct PlanOptions : PassPipelineOptions<PlanOptions> {
  Option<std::string> calibration{*this, "calibration", llvm::cl::desc("path of the .calib.json")};
  Option<std::string> method{*this, "method", llvm::cl::desc("minmax, percentile:P, mse or entropy")};
  Option<std::string> plan{*this, "plan", llvm::cl::desc("path of a plan.json")};
  Option<std::string> weights{*this, "weights", llvm::cl::desc("int8, int4, int2 or float"), llvm::cl::init("int8")};
  Option<std::string> activations{*this, "activations", llvm::cl::desc("uint8, int8, int8-symmetric, int16 or float"),
                                  llvm::cl::init("uint8")};
  Option<std::string> mode{*this, "mode", llvm::cl::desc("static, dynamic or weight-only"), llvm::cl::init("static")};
  Option<bool> perTensor{*this, "per-tensor", llvm::cl::desc("one scale for all weights of an operation")};
  Option<bool> fixed{*this, "fixed", llvm::cl::desc("nothing stays in float for its own sake")};
  Option<bool> correctBias{*this, "correct-bias", llvm::cl::desc("correct biases for the weights' rounding"),
                           llvm::cl::init(true)};
};

struct QuantizePhaseOptions : PassPipelineOptions<QuantizePhaseOptions> {
  Option<bool> perTensor{*this, "per-tensor", llvm::cl::desc("one scale for all weights of an operation")};
  Option<bool> fixed{*this, "fixed", llvm::cl::desc("requantize by integers only")};
  Option<bool> strict{*this, "strict", llvm::cl::desc("fail where an operation stays in float unplanned")};
};

} // namespace

void nibble::registerPhases() {
  PassPipelineRegistration<>("nibble-phase-normalize", "Fold and rewrite the float graph; NHWC inside",
                             buildNormalizePhase);
  PassPipelineRegistration<>("nibble-phase-calibrate", "Mark the values whose ranges calibration measures",
                             buildCalibratePhase);
  PassPipelineRegistration<PlanOptions>("nibble-phase-plan", "Choose the type of each value by calibration and plan",
                                        [](OpPassManager &pm, const PlanOptions &from) {
                                          QuantizeOptions options;
                                          options.calibration = from.calibration;
                                          options.method = from.method;
                                          options.plan = from.plan;
                                          options.weights = from.weights;
                                          options.activations = from.activations;
                                          options.mode = from.mode;
                                          options.perTensor = from.perTensor;
                                          options.correctBias = from.correctBias;
                                          options.requant = from.fixed ? RequantMode::Fixed : RequantMode::Float;
                                          buildPlanPhase(pm, options);
                                        });
  PassPipelineRegistration<QuantizePhaseOptions>("nibble-phase-quantize", "Turn float operations into quantized ones",
                                                 [](OpPassManager &pm, const QuantizePhaseOptions &from) {
                                                   QuantizeOptions options;
                                                   options.perTensor = from.perTensor;
                                                   options.requant =
                                                       from.fixed ? RequantMode::Fixed : RequantMode::Float;
                                                   options.strict = from.strict;
                                                   buildQuantizePhase(pm, options);
                                                 });
  PassPipelineRegistration<>("nibble-phase-fold", "Turn quantized operations into integer operations on bytes",
                             buildFoldPhase);
}
