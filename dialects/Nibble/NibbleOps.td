// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All operations of the nibble dialect, one file a family.

#ifndef NIBBLE_OPS
#define NIBBLE_OPS

include "NibbleDialect.td"
include "NibbleTypes.td"
include "NibbleAttrs.td"
include "NibbleInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

include "NibbleQuantOps.td"
include "NibbleComputeOps.td"
include "NibbleNormOps.td"
include "NibbleElementwiseOps.td"
include "NibbleShapeOps.td"
include "NibbleGatherOps.td"
include "NibbleIntegerOps.td"
include "NibbleScaledOps.td"
include "NibbleSumOps.td"
include "NibbleGenerateOps.td"
include "NibbleControlOps.td"

#endif // NIBBLE_OPS
