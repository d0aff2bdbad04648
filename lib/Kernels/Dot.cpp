// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Dot.h"
#include "CUDA/Device.h"

using namespace mlir;
using namespace nibble::kernels;

static StringRef vpdpbusd(int64_t lanes) {
  return lanes == 4 ? "llvm.x86.avx512.vpdpbusd.128"
                    : (lanes == 8 ? "llvm.x86.avx512.vpdpbusd.256" : "llvm.x86.avx512.vpdpbusd.512");
}

static StringRef vpdpwssd(int64_t lanes) {
  return lanes == 4 ? "llvm.x86.avx512.vpdpwssd.128"
                    : (lanes == 8 ? "llvm.x86.avx512.vpdpwssd.256" : "llvm.x86.avx512.vpdpwssd.512");
}

static StringRef pmaddwd(int64_t lanes) { return lanes == 4 ? "llvm.x86.sse2.pmadd.wd" : "llvm.x86.avx2.pmadd.wd"; }

/// XOR with 0x80 is an addition or subtraction of 128, which packConvBias takes back.
Value Dot::toDotInput(Value dwords) {
  const DotInput taken = b.isa.dotInput();
  if (isWords() || taken == DotInput::Either || (kind == ElementKind::U8) == (taken == DotInput::U8))
    return dwords;
  return b.create<arith::XOrIOp>(dwords, b.splat(dwords.getType(), int64_t(int32_t(0x80808080))));
}

/// Bytes 0, 2 and bytes 1, 3 of each dword as u16: no scratch, no constant but one mask.
Operand Dot::splitInput(Value dwords) {
  Value even = b.create<arith::AndIOp>(dwords, b.splat(dwords.getType(), int64_t(0x00ff00ff)));
  Value words = b.bitcast(dwords, b.i16());
  return {b.bitcast(even, b.i16()), b.create<arith::ShRUIOp>(words, b.splat(words.getType(), int64_t(8)))};
}

/// The same bytes of the weights, or the bits of step `step` of each, sign-extended.
Operand Dot::splitWeights(Value dwords, int64_t step) {
  Value words = b.bitcast(dwords, b.i16());
  const auto extend = [&](int64_t above) {
    const auto by = [&](int64_t bits) { return b.splat(words.getType(), bits); };
    Value top = above == 0 ? words : b.create<arith::ShLIOp>(words, by(above));
    return b.create<arith::ShRSIOp>(top, by(16 - weightBits));
  };
  const int64_t above = 8 - weightBits * (step + 1); // of the step's bits within their byte
  return {extend(8 + above), extend(above)};
}

/// The bits of step `step` at the top of each byte: the weights times 2^(8 - weightBits).
Value Dot::narrowWeights(Value dwords, int64_t step) {
  const int64_t above = 8 - weightBits * (step + 1);
  if (above)
    dwords = b.create<arith::ShLIOp>(dwords, b.splat(dwords.getType(), above));
  const uint32_t mask = (0xff00u >> weightBits & 0xff) * 0x01010101u;
  return b.create<arith::AndIOp>(dwords, b.splat(dwords.getType(), int64_t(int32_t(mask))));
}

/// The weights of step `step` as words, times the factors: bytes again, which their products fit, where those are
/// multiplied.
Operand Dot::multipliedWeights(Value dwords, int64_t step, Value factors) {
  const Operand words = splitWeights(dwords, step);
  Value even = b.mul(words.even, factors), odd = b.mul(words.odd, factors);
  if (b.isa.dot == DotKind::Pmaddwd)
    return {even, odd};
  const auto splat = [&](int64_t value) { return b.splat(even.getType(), value); };
  even = b.create<arith::AndIOp>(even, splat(0xff));
  odd = b.create<arith::ShLIOp>(odd, splat(8));
  return {b.bitcast(b.create<arith::OrIOp>(even, odd), b.i8()), {}};
}

Value Dot::factors(Value pointer, int64_t lanes) {
  Value bytes = b.load(b.vec(lanes, b.i8()), pointer, lanes);
  Value low = b.create<arith::ExtUIOp>(b.vec(lanes, b.i32()), bytes);
  Value high = b.create<arith::ShLIOp>(low, b.splat(low.getType(), int64_t(16)));
  return b.bitcast(b.create<arith::OrIOp>(low, high), b.i16());
}

/// Two words a lane: together, or the first and the second ones apart where no instruction adds up pairs.
Operand Dot::pairsOfWords(Value words) {
  if (b.isa.arch == Arch::X86_64)
    return {words, {}};
  SmallVector<int64_t> even, odd;
  for (int64_t i = 0; i < KernelBuilder::lanesOf(words); i += 2) {
    even.push_back(i);
    odd.push_back(i + 1);
  }
  return {b.shuffle(words, words, even), b.shuffle(words, words, odd)};
}

Operand Dot::input(Value dwords) {
  if (isFloat())
    return {dwords, {}};
  if (isWords())
    return pairsOfWords(b.bitcast(dwords, b.i16()));
  dwords = toDotInput(dwords);
  if (b.isa.dot == DotKind::Pmaddwd)
    return splitInput(dwords);
  return {b.bitcast(dwords, b.i8()), {}};
}

Operand Dot::broadcastInput(Value pointer, int64_t lanes) {
  return input(b.broadcastLoad(b.vec(lanes, element()), pointer));
}

bool Dot::takesElements(const ISA &isa, int64_t steps) { return isa.arch == Arch::AArch64 && steps % 4 == 0; }

std::array<Operand, 4> Dot::broadcastElements(Value pointer, int64_t lanes) {
  Value all = b.load(b.vec(4, element()), pointer);
  if (!isFloat())
    all = toDotInput(all);
  std::array<Operand, 4> operands;
  for (int64_t u = 0; u < 4; ++u) {
    Value one = b.shuffle(all, all, SmallVector<int64_t>(lanes, u));
    if (isWords())
      operands[u] = input(one);
    else
      operands[u].even = isFloat() ? one : b.bitcast(one, b.i8());
  }
  return operands;
}

Operand Dot::weights(Value pointer, int64_t lanes, int64_t step, Value factors) {
  if (byteWeights) {
    Value bytes = b.load(b.vec(lanes, b.i8()), pointer, lanes);
    Value wide = b.create<arith::ExtSIOp>(b.vec(lanes, b.i32()), bytes);
    return {b.create<arith::SIToFPOp>(b.vec(lanes, b.f32()), wide), {}};
  }
  if (isWords()) {
    Value bytes = b.load(b.vec(2 * lanes, b.i8()), pointer, 2 * lanes);
    return pairsOfWords(b.create<arith::ExtSIOp>(b.vec(2 * lanes, b.i16()), bytes));
  }
  Value raw = b.load(b.vec(lanes, element()), pointer, lanes * 4);
  return isFloat() ? Operand{raw, {}} : unpack(raw, step, factors);
}

Operand Dot::unpack(Value raw, int64_t step, Value factors) {
  if (factors)
    return multipliedWeights(raw, step, factors);
  if (b.isa.dot == DotKind::Pmaddwd)
    return splitWeights(raw, step);
  if (weightBits < 8)
    raw = narrowWeights(raw, step);
  return {b.bitcast(raw, b.i8()), {}};
}

std::array<Operand, 2> Dot::weightsOfPair(Value pointer, int64_t lanes, int64_t step, Value factors) {
  VectorType type = b.vec(lanes, b.i32());
  Value low = b.load(type, pointer, lanes * 4), high = b.load(type, b.at(pointer, lanes * 4), lanes * 4);
  const auto half = [&](int64_t first) {
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < lanes; ++i)
      indices.push_back(2 * i + first);
    return unpack(b.shuffle(low, high, indices), step, factors);
  };
  return {half(0), half(1)};
}

/// Sums of pairs of products: two for each lane.
static Value multiplyAddPairs(KernelBuilder &b, Value acc, Value x, Value w) {
  Values halves;
  for (int64_t half : {0, 1}) {
    Value product = b.intrinsic("llvm.aarch64.neon.smull.v8i16", b.vec(8, b.i16()),
                                {b.slice(x, 8 * half, 8), b.slice(w, 8 * half, 8)});
    Value sums = b.intrinsic("llvm.aarch64.neon.saddlp.v4i32.v8i16", b.vec(4, b.i32()), product);
    halves.push_back(b.add(b.slice(acc, 4 * half, 4), sums));
  }
  return b.shuffle(halves[0], halves[1], {0, 1, 2, 3, 4, 5, 6, 7});
}

/// Words: 16 by 16 bits, products and sums in 32.
Value Dot::multiplyAddWords(Value acc, Operand x, Operand w) {
  const int64_t lanes = KernelBuilder::lanesOf(acc);
  if (b.isa.dot == DotKind::Vpdpbusd)
    return b.intrinsic(vpdpwssd(lanes), acc.getType(), {acc, x.even, w.even});
  if (b.isa.arch == Arch::X86_64)
    return b.add(acc, b.intrinsic(pmaddwd(lanes), acc.getType(), {x.even, w.even}));
  const auto product = [&](Value a, Value c) {
    return b.mul(b.create<arith::ExtSIOp>(acc.getType(), a), b.create<arith::ExtSIOp>(acc.getType(), c));
  };
  return b.add(b.add(acc, product(x.even, w.even)), product(x.odd, w.odd));
}

Value Dot::start(Value bias) {
  if (!isFloat() && sumShift())
    bias = b.create<arith::ShLIOp>(bias, b.splat(bias.getType(), sumShift()));
  if (!sumsPairs())
    return bias;
  return b.shuffle(bias, b.splat(bias.getType(), int64_t(0)), {0, 4, 1, 5, 2, 6, 3, 7});
}

Value Dot::finish(Value acc) {
  if (sumsPairs())
    acc = b.intrinsic("llvm.aarch64.neon.addp.v4i32", b.vec(4, b.i32()), {b.slice(acc, 0, 4), b.slice(acc, 4, 4)});
  return isFloat() || !sumShift() ? acc : b.create<arith::ShRSIOp>(acc, b.splat(acc.getType(), sumShift()));
}

Value Dot::multiplyAdd(Value acc, Operand x, Operand w) {
  if (isFloat())
    return b.create<math::FmaOp>(x.even, w.even, acc);
  if (isWords())
    return multiplyAddWords(acc, x, w);
  const int64_t lanes = KernelBuilder::lanesOf(acc);
  switch (b.isa.dot) {
  case DotKind::Vpdpbusd:
    return b.intrinsic(vpdpbusd(lanes), acc.getType(), {acc, x.even, w.even});
  case DotKind::Pmaddwd: {
    Value even = b.intrinsic(pmaddwd(lanes), acc.getType(), {x.even, w.even});
    Value odd = b.intrinsic(pmaddwd(lanes), acc.getType(), {x.odd, w.odd});
    return b.add(b.add(acc, even), odd);
  }
  case DotKind::Sdot:
  case DotKind::Smmla: // of single steps
    return b.intrinsic("llvm.aarch64.neon.sdot.v4i32.v16i8", acc.getType(), {acc, w.even, x.even});
  case DotKind::Smull:
    return multiplyAddPairs(b, acc, x.even, w.even);
  case DotKind::Dp4a:
  case DotKind::Mma: { // of a thread alone
    const StringRef name = kind == ElementKind::U8 ? "llvm.nvvm.idp4a.u.s" : "llvm.nvvm.idp4a.s.s";
    return forEachLane(b, b.i32(), {b.bitcast(x.even, b.i32()), b.bitcast(w.even, b.i32()), acc},
                       [&](ValueRange operands) { return b.intrinsic(name, b.i32(), operands); });
  }
  case DotKind::Mla:
  case DotKind::Smlad:
  case DotKind::Vmladav:
    break; // of small kernels
  }
  llvm_unreachable("unknown dot product");
}

Dot::PairTile Dot::joinRows(Value upper, Value lower) {
  return {b.shuffle(upper, lower, {0, 1, 4, 5}), b.shuffle(upper, lower, {2, 3, 6, 7})};
}

std::array<Value, 2> Dot::splitRows(PairTile tile) {
  return {b.shuffle(tile.first, tile.last, {0, 1, 4, 5}), b.shuffle(tile.first, tile.last, {2, 3, 6, 7})};
}

std::array<Value, 2> Dot::loadRows(Value upper, Value lower, int64_t steps) {
  VectorType type = b.vec(2 * steps, b.i32());
  Value first = b.load(type, upper), second = b.load(type, lower);
  const auto step = [&](SmallVector<int64_t> indices) { return b.bitcast(b.shuffle(first, second, indices), b.i8()); };
  if (steps == 1)
    return {step({0, 1, 2, 3}), {}};
  return {step({0, 1, 4, 5}), step({2, 3, 6, 7})};
}

Dot::PairTile Dot::pairWeights(Value pointer, int64_t step, Value factors) {
  const auto columns = [&](int64_t first) {
    Value raw = b.load(b.vec(4, b.i32()), b.at(pointer, 8 * first), 16), own = factors;
    if (own) { // twice a column's
      Value dwords = b.bitcast(own, b.i32());
      own = b.bitcast(b.shuffle(dwords, dwords, {first, first, first + 1, first + 1}), b.i16());
    }
    return unpack(raw, step, own).even;
  };
  return {columns(0), columns(2)};
}

Dot::PairTile Dot::multiplyAddPair(PairTile acc, Value input, PairTile weights) {
  const StringRef name =
      kind == ElementKind::U8 ? "llvm.aarch64.neon.usmmla.v4i32.v16i8" : "llvm.aarch64.neon.smmla.v4i32.v16i8";
  const auto multiply = [&](Value acc, Value columns) {
    return b.intrinsic(name, acc.getType(), {acc, input, columns});
  };
  return {multiply(acc.first, weights.first), multiply(acc.last, weights.last)};
}

static bool isOneInstruction(const ISA &isa, ElementKind input) {
  return input == ElementKind::F32 || isa.dot == DotKind::Vpdpbusd || isa.isGPU() ||
         ((isa.dot == DotKind::Sdot || isa.dot == DotKind::Smmla) && input != ElementKind::S16);
}

/// Words multiplied in pairs, and the sum apart.
static bool isPmaddwdOfWords(const ISA &isa, ElementKind input) {
  return input == ElementKind::S16 && isa.dot == DotKind::Pmaddwd;
}

int64_t Dot::registers(const ISA &isa, const ConvParams &params, int64_t mr, int64_t nr) {
  const ElementKind input = params.input;
  if (isPmaddwdOfWords(isa, input))
    return mr * nr + nr + 3;                                  // the weights, an input, two products
  if (isa.arch == Arch::AArch64 && input == ElementKind::S16) // both sides in two halves
    return mr * nr + 2 * mr + 2 * nr + 2;
  if (pairsRows(isa, params)) { // inputs of two steps; two registers of weights
    const int64_t rows = llvm::alignTo(mr, 2);
    return rows * nr + rows + 2;
  }
  if (isa.arch == Arch::AArch64 && params.pairedSteps) // weights as they lie and apart
    return (isOneInstruction(isa, input) ? 1 : 2) * mr * nr + mr + 4;
  if (isa.arch == Arch::AArch64) // inputs of four steps, weights of one
    return (isOneInstruction(isa, input) ? 1 : 2) * mr * nr + mr + nr + 2;
  if (isOneInstruction(isa, input))
    return mr * nr + 2 * nr; // the code generator loads the next step's weights early
  return mr * nr + 2 * std::min(mr, nr) +
         3; // two halves of the shorter side and of one operand of the other; a product
}

double Dot::stepCycles(const ISA &isa, const ConvParams &params, int64_t mr, int64_t nr) {
  const ElementKind input = params.input;
  if (pairsRows(isa, params)) { // two pipes; joining rows takes them too; five operations a cycle
    const int64_t pairs = llvm::divideCeil(mr, 2);
    const double vectors = 2 * pairs * nr + pairs;
    return std::max(vectors / 2, (vectors + 2 * nr + pairs + 1) / 5);
  }
  if (isa.arch == Arch::AArch64) { // two pipes; four steps' inputs a load; three operations a cycle, a load being two
    const double steps = params.pairedSteps ? 2 : 1, apart = params.pairedSteps ? 2.0 * nr : 0;
    const double products = (isOneInstruction(isa, input) ? 1.0 : 4.0) * steps * mr * nr;
    return std::max((products + apart) / 2 + 0.125 * steps * mr,
                    (products + apart + steps * (2 * nr + 0.5 * mr) + 1) / 3);
  }
  const double steps = params.pairedSteps ? 2 : 1;
  if (isOneInstruction(isa, input))
    return steps * std::max(1.0 * mr * nr, 0.7 * (mr + nr)); // multiplications, or loads
  if (isPmaddwdOfWords(isa, input)) // four pipes: a product, a sum; a weight's extension by two instructions
    return std::max(2.0 * mr * nr + 2 * nr + mr, 4.0) / 4;
  // Four pipes: two products and two sums; weights are split by three instructions, inputs by two.
  return steps * std::max(4.0 * mr * nr + 2 * mr + 3 * nr, 8.0) / 4;
}
