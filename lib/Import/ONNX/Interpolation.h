// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels that values between elements are weighted by.

#ifndef NIBBLE_LIB_IMPORT_ONNX_INTERPOLATION_H
#define NIBBLE_LIB_IMPORT_ONNX_INTERPOLATION_H

#include "Generate.h"

namespace nibble::onnximport {

enum class Interpolation { Nearest, Linear, Cubic };

/// The type to compute with: f64 for itself, f32 for all others.
inline mlir::Type realOf(mlir::Type element) {
  return element.isF64() ? element : mlir::Float32Type::get(element.getContext());
}

/// The weight of an element at distance `x`: a triangle, or the cubic convolution of Keys (1981) with slope `a` at 1.
Scalar kernel(Body &b, Interpolation mode, Scalar x, double a);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_INTERPOLATION_H
