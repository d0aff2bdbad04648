// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The folded integer products, and maps over bytes.

#ifndef NIBBLE_LIB_REFERENCE_INTEGERPRODUCTS_H
#define NIBBLE_LIB_REFERENCE_INTEGERPRODUCTS_H

#include "Evaluate.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace nibble::reference {

Result evaluateProduct(IntConvOp op, Operands operands);
Result evaluateProduct(IntConvTransposeOp op, Operands operands);
Result evaluateProduct(IntMatMulOp op, Operands operands);

/// Each stored value of `input` through `function`.
Result mapBytes(mlir::Operation *op, const Tensor &input, llvm::function_ref<int32_t(int32_t)> function);

/// Each pair of stored values less their zero points, broadcast, through `function`.
Result combineBytes(mlir::Operation *op, Operands operands, int32_t lhsZeroPoint, int32_t rhsZeroPoint,
                    llvm::function_ref<int32_t(int32_t, int32_t)> function);

} // namespace nibble::reference

#endif // NIBBLE_LIB_REFERENCE_INTEGERPRODUCTS_H
