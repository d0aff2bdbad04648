// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantization at run time.

#include "nibble/Dialect/UKernel/Kernels.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

static bool isImage(BufferType type, int64_t rowDims) { return type.getRank() == 4 && rowDims == 1; }

/// Bytes from one row to the next, and from one of its lines to the next.
static std::pair<Extent, Extent> getPitches(BufferType type, int64_t rowDims, const Extent &length) {
  kernels::Extents strides = getByteStrides(type);
  const Extent bytes = length * type.getElementBytes();
  return isImage(type, rowDims) ? std::pair(strides[0], strides[1]) : std::pair(bytes, bytes);
}

/// The lines of an image are those of its pixels; other rows are one line.
static void setRows(kernels::RowsParams &params, BufferType input, int64_t rowDims) {
  params.rows = product(input.getShape().take_front(rowDims));
  ArrayRef<Extent> line = input.getShape().drop_front(rowDims);
  if (isImage(input, rowDims)) {
    params.lines = line.front();
    line = line.drop_front();
  }
  params.length = product(line);
  std::tie(params.rowPitch, params.linePitch) = getPitches(input, rowDims, params.length);
}

kernels::KernelParams RowScaleOp::getKernelParams() {
  kernels::RowScaleParams params;
  setRows(params, getInput().getType(), getRowDims());
  params.levels = getLevels();
  params.affine = getRowDims() == 0;
  return params;
}

/// A whole plain tensor as lines long enough for a tile each.
static kernels::RowQuantizeParams getEncodeParams(BufferType type) {
  constexpr int64_t shortest = 1024;
  kernels::RowQuantizeParams params;
  params.affine = true;
  params.output = kernels::ElementKind::U8;
  ArrayRef<Extent> outer = type.getShape();
  // An extent that is not known is long enough.
  for (; !outer.empty() && params.length.getStaticOr(shortest) < shortest; outer = outer.drop_back())
    params.length *= outer.back();
  params.lines = product(outer);
  params.linePitch = params.length * 4;
  params.outputLinePitch = params.length;
  return params;
}

kernels::KernelParams RowQuantizeOp::getKernelParams() {
  if (getAffine())
    return getEncodeParams(getType());
  const int64_t rowDims = getScale().getType().getRank();
  kernels::RowQuantizeParams params;
  setRows(params, getInput().getType(), rowDims);
  params.output = getKind(getType());
  params.centered = getCentered();
  std::tie(params.outputRowPitch, params.outputLinePitch) = getPitches(getType(), rowDims, params.length);
  return params;
}
