// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that move elements and change none.

#include "nibble/Dialect/UKernel/Kernels.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

static std::string nameMove(BufferType type, StringRef function, const kernels::ISA &isa) {
  return "x" + std::to_string(8 * type.getElementBytes()) + "_" + function.str() + "_" + isa.name.str();
}

static Value forward(KernelFunction &, IRArith &, ValueRange operands) { return operands[0]; }

//===----------------------------------------------------------------------===//
// Transpose
//===----------------------------------------------------------------------===//

static LoopNest getNest(TransposeOp op) {
  LoopNest nest(op.getType(), {op.getInput().getType()});
  nest.permute(0, op.getInput().getType(), op.getPermutation());
  nest.collapse();
  return nest;
}

std::string TransposeOp::getKernelName(const kernels::ISA &isa) { return nameMove(getType(), "transpose", isa); }
std::string TransposeOp::getKernelKey() { return getGenericKey(*this); }
int64_t TransposeOp::getTileCount() { return getNest(*this).getTileCount(); }
void TransposeOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) {
  getOriginArguments(*this, arguments);
}
LogicalResult TransposeOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  getNest(*this).emit(builder, getLoc(), symbol, 2, forward, /*raw=*/true);
  return success();
}

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

static LoopNest getNest(SliceOp op) {
  LoopNest nest(op.getType(), {op.getInput().getType()});
  LoopNest::Access &input = nest.accesses[1];
  input.strides = op.getInput().getType().getStrides();
  for (unsigned i = 0; i < input.strides.size(); ++i) {
    input.base += op.getStarts()[i] * input.strides[i];
    input.strides[i] *= op.getSteps()[i];
  }
  nest.collapse();
  return nest;
}

std::string SliceOp::getKernelName(const kernels::ISA &isa) { return nameMove(getType(), "slice", isa); }
std::string SliceOp::getKernelKey() { return getGenericKey(*this); }
int64_t SliceOp::getTileCount() { return getNest(*this).getTileCount(); }
void SliceOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) { getOriginArguments(*this, arguments); }
LogicalResult SliceOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  getNest(*this).emit(builder, getLoc(), symbol, 2, forward, /*raw=*/true);
  return success();
}

//===----------------------------------------------------------------------===//
// Concat
//===----------------------------------------------------------------------===//

static CopyNests getNests(ConcatOp op) {
  CopyNests nests;
  SmallVector<int64_t> strides = op.getType().getStrides();
  int64_t start = 0;
  for (auto [index, value] : llvm::enumerate(op.getInputs())) {
    auto type = cast<BufferType>(value.getType());
    LoopNest nest(type, {type});
    nest.accesses[0].strides = strides;
    nest.accesses[0].base = start * strides[op.getAxis()];
    nest.accesses[1].pointer = index;
    nest.collapse();
    nests.nests.push_back(nest);
    start += type.getDim(op.getAxis());
  }
  return nests;
}

std::string ConcatOp::getKernelName(const kernels::ISA &isa) { return nameMove(getType(), "concat", isa); }
std::string ConcatOp::getKernelKey() { return getGenericKey(*this); }
int64_t ConcatOp::getTileCount() { return getNests(*this).getTileCount(); }
void ConcatOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) { getOriginArguments(*this, arguments); }
LogicalResult ConcatOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  getNests(*this).emit(builder, getLoc(), symbol, getInputs().size() + 1);
  return success();
}

//===----------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------===//

static CopyNests getNests(PadOp op) {
  CopyNests nests;
  nests.fill = op.getValue().convertToDouble();
  BufferType input = op.getInput().getType(), result = op.getType();
  SmallVector<int64_t> low, extents, strides = result.getStrides(), inputStrides = input.getStrides();
  LoopNest inside(result, {input});
  inside.accesses[1].strides = inputStrides;
  for (int64_t i = 0; i < result.getRank(); ++i) {
    // A negative count crops.
    int64_t count = op.getLow()[i], first = std::max<int64_t>(count, 0), skipped = std::max<int64_t>(-count, 0);
    low.push_back(std::min(first, result.getDim(i)));
    extents.push_back(std::max<int64_t>(0, std::min(input.getDim(i) - skipped, result.getDim(i) - first)));
    inside.accesses[0].base += first * strides[i];
    inside.accesses[1].base += skipped * inputStrides[i];
  }
  nests.addBorder(result.getShape(), strides, result.getElementType(), low, extents);
  inside.extents = extents;
  if (!llvm::is_contained(extents, 0)) {
    inside.collapse();
    nests.nests.push_back(inside);
  }
  return nests;
}

std::string PadOp::getKernelName(const kernels::ISA &isa) { return nameMove(getType(), "pad", isa); }
std::string PadOp::getKernelKey() { return getGenericKey(*this); }
int64_t PadOp::getTileCount() { return getNests(*this).getTileCount(); }
void PadOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) { getOriginArguments(*this, arguments); }
LogicalResult PadOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  getNests(*this).emit(builder, getLoc(), symbol, 2);
  return success();
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

namespace {
/// Loops over the result's dimensions; those with a table read their index of the input there.
struct GatherEmitter {
  GatherOp op;
  KernelFunction &f;
  SmallVector<int64_t> inputStrides, resultStrides, tables;

  GatherEmitter(GatherOp op, KernelFunction &f)
      : op(op), f(f), inputStrides(op.getInput().getType().getStrides()), resultStrides(op.getType().getStrides()),
        tables(op.getType().getRank(), -1) {
    int64_t start = 0;
    for (int64_t axis : op.getAxes()) {
      tables[axis] = start;
      start += op.getType().getDim(axis);
    }
  }

  Value mapIndex(int64_t d, Value i) {
    if (tables[d] < 0)
      return i;
    Value entry = f.load(1, f.add(i, f.index(tables[d])), f.b.getI32Type(), 1);
    return arith::ExtSIOp::create(f.b, f.loc, f.b.getI64Type(), entry);
  }

  void move(Value from, Value to, int64_t lanes) {
    Type type = op.getType().getElementType();
    f.store(2, to, type, lanes, f.load(0, from, type, lanes, false, /*raw=*/true), /*raw=*/true);
  }

  void loops(int64_t d, Value from, Value to) {
    int64_t extent = op.getType().getDim(d);
    if (d + 1 == op.getType().getRank() && tables[d] < 0)
      return f.vectorLoop(extent, [&](Value i, int64_t lanes) { move(f.add(from, i), f.add(to, i), lanes); });
    f.loop(extent, [&](Value i) { step(d, i, from, to); });
  }

  void step(int64_t d, Value i, Value from, Value to) {
    from = f.add(from, f.mul(mapIndex(d, i), inputStrides[d]));
    to = f.add(to, f.mul(i, resultStrides[d]));
    if (d + 1 == op.getType().getRank())
      return move(from, to, 1);
    loops(d + 1, from, to);
  }
};
} // namespace

std::string GatherOp::getKernelName(const kernels::ISA &isa) { return nameMove(getType(), "gather", isa); }
std::string GatherOp::getKernelKey() { return getGenericKey(*this); }
int64_t GatherOp::getTileCount() {
  BufferType type = getType();
  return type.getRank() > 2 ? type.getDim(0) * type.getDim(1) : 1;
}
void GatherOp::getKernelArguments(SmallVectorImpl<KernelArgument> &arguments) { getOriginArguments(*this, arguments); }
LogicalResult GatherOp::emitKernel(OpBuilder &builder, StringRef symbol, const kernels::ISA &) {
  KernelFunction(builder, getLoc(), symbol, 3, [&](KernelFunction &f, Value tile) {
    GatherEmitter emitter(*this, f);
    BufferType type = getType();
    Value zero = f.index(0);
    if (type.getRank() <= 2)
      return emitter.loops(0, zero, zero);
    SmallVector<Value> indices = f.delinearize(tile, type.getShape().take_front(2));
    Value from = f.add(f.mul(emitter.mapIndex(0, indices[0]), emitter.inputStrides[0]),
                       f.mul(emitter.mapIndex(1, indices[1]), emitter.inputStrides[1]));
    Value to = f.add(f.mul(indices[0], emitter.resultStrides[0]), f.mul(indices[1], emitter.resultStrides[1]));
    emitter.loops(2, from, to);
  });
  return success();
}
