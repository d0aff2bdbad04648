// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Strides of dense tensors.

#include "nibble/Kernels/Elementwise.h"
#include <cassert>

using namespace nibble;
using namespace nibble::kernels;

Extents nibble::kernels::denseStrides(llvm::ArrayRef<Extent> shape, int64_t elementBytes) {
  Extents strides(shape.size());
  Extent stride = elementBytes;
  for (size_t d = shape.size(); d-- > 0; stride *= shape[d])
    strides[d] = stride;
  return strides;
}

Extents nibble::kernels::broadcastStrides(llvm::ArrayRef<Extent> from, llvm::ArrayRef<Extent> to,
                                          int64_t elementBytes) {
  assert(from.size() <= to.size() && "broadcasting adds dimensions only");
  Extents dense = denseStrides(from, elementBytes), strides(to.size(), 0);
  const size_t added = to.size() - from.size();
  for (size_t d = 0; d < from.size(); ++d) {
    assert((from[d] == 1 || from[d] == to[added + d]) && "shapes that do not broadcast");
    strides[added + d] = from[d] == 1 ? 0 : dense[d];
  }
  return strides;
}
