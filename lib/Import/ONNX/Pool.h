// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pools that no operation of the dialect is.

#ifndef NIBBLE_LIB_IMPORT_ONNX_POOL_H
#define NIBBLE_LIB_IMPORT_ONNX_POOL_H

#include "Window.h"

namespace nibble::onnximport {

// By operations of the dialect: for one to three spatial dimensions, which are known where there are three.

mlir::Value maxPool(Node &node, mlir::Value input, const Window &window);
/// Without dilation.
mlir::Value averagePool(Node &node, mlir::Value input, const Window &window, bool countPad);
/// (sum |x|^p)^(1/p), p 1 or 2: the average times the number of taps.
mlir::Value lpPool(Node &node, mlir::Value input, const Window &window, int64_t p);

/// Types that kernels take the maximum of.
bool hasMaxPool(mlir::Type element);

/// Operand 0: floats as f32 or quantized, others as they are.
mlir::Value readNumbers(Node &node);

/// The attribute p.
int64_t readPower(Node &node);

/// Sets result 0 to what a pool computed, perhaps reshaped.
void setPooled(Node &node, mlir::Value value);

// Element by element.

/// Maximum of a window, of any type; the least value there is for one without a tap inside the image.
mlir::Value generateMaxPool(Node &node, mlir::Value input, const Window &window, const Shape &shape);

/// Where in the whole input the first such maximum lies, as an i64 of row-major order; with `columnMajor` the spatial
/// dimensions count the other way round.
mlir::Value generateMaxIndices(Node &node, mlir::Value input, const Window &window, const Shape &shape,
                               bool columnMajor);

/// Mean of a window of f32. With `countPad` taps in the padding of `window` count as zeros, those beyond it do not.
mlir::Value generateAveragePool(Node &node, mlir::Value input, const Window &window, const Shape &shape, bool countPad);

/// (sum |x|^p)^(1/p) of a window of f32.
mlir::Value generateLpPool(Node &node, mlir::Value input, const Window &window, const Shape &shape, int64_t p);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_POOL_H
