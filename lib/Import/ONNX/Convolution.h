// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions that no operation of the dialect is: by other operations, or element by element.

#ifndef NIBBLE_LIB_IMPORT_ONNX_CONVOLUTION_H
#define NIBBLE_LIB_IMPORT_ONNX_CONVOLUTION_H

#include "Window.h"

namespace nibble::onnximport {

/// Operands of a convolution: images of any number of spatial dimensions, without a bias a null one.
struct Convolution {
  mlir::Value input, filter, bias;
  Window window;
  int64_t groups = 1;
  /// Shape of the result.
  Shape shape;
};

/// By whatever form fits; floats, or quantized ones.
mlir::Value convolve(Node &node, Convolution conv);

/// Three spatial dimensions, constant weights: a convolution of two whose channels are the depth's taps.
mlir::Value convVolume(Node &node, const Convolution &conv);

/// The same transposed: images of the depth's taps, then their sum along the depth.
mlir::Value convTransposeVolume(Node &node, const Convolution &conv);

/// ONNX's filter of a transposed convolution, I, O/groups, KH, KW, as O, I/groups, KH, KW.
mlir::Value reorderFilter(Node &node, mlir::Value filter, int64_t groups);

/// The sums of nibble.conv, in its order, each element's by itself. The filter is in ONNX's order: O, I/groups, taps.
mlir::Value generateConv(Node &node, const Convolution &conv);

/// The sums of nibble.conv_transpose. The filter is in ONNX's order: I, O/groups, taps.
mlir::Value generateConvTranspose(Node &node, const Convolution &conv);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_CONVOLUTION_H
