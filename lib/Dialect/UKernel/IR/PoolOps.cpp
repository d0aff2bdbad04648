// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of pools.

#include "Verify.h"

using namespace mlir;
using namespace nibble::ukernel;

LogicalResult MaxPoolOp::verify() {
  if (failed(verifyDilatedWindow(*this)))
    return failure();
  return verifySameElements(*this, getInput().getType(), getType());
}

LogicalResult AvgPoolOp::verify() {
  if (failed(verifyWindow(*this)) || failed(verifyCount(*this, "zero_points", 2, getZeroPoints().size())) ||
      failed(verifyCount(*this, "clamp", 2, getClamp().size())))
    return failure();
  return verifyKind(*this, getInput().getType(), getType());
}
