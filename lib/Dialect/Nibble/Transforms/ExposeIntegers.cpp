// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/QuantUtils.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace nibble {
#define GEN_PASS_DEF_EXPOSEINTEGERS
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-expose-integers"

using namespace mlir;
using namespace nibble;

namespace {

/// Operations that move elements and do not look at them, of one operand.
bool movesElements(Operation *op) { return isa<ReshapeOp, TransposeOp, SliceOp>(op); }

/// What computes integers from an argument: moves, then the same quantization in each branch.
struct Entry {
  SmallVector<Operation *> moves;
  SmallVector<IntQuantizeOp> quantizations;

  /// Empty, or why the argument must stay in float.
  std::string collect(Value argument);
  std::string add(IntQuantizeOp op);
};

struct ExposeIntegers : nibble::impl::ExposeIntegersBase<ExposeIntegers> {
  void runOnOperation() override;
  void exposeArgument(func::FuncOp function, unsigned index);
  void exposeResult(func::FuncOp function, unsigned index);
  void report(func::FuncOp function, DictionaryAttr attributes, StringRef what, StringRef reason);
};

} // namespace

std::string Entry::add(IntQuantizeOp op) {
  auto element = cast<IntegerType>(cast<RankedTensorType>(op.getType()).getElementType());
  auto [least, greatest] = getIntegerRange(element);
  // Accumulators have room for -32768 where they have for 16 symmetric bits.
  if (element.isSignlessInteger(16) && op.getClamp()[0] == -greatest)
    least = -greatest;
  if (op.getClamp()[0] != least || op.getClamp()[1] != greatest)
    return "its quantization also clamps";
  if (!quantizations.empty()) {
    IntQuantizeOp first = quantizations.front();
    if (first.getScaleAttr() != op.getScaleAttr() || first.getZeroPoint() != op.getZeroPoint() ||
        getElementTypeOrSelf(first.getType()) != getElementTypeOrSelf(op.getType()))
      return "it is quantized in several ways";
  }
  quantizations.push_back(op);
  return "";
}

std::string Entry::collect(Value argument) {
  if (argument.use_empty())
    return "nothing reads it";
  SmallVector<Value> values = {argument};
  while (!values.empty())
    for (Operation *user : values.pop_back_val().getUsers()) {
      if (auto quantize = dyn_cast<IntQuantizeOp>(user)) {
        if (std::string reason = add(quantize); !reason.empty())
          return reason;
      } else if (movesElements(user)) {
        moves.push_back(user);
        values.push_back(user->getResult(0));
      } else {
        return "an operation reads it in float: " + user->getName().getStringRef().str();
      }
    }
  return "";
}

void ExposeIntegers::report(func::FuncOp function, DictionaryAttr attributes, StringRef what, StringRef reason) {
  auto name = attributes ? attributes.getAs<StringAttr>("nibble.name") : StringAttr();
  emitWarning(UnknownLoc::get(&getContext()))
      << what << " '" << (name ? name.getValue() : StringRef("?")) << "' stays in float: " << reason;
}

static Type withElements(Type type, Type elements) { return cast<RankedTensorType>(type).clone(elements); }

void ExposeIntegers::exposeArgument(func::FuncOp function, unsigned index) {
  BlockArgument argument = function.getArgument(index);
  if (!getElementTypeOrSelf(argument.getType()).isF32())
    return;
  Entry entry;
  if (std::string reason = entry.collect(argument); !reason.empty())
    return report(function, function.getArgAttrDict(index), "input", reason);
  IntQuantizeOp quantize = entry.quantizations.front();
  Type elements = getElementTypeOrSelf(quantize.getType());
  function.setArgAttr(index, "nibble.scale", quantize.getScaleAttr());
  function.setArgAttr(index, "nibble.zero_point", quantize.getZeroPointAttr());
  argument.setType(withElements(argument.getType(), elements));
  for (Operation *move : entry.moves)
    move->getResult(0).setType(withElements(move->getResult(0).getType(), elements));
  for (IntQuantizeOp op : entry.quantizations) {
    op.replaceAllUsesWith(op.getInput());
    op.erase();
  }
  ++exposed;
}

void ExposeIntegers::exposeResult(func::FuncOp function, unsigned index) {
  Operation *end = function.front().getTerminator();
  Value value = end->getOperand(index);
  if (!getElementTypeOrSelf(value.getType()).isF32())
    return;
  SmallVector<Operation *> moves;
  while (value.getDefiningOp() && movesElements(value.getDefiningOp())) {
    moves.push_back(value.getDefiningOp());
    value = moves.back()->getOperand(0);
  }
  auto dequantize = value.getDefiningOp<IntDequantizeOp>();
  if (!dequantize)
    return report(function, function.getResultAttrDict(index), "output", "it is computed in float");
  function.setResultAttr(index, "nibble.scale", dequantize.getScaleAttr());
  function.setResultAttr(index, "nibble.zero_point", dequantize.getZeroPointAttr());
  // Copies of the moves, as others may read them in float.
  OpBuilder builder(end);
  Value result = dequantize.getInput();
  for (Operation *move : llvm::reverse(moves)) {
    Operation *copy = builder.clone(*move);
    copy->setOperand(0, result);
    copy->getResult(0).setType(withElements(move->getResult(0).getType(), getElementTypeOrSelf(result.getType())));
    result = copy->getResult(0);
  }
  end->setOperand(index, result);
  for (Operation *move : moves)
    if (move->use_empty())
      move->erase();
  if (dequantize->use_empty())
    dequantize.erase();
  ++exposed;
}

void ExposeIntegers::runOnOperation() {
  auto function = getOperation().lookupSymbol<func::FuncOp>("main");
  if (!function || function.isDeclaration())
    return;
  for (unsigned index = 0; index < function.getNumArguments(); ++index)
    exposeArgument(function, index);
  for (unsigned index = 0; index < function.getNumResults(); ++index)
    exposeResult(function, index);
  function.setType(FunctionType::get(&getContext(), function.front().getArgumentTypes(),
                                     function.front().getTerminator()->getOperandTypes()));
}
