// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// States: arguments and results in one buffer of the caller's, which has room for what runs append.

#include "GraphLowering.h"

#include "nibble/Dialect/UKernel/Kernels.h"
#include "nibble/Support/Locations.h"
#include "nibble/Support/PortAttrs.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

LogicalResult GraphLowering::readStates() {
  FailureOr<SmallVector<State>> found = findStates(function, extents);
  if (failed(found))
    return failure();
  states = std::move(*found);
  return success();
}

FailureOr<BufferType> GraphLowering::getArgumentType(BlockArgument argument) {
  BufferType plain = getPlainType(argument);
  for (const State &state : states)
    if (state.input == argument.getArgNumber() && state.axis >= 0) {
      auto emit = [&] { return mlir::emitError(argument.getLoc()) << "the buffer of a state is too large: "; };
      if (failed(BufferType::verify(emit, plain.getShape(), plain.getElementType(), {}, 0, state.capacity, state.axis)))
        return failure();
      return plain.withCapacity(state.capacity, state.axis);
    }
  return plain;
}

const State *GraphLowering::findAppended(nibble::ConcatOp op) const {
  auto *found = llvm::find_if(states, [&](const State &state) { return state.append == op; });
  return found == states.end() ? nullptr : found;
}

/// What is there already stays where it is.
Value GraphLowering::append(nibble::ConcatOp op, const State &state) {
  SmallVector<Value> inputs =
      llvm::map_to_vector(op.getInputs().drop_front(), [&](Value input) { return lookup(input); });
  return AppendOp::create(builder, op.getLoc(), getPlainType(op.getResult()).withCapacity(state.capacity, state.axis),
                          lookup(op.getInputs().front()), inputs, op.getAxisAttr());
}

/// Kernels that step from row to row by the strides of their operands.
static bool readsByStrides(Operation *op) {
  return isa<ukernel::MatMulOp, ukernel::TransposeOp, ukernel::GenerateOp, ukernel::ConcatOp, AppendOp,
             ukernel::SliceOp, GatherOp, ukernel::PadOp, BinaryOp, UnaryOp, ukernel::RequantizeOp, ukernel::QuantizeOp,
             ukernel::DequantizeOp, ukernel::LookupOp, ukernel::SoftmaxOp, ukernel::IntSoftmaxOp, ukernel::ReduceOp>(
      op);
}

/// The name of the input whose buffer it is.
static StringRef getStateName(func::FuncOp function, Value buffer) {
  buffer = getViewed(buffer);
  if (auto append = buffer.getDefiningOp<AppendOp>())
    buffer = append.getPast();
  auto argument = dyn_cast<BlockArgument>(buffer);
  return argument ? getPortName(function.getArgAttrDict(argument.getArgNumber())) : StringRef();
}

/// Nothing may need a state without the gaps behind its rows: that would be the copy that a state is to spare.
LogicalResult GraphLowering::checkStateReaders() {
  if (!copiedStates.empty()) {
    auto [op, buffer] = copiedStates.front();
    return function.emitError() << "state '" << getStateName(function, buffer) << "' would be copied: "
                                << (op ? "node '" + getNodeName(op->getLoc()).str() + "'" : "another output")
                                << " needs it without the gaps that memory for more rows leaves in it";
  }
  WalkResult result = builder.getInsertionBlock()->walk([&](KernelOp op) {
    for (Value operand : op->getOperands())
      if (cast<BufferType>(operand.getType()).hasCapacity() && !readsByStrides(op)) {
        emitNodeError(op) << "reads state '" << getStateName(function, operand)
                          << "' as memory without the gaps that room for more rows leaves in it";
        return WalkResult::interrupt();
      }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}
