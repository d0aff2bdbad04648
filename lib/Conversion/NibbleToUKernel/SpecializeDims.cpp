// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Copies of a function for some values of its dynamic dimensions. Behind the plan, which all of them share.

#include "nibble/Analysis/States.h"
#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Support/Locations.h"
#include "nibble/Support/PortAttrs.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"

#define DEBUG_TYPE "ukernel-specialize-dims"

using namespace mlir;
using namespace nibble;

namespace nibble::ukernel {
#define GEN_PASS_DEF_SPECIALIZEDIMS
#include "nibble/Dialect/UKernel/Passes.h.inc"
} // namespace nibble::ukernel

namespace {
/// Fixes dimensions of a function, and what follows from them: types, `extents`, requirements.
class DimFixer {
public:
  DimFixer(func::FuncOp function, ArrayRef<int64_t> values) : function(function), values(values), extents(function) {}
  LogicalResult run();

private:
  Extent fix(const Extent &extent) const {
    return extent.substitute([&](unsigned i) { return values[i] > 0 ? Extent(values[i]) : Extent::dim(i); });
  }
  std::string describeDims() const;
  InFlightDiagnostic refuse(Operation *op) const;
  LogicalResult checkRequirements() const;
  LogicalResult checkElements(Operation *op) const;
  Type fixType(Value value) const;
  void fixAttributes(Operation *op) const;
  void fixRequirements() const;
  LogicalResult keepCapacities() const;
  void fixArguments(Block &block) const;
  static void spreadColumns(IntMatMulOp op);

  mutable func::FuncOp function; // a handle
  ArrayRef<int64_t> values;      // 0 where a dimension stays dynamic
  ExtentAnalysis extents;        // before
};
} // namespace

/// "batch=1, sequence=128"
std::string DimFixer::describeDims() const {
  SmallVector<std::string> texts;
  for (auto [name, value] : llvm::zip_equal(extents.getDims().getNames(), values))
    if (value > 0)
      texts.push_back(name + "=" + std::to_string(value));
  return llvm::join(texts, ", ");
}

/// `op` is null where nothing in the graph tells of a node.
InFlightDiagnostic DimFixer::refuse(Operation *op) const {
  if (!op)
    return function.emitError("the model") << " cannot be computed at " << describeDims() << " (specialize): ";
  return op->emitOpError("node '") << getNodeName(op->getLoc()) << "' cannot be computed at " << describeDims()
                                   << " (specialize): ";
}

LogicalResult DimFixer::checkRequirements() const {
  for (const ExtentRequirement &requirement : extents.getRequirements()) {
    const Extent lhs = fix(requirement.lhs), rhs = fix(requirement.rhs);
    if (!lhs.isStatic() || !rhs.isStatic() || lhs == rhs)
      continue;
    const auto spell = [&](const Extent &extent) {
      std::string text;
      llvm::raw_string_ostream os(text);
      extent.print(os, [&](unsigned index) { return extents.getDims().getNames()[index]; });
      return text;
    };
    return refuse(requirement.op) << "it needs " << spell(requirement.lhs) << " = " << spell(requirement.rhs)
                                  << ", got " << lhs.getStatic() << " and " << rhs.getStatic();
  }
  return success();
}

/// Code of known extents has no results without elements.
LogicalResult DimFixer::checkElements(Operation *op) const {
  for (Value result : op->getResults())
    for (const Extent &extent : extents.get(result).value_or(SmallVector<Extent>()))
      if (const Extent fixed = fix(extent); fixed.isStatic() && fixed.getStatic() < 1 && !extent.isStatic())
        return refuse(op) << "its result has no elements there";
  return success();
}

Type DimFixer::fixType(Value value) const {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  std::optional<SmallVector<Extent>> shape = type ? extents.get(value) : std::nullopt;
  if (!shape || type.hasStaticShape())
    return value.getType();
  SmallVector<int64_t> fixed(type.getShape());
  for (auto [known, extent] : llvm::zip_equal(fixed, *shape))
    if (ShapedType::isDynamic(known))
      known = fix(extent).getStaticOr(ShapedType::kDynamic);
  return type.clone(fixed);
}

void DimFixer::fixAttributes(Operation *op) const {
  auto attr = op->getAttrOfType<ExtentsAttr>("extents");
  if (!attr)
    return;
  const auto fixed = llvm::map_to_vector(attr.getValue(), [&](const Extent &extent) { return fix(extent); });
  if (areStatic(fixed) && isa<ReshapeOp, SliceOp, GenerateOp>(op))
    op->removeAttr("extents"); // the type has them
  else
    op->setAttr("extents", ExtentsAttr::get(op->getContext(), fixed));
}

/// Those that hold by now are none.
void DimFixer::fixRequirements() const {
  auto pairs = function->getAttrOfType<ArrayAttr>(kRequirementsAttr);
  if (!pairs)
    return;
  SmallVector<Attribute> left;
  for (auto pair : pairs.getAsRange<ExtentsAttr>())
    if (const Extent lhs = fix(pair.getValue()[0]), rhs = fix(pair.getValue()[1]); lhs != rhs)
      left.push_back(ExtentsAttr::get(function.getContext(), {lhs, rhs}));
  function->setAttr(kRequirementsAttr, ArrayAttr::get(function.getContext(), left));
}

/// The caller's buffers are as long for each code, whatever it fixes.
LogicalResult DimFixer::keepCapacities() const {
  FailureOr<SmallVector<State>> states = findStates(function, extents);
  if (failed(states))
    return failure();
  Builder builder(function.getContext());
  for (const State &state : *states)
    if (state.axis >= 0)
      function.setArgAttr(state.input, kCapacityAttr, builder.getI64IntegerAttr(state.capacity));
  return success();
}

/// A program's body has its inputs as arguments, whose types are fixed before.
void DimFixer::fixArguments(Block &block) const {
  auto generate = dyn_cast<GenerateOp>(block.getParentOp());
  if (!generate)
    for (BlockArgument argument : block.getArguments())
      argument.setType(fixType(argument));
  else
    for (auto [i, input] : llvm::enumerate(generate.getInputs()))
      generate.getInputArgument(i).setType(input.getType());
}

/// What columns of a dynamic number share, each has where it is known.
void DimFixer::spreadColumns(IntMatMulOp op) {
  const int64_t columns = op.getType().getShape().back();
  for (OpOperand *operand : {&op.getBiasMutable(), &op.getMultiplierMutable()}) {
    auto constant = operand->get().getDefiningOp<nibble::ConstantOp>();
    auto type = cast<RankedTensorType>(operand->get().getType());
    if (!constant || ShapedType::isDynamic(columns) || columns == 1 || type.getNumElements() != 1)
      continue;
    OpBuilder builder(op);
    auto wide = RankedTensorType::get({columns}, type.getElementType());
    Attribute value = *constant.getValue().getValues<Attribute>().begin();
    operand->set(nibble::ConstantOp::create(builder, constant.getLoc(), wide, DenseElementsAttr::get(wide, value)));
  }
}

LogicalResult DimFixer::run() {
  if (failed(checkRequirements()))
    return failure();
  if (function.walk([&](Operation *op) { return WalkResult(checkElements(op)); }).wasInterrupted())
    return failure();
  if (failed(keepCapacities()))
    return failure();
  nameDims(function, extents.getDims());
  fixArguments(function.front());
  function.front().walk<WalkOrder::PreOrder>([&](Operation *op) {
    fixAttributes(op);
    for (Value result : op->getResults())
      result.setType(fixType(result));
    for (Region &region : op->getRegions())
      for (Block &block : region)
        fixArguments(block);
    if (auto product = dyn_cast<IntMatMulOp>(op))
      spreadColumns(product);
  });
  fixRequirements();
  function.setType(FunctionType::get(function.getContext(), function.front().getArgumentTypes(),
                                     function.front().getTerminator()->getOperandTypes()));
  return success();
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

namespace {
struct SpecializeDims : ukernel::impl::SpecializeDimsBase<SpecializeDims> {
  void runOnOperation() override {
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (Attribute list = function->getAttr(ukernel::kSpecializationsAttr))
        if (failed(specialize(function, list)))
          return signalPassFailure();
  }

  /// Values of each dynamic dimension, 0 of those that stay open, which are not all.
  static bool isSpecialization(DenseI64ArrayAttr values, size_t dimCount) {
    return values && size_t(values.size()) == dimCount &&
           llvm::all_of(values.asArrayRef(), [](int64_t value) { return value >= 0; }) &&
           llvm::any_of(values.asArrayRef(), [](int64_t value) { return value > 0; });
  }

  LogicalResult specialize(func::FuncOp function, Attribute attr) {
    function->removeAttr(ukernel::kSpecializationsAttr);
    const size_t count = getDimNames(function).size();
    auto list = dyn_cast<ArrayAttr>(attr);
    if (!list)
      return function.emitError() << "expected an array as '" << ukernel::kSpecializationsAttr << "', got " << attr;
    for (auto [i, entry] : llvm::enumerate(list)) {
      auto values = dyn_cast<DenseI64ArrayAttr>(entry);
      if (function.isExternal() || !isSpecialization(values, count))
        return function.emitError() << "expected '" << ukernel::kSpecializationsAttr << "' of " << count
                                    << " integers each, one for each dynamic dimension, 0 where it stays open but "
                                    << "not everywhere, got " << entry;
      if (llvm::is_contained(list.getValue().take_front(i), entry))
        return function.emitError() << "'" << ukernel::kSpecializationsAttr << "' has " << entry << " twice";
      func::FuncOp copy = function.clone();
      copy.setSymName((function.getSymName() + "_" + Twine(i)).str());
      copy.setPrivate();
      copy->setAttr(ukernel::kSpecializedAttr, values);
      getOperation().push_back(copy);
      if (failed(DimFixer(copy, values.asArrayRef()).run()) || failed(simplify(copy)))
        return failure();
      ++specialized;
    }
    return success();
  }

  /// What depended on the dimensions alone is constant by now.
  LogicalResult simplify(func::FuncOp function) {
    OpPassManager passes(func::FuncOp::getOperationName());
    passes.addPass(createCanonicalizerPass());
    passes.addPass(createFoldConstants());
    passes.addPass(createCanonicalizerPass());
    passes.addPass(createCSEPass());
    return runPipeline(passes, function);
  }
};
} // namespace
