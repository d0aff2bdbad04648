// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Places every buffer in one arena: at known offsets, or, where sizes depend on the model's dimensions, one behind the
// other in lanes that buffers take in turn.

#include "nibble/Dialect/UKernel/Control.h"
#include "nibble/Dialect/UKernel/Kernels.h"
#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Kernels/Conv.h"
#include "nibble/Support/Locations.h"
#include "nibble/Support/PortAttrs.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

#define DEBUG_TYPE "ukernel-plan-memory"

using namespace mlir;
using namespace nibble::ukernel;
using nibble::Extent;

namespace nibble::ukernel {
#define GEN_PASS_DEF_PLANMEMORY
#include "nibble/Dialect/UKernel/Passes.h.inc"
} // namespace nibble::ukernel

static constexpr int64_t kAlignment = 64;

namespace {
/// Memory that one or several values share, from the first one's producer to the last one's reader.
struct Slot {
  Extent bytes = 0;
  /// Where it begins to live: what a body inside reads of it lives as long as that may run again.
  Block *home = nullptr;
  int64_t start = 0, end = 0;
  Extent offset = -1;
  /// Position among the function's results, or -1: then it lies in the caller's memory.
  int64_t output = -1;
  /// A kernel reads a little behind it: it must lie in the arena.
  bool readBehind = false;
  bool returned = false;
  /// Loops or branches write it: it must lie in the arena.
  bool isControlled = false;
  SmallVector<Operation *> producers;
  /// Of a result in the memory of an argument: that, its last reader, and where that stands.
  Value state;
  Operation *stateReader = nullptr;
  int64_t stateEnd = -1;

  bool overlaps(const Slot &other) const { return start <= other.end && other.start <= end; }
};

class Planner {
public:
  explicit Planner(func::FuncOp function) : function(function) {}
  LogicalResult run();
  Extent arenaBytes = 0;
  int64_t inPlace = 0;

private:
  Extent getSlotBytes(BufferType type);
  Slot *addSlot(Value value, Block *home);
  LogicalResult collect(Block &block);
  LogicalResult collectLoop(LoopOp loop);
  LogicalResult collectIf(IfOp branch);
  void bindYielded(Block &body, unsigned index, Slot *slot);
  int64_t getLastUse(Operation *user, const Slot &slot);
  void extendLives();
  void takeOver(KernelOp op, int64_t position);
  LogicalResult findStates();
  /// Whether the argument that `state` takes the place of is read no more when `written` begins to be written.
  bool mayWriteOver(const Slot &state, const Slot &written);
  InFlightDiagnostic refuseState(const Slot &slot);
  LogicalResult checkStates();
  LogicalResult bindOutputs();
  int64_t place(ArrayRef<Slot *> order);
  SmallVector<Slot *> getArenaSlots();
  void placeBest(ArrayRef<Slot *> inArena);
  void placeInLanes(ArrayRef<Slot *> inArena);
  void annotate();

  Slot *getSlot(Value value) {
    auto it = slotOf.find(getViewed(value));
    return it == slotOf.end() ? nullptr : it->second;
  }

  func::FuncOp function;
  std::vector<std::unique_ptr<Slot>> slots;
  DenseMap<Value, Slot *> slotOf;
  DenseMap<Operation *, int64_t> positions;
  /// Of loops and branches: the position behind their bodies.
  DenseMap<Operation *, int64_t> ends;
  int64_t position = 0;
};
} // namespace

/// Bytes of a slot; where the user bounds all dimensions that they depend on, as many as the bounds need.
Extent Planner::getSlotBytes(BufferType type) {
  const Extent bytes = nibble::alignTo(type.getBytes(), kAlignment);
  auto bounds = function->getAttrOfType<DenseI64ArrayAttr>(kBoundsAttr);
  if (bytes.isStatic() || !bounds)
    return bytes;
  bool isBounded = true;
  const auto getBound = [&](unsigned index) {
    const int64_t bound = index < unsigned(bounds.size()) ? bounds[index] : 0;
    isBounded &= bound > 0;
    return bound;
  };
  // Of the bytes as they are: the bound of a quotient, as alignment makes one, is far above it.
  const Extent most = nibble::alignTo(type.getBytes().getUpperBound(getBound), kAlignment);
  return isBounded ? most : bytes;
}

/// A slot that lives from the position that comes next.
Slot *Planner::addSlot(Value value, Block *home) {
  auto slot = std::make_unique<Slot>();
  slot->bytes = getSlotBytes(cast<BufferType>(value.getType()));
  slot->home = home;
  slot->start = slot->end = position++;
  slotOf[value] = slot.get();
  slots.push_back(std::move(slot));
  return slots.back().get();
}

// A slot for each kernel's result, numbered by position in the program.
LogicalResult Planner::collect(Block &block) {
  for (Operation &op : block) {
    positions[&op] = position;
    if (isa<KernelOp>(op))
      addSlot(op.getResult(0), &block)->producers.push_back(&op);
    else
      ++position;
    if (auto loop = dyn_cast<LoopOp>(op); loop && failed(collectLoop(loop)))
      return failure();
    if (auto branch = dyn_cast<IfOp>(op); branch && failed(collectIf(branch)))
      return failure();
  }
  return success();
}

/// What `body` yields at `index` is written to `slot`.
void Planner::bindYielded(Block &body, unsigned index, Slot *slot) {
  Value yielded = body.getTerminator()->getOperand(index);
  slotOf[yielded]->bytes = 0;
  slotOf[yielded] = slot;
  slot->isControlled = true;
  yielded.getDefiningOp()->setAttr(kYieldedAttr, Builder(function.getContext()).getI64IntegerAttr(index));
}

LogicalResult Planner::collectLoop(LoopOp loop) {
  const size_t carried = loop.getInits().size();
  for (Value sequence : loop.getResults().drop_front(carried))
    addSlot(sequence, loop->getBlock());
  for (auto [i, init] : llvm::enumerate(loop.getInits())) {
    Slot *slot = getSlot(init);
    if (!slot || !init.hasOneUse())
      return loop.emitOpError() << "carried value " << i << " needs a buffer of its own, written by a kernel";
    slotOf[loop.getCarried(i)] = slotOf[loop.getResult(i)] = slot;
  }
  for (auto [i, scanned] : llvm::enumerate(loop.getScanned()))
    slotOf[loop.getElement(i)] = getSlot(scanned);
  if (!loop.getNumber().use_empty())
    addSlot(loop.getNumber(), loop->getBlock());
  if (failed(collect(loop.getBody().front())))
    return failure();
  for (auto [i, result] : llvm::enumerate(loop.getResults()))
    bindYielded(loop.getBody().front(), i, getSlot(result));
  ends[loop] = position++;
  return success();
}

LogicalResult Planner::collectIf(IfOp branch) {
  for (Value result : branch.getResults())
    addSlot(result, branch->getBlock());
  for (Region *body : {&branch.getThenBody(), &branch.getElseBody()}) {
    if (failed(collect(body->front())))
      return failure();
    for (auto [i, result] : llvm::enumerate(branch.getResults()))
      bindYielded(body->front(), i, getSlot(result));
  }
  ends[branch] = position++;
  return success();
}

/// Where `user` reads the slot for the last time: a body that is round it, but not round the slot, may run again.
int64_t Planner::getLastUse(Operation *user, const Slot &slot) {
  while (user->getBlock() != slot.home)
    user = user->getParentOp();
  auto end = ends.find(user);
  return end == ends.end() ? positions[user] : end->second;
}

void Planner::extendLives() {
  // Results of loops and branches, which bodies write, and numbers live to the end of these, though nothing reads them.
  for (auto [op, end] : ends)
    for (Value value : op->getResults())
      getSlot(value)->end = std::max(getSlot(value)->end, end);
  function.walk([&](Operation *op) {
    if (auto loop = dyn_cast<LoopOp>(op))
      if (Slot *number = getSlot(loop.getNumber()))
        number->end = ends[loop];
    for (Value operand : op->getOperands())
      if (Slot *slot = isa<BufferType>(operand.getType()) ? getSlot(operand) : nullptr) {
        slot->end = std::max(slot->end, isa<ObserveOp>(op) ? position : getLastUse(op, *slot));
        slot->readBehind |= isa<ConvOp, PackedMatMulOp>(op);
        slot->returned |= isa<func::ReturnOp>(op);
      }
  });
}

/// Results of an argument's shape that lie where that lies; those that append to one do not write over it.
LogicalResult Planner::findStates() {
  OperandRange results = function.front().getTerminator()->getOperands();
  for (BlockArgument argument : function.getArguments()) {
    auto output = function.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(), nibble::kStateAttr);
    if (output && (output.getInt() < 0 || output.getInt() >= int64_t(results.size())))
      return function.emitError() << "argument " << argument.getArgNumber() << " is the state of result "
                                  << output.getInt() << ", of " << results.size();
    if (!output || cast<BufferType>(argument.getType()).hasCapacity())
      continue;
    Slot *slot = getSlot(results[output.getInt()]);
    if (!slot)
      continue;
    slot->state = argument;
    SmallVector<Value> values{argument};
    while (!values.empty())
      for (Operation *user : values.pop_back_val().getUsers()) {
        if (auto view = dyn_cast<ViewOp>(user))
          values.push_back(view);
        Operation *outer = function.front().findAncestorOpInBlock(*user);
        auto end = ends.find(outer);
        const int64_t last = end == ends.end() ? positions[outer] : end->second;
        if (isa<ViewOp>(user) || last <= slot->stateEnd)
          continue;
        slot->stateEnd = last;
        slot->stateReader = outer;
      }
  }
  return success();
}

bool Planner::mayWriteOver(const Slot &state, const Slot &written) {
  if (!state.state || written.start > state.stateEnd)
    return true;
  // What reads it last may write over each element that it has read.
  auto kernel = dyn_cast<KernelOp>(state.stateReader);
  if (!kernel || written.start != state.stateEnd || kernel.getInPlaceOperand() < 0)
    return false;
  return llvm::all_of(kernel->getOperands(), [&](Value operand) {
    return getViewed(operand) != state.state || operand.getType() == kernel->getResult(0).getType();
  });
}

InFlightDiagnostic Planner::refuseState(const Slot &slot) {
  const unsigned input = cast<BlockArgument>(slot.state).getArgNumber();
  // What copies a value to an output is no node of the model.
  const StringRef node = nibble::getNodeName(slot.stateReader->getLoc());
  return function.emitError() << "state '" << nibble::getPortName(function.getArgAttrDict(input)) << "="
                              << nibble::getPortName(function.getResultAttrDict(slot.output))
                              << "' cannot be one buffer: "
                              << (node.empty() ? "a copy to an output" : "node '" + node.str() + "'")
                              << " still reads the old value when the new one is written over it";
}

LogicalResult Planner::checkStates() {
  for (auto &slot : slots)
    if (slot->bytes != 0 && !mayWriteOver(*slot, *slot))
      return refuseState(*slot);
  WalkResult result = function.walk([&](AppendOp op) {
    auto argument = dyn_cast<BlockArgument>(op.getPast());
    auto output = argument && argument.getOwner() == &function.front()
                      ? function.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(), nibble::kStateAttr)
                      : IntegerAttr();
    if (output && getSlot(op.getResult())->output == output.getInt())
      return WalkResult::advance();
    op.emitOpError("appends to what is no argument in one buffer with this result");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

// The result of `op` takes the memory of an operand that nothing reads afterwards.
void Planner::takeOver(KernelOp op, int64_t position) {
  int index = op.getInPlaceOperand();
  if (index < 0 || op->hasAttr(kYieldedAttr))
    return;
  Slot *operand = getSlot(op->getOperand(index)), *result = slotOf[op->getResult(0)];
  if (!operand || operand->end != position || operand->bytes != result->bytes)
    return;
  if ((operand->readBehind || operand->isControlled) && result->returned)
    return;
  if (!mayWriteOver(*result, *operand))
    return;
  operand->readBehind |= result->readBehind;
  operand->returned |= result->returned;
  operand->end = result->end;
  operand->producers.append(result->producers);
  if (result->state)
    std::tie(operand->state, operand->stateReader, operand->stateEnd) =
        std::tuple(result->state, result->stateReader, result->stateEnd);
  slotOf[op->getResult(0)] = operand;
  result->bytes = 0;
  ++inPlace;
}

LogicalResult Planner::bindOutputs() {
  Operation *terminator = function.front().getTerminator();
  for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
    Slot *slot = getSlot(value);
    if (!slot || slot->output >= 0 || slot->readBehind || slot->isControlled ||
        (!cast<BufferType>(value.getType()).isPlain() && !value.getDefiningOp<AppendOp>()))
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
    const auto begin = [](Slot *s) { return s->offset.getStatic(); };
    llvm::sort(neighbours,
               [&](Slot *a, Slot *b) { return std::pair(begin(a), a->start) < std::pair(begin(b), b->start); });
    const int64_t bytes = slot->bytes.getStatic();
    int64_t offset = 0;
    for (Slot *other : neighbours) {
      if (offset + bytes <= begin(other))
        break;
      offset = std::max(offset, begin(other) + other->bytes.getStatic());
    }
    slot->offset = offset;
    size = std::max(size, offset + bytes);
    placed.push_back(slot);
  }
  return size;
}

SmallVector<Slot *> Planner::getArenaSlots() {
  SmallVector<Slot *> inArena;
  for (auto &slot : slots)
    if (slot->bytes != 0 && slot->output < 0)
      inArena.push_back(slot.get());
  return inArena;
}

/// All sizes are known.
void Planner::placeBest(ArrayRef<Slot *> inArena) {
  SmallVector<Slot *> bySize(inArena), byTime = bySize, byArea = bySize;
  // No two slots start at the same operation, so that the orders are total.
  auto sortBy = [](SmallVector<Slot *> &order, auto key) {
    llvm::sort(order, [&](Slot *a, Slot *b) { return std::pair(-key(a), a->start) < std::pair(-key(b), b->start); });
  };
  sortBy(bySize, [](Slot *slot) { return slot->bytes.getStatic(); });
  sortBy(byArea, [](Slot *slot) { return slot->bytes.getStatic() * (slot->end - slot->start + 1); });
  ArrayRef<Slot *> best = bySize;
  int64_t least = std::numeric_limits<int64_t>::max();
  for (ArrayRef<Slot *> order : {ArrayRef(bySize), ArrayRef(byArea), ArrayRef(byTime)})
    if (int64_t size = place(order); size < least) {
      least = size;
      best = order;
    }
  arenaBytes = place(best);
}

/// The largest first: each goes to a lane where it adds least, and that is free while it lives. A lane is as large as
/// its largest buffer, whatever the dimensions are.
void Planner::placeInLanes(ArrayRef<Slot *> inArena) {
  struct Lane {
    SmallVector<Slot *> slots;
    Extent bytes = 0;
  };
  SmallVector<Slot *> order(inArena);
  llvm::sort(order, [](Slot *a, Slot *b) {
    return std::pair(-nibble::evaluateUsually(a->bytes), a->start) <
           std::pair(-nibble::evaluateUsually(b->bytes), b->start);
  });
  std::vector<Lane> lanes;
  for (Slot *slot : order) {
    Lane *best = nullptr;
    for (Lane &lane : lanes) {
      if (llvm::any_of(lane.slots, [&](Slot *other) { return slot->overlaps(*other); }))
        continue;
      // Of lanes that are large enough at the usual size, one whose size needs no maximum.
      if (!best || (!isAtLeast(best->bytes, slot->bytes) && isAtLeast(lane.bytes, slot->bytes)))
        best = &lane;
    }
    if (!best)
      best = &lanes.emplace_back();
    best->slots.push_back(slot);
    best->bytes = max(best->bytes, slot->bytes);
  }
  for (Lane &lane : lanes) {
    for (Slot *slot : lane.slots)
      slot->offset = arenaBytes;
    arenaBytes += lane.bytes;
  }
}

void Planner::annotate() {
  Builder builder(function.getContext());
  for (auto &slot : slots) {
    if (slot->bytes == 0)
      continue;
    for (Operation *op : slot->producers)
      if (slot->output >= 0)
        op->setAttr("output", builder.getI64IntegerAttr(slot->output));
      else
        op->setAttr("offset", makeExtentAttr(builder.getContext(), slot->offset));
  }
  const auto getOffset = [&](Value value) { return makeExtentAttr(builder.getContext(), getSlot(value)->offset); };
  for (auto [op, end] : ends) {
    op->setAttr("offsets", builder.getArrayAttr(llvm::map_to_vector(
                               op->getResults(), [&](Value result) -> Attribute { return getOffset(result); })));
    if (auto loop = dyn_cast<LoopOp>(op); loop && !loop.getNumber().use_empty())
      op->setAttr("number", getOffset(loop.getNumber()));
  }
  function->setAttr("ukernel.arena_bytes", makeExtentAttr(builder.getContext(), arenaBytes));
}

LogicalResult Planner::run() {
  if (failed(collect(function.front())))
    return failure();
  extendLives();
  if (failed(findStates()))
    return failure();
  function.walk([&](KernelOp kernel) { takeOver(kernel, positions[kernel]); });
  if (failed(bindOutputs()) || failed(checkStates()))
    return failure();
  SmallVector<Slot *> inArena = getArenaSlots();
  if (llvm::all_of(inArena, [](Slot *slot) { return slot->bytes.isStatic(); }))
    placeBest(inArena);
  else
    placeInLanes(inArena);
  // Kernels may read behind the last value.
  if (!inArena.empty())
    arenaBytes += llvm::alignTo(nibble::kernels::kInputSlack, kAlignment);
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
    arenaBytes = nibble::evaluateUsually(planner.arenaBytes);
    inPlace = planner.inPlace;
  }
};
} // namespace
