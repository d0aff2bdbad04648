// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One compilation on its way through the phases.

#ifndef NIBBLE_LIB_DRIVER_COMPILATION_H
#define NIBBLE_LIB_DRIVER_COMPILATION_H

#include "Instrument.h"
#include "PhaseRunner.h"
#include "nibble/Codegen/Compile.h"
#include "nibble/Driver/Calibrate.h"
#include "nibble/Driver/Compare.h"
#include "nibble/Driver/Compile.h"
#include "nibble/Driver/Inspect.h"
#include "nibble/Quantization/Knapsack.h"
#include "nibble/Quantization/Plan.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringSet.h"

namespace nibble::driver {

/// A file that goes with its object.
struct TemporaryFile {
  llvm::SmallString<128> path;
  TemporaryFile() = default;
  TemporaryFile(const TemporaryFile &) = delete;
  TemporaryFile &operator=(const TemporaryFile &) = delete;
  ~TemporaryFile();
  llvm::Error write(llvm::StringRef suffix, llvm::StringRef content);
};

/// How a node is computed that int8 harms, and why.
struct Fallback {
  enum Kind { Int16, Dynamic, Float } kind = Float;
  std::string reason;
};

/// A value that int8 harms, or that another node needs more exactly than int8 makes it.
struct Suspect {
  std::string value;
  std::vector<std::string> nodes; // that compute it
  double needed;                  // signal-to-noise ratio in dB
  std::string findings;           // as far as is known
  bool isWide;                    // measured in 16 bits already
};

/// Takes the observes out of a graph.
void removeObserves(mlir::ModuleOp module);

class Compilation {
public:
  static llvm::Expected<std::unique_ptr<Compilation>> create(Session &session, llvm::StringRef path,
                                                             const CompileOptions &options);

  /// Runs the phases up to quantize, or the one to stop after.
  llvm::Error runToQuantize(OpenSamples open);
  /// Runs the phases up to fold, or the one to stop after.
  llvm::Error runToFold(OpenSamples open);
  /// Generates and packages code.
  llvm::Expected<Compiled> emit();

  /// Takes the time of each node's kernels, once code was generated.
  llvm::Error measureNodes(Summary &summary);

  const std::optional<Calibration> &getMeasured() const { return measured; }
  bool isDone() const { return phases.isDone(); }
  /// The IR behind the phase to stop after.
  llvm::SmallVector<char, 0> print() const;
  Compiled finish(StoredBytes bytes);

  mlir::OwningOpRef<mlir::ModuleOp> module;
  bool avoidDynamic = false; // the result has no form of dynamic ranges

private:
  Compilation(Session &session, llvm::StringRef path, const CompileOptions &options, PhaseRunner phases)
      : session(session), path(path.str()), options(options), phases(std::move(phases)) {}

  llvm::Error import();
  llvm::Error normalize();
  /// Whether some node is to be quantized by ranges that calibration measures.
  llvm::Expected<bool> needsRanges() const;
  llvm::Error calibrate(OpenSamples open);
  llvm::Error measureRanges(Samples &samples);
  llvm::Error keepRanges();
  llvm::Error lower(const CodegenOptions &codegen);
  llvm::Error checkSpecializations(const CompiledModel &model);
  llvm::Expected<Compiled> packageAll(CompiledModel model);
  bool isCode() const;
  llvm::Error measureQuality(const CompiledModel &model);
  llvm::Error measureFloat();
  void summarizeGraph(const CompiledModel *model);
  llvm::Error quantize();
  llvm::Error fold();
  QuantizeOptions getQuantizeOptions() const;

  /// Runs passes on a copy of the graph, whose phases proper say again what they remark.
  llvm::Error runQuietly(mlir::ModuleOp copy, llvm::function_ref<void(mlir::PassManager &)> build);
  /// Rounds the weights of fewer than 8 bits by the moments of their inputs, which the samples that were kept give.
  llvm::Error roundWeights();
  llvm::Error measureMoments(llvm::ArrayRef<size_t> products);
  /// The widths that some node's weights may get.
  llvm::Expected<llvm::SmallVector<int64_t>> getNarrowWidths() const;

  /// Chooses the widths of weights for a size or an accuracy, by what each node's weights by themselves cost.
  llvm::Error searchPlan();
  llvm::Error measureSensitivities(const Plan &base, llvm::ArrayRef<int64_t> narrow, double &least);
  llvm::Expected<KnapsackChoice> findAccurate(const Plan &base, llvm::ArrayRef<KnapsackChoice> front);
  void describeSearch(llvm::ArrayRef<KnapsackChoice> front, const KnapsackChoice &chosen, double least, int64_t fixed,
                      int64_t count);
  llvm::Error usePlan(const Plan &plan);
  llvm::Expected<std::vector<Difference>> tryWidths(const Plan &plan);

  /// Chooses how ranges are made of what was measured, by what each way gives on the samples that were kept.
  llvm::Error chooseMethod();
  bool mayChooseMode() const;
  llvm::Error chooseMode();
  llvm::Expected<MethodSummary> tryMethod(const MethodSummary &method);
  llvm::Expected<double> measureOutputs(QuantizeOptions quantize);

  /// Plans nodes whose error in int8 is too large in 16 bits, with a dynamic range or in float: the first that holds,
  /// measured by running each on exact operands. Where the outputs stay bad, more of the nodes have too large errors.
  llvm::Error planFallbacks();
  void addFindings(NodeSummary &node) const;
  const Fallback *findFallback(llvm::StringRef node) const;
  using Measured = std::pair<IsolatedValue, Difference>;
  llvm::Expected<std::vector<Measured>> measureStatic();
  llvm::Expected<std::vector<Measured>> measureDynamic(const llvm::StringSet<> &nodes);
  llvm::Expected<std::vector<Measured>> runProbe(mlir::ModuleOp probe, const QuantizeOptions &quantize,
                                                 std::vector<IsolatedValue> values);
  llvm::Error planBelow(llvm::ArrayRef<Measured> measured, double least);
  llvm::Error tryInt16(std::vector<Suspect> &suspects);
  llvm::Error tryDynamic(std::vector<Suspect> &suspects);
  llvm::Error warnSuspects(llvm::ArrayRef<Suspect> suspects);
  llvm::Error writePlan();

  /// Gives 16 bits to the values whose rounding costs the outputs most, which have `before` dB. Keeps it if it helps.
  llvm::Error widenValues(double before);
  llvm::Expected<std::vector<SwitchedValue>> chooseWide();

  Session &session;
  std::string path;
  CompileOptions options;
  std::string name; // prefix of all symbols
  PhaseRunner phases;
  Summary summary;
  std::vector<KeptSample> kept;
  std::vector<Port> ownInputs, ownOutputs;      // as calibration had them
  mlir::OwningOpRef<mlir::ModuleOp> floatGraph; // for comparison
  mlir::OwningOpRef<mlir::ModuleOp> lowered, functions;
  std::optional<CompiledModel> code;
  std::string calibrationFile;
  std::optional<Calibration> measured;
  std::optional<MethodSummary> method; // chosen
  std::string chosenMode, modeReason;  // in place of the one asked for; empty if none is
  TemporaryFile temporaryCalibration, temporaryPlan, searchedPlan;
  llvm::StringMap<double> valueSqnrs;      // by value name
  llvm::StringMap<Fallback> fallbackNodes; // that int8 harms
  llvm::StringSet<> wideValues;            // that harm the outputs in int8
  llvm::StringMap<std::string> wideNodes;  // that make or read them, and why
};

} // namespace nibble::driver

#endif // NIBBLE_LIB_DRIVER_COMPILATION_H
