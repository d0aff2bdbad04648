// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax of bytes: numerics::ByteSoftmax on lines.

#include "ByteArith.h"
#include "CUDA/Device.h"
#include "Lanes.h"
#include "Lookup.h"
#include "Softmax.h"
#include "nibble/Support/Softmax.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

/// From this many elements on, a line's results are computed for all 256 bytes and looked up.
static constexpr int64_t tabledLength = 160;

std::string nibble::kernels::whyNoIntSoftmax(const IntSoftmaxParams &params, const ISA &isa) {
  if (std::string reason = whyNotLines(params); !reason.empty())
    return reason;
  if (bytesOf(params.input) != 1 || bytesOf(params.output) != 1)
    return "not from bytes to bytes";
  if (std::string reason = whyNotMultiplier(params.scale, Requant::Fixed); !reason.empty())
    return reason;
  return whyNotRange(params.range, params.output);
}

std::string nibble::kernels::intSoftmaxKernelName(const IntSoftmaxParams &params, const ISA &isa) {
  return (spelling(params.input) + "_" + spelling(params.output) + "_softmax_" + isa.name).str();
}

std::string nibble::kernels::intSoftmaxKernelKey(const IntSoftmaxParams &params) {
  return ("int_softmax " + spelling(params.input) + " " + spelling(params.output) + " " + lineKey(params, 1) +
          " scale " + spelling(params.scale) + " range " + spelling(params.range))
      .str();
}

Extent nibble::kernels::intSoftmaxTileCount(const IntSoftmaxParams &params) { return lineTileCount(params, 1); }

std::vector<int32_t> nibble::kernels::packSoftmaxTable(float inputScale) {
  auto table = numerics::softmaxTable(inputScale);
  return std::vector<int32_t>(table.rbegin(), table.rend());
}

namespace {

class IntSoftmaxEmitter {
public:
  IntSoftmaxEmitter(KernelBuilder &b, const IntSoftmaxParams &params, Value table)
      : b(b), p(params), length(lengthOf(params)), table(table) {
    if (isDense())
      shareRows(b, length);
    if (mayBeTabled())
      results = b.create<LLVM::AllocaOp>(b.ptr(), b.i8(), b.constant(numerics::softmaxEntries), /*alignment=*/64);
  }

  void emitLine(Value in, Value out);

private:
  /// numerics::SoftmaxFactor; `m` has 32 bits without a sign, `k` 64.
  struct Factor {
    Value m, k;
  };

  bool isDense() const { return p.inputStrides[p.axis] == 1 && p.outputStrides[p.axis] == 1; }
  bool mayBeTabled() const { return isDense() && length.getStaticOr(tabledLength) >= tabledLength && !b.isa.isGPU(); }
  /// Whether the threads of an item share a line.
  bool isShared() const { return b.launch.itemThreads > 1; }
  Value at(Value line, const Extents &strides, Value i) { return b.at(line, b.mul(i, b.constant(strides[p.axis]))); }
  Value loadBytes(Value in, Value i, int64_t count) { return b.load(b.vec(count, b.i8()), at(in, p.inputStrides, i)); }
  Value shiftRight(Value x, int64_t n) { return b.create<arith::ShRUIOp>(x, b.constant64(n)); }
  Value sub(Value x, Value y) { return b.create<arith::SubIOp>(x, y); }
  /// A byte with the value that its kind gives it, as an index.
  Value extend(Value byte) {
    return p.input == ElementKind::U8 ? b.create<arith::ExtUIOp>(b.index(), byte)
                                      : b.create<arith::ExtSIOp>(b.index(), byte);
  }

  Value findLargest(Value in);
  Value findLargestByThreads(Value in);
  Value findLargestOfDynamic(Value in, llvm::function_ref<Value(Value, Value)> max);
  /// The exponential of the byte, `base` being that of 0.
  Value exponential(Value base, Value byte) {
    return b.load(b.i32(), b.at(base, b.mul(extend(byte), b.constant(4))), 4);
  }
  Value exponentials(Value base, Value bytes);
  Value sumUp(Value base, Value in);
  Factor makeFactor(Value sum);
  Value makeResults(Value exponentials, Factor factor);
  void emitDirect(Value in, Value out, Value base, Factor factor);
  void emitTabled(Value in, Value out, Value shift, Factor factor);

  KernelBuilder &b;
  const IntSoftmaxParams &p;
  Extent length;
  Value table, results;
};

} // namespace

/// Vectors, then element by element what remains; both in one vector, whose lanes are combined afterwards.
Value IntSoftmaxEmitter::findLargestOfDynamic(Value in, llvm::function_ref<Value(Value, Value)> max) {
  const int64_t width = isDense() ? b.isa.vectorBits / 8 : 1;
  const Extent trips = floorDiv(length, width);
  Value found = b.splat(b.vec(width, b.i8()), int64_t(p.input == ElementKind::U8 ? 0 : -128));
  found = b.loop(trips, found, [&](Value i, ValueRange carried) {
    return Values{max(carried[0], loadBytes(in, b.mul(i, b.constant(width)), width))};
  })[0];
  return b.loop(mod(length, width), found, [&](Value i, ValueRange carried) {
    Value byte = b.load(b.i8(), at(in, p.inputStrides, b.add(i, b.constant(trips * width))));
    return Values{max(carried[0], b.create<vector::BroadcastOp>(found.getType(), byte))};
  })[0];
}

/// A vector of one lane.
Value IntSoftmaxEmitter::findLargestByThreads(Value in) {
  const auto max = [&](Value x, Value y) { return b.create<arith::MaxSIOp>(x, y); };
  const auto load = [&](Value i) { return widen(b, loadBytes(in, i, 1), p.input); };
  const auto next = [&](Value i, ValueRange carried) { return Values{max(carried[0], load(i))}; };
  return narrow(b, combineThreads(b, carryOwn(b, length, load(b.constant(0)), next)[0], max), p.input);
}

Value IntSoftmaxEmitter::findLargest(Value in) {
  const bool isUnsigned = p.input == ElementKind::U8;
  auto max = [&](Value x, Value y) {
    return isUnsigned ? b.create<arith::MaxUIOp>(x, y) : b.create<arith::MaxSIOp>(x, y);
  };
  const auto combine = [&](Value found) -> Value {
    return b.create<vector::ReductionOp>(isUnsigned ? vector::CombiningKind::MAXUI : vector::CombiningKind::MAXSI,
                                         found);
  };
  if (isShared())
    return combine(findLargestByThreads(in));
  if (!this->length.isStatic())
    return combine(findLargestOfDynamic(in, max));
  const int64_t widest = b.isa.vectorBits / 8, length = this->length.getStatic();
  const int64_t width = isDense() ? std::min<int64_t>(widest, llvm::bit_floor(uint64_t(length))) : 1;
  Value found = b.loop(length / width - 1, loadBytes(in, b.constant(0), width), [&](Value i, ValueRange carried) {
    Value first = b.mul(b.add(i, b.constant(1)), b.constant(width));
    return Values{max(carried[0], loadBytes(in, first, width))};
  })[0];
  // A vector that overlaps the ones before it finds the same maximum.
  if (length % width != 0)
    found = max(found, loadBytes(in, b.constant(length - width), width));
  return combine(found);
}

Value IntSoftmaxEmitter::exponentials(Value base, Value bytes) {
  Values found;
  for (int64_t lane = 0; lane < b.lanesOf(bytes); ++lane)
    found.push_back(exponential(base, b.create<vector::ExtractOp>(bytes, lane)));
  return b.create<vector::FromElementsOp>(b.vec(b.lanesOf(bytes), b.i32()), found);
}

/// In scalars: an addition and two loads an element, of which processors do two or three a cycle.
Value IntSoftmaxEmitter::sumUp(Value base, Value in) {
  constexpr int64_t chains = 4;
  const Extent trips = floorDiv(length, chains);
  auto add = [&](Value sum, Value i) {
    Value byte = b.load(b.i8(), at(in, p.inputStrides, i));
    return b.add(sum, b.create<arith::ExtUIOp>(b.i64(), exponential(base, byte)));
  };
  if (isShared()) {
    const auto next = [&](Value i, ValueRange carried) { return Values{add(carried[0], i)}; };
    return combineThreads(b, carryOwn(b, length, b.constant64(0), next)[0],
                          [&](Value x, Value y) { return b.add(x, y); });
  }
  Values sums = b.loop(trips, Values(chains, b.constant64(0)), [&](Value i, ValueRange carried) {
    Values next;
    for (int64_t c = 0; c < chains; ++c)
      next.push_back(add(carried[c], b.add(b.mul(i, b.constant(chains)), b.constant(c))));
    return next;
  });
  if (!length.isStatic())
    sums[0] = b.loop(mod(length, chains), sums[0], [&](Value i, ValueRange carried) {
      return Values{add(carried[0], b.add(i, b.constant(trips * chains)))};
    })[0];
  else
    for (int64_t i = trips.getStatic() * chains; i < length.getStatic(); ++i)
      sums[i % chains] = add(sums[i % chains], b.constant(i));
  return b.add(b.add(sums[0], sums[1]), b.add(sums[2], sums[3]));
}

/// numerics::softmaxFactor. All values are positive.
IntSoftmaxEmitter::Factor IntSoftmaxEmitter::makeFactor(Value sum) {
  const numerics::FixedMultiplier scale = *numerics::toFixedMultiplier(p.scale);
  Value zeros = b.create<LLVM::CountLeadingZerosOp>(b.i64(), sum, /*is_zero_poison=*/true);
  Value v = b.create<arith::ShRUIOp>(sum, sub(b.constant64(64 - 31), zeros));
  Value divisor = b.create<arith::TruncIOp>(b.i32(), shiftRight(v, 15));
  Value first = b.create<arith::ExtUIOp>(b.i64(), b.create<arith::DivUIOp>(b.splat(b.i32(), int64_t(-1)), divisor));
  Value correction = shiftRight(sub(b.constant64(int64_t(1) << 48), b.mul(v, first)), 17);
  Value reciprocal = shiftRight(b.mul(first, correction), 16);
  Value product = b.add(b.mul(reciprocal, b.constant64(scale.m)), b.constant64(int64_t(1) << 30));
  Value k = b.create<arith::MinUIOp>(sub(b.constant64(64 + scale.s - 1), zeros), b.constant64(63));
  return {b.create<arith::TruncIOp>(b.i32(), shiftRight(product, 31)), k};
}

/// numerics::softmaxValue, as bytes. The shifted products are below 2^30.
Value IntSoftmaxEmitter::makeResults(Value exponentials, Factor factor) {
  const int64_t lanes = b.lanesOf(exponentials);
  VectorType wide = b.vec(lanes, b.i64()), narrowed = b.vec(lanes, b.i32());
  auto repeat = [&](VectorType type, Value one) { return b.create<vector::BroadcastOp>(type, one); };
  Value half = b.create<arith::ShLIOp>(b.constant64(1), sub(factor.k, b.constant64(1)));
  Value product =
      b.mul(b.create<arith::ExtUIOp>(wide, exponentials), b.create<arith::ExtUIOp>(wide, repeat(narrowed, factor.m)));
  Value scaled = b.create<arith::ShRUIOp>(b.add(product, repeat(wide, half)), repeat(wide, factor.k));
  Value y = b.add(b.create<arith::TruncIOp>(narrowed, scaled), b.splat(narrowed, int64_t(p.range.zeroPoint)));
  y = b.create<arith::MaxSIOp>(y, b.splat(narrowed, int64_t(p.range.min)));
  y = b.create<arith::MinSIOp>(y, b.splat(narrowed, int64_t(p.range.max)));
  return narrow(b, y, p.output);
}

void IntSoftmaxEmitter::emitDirect(Value in, Value out, Value base, Factor factor) {
  emitShared(b, length, isDense() ? b.isa.lanes() : 1, [&](int64_t count, Value i) {
    Value bytes = makeResults(exponentials(base, loadBytes(in, i, count)), factor);
    b.store(bytes, at(out, p.outputStrides, i));
  });
}

/// `shift` is what makes bytes indices: 255 less the largest.
void IntSoftmaxEmitter::emitTabled(Value in, Value out, Value shift, Factor factor) {
  emitVectors(b, numerics::softmaxEntries, b.isa.lanes(), [&](int64_t count, Value i) {
    Value entries = b.load(b.vec(count, b.i32()), b.at(table, b.mul(i, b.constant(4))), 4);
    b.store(makeResults(entries, factor), b.at(results, i));
  });
  LookupTable lookup(b, results, /*vectors=*/true);
  Value offset = b.create<arith::TruncIOp>(b.i8(), shift);
  emitVectors(b, length, lookup.lanes(), [&](int64_t count, Value i) {
    Value bytes = loadBytes(in, i, count);
    Value indices = b.add(bytes, b.create<vector::BroadcastOp>(bytes.getType(), offset));
    b.store(lookup.at(indices), b.at(out, i));
  });
}

void IntSoftmaxEmitter::emitLine(Value in, Value out) {
  Value shift = sub(b.constant(numerics::softmaxEntries - 1), extend(findLargest(in)));
  Value base = b.at(table, b.mul(shift, b.constant(4)));
  Factor factor = makeFactor(sumUp(base, in));
  if (!mayBeTabled())
    return emitDirect(in, out, base, factor);
  if (length.isStatic())
    return emitTabled(in, out, shift, factor);
  Value isLong = b.create<arith::CmpIOp>(arith::CmpIPredicate::sge, b.constant(length), b.constant(tabledLength));
  b.whenElse(isLong, [&] { emitTabled(in, out, shift, factor); }, [&] { emitDirect(in, out, base, factor); });
}

func::FuncOp nibble::kernels::emitIntSoftmax(OpBuilder &builder, Location loc, StringRef symbol,
                                             const IntSoftmaxParams &params, const ISA &isa) {
  assert(whyNoIntSoftmax(params, isa).empty());
  return defineKernel(
      builder, loc, symbol, isa, boxItemCount(lineBox(params, 1), isa) * min(lengthOf(params), 1),
      [&](KernelBuilder &b, Value args, Value begin, Value end) {
        if (intSoftmaxTileCount(params) == 0)
          return;
        SmallVector<Value> arguments = loadArguments(b, args, 3);
        IntSoftmaxEmitter emitter(b, params, arguments[1]);
        const Box box = lineBox(params, 1);
        emitBox(b, box, {arguments[0], arguments[2]}, begin, end, [&](ArrayRef<Value> pointers, const Extent &length) {
          b.loop(length, [&](Value line) {
            emitter.emitLine(b.at(pointers[0], b.mul(line, b.constant(box.operands[0].strides.back()))),
                             b.at(pointers[1], b.mul(line, b.constant(box.operands[1].strides.back()))));
          });
        });
      });
}
