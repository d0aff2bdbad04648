// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RealRow.h"
#include "Box.h"
#include "ByteArith.h"

using namespace nibble;
using namespace nibble::kernels;

Value nibble::kernels::loadReals(KernelBuilder &b, const RealOperand &operand, Value pointer, int64_t lanes) {
  Value stored = b.load(b.vec(lanes, elementType(b, operand.kind)), pointer);
  if (operand.kind == ElementKind::F32)
    return stored;
  return dequantize(b, widen(b, stored, operand.kind), operand.scale, operand.range.zeroPoint);
}

void nibble::kernels::storeReals(KernelBuilder &b, const RealOperand &operand, Value reals, Value pointer) {
  if (operand.kind != ElementKind::F32)
    reals = narrow(b, quantize(b, reals, operand.scale, operand.range), operand.kind);
  b.store(reals, pointer);
}

std::string nibble::kernels::whyNotReal(const RealOperand &operand) {
  return operand.kind == ElementKind::F32 ? "" : whyNotScale(operand.scale, operand.range, operand.kind);
}

std::string nibble::kernels::spelling(const RealOperand &operand) {
  std::string kind = spelling(operand.kind).str();
  return operand.kind == ElementKind::F32 ? kind : kind + " " + spelling(operand.scale) + " " + spelling(operand.range);
}
