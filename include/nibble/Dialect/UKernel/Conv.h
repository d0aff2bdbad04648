// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A convolution on buffers as the kernel library describes it.

#ifndef NIBBLE_DIALECT_UKERNEL_CONV_H
#define NIBBLE_DIALECT_UKERNEL_CONV_H

#include "nibble/Dialect/UKernel/UKernel.h"
#include "nibble/Kernels/Conv.h"

namespace nibble::ukernel {

kernels::ConvParams getConvParams(ConvOp op);

} // namespace nibble::ukernel

#endif // NIBBLE_DIALECT_UKERNEL_CONV_H
