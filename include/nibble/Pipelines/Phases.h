// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The named phases of a compilation, each a pass pipeline `nibble-phase-<name>`.

#ifndef NIBBLE_PIPELINES_PHASES_H
#define NIBBLE_PIPELINES_PHASES_H

#include "nibble/Dialect/Nibble/Nibble.h"

#include "llvm/ADT/ArrayRef.h"

#include <optional>
#include <string>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace nibble {

/// In the order in which they run. `import` and `package` are no pass pipelines: they read and write files.
enum class Phase { Import, Normalize, Calibrate, Plan, Quantize, Fold, Lower, Codegen, Package };

llvm::ArrayRef<Phase> getPhases();
llvm::StringRef stringifyPhase(Phase phase);
std::optional<Phase> symbolizePhase(llvm::StringRef name);

/// What a person chooses about quantization. The driver's flags and Python's arguments have the same names.
struct QuantizeOptions {
  std::string calibration;           ///< path of the .calib.json; empty: nothing was measured
  std::string method;                ///< how ranges are chosen (RangeMethod); empty: as the calibration file says
  std::string plan;                  ///< path of a plan.json; empty: the defaults for all nodes
  std::string weights = "int8";      ///< int8, int4, int2 or float
  std::string activations = "uint8"; ///< uint8, int8, int8-symmetric, int16 or float
  std::string mode = "static";       ///< static, dynamic or weight-only
  bool perTensor = false;            ///< one scale for all weights of an operation
  bool correctBias = true;           ///< correct biases for the weights' rounding errors, where means are known
  RequantMode requant = RequantMode::Float;
  bool strict = false; ///< an operation that stays in float, and the plan did not say so, is an error
};

/// Folds, layout: the float graph that calibration, planning and float execution share.
void buildNormalizePhase(mlir::OpPassManager &pm);
/// Observes of the values whose ranges matter. The calibration itself runs the module that results.
void buildCalibratePhase(mlir::OpPassManager &pm);
/// Ranges of the calibration file and precisions of the plan become types.
void buildPlanPhase(mlir::OpPassManager &pm, const QuantizeOptions &options);
/// Operations between dequantize and quantize become quantized operations.
void buildQuantizePhase(mlir::OpPassManager &pm, const QuantizeOptions &options);
/// Quantized operations become integer operations on bytes.
void buildFoldPhase(mlir::OpPassManager &pm);

/// Registers `nibble-phase-normalize` ... `nibble-phase-fold` for textual pipelines.
void registerPhases();

} // namespace nibble

#endif // NIBBLE_PIPELINES_PHASES_H
