// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The extents of all values of a function, operation by operation.

#include "ExtentTransfer.h"

#include "nibble/Support/ExtentSyntax.h"
#include "nibble/Support/Locations.h"

using namespace mlir;
using namespace nibble;

using Extents = SmallVector<Extent>;

ExtentAnalysis::ExtentAnalysis(func::FuncOp function) : dims(function) {
  if (function.isExternal())
    return;
  if (auto pairs = function->getAttrOfType<ArrayAttr>(kRequirementsAttr))
    for (auto pair : pairs.getAsRange<ExtentsAttr>())
      requirements.push_back({pair.getValue()[0], pair.getValue()[1], nullptr});
  for (auto [i, argument] : llvm::enumerate(function.getArguments()))
    if (isa<RankedTensorType>(argument.getType()))
      extents[argument] = llvm::map_to_vector(dims.getExtents(i), [&](const Extent &e) { return useRequirements(e); });
  for (Block &block : function.getBody())
    visit(block);
  // Some were found behind what they tell of.
  for (auto &entry : extents)
    for (Extent &extent : entry.second)
      extent = useRequirements(extent);
}

static bool isDim(const Extent &extent) {
  return !extent.isStatic() && extent == Extent::dim(extent.getDimCount() - 1);
}

/// What a run requires is so: min(d0, 512) is d0 where they must be equal, and d1 is.
Extent ExtentAnalysis::useRequirements(Extent extent) const {
  for (const ExtentRequirement &requirement : requirements) {
    const Extent &lhs = requirement.lhs, &rhs = requirement.rhs;
    if (isDim(lhs) && isDim(rhs))
      extent = extent.substitute([&](unsigned i) { return Extent::dim(i) == rhs ? lhs : Extent::dim(i); });
    else if (auto known = Extent::solve(lhs, rhs))
      extent = extent.replace(known->first, known->second);
    else if (!requirement.op && extent == rhs && !rhs.isStatic()) // the function says so of two that broadcast
      extent = lhs;
  }
  return extent;
}

/// "nibble.add (node 'sum')"
static std::string describe(Operation *op) {
  StringRef node = getNodeName(op->getLoc());
  return op->getName().getStringRef().str() + (node.empty() ? "" : " (node '" + node.str() + "')");
}

void ExtentAnalysis::visit(Operation *op) {
  Value value = op->getResult(0);
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  SmallVector<Extents> operands;
  for (Value operand : op->getOperands()) {
    auto it = extents.find(operand);
    if (it == extents.end()) {
      if (ShapedType::isDynamicShape(shape))
        reasons[value] = whyUnknown(operand);
      else
        extents[value] = toExtents(shape);
      return;
    }
    operands.push_back(it->second);
  }
  ExtentTransfer transfer(op, operands, dims.getNames().size(), requirements);
  std::optional<Extents> found = transfer.run();
  if (!found) {
    reasons[value] = describe(op) + ": " + transfer.reason;
    return;
  }
  for (Extent &extent : *found)
    extent = useRequirements(extent);
  // What the type knows is so.
  for (auto [extent, known] : llvm::zip_equal(*found, shape))
    if (!ShapedType::isDynamic(known) && extent != known) {
      requirements.push_back({extent, known, op});
      extent = known;
    }
  extents[value] = std::move(*found);
}

std::optional<SmallVector<Extent>> ExtentAnalysis::get(Value value) const {
  auto it = extents.find(value);
  return it == extents.end() ? std::nullopt : std::optional(it->second);
}

std::string ExtentAnalysis::whyUnknown(Value value) const {
  if (auto it = reasons.find(value); it != reasons.end())
    return it->second;
  Operation *op = value.getDefiningOp();
  return op ? describe(op) + ": it is not an operation on ranked tensors" : "an argument is not a ranked tensor";
}
