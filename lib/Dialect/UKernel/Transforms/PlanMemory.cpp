// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Places every buffer in one arena.

#include "nibble/Dialect/UKernel/Kernels.h"
#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Kernels/Conv.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

#define DEBUG_TYPE "ukernel-plan-memory"

using namespace mlir;
using namespace nibble::ukernel;

namespace nibble::ukernel {
#define GEN_PASS_DEF_PLANMEMORY
#include "nibble/Dialect/UKernel/Passes.h.inc"
} // namespace nibble::ukernel

static constexpr int64_t kAlignment = 64;

namespace {
/// Memory that one or several values share, from the first one's producer to the last one's reader.
struct Slot {
  int64_t bytes = 0;
  int64_t start = 0, end = 0;
  int64_t offset = -1;
  /// Position among the function's results, or -1: then it lies in the caller's memory.
  int64_t output = -1;
  /// A convolution reads a little behind it: it must lie in the arena.
  bool readBehind = false;
  bool returned = false;
  SmallVector<Operation *> producers;

  bool overlaps(const Slot &other) const { return start <= other.end && other.start <= end; }
};

class Planner {
public:
  explicit Planner(func::FuncOp function) : function(function) {}
  LogicalResult run();
  int64_t arenaBytes = 0, inPlace = 0;

private:
  void collect();
  void extendLives();
  void takeOver(KernelOp op, int64_t position);
  LogicalResult bindOutputs();
  int64_t place(ArrayRef<Slot *> order);
  void placeBest();
  void annotate();

  Slot *getSlot(Value value) {
    auto it = slotOf.find(getViewed(value));
    return it == slotOf.end() ? nullptr : it->second;
  }

  func::FuncOp function;
  std::vector<std::unique_ptr<Slot>> slots;
  DenseMap<Value, Slot *> slotOf;
  DenseMap<Operation *, int64_t> positions;
};
} // namespace

// A slot for each kernel's result, numbered by position in the block.
void Planner::collect() {
  int64_t position = 0;
  for (Operation &op : function.front()) {
    positions[&op] = position++;
    if (!isa<KernelOp>(op))
      continue;
    auto slot = std::make_unique<Slot>();
    slot->bytes = llvm::alignTo(cast<BufferType>(op.getResult(0).getType()).getBytes(), kAlignment);
    slot->start = slot->end = positions[&op];
    slot->producers.push_back(&op);
    slotOf[op.getResult(0)] = slot.get();
    slots.push_back(std::move(slot));
  }
}

void Planner::extendLives() {
  int64_t last = positions.size();
  for (Operation &op : function.front())
    for (Value operand : op.getOperands())
      if (Slot *slot = getSlot(operand)) {
        slot->end = std::max(slot->end, isa<ObserveOp>(op) ? last : positions[&op]);
        slot->readBehind |= isa<ConvOp>(op);
        slot->returned |= isa<func::ReturnOp>(op);
      }
}

// The result of `op` takes the memory of an operand that nothing reads afterwards.
void Planner::takeOver(KernelOp op, int64_t position) {
  int index = op.getInPlaceOperand();
  if (index < 0)
    return;
  Slot *operand = getSlot(op->getOperand(index)), *result = slotOf[op->getResult(0)];
  if (!operand || operand->end != position || operand->bytes != result->bytes)
    return;
  if (operand->readBehind && result->returned)
    return;
  operand->readBehind |= result->readBehind;
  operand->returned |= result->returned;
  operand->end = result->end;
  operand->producers.append(result->producers);
  slotOf[op->getResult(0)] = operand;
  result->bytes = 0;
  ++inPlace;
}

LogicalResult Planner::bindOutputs() {
  Operation *terminator = function.front().getTerminator();
  for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
    Slot *slot = getSlot(value);
    if (!slot || slot->output >= 0 || slot->readBehind || !cast<BufferType>(value.getType()).isPlain())
      return terminator->emitOpError("result ") << index << " needs a plain buffer of its own, got " << value.getType();
    slot->output = index;
  }
  return success();
}

// First fit in the given order. Returns the size of the arena.
int64_t Planner::place(ArrayRef<Slot *> order) {
  SmallVector<Slot *> placed;
  int64_t size = 0;
  for (Slot *slot : order) {
    // Neighbours in time, by offset: take the first gap that is large enough.
    SmallVector<Slot *> neighbours;
    for (Slot *other : placed)
      if (slot->overlaps(*other))
        neighbours.push_back(other);
    llvm::sort(neighbours,
               [](Slot *a, Slot *b) { return std::pair(a->offset, a->start) < std::pair(b->offset, b->start); });
    int64_t offset = 0;
    for (Slot *other : neighbours) {
      if (offset + slot->bytes <= other->offset)
        break;
      offset = std::max(offset, other->offset + other->bytes);
    }
    slot->offset = offset;
    size = std::max(size, offset + slot->bytes);
    placed.push_back(slot);
  }
  return size;
}

void Planner::placeBest() {
  SmallVector<Slot *> bySize;
  for (auto &slot : slots)
    if (slot->bytes && slot->output < 0)
      bySize.push_back(slot.get());
  SmallVector<Slot *> byTime = bySize, byArea = bySize;
  // No two slots start at the same operation, so that the orders are total.
  auto sortBy = [](SmallVector<Slot *> &order, auto key) {
    llvm::sort(order, [&](Slot *a, Slot *b) { return std::pair(-key(a), a->start) < std::pair(-key(b), b->start); });
  };
  sortBy(bySize, [](Slot *slot) { return slot->bytes; });
  sortBy(byArea, [](Slot *slot) { return slot->bytes * (slot->end - slot->start + 1); });
  ArrayRef<Slot *> best = bySize;
  int64_t least = std::numeric_limits<int64_t>::max();
  for (ArrayRef<Slot *> order : {ArrayRef(bySize), ArrayRef(byArea), ArrayRef(byTime)})
    if (int64_t size = place(order); size < least) {
      least = size;
      best = order;
    }
  arenaBytes = place(best);
  // Kernels may read behind the last value.
  if (arenaBytes)
    arenaBytes += llvm::alignTo(nibble::kernels::kInputSlack, kAlignment);
}

void Planner::annotate() {
  Builder builder(function.getContext());
  for (auto &slot : slots) {
    if (!slot->bytes)
      continue;
    for (Operation *op : slot->producers)
      if (slot->output >= 0)
        op->setAttr("output", builder.getI64IntegerAttr(slot->output));
      else
        op->setAttr("offset", builder.getI64IntegerAttr(slot->offset));
  }
  function->setAttr("ukernel.arena_bytes", builder.getI64IntegerAttr(arenaBytes));
}

LogicalResult Planner::run() {
  collect();
  extendLives();
  for (Operation &op : function.front())
    if (auto kernel = dyn_cast<KernelOp>(op))
      takeOver(kernel, positions[&op]);
  if (failed(bindOutputs()))
    return failure();
  placeBest();
  annotate();
  return success();
}

namespace {
struct PlanMemory : nibble::ukernel::impl::PlanMemoryBase<PlanMemory> {
  void runOnOperation() override {
    if (getOperation().isDeclaration())
      return;
    Planner planner(getOperation());
    if (failed(planner.run()))
      return signalPassFailure();
    arenaBytes = planner.arenaBytes;
    inPlace = planner.inPlace;
  }
};
} // namespace
