// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Code of the scalar programs of nibble.generate.

#include "ScalarEmitter.h"
#include "VectorArith.h"
#include "nibble/Support/ElementData.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

ScalarEmitter::ScalarEmitter(KernelBuilder &b, const GenerateParams &params, Value args) : b(b), params(params) {
  for (size_t i = 0; i < params.inputs.size(); ++i)
    pointers.push_back(b.argument(args, i));
  auto domain = LLVM::AliasScopeDomainAttr::get(b.getContext());
  written = b.getArrayAttr(LLVM::AliasScopeAttr::get(domain));
}

Value ScalarEmitter::emit(ValueRange indices) {
  values.clear();
  for (auto [d, index] : llvm::enumerate(indices))
    values[params.body->getArgument(d)] = b.create<arith::IndexCastOp>(b.getIndexType(), index);
  Block &block = params.body->front();
  emitBlock(block);
  return get(block.getTerminator()->getOperand(0));
}

void ScalarEmitter::store(Value value, Value pointer) {
  if (auto type = dyn_cast<IntegerType>(value.getType()); type && type.getWidth() < 8)
    value = b.create<arith::ExtUIOp>(b.i8(), value);
  auto store = LLVM::StoreOp::create(b, value, pointer, 1);
  store.setAliasScopesAttr(written);
}

void ScalarEmitter::emitBlock(Block &block) {
  for (Operation &op : block.without_terminator())
    emitOperation(op);
}

void ScalarEmitter::emitOperation(Operation &op) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return emitLoop(loop);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return emitBranch(branch);
  values[op.getResult(0)] = emitValue(op);
}

Value ScalarEmitter::emitValue(Operation &op) {
  Value defined = llvm::TypeSwitch<Operation *, Value>(&op)
                      .Case([&](ReadOp read) { return emitRead(read); })
                      .Case([&](ApplyOp apply) { return emitApply(apply); })
                      .Case([&](ExtentOp extent) {
                        const unsigned input =
                            cast<BlockArgument>(extent.getTensor()).getArgNumber() - params.shape.size();
                        return indexOf(params.inputs[input].shape[extent.getDimension()]);
                      })
                      .Case([&](ExtentValueOp extent) { return indexOf(extent.getExtent()); })
                      .Case([&](arith::BitcastOp bitcast) {
                        Value bits = get(bitcast.getIn());
                        return bits.getType() == getKernelType(bitcast.getType()) ? bits : clone(op);
                      })
                      .Case([&](arith::ExtFOp extend) {
                        if (!isSmallFloat(extend.getIn().getType()))
                          return clone(op);
                        Value value = extendSmallFloat(b, get(extend.getIn()), extend.getIn().getType());
                        if (isSmallFloat(extend.getType()))
                          return truncateToSmallFloat(b, value, extend.getType());
                        return extend.getType().isF32() ? value : b.create<arith::ExtFOp>(extend.getType(), value);
                      })
                      .Case([&](arith::TruncFOp truncate) {
                        if (!isSmallFloat(truncate.getType()))
                          return clone(op);
                        Value value = get(truncate.getIn());
                        if (Type from = truncate.getIn().getType(); isSmallFloat(from))
                          value = extendSmallFloat(b, value, from);
                        return truncateToSmallFloat(b, value, truncate.getType());
                      })
                      .Default([](Operation *) { return Value(); });
  if (defined)
    return defined;
  Values operands = llvm::map_to_vector(op.getOperands(), [&](Value operand) { return get(operand); });
  defined = emitDefined(b, op, operands);
  return defined ? defined : clone(op);
}

/// The operation on the kernel's values.
Value ScalarEmitter::clone(Operation &op) {
  OperationState state(b.getLoc(), op.getName());
  for (Value operand : op.getOperands())
    state.addOperands(get(operand));
  Type type = getKernelType(op.getResult(0).getType());
  state.addTypes(type);
  auto constant = dyn_cast<arith::ConstantOp>(op);
  if (constant && isSmallFloat(constant.getType()))
    state.addAttribute("value",
                       b.getIntegerAttr(type, cast<FloatAttr>(constant.getValue()).getValue().bitcastToAPInt()));
  else
    state.addAttributes(op.getAttrs());
  return b.OpBuilder::create(state)->getResult(0);
}

void ScalarEmitter::emitLoop(scf::ForOp loop) {
  Values carried = llvm::map_to_vector(loop.getInitArgs(), [&](Value value) { return get(value); });
  auto emitted =
      scf::ForOp::create(b, get(loop.getLowerBound()), get(loop.getUpperBound()), get(loop.getStep()), carried);
  values[loop.getInductionVar()] = emitted.getInductionVar();
  for (auto [argument, value] : llvm::zip(loop.getRegionIterArgs(), emitted.getRegionIterArgs()))
    values[argument] = value;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(emitted.getBody());
  emitBlock(*loop.getBody());
  if (!carried.empty())
    scf::YieldOp::create(b, llvm::map_to_vector(loop.getBody()->getTerminator()->getOperands(),
                                                [&](Value value) { return get(value); }));
  for (auto [result, value] : llvm::zip(loop.getResults(), emitted.getResults()))
    values[result] = value;
}

void ScalarEmitter::emitBranch(scf::IfOp branch) {
  auto types = llvm::map_to_vector(branch.getResultTypes(), getKernelType);
  const bool hasElse = !branch.getElseRegion().empty();
  auto emitted = scf::IfOp::create(b, types, get(branch.getCondition()), /*addThenBlock=*/true, hasElse);
  auto emitRegion = [&](Region &from, Region &to) {
    OpBuilder::InsertionGuard guard(b);
    Block &block = to.front();
    if (!block.empty())
      block.back().erase();
    b.setInsertionPointToStart(&block);
    emitBlock(from.front());
    scf::YieldOp::create(
        b, llvm::map_to_vector(from.front().getTerminator()->getOperands(), [&](Value value) { return get(value); }));
  };
  emitRegion(branch.getThenRegion(), emitted.getThenRegion());
  if (hasElse)
    emitRegion(branch.getElseRegion(), emitted.getElseRegion());
  for (auto [result, value] : llvm::zip(branch.getResults(), emitted.getResults()))
    values[result] = value;
}

Value ScalarEmitter::indexOf(const Extent &extent) {
  if (extent.isStatic())
    return b.create<arith::ConstantIndexOp>(extent.getStatic());
  return b.create<arith::IndexCastOp>(b.getIndexType(), b.constant(extent));
}

Value ScalarEmitter::load(ReadOp op, const GenerateInput &input, Value pointer) {
  Type type = getKernelType(op.getType());
  Value offset = b.constant(0);
  for (auto [index, extent, stride] : llvm::zip(op.getIndices(), input.shape, input.strides)) {
    Value inside = b.create<arith::IndexCastOp>(b.index(), clamp(index, extent));
    offset = b.addMul(offset, inside, stride);
  }
  const unsigned width = type.getIntOrFloatBitWidth();
  auto load = LLVM::LoadOp::create(b, width < 8 ? b.i8() : type, b.at(pointer, offset), 1);
  load.setNoaliasScopesAttr(written);
  return width < 8 ? b.create<arith::TruncIOp>(type, load) : Value(load);
}

bool ScalarEmitter::mayBeEmpty(const GenerateInput &input, ReadOp op) const {
  for (auto [index, extent] : llvm::zip(op.getIndices(), input.shape))
    if (!isAtLeast(extent, 1) && !isBelow(index, extent))
      return true;
  return false;
}

Value ScalarEmitter::emitRead(ReadOp op) {
  const unsigned number = cast<BlockArgument>(op.getTensor()).getArgNumber() - params.shape.size();
  const GenerateInput &input = params.inputs[number];
  Type type = getKernelType(op.getType());
  const auto zero = [&]() -> Value { return b.create<arith::ConstantOp>(b.getZeroAttr(type)); };
  if (llvm::is_contained(input.shape, Extent(0)))
    return zero();
  if (!mayBeEmpty(input, op))
    return load(op, input, pointers[number]);
  Value hasElements =
      b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, b.constant(product(input.shape)), b.constant(0));
  return b.when(hasElements, zero(), [&] { return Values{load(op, input, pointers[number])}; })[0];
}

Value ScalarEmitter::emitApply(ApplyOp op) {
  VectorArith a(b, VectorArith::scalar);
  Values x = llvm::map_to_vector(op.getOperands(), [&](Value operand) { return get(operand); });
  return applyScalarFunction<VectorArith, Value>(a, op.getFunction(), x);
}

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

/// More than a dynamic extent can be.
static constexpr int64_t kMostExtent = int64_t(1) << 47;

static constexpr std::pair<int64_t, int64_t> anything = {std::numeric_limits<int64_t>::min(),
                                                         std::numeric_limits<int64_t>::max()};

std::pair<int64_t, int64_t> ScalarEmitter::getArgumentRange(BlockArgument argument) const {
  if (argument.getOwner() == &params.body->front())
    return {0, params.shape[argument.getArgNumber()].getStaticOr(kMostExtent) - 1};
  auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
  if (!loop || argument != loop.getInductionVar())
    return anything;
  const int64_t end = getRange(loop.getUpperBound()).second;
  return {getRange(loop.getLowerBound()).first, end == anything.first ? end : end - 1};
}

std::pair<int64_t, int64_t> ScalarEmitter::getRange(Value index) const {
  if (auto argument = dyn_cast<BlockArgument>(index))
    return getArgumentRange(argument);
  Operation *op = index.getDefiningOp();
  if (auto extent = dyn_cast<ExtentOp>(op)) {
    const unsigned input = cast<BlockArgument>(extent.getTensor()).getArgNumber() - params.shape.size();
    const Extent value = params.inputs[input].shape[extent.getDimension()];
    return {value.getStaticOr(0), value.getStaticOr(kMostExtent)};
  }
  if (auto extent = dyn_cast<ExtentValueOp>(op))
    return {extent.getExtent().getLowerBound().value_or(anything.first), extent.getExtent().getStaticOr(kMostExtent)};
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    const int64_t value = cast<IntegerAttr>(constant.getValue()).getValue().getSExtValue();
    return {value, value};
  }
  // Between indices and i64 nothing is lost.
  if (isa<arith::IndexCastOp>(op) && (index.getType().isInteger(64) || op->getOperand(0).getType().isInteger(64)))
    return getRange(op->getOperand(0));
  if (isa<arith::MinSIOp, arith::MaxSIOp>(op)) {
    auto [a, b] = std::pair(getRange(op->getOperand(0)), getRange(op->getOperand(1)));
    if (isa<arith::MinSIOp>(op))
      return {std::min(a.first, b.first), std::min(a.second, b.second)};
    return {std::max(a.first, b.first), std::max(a.second, b.second)};
  }
  return anything;
}

bool ScalarEmitter::isBelow(Value index, const Extent &extent) const {
  auto argument = dyn_cast<BlockArgument>(index);
  return argument && argument.getOwner() == &params.body->front() &&
         isAtLeast(extent, params.shape[argument.getArgNumber()]);
}

Value ScalarEmitter::clamp(Value index, const Extent &extent) {
  Value value = get(index);
  auto [least, largest] = getRange(index);
  if (extent == 1)
    return b.create<arith::ConstantIndexOp>(0);
  if (least < 0)
    value = b.create<arith::MaxSIOp>(value, b.create<arith::ConstantIndexOp>(0));
  if (!isBelow(index, extent) && largest >= extent.getStaticOr(0))
    value = b.create<arith::MinSIOp>(value, indexOf(extent - 1));
  return value;
}
