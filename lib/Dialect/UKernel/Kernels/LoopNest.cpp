// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loop nests of elementwise kernels and copies.

#include "nibble/Dialect/UKernel/Kernels.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace nibble::ukernel;

/// Elements of a tile, about: enough to pay for a call, few enough to share among threads.
static constexpr int64_t kTileElements = 8192;

LoopNest::LoopNest(BufferType result, ArrayRef<BufferType> operands) {
  extents.assign(result.getShape().begin(), result.getShape().end());
  accesses.push_back({result.getElementType(), result.getStrides(), 0, -1});
  for (auto [index, operand] : llvm::enumerate(operands)) {
    SmallVector<int64_t> strides = operand.getStrides();
    strides.resize(extents.size());
    for (int64_t i = 0; i < operand.getRank() && i < int64_t(extents.size()); ++i)
      if (operand.getDim(i) == 1 && extents[i] != 1)
        strides[i] = 0;
    accesses.push_back({operand.getElementType(), strides, 0, int(index)});
  }
}

void LoopNest::permute(unsigned operand, BufferType type, ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> from = type.getStrides();
  for (unsigned i = 0; i < permutation.size(); ++i)
    accesses[operand + 1].strides[i] = from[permutation[i]];
}

void LoopNest::collapse() {
  auto erase = [&](unsigned d) {
    extents.erase(extents.begin() + d);
    for (Access &access : accesses)
      access.strides.erase(access.strides.begin() + d);
  };
  for (unsigned d = 0; d < extents.size();)
    extents[d] == 1 ? erase(d) : void(++d);
  for (unsigned d = 0; d + 1 < extents.size();) {
    bool adjacent = llvm::all_of(
        accesses, [&](const Access &access) { return access.strides[d] == access.strides[d + 1] * extents[d + 1]; });
    if (!adjacent) {
      ++d;
      continue;
    }
    extents[d + 1] *= extents[d];
    erase(d);
  }
  if (!extents.empty())
    return;
  extents.push_back(1);
  for (Access &access : accesses)
    access.strides.push_back(1);
}

// Leading dimensions whose indices a tile fixes; 0 for one dimension, which tiles cut into chunks.
unsigned LoopNest::getTileDims() const {
  if (extents.size() == 1)
    return 0;
  int64_t inner = 1;
  for (int64_t extent : ArrayRef(extents).drop_front())
    inner *= extent;
  unsigned dims = 1;
  while (dims + 1 < extents.size() && inner > kTileElements)
    inner /= extents[dims++];
  return dims;
}

int64_t LoopNest::getTileCount() const {
  unsigned dims = getTileDims();
  if (dims == 0)
    return (extents[0] + kTileElements - 1) / kTileElements;
  int64_t count = 1;
  for (int64_t extent : ArrayRef(extents).take_front(dims))
    count *= extent;
  return count;
}

namespace {
/// The state of one emission.
struct Emitter {
  const LoopNest &nest;
  KernelFunction &f;
  LoopNest::Body body;
  bool raw;

  void advance(SmallVectorImpl<Value> &offsets, unsigned dim, Value index) {
    for (unsigned k = 0; k < offsets.size(); ++k)
      if (int64_t stride = nest.accesses[k].strides[dim])
        offsets[k] = f.add(offsets[k], f.mul(index, stride));
  }

  unsigned pointer(const LoopNest::Access &access) {
    return access.pointer < 0 ? f.pointers.size() - 1 : unsigned(access.pointer);
  }

  void element(ArrayRef<Value> offsets, int64_t lanes) {
    unsigned last = nest.extents.size() - 1;
    SmallVector<Value> operands;
    for (unsigned k = 1; k < offsets.size(); ++k) {
      const LoopNest::Access &access = nest.accesses[k];
      bool broadcast = access.strides[last] == 0;
      operands.push_back(f.load(pointer(access), offsets[k], access.type, lanes, broadcast, raw));
    }
    IRArith a(f.b, f.loc, lanes);
    const LoopNest::Access &result = nest.accesses[0];
    f.store(pointer(result), offsets[0], result.type, lanes, body(f, a, operands), raw);
  }

  // Runs of the last dimension, by vectors where all strides are 0 or 1.
  void run(ArrayRef<Value> offsets, int64_t count) {
    unsigned last = nest.extents.size() - 1;
    bool vectors = nest.accesses[0].strides[last] == 1;
    for (const LoopNest::Access &access : ArrayRef(nest.accesses).drop_front())
      vectors &= access.strides[last] == 0 || access.strides[last] == 1;
    auto at = [&](Value i, int64_t lanes) {
      SmallVector<Value> here(offsets);
      advance(here, last, i);
      element(here, lanes);
    };
    if (vectors)
      f.vectorLoop(count, at);
    else
      f.loop(count, [&](Value i) { at(i, 1); });
  }

  void loops(unsigned dim, ArrayRef<Value> offsets) {
    if (dim + 1 == nest.extents.size())
      return run(offsets, nest.extents[dim]);
    f.loop(nest.extents[dim], [&](Value i) {
      SmallVector<Value> here(offsets);
      advance(here, dim, i);
      loops(dim + 1, here);
    });
  }

  // One dimension: whole chunks, and a shorter one at the end.
  void chunk(Value tile, SmallVectorImpl<Value> &offsets) {
    int64_t tiles = nest.getTileCount(), rest = nest.extents[0] - (tiles - 1) * kTileElements;
    advance(offsets, 0, f.mul(tile, kTileElements));
    if (tiles == 1 || rest == kTileElements)
      return run(offsets, std::min(nest.extents[0], kTileElements));
    Value last = arith::CmpIOp::create(f.b, f.loc, arith::CmpIPredicate::eq, tile, f.index(tiles - 1));
    f.branch(last, [&] { run(offsets, rest); }, [&] { run(offsets, kTileElements); });
  }
};
} // namespace

void LoopNest::emitTile(KernelFunction &f, Value tile, Body body, bool raw) const {
  Emitter emitter{*this, f, body, raw};
  SmallVector<Value> offsets;
  for (const Access &access : accesses)
    offsets.push_back(f.index(access.base));
  unsigned dims = getTileDims();
  if (dims == 0)
    return emitter.chunk(tile, offsets);
  SmallVector<Value> indices = f.delinearize(tile, ArrayRef(extents).take_front(dims));
  for (unsigned d = 0; d < dims; ++d)
    emitter.advance(offsets, d, indices[d]);
  emitter.loops(dims, offsets);
}

void LoopNest::emit(OpBuilder &builder, Location loc, StringRef symbol, unsigned pointerCount, Body body,
                    bool raw) const {
  KernelFunction(builder, loc, symbol, pointerCount,
                 [&](KernelFunction &f, Value tile) { emitTile(f, tile, body, raw); });
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

void CopyNests::addBorder(ArrayRef<int64_t> shape, ArrayRef<int64_t> strides, Type type, ArrayRef<int64_t> low,
                          ArrayRef<int64_t> extents) {
  // Dimension by dimension: what lies below and above the box, inside of it in the dimensions before.
  for (unsigned d = 0; d < shape.size(); ++d) {
    int64_t high = low[d] + extents[d];
    for (auto [start, count] : {std::pair(int64_t(0), low[d]), std::pair(high, shape[d] - high)}) {
      if (count <= 0)
        continue;
      LoopNest nest;
      LoopNest::Access result{type, SmallVector<int64_t>(strides), start * strides[d], -1};
      for (unsigned i = 0; i < shape.size(); ++i) {
        nest.extents.push_back(i < d ? extents[i] : i == d ? count : shape[i]);
        if (i < d)
          result.base += low[i] * strides[i];
      }
      nest.accesses.push_back(result);
      nest.collapse();
      nests.push_back(nest);
    }
  }
}

int64_t CopyNests::getTileCount() const {
  int64_t count = 0;
  for (const LoopNest &nest : nests)
    count += nest.getTileCount();
  return count;
}

static Value emitFill(KernelFunction &f, IRArith &a, Type type, double fill) {
  if (type.isF32())
    return a.f32(float(fill));
  auto integer = cast<IntegerType>(a.b.getIntegerType(type.getIntOrFloatBitWidth()));
  TypedAttr value = IntegerAttr::get(integer, APInt(integer.getWidth(), int64_t(fill), true, /*implicitTrunc=*/true));
  if (a.lanes != 1)
    value = DenseElementsAttr::get(VectorType::get({a.lanes}, integer), Attribute(value));
  return arith::ConstantOp::create(f.b, f.loc, value);
}

void CopyNests::emit(OpBuilder &builder, Location loc, StringRef symbol, unsigned pointerCount) {
  KernelFunction(builder, loc, symbol, pointerCount, [&](KernelFunction &f, Value tile) {
    int64_t start = 0;
    for (const LoopNest &nest : nests) {
      int64_t end = start + nest.getTileCount();
      auto body = [&](KernelFunction &f, IRArith &a, ValueRange v) {
        return v.empty() ? emitFill(f, a, nest.accesses[0].type, fill) : v[0];
      };
      Value above = arith::CmpIOp::create(f.b, loc, arith::CmpIPredicate::sge, tile, f.index(start));
      Value below = arith::CmpIOp::create(f.b, loc, arith::CmpIPredicate::slt, tile, f.index(end));
      f.branch(arith::AndIOp::create(f.b, loc, above, below),
               [&] { nest.emitTile(f, f.add(tile, f.index(-start)), body, /*raw=*/true); });
      start = end;
    }
  });
}

CopyNests nibble::ukernel::getHaloNests(BufferType type) {
  CopyNests nests;
  nests.fill = type.getFill();
  SmallVector<int64_t> shape = {type.getDim(0), type.getDim(1) + type.getTop() + type.getBottom(),
                                type.getDim(2) + type.getLeft() + type.getRight(), type.getPitch()};
  SmallVector<int64_t> extents = {type.getDim(0), type.getDim(1), type.getDim(2), type.getPitch()};
  nests.addBorder(shape, type.getStrides(), type.getElementType(), {0, type.getTop(), type.getLeft(), 0}, extents);
  return nests;
}
