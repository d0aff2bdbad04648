// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Quantization/CalibrationFile.h"
#include "nibble/Quantization/Roles.h"

#include "llvm/ADT/StringSet.h"

namespace nibble {
#define GEN_PASS_DEF_READCALIBRATION
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-read-calibration"

using namespace mlir;
using namespace nibble;

namespace {

struct ReadCalibration : nibble::impl::ReadCalibrationBase<ReadCalibration> {
  using ReadCalibrationBase::ReadCalibrationBase;

  InFlightDiagnostic fail() {
    signalPassFailure();
    return getOperation()->emitError();
  }

  /// Whether the file was made for this model.
  bool checkModel(const Calibration &calibration) {
    auto hash = getOperation()->getAttrOfType<StringAttr>("nibble.model_hash");
    if (!hash || hash.getValue() == calibration.modelHash)
      return true;
    fail() << "calibration file '" << file << "' was made for another model: its hash is '" << calibration.modelHash
           << "', expected '" << hash.getValue() << "'; calibrate again";
    return false;
  }

  /// A value that had no elements in any sample, as the first past of a cache, has no range and stays in float.
  static void drop(ObserveOp op) {
    op.getResult().replaceAllUsesWith(op.getInput());
    op.erase();
  }

  void runOnOperation() override {
    if (file.empty()) {
      fail() << "option 'file' is missing: the path of a .calib.json";
      return;
    }
    llvm::Expected<Calibration> calibration = readCalibrationFile(file);
    if (!calibration) {
      fail() << llvm::toString(calibration.takeError());
      return;
    }
    llvm::Expected<RangeMethod> chosen = method.empty() ? calibration->method : RangeMethod::parse(method);
    if (!chosen) {
      fail() << llvm::toString(chosen.takeError());
      return;
    }
    if (!checkModel(*calibration))
      return;
    llvm::StringSet<> seen;
    getOperation()->walk([&](ObserveOp op) {
      seen.insert(op.getName());
      if (auto entry = calibration->values.find(op.getName());
          entry != calibration->values.end() && entry->second.empty())
        return drop(op);
      llvm::Expected<RealRange> range = calibration->getRange(op.getName(), *chosen);
      if (!range) {
        llvm::consumeError(range.takeError());
        op.emitError() << "value '" << op.getName() << "' has no entry in calibration file '" << file
                       << "'; calibrate again";
        return signalPassFailure();
      }
      op.setRange(ArrayRef<float>{range->min, range->max});
      RealRange extremes = llvm::cantFail(calibration->getRange(op.getName(), RangeMethod()));
      op->setAttr(kExtremesAttr, DenseF32ArrayAttr::get(&getContext(), {extremes.min, extremes.max}));
      std::vector<float> means = calibration->getMeans(op.getName());
      if (!means.empty())
        op->setAttr(kMeansAttr, DenseF32ArrayAttr::get(&getContext(), means));
      ++read;
    });
    for (const auto &entry : calibration->values)
      if (!seen.contains(entry.first))
        fail() << "calibration file '" << file << "' has an entry for '" << entry.first
               << "', which no value of this model is named; calibrate again";
  }
};

} // namespace
