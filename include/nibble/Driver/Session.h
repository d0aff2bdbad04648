// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One run of the driver: the MLIR context, its diagnostics as errors, and whom
// to tell of warnings and progress.

#ifndef NIBBLE_DRIVER_SESSION_H
#define NIBBLE_DRIVER_SESSION_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nibble::driver {

/// Hears of what happens; a terminal or Python.
class Reporter {
public:
  virtual ~Reporter();
  virtual void warn(llvm::StringRef message) {}
  virtual void note(llvm::StringRef message) {}
  /// A step of long work begins; `total` units, if known.
  virtual void beginStep(llvm::StringRef name, std::optional<int64_t> total) {}
  virtual void advance(int64_t done) {}
  virtual void endStep() {}
};

/// How long a step of a compilation took.
struct StepTime {
  std::string name;
  double seconds;
};

/// Passes everything on, and takes the time of each step.
class StepTimer : public Reporter {
public:
  explicit StepTimer(Reporter &listener) : listener(listener) {}
  void warn(llvm::StringRef message) override { listener.warn(message); }
  void note(llvm::StringRef message) override { listener.note(message); }
  void beginStep(llvm::StringRef name, std::optional<int64_t> total) override;
  void advance(int64_t done) override { listener.advance(done); }
  void endStep() override;
  /// The steps that ended, in order.
  const std::vector<StepTime> &steps() const { return times; }

private:
  void stop();

  Reporter &listener;
  std::optional<std::string> current;
  std::chrono::steady_clock::time_point begin;
  std::vector<StepTime> times;
};

class Session {
public:
  /// `strict` makes every warning an error.
  explicit Session(Reporter &reporter, bool strict = false);
  ~Session();

  /// Gives the unknown extents of ONNX models that are loaded from here on these values, by name.
  void fixDims(std::map<std::string, int64_t> dims) { fixedDims = std::move(dims); }

  mlir::MLIRContext &context() { return *mlirContext; }
  StepTimer &reporter() { return listener; }

  /// Runs `action`. If it fails, or warns in a strict session, the error holds the text of its diagnostics. Remarks for
  /// which `takeRemark` returns true are not reported.
  llvm::Error attempt(llvm::function_ref<mlir::LogicalResult()> action,
                      llvm::function_ref<bool(mlir::Location, llvm::StringRef)> takeRemark = nullptr);

  /// A warning that is no diagnostic of MLIR: reported, or an error in a strict
  /// session.
  llvm::Error warn(const llvm::Twine &message);

  /// Loads a model: .onnx, or .mlir and .mlirbc with all their weights.
  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> load(llvm::StringRef path);

private:
  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> import(llvm::StringRef path);
  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> parse(llvm::StringRef path);

  std::unique_ptr<mlir::MLIRContext> mlirContext;
  StepTimer listener;
  bool strict;
  std::map<std::string, int64_t> fixedDims;
};

} // namespace nibble::driver

#endif // NIBBLE_DRIVER_SESSION_H
