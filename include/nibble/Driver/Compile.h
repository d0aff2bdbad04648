// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From a model to a compiled one: import, normalize, calibrate, quantize, fold, lower, package.

#ifndef NIBBLE_DRIVER_COMPILE_H
#define NIBBLE_DRIVER_COMPILE_H

#include "nibble/Driver/Options.h"
#include "nibble/Driver/Samples.h"
#include "nibble/Driver/Session.h"
#include "nibble/Driver/Summary.h"
#include "nibble/Quantization/Calibration.h"
#include "nibble/Support/StoredBytes.h"

namespace nibble::driver {

/// Opens the calibration data once the model's inputs are known.
using OpenSamples = llvm::function_ref<llvm::Expected<std::unique_ptr<Samples>>(llvm::ArrayRef<Port> inputs)>;

struct Compiled {
  /// The output file: a library, an object, text ...; empty where `stopAfter` ended before.
  StoredBytes bytes;
  /// The graph that code was generated from, for the reference interpreter.
  mlir::OwningOpRef<mlir::ModuleOp> graph;
  /// The C header that goes with a static library or an object.
  std::string header;
  Summary summary;
};

/// Compiles the model at `path`. `openSamples` may be null: then nothing is calibrated, and the options must ask for
/// float or name a calibration file.
llvm::Expected<Compiled> compile(Session &session, llvm::StringRef path, OpenSamples openSamples,
                                 const CompileOptions &options);

/// Measures the values of the model at `path`.
llvm::Expected<Calibration> calibrateModel(Session &session, llvm::StringRef path, OpenSamples openSamples);

/// Quantizes the model at `path` and returns ONNX with QuantizeLinear and DequantizeLinear nodes.
llvm::Expected<Compiled> quantize(Session &session, llvm::StringRef path, OpenSamples openSamples,
                                  const QuantizationOptions &options);

} // namespace nibble::driver

#endif // NIBBLE_DRIVER_COMPILE_H
