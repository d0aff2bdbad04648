// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"
#include "nibble/Quantization/Headroom.h"
#include "nibble/Support/Constants.h"
#include "nibble/Support/Locations.h"

namespace nibble {
#define GEN_PASS_DEF_PROVEACCUMULATORS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-prove-accumulators"

using namespace mlir;
using namespace nibble;

namespace {

/// Overflows any accumulator; counts beyond it count as it.
constexpr int64_t kManyTerms = int64_t(1) << 31;

/// Values that elements can have.
struct Interval {
  int64_t min, max;

  void add(Interval other) {
    min = std::min(min, other.min);
    max = std::max(max, other.max);
  }
};

/// What the clamp of the operation that computes `value` leaves; nothing if it has none.
std::optional<Interval> getClamp(Operation *op) {
  if (auto conv = dyn_cast_or_null<IntConvOp>(op); conv && conv.getResidual())
    return Interval{conv.getResidual()->getMin(), conv.getResidual()->getMax()};
  if (!isa_and_nonnull<IntConvOp, IntConvTransposeOp, IntMatMulOp, IntAddOp, IntMulOp, IntAvgPoolOp, IntRequantizeOp,
                       IntQuantizeOp>(op))
    return std::nullopt;
  auto clamp = op->getAttrOfType<DenseI32ArrayAttr>("clamp");
  return Interval{clamp[0], clamp[1]};
}

/// Of 16 symmetric bits: an input of the model may become an argument, of which the caller could make -32768.
bool isWidest(Interval clamp) { return clamp.min == -32767 && clamp.max == 32767; }

/// Whether each window of a pool has a tap inside the image: one without would give the least value of the type.
bool hasTaps(MaxPoolOp pool) {
  for (unsigned i = 0; i < 4; ++i)
    if (pool.getPads()[i] > 0 && (pool.getDilations()[i % 2] > 1 || pool.getPads()[i] >= pool.getKernel()[i % 2]))
      return false;
  return true;
}

/// Whether `op` only moves elements of its operands.
bool movesElements(Operation *op) {
  auto pool = dyn_cast_or_null<MaxPoolOp>(op);
  return pool ? hasTaps(pool) : isa_and_nonnull<ReshapeOp, TransposeOp, SliceOp, PadOp, ResizeNearestOp, ConcatOp>(op);
}

/// All values that a stored tensor's elements can have.
Interval getStored(Value value) {
  auto [least, greatest] = getIntegerRange(cast<IntegerType>(cast<ShapedType>(value.getType()).getElementType()));
  std::optional<Interval> stored;
  SmallVector<Value> worklist{value};
  for (size_t i = 0; i < worklist.size(); ++i) {
    Operation *op = worklist[i].getDefiningOp();
    std::optional<Interval> own = getClamp(op);
    if (auto pad = dyn_cast_or_null<PadOp>(op)) {
      const int64_t fill = pad.getValue() ? static_cast<int64_t>(pad.getValue()->convertToDouble()) : 0;
      own = Interval{fill, fill};
    }
    if (own && !isWidest(*own)) {
      own->add(stored.value_or(*own));
      stored = own;
    }
    if (movesElements(op)) {
      for (Value operand : op->getOperands())
        if (!llvm::is_contained(worklist, operand))
          worklist.push_back(operand);
    } else if (!own || isWidest(*own)) {
      return {least, greatest};
    }
  }
  return stored.value_or(Interval{least, greatest});
}

/// The same less `zero`.
Interval getInterval(Value value, int64_t zero) {
  Interval stored = getStored(value);
  return {stored.min - zero, stored.max - zero};
}

/// Less a zero point that may be any byte where there is an encoding.
Interval getInterval(Value value, Value encoding, int32_t zero) {
  return encoding ? Interval{-255, 255} : getInterval(value, zero);
}

struct ProveAccumulators : nibble::impl::ProveAccumulatorsBase<ProveAccumulators> {
  /// Sums of any subset of the products stay between these, whatever the order.
  struct Bounds {
    int64_t lowest = 0, highest = 0;

    void add(int64_t smallest, int64_t greatest) {
      lowest += std::min<int64_t>(smallest, 0);
      highest += std::max<int64_t>(greatest, 0);
    }
  };

  void check(Operation *op, size_t channel, Bounds bounds) {
    largest.updateMax(std::max(-bounds.lowest, bounds.highest));
    if (llvm::isInt<32>(bounds.lowest) && llvm::isInt<32>(bounds.highest))
      return;
    op->emitError() << "node '" << getNodeName(op->getLoc()) << "': the 32-bit accumulator of output channel "
                    << channel << " can overflow: it reaches [" << bounds.lowest << ", " << bounds.highest
                    << "]; keep this node in float by a plan";
    signalPassFailure();
  }

  /// Constant weights: sum |w| * range of q, for each channel.
  void prove(Operation *op, Interval q, ArrayRef<int8_t> weights, Value bias, int64_t channels,
             llvm::function_ref<int64_t(size_t)> channelOf) {
    std::vector<Bounds> bounds(channels);
    if (auto values = bias ? getConstantValues<int32_t>(bias) : std::nullopt)
      for (auto [c, b] : llvm::enumerate(*values))
        bounds[c].add(b, b);
    for (auto [i, w] : llvm::enumerate(weights))
      bounds[channelOf(i)].add(std::min(q.min * w, q.max * w), std::max(q.min * w, q.max * w));
    for (auto [c, bound] : llvm::enumerate(bounds))
      check(op, c, bound);
    ++proved;
  }

  template <typename Conv>
  void proveConv(Conv op, int64_t zero) {
    auto weights = getConstantValues<int8_t>(op.getFilter());
    if (!weights)
      return missing(op);
    const int64_t channels = cast<RankedTensorType>(op.getFilter().getType()).getDimSize(0);
    const size_t taps = weights->size() / std::max<int64_t>(channels, 1);
    // A scaled product adds its bias in f32.
    Value bias = isa<ScaledConvOp>(op.getOperation()) ? Value() : op.getBias();
    Interval q = getInterval(op.getInput(), zero);
    if (auto conv = dyn_cast<IntConvOp>(op.getOperation()))
      q.add({static_cast<int32_t>(conv.getPadValue()), static_cast<int32_t>(conv.getPadValue())});
    prove(op, q, *weights, bias, channels, [&](size_t i) { return i / taps; });
  }

  void proveScaled(ScaledMatMulOp op) {
    auto weights = getConstantValues<int8_t>(op.getRhs());
    if (!weights)
      return missing(op);
    const int64_t columns = op.getRhs().getType().getDimSize(1);
    prove(op, getInterval(op.getLhs(), /*zero=*/0), *weights, Value(), columns, [&](size_t i) { return i % columns; });
  }

  void proveMatMul(IntMatMulOp op) {
    auto type = cast<RankedTensorType>(op.getRhs().getType());
    const int64_t depth = type.getDimSize(type.getRank() - 2), columns = type.getDimSize(type.getRank() - 1);
    auto weights = getConstantValues<int8_t>(op.getRhs());
    if (weights && type.getRank() == 2 && op.getRhsZeroPoint() == 0)
      return prove(op, getInterval(op.getLhs(), static_cast<int32_t>(op.getLhsZeroPoint())), *weights, op.getBias(),
                   columns, [&](size_t i) { return i % columns; });
    const Interval l = getInterval(op.getLhs(), static_cast<int32_t>(op.getLhsZeroPoint()));
    const Interval r = getInterval(op.getRhs(), static_cast<int32_t>(op.getRhsZeroPoint()));
    proveTerms(op, depth, l, r, op.getBias());
  }

  /// Two values.
  void proveTerms(Operation *op, int64_t depth, Interval l, Interval r, Value addend) {
    const int64_t products[] = {l.min * r.min, l.min * r.max, l.max * r.min, l.max * r.max};
    Bounds bounds;
    const int64_t terms = std::min(getLargestDepth(depth), kManyTerms);
    bounds.add(*llvm::min_element(products) * terms, *llvm::max_element(products) * terms);
    if (auto bias = addend ? getConstantValues<int32_t>(addend) : std::nullopt; bias && !bias->empty())
      bounds.add(*llvm::min_element(*bias), *llvm::max_element(*bias));
    check(op, 0, bounds);
    ++proved;
  }

  void proveSums(SumConvOp op) {
    auto weights = getConstantValues<int8_t>(op.getFilter());
    if (!weights)
      return missing(op);
    const int64_t channels = op.getFilter().getType().getDimSize(0);
    const size_t taps = weights->size() / std::max<int64_t>(channels, 1);
    prove(op, getInterval(op.getInput(), op.getEncoding(), op.getZeroPoint()), *weights, Value(), channels,
          [&](size_t i) { return i / taps; });
  }

  void proveSums(SumMatMulOp op) {
    auto type = op.getRhs().getType();
    const Interval l = getInterval(op.getLhs(), op.getLhsEncoding(), op.getLhsZeroPoint());
    const int64_t columns = type.getShape().back();
    auto weights = getConstantValues<int8_t>(op.getRhs());
    if (weights && type.getRank() == 2 && op.getRhsZeroPoint() == 0 && !op.getRhsEncoding())
      return prove(op, l, *weights, Value(), columns, [&](size_t i) { return i % columns; });
    proveTerms(op, type.getDimSize(type.getRank() - 2), l,
               getInterval(op.getRhs(), op.getRhsEncoding(), op.getRhsZeroPoint()), Value());
  }

  /// A run refuses what is deeper.
  void proveDynamic(DynamicMatMulOp op) {
    const int64_t depth = op.getLhs().getType().getShape().back();
    proveTerms(op, ShapedType::isDynamic(depth) ? kLargestDepthOfBytes : depth, getInterval(op.getLhs(), /*zero=*/0),
               {-127, 127}, Value());
  }

  void provePool(IntAvgPoolOp op) {
    const Interval q = getInterval(op.getInput(), static_cast<int32_t>(op.getInputZeroPoint()));
    int64_t taps = 1;
    for (int64_t extent : op.getKernel())
      taps = std::min(taps * std::min(extent, kManyTerms), kManyTerms);
    Bounds bounds;
    bounds.add(q.min * taps, q.max * taps);
    check(op, 0, bounds);
    ++proved;
  }

  void missing(Operation *op) {
    op->emitError() << "node '" << getNodeName(op->getLoc())
                    << "': cannot prove that the accumulator does not overflow, as the weights are not constant";
    signalPassFailure();
  }

  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      if (auto conv = dyn_cast<IntConvOp>(op))
        proveConv(conv, /*zero=*/0);
      else if (auto transposed = dyn_cast<IntConvTransposeOp>(op))
        proveConv(transposed, static_cast<int32_t>(transposed.getInputZeroPoint()));
      else if (auto matmul = dyn_cast<IntMatMulOp>(op))
        proveMatMul(matmul);
      else if (auto scaled = dyn_cast<ScaledConvOp>(op); scaled && scaled.getRows())
        proveConv(scaled, /*zero=*/0);
      else if (auto scaled = dyn_cast<ScaledMatMulOp>(op); scaled && scaled.getRows())
        proveScaled(scaled);
      else if (auto dynamic = dyn_cast<DynamicMatMulOp>(op))
        proveDynamic(dynamic);
      else if (auto sums = dyn_cast<SumConvOp>(op))
        proveSums(sums);
      else if (auto sums = dyn_cast<SumMatMulOp>(op))
        proveSums(sums);
      else if (auto pool = dyn_cast<IntAvgPoolOp>(op))
        provePool(pool);
    });
  }
};

} // namespace
