// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels of elementwise functions.

#include "nibble/Dialect/UKernel/Kernels.h"
#include "nibble/Kernels/Convert.h"
#include "nibble/Support/Functions.h"
#include "nibble/Support/Numerics.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

//===----------------------------------------------------------------------===//
// Binary
//===----------------------------------------------------------------------===//

static LoopNest getNest(BinaryOp op) {
  LoopNest nest(op.getType(), {op.getLhs().getType(), op.getRhs().getType()});
  nest.collapse();
  return nest;
}

std::string BinaryOp::getKernelName(const kernels::ISA &isa) {
  std::string types = spell(getLhs().getType().getElementType()) + "_" + spell(getRhs().getType().getElementType()) +
                      "_" + spell(getType().getElementType());
  return types + "_" + stringifyBinaryKind(getKind()).str() + "_" + isa.name.str();
}
std::string BinaryOp::getKernelKey() { return getGenericKey(*this); }
int64_t BinaryOp::getTileCount() { return getNest(*this).getTileCount(); }
void BinaryOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) { getOriginArguments(*this, arguments); }

int BinaryOp::getInPlaceOperand() {
  if (getLhs().getType() == getType())
    return 0;
  return getRhs().getType() == getType() ? 1 : -1;
}

static Value emitFloatBinary(IRArith &a, BinaryKind kind, Value l, Value r) {
  switch (kind) {
  case BinaryKind::Add:
    return a.add(l, r);
  case BinaryKind::Sub:
    return a.sub(l, r);
  case BinaryKind::Mul:
    return a.mul(l, r);
  case BinaryKind::Div:
    return a.div(l, r);
  case BinaryKind::Pow:
    return functions::pow(a, l, r);
  case BinaryKind::Min:
    return a.minimum(l, r);
  case BinaryKind::Max:
    return a.maximum(l, r);
  }
  llvm_unreachable("unknown kind");
}

// clamp(zp + ((l * ml + r * mr + 2^(s-1)) >> s), lo, hi)
static Value emitFixedAdd(IRArith &a, BinaryOp op, Value l, Value r) {
  auto m = numerics::toFixedAddition(op.getScales()[0], op.getScales()[1]).value_or(numerics::FixedAddition{0, 0, 2});
  Value sum = a.iadd(a.imul(a.toI64(l), a.i64(m.lhs)), a.imul(a.toI64(r), a.i64(m.rhs)));
  Value y = a.iadd(a.ashr(a.iadd(sum, a.i64(int64_t(1) << (m.s - 1))), m.s), a.i64(op.getZeroPoints()[2]));
  return a.truncI32(a.imin(a.imax(y, a.i64(op.getClamp()[0])), a.i64(op.getClamp()[1])));
}

static Value emitByteBinary(IRArith &a, BinaryOp op, Value l, Value r) {
  ArrayRef<int32_t> zp = op.getZeroPoints(), clamp = op.getClamp();
  l = a.isub(l, a.i32(zp[0]));
  r = a.isub(r, a.i32(zp[1]));
  if (op.getKind() == BinaryKind::Mul)
    return a.requantize(a.imul(l, r), op.getScales()[0], op.getFixed(), zp[2], clamp[0], clamp[1]);
  if (op.getFixed())
    return emitFixedAdd(a, op, l, r);
  Value v = a.add(a.mul(a.toF32(l), a.f32(op.getScales()[0])), a.mul(a.toF32(r), a.f32(op.getScales()[1])));
  return a.roundClamp(a.select(a.isNaN(v), a.f32(0.0f), v), zp[2], clamp[0], clamp[1]);
}

LogicalResult BinaryOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  bool floats = getType().getElementType().isF32();
  getNest(*this).emit(builder, getLoc(), symbol, 3, [&](KernelFunction &, IRArith &a, ValueRange v) {
    return floats ? emitFloatBinary(a, getKind(), v[0], v[1]) : emitByteBinary(a, *this, v[0], v[1]);
  });
  return success();
}

//===----------------------------------------------------------------------===//
// Unary
//===----------------------------------------------------------------------===//

using Function = Value (*)(IRArith &, Value, ArrayRef<float>);

static Function lookupFunction(StringRef name) {
  using A = IRArith;
  using P = ArrayRef<float>;
  return llvm::StringSwitch<Function>(name)
      .Case("relu", [](A &a, Value x, P) { return functions::relu(a, x); })
      .Case("sigmoid", [](A &a, Value x, P) { return functions::sigmoid(a, x); })
      .Case("tanh", [](A &a, Value x, P) { return functions::tanh(a, x); })
      .Case("hard_swish", [](A &a, Value x, P) { return functions::hardSwish(a, x); })
      .Case("gelu", [](A &a, Value x, P) { return functions::gelu(a, x); })
      .Case("silu", [](A &a, Value x, P) { return functions::silu(a, x); })
      .Case("softplus", [](A &a, Value x, P) { return functions::softplus(a, x); })
      .Case("erf", [](A &a, Value x, P) { return functions::erf(a, x); })
      .Case("exp", [](A &a, Value x, P) { return functions::exp(a, x); })
      .Case("log", [](A &a, Value x, P) { return functions::log(a, x); })
      .Case("sqrt", [](A &a, Value x, P) { return a.sqrt(x); })
      .Case("reciprocal", [](A &a, Value x, P) { return a.div(a.f32(1.0f), x); })
      .Case("neg", [](A &a, Value x, P) { return functions::neg(a, x); })
      .Case("abs", [](A &a, Value x, P) { return functions::abs(a, x); })
      .Case("floor", [](A &a, Value x, P) { return a.floor(x); })
      .Case("ceil", [](A &a, Value x, P) { return functions::ceil(a, x); })
      .Case("round", [](A &a, Value x, P) { return a.rint(x); })
      .Case("leaky_relu", [](A &a, Value x, P p) { return functions::leakyRelu(a, x, p[0]); })
      .Case("elu", [](A &a, Value x, P p) { return functions::elu(a, x, p[0]); })
      .Case("hard_sigmoid", [](A &a, Value x, P p) { return functions::hardSigmoid(a, x, p[0], p[1]); })
      .Case("clip", [](A &a, Value x, P p) { return functions::clip(a, x, p[0], p[1]); })
      .Default(nullptr);
}

bool nibble::ukernel::isKnownFunction(StringRef name) { return lookupFunction(name) != nullptr; }

unsigned nibble::ukernel::getParameterCount(StringRef name) {
  return llvm::StringSwitch<unsigned>(name)
      .Cases({"leaky_relu", "elu"}, 1)
      .Cases({"hard_sigmoid", "clip"}, 2)
      .Default(0);
}

// One operand, elementwise; `permutation` may be empty.
static LoopNest getNest(Operation *op, ArrayRef<int64_t> permutation = {}) {
  auto input = cast<BufferType>(op->getOperand(0).getType());
  LoopNest nest(cast<BufferType>(op->getResult(0).getType()), {input});
  if (!permutation.empty())
    nest.permute(0, input, permutation);
  nest.collapse();
  return nest;
}

static std::string nameUnary(Operation *op, StringRef function, const kernels::ISA &isa) {
  auto spellValue = [](Value value) { return spell(cast<BufferType>(value.getType()).getElementType()); };
  return spellValue(op->getOperand(0)) + "_" + spellValue(op->getResult(0)) + "_" + function.str() + "_" +
         isa.name.str();
}

std::string UnaryOp::getKernelName(const kernels::ISA &isa) { return nameUnary(*this, getFunction(), isa); }
std::string UnaryOp::getKernelKey() { return getGenericKey(*this); }
int64_t UnaryOp::getTileCount() { return getNest(*this).getTileCount(); }
void UnaryOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) { getOriginArguments(*this, arguments); }
int UnaryOp::getInPlaceOperand() { return getInput().getType() == getType() ? 0 : -1; }

LogicalResult UnaryOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  Function function = lookupFunction(getFunction());
  getNest(*this).emit(builder, getLoc(), symbol, 2,
                      [&](KernelFunction &, IRArith &a, ValueRange v) { return function(a, v[0], getParameters()); });
  return success();
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

// The kernel library's conversion of one image from planes to pixels, where that is what the operation does.
static std::optional<kernels::ConvertParams> getImageConversion(QuantizeOp op) {
  BufferType input = op.getInput().getType(), result = op.getType();
  if (op.getPermutation() != ArrayRef<int64_t>{0, 2, 3, 1} || result.getDim(0) != 1 || !input.isPlain())
    return std::nullopt;
  kernels::ConvertParams params;
  params.output = result.getElementType().isUnsignedInteger() ? kernels::ElementKind::U8 : kernels::ElementKind::S8;
  params.inputLayout = kernels::ImageLayout::Planes;
  params.C = result.getDim(3);
  params.H = result.getDim(1);
  params.W = result.getDim(2);
  params.out = {result.getStrides()[1], result.getStrides()[2]};
  params.scale = op.getScale().convertToFloat();
  params.range = {int32_t(op.getZeroPoint()), op.getClamp()[0], op.getClamp()[1]};
  return params;
}

// As getImageConversion, where the instruction set has the kernel; all have the same tiles.
static bool hasImageKernel(QuantizeOp op) {
  std::optional<kernels::ConvertParams> params = getImageConversion(op);
  return params && llvm::all_of(kernels::getISAs(),
                                [&](const kernels::ISA &isa) { return kernels::whyNoConvert(*params, isa).empty(); });
}

std::string QuantizeOp::getKernelName(const kernels::ISA &isa) {
  return hasImageKernel(*this) ? kernels::convertKernelName(*getImageConversion(*this), isa)
                               : nameUnary(*this, "quantize", isa);
}
std::string QuantizeOp::getKernelKey() {
  return hasImageKernel(*this) ? kernels::convertKernelKey(*getImageConversion(*this)) : getGenericKey(*this);
}
int64_t QuantizeOp::getTileCount() {
  return hasImageKernel(*this) ? kernels::convertTileCount(*getImageConversion(*this))
                               : getNest(*this, getPermutation()).getTileCount();
}
void QuantizeOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) {
  getOriginArguments(*this, arguments);
}
LogicalResult QuantizeOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &isa) {
  if (hasImageKernel(*this)) {
    kernels::emitConvert(builder, getLoc(), symbol, *getImageConversion(*this), isa);
    return success();
  }
  getNest(*this, getPermutation()).emit(builder, getLoc(), symbol, 2, [&](KernelFunction &, IRArith &a, ValueRange v) {
    return a.quantize(v[0], getScale().convertToFloat(), getZeroPoint(), getClamp()[0], getClamp()[1]);
  });
  return success();
}

std::string DequantizeOp::getKernelName(const kernels::ISA &isa) { return nameUnary(*this, "dequantize", isa); }
std::string DequantizeOp::getKernelKey() { return getGenericKey(*this); }
int64_t DequantizeOp::getTileCount() { return getNest(*this, getPermutation()).getTileCount(); }
void DequantizeOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) {
  getOriginArguments(*this, arguments);
}
LogicalResult DequantizeOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  getNest(*this, getPermutation()).emit(builder, getLoc(), symbol, 2, [&](KernelFunction &, IRArith &a, ValueRange v) {
    return a.dequantize(v[0], getScale().convertToFloat(), getZeroPoint());
  });
  return success();
}

std::string RequantizeOp::getKernelName(const kernels::ISA &isa) { return nameUnary(*this, "requantize", isa); }
std::string RequantizeOp::getKernelKey() { return getGenericKey(*this); }
int64_t RequantizeOp::getTileCount() { return getNest(*this).getTileCount(); }
void RequantizeOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) {
  getOriginArguments(*this, arguments);
}
int RequantizeOp::getInPlaceOperand() { return getInput().getType() == getType() ? 0 : -1; }
LogicalResult RequantizeOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  getNest(*this).emit(builder, getLoc(), symbol, 2, [&](KernelFunction &, IRArith &a, ValueRange v) {
    return a.requantize(a.isub(v[0], a.i32(getZeroPoints()[0])), getScale().convertToFloat(), getFixed(),
                        getZeroPoints()[1], getClamp()[0], getClamp()[1]);
  });
  return success();
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

static LoopNest getLookupNest(LookupOp op) {
  LoopNest nest(op.getType(), {op.getInput().getType()});
  nest.collapse();
  return nest;
}

std::string LookupOp::getKernelName(const kernels::ISA &isa) { return nameUnary(*this, "lookup", isa); }
std::string LookupOp::getKernelKey() { return getGenericKey(*this); }
int64_t LookupOp::getTileCount() { return getLookupNest(*this).getTileCount(); }
int LookupOp::getInPlaceOperand() { return getInput().getType() == getType() ? 0 : -1; }

void LookupOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) { getOriginArguments(*this, arguments); }

// table[q & 255], lane by lane.
static Value emitLookup(KernelFunction &f, IRArith &a, Value input) {
  Value byte = a.iand(input, a.i32(255));
  auto at = [&](Value index) {
    Value wide = arith::ExtUIOp::create(f.b, f.loc, f.b.getI64Type(), index);
    return f.load(1, wide, f.b.getI8Type(), 1);
  };
  if (a.lanes == 1)
    return at(byte);
  Value result = arith::ConstantOp::create(f.b, f.loc, f.b.getZeroAttr(a.shaped(f.b.getI32Type())));
  for (int64_t lane = 0; lane < a.lanes; ++lane)
    result = vector::InsertOp::create(f.b, f.loc, at(vector::ExtractOp::create(f.b, f.loc, byte, lane)), result, lane);
  return result;
}

LogicalResult LookupOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  // Pointers: input, table, result.
  getLookupNest(*this).emit(builder, getLoc(), symbol, 3,
                            [&](KernelFunction &f, IRArith &a, ValueRange v) { return emitLookup(f, a, v[0]); });
  return success();
}
