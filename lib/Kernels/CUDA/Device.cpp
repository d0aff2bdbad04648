// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels as a GPU runs them: threads in the place of tiles.

#include "Device.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static constexpr llvm::StringLiteral kLaunch = "nibble.launch", kAlignments = "nibble.alignments";
static constexpr int64_t warpThreads = 32;

Launch nibble::kernels::getLaunch(func::FuncOp kernel) {
  ArrayRef<int64_t> values = kernel->getAttrOfType<DenseI64ArrayAttr>(kLaunch).asArrayRef();
  return {values[0], values[1], values[2], values[3], values[4]};
}

ArgumentAlignments::ArgumentAlignments(ModuleOp module, ArrayRef<int64_t> alignments) : module(module) {
  if (!alignments.empty())
    module->setAttr(kAlignments, DenseI64ArrayAttr::get(module.getContext(), alignments));
}

ArgumentAlignments::~ArgumentAlignments() { module->removeAttr(kAlignments); }

static Value readRegister(KernelBuilder &b, StringRef name) {
  return b.intrinsic(("llvm.nvvm.read.ptx.sreg." + name).str(), b.i32(), {});
}

Value nibble::kernels::blockInGrid(KernelBuilder &b) { return readRegister(b, "ctaid.x"); }
Value nibble::kernels::threadInBlock(KernelBuilder &b) { return readRegister(b, "tid.x"); }

Value nibble::kernels::threadInItem(KernelBuilder &b) {
  Value thread = b.create<arith::RemUIOp>(threadInBlock(b), b.splat(b.i32(), b.launch.itemThreads));
  return b.create<arith::ExtUIOp>(b.index(), thread);
}

Values nibble::kernels::carryOwn(KernelBuilder &b, const Extent &length, ValueRange start,
                                 llvm::function_ref<Values(Value, ValueRange)> body) {
  const int64_t threads = b.launch.itemThreads, trips = length.getStatic() / threads,
                rest = length.getStatic() % threads;
  Value thread = threadInItem(b);
  Values carried(start);
  if (trips > 0)
    carried = b.loop(trips, carried, [&](Value trip, ValueRange carried) {
      return body(b.add(b.mul(trip, b.constant(threads)), thread), carried);
    });
  if (rest == 0)
    return carried;
  Value isThere = b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, thread, b.constant(rest));
  return b.when(isThere, carried, [&] { return body(b.add(thread, b.constant(trips * threads)), carried); });
}

/// The value of the thread of the item whose number differs by `distance`, a power of two.
static Value exchange(KernelBuilder &b, Value mask, Value value, int64_t distance) {
  Type type = value.getType();
  if (isa<VectorType>(type))
    return forEachLane(b, getElementTypeOrSelf(type), value,
                       [&](ValueRange lane) { return exchange(b, mask, lane.front(), distance); });
  if (type.isInteger(64)) {
    Value halves = b.bitcast(b.create<vector::BroadcastOp>(b.vec(1, type), value), b.i32());
    return b.create<vector::ExtractOp>(b.bitcast(exchange(b, mask, halves, distance), type), 0);
  }
  Value by = b.splat(b.i32(), distance), all = b.splat(b.i32(), int64_t(31));
  return b.intrinsic(type.isF32() ? "llvm.nvvm.shfl.sync.bfly.f32" : "llvm.nvvm.shfl.sync.bfly.i32", type,
                     {mask, value, by, all});
}

/// Of `threads` neighbours of a warp.
static Value combineNeighbours(KernelBuilder &b, Value value, int64_t threads,
                               llvm::function_ref<Value(Value, Value)> combine) {
  // Others of the warp may be elsewhere.
  Value first = b.create<arith::AndIOp>(threadInBlock(b), b.splat(b.i32(), warpThreads - threads));
  Value mask = b.create<arith::ShLIOp>(b.splat(b.i32(), (int64_t(1) << threads) - 1), first);
  for (int64_t distance = threads / 2; distance >= 1; distance /= 2)
    value = combine(value, exchange(b, mask, value, distance));
  return value;
}

Value nibble::kernels::combineThreads(KernelBuilder &b, Value value, llvm::function_ref<Value(Value, Value)> combine) {
  const int64_t threads = b.launch.itemThreads, warps = threads / warpThreads;
  if (threads == 1)
    return value;
  value = combineNeighbours(b, value, std::min(threads, warpThreads), combine);
  if (warps <= 1)
    return value;
  assert(b.launch.block == threads && "a block for each item");
  const int64_t bytes = llvm::divideCeil(getElementTypeOrSelf(value).getIntOrFloatBitWidth(), 8);
  Value memory = sharedMemory(b, warps * bytes), thread = threadInItem(b);
  const auto slot = [&](Value warp) { return b.at(memory, b.mul(warp, b.constant(bytes))); };
  blockBarrier(b); // all have read what was there before
  Value warp = b.create<arith::DivUIOp>(thread, b.constant(warpThreads));
  Value isFirst = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, thread, b.mul(warp, b.constant(warpThreads)));
  b.when(isFirst, [&] { b.store(value, slot(warp), bytes); });
  blockBarrier(b);
  value = b.load(value.getType(), slot(b.create<arith::RemUIOp>(thread, b.constant(warps))), bytes);
  return combineNeighbours(b, value, warps, combine);
}

void nibble::kernels::blockBarrier(KernelBuilder &b) {
  LLVM::CallIntrinsicOp::create(b, b.getStringAttr("llvm.nvvm.barrier.cta.sync.aligned.all"),
                                ValueRange(b.splat(b.i32(), int64_t(0))));
}

Value nibble::kernels::sharedMemory(KernelBuilder &b, int64_t bytes) {
  b.launch.sharedBytes = std::max(b.launch.sharedBytes, bytes);
  constexpr llvm::StringLiteral name = "nibble_shared";
  auto module = b.getBlock()->getParentOp()->getParentOfType<ModuleOp>();
  if (!module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    auto type = LLVM::LLVMArrayType::get(b.i8(), 0);
    LLVM::GlobalOp::create(b, type, /*isConstant=*/false, LLVM::Linkage::External, name, Attribute(),
                           /*alignment=*/128, kSharedSpace);
  }
  return LLVM::AddressOfOp::create(b, LLVM::LLVMPointerType::get(b.getContext(), kSharedSpace), name);
}

Value nibble::kernels::globalPointer(KernelBuilder &b, Value pointer) {
  return b.create<LLVM::AddrSpaceCastOp>(LLVM::LLVMPointerType::get(b.getContext(), kGlobalSpace), pointer);
}

Value nibble::kernels::forEachLane(KernelBuilder &b, Type element, ValueRange vectors,
                                   llvm::function_ref<Value(ValueRange)> body) {
  Values results;
  const int64_t lanes = KernelBuilder::lanesOf(vectors.front());
  for (int64_t lane = 0; lane < lanes; ++lane) {
    Values scalars;
    for (Value vector : vectors)
      scalars.push_back(vector::ExtractOp::create(b, vector, lane));
    results.push_back(body(scalars));
  }
  return vector::FromElementsOp::create(b, b.vec(lanes, element), results);
}

/// A number that is known when the kernel is complete.
static arith::ConstantIntOp createUnknown(KernelBuilder &b) { return arith::ConstantIntOp::create(b, b.i32(), 0); }
static void setKnown(KernelBuilder &b, arith::ConstantIntOp op, int64_t value) {
  op.setValueAttr(b.getIntegerAttr(op.getType(), value));
}

/// Few items are worth more blocks, so that more of the device's parts have some.
static void spread(Launch &launch) {
  constexpr int64_t manyBlocks = 128;
  while (launch.itemThreads <= warpThreads && launch.block > warpThreads && launch.grid() < manyBlocks)
    launch.block /= 2;
}

func::FuncOp nibble::kernels::defineDeviceKernel(OpBuilder &builder, Location loc, StringRef symbol, const ISA &isa,
                                                 const Extent &tiles,
                                                 llvm::function_ref<void(KernelBuilder &, Value, Value, Value)> body) {
  KernelBuilder b(loc, builder, isa);
  OpBuilder::InsertionGuard guard(b);
  b.launch.items = tiles.getStatic();
  if (auto alignments = b.getBlock()->getParentOp()->getAttrOfType<DenseI64ArrayAttr>(kAlignments))
    b.alignments = llvm::to_vector(alignments.asArrayRef());
  auto function = func::FuncOp::create(b, symbol, b.getFunctionType({b.ptr()}, {}));
  Block *entry = function.addEntryBlock();
  b.enter(entry);
  arith::ConstantIntOp block = createUnknown(b), itemThreads = createUnknown(b), items = createUnknown(b);
  Value thread = b.add(b.mul(readRegister(b, "ctaid.x"), block), threadInBlock(b));
  Value item = b.create<arith::DivUIOp>(thread, itemThreads);
  // All threads of an item go the same way, and so all of a block where that is one item.
  b.when(b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, item, items), [&] {
    // LLVM divides it as 32 bits, as it sees where the others come from.
    Value number = b.create<arith::ExtUIOp>(b.index(), item);
    body(b, entry->getArgument(0), number, b.add(number, b.constant(1)));
  });
  Launch &launch = b.launch;
  spread(launch);
  assert(launch.block % launch.itemThreads == 0 && "items do not cross blocks");
  setKnown(b, block, launch.block);
  setKnown(b, itemThreads, launch.itemThreads);
  setKnown(b, items, launch.items);
  func::ReturnOp::create(b);
  const int64_t words = std::max<int64_t>(1, launch.arguments);
  function.setArgAttr(0, "llvm.byval", TypeAttr::get(LLVM::LLVMArrayType::get(b.i64(), words)));
  function.setArgAttr(0, "llvm.align", b.getI64IntegerAttr(8));
  // The assembler then has as many registers for a thread as a block leaves it.
  function->setAttr("passthrough", b.getArrayAttr(b.getStrArrayAttr({"nvvm.maxntid", std::to_string(launch.block)})));
  function->setAttr(
      kLaunch, b.getDenseI64ArrayAttr({launch.items, launch.itemThreads, launch.block, launch.sharedBytes, words}));
  return function;
}
