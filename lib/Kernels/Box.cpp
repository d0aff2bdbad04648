// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Box.h"
#include "CUDA/Device.h"
#include "RowTiles.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

bool Box::empty() const { return llvm::is_contained(shape, Extent(0)); }

bool Box::isVectorizable() const {
  for (unsigned i = 0; i < operands.size(); ++i)
    if (!isContiguous(i) && !isRepeated(i))
      return false;
  return true;
}

/// Whether dimensions `outer` and `inner` are one for all operands.
static bool canMerge(const Box &box, int64_t outer, int64_t inner) {
  return llvm::all_of(box.operands, [&](const BoxOperand &operand) {
    return operand.strides[outer] == operand.strides[inner] * box.shape[inner];
  });
}

Box nibble::kernels::mergeDimensions(Box box) {
  Box merged;
  merged.rowTile = box.rowTile;
  merged.threadTile = box.threadTile;
  for (const BoxOperand &operand : box.operands)
    merged.operands.push_back({operand.elementBytes, {}, operand.offset});
  for (int64_t d = box.rank() - 1, inner = -1; d >= 0; --d) {
    if (box.shape[d] == 1)
      continue;
    if (inner >= 0 && canMerge(box, d, inner)) {
      // The outer dimension takes the inner one's place.
      box.shape[d] *= box.shape[inner];
      for (BoxOperand &operand : box.operands)
        operand.strides[d] = operand.strides[inner];
      merged.shape.back() = box.shape[d];
    } else {
      merged.shape.push_back(box.shape[d]);
      for (auto [to, from] : llvm::zip(merged.operands, box.operands))
        to.strides.push_back(from.strides[d]);
    }
    inner = d;
  }
  if (merged.shape.empty()) {
    merged.shape.push_back(1);
    for (BoxOperand &operand : merged.operands)
      operand.strides.push_back(operand.elementBytes);
  }
  std::reverse(merged.shape.begin(), merged.shape.end());
  for (BoxOperand &operand : merged.operands)
    std::reverse(operand.strides.begin(), operand.strides.end());
  return merged;
}

Extent nibble::kernels::boxTileCount(const Box &box) {
  if (box.empty())
    return 0;
  return box.rank() == 1 ? ceilDiv(box.length(), box.rowTile) : box.shape.front();
}

/// Of `count` elements, a power of two, as many as begin at a multiple of their size in all rows.
static int64_t alignedElements(const BoxOperand &operand, int64_t count) {
  const auto isAligned = [&](const Extent &offset) { return offset.getStatic() % (count * operand.elementBytes) == 0; };
  while (count > 1 && !(isAligned(operand.offset) && llvm::all_of(ArrayRef(operand.strides).drop_back(), isAligned)))
    count /= 2;
  return count;
}

/// Elements of a row that a thread of a GPU takes: neighbours that take fewer fill the same accesses together.
static int64_t threadTileOf(const Box &box, const ISA &isa) {
  if (box.threadTile)
    return box.threadTile;
  if (!box.isVectorizable())
    return 1;
  int64_t widest = 1;
  for (const BoxOperand &operand : box.operands)
    widest = std::max(widest, operand.elementBytes);
  int64_t count = isa.vectorBits / 8 / widest;
  for (unsigned i = 0; i < box.operands.size(); ++i)
    if (!box.isRepeated(i))
      count = alignedElements(box.operands[i], count);
  return count;
}

Extent nibble::kernels::boxItemCount(const Box &box, const ISA &isa) {
  if (!isa.isGPU() || box.empty())
    return boxTileCount(box);
  return product(ArrayRef(box.shape).drop_back()) * ceilDiv(box.length(), threadTileOf(box, isa));
}

int64_t nibble::kernels::elementsPerTile(const Extent &work) {
  constexpr int64_t usualWork = 256; // where it is not known
  return std::max<int64_t>(1, 4096 / std::max<int64_t>(1, work.getStaticOr(usualWork)));
}

/// The pointers moved by `iv` steps along `dimension`, each step `factor` indices.
static SmallVector<Value> advance(KernelBuilder &b, const Box &box, int64_t dimension, ArrayRef<Value> pointers,
                                  Value iv, const Extent &factor = 1) {
  SmallVector<Value> moved;
  for (auto [pointer, operand] : llvm::zip(pointers, box.operands)) {
    const Extent stride = operand.strides[dimension] * factor;
    moved.push_back(stride == 0 ? pointer : b.at(pointer, b.mul(iv, b.constant(stride))));
  }
  return moved;
}

/// A box with one dimension: full tiles, then the last one if it is shorter.
static void emitRowTiles(KernelBuilder &b, const Box &box, ArrayRef<Value> pointers, Value begin, Value end,
                         llvm::function_ref<void(ArrayRef<Value>, const Extent &)> row) {
  const int64_t rowTile = box.rowTile;
  const Extent full = floorDiv(box.length(), rowTile), rest = mod(box.length(), rowTile);
  if (full != 0) {
    Value last = b.create<arith::MinSIOp>(end, b.constant(full));
    b.loop(begin, last, [&](Value tile) { row(advance(b, box, 0, pointers, tile, rowTile), rowTile); });
  }
  if (rest == 0)
    return;
  Value first = b.create<arith::MaxSIOp>(begin, b.constant(full));
  b.loop(first, end, [&](Value tile) { row(advance(b, box, 0, pointers, tile, rowTile), rest); });
}

static void emitDimension(KernelBuilder &b, const Box &box, int64_t dimension, ArrayRef<Value> pointers,
                          llvm::function_ref<void(ArrayRef<Value>, const Extent &)> row) {
  if (dimension == box.rank() - 1)
    return row(pointers, box.length());
  b.loop(box.shape[dimension],
         [&](Value iv) { emitDimension(b, box, dimension + 1, advance(b, box, dimension, pointers, iv), row); });
}

/// Piece `item` of the rows of a box: neighbouring threads have neighbouring pieces.
static void emitItem(KernelBuilder &b, const Box &box, ArrayRef<Value> pointers, Value item,
                     llvm::function_ref<void(ArrayRef<Value>, const Extent &)> row) {
  const int64_t size = threadTileOf(box, b.isa);
  Value piece = b.takeDigit(item, ceilDiv(box.length(), size));
  SmallVector<Value> at(pointers);
  for (int64_t d = box.rank() - 2; d >= 0; --d)
    at = advance(b, box, d, at, d == 0 ? item : b.takeDigit(item, box.shape[d]));
  emitRowTile(b, box.length(), size, piece,
              [&](Value first, int64_t count) { row(advance(b, box, box.rank() - 1, at, first), count); });
}

void nibble::kernels::emitBox(KernelBuilder &b, const Box &box, ArrayRef<Value> pointers, Value begin, Value end,
                              llvm::function_ref<void(ArrayRef<Value>, const Extent &)> row) {
  if (box.empty())
    return;
  if (b.isa.isGPU())
    return emitItem(b, box, pointers, begin, row);
  if (box.rank() == 1)
    return emitRowTiles(b, box, pointers, begin, end, row);
  b.loop(begin, end, [&](Value tile) { emitDimension(b, box, 1, advance(b, box, 0, pointers, tile), row); });
}

void nibble::kernels::emitWholeBox(KernelBuilder &b, const Box &box, ArrayRef<Value> pointers,
                                   llvm::function_ref<void(ArrayRef<Value>, const Extent &)> row) {
  if (!box.empty())
    emitDimension(b, box, 0, pointers, row);
}

void nibble::kernels::emitFillBox(KernelBuilder &b, const Box &box, Value pointer, TypedAttr value) {
  const int64_t lanes = box.isContiguous(0) ? b.isa.vectorBits / value.getType().getIntOrFloatBitWidth() : 1;
  emitWholeBox(b, box, pointer, [&](ArrayRef<Value> row, const Extent &length) {
    emitVectors(b, length, lanes, [&](int64_t part, Value first) {
      auto splat = SplatElementsAttr::get(b.vec(part, value.getType()), Attribute(value));
      storeRow(b, box, 0, arith::ConstantOp::create(b, splat), row[0], first);
    });
  });
}

/// What is less than `lanes` elements of a dynamic length: by the bits of their number.
static void emitDynamicRest(KernelBuilder &b, const Extent &length, int64_t lanes,
                            llvm::function_ref<void(int64_t, Value)> body) {
  assert(llvm::isPowerOf2_64(lanes) && "parts are powers of two");
  Value whole = b.constant(length);
  for (int64_t part = lanes / 2; part >= 1; part /= 2) {
    Value left = b.create<arith::AndIOp>(whole, b.constant(2 * part - 1));
    Value isThere = b.create<arith::CmpIOp>(arith::CmpIPredicate::uge, left, b.constant(part));
    b.when(isThere, [&] { body(part, b.create<arith::SubIOp>(whole, left)); });
  }
}

void nibble::kernels::emitVectors(KernelBuilder &b, const Extent &length, int64_t lanes,
                                  llvm::function_ref<void(int64_t, Value)> body) {
  const Extent trips = floorDiv(length, lanes);
  if (trips != 0)
    b.loop(trips, [&](Value iv) { body(lanes, b.mul(iv, b.constant(lanes))); });
  if (!length.isStatic())
    return emitDynamicRest(b, length, lanes, body);
  for (int64_t done = trips.getStatic() * lanes, all = length.getStatic(); done < all;) {
    const int64_t part = llvm::bit_floor(uint64_t(all - done));
    body(part, b.constant(done));
    done += part;
  }
}

void nibble::kernels::emitShared(KernelBuilder &b, const Extent &length, int64_t lanes,
                                 llvm::function_ref<void(int64_t, Value)> body) {
  if (b.launch.itemThreads == 1)
    return emitVectors(b, length, lanes, body);
  carryOwn(b, length, {}, [&](Value index, ValueRange) {
    body(1, index);
    return Values();
  });
}

void nibble::kernels::forEachImageRow(KernelBuilder &b, Value begin, Value end, const Extent &images,
                                      const Extent &rows, llvm::function_ref<void(Value, Value)> body) {
  b.loop(begin, end, [&](Value tile) {
    if (images == 1)
      return body(b.constant(0), tile);
    Value count = b.constant(rows);
    body(b.create<arith::DivUIOp>(tile, count), b.create<arith::RemUIOp>(tile, count));
  });
}

SmallVector<Value> nibble::kernels::loadArguments(KernelBuilder &b, Value args, unsigned count) {
  SmallVector<Value> pointers;
  for (unsigned i = 0; i < count; ++i)
    pointers.push_back(b.argument(args, i));
  return pointers;
}

Value nibble::kernels::loadRow(KernelBuilder &b, const Box &box, unsigned operand, Type element, Value pointer,
                               Value first, int64_t lanes) {
  VectorType type = b.vec(lanes, element);
  if (box.isRepeated(operand))
    return b.broadcastLoad(type, pointer);
  assert((lanes == 1 || box.isContiguous(operand)) && "a strided access to several lanes");
  return b.load(type, b.at(pointer, b.mul(first, b.constant(box.operands[operand].strides.back()))));
}

void nibble::kernels::storeRow(KernelBuilder &b, const Box &box, unsigned operand, Value vector, Value pointer,
                               Value first) {
  assert(!box.isRepeated(operand) || box.length() == 1);
  b.store(vector, b.at(pointer, b.mul(first, b.constant(box.operands[operand].strides.back()))));
}

Type nibble::kernels::elementType(KernelBuilder &b, ElementKind kind) {
  return kind == ElementKind::F32 ? b.f32() : kind == ElementKind::S16 ? b.i16() : b.i8();
}

TypedAttr nibble::kernels::storedValue(KernelBuilder &b, ElementKind kind, double value) {
  if (kind == ElementKind::F32)
    return b.getF32FloatAttr(float(value));
  const unsigned width = 8 * bytesOf(kind);
  return b.getIntegerAttr(b.getIntegerType(width),
                          APInt(width, int64_t(value), /*isSigned=*/true, /*implicitTrunc=*/true));
}

llvm::StringRef nibble::kernels::spelling(ElementKind kind) {
  switch (kind) {
  case ElementKind::U8:
    return "u8";
  case ElementKind::S8:
    return "s8";
  case ElementKind::F32:
    return "f32";
  case ElementKind::S16:
    return "s16";
  }
  llvm_unreachable("unknown kind");
}

std::string nibble::kernels::spelling(llvm::ArrayRef<Extent> extents) {
  return llvm::join(llvm::map_range(extents, [](const Extent &extent) { return extent.str(); }), "x");
}

std::string nibble::kernels::spelling(float value) {
  return llvm::utohexstr(llvm::bit_cast<uint32_t>(value), /*LowerCase=*/true);
}

std::string nibble::kernels::spelling(const StoredRange &range) {
  return std::to_string(range.zeroPoint) + "[" + std::to_string(range.min) + "," + std::to_string(range.max) + "]";
}
