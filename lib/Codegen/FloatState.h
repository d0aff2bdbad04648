// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The floating-point state of a thread, which decides what its arithmetic gives.

#ifndef NIBBLE_LIB_CODEGEN_FLOATSTATE_H
#define NIBBLE_LIB_CODEGEN_FLOATSTATE_H

#include "nibble/Kernels/ISA.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace nibble {

/// What a program needs of it. In conversions from and to integers numbers too small for a normal float end as the
/// integer that 0 ends as, or do not occur, so flushing them changes nothing.
enum class FloatNeeds { Nothing, Rounding, RoundingAndDenormals };

FloatNeeds getFloatNeeds(mlir::func::FuncOp program);

/// Whether the running thread's state is another than the program needs: an i1; null if it needs nothing.
mlir::Value emitIsFloatStateWrong(mlir::OpBuilder &b, mlir::Location loc, FloatNeeds needs, kernels::Arch arch);

} // namespace nibble

#endif // NIBBLE_LIB_CODEGEN_FLOATSTATE_H
