// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax: along contiguous elements in rows, else in columns side by side.

#include "Softmax.h"
#include "Lanes.h"
#include "RealRow.h"
#include "VectorArith.h"
#include "nibble/Support/Functions.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

/// `all` but that of the axis.
static Extents withoutAxis(const LineParams &params, Extents all) {
  all.erase(all.begin() + params.axis);
  return all;
}

Box nibble::kernels::lineBox(const LineParams &params, int64_t elementBytes) {
  Box box{withoutAxis(params, params.shape),
          {{elementBytes, withoutAxis(params, params.inputStrides)},
           {elementBytes, withoutAxis(params, params.outputStrides)}}};
  box.rowTile = elementsPerTile(lengthOf(params));
  box.threadTile = 1;
  return mergeDimensions(std::move(box));
}

Extent nibble::kernels::lineTileCount(const LineParams &params, int64_t elementBytes) {
  return boxTileCount(lineBox(params, elementBytes)) * min(lengthOf(params), 1);
}

std::string nibble::kernels::lineKey(const LineParams &params, int64_t elementBytes) {
  Box box = lineBox(params, elementBytes);
  return lengthOf(params).str() + " by " + params.inputStrides[params.axis].str() + " by " +
         params.outputStrides[params.axis].str() + " lines " + spelling(box.shape) + " by " +
         spelling(box.operands[0].strides) + " by " + spelling(box.operands[1].strides);
}

std::string nibble::kernels::whyNotLines(const LineParams &params) {
  if (params.axis < 0 || params.axis >= int64_t(params.shape.size()))
    return "an axis out of range";
  if (params.inputStrides.size() != params.shape.size() || params.outputStrides.size() != params.shape.size())
    return "each operand needs one stride a dimension";
  return "";
}

/// All lines; operands: the input, the result, the mask if there is one.
static Box softmaxBox(const SoftmaxParams &params) {
  Box box{withoutAxis(params, params.shape),
          {{bytesOf(params.input.kind), withoutAxis(params, params.inputStrides)},
           {bytesOf(params.output.kind), withoutAxis(params, params.outputStrides)}}};
  if (params.masked)
    box.operands.push_back({4, withoutAxis(params, params.maskStrides)});
  box.rowTile = elementsPerTile(lengthOf(params));
  box.threadTile = 1;
  return mergeDimensions(std::move(box));
}

std::string nibble::kernels::whyNoSoftmax(const SoftmaxParams &params, const ISA &isa) {
  if (std::string reason = whyNotLines(params); !reason.empty())
    return reason;
  if (params.masked && params.maskStrides.size() != params.shape.size())
    return "the mask needs one stride a dimension";
  if (std::string reason = whyNotReal(params.input); !reason.empty())
    return reason;
  return whyNotReal(params.output);
}

std::string nibble::kernels::softmaxKernelName(const SoftmaxParams &params, const ISA &isa) {
  return (spelling(params.input.kind) + "_" + spelling(params.output.kind) +
          (params.masked ? "_masked_softmax_" : "_softmax_") + isa.name)
      .str();
}

std::string nibble::kernels::softmaxKernelKey(const SoftmaxParams &params) {
  std::string key;
  llvm::raw_string_ostream os(key);
  const Box box = softmaxBox(params);
  os << "softmax " << spelling(params.input) << " to " << spelling(params.output) << " times " << spelling(params.scale)
     << " of " << lengthOf(params) << " by " << params.inputStrides[params.axis] << " by "
     << params.outputStrides[params.axis];
  if (params.masked)
    os << " mask by " << params.maskStrides[params.axis];
  os << " lines " << spelling(box.shape);
  for (const BoxOperand &operand : box.operands)
    os << " by " << spelling(operand.strides);
  return key;
}

Extent nibble::kernels::softmaxTileCount(const SoftmaxParams &params) {
  return boxTileCount(softmaxBox(params)) * min(lengthOf(params), 1);
}

namespace {

/// Where a line's elements, or those of neighbouring lines, begin.
struct Line {
  Value in, out, mask;
  bool repeatsMask; ///< neighbouring lines have the same mask
};

class SoftmaxEmitter {
public:
  SoftmaxEmitter(KernelBuilder &b, const SoftmaxParams &params)
      : b(b), p(params), length(lengthOf(params)), inStride(params.inputStrides[params.axis]),
        outStride(params.outputStrides[params.axis]),
        maskStride(params.masked ? params.maskStrides[params.axis] : Extent(0)), memory(b) {}

  bool inRows() const { return inStride == bytesOf(p.input.kind) && outStride == bytesOf(p.output.kind); }
  void emitRows(ArrayRef<Line> rows);
  void emitColumns(const Line &line, int64_t lanes);

private:
  Value at(Value line, Value i, const Extent &stride) { return b.at(line, b.mul(i, b.constant(stride))); }
  Value max(Value x, Value y) { return b.create<arith::MaximumFOp>(x, y); }
  Value sum(Value x, Value y) { return b.create<arith::AddFOp>(x, y); }
  /// `otherwise` where a masked row's `value` is `empty`: nothing of the row is left.
  Value replaceEmpty(Value value, float empty, float otherwise);
  Value repeat(Value one, int64_t count) { return b.shuffle(one, one, SmallVector<int64_t>(count, 0)); }
  /// `count` neighbours from element `i` on, scaled and masked.
  Value load(const Line &line, Value i, int64_t count);
  /// exp(x - max) of what `load` gives; kept where the result will be, if that has room.
  Value makeExponential(const Line &line, Value i, int64_t count, Value max);
  /// The same again.
  Value getExponential(const Line &line, Value i, int64_t count, Value max);
  void divide(const Line &line, Value i, int64_t count, Value max, Value total);
  static constexpr float lowest = -std::numeric_limits<float>::infinity();

  KernelBuilder &b;
  const SoftmaxParams &p;
  Extent length, inStride, outStride, maskStride;
  LaneMemory memory;
};

} // namespace

Value SoftmaxEmitter::load(const Line &line, Value i, int64_t count) {
  VectorArith a(b, count);
  Value x = loadReals(b, p.input, at(line.in, i, inStride), count);
  if (p.scale != 1.0f)
    x = a.mul(x, a.f32(p.scale));
  if (!p.masked)
    return x;
  Value mask = at(line.mask, i, maskStride);
  // A row's elements side by side are those of the axis, in columns they are those of neighbouring lines.
  const bool repeats = inRows() ? maskStride == 0 : line.repeatsMask;
  VectorType type = b.vec(count, b.f32());
  return a.add(x, repeats ? b.broadcastLoad(type, mask) : b.load(type, mask));
}

Value SoftmaxEmitter::replaceEmpty(Value value, float empty, float otherwise) {
  if (!p.masked)
    return value;
  VectorArith a(b, b.lanesOf(value));
  return a.select(a.eq(value, a.f32(empty)), a.f32(otherwise), value);
}

Value SoftmaxEmitter::makeExponential(const Line &line, Value i, int64_t count, Value max) {
  VectorArith a(b, count);
  Value e = functions::expNegative(a, a.sub(load(line, i, count), max));
  if (p.output.kind == ElementKind::F32)
    b.store(e, at(line.out, i, outStride));
  return e;
}

Value SoftmaxEmitter::getExponential(const Line &line, Value i, int64_t count, Value max) {
  if (p.output.kind == ElementKind::F32)
    return b.load(b.vec(count, b.f32()), at(line.out, i, outStride));
  return makeExponential(line, i, count, max);
}

void SoftmaxEmitter::divide(const Line &line, Value i, int64_t count, Value max, Value total) {
  Value e = getExponential(line, i, count, max);
  storeReals(b, p.output, b.create<arith::DivFOp>(e, total), at(line.out, i, outStride));
}

void SoftmaxEmitter::emitRows(ArrayRef<Line> rows) {
  const auto getMax = [&](Value x, Value y) { return max(x, y); };
  const auto getSum = [&](Value x, Value y) { return sum(x, y); };
  const auto loadOf = [&](Value i, int64_t count, int64_t row) { return load(rows[row], i, count); };
  Values largest = reduceRows(b, rows.size(), length, lowest, loadOf, getMax);
  for (Value &value : largest)
    value = replaceEmpty(value, lowest, 0.0f);
  const auto exponentialOf = [&](Value i, int64_t count, int64_t row) {
    return makeExponential(rows[row], i, count, repeat(largest[row], count));
  };
  Values total = reduceRows(b, rows.size(), length, 0.0f, exponentialOf, getSum);
  for (Value &value : total)
    value = replaceEmpty(value, 0.0f, 1.0f);
  emitShared(b, length, b.isa.lanes(), [&](int64_t count, Value i) {
    for (auto [row, line] : llvm::enumerate(rows))
      divide(line, i, count, repeat(largest[row], count), repeat(total[row], count));
  });
}

void SoftmaxEmitter::emitColumns(const Line &line, int64_t lanes) {
  Value start = b.splat(b.vec(lanes, b.f32()), lowest);
  Value largest = b.loop(length, start,
                         [&](Value i, ValueRange carried) { return Values{max(carried[0], load(line, i, lanes))}; })[0];
  largest = replaceEmpty(largest, lowest, 0.0f);
  Value total = memory.reduce(
      length, lanes, 0.0f, [&](Value i) { return makeExponential(line, i, lanes, largest); },
      [&](Value x, Value y) { return sum(x, y); });
  total = replaceEmpty(total, 0.0f, 1.0f);
  b.loop(length, [&](Value i) { divide(line, i, lanes, largest, total); });
}

/// Rows whose maxima and sums, each a chain of operations that wait for one another, run side by side.
static int64_t rowsTogether(const ISA &isa) { return isa.registers >= 32 ? 4 : 2; }

/// Emits `body` for all of [0, length), in groups of `size` and what remains one by one.
static void emitGroups(KernelBuilder &b, const Extent &length, int64_t size,
                       llvm::function_ref<void(int64_t count, Value first)> body) {
  const Extent groups = floorDiv(length, size), rest = mod(length, size);
  if (groups != 0)
    b.loop(groups, [&](Value group) { body(size, b.mul(group, b.constant(size))); });
  if (rest != 0)
    b.loop(rest, [&](Value i) { body(1, b.add(b.constant(groups * size), i)); });
}

func::FuncOp nibble::kernels::emitSoftmax(OpBuilder &builder, Location loc, StringRef symbol,
                                          const SoftmaxParams &params, const ISA &isa) {
  assert(whyNoSoftmax(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, boxItemCount(softmaxBox(params), isa) * min(lengthOf(params), 1),
                      [&](KernelBuilder &b, Value args, Value begin, Value end) {
                        if (softmaxTileCount(params) == 0)
                          return;
                        SoftmaxEmitter emitter(b, params);
                        if (emitter.inRows())
                          shareRows(b, lengthOf(params));
                        SmallVector<Value> arguments = loadArguments(b, args, 2 + params.masked);
                        SmallVector<Value> operands = {arguments.front(), arguments.back()};
                        if (params.masked)
                          operands.push_back(arguments[1]);
                        const Box box = softmaxBox(params);
                        const bool repeatsMask = params.masked && box.isRepeated(2);
                        const bool vectors = !emitter.inRows() && box.isContiguous(0) && box.isContiguous(1) &&
                                             (!params.masked || repeatsMask || box.isContiguous(2));
                        emitBox(b, box, operands, begin, end, [&](ArrayRef<Value> pointers, const Extent &length) {
                          const auto lineAt = [&](Value index) {
                            SmallVector<Value> starts;
                            for (auto [pointer, operand] : llvm::zip(pointers, box.operands))
                              starts.push_back(b.at(pointer, b.mul(index, b.constant(operand.strides.back()))));
                            return Line{starts[0], starts[1], params.masked ? starts[2] : Value(), repeatsMask};
                          };
                          if (!emitter.inRows())
                            return emitVectors(b, length, vectors ? isa.lanes() : 1, [&](int64_t count, Value first) {
                              emitter.emitColumns(lineAt(first), count);
                            });
                          emitGroups(b, length, rowsTogether(isa), [&](int64_t count, Value first) {
                            SmallVector<Line> rows;
                            for (int64_t i = 0; i < count; ++i)
                              rows.push_back(lineAt(b.add(first, b.constant(i))));
                            emitter.emitRows(rows);
                          });
                        });
                      });
}
