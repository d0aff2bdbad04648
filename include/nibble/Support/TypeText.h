// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Types as diagnostics name them.

#ifndef NIBBLE_SUPPORT_TYPETEXT_H
#define NIBBLE_SUPPORT_TYPETEXT_H

#include "mlir/IR/TypeRange.h"

#include <string>

namespace nibble {

/// "(tensor<2xf32>, i1)".
std::string describe(mlir::TypeRange types);

} // namespace nibble

#endif // NIBBLE_SUPPORT_TYPETEXT_H
