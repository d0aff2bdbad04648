// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The taps of a sliding window, in scalar programs.

#ifndef NIBBLE_LIB_IMPORT_ONNX_TAPS_H
#define NIBBLE_LIB_IMPORT_ONNX_TAPS_H

#include "Numeric.h"
#include "Window.h"

namespace nibble::onnximport {

/// One tap: where it lies in the window, and what it touches of the image; an i64 a spatial dimension.
struct Tap {
  Scalars offset, position;
};
using TapBody = llvm::function_ref<Scalars(const Tap &tap, llvm::ArrayRef<Scalar> carried)>;

/// Runs `body` for the taps of the window round the element's spatial indices, which are the program's from index 2
/// on, that lie inside the image, operand `n`: in row-major order.
Scalars forEachTap(Body &b, const Window &window, unsigned n, llvm::ArrayRef<Scalar> carried, TapBody body);

/// The other way round, for a transposed convolution: the elements of the image whose window touches the element.
Scalars forEachSource(Body &b, const Window &window, unsigned n, llvm::ArrayRef<Scalar> carried, TapBody body);

/// `value` as plain floats, if it is quantized.
mlir::Value dequantized(Node &node, mlir::Value value);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_TAPS_H
