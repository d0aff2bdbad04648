// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "DimFlags.h"

#include "nibble/Support/Errors.h"

using namespace llvm;

namespace nibble::driver {

/// NAME=VALUE of each, where `what` is the flag.
static Expected<DimValues> parseValues(ArrayRef<std::string> flags, StringRef what, StringRef example) {
  DimValues values;
  for (StringRef flag : flags) {
    auto [name, text] = flag.rsplit('=');
    int64_t value;
    if (name.empty() || text.getAsInteger(10, value))
      return makeError(what + " is '" + flag + "', expected a name and an extent, as in " + example);
    if (!values.try_emplace(name.str(), value).second)
      return makeError(what + " gives '" + name + "' twice");
  }
  return values;
}

DimFlags::DimFlags(cl::SubCommand &sub)
    : dims("dim",
           cl::desc("fixes an extent that the ONNX model leaves open, by its name there; one without a name is "
                    "INPUT.AXIS, as image.2 (again for others)"),
           cl::value_desc("name=extent"), cl::sub(sub)) {}

Expected<DimValues> DimFlags::parse() const {
  return parseValues(std::vector<std::string>(dims.begin(), dims.end()), "--dim", "batch=1");
}

Error DimFlags::apply(Session &session) const {
  Expected<DimValues> fixed = parse();
  if (!fixed)
    return fixed.takeError();
  session.fixDims(std::move(*fixed));
  return Error::success();
}

OpenDimFlags::OpenDimFlags(cl::SubCommand &sub)
    : bounds("bound", cl::CommaSeparated,
             cl::desc("the largest value of a dynamic dimension that a run takes, by its name: batch=8,sequence=512; "
                      "where all have one, the size of the arena is known"),
             cl::value_desc("name=extent"), cl::sub(sub)),
      states("state", cl::CommaSeparated,
             cl::desc("an input and the output that is its next value, in one buffer that a run updates in place: "
                      "past=present; what it appends needs a bound (--bound)"),
             cl::value_desc("input=output"), cl::sub(sub)),
      specializations(
          "specialize",
          cl::desc(
              "values of dynamic dimensions that get code of their own, near to as fast as --dim makes it, beside that "
              "for all others: batch=1,sequence=128; dimensions that are not named stay dynamic (again for others)"),
          cl::value_desc("name=extent,..."), cl::sub(sub)) {}

/// Moves what was parsed to where it belongs.
template <typename T>
static Error assign(T &to, Expected<T> parsed) {
  if (!parsed)
    return parsed.takeError();
  to = std::move(*parsed);
  return Error::success();
}

Error OpenDimFlags::apply(CompileOptions &options) const {
  if (Error error = assign(options.bounds, parseBounds()))
    return error;
  if (Error error = assign(options.states, parseStates()))
    return error;
  return assign(options.specializations, parseSpecializations());
}

Expected<DimValues> OpenDimFlags::parseBounds() const {
  return parseValues(std::vector<std::string>(bounds.begin(), bounds.end()), "--bound", "sequence=512");
}

Expected<std::map<std::string, std::string>> OpenDimFlags::parseStates() const {
  std::map<std::string, std::string> values;
  for (StringRef flag : states) {
    auto [input, output] = flag.split('=');
    if (input.empty() || output.empty())
      return makeError("--state is '" + flag + "', expected an input and an output, as in past=present");
    if (!values.try_emplace(input.str(), output.str()).second)
      return makeError("--state gives '" + input + "' twice");
  }
  return values;
}

Expected<std::vector<DimValues>> OpenDimFlags::parseSpecializations() const {
  std::vector<DimValues> parsed;
  for (const std::string &flag : specializations) {
    SmallVector<StringRef> parts;
    StringRef(flag).split(parts, ',');
    Expected<DimValues> values =
        parseValues(std::vector<std::string>(parts.begin(), parts.end()), "--specialize", "batch=1,sequence=128");
    if (!values)
      return values.takeError();
    parsed.push_back(std::move(*values));
  }
  return parsed;
}

} // namespace nibble::driver
