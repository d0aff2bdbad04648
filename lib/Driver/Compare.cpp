// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Compare.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace llvm;

namespace nibble::driver {

void Difference::addRow(ArrayRef<double> expected, ArrayRef<double> actual) {
  for (auto [e, a] : zip_equal(expected, actual)) {
    double error = std::abs(e - a);
    // A NaN or infinity on both sides is no error, and no signal.
    const bool isSame = e == a || (std::isnan(e) && std::isnan(a));
    if (!std::isfinite(error))
      error = isSame ? 0 : std::numeric_limits<double>::infinity();
    if (!lost && std::isfinite(e) && !std::isfinite(a))
      lost = Lost{&e - expected.begin(), e, a};
    if (!std::isfinite(e)) {
      noise += error;
      maxError = std::max(maxError, error);
      continue;
    }
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
  for (size_t at = 0; at + row <= e.size(); at += row) {
    const bool hadLost = lost.has_value();
    addRow(ArrayRef(e).slice(at, row), ArrayRef(a).slice(at, row));
    if (lost && !hadLost)
      lost->index += at;
  }
  elements += e.size();
  unsigned width = getByteWidth(expected.kind);
  for (size_t i = 0; i < e.size() && expected.kind == actual.kind; ++i) {
    const bool isSame = std::memcmp(expected.data.get() + i * width, actual.data.get() + i * width, width) == 0;
    identical += isSame;
    // Integers beyond 2^53 that no double tells apart.
    if (!isSame && !isFloat(expected.kind) && e[i] == a[i]) {
      noise += 1;
      maxError = std::max(maxError, 1.0);
    }
  }
  return Error::success();
}

double Difference::getSqnr() const {
  if (noise == 0)
    return std::numeric_limits<double>::infinity();
  constexpr double least = -200;
  return std::isfinite(noise) && signal > 0 ? std::max(10 * std::log10(signal / noise), least) : least;
}

std::string Difference::describeLost() const {
  if (!lost)
    return "";
  const char *what = std::isnan(lost->actual) ? "NaN" : "infinite";
  return formatv("is {0} at element {1}, which is {2}", what, lost->index, format("%g", lost->expected)).str();
}

double getWorstSqnr(ArrayRef<Difference> differences) {
  double worst = std::numeric_limits<double>::infinity();
  for (const Difference &difference : differences)
    worst = std::min(worst, difference.getSqnr());
  return worst;
}

std::string formatSqnr(double sqnr) { return std::isfinite(sqnr) ? formatv("{0:f1} dB", sqnr).str() : "exact"; }

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
