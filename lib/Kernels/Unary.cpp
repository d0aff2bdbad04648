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

static Box unaryBox(const UnaryParams &params) {
  return mergeDimensions(
      {params.shape, {{bytesOf(params.input), params.inputStrides}, {bytesOf(params.output), params.outputStrides}}});
}

namespace {
using Params = const UnaryParams &;

/// One kind of function. `emit` is as applyUnary of UnaryFunctions.h, which has operations for keys; null where there
/// are bytes on either side.
struct Function {
  UnaryKind kind;
  StringRef name;
  bool fromBytes, toBytes;
  unsigned parameters;
  Value (*emit)(VectorArith &a, Value x, Params params);
};
} // namespace

namespace f = nibble::functions;
using A = VectorArith;

static const Function table[] = {
    // kind, name, from bytes, to bytes, parameters, emit
    {UnaryKind::Relu, "relu", false, false, 0, [](A &a, Value x, Params) { return f::relu(a, x); }},
    {UnaryKind::Sigmoid, "sigmoid", false, false, 0, [](A &a, Value x, Params) { return f::sigmoid(a, x); }},
    {UnaryKind::Tanh, "tanh", false, false, 0, [](A &a, Value x, Params) { return f::tanh(a, x); }},
    {UnaryKind::HardSwish, "hard_swish", false, false, 0, [](A &a, Value x, Params) { return f::hardSwish(a, x); }},
    {UnaryKind::Gelu, "gelu", false, false, 0, [](A &a, Value x, Params) { return f::gelu(a, x); }},
    {UnaryKind::Silu, "silu", false, false, 0, [](A &a, Value x, Params) { return f::silu(a, x); }},
    {UnaryKind::Softplus, "softplus", false, false, 0, [](A &a, Value x, Params) { return f::softplus(a, x); }},
    {UnaryKind::Erf, "erf", false, false, 0, [](A &a, Value x, Params) { return f::erf(a, x); }},
    {UnaryKind::Exp, "exp", false, false, 0, [](A &a, Value x, Params) { return f::exp(a, x); }},
    {UnaryKind::Log, "log", false, false, 0, [](A &a, Value x, Params) { return f::log(a, x); }},
    {UnaryKind::Sqrt, "sqrt", false, false, 0, [](A &a, Value x, Params) { return a.sqrt(x); }},
    {UnaryKind::Reciprocal, "reciprocal", false, false, 0, [](A &a, Value x, Params) { return a.div(a.f32(1.0f), x); }},
    {UnaryKind::Neg, "neg", false, false, 0, [](A &a, Value x, Params) { return f::neg(a, x); }},
    {UnaryKind::Abs, "abs", false, false, 0, [](A &a, Value x, Params) { return f::abs(a, x); }},
    {UnaryKind::Floor, "floor", false, false, 0, [](A &a, Value x, Params) { return a.floor(x); }},
    {UnaryKind::Ceil, "ceil", false, false, 0, [](A &a, Value x, Params) { return f::ceil(a, x); }},
    {UnaryKind::Round, "round", false, false, 0, [](A &a, Value x, Params) { return a.rint(x); }},
    {UnaryKind::IntToFloat, "int_to_float", false, false, 0, [](A &a, Value x, Params) { return a.toF32(a.bits(x)); }},
    {UnaryKind::LeakyRelu, "leaky_relu", false, false, 1,
     [](A &a, Value x, Params p) { return f::leakyRelu(a, x, p.a); }},
    {UnaryKind::Elu, "elu", false, false, 1, [](A &a, Value x, Params p) { return f::elu(a, x, p.a); }},
    {UnaryKind::HardSigmoid, "hard_sigmoid", false, false, 2,
     [](A &a, Value x, Params p) { return f::hardSigmoid(a, x, p.a, p.b); }},
    {UnaryKind::Clip, "clip", false, false, 2, [](A &a, Value x, Params p) { return f::clip(a, x, p.a, p.b); }},
    {UnaryKind::Quantize, "quantize", false, true, 0, nullptr},
    {UnaryKind::Dequantize, "dequantize", true, false, 0, nullptr},
    {UnaryKind::Requantize, "requantize", true, true, 0, nullptr},
    {UnaryKind::Lookup, "lookup", true, true, 0, nullptr},
};

static const Function &lookup(UnaryKind kind) {
  return *llvm::find_if(table, [&](const Function &function) { return function.kind == kind; });
}

static StringRef verb(UnaryKind kind) { return lookup(kind).name; }

std::optional<UnaryKind> nibble::kernels::lookupFloatFunction(StringRef name) {
  const Function *found = llvm::find_if(table, [&](const Function &f) { return f.emit && f.name == name; });
  return found == std::end(table) ? std::nullopt : std::optional(found->kind);
}

unsigned nibble::kernels::parameterCount(UnaryKind kind) { return lookup(kind).parameters; }

std::string nibble::kernels::whyNoUnary(const UnaryParams &params, const ISA &isa) {
  if (params.inputStrides.size() != params.shape.size() || params.outputStrides.size() != params.shape.size())
    return "each operand needs one stride a dimension";
  const Function &function = lookup(params.kind);
  if ((params.input != ElementKind::F32) != function.fromBytes ||
      (params.output != ElementKind::F32) != function.toBytes)
    return (verb(params.kind) + " of these element kinds").str();
  if (params.kind == UnaryKind::Quantize || params.kind == UnaryKind::Dequantize)
    return whyNotScale(params.scale, params.range, function.toBytes ? params.output : params.input);
  if (params.kind == UnaryKind::Lookup && (bytesOf(params.input) != 1 || bytesOf(params.output) != 1))
    return "a table of 16-bit values";
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
  if (!lookup(params.kind).emit)
    os << (params.requant == Requant::Float ? " float " : " fixed ") << spelling(params.scale) << ' '
       << params.inputZeroPoint << ' ' << spelling(params.range);
  return key;
}

Extent nibble::kernels::unaryTileCount(const UnaryParams &params) { return boxTileCount(unaryBox(params)); }

/// Elements that are computed side by side: two registers of floats, or one of results.
static int64_t lanesAtOnce(const UnaryParams &params, const ISA &isa) {
  const bool wide = params.kind == UnaryKind::Requantize && params.requant == Requant::Fixed;
  return params.output == ElementKind::F32 || wide ? 2 * isa.lanes() : isa.vectorBits / 8 / bytesOf(params.output);
}

/// The result of `x`, elements as they lie in memory.
static Value emitLanes(KernelBuilder &b, const UnaryParams &params, Value x) {
  VectorArith a(b, b.lanesOf(x));
  switch (params.kind) {
  case UnaryKind::Quantize:
    return narrow(b, quantize(b, x, params.scale, params.range), params.output);
  case UnaryKind::Dequantize:
    return dequantize(b, widen(b, x, params.input), params.scale, params.range.zeroPoint);
  case UnaryKind::Requantize:
    x = a.isub(widen(b, x, params.input), a.i32(params.inputZeroPoint));
    return narrow(b, requantize(b, x, params.scale, params.requant, params.range), params.output);
  default:
    return lookup(params.kind).emit(a, x, params);
  }
}

func::FuncOp nibble::kernels::emitUnary(OpBuilder &builder, Location loc, StringRef symbol, const UnaryParams &params,
                                        const ISA &isa) {
  assert(whyNoUnary(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, boxItemCount(unaryBox(params), isa),
                      [&](KernelBuilder &b, Value args, Value begin, Value end) {
                        const Box box = unaryBox(params);
                        std::optional<LookupTable> entries;
                        if (params.kind == UnaryKind::Lookup)
                          entries.emplace(b, b.argument(args, 2), box.isVectorizable());
                        const int64_t full = entries ? entries->lanes() : lanesAtOnce(params, isa);
                        auto row = [&](ArrayRef<Value> pointers, const Extent &length) {
                          emitVectors(b, length, box.isVectorizable() ? full : 1, [&](int64_t lanes, Value first) {
                            Value x = loadRow(b, box, 0, elementType(b, params.input), pointers[0], first, lanes);
                            storeRow(b, box, 1, entries ? entries->at(x) : emitLanes(b, params, x), pointers[1], first);
                          });
                        };
                        emitBox(b, box, loadArguments(b, args, 2), begin, end, row);
                      });
}
