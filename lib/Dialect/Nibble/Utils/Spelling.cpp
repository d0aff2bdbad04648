// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Spelling.h"
#include "nibble/Support/Constants.h"

#include <cmath>

using namespace mlir;
using namespace nibble;

std::optional<float> nibble::getUniform(Value value) {
  auto values = getConstantValues<float>(value);
  if (!values || values->empty() || !llvm::all_equal(*values))
    return std::nullopt;
  return values->front();
}

bool nibble::isUniform(Value value, float expected) {
  std::optional<float> uniform = getUniform(value);
  return uniform && std::fabs(*uniform - expected) <= 1e-6f * std::fabs(expected);
}

Value nibble::getOther(Operation *op, float expected) {
  if (isUniform(op->getOperand(1), expected))
    return op->getOperand(0);
  // Of reals an addition commutes too.
  if ((op->hasTrait<OpTrait::IsCommutative>() || isa<AddOp>(op)) && isUniform(op->getOperand(0), expected))
    return op->getOperand(1);
  return Value();
}
