// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Executable.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/Numerics.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

#include <cstring>

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

/// The inputs must agree on each dimension that has a name, and on a batch without one.
static Error checkDimensions(const Port &port, ArrayRef<int64_t> shape,
                             StringMap<std::pair<int64_t, std::string>> &known) {
  for (unsigned dim = 0; dim < port.shape.size(); ++dim) {
    std::string name = dim < port.dims.size() ? port.dims[dim] : "";
    if (port.shape[dim] >= 0 || (name.empty() && dim > 0))
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

/// Calls `visit` with a zero of the type that stores a quantized port's values.
template <typename Visit>
static void visitStored(ElementKind kind, Visit visit) {
  switch (kind) {
  case ElementKind::I16:
    return visit(int16_t(0));
  case ElementKind::I8:
    return visit(int8_t(0));
  default:
    return visit(uint8_t(0));
  }
}

/// Floats as the integers that an input takes.
static Array quantizeArray(const Port &port, const Array &array) {
  Array result = Array::allocate(port.kind, array.shape);
  auto [scale, zeroPoint] = *port.quantization;
  visitStored(port.kind, [&, scale = scale, zeroPoint = zeroPoint](auto zero) {
    using T = decltype(zero);
    for (auto [to, from] : zip_equal(result.as<T>(), array.as<float>()))
      to = T(numerics::quantize(from, scale, zeroPoint, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  });
  return result;
}

static Array dequantizeArray(const Port &port, const Array &array) {
  Array result = Array::allocate(ElementKind::F32, array.shape);
  auto [scale, zeroPoint] = *port.quantization;
  visitStored(port.kind, [&, scale = scale, zeroPoint = zeroPoint](auto zero) {
    for (auto [to, from] : zip_equal(result.as<float>(), array.as<decltype(zero)>()))
      to = numerics::dequantize(from, scale, zeroPoint);
  });
  return result;
}

/// An image with its dimensions in another order.
static Array transposeImage(const Array &array, StringRef layout) {
  static constexpr unsigned toNHWC[] = {0, 2, 3, 1}, toNCHW[] = {0, 3, 1, 2};
  const unsigned *order = layout == "nhwc" ? toNHWC : toNCHW;
  int64_t strides[4], width = getByteWidth(array.kind), stride = width;
  for (int dim = 3; dim >= 0; --dim) {
    strides[dim] = stride;
    stride *= array.shape[dim];
  }
  SmallVector<int64_t, 4> shape;
  for (int dim = 0; dim < 4; ++dim)
    shape.push_back(array.shape[order[dim]]);
  Array result = Array::allocate(array.kind, shape);
  char *to = result.data.get();
  for (int64_t a = 0; a < shape[0]; ++a)
    for (int64_t b = 0; b < shape[1]; ++b)
      for (int64_t c = 0; c < shape[2]; ++c)
        for (int64_t d = 0; d < shape[3]; ++d, to += width)
          std::memcpy(to,
                      array.data.get() + a * strides[order[0]] + b * strides[order[1]] + c * strides[order[2]] +
                          d * strides[order[3]],
                      width);
  return result;
}

Array adapt(const Port &from, const Array &array, const Port &to) {
  Array result = array;
  if (from.quantization && from.kind == array.kind && to.kind == ElementKind::F32)
    result = dequantizeArray(from, result);
  if (!from.layout.empty() && !to.layout.empty() && from.layout != to.layout && result.shape.size() == 4)
    result = transposeImage(result, to.layout);
  return result;
}

NamedArrays adapt(ArrayRef<Port> from, const NamedArrays &feed, ArrayRef<Port> to) {
  NamedArrays result = feed;
  for (NamedArray &entry : result) {
    auto isEntry = [&](const Port &port) { return port.name == entry.name; };
    const Port *source = find_if(from, isEntry), *target = find_if(to, isEntry);
    if (source != from.end() && target != to.end())
      entry.array = adapt(*source, entry.array, *target);
  }
  return result;
}

Expected<std::vector<Array>> arrangeFeed(ArrayRef<Port> inputs, const NamedArrays &feed) {
  std::vector<Array> arguments;
  StringMap<std::pair<int64_t, std::string>> dimensions;
  for (const Port &port : inputs) {
    const Array *array = find(feed, port.name);
    if (!array)
      return makeError("input '" + port.name + "' is missing, expected " + describe(port));
    bool isReal = port.quantization && array->kind == ElementKind::F32;
    if ((!canHold(array->kind, port.kind) && !isReal) || !fits(port, array->shape))
      return makeError("input '" + port.name + "' is " + describe(*array) + ", expected " + describe(port));
    if (Error error = checkDimensions(port, array->shape, dimensions))
      return error;
    arguments.push_back(isReal ? quantizeArray(port, *array) : *array);
    arguments.back().kind = port.kind;
  }
  for (const NamedArray &entry : feed)
    if (none_of(inputs, [&](const Port &port) { return port.name == entry.name; }))
      return makeError("'" + entry.name + "' is not an input of the model, expected " + listNames(inputs));
  return arguments;
}

/// No dimension may be larger than a run takes.
static Error checkLimits(ArrayRef<Port> inputs, ArrayRef<Array> arguments, const DimValues &limits) {
  for (auto [port, argument] : zip_equal(inputs, arguments))
    for (auto [dim, name] : enumerate(port.dims))
      if (auto limit = limits.find(name);
          port.shape[dim] < 0 && limit != limits.end() && argument.shape[dim] > limit->second)
        return makeError("dimension '" + name + "' is " + Twine(argument.shape[dim]) + " in input '" + port.name +
                         "', the model takes " + Twine(limit->second) + " at most");
  return Error::success();
}

Expected<std::vector<Array>> Executable::arrange(const NamedArrays &feed) const {
  Expected<std::vector<Array>> arguments = arrangeFeed(inputPorts, feed);
  if (!arguments)
    return arguments.takeError();
  if (Error error = checkLimits(inputPorts, *arguments, dimLimits))
    return std::move(error);
  return arguments;
}

Expected<std::vector<Array>> Executable::run(const NamedArrays &feed) {
  Expected<std::vector<Array>> arguments = arrange(feed);
  if (!arguments)
    return arguments.takeError();
  return execute(*arguments, /*kept=*/nullptr);
}

} // namespace nibble::driver
