// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax and reductions: sums run in 16 interleaved lanes, then a fixed tree.

#include "nibble/Dialect/UKernel/Kernels.h"
#include "nibble/Support/Functions.h"
#include "nibble/Support/Numerics.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

namespace {

using Combine = llvm::function_ref<Value(IRArith &, Value, Value)>;
/// The scalar at a position of the flattened reduced elements.
using Get = llvm::function_ref<Value(Value position)>;

constexpr int64_t kLanes = numerics::reductionLanes;

/// Lane j with lane j + 8, then j + 4, j + 2, j + 1.
Value combineLanes(KernelFunction &f, Value lanes, Combine combine) {
  for (int64_t width = kLanes / 2; width >= 1; width /= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < width; ++i) {
      low.push_back(i);
      high.push_back(i + width);
    }
    IRArith a(f.b, f.loc, width);
    if (width == 1)
      return combine(a, vector::ExtractOp::create(f.b, f.loc, lanes, 0),
                     vector::ExtractOp::create(f.b, f.loc, lanes, 1));
    lanes = combine(a, vector::ShuffleOp::create(f.b, f.loc, lanes, lanes, low),
                    vector::ShuffleOp::create(f.b, f.loc, lanes, lanes, high));
  }
  llvm_unreachable("a tree ends with one lane");
}

/// numerics::reduceLanes on `count` elements.
Value reduceLanes(KernelFunction &f, int64_t count, float neutral, Get get, Combine combine) {
  IRArith wide(f.b, f.loc, kLanes), scalar(f.b, f.loc);
  auto gather = [&](Value start, int64_t used) {
    Value v = wide.f32(neutral);
    for (int64_t i = 0; i < used; ++i)
      v = vector::InsertOp::create(f.b, f.loc, get(f.add(start, f.index(i))), v, i);
    return v;
  };
  int64_t whole = count / kLanes * kLanes;
  Value acc = f.reduce(f.index(0), f.index(whole), kLanes, wide.f32(neutral), [&](Value i, ValueRange carried) {
    return SmallVector<Value>{combine(wide, carried[0], gather(i, kLanes))};
  })[0];
  // The lanes that the rest does not reach stay as they are.
  for (int64_t i = 0; i < count - whole; ++i) {
    Value lane = vector::ExtractOp::create(f.b, f.loc, acc, i);
    acc = vector::InsertOp::create(f.b, f.loc, combine(scalar, lane, get(f.index(whole + i))), acc, i);
  }
  return combineLanes(f, acc, combine);
}

} // namespace

static Value emitAdd(IRArith &a, Value x, Value y) { return a.add(x, y); }
static Value emitMax(IRArith &a, Value x, Value y) { return a.maximum(x, y); }

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

std::string SoftmaxOp::getKernelName(const kernels::ISA &isa) { return "f32_f32_softmax_" + isa.name.str(); }
std::string SoftmaxOp::getKernelKey() { return getGenericKey(*this); }
int64_t SoftmaxOp::getTileCount() { return getType().getNumElements() / getType().getDim(getAxis()); }
void SoftmaxOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) { getOriginArguments(*this, arguments); }

// The start of line `tile` along `axis` in a buffer.
static Value getLine(KernelFunction &f, BufferType type, int64_t axis, Value tile) {
  SmallVector<int64_t> shape(type.getShape()), strides = type.getStrides();
  shape[axis] = 1;
  Value offset = f.index(0);
  for (auto [index, stride] : llvm::zip(f.delinearize(tile, shape), strides))
    offset = f.add(offset, f.mul(index, stride));
  return offset;
}

LogicalResult SoftmaxOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  int64_t axis = getAxis(), count = getType().getDim(axis);
  KernelFunction(builder, getLoc(), symbol, 2, [&](KernelFunction &f, Value tile) {
    BufferType input = getInput().getType(), result = getType();
    Value from = getLine(f, input, axis, tile), to = getLine(f, result, axis, tile);
    Type f32 = f.b.getF32Type();
    IRArith a(f.b, f.loc);
    auto in = [&](Value i) { return f.load(0, f.add(from, f.mul(i, input.getStrides()[axis])), f32, 1); };
    auto outAt = [&](Value i) { return f.add(to, f.mul(i, result.getStrides()[axis])); };
    Value max = reduceLanes(f, count, -std::numeric_limits<float>::infinity(), in, emitMax);
    f.loop(count, [&](Value i) { f.store(1, outAt(i), f32, 1, functions::exp(a, a.sub(in(i), max))); });
    Value sum = reduceLanes(f, count, 0.0f, [&](Value i) { return f.load(1, outAt(i), f32, 1); }, emitAdd);
    f.loop(count, [&](Value i) { f.store(1, outAt(i), f32, 1, a.div(f.load(1, outAt(i), f32, 1), sum)); });
  });
  return success();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

std::string ReduceOp::getKernelName(const kernels::ISA &isa) {
  return "f32_f32_reduce_" + getKind().str() + "_" + isa.name.str();
}
std::string ReduceOp::getKernelKey() { return getGenericKey(*this); }
int64_t ReduceOp::getTileCount() { return getType().getNumElements(); }
void ReduceOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) { getOriginArguments(*this, arguments); }

static Value emitProduct(IRArith &a, Value x, Value y) { return a.mul(x, y); }
static Value emitMin(IRArith &a, Value x, Value y) { return a.minimum(x, y); }

LogicalResult ReduceOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  BufferType input = getInput().getType(), result = getType();
  SmallVector<int64_t> reduced, reducedStrides;
  int64_t count = 1;
  for (int64_t axis : getAxes()) {
    reduced.push_back(input.getDim(axis));
    reducedStrides.push_back(input.getStrides()[axis]);
    count *= input.getDim(axis);
  }
  KernelFunction(builder, getLoc(), symbol, 2, [&](KernelFunction &f, Value tile) {
    Value from = f.index(0), to = f.index(0);
    for (auto [d, index] : llvm::enumerate(f.delinearize(tile, result.getShape()))) {
      from = f.add(from, f.mul(index, input.getStrides()[d]));
      to = f.add(to, f.mul(index, result.getStrides()[d]));
    }
    Type f32 = f.b.getF32Type();
    IRArith a(f.b, f.loc);
    auto get = [&](Value position) {
      Value offset = from;
      for (auto [index, stride] : llvm::zip(f.delinearize(position, reduced), reducedStrides))
        offset = f.add(offset, f.mul(index, stride));
      return f.load(0, offset, f32, 1);
    };
    const float inf = std::numeric_limits<float>::infinity();
    StringRef kind = getKind();
    Value y = kind == "max"    ? reduceLanes(f, count, -inf, get, emitMax)
              : kind == "min"  ? reduceLanes(f, count, inf, get, emitMin)
              : kind == "prod" ? reduceLanes(f, count, 1.0f, get, emitProduct)
                               : reduceLanes(f, count, 0.0f, get, emitAdd);
    if (kind == "mean")
      y = a.div(y, a.f32(float(count)));
    f.store(1, to, f32, 1, y);
  });
  return success();
}
