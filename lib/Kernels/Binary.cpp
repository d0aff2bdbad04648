// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise kernels of two operands.

#include "Box.h"
#include "ByteArith.h"
#include "VectorArith.h"
#include "nibble/Support/Functions.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static bool isFloat(const BinaryParams &params) { return params.output == ElementKind::F32; }

static Box binaryBox(const BinaryParams &params) {
  return mergeDimensions({params.shape,
                          {{bytesOf(params.lhs), params.lhsStrides},
                           {bytesOf(params.rhs), params.rhsStrides},
                           {bytesOf(params.output), params.outputStrides}}});
}

static std::string whyNoFloat(const BinaryParams &params) {
  if (params.lhs != ElementKind::F32 || params.rhs != ElementKind::F32)
    return "operands of bytes and a float result";
  return "";
}

static std::string whyNoInteger(const BinaryParams &params) {
  if (params.kind != BinaryKind::Add && params.kind != BinaryKind::Mul)
    return "no integer arithmetic of this kind";
  if (params.lhs == ElementKind::F32 || params.rhs == ElementKind::F32)
    return "a float operand and a result of bytes";
  for (auto [zeroPoint, kind] : {std::pair(params.lhsZeroPoint, params.lhs), {params.rhsZeroPoint, params.rhs}})
    if (std::string why = whyNotRange({zeroPoint, zeroPoint, zeroPoint}, kind); !why.empty())
      return why;
  if (std::string why = whyNotRange(params.range, params.output); !why.empty())
    return why;
  if (params.kind == BinaryKind::Mul)
    return whyNotMultiplier(params.lhsScale, params.requant);
  if (params.requant == Requant::Fixed && !numerics::toFixedAddition(params.lhsScale, params.rhsScale))
    return "a scale has no fixed-point form";
  return "";
}

std::string nibble::kernels::whyNoBinary(const BinaryParams &params, const ISA &isa) {
  const size_t rank = params.shape.size();
  if (params.lhsStrides.size() != rank || params.rhsStrides.size() != rank || params.outputStrides.size() != rank)
    return "each operand needs one stride a dimension";
  return isFloat(params) ? whyNoFloat(params) : whyNoInteger(params);
}

static StringRef verb(BinaryKind kind) {
  switch (kind) {
  case BinaryKind::Add:
    return "add";
  case BinaryKind::Sub:
    return "sub";
  case BinaryKind::Mul:
    return "mul";
  case BinaryKind::Div:
    return "div";
  case BinaryKind::Min:
    return "min";
  case BinaryKind::Max:
    return "max";
  case BinaryKind::Pow:
    return "pow";
  }
  llvm_unreachable("all kinds are above");
}

std::string nibble::kernels::binaryKernelName(const BinaryParams &params, const ISA &isa) {
  return (spelling(params.lhs) + "_" + spelling(params.rhs) + "_" + spelling(params.output) + "_" + verb(params.kind) +
          "_" + isa.name)
      .str();
}

std::string nibble::kernels::binaryKernelKey(const BinaryParams &params) {
  std::string key;
  llvm::raw_string_ostream os(key);
  Box box = binaryBox(params);
  os << verb(params.kind) << ' ' << spelling(params.lhs) << ' ' << spelling(params.rhs) << ' '
     << spelling(params.output) << ' ' << spelling(box.shape);
  for (const BoxOperand &operand : box.operands)
    os << " by " << spelling(operand.strides);
  if (!isFloat(params))
    os << (params.requant == Requant::Float ? " float " : " fixed ") << spelling(params.lhsScale) << ' '
       << spelling(params.rhsScale) << ' ' << params.lhsZeroPoint << ' ' << params.rhsZeroPoint << ' '
       << spelling(params.range);
  return key;
}

Extent nibble::kernels::binaryTileCount(const BinaryParams &params) { return boxTileCount(binaryBox(params)); }

static Value emitFloat(KernelBuilder &b, BinaryKind kind, Value x, Value y) {
  VectorArith a(b, b.lanesOf(x));
  switch (kind) {
  case BinaryKind::Add:
    return a.add(x, y);
  case BinaryKind::Sub:
    return a.sub(x, y);
  case BinaryKind::Mul:
    return a.mul(x, y);
  case BinaryKind::Div:
    return a.div(x, y);
  case BinaryKind::Min:
    return b.create<arith::MinimumFOp>(x, y);
  case BinaryKind::Max:
    return b.create<arith::MaximumFOp>(x, y);
  case BinaryKind::Pow:
    return functions::pow(a, x, y);
  }
  llvm_unreachable("all kinds are above");
}

static Value emitAddFloat(KernelBuilder &b, const BinaryParams &params, Value x, Value y) {
  const numerics::FloatAddition addition = numerics::toFloatAddition(
      params.lhsScale, params.lhsZeroPoint, params.rhsScale, params.rhsZeroPoint, params.range.zeroPoint);
  return roundClamp(b, fusedSum(b, addition, x, y), {0, params.range.min, params.range.max});
}

static Value emitAddFixed(KernelBuilder &b, const BinaryParams &params, Value x, Value y) {
  VectorArith a(b, b.lanesOf(x));
  const numerics::FixedAddition fixed = *numerics::toFixedAddition(params.lhsScale, params.rhsScale);
  auto product = [&](Value q, int32_t zeroPoint, int32_t factor) {
    Value wide = b.create<arith::ExtSIOp>(b.vec(b.lanesOf(q), b.i64()), a.isub(q, a.i32(zeroPoint)));
    return b.mul(wide, a.i64(factor));
  };
  Value left = product(x, params.lhsZeroPoint, fixed.lhs), right = product(y, params.rhsZeroPoint, fixed.rhs);
  return shiftClamp(b, a.iadd(left, right), a.i64(fixed.s), params.range);
}

static Value emitMul(KernelBuilder &b, const BinaryParams &params, Value x, Value y) {
  VectorArith a(b, b.lanesOf(x));
  Value acc = b.mul(a.isub(x, a.i32(params.lhsZeroPoint)), a.isub(y, a.i32(params.rhsZeroPoint)));
  return requantize(b, acc, params.lhsScale, params.requant, params.range);
}

static Value emitInteger(KernelBuilder &b, const BinaryParams &params, Value x, Value y) {
  x = widen(b, x, params.lhs);
  y = widen(b, y, params.rhs);
  if (params.kind == BinaryKind::Mul)
    return narrow(b, emitMul(b, params, x, y), params.output);
  const bool isFixed = params.requant == Requant::Fixed;
  return narrow(b, isFixed ? emitAddFixed(b, params, x, y) : emitAddFloat(b, params, x, y), params.output);
}

func::FuncOp nibble::kernels::emitBinary(OpBuilder &builder, Location loc, StringRef symbol, const BinaryParams &params,
                                         const ISA &isa) {
  assert(whyNoBinary(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, boxItemCount(binaryBox(params), isa),
                      [&](KernelBuilder &b, Value args, Value begin, Value end) {
                        const Box box = binaryBox(params);
                        // Two registers of floats, or of what fixed-point equations are half of; else one of results.
                        const bool wide = isFloat(params) || params.requant == Requant::Fixed;
                        const int64_t full = wide ? 2 * isa.lanes() : isa.vectorBits / 8 / bytesOf(params.output);
                        auto row = [&](ArrayRef<Value> pointers, const Extent &length) {
                          emitVectors(b, length, box.isVectorizable() ? full : 1, [&](int64_t lanes, Value first) {
                            Value x = loadRow(b, box, 0, elementType(b, params.lhs), pointers[0], first, lanes);
                            Value y = loadRow(b, box, 1, elementType(b, params.rhs), pointers[1], first, lanes);
                            Value z = isFloat(params) ? emitFloat(b, params.kind, x, y) : emitInteger(b, params, x, y);
                            storeRow(b, box, 2, z, pointers[2], first);
                          });
                        };
                        emitBox(b, box, loadArguments(b, args, 3), begin, end, row);
                      });
}
