// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/CalibrationFile.h"
#include "nibble/Support/Errors.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace nibble;
using namespace llvm;

static constexpr int64_t kSchema = 1;

/// The shortest of the spellings that give back the same f32.
static std::string spell(float value) {
  for (int digits = 6; digits <= 9; ++digits) {
    std::string text;
    raw_string_ostream(text) << format("%.*g", digits, static_cast<double>(value));
    double back;
    if (!StringRef(text).getAsDouble(back) && static_cast<float>(back) == value)
      return text;
  }
  llvm_unreachable("nine digits tell all f32 apart");
}

/// In lines of 16 numbers, so that a comparison of versions shows which changed.
template <typename T>
static void writeNumbers(ArrayRef<T> numbers, raw_ostream &os) {
  constexpr size_t lineLength = 16;
  os << '[';
  for (size_t at = 0; at < numbers.size(); at += lineLength) {
    os << (at ? ",\n        " : "\n        ");
    interleave(numbers.slice(at, std::min(lineLength, numbers.size() - at)), os, ",");
  }
  os << ']';
}

static void writeHistogram(const Histogram &histogram, raw_ostream &os) {
  os << "{\"exponent\": " << histogram.getExponent() << ", \"first\": " << histogram.getFirstBin() << ", \"counts\": ";
  writeNumbers(histogram.getCounts(), os);
  os << "}";
}

void nibble::writeCalibration(const Calibration &calibration, raw_ostream &os) {
  os << "{\n  \"schema\": " << kSchema << ",\n  \"model\": " << json::Value(calibration.model)
     << ",\n  \"model_hash\": " << json::Value(calibration.modelHash)
     << ",\n  \"method\": " << json::Value(calibration.method.str()) << ",\n  \"samples\": " << calibration.samples
     << ",\n  \"values\": {";
  StringRef separator = "\n";
  for (const auto &[name, histogram] : calibration.values) {
    if (histogram.empty()) { // no sample has an element of it
      os << separator << "    " << json::Value(name) << ": {\"count\": 0}";
      separator = ",\n";
      continue;
    }
    const RealRange range = chooseRange(histogram, calibration.method);
    os << separator << "    " << json::Value(name) << ": {\n      \"count\": " << histogram.getCount()
       << ",\n      \"min\": " << spell(histogram.getMin()) << ", \"max\": " << spell(histogram.getMax())
       << ",\n      \"range\": [" << spell(range.min) << ", " << spell(range.max) << "],\n      \"histogram\": ";
    writeHistogram(histogram, os);
    auto sums = calibration.channels.find(name);
    if (sums != calibration.channels.end() && !sums->second.getSums().empty()) {
      os << ",\n      \"channel_sums\": ";
      writeNumbers(ArrayRef(sums->second.getSums()), os);
    }
    os << "\n    }";
    separator = ",\n";
  }
  os << "\n  }\n}\n";
}

/// One entry of "values".
static Expected<Histogram> parseValue(StringRef name, const json::Value &value) {
  auto fail = [&](const Twine &what) { return makeError("entry '" + name + "': " + what); };
  const json::Object *entry = value.getAsObject();
  if (!entry)
    return fail("expected an object");
  if (entry->getInteger("count") == 0)
    return Histogram();
  auto min = entry->getNumber("min"), max = entry->getNumber("max");
  const json::Object *bins = entry->getObject("histogram");
  if (!min || !max || !bins)
    return fail("expected the numbers 'min' and 'max' and an object 'histogram'");
  auto exponent = bins->getInteger("exponent"), first = bins->getInteger("first");
  const json::Array *counts = bins->getArray("counts");
  if (!exponent || !first || !counts)
    return fail("expected the integers 'exponent' and 'first' and an array 'counts' in 'histogram'");
  std::vector<uint64_t> numbers;
  for (const json::Value &count : *counts) {
    auto number = count.getAsInteger();
    if (!number || *number < 0)
      return fail("expected counts that are integers and not negative");
    numbers.push_back(*number);
  }
  Histogram histogram;
  if (!histogram.restore(static_cast<float>(*min), static_cast<float>(*max), static_cast<int>(*exponent), *first,
                         std::move(numbers)))
    return fail("the histogram does not cover the values from 'min' to 'max'");
  return histogram;
}

/// The sums of an entry's channels, if it has them.
static Expected<ChannelSums> parseSums(StringRef name, const json::Value &value) {
  ChannelSums sums;
  const json::Array *array = value.getAsObject()->getArray("channel_sums");
  if (!array)
    return ChannelSums::none(); // else a merge would take other parts' sums for the whole
  std::vector<int64_t> numbers;
  for (const json::Value &number : *array) {
    auto sum = number.getAsInteger();
    if (!sum)
      return makeError("entry '" + name + "': expected sums that are integers");
    numbers.push_back(*sum);
  }
  sums.restore(std::move(numbers));
  return sums;
}

Expected<Calibration> nibble::parseCalibration(StringRef text) {
  Expected<json::Value> parsed = json::parse(text);
  if (!parsed)
    return parsed.takeError();
  const json::Object *root = parsed->getAsObject();
  if (!root)
    return makeError("expected an object");
  auto schema = root->getInteger("schema");
  if (!schema)
    return makeError("expected an integer 'schema'");
  if (*schema != kSchema)
    return makeError("expected schema " + Twine(kSchema) + ", got " + Twine(*schema) + ": calibrate again");
  auto model = root->getString("model"), hash = root->getString("model_hash"), method = root->getString("method");
  const json::Object *values = root->getObject("values");
  if (!model || !hash || !method || !values)
    return makeError("expected the strings 'model', 'model_hash' and 'method' and an object 'values'");
  Calibration calibration(*model, *hash);
  Expected<RangeMethod> rangeMethod = RangeMethod::parse(*method);
  if (!rangeMethod)
    return rangeMethod.takeError();
  calibration.method = *rangeMethod;
  calibration.samples = root->getInteger("samples").value_or(0);
  for (const auto &[name, value] : *values) {
    Expected<Histogram> histogram = parseValue(name, value);
    if (!histogram)
      return histogram.takeError();
    Expected<ChannelSums> sums = parseSums(name, value);
    if (!sums)
      return sums.takeError();
    calibration.values.emplace(StringRef(name).str(), std::move(*histogram));
    calibration.channels.emplace(StringRef(name).str(), std::move(*sums));
  }
  return calibration;
}

Expected<Calibration> nibble::readCalibrationFile(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return makeError("cannot read '" + path + "': " + buffer.getError().message());
  Expected<Calibration> calibration = parseCalibration((*buffer)->getBuffer());
  if (!calibration)
    return addContext("'" + path + "'", calibration.takeError());
  return calibration;
}
