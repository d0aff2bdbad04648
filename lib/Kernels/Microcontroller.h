// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What microcontrollers do not do.

#ifndef NIBBLE_LIB_KERNELS_MICROCONTROLLER_H
#define NIBBLE_LIB_KERNELS_MICROCONTROLLER_H

#include "nibble/Kernels/Table.h"

namespace nibble {
namespace kernels {

/// Why a kernel is not one of integers alone; empty if it is.
std::string whyNotInteger(const KernelParams &params);

/// Whether all of a kernel's extents and strides are known.
bool areExtentsKnown(const KernelParams &params);

} // namespace kernels
} // namespace nibble

#endif // NIBBLE_LIB_KERNELS_MICROCONTROLLER_H
