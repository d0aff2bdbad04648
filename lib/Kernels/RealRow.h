// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reading and writing rows of reals, which memory may hold as stored values.

#ifndef NIBBLE_LIB_KERNELS_REALROW_H
#define NIBBLE_LIB_KERNELS_REALROW_H

#include "KernelBuilder.h"
#include "nibble/Kernels/Rows.h"

namespace nibble {
namespace kernels {

/// f32 lanes of the `lanes` neighbours at `pointer`.
Value loadReals(KernelBuilder &b, const RealOperand &operand, Value pointer, int64_t lanes);
void storeReals(KernelBuilder &b, const RealOperand &operand, Value reals, Value pointer);

/// What is wrong with an operand; empty if nothing.
std::string whyNotReal(const RealOperand &operand);

/// For keys.
std::string spelling(const RealOperand &operand);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_REALROW_H
