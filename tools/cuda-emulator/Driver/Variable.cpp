// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NIBBLE_EMULATED_GPU="sm=80,memory=BYTES,driver=12040,devices=1,..."
#include "State.h"

#include <cstdlib>

using namespace ptx;

namespace {

bool parseNumber(const std::string &text, uint64_t &out) {
  char *end = nullptr;
  out = std::strtoull(text.c_str(), &end, 10);
  return !text.empty() && !*end;
}

/// False where there is no such key, or its value is none.
bool assign(Pretended &made, const std::string &key, const std::string &text) {
  uint64_t value = 0;
  std::string digits = key == "sm" && text.compare(0, 3, "sm_") == 0 ? text.substr(3) : text;
  if (!parseNumber(digits, value))
    return false;
  if (key == "sm")
    made.computeCapability = unsigned(value);
  else if (key == "memory")
    made.memory = value;
  else if (key == "driver")
    made.driver = int(value);
  else if (key == "devices")
    made.devices = int(value);
  else if (key == "fail_launch")
    made.failLaunch = value;
  else if (key == "fail_alloc")
    made.failAllocation = value;
  else if (key == "threads")
    made.settings.threads = unsigned(value);
  else if (key == "races")
    made.settings.races = value != 0;
  else if (key == "report")
    made.report = value != 0;
  else if (key == "profile")
    made.settings.profile = value != 0;
  else
    return false;
  return true;
}

} // namespace

Pretended ptx::readVariable(const char *text) {
  Pretended made;
  std::string rest = text ? text : "";
  while (!rest.empty()) {
    size_t comma = rest.find(',');
    std::string entry = rest.substr(0, comma);
    rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
    size_t equals = entry.find('=');
    std::string value = equals == std::string::npos ? "1" : entry.substr(equals + 1);
    if (!entry.empty() && !assign(made, entry.substr(0, equals), value))
      made.problem = entry;
  }
  return made;
}
