// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Compare.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace llvm;

namespace nibble::driver {

void Difference::addRow(ArrayRef<double> expected, ArrayRef<double> actual) {
  for (auto [e, a] : zip_equal(expected, actual)) {
    double error = std::abs(e - a);
    if (std::isnan(error)) // a NaN or infinity on both sides is no error
      error = e == a || (std::isnan(e) && std::isnan(a)) ? 0 : std::numeric_limits<double>::infinity();
    signal += e * e;
    noise += error * error;
    maxError = std::max(maxError, error);
    maxExpected = std::max(maxExpected, std::abs(e));
  }
  if (expected.size() < 2)
    return;
  ++rows;
  agreeing += max_element(expected) - expected.begin() == max_element(actual) - actual.begin();
}

Error Difference::add(const Array &expected, const Array &actual) {
  if (expected.shape != actual.shape)
    return makeError("is " + describe(actual) + ", expected " + describe(expected));
  std::vector<double> e = expected.toDoubles(), a = actual.toDoubles();
  size_t row = expected.shape.empty() ? 1 : std::max<int64_t>(expected.shape.back(), 1);
  for (size_t at = 0; at + row <= e.size(); at += row)
    addRow(ArrayRef(e).slice(at, row), ArrayRef(a).slice(at, row));
  elements += e.size();
  unsigned width = getByteWidth(expected.kind);
  for (size_t i = 0; i < e.size() && expected.kind == actual.kind; ++i)
    identical += std::memcmp(expected.data.get() + i * width, actual.data.get() + i * width, width) == 0;
  return Error::success();
}

double Difference::getSqnr() const {
  if (noise == 0)
    return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal / noise);
}

json::Object Difference::toJson() const {
  // JSON has no infinity: equal outputs have a null SQNR.
  double sqnr = getSqnr();
  return json::Object{{"sqnr_db", std::isfinite(sqnr) ? json::Value(sqnr) : json::Value(nullptr)},
                      {"argmax_agreement", getArgMaxAgreement()},
                      {"max_error", getMaxError()},
                      {"max_relative_error", getMaxRelativeError()},
                      {"identical", getIdentical()}};
}

} // namespace nibble::driver
