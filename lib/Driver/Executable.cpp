// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Executable.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace llvm;

namespace nibble::driver {

Executable::~Executable() = default;

static std::string getExtent(const Port &port, unsigned dim) {
  if (port.shape[dim] >= 0)
    return std::to_string(port.shape[dim]);
  return dim < port.dims.size() && !port.dims[dim].empty() ? port.dims[dim] : "?";
}

std::string describe(const Port &port) {
  auto extents = map_range(seq<unsigned>(0, port.shape.size()), [&](unsigned dim) { return getExtent(port, dim); });
  return (getName(port.kind) + "[" + join(extents, " x ") + "]").str();
}

static bool fits(const Port &port, ArrayRef<int64_t> shape) {
  return shape.size() == port.shape.size() && all_of(zip_equal(port.shape, shape), [](auto pair) {
           return std::get<0>(pair) < 0 || std::get<0>(pair) == std::get<1>(pair);
         });
}

/// The inputs must agree on each dimension that has a name.
static Error checkDimensions(const Port &port, ArrayRef<int64_t> shape,
                             StringMap<std::pair<int64_t, std::string>> &known) {
  for (auto [dim, name] : enumerate(port.dims)) {
    if (name.empty() || port.shape[dim] >= 0)
      continue;
    auto [entry, isNew] = known.try_emplace(name, shape[dim], port.name);
    if (!isNew && entry->second.first != shape[dim])
      return makeError("dimension '" + name + "' is " + Twine(shape[dim]) + " in input '" + port.name + "' and " +
                       Twine(entry->second.first) + " in input '" + entry->second.second + "'");
  }
  return Error::success();
}

static std::string listNames(ArrayRef<Port> ports) {
  return join(map_range(ports, [](const Port &port) { return "'" + port.name + "'"; }), ", ");
}

Expected<std::vector<Array>> arrangeFeed(ArrayRef<Port> inputs, const NamedArrays &feed) {
  std::vector<Array> arguments;
  StringMap<std::pair<int64_t, std::string>> dimensions;
  for (const Port &port : inputs) {
    const Array *array = find(feed, port.name);
    if (!array)
      return makeError("input '" + port.name + "' is missing, expected " + describe(port));
    if (array->kind != port.kind || !fits(port, array->shape))
      return makeError("input '" + port.name + "' is " + describe(*array) + ", expected " + describe(port));
    if (Error error = checkDimensions(port, array->shape, dimensions))
      return error;
    arguments.push_back(*array);
  }
  for (const NamedArray &entry : feed)
    if (none_of(inputs, [&](const Port &port) { return port.name == entry.name; }))
      return makeError("'" + entry.name + "' is not an input of the model, expected " + listNames(inputs));
  return arguments;
}

Expected<std::vector<Array>> Executable::run(const NamedArrays &feed) {
  Expected<std::vector<Array>> arguments = arrangeFeed(inputPorts, feed);
  if (!arguments)
    return arguments.takeError();
  return execute(*arguments);
}

} // namespace nibble::driver
