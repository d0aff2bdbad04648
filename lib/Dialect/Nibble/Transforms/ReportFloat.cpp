// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/ScaledProducts.h"
#include "nibble/Dialect/Nibble/Storage.h"
#include "nibble/Quantization/Types.h"
#include "nibble/Support/Locations.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace nibble {
#define GEN_PASS_DEF_REPORTFLOAT
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-report-float"

using namespace mlir;
using namespace nibble;

namespace {

bool isFloat(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && isa<FloatType>(tensor.getElementType());
}

bool readsInt16(Operation *op) {
  return llvm::any_of(op->getOperands(), [](Value operand) {
    auto dequantize = operand.getDefiningOp<DequantizeOp>();
    auto type = dequantize ? getPerTensorType(dequantize.getInput()) : quant::UniformQuantizedType();
    return type && isInt16(type) && type.getZeroPoint() == 0;
  });
}

/// Why `op` computes in float.
std::string getReason(Operation *op) {
  if (isPlannedDynamic(op) || isPlannedWeightOnly(op))
    return "mode '" + op->getAttrOfType<StringAttr>(kPrecisionAttr).str() + "' was planned, but " +
           (isPlannedDynamic(op) ? whyNotDynamic(op) : whyNotScaled(op));
  if (isPlannedFloat(op))
    return "the plan says so, or nothing behind it needs 8 bits";
  if (keepsElements(op))
    return "its input is float";
  if (!hasQuantizedForm(op))
    return "it has no quantized form";
  if (!isCounted(op))
    return "calibration measures no values of branches, or of loops that something else than extents ends";
  for (Value operand : getStoredOperands(op))
    if (!isa_and_nonnull<DequantizeOp, ConstantOp>(operand.getDefiningOp()))
      return "its input was not quantized";
  if (getProduct(op) && readsInt16(op))
    return "its 32-bit accumulators could overflow, as an operand has 16 bits";
  return "its result was not quantized";
}

struct ReportFloat : nibble::impl::ReportFloatBase<ReportFloat> {
  using ReportFloatBase::ReportFloatBase;

  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      if (!isa_and_nonnull<NibbleDialect>(op->getDialect()) || op->getNumResults() != 1 ||
          !isFloat(op->getResult(0).getType()) ||
          isa<LoopOp, IfOp, ConstantOp, DequantizeOp, GatherRowsOp, DynamicScaleOp, ScaledConvOp, ScaledMatMulOp,
              DynamicMatMulOp, DynamicEncodingOp, IntToFloatOp>(op))
        return;
      ++kept;
      // A whole model may be planned as dynamic or weight-only; products are all that this concerns.
      const bool planned = isPlannedFloat(op) && !(getProduct(op) && (isPlannedDynamic(op) || isPlannedWeightOnly(op)));
      if (strict && !planned)
        signalPassFailure();
      StringRef name = getNodeName(op->getLoc());
      InFlightDiagnostic diagnostic = strict && !planned ? op->emitError() : op->emitRemark();
      diagnostic << "node '" << name << "' (" << op->getName() << ") stays in float: " << getReason(op);
    });
  }
};

} // namespace
