// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The lines along which a softmax works, of floats or of bytes.

#ifndef NIBBLE_LIB_KERNELS_SOFTMAX_H
#define NIBBLE_LIB_KERNELS_SOFTMAX_H

#include "Box.h"
#include "nibble/Kernels/Rows.h"

namespace nibble {
namespace kernels {

inline Extent lengthOf(const LineParams &params) { return params.shape[params.axis]; }

/// What is wrong with the lines; empty if nothing.
std::string whyNotLines(const LineParams &params);

/// All lines; operands: the input, the result, of `elementBytes` each.
Box lineBox(const LineParams &params, int64_t elementBytes);
/// None where lines are empty.
Extent lineTileCount(const LineParams &params, int64_t elementBytes);
std::string lineKey(const LineParams &params, int64_t elementBytes);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_SOFTMAX_H
