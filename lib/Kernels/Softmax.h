// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The lines along which a softmax works, of floats or of bytes.

#ifndef NIBBLE_LIB_KERNELS_SOFTMAX_H
#define NIBBLE_LIB_KERNELS_SOFTMAX_H

#include "Box.h"
#include "nibble/Kernels/Rows.h"

namespace nibble {
namespace kernels {

inline int64_t lengthOf(const SoftmaxParams &params) { return params.shape[params.axis]; }

/// All lines; operands: the input, the result, of `elementBytes` each.
Box lineBox(const SoftmaxParams &params, int64_t elementBytes);
int64_t lineTileCount(const SoftmaxParams &params, int64_t elementBytes);
std::string lineKey(const SoftmaxParams &params, int64_t elementBytes);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_SOFTMAX_H
