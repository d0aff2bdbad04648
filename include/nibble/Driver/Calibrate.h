// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a float model on samples and measures its values.

#ifndef NIBBLE_DRIVER_CALIBRATE_H
#define NIBBLE_DRIVER_CALIBRATE_H

#include "nibble/Driver/Compare.h"
#include "nibble/Driver/Samples.h"
#include "nibble/Driver/Session.h"
#include "nibble/Quantization/Calibration.h"

namespace nibble::driver {

/// A sample that calibration kept, with the float model's outputs.
struct KeptSample {
  NamedArrays feed;
  std::vector<Array> outputs;
};

struct CalibrationRun {
  Calibration calibration;
  /// The first samples, for measuring what quantization costs; some megabytes at most.
  std::vector<KeptSample> kept;
};

/// Runs `observed`, whose function returns what is to be measured behind its own results, on
/// every sample. Memory does not grow with their number.
llvm::Expected<CalibrationRun> calibrate(Session &session, mlir::ModuleOp observed, Samples &samples);

/// How far the outputs of `executable` are from those of `samples`, which a form of it with these ports has.
llvm::Expected<std::vector<Difference>> measureDifferences(Executable &executable, llvm::ArrayRef<KeptSample> samples,
                                                           llvm::ArrayRef<Port> inputs, llvm::ArrayRef<Port> outputs);

} // namespace nibble::driver

#endif // NIBBLE_DRIVER_CALIBRATE_H
