// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What runs models for CUDA devices on their host.

#ifndef NIBBLE_CODEGEN_CUDARUNTIME_H
#define NIBBLE_CODEGEN_CUDARUNTIME_H

#include "nibble/Kernels/ISA.h"

#include "llvm/ADT/ArrayRef.h"

#include <vector>

namespace nibble {

/// Objects with the functions of lib/Runtime/Cuda/Program.h, for a host of this architecture: a part of each model for
/// a CUDA device. They refer to a C library by weak symbols only.
llvm::ArrayRef<std::vector<char>> getCudaRuntimeObjects(kernels::Arch host);

} // namespace nibble

#endif // NIBBLE_CODEGEN_CUDARUNTIME_H
