// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Quantization/Roles.h"
#include "nibble/Support/Constants.h"
#include "nibble/Support/Locations.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

namespace nibble {
#define GEN_PASS_DEF_INSERTOBSERVERS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-insert-observers"

using namespace mlir;
using namespace nibble;

namespace {

/// The value whose range matters if `value`'s producer absorbs the clamps behind it.
Value getEndOfClamps(Value value) {
  if (!absorbsClamp(value.getDefiningOp()))
    return value;
  while (value.hasOneUse() && getClampBounds(*value.user_begin()))
    value = (*value.user_begin())->getResult(0);
  return value;
}

/// The ONNX name of `value`, from its location or from the function's argument; empty if there is none.
StringRef getONNXName(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (auto function = argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp()) : func::FuncOp()) {
    auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "nibble.name");
    return name ? name.getValue() : StringRef();
  }
  return getValueName(value.getLoc());
}

/// Whether a range of `value` is known, from an observe or because the model quantizes it.
bool hasType(Value value) {
  return isa_and_nonnull<ObserveOp, DequantizeOp>(value.getDefiningOp()) ||
         (!value.use_empty() && llvm::all_of(value.getUsers(), llvm::IsaPred<QuantizeOp>));
}

struct InsertObservers : nibble::impl::InsertObserversBase<InsertObservers> {
  /// Every value that a quantized operation would read or write, in program order.
  llvm::SetVector<Value> collect() {
    llvm::SetVector<Value> values;
    auto insert = [&](Value value) {
      value = getElementSource(value);
      if (cast<ShapedType>(value.getType()).getElementType().isF32() && !getConstantAttr(value) && !hasType(value))
        values.insert(value);
    };
    llvm::SmallPtrSet<Operation *, 8> absorbed;
    getOperation()->walk([&](Operation *op) {
      // What may run any number of times, or not at all, is not measured: it stays in float.
      if (!hasQuantizedForm(op) || absorbed.contains(op) || !isCounted(op))
        return;
      for (Value operand : getStoredOperands(op))
        insert(operand);
      Value end = getEndOfClamps(op->getResult(0));
      for (Operation *clamp = end.getDefiningOp(); clamp != op; clamp = clamp->getOperand(0).getDefiningOp())
        absorbed.insert(clamp);
      insert(end);
    });
    return values;
  }

  void runOnOperation() override {
    const llvm::SetVector<Value> values = collect();
    // Of the operations that one node became, the last computes the value that the node's name stands for.
    llvm::StringMap<Value> last;
    for (Value value : values)
      last[getONNXName(value)] = value;
    for (Value value : values) {
      StringRef name = getONNXName(value);
      // Steps of a node that became several operations have no name of their own, or that of the last.
      const bool isStep = name.empty() ? !getNodeName(value.getLoc()).empty() : last[name] != value;
      if (isStep)
        continue;
      if (name.empty()) {
        emitWarning(value.getLoc(), "value has no ONNX name, so that calibration cannot measure it");
        continue;
      }
      OpBuilder builder(&getContext());
      builder.setInsertionPointAfterValue(value);
      auto observe = ObserveOp::create(builder, value.getLoc(), value, name, DenseF32ArrayAttr());
      value.replaceAllUsesExcept(observe.getResult(), observe);
      ++inserted;
    }
  }
};

} // namespace
