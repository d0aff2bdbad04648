// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Discrete Fourier transforms.

#ifndef NIBBLE_LIB_IMPORT_ONNX_FOURIER_H
#define NIBBLE_LIB_IMPORT_ONNX_FOURIER_H

#include "Importer.h"

namespace nibble::onnximport {

/// What one transform computes: y[k] = factor · Σ weight(n) · x[n] · exp(±2πi·k·n / length) over the first terms of x.
struct Fourier {
  int64_t length = 0;
  bool isInverse = false;
  /// Forward: of a real signal, half of the spectrum. Inverse: of half a spectrum, the real signal.
  bool isOneSided = false;

  /// Number of elements of the result.
  int64_t results() const { return isOneSided && !isInverse ? length / 2 + 1 : length; }
  /// Real numbers that an element of the result has: 2 of a complex one.
  int64_t parts() const { return isOneSided && isInverse ? 1 : 2; }
  /// Number of the input's elements that count, of `extent`.
  int64_t terms(int64_t extent) const { return std::min(extent, isOneSided && isInverse ? length / 2 + 1 : length); }
  /// The part of half a spectrum that stands for another: its conjugate.
  double weight(int64_t n) const {
    const bool isPaired = n != 0 && 2 * n != length;
    return isOneSided && isInverse && isPaired ? 2 : 1;
  }
  double factor() const { return isInverse ? 1.0 / double(length) : 1.0; }
};

/// The transform along the last dimension but one of f32; the last dimension has real and imaginary part, or the real
/// one alone. A product with a constant matrix.
mlir::Value transform(Node &node, mlir::Value input, const Fourier &fourier);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_FOURIER_H
