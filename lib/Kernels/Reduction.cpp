// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions over any axes.

#include "Box.h"
#include "Lanes.h"
#include "nibble/Kernels/Rows.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

namespace {

/// The dimensions sorted into those that stay and those that go, each set merged.
struct ReductionLoops {
  Box kept;    ///< operands: the input, the result
  Box reduced; ///< operand: the input

  bool inRows() const { return reduced.rank() == 1 && reduced.isContiguous(0); }
};

} // namespace

static Extent reducedCount(const ReductionParams &params) {
  Extent count = 1;
  for (int64_t axis : params.axes)
    count *= params.shape[axis];
  return count;
}

static ReductionLoops loopsOf(const ReductionParams &params) {
  Box kept{{}, {{4, {}}, {4, {}}}}, reduced{{}, {{4, {}}}};
  for (size_t d = 0; d < params.shape.size(); ++d) {
    Box &box = llvm::is_contained(params.axes, int64_t(d)) ? reduced : kept;
    box.shape.push_back(params.shape[d]);
    box.operands[0].strides.push_back(params.inputStrides[d]);
  }
  kept.operands[1].strides = params.outputStrides;
  kept.rowTile = elementsPerTile(reducedCount(params));
  kept.threadTile = 1;
  return {mergeDimensions(std::move(kept)), mergeDimensions(std::move(reduced))};
}

static constexpr std::pair<ReductionKind, StringLiteral> names[] = {{ReductionKind::Sum, "sum"},
                                                                    {ReductionKind::Mean, "mean"},
                                                                    {ReductionKind::Max, "max"},
                                                                    {ReductionKind::Min, "min"},
                                                                    {ReductionKind::Prod, "prod"}};

static StringRef verb(ReductionKind kind) {
  return llvm::find_if(names, [&](const auto &row) { return row.first == kind; })->second;
}

std::optional<ReductionKind> nibble::kernels::lookupReductionKind(StringRef name) {
  const auto *found = llvm::find_if(names, [&](const auto &row) { return row.second == name; });
  return found == std::end(names) ? std::nullopt : std::optional(found->first);
}

std::string nibble::kernels::whyNoReduction(const ReductionParams &params, const ISA &isa) {
  if (params.inputStrides.size() != params.shape.size())
    return "the operand needs one stride a dimension";
  if (!llvm::all_of(params.axes, [&](int64_t axis) { return axis >= 0 && axis < int64_t(params.shape.size()); }))
    return "an axis out of range";
  if (params.outputStrides.size() + params.axes.size() != params.shape.size())
    return "the result needs one stride a dimension that stays";
  return "";
}

std::string nibble::kernels::reductionKernelName(const ReductionParams &params, const ISA &isa) {
  return ("f32_f32_reduce_" + verb(params.kind) + "_" + isa.name).str();
}

std::string nibble::kernels::reductionKernelKey(const ReductionParams &params) {
  ReductionLoops loops = loopsOf(params);
  return ("reduce " + verb(params.kind)).str() + " kept " + spelling(loops.kept.shape) + " by " +
         spelling(loops.kept.operands[0].strides) + " by " + spelling(loops.kept.operands[1].strides) + " reduced " +
         spelling(loops.reduced.shape) + " by " + spelling(loops.reduced.operands[0].strides);
}

Extent nibble::kernels::reductionTileCount(const ReductionParams &params) { return boxTileCount(loopsOf(params).kept); }

namespace {

class ReductionEmitter {
public:
  ReductionEmitter(KernelBuilder &b, const ReductionParams &params, const ReductionLoops &loops)
      : b(b), params(params), loops(loops), memory(b) {}

  void emitRows(ArrayRef<Value> pointers, const Extent &length);
  void emitColumns(ArrayRef<Value> pointers, const Extent &length);

private:
  float neutral() const;
  Value combine(Value x, Value y);
  /// What becomes of the reduced value.
  Value finish(Value value);
  /// Element number `index` of those that are reduced to one.
  Value elementAt(Value pointer, Value index);
  Value reduceColumns(Value column, int64_t lanes);
  /// Loops over the reduced dimensions; carries the number of elements before.
  Value emitReduced(int64_t dimension, Value pointer, Value index, VectorType type);

  KernelBuilder &b;
  const ReductionParams &params;
  const ReductionLoops &loops;
  LaneMemory memory;
};

} // namespace

float ReductionEmitter::neutral() const {
  switch (params.kind) {
  case ReductionKind::Max:
    return -std::numeric_limits<float>::infinity();
  case ReductionKind::Min:
    return std::numeric_limits<float>::infinity();
  case ReductionKind::Prod:
    return 1.0f;
  default:
    return 0.0f;
  }
}

Value ReductionEmitter::combine(Value x, Value y) {
  switch (params.kind) {
  case ReductionKind::Max:
    return b.create<arith::MaximumFOp>(x, y);
  case ReductionKind::Min:
    return b.create<arith::MinimumFOp>(x, y);
  case ReductionKind::Prod:
    return b.create<arith::MulFOp>(x, y);
  default:
    return b.create<arith::AddFOp>(x, y);
  }
}

Value ReductionEmitter::finish(Value value) {
  if (params.kind != ReductionKind::Mean)
    return value;
  return b.create<arith::DivFOp>(value, b.floats(cast<VectorType>(value.getType()), reducedCount(params)));
}

/// Each result is a row of contiguous elements.
void ReductionEmitter::emitRows(ArrayRef<Value> pointers, const Extent &length) {
  const Extent inStride = loops.kept.operands[0].strides.back();
  b.loop(length, [&](Value i) {
    Value row = b.at(pointers[0], b.mul(i, b.constant(inStride)));
    Value value = reduceRow(
        b, loops.reduced.length(), neutral(),
        [&](Value first, int64_t count) {
          return b.load(b.vec(count, b.f32()), b.at(row, b.mul(first, b.constant(4))));
        },
        [&](Value x, Value y) { return combine(x, y); });
    emitShared(b, 1, 1, [&](int64_t, Value) { storeRow(b, loops.kept, 1, finish(value), pointers[1], i); });
  });
}

Value ReductionEmitter::emitReduced(int64_t dimension, Value pointer, Value index, VectorType type) {
  const Box &box = loops.reduced;
  return b.loop(box.shape[dimension], index, [&](Value iv, ValueRange carried) {
    Value at = b.at(pointer, b.mul(iv, b.constant(box.operands[0].strides[dimension])));
    if (dimension + 1 < box.rank())
      return Values{emitReduced(dimension + 1, at, carried[0], type)};
    memory.add(carried[0], b.load(type, at), [&](Value x, Value y) { return combine(x, y); });
    return Values{b.add(carried[0], b.constant(1))};
  })[0];
}

Value ReductionEmitter::elementAt(Value pointer, Value index) {
  const Box &box = loops.reduced;
  for (int64_t d = box.rank() - 1; d >= 0; --d) {
    Value digit = d == 0 ? index : b.takeDigit(index, box.shape[d]);
    pointer = b.at(pointer, b.mul(digit, b.constant(box.operands[0].strides[d])));
  }
  return pointer;
}

Value ReductionEmitter::reduceColumns(Value column, int64_t lanes) {
  const auto combined = [&](Value x, Value y) { return combine(x, y); };
  VectorType type = b.vec(lanes, b.f32());
  if (b.isa.isGPU())
    return memory.reduce(
        product(loops.reduced.shape), lanes, neutral(),
        [&](Value index) { return b.load(type, elementAt(column, index)); }, combined);
  memory.start(lanes, neutral());
  if (!loops.reduced.empty())
    emitReduced(0, column, b.constant(0), type);
  return memory.finish(combined);
}

/// Results side by side.
void ReductionEmitter::emitColumns(ArrayRef<Value> pointers, const Extent &length) {
  const Box &kept = loops.kept;
  emitVectors(b, length, kept.isContiguous(0) ? b.isa.lanes() : 1, [&](int64_t lanes, Value first) {
    Value column = b.at(pointers[0], b.mul(first, b.constant(kept.operands[0].strides.back())));
    storeRow(b, kept, 1, finish(reduceColumns(column, lanes)), pointers[1], first);
  });
}

func::FuncOp nibble::kernels::emitReduction(OpBuilder &builder, Location loc, StringRef symbol,
                                            const ReductionParams &params, const ISA &isa) {
  assert(whyNoReduction(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, boxItemCount(loopsOf(params).kept, isa),
                      [&](KernelBuilder &b, Value args, Value begin, Value end) {
                        const ReductionLoops loops = loopsOf(params);
                        ReductionEmitter emitter(b, params, loops);
                        if (loops.inRows())
                          shareRows(b, loops.reduced.length());
                        emitBox(b, loops.kept, loadArguments(b, args, 2), begin, end,
                                [&](ArrayRef<Value> pointers, const Extent &length) {
                                  if (loops.inRows())
                                    emitter.emitRows(pointers, length);
                                  else
                                    emitter.emitColumns(pointers, length);
                                });
                      });
}
