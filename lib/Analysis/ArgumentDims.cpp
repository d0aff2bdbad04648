// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Analysis/Extents.h"

#include "nibble/Dialect/Nibble/ScalarProgram.h"
#include "nibble/Support/PortAttrs.h"

using namespace mlir;
using namespace nibble;

/// "x.0": what dimension `axis` of argument `index` is called where nothing names it.
static std::string makeName(DictionaryAttr attrs, unsigned index, size_t axis) {
  StringRef port = getPortName(attrs);
  return (port.empty() ? "arg" + std::to_string(index) : port.str()) + "." + std::to_string(axis);
}

Extent ArgumentDims::getDim(StringRef name) {
  const auto *it = llvm::find(names, name);
  const unsigned number = it - names.begin();
  if (it == names.end())
    names.push_back(name.str());
  return Extent::dim(number);
}

// A name counts though the type tells an extent: that of one sample, in code that runs for each, or of a buffer.
ArgumentDims::ArgumentDims(func::FuncOp function) {
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto &shape = extents.emplace_back();
    DictionaryAttr attrs = function.getArgAttrDict(index);
    auto ranked = dyn_cast<RankedTensorType>(type);
    const size_t named = getDimNames(attrs).size(), rank = ranked ? ranked.getRank() : named;
    for (size_t axis = 0; axis < rank; ++axis) {
      const bool isDynamic = ranked && ranked.isDynamicDim(axis);
      std::string name = getDimName(attrs, axis).str();
      if (name.empty() && isDynamic)
        name = makeName(attrs, index, axis);
      const Extent dim = name.empty() ? Extent() : getDim(name);
      if (ranked)
        shape.push_back(isDynamic ? dim : Extent(ranked.getDimSize(axis)));
    }
  }
}

SmallVector<std::string> nibble::getDimNames(func::FuncOp function) {
  return llvm::to_vector(ArgumentDims(function).getNames());
}

void nibble::nameDims(func::FuncOp function, const ArgumentDims &dims) {
  Builder builder(function.getContext());
  for (unsigned index = 0; index < function.getNumArguments(); ++index) {
    DictionaryAttr attrs = function.getArgAttrDict(index);
    if (areStatic(dims.getExtents(index)) && getDimNames(attrs).empty())
      continue;
    SmallVector<Attribute> names;
    for (auto [axis, extent] : llvm::enumerate(dims.getExtents(index)))
      names.push_back(builder.getStringAttr(extent.isStatic() ? getDimName(attrs, axis)
                                                              : StringRef(dims.getNames()[extent.getDimCount() - 1])));
    function.setArgAttr(index, "nibble.dims", builder.getArrayAttr(names));
  }
}

bool nibble::readsDims(Operation *op) {
  if (op->hasAttrOfType<ExtentsAttr>("extents"))
    return true;
  auto generate = dyn_cast<GenerateOp>(op);
  return generate && generate.getBody().walk([](ExtentValueOp) { return WalkResult::interrupt(); }).wasInterrupted();
}
