// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Buffers that a model keeps from run to run.

#include "nibble/Driver/Executable.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/STLExtras.h"

#include <cstring>

using namespace llvm;

namespace nibble::driver {

static int64_t product(ArrayRef<int64_t> extents) {
  int64_t count = 1;
  for (int64_t extent : extents)
    count *= extent;
  return count;
}

/// Bytes that lie together in a tensor of `shape`: from a position of the axis on, or all.
static int64_t countBytes(const StatePort &state, ArrayRef<int64_t> shape, ElementKind kind) {
  return product(shape.drop_front(state.axis.value_or(0))) * getByteWidth(kind);
}

/// Copies rows between a tensor of `shape` and a state's buffer.
static void copyRows(const StatePort &state, ArrayRef<int64_t> shape, char *rows, const Array &buffer, bool toBuffer) {
  const int64_t bytes = countBytes(state, shape, buffer.kind), pitch = countBytes(state, buffer.shape, buffer.kind);
  for (int64_t i = 0, count = product(shape.take_front(state.axis.value_or(0))); i < count; ++i) {
    char *here = rows + i * bytes, *there = buffer.data.get() + i * pitch;
    toBuffer ? std::memcpy(there, here, bytes) : std::memcpy(here, there, bytes);
  }
}

Array allocateState(const StatePort &state, ElementKind kind, ArrayRef<int64_t> shape) {
  SmallVector<int64_t, 4> extents(shape);
  if (state.axis)
    extents[*state.axis] = state.capacity[*state.axis];
  return Array::allocate(kind, extents);
}

Array toBuffer(const StatePort &state, const Array &rows) {
  Array buffer = allocateState(state, rows.kind, rows.shape);
  copyRows(state, rows.shape, rows.data.get(), buffer, /*toBuffer=*/true);
  return buffer;
}

Array fromBuffer(const StatePort &state, const Array &buffer, ArrayRef<int64_t> shape) {
  Array rows = Array::allocate(buffer.kind, shape);
  copyRows(state, shape, rows.data.get(), buffer, /*toBuffer=*/false);
  return rows;
}

/// A buffer of another model would be written beyond its end.
static Error checkBuffer(const StatePort &state, const Port &port, const Array &buffer) {
  const bool fits = buffer.kind == port.kind && buffer.shape.size() == state.capacity.size() &&
                    all_of(zip_equal(state.capacity, buffer.shape),
                           [](auto pair) { return std::get<0>(pair) < 0 || std::get<0>(pair) == std::get<1>(pair); });
  if (fits)
    return Error::success();
  return makeError("state '" + port.name + "' has a buffer of " + describe(buffer) + ", the model's has " +
                   describeShape(state.capacity));
}

Expected<std::vector<Array>> Executable::run(const NamedArrays &feed, Kept &kept) {
  if (kept.buffers.size() != stateList.size() || kept.lengths.size() != stateList.size())
    return makeError("the model keeps " + Twine(stateList.size()) + " states, got " + Twine(kept.buffers.size()));
  NamedArrays all = feed;
  for (auto [state, buffer, length] : zip_equal(stateList, kept.buffers, kept.lengths)) {
    const Port &port = inputPorts[state.input];
    if (find(feed, port.name))
      return makeError("input '" + port.name + "' is a state, and comes with what the model keeps: leave it out");
    if (Error error = checkBuffer(state, port, buffer))
      return std::move(error);
    Array rows = buffer;
    if (state.axis)
      rows.shape[*state.axis] = length;
    all.push_back({port.name, rows});
  }
  Expected<std::vector<Array>> arguments = arrange(all);
  if (!arguments)
    return arguments.takeError();
  return execute(*arguments, &kept);
}

} // namespace nibble::driver
