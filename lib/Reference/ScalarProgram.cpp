// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Execution of the body of nibble.generate, one element at a time.

#include "ScalarProgram.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

static constexpr unsigned indexBits = 64;

static unsigned getWidth(Type type) { return type.isIndex() ? indexBits : type.getIntOrFloatBitWidth(); }

ScalarProgram::ScalarProgram(Region &body, ArrayRef<int64_t> resultShape, Operands inputs, ArrayRef<int64_t> dims)
    : body(body), dims(dims) {
  for (auto [i, input] : llvm::enumerate(inputs))
    tensors[body.getArgument(resultShape.size() + i)] = input;
}

Scalar ScalarProgram::run(ArrayRef<int64_t> index) {
  for (auto [d, at] : llvm::enumerate(index))
    values.insert_or_assign(body.getArgument(d), Scalar(indexBits, at));
  return runBlock(body.front()).front();
}

SmallVector<Scalar, 2> ScalarProgram::runBlock(Block &block) {
  for (Operation &op : block.without_terminator())
    execute(op);
  SmallVector<Scalar, 2> results;
  for (Value value : block.getTerminator()->getOperands())
    results.push_back(get(value));
  return results;
}

/// An index outside counts as the nearest one inside.
Scalar ScalarProgram::read(ReadOp op) const {
  const Tensor &tensor = *tensors.lookup(op.getTensor());
  const unsigned width = getWidth(op.getType());
  if (tensor.getCount() == 0)
    return Scalar(width, 0);
  int64_t offset = 0;
  for (auto [value, extent] : llvm::zip(op.getIndices(), tensor.shape))
    offset = offset * extent + std::clamp<int64_t>(get(value).getSExtValue(), 0, extent - 1);
  const int64_t bytes = tensor.data.size() / tensor.getCount();
  uint64_t bits = 0; // elements lie as a little-endian machine has them
  std::memcpy(&bits, tensor.data.data() + offset * bytes, bytes);
  return Scalar(width, bits, /*isSigned=*/false, /*implicitTrunc=*/true);
}

void ScalarProgram::runLoop(Operation &op) {
  auto loop = cast<scf::ForOp>(op);
  SmallVector<Scalar, 2> carried;
  for (Value value : loop.getInitArgs())
    carried.push_back(get(value));
  Scalar end = get(loop.getUpperBound()), step = get(loop.getStep());
  for (Scalar iv = get(loop.getLowerBound()); iv.slt(end);) {
    values.insert_or_assign(loop.getInductionVar(), iv);
    for (auto [argument, value] : llvm::zip(loop.getRegionIterArgs(), carried))
      values.insert_or_assign(argument, value);
    carried = runBlock(*loop.getBody());
    bool overflow;
    iv = iv.sadd_ov(step, overflow);
    if (overflow)
      break; // past the largest integer, and so past the end
  }
  for (auto [result, value] : llvm::zip(loop.getResults(), carried))
    values.insert_or_assign(result, value);
}

void ScalarProgram::runBranch(Operation &op) {
  auto branch = cast<scf::IfOp>(op);
  Region &taken = get(branch.getCondition()).isZero() ? branch.getElseRegion() : branch.getThenRegion();
  if (taken.empty())
    return;
  for (auto [result, value] : llvm::zip(branch.getResults(), runBlock(taken.front())))
    values.insert_or_assign(result, value);
}

void ScalarProgram::execute(Operation &op) {
  if (isa<scf::ForOp>(op))
    return runLoop(op);
  if (isa<scf::IfOp>(op))
    return runBranch(op);
  Scalar result;
  if (auto read = dyn_cast<ReadOp>(op)) {
    result = this->read(read);
  } else if (auto extent = dyn_cast<ExtentOp>(op)) {
    result = Scalar(indexBits, tensors.lookup(extent.getTensor())->shape[extent.getDimension()]);
  } else if (auto extent = dyn_cast<ExtentValueOp>(op)) {
    result = Scalar(indexBits, extent.getExtent().evaluate(dims), /*isSigned=*/true);
  } else {
    SmallVector<Scalar, 3> operands;
    for (Value operand : op.getOperands())
      operands.push_back(get(operand));
    result = evaluateScalar(&op, operands);
  }
  values.insert_or_assign(op.getResult(0), std::move(result));
}
