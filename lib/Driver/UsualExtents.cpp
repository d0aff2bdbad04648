// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "UsualExtents.h"
#include "nibble/Dialect/Nibble/Control.h"
#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Dialect/UKernel/Passes.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace nibble::driver {

UsualExtents::UsualExtents(mlir::ModuleOp module) {
  auto function = module.lookupSymbol<mlir::func::FuncOp>("main");
  if (!function)
    return;
  analysis.emplace(function);
  const ArgumentDims &named = analysis->getDims();
  dims.assign(named.getNames().size(), 1);
  for (auto [index, type] : enumerate(function.getArgumentTypes()))
    if (isa<mlir::RankedTensorType>(type))
      for (const Extent &extent : named.getExtents(index).drop_front(named.getExtents(index).empty() ? 0 : 1))
        if (!extent.isStatic())
          dims[extent.getDimCount() - 1] = kUsualDimension;
  if (auto bounds = function->getAttrOfType<mlir::DenseI64ArrayAttr>(ukernel::kBoundsAttr))
    for (auto [value, bound] : zip(dims, bounds.asArrayRef()))
      value = bound > 0 ? std::min(value, bound) : value;
}

DimValues UsualExtents::getDims() const {
  DimValues values;
  if (analysis)
    for (auto [name, value] : zip_equal(analysis->getDims().getNames(), dims))
      values[name] = value;
  return values;
}

SmallVector<int64_t> UsualExtents::getShape(mlir::Value value) const {
  if (analysis)
    if (std::optional<SmallVector<Extent>> extents = analysis->get(value))
      return evaluate(*extents, dims);
  SmallVector<int64_t> shape(cast<mlir::RankedTensorType>(value.getType()).getShape());
  for (auto [axis, extent] : enumerate(shape))
    if (mlir::ShapedType::isDynamic(extent))
      extent = axis == 0 ? 1 : kUsualDimension;
  return shape;
}

int64_t UsualExtents::countElements(mlir::Value value) const {
  int64_t count = 1;
  for (int64_t extent : getShape(value))
    count *= std::max<int64_t>(extent, 0);
  return count;
}

int64_t UsualExtents::countRuns(mlir::Operation *op) const {
  int64_t count = 1;
  for (auto loop = op->getParentOfType<LoopOp>(); loop; loop = loop->getParentOfType<LoopOp>())
    if (loop.getExtentsAttr())
      count *= std::max<int64_t>(loop.getTripCount().evaluate(dims), 0);
  return count;
}

int64_t UsualExtents::getLastExtent(mlir::Value value) const {
  const SmallVector<int64_t> shape = getShape(value);
  return shape.empty() ? 1 : shape.back();
}

int64_t UsualExtents::countProducts(mlir::Operation *op) const {
  auto perOutput = [&](mlir::Value filter) {
    int64_t channels = cast<mlir::RankedTensorType>(filter.getType()).getDimSize(0);
    return channels > 0 ? countElements(op->getResult(0)) * (countElements(filter) / channels) : 0;
  };
  if (auto conv = dyn_cast<ConvOp>(op))
    return perOutput(conv.getFilter());
  if (auto conv = dyn_cast<IntConvOp>(op))
    return perOutput(conv.getFilter());
  if (isa<MatMulOp, IntMatMulOp>(op))
    return countElements(op->getResult(0)) * std::max<int64_t>(getLastExtent(op->getOperand(0)), 1);
  return 0;
}

} // namespace nibble::driver
