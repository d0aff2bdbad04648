// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How far two runs of a model are apart.

#ifndef NIBBLE_DRIVER_COMPARE_H
#define NIBBLE_DRIVER_COMPARE_H

#include "nibble/Support/Array.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace nibble::driver {

/// Differences of one output, added up over samples.
class Difference {
public:
  /// Fails if the shapes differ.
  llvm::Error add(const Array &expected, const Array &actual);

  /// Signal to quantization noise in dB, 10 log10(sum e^2 / sum (e - a)^2):
  /// infinite for equal values.
  double getSqnr() const;
  double getMeanSquaredError() const { return elements ? noise / double(elements) : 0; }
  double getMaxError() const { return maxError; }
  /// Greatest |e - a| / max |e|.
  double getMaxRelativeError() const { return maxError / (maxExpected > 0 ? maxExpected : 1); }
  /// Share of the rows (along the last dimension) whose greatest element is at
  /// the same place; 1 where rows have one element.
  double getArgMaxAgreement() const { return rows ? double(agreeing) / rows : 1; }
  /// Share of elements with the same bits.
  double getIdentical() const { return elements ? double(identical) / elements : 1; }

  llvm::json::Object toJson() const;

private:
  void addRow(llvm::ArrayRef<double> expected, llvm::ArrayRef<double> actual);

  double signal = 0, noise = 0, maxError = 0, maxExpected = 0;
  int64_t rows = 0, agreeing = 0, elements = 0, identical = 0;
};

} // namespace nibble::driver

#endif // NIBBLE_DRIVER_COMPARE_H
