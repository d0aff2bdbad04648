// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Copies between two sets of strides.

#include "Copy.h"
#include "nibble/Kernels/Move.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

CopyParams nibble::kernels::transposeCopy(llvm::ArrayRef<Extent> inputShape, llvm::ArrayRef<int64_t> permutation,
                                          int64_t elementBytes) {
  CopyParams params;
  params.elementBytes = elementBytes;
  const Extents strides = denseStrides(inputShape, elementBytes);
  for (int64_t dimension : permutation) {
    params.shape.push_back(inputShape[dimension]);
    params.inputStrides.push_back(strides[dimension]);
  }
  params.outputStrides = denseStrides(params.shape, elementBytes);
  return params;
}

static Box copyBox(const CopyParams &params) {
  return mergeDimensions(
      {params.shape, {{params.elementBytes, params.inputStrides}, {params.elementBytes, params.outputStrides}}});
}

std::string nibble::kernels::whyNotElements(int64_t elementBytes, llvm::ArrayRef<Extent> shape,
                                            llvm::ArrayRef<llvm::ArrayRef<Extent>> strides) {
  if (!llvm::is_contained({1, 2, 4, 8}, elementBytes))
    return "elements of " + std::to_string(elementBytes) + " bytes";
  for (llvm::ArrayRef<Extent> operand : strides)
    if (operand.size() != shape.size())
      return "each operand needs one stride a dimension";
  return "";
}

std::string nibble::kernels::whyNoCopy(const CopyParams &params, const ISA &isa) {
  return whyNotElements(params.elementBytes, params.shape, {params.inputStrides, params.outputStrides});
}

std::string nibble::kernels::copyKernelName(const CopyParams &params, const ISA &isa) {
  return "x" + std::to_string(8 * params.elementBytes) + "_copy_" + isa.name.str();
}

std::string nibble::kernels::copyKernelKey(const CopyParams &params) {
  Box box = copyBox(params);
  return "copy " + std::to_string(params.elementBytes) + " of " + spelling(box.shape) + " by " +
         spelling(box.operands[0].strides) + " by " + spelling(box.operands[1].strides);
}

Extent nibble::kernels::copyTileCount(const CopyParams &params) { return boxTileCount(copyBox(params)); }

void nibble::kernels::emitCopyRow(KernelBuilder &b, const Box &box, llvm::ArrayRef<Value> pointers,
                                  const Extent &length) {
  const int64_t bytes = box.operands[0].elementBytes, full = b.isa.vectorBits / 8 / bytes;
  const bool vectors = box.isVectorizable() && box.isContiguous(1);
  Type element = b.getIntegerType(8 * bytes);
  emitVectors(b, length, vectors ? full : 1, [&](int64_t lanes, Value first) {
    storeRow(b, box, 1, loadRow(b, box, 0, element, pointers[0], first, lanes), pointers[1], first);
  });
}

func::FuncOp nibble::kernels::emitCopy(OpBuilder &builder, Location loc, llvm::StringRef symbol,
                                       const CopyParams &params, const ISA &isa) {
  assert(whyNoCopy(params, isa).empty());
  return defineKernel(
      builder, loc, symbol, isa, boxItemCount(copyBox(params), isa),
      [&](KernelBuilder &b, Value args, Value begin, Value end) {
        const Box box = copyBox(params);
        emitBox(b, box, loadArguments(b, args, 2), begin, end,
                [&](ArrayRef<Value> pointers, const Extent &length) { emitCopyRow(b, box, pointers, length); });
      });
}
