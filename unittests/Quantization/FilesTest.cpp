// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What calibration files and plans refuse.

#include "nibble/Quantization/CalibrationFile.h"
#include "nibble/Quantization/Plan.h"

#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace nibble;

namespace {

std::string calibrationError(const std::string &values) {
  auto read = parseCalibration(R"({"schema": 1, "model": "m", "model_hash": "", "method": "minmax", "values": )" +
                               values + "}");
  return read ? "no error" : toString(read.takeError());
}

TEST(CalibrationFile, Histogram) {
  EXPECT_EQ(calibrationError(R"({"x": {"count": 1, "min": 0, "max": 1, "histogram": {}}})"),
            "entry 'x': expected the integers 'exponent' and 'first' and an array 'counts' in 'histogram'");
}

TEST(CalibrationFile, Sums) {
  Calibration calibration;
  llvm::cantFail(calibration.observe("x", {1.0f, 2.0f}, 1));
  std::string text;
  llvm::raw_string_ostream os(text);
  writeCalibration(calibration, os);
  size_t start = text.find('[', text.find("channel_sums"));
  ASSERT_NE(start, std::string::npos) << text;
  text.insert(start + 1, "\"many\", ");
  auto read = parseCalibration(text);
  ASSERT_FALSE(bool(read));
  EXPECT_EQ(toString(read.takeError()), "entry 'x': expected sums that are integers");
}

TEST(Calibration, MethodsThatDiffer) {
  Calibration first, second;
  first.method = llvm::cantFail(RangeMethod::parse("minmax"));
  second.method = llvm::cantFail(RangeMethod::parse("mse"));
  EXPECT_EQ(toString(first.merge(second)), "cannot merge calibrations of different methods: 'minmax' and 'mse'");
}

TEST(Plan, UnknownKey) {
  auto plan = parsePlan(R"({"schema": 1, "nodes": {"conv": {"bits": "4"}}})");
  ASSERT_FALSE(bool(plan));
  EXPECT_EQ(toString(plan.takeError()), "node 'conv': unknown key 'bits': expected weights, activations or mode");
}

} // namespace
