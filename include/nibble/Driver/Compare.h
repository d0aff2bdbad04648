// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How far two runs of a model are apart.

#ifndef NIBBLE_DRIVER_COMPARE_H
#define NIBBLE_DRIVER_COMPARE_H

#include "nibble/Support/Array.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <optional>
#include <string>

namespace nibble::driver {

/// Differences of one output, added up over samples.
class Difference {
public:
  /// Fails if the shapes differ.
  llvm::Error add(const Array &expected, const Array &actual);

  /// Signal to quantization noise in dB, 10 log10(sum e^2 / sum (e - a)^2): infinite for equal values. Noise that has
  /// no signal, or is not finite, counts as -200 dB.
  double getSqnr() const;
  double getMeanSquaredSignal() const { return elements ? signal / double(elements) : 0; }

  /// Where a NaN or an infinity stands for a number, "is NaN at element 7, which is 0.5"; empty if nowhere.
  std::string describeLost() const;
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

  /// The first element that is no number any more.
  struct Lost {
    int64_t index;
    double expected, actual;
  };
  std::optional<Lost> lost;
  double signal = 0, noise = 0, maxError = 0, maxExpected = 0;
  int64_t rows = 0, agreeing = 0, elements = 0, identical = 0;
};

/// Of the output with the least; infinite for none.
double getWorstSqnr(llvm::ArrayRef<Difference> differences);

/// "18.3 dB", or "exact".
std::string formatSqnr(double sqnr);

} // namespace nibble::driver

#endif // NIBBLE_DRIVER_COMPARE_H
