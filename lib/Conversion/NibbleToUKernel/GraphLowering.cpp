// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Layouts and values of the lowering from nibble to ukernel.

#include "GraphLowering.h"

#include "nibble/Dialect/UKernel/Control.h"
#include "nibble/Support/ElementData.h"
#include "nibble/Support/Locations.h"
#include "nibble/Support/PortAttrs.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

static bool isLowerable(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && !llvm::is_contained(tensor.getShape(), 0) && isMemoryElement(tensor.getElementType());
}

/// Whether an argument has no elements, and nobody but programs of other elements minds.
static bool isEmptyOperand(BlockArgument argument) {
  auto tensor = dyn_cast<RankedTensorType>(argument.getType());
  return tensor && tensor.hasStaticShape() && isMemoryElement(tensor.getElementType()) &&
         llvm::all_of(argument.getUsers(), llvm::IsaPred<nibble::GenerateOp>);
}

LogicalResult GraphLowering::refuseInput(BlockArgument argument) {
  DictionaryAttr attrs = function.getArgAttrDict(argument.getArgNumber());
  InFlightDiagnostic error = emitError(argument.getLoc()) << "input '" << getPortName(attrs) << "' ";
  auto tensor = dyn_cast<RankedTensorType>(argument.getType());
  if (tensor && llvm::is_contained(tensor.getShape(), 0))
    return error << "has no elements, which operations other than nibble.generate cannot read";
  return error << "needs elements that are integers of 1, 2, 4, 8, 16, 32 or 64 bits or floats, got "
               << argument.getType();
}

/// Whether there can be so much memory, with what convolutions want round the value.
LogicalResult GraphLowering::checkSize(Value value, StringRef what) {
  auto tensor = cast<RankedTensorType>(value.getType());
  auto halo = halos.find(value);
  ArrayRef<int64_t> counts = halo == halos.end() ? ArrayRef<int64_t>() : ArrayRef<int64_t>(halo->second.counts);
  auto emit = [&] { return emitError(value.getLoc()) << what << ", " << tensor << ", is too large: "; };
  const SmallVector<Extent> shape = *extents.get(value);
  return BufferType::verify(emit, shape, tensor.getElementType(), counts, counts.empty() ? 0 : halo->second.fill,
                            /*capacity=*/0, /*axis=*/-1);
}

LogicalResult GraphLowering::checkTypes() {
  if (!function.getBody().hasOneBlock())
    return function.emitError("expected one block");
  for (BlockArgument argument : function.getArguments())
    if (!isLowerable(argument.getType()) && !isEmptyOperand(argument))
      return refuseInput(argument);
    else if (failed(checkSize(argument, "an input")))
      return failure();
  return checkTypes(function.front());
}

/// Arguments of bodies are as known as what they begin with, which stands before.
LogicalResult GraphLowering::checkTypes(Block &block) {
  for (Operation &op : block) {
    for (Value result : op.getResults()) {
      if (!isLowerable(result.getType()))
        return op.emitOpError("node '") << getNodeName(op.getLoc())
                                        << "' needs elements, integers of 1, 2, 4, 8, 16, 32 or 64 bits or floats, got "
                                        << result.getType();
      if (!extents.get(result))
        return op.emitOpError("node '") << getNodeName(op.getLoc()) << "' has a shape that is not known when the model "
                                        << "begins to run: " << extents.whyUnknown(result);
      if (failed(checkSize(result, "a result")))
        return failure();
    }
    if (isa<nibble::LoopOp, nibble::IfOp>(op))
      for (Region &body : op.getRegions())
        if (failed(checkTypes(body.front())))
          return failure();
  }
  return success();
}

void GraphLowering::want(Value value, ArrayRef<int64_t> pads, int64_t fill) {
  if (llvm::all_of(pads, [](int64_t pad) { return pad == 0; }))
    return;
  Halo &halo = halos[value];
  // Another fill gets a copy of its own.
  bool used = llvm::any_of(halo.counts, [](int64_t count) { return count != 0; });
  if (used && halo.fill != fill)
    return;
  halo.fill = fill;
  for (unsigned i = 0; i < 4; ++i)
    halo.counts[i] = std::max(halo.counts[i], pads[i]);
}

void GraphLowering::chooseHalos() {
  function.walk([&](Operation *op) {
    if (auto conv = dyn_cast<IntConvOp>(op))
      want(conv.getInput(), conv.getPads(), int32_t(conv.getPadValue()));
    else if (auto conv = dyn_cast<nibble::ConvOp>(op))
      want(conv.getInput(), conv.getPads(), 0);
    else if (auto conv = dyn_cast<ScaledConvOp>(op))
      want(conv.getInput(), conv.getPads(), 0);
    else if (auto conv = dyn_cast<SumConvOp>(op); conv && !conv.getEncoding())
      want(conv.getInput(), conv.getPads(), int32_t(conv.getZeroPoint()));
  });
  // A halo goes along a chain of residuals, in both directions.
  bool changed = true;
  while (changed) {
    changed = false;
    function.walk([&](IntConvOp conv) { changed |= alignResidual(conv); });
  }
}

/// A convolution may write its sums over an addend that nothing reads afterwards, if both have the same halo.
bool GraphLowering::alignResidual(IntConvOp conv) {
  Value addend = conv.getAddend(), result = conv.getResult();
  if (!addend || isa<BlockArgument>(addend) || !(halos.count(addend) || halos.count(result)))
    return false;
  if (llvm::any_of(result.getUsers(), llvm::IsaPred<func::ReturnOp>) ||
      llvm::any_of(addend.getUsers(), [&](Operation *user) {
        return user->getBlock() != conv->getBlock() || conv->isBeforeInBlock(user);
      }))
    return false;
  halos.try_emplace(addend), halos.try_emplace(result);
  Halo &first = halos.find(addend)->second, &second = halos.find(result)->second;
  bool changed = false;
  for (unsigned i = 0; i < 4; ++i) {
    changed |= first.counts[i] != second.counts[i];
    first.counts[i] = second.counts[i] = std::max(first.counts[i], second.counts[i]);
  }
  return changed;
}

BufferType GraphLowering::getPlainType(Value value) {
  return BufferType::get(ArrayRef<Extent>(*extents.get(value)), getElementTypeOrSelf(value.getType()));
}

BufferType GraphLowering::getResultType(Value value) {
  auto it = halos.find(value);
  BufferType plain = getPlainType(value);
  return it == halos.end() ? plain : plain.withHalo(it->second.counts, it->second.fill);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value GraphLowering::createConstant(Location loc, ArrayRef<char> bytes) {
  auto tensor = RankedTensorType::get({int64_t(bytes.size())}, builder.getI8Type());
  ElementsAttr attr;
  if (bytes.size() <= 64)
    attr = DenseElementsAttr::getFromRawBuffer(tensor, bytes);
  else
    attr = makeResource(tensor, storeBytes(bytes), 64, "packed");
  return createConstant(loc, BufferType::get(tensor.getShape(), tensor.getElementType()), attr);
}

Value GraphLowering::createConstant(Location loc, BufferType type, ElementsAttr value) {
  OpBuilder::InsertionGuard guard(builder);
  if (outermost)
    builder.setInsertionPoint(outermost);
  return ukernel::ConstantOp::create(builder, loc, type, value);
}

Value GraphLowering::lookup(Value value) {
  auto it = buffers.find(value);
  if (it != buffers.end())
    return it->second;
  // Constants are made where they are first needed.
  auto constant = value.getDefiningOp<nibble::ConstantOp>();
  assert(constant && "operations are lowered in order");
  Value buffer = createConstant(value.getLoc(), getPlainType(value), constant.getValue());
  buffers[value] = buffer;
  return buffer;
}

Value GraphLowering::copy(Location loc, Value buffer, BufferType type) {
  if (cast<BufferType>(buffer.getType()).hasCapacity())
    copiedStates.push_back({current, buffer});
  return ukernel::TransposeOp::create(builder, loc, type, buffer,
                                      llvm::to_vector(llvm::seq<int64_t>(0, type.getRank())));
}

/// The dimension of `shape` that is a buffer's along which it has its capacity, or -1.
static int64_t findSameAxis(BufferType type, ArrayRef<Extent> shape) {
  const ArrayRef<Extent> own = type.getShape();
  const Extent before = product(own.take_front(type.getAxis())), behind = product(own.drop_front(type.getAxis() + 1));
  for (int64_t axis = 0; axis < int64_t(shape.size()); ++axis)
    if (shape[axis] == type.getDim(type.getAxis()) && product(shape.take_front(axis)) == before &&
        product(shape.drop_front(axis + 1)) == behind)
      return axis;
  return -1;
}

Value GraphLowering::view(Location loc, Value buffer, ArrayRef<Extent> shape) {
  auto type = cast<BufferType>(buffer.getType()), result = BufferType::get(shape, type.getElementType());
  if (type.getShape() == shape)
    return buffer;
  if (type.hasCapacity())
    result = result.withCapacity(type.getCapacity(), findSameAxis(type, shape));
  return ViewOp::create(builder, loc, result, buffer);
}

Value GraphLowering::lookupForView(Value value, ArrayRef<Extent> shape) {
  Value buffer = lookup(value);
  auto type = cast<BufferType>(buffer.getType());
  return type.hasCapacity() && findSameAxis(type, shape) >= 0 ? buffer : lookupPlain(value);
}

Value GraphLowering::lookupPlain(Value value) {
  Value buffer = lookup(value);
  auto type = cast<BufferType>(buffer.getType());
  return type.isPlain() ? buffer : copy(value.getLoc(), buffer, type.getPlain());
}

bool GraphLowering::isExternal(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewOp>())
    buffer = view.getInput();
  return !isa_and_nonnull<KernelOp>(buffer.getDefiningOp());
}

bool GraphLowering::isInArena(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewOp>())
    buffer = view.getInput();
  if (Operation *op = buffer.getDefiningOp())
    return isa<KernelOp, ukernel::LoopOp, ukernel::IfOp>(op);
  auto argument = cast<BlockArgument>(buffer);
  auto loop = dyn_cast<ukernel::LoopOp>(argument.getOwner()->getParentOp());
  return loop && argument.getArgNumber() > 0 && argument.getArgNumber() <= loop.getInits().size();
}

// Kernels read a little behind their input's last pixel: so it must lie in the arena.
Value GraphLowering::lookupPadded(Value value, ArrayRef<int64_t> pads, int64_t fill) {
  Value buffer = lookup(value);
  auto type = cast<BufferType>(buffer.getType());
  int64_t halo[] = {type.getTop(), type.getLeft(), type.getBottom(), type.getRight()};
  bool padded = llvm::any_of(pads, [](int64_t pad) { return pad != 0; });
  bool fits = !padded || type.getFill() == fill || !type.hasHalo();
  for (unsigned i = 0; i < 4; ++i)
    fits &= halo[i] >= pads[i];
  if (fits && isInArena(buffer))
    return buffer;
  Value copied = copy(value.getLoc(), buffer, type.getPlain().withHalo(pads, fill));
  // Other consumers with the same needs read the copy too.
  if (!type.hasHalo())
    buffers[value] = copied;
  return copied;
}

//===----------------------------------------------------------------------===//
// Function
//===----------------------------------------------------------------------===//

// Whether a kernel that reads behind its operands, or an observation needs the memory in the arena.
static bool mustStayInArena(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    if (auto view = dyn_cast<ViewOp>(user))
      return mustStayInArena(view);
    return isa<ukernel::ConvOp, PackedMatMulOp, ukernel::ObserveOp>(user);
  });
}

// Each result needs plain memory of its own, written by a kernel.
LogicalResult GraphLowering::finish(func::ReturnOp op) {
  SmallVector<Value> results;
  DenseSet<Value> roots;
  for (Value operand : op.getOperands()) {
    Value buffer = lookup(operand), root = buffer;
    while (auto view = root.getDefiningOp<ViewOp>())
      root = view.getInput();
    BufferType plain = cast<BufferType>(buffer.getType()).getPlain();
    if (isa_and_nonnull<AppendOp>(buffer.getDefiningOp()) && roots.insert(root).second) {
      results.push_back(buffer);
      continue;
    }
    if (isExternal(buffer) || plain != buffer.getType() || mustStayInArena(root) || !roots.insert(root).second)
      buffer = copy(op.getLoc(), buffer, plain);
    results.push_back(buffer);
  }
  func::ReturnOp::create(builder, op.getLoc(), results);
  return success();
}

/// What a run has to check of the dimensions.
void GraphLowering::requireExtents() {
  SmallVector<Attribute> pairs;
  for (const ExtentRequirement &requirement : extents.getRequirements())
    if (Attribute pair = ExtentsAttr::get(builder.getContext(), {requirement.lhs, requirement.rhs});
        !llvm::is_contained(pairs, pair))
      pairs.push_back(pair);
  if (!pairs.empty())
    function->setAttr(kRequirementsAttr, builder.getArrayAttr(pairs));
}

LogicalResult GraphLowering::run() {
  chooseHalos(); // which the sizes depend on
  requireExtents();
  if (failed(checkTypes()) || failed(readStates()))
    return failure();
  Block &source = function.front();
  Block *target = new Block();
  function.getBody().push_back(target);
  builder.setInsertionPointToStart(target);
  for (BlockArgument argument : source.getArguments()) {
    FailureOr<BufferType> type = getArgumentType(argument);
    if (failed(type))
      return failure();
    define(argument, target->addArgument(*type, argument.getLoc()));
  }
  if (failed(lowerOps(source)))
    return failure();
  auto terminator = cast<func::ReturnOp>(source.getTerminator());
  current = nullptr;
  if (failed(finish(terminator)) || failed(checkStateReaders()))
    return failure();
  source.dropAllDefinedValueUses();
  source.erase();
  function.setType(builder.getFunctionType(target->getArgumentTypes(), target->getTerminator()->getOperandTypes()));
  return success();
}
