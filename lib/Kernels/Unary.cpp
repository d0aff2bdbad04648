// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise kernels of one operand.

#include "Box.h"
#include "ByteArith.h"
#include "Lookup.h"
#include "VectorArith.h"
#include "nibble/Support/Functions.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static bool isBytes(UnaryKind kind) { return kind == UnaryKind::Requantize || kind == UnaryKind::Lookup; }

static Box unaryBox(const UnaryParams &params) {
  return mergeDimensions(
      {params.shape, {{bytesOf(params.input), params.inputStrides}, {bytesOf(params.output), params.outputStrides}}});
}

namespace {
using Params = const UnaryParams &;

/// One kind of function. `emit` is as applyUnary of UnaryFunctions.h, which has operations for keys; null for bytes.
struct Function {
  UnaryKind kind;
  StringRef name;
  bool needsFMA;
  Value (*emit)(VectorArith &a, Value x, Params params);
};
} // namespace

namespace f = nibble::functions;
using A = VectorArith;

static const Function table[] = {
    {UnaryKind::Relu, "relu", false, [](A &a, Value x, Params) { return f::relu(a, x); }},
    {UnaryKind::Sigmoid, "sigmoid", true, [](A &a, Value x, Params) { return f::sigmoid(a, x); }},
    {UnaryKind::Tanh, "tanh", true, [](A &a, Value x, Params) { return f::tanh(a, x); }},
    {UnaryKind::HardSwish, "hard_swish", true, [](A &a, Value x, Params) { return f::hardSwish(a, x); }},
    {UnaryKind::Gelu, "gelu", true, [](A &a, Value x, Params) { return f::gelu(a, x); }},
    {UnaryKind::Silu, "silu", true, [](A &a, Value x, Params) { return f::silu(a, x); }},
    {UnaryKind::Softplus, "softplus", true, [](A &a, Value x, Params) { return f::softplus(a, x); }},
    {UnaryKind::Erf, "erf", true, [](A &a, Value x, Params) { return f::erf(a, x); }},
    {UnaryKind::Exp, "exp", true, [](A &a, Value x, Params) { return f::exp(a, x); }},
    {UnaryKind::Log, "log", true, [](A &a, Value x, Params) { return f::log(a, x); }},
    {UnaryKind::Sqrt, "sqrt", false, [](A &a, Value x, Params) { return a.sqrt(x); }},
    {UnaryKind::Reciprocal, "reciprocal", false, [](A &a, Value x, Params) { return a.div(a.f32(1.0f), x); }},
    {UnaryKind::Neg, "neg", false, [](A &a, Value x, Params) { return f::neg(a, x); }},
    {UnaryKind::Abs, "abs", false, [](A &a, Value x, Params) { return f::abs(a, x); }},
    {UnaryKind::Floor, "floor", false, [](A &a, Value x, Params) { return a.floor(x); }},
    {UnaryKind::Ceil, "ceil", false, [](A &a, Value x, Params) { return f::ceil(a, x); }},
    {UnaryKind::Round, "round", false, [](A &a, Value x, Params) { return a.rint(x); }},
    {UnaryKind::LeakyRelu, "leaky_relu", false, [](A &a, Value x, Params p) { return f::leakyRelu(a, x, p.a); }},
    {UnaryKind::Elu, "elu", true, [](A &a, Value x, Params p) { return f::elu(a, x, p.a); }},
    {UnaryKind::HardSigmoid, "hard_sigmoid", true,
     [](A &a, Value x, Params p) { return f::hardSigmoid(a, x, p.a, p.b); }},
    {UnaryKind::Clip, "clip", false, [](A &a, Value x, Params p) { return f::clip(a, x, p.a, p.b); }},
    {UnaryKind::Requantize, "requantize", false, nullptr},
    {UnaryKind::Lookup, "lookup", false, nullptr},
};

static const Function &lookup(UnaryKind kind) {
  return *llvm::find_if(table, [&](const Function &function) { return function.kind == kind; });
}

static StringRef verb(UnaryKind kind) { return lookup(kind).name; }

std::string nibble::kernels::whyNoUnary(const UnaryParams &params, const ISA &isa) {
  if (params.inputStrides.size() != params.shape.size() || params.outputStrides.size() != params.shape.size())
    return "each operand needs one stride a dimension";
  const bool bytes = isBytes(params.kind);
  if ((params.input != ElementKind::F32) != bytes || (params.output != ElementKind::F32) != bytes)
    return (verb(params.kind) + " of these element kinds").str();
  if (lookup(params.kind).needsFMA && !isa.hasFMA)
    return (verb(params.kind) + " needs fused multiply-add").str();
  if (params.kind != UnaryKind::Requantize)
    return "";
  if (std::string why = whyNotRange(params.range, params.output); !why.empty())
    return why;
  return whyNotMultiplier(params.scale, params.requant);
}

std::string nibble::kernels::unaryKernelName(const UnaryParams &params, const ISA &isa) {
  return (spelling(params.input) + "_" + spelling(params.output) + "_" + verb(params.kind) + "_" + isa.name).str();
}

std::string nibble::kernels::unaryKernelKey(const UnaryParams &params) {
  std::string key;
  llvm::raw_string_ostream os(key);
  Box box = unaryBox(params);
  os << verb(params.kind) << ' ' << spelling(params.input) << ' ' << spelling(params.output) << ' '
     << spelling(box.shape);
  for (const BoxOperand &operand : box.operands)
    os << " by " << spelling(operand.strides);
  os << ' ' << spelling(params.a) << ' ' << spelling(params.b);
  if (params.kind == UnaryKind::Requantize)
    os << (params.requant == Requant::Float ? " float " : " fixed ") << spelling(params.scale) << ' '
       << params.inputZeroPoint << ' ' << spelling(params.range);
  return key;
}

int64_t nibble::kernels::unaryTileCount(const UnaryParams &params) { return boxTileCount(unaryBox(params)); }

/// The result of `x`, elements as they lie in memory.
static Value emitLanes(KernelBuilder &b, const UnaryParams &params, Value x) {
  VectorArith a(b, b.lanesOf(x));
  if (params.kind != UnaryKind::Requantize)
    return lookup(params.kind).emit(a, x, params);
  Value acc = a.isub(widen(b, x, params.input), a.i32(params.inputZeroPoint));
  return narrow(b, requantize(b, acc, params.scale, params.requant, params.range));
}

func::FuncOp nibble::kernels::emitUnary(OpBuilder &builder, Location loc, StringRef symbol, const UnaryParams &params,
                                        const ISA &isa) {
  assert(whyNoUnary(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, [&](KernelBuilder &b, Value args, Value begin, Value end) {
    const Box box = unaryBox(params);
    std::optional<LookupTable> entries;
    if (params.kind == UnaryKind::Lookup)
      entries.emplace(b, b.argument(args, 2), box.isVectorizable());
    const int64_t full = entries ? entries->lanes() : isBytes(params.kind) ? isa.vectorBits / 8 : isa.lanes();
    auto row = [&](ArrayRef<Value> pointers, int64_t length) {
      emitVectors(b, length, box.isVectorizable() ? full : 1, [&](int64_t lanes, Value first) {
        Value x = loadRow(b, box, 0, elementType(b, params.input), pointers[0], first, lanes);
        storeRow(b, box, 1, entries ? entries->at(x) : emitLanes(b, params, x), pointers[1], first);
      });
    };
    emitBox(b, box, loadArguments(b, args, 2), begin, end, row);
  });
}
