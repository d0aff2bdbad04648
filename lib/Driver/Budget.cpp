// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whether a model fits the memory that it is for.

#include "Codegen.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace nibble::driver {

static std::string formatBytes(uint64_t bytes) { return formatv("{0:n}", bytes).str(); }

/// Whether `outer` holds all of `inner`: a sum is written over its addend, a view is a part.
static bool holds(const ArenaBuffer &outer, const ArenaBuffer &inner) {
  return outer.offset <= inner.offset && inner.offset + inner.bytes <= outer.offset + outer.bytes;
}

/// Buffers that are alive at a call, those that share their memory once.
static std::vector<const ArenaBuffer *> getAlive(const CompiledModel &model, int64_t call) {
  std::vector<const ArenaBuffer *> alive;
  for (const ArenaBuffer &buffer : model.buffers)
    if (buffer.first <= call && call <= buffer.last) {
      if (any_of(alive, [&](const ArenaBuffer *other) { return holds(*other, buffer); }))
        continue;
      erase_if(alive, [&](const ArenaBuffer *other) { return holds(buffer, *other); });
      alive.push_back(&buffer);
    }
  return alive;
}

static int64_t countBytes(ArrayRef<const ArenaBuffer *> buffers) {
  int64_t bytes = 0;
  for (const ArenaBuffer *buffer : buffers)
    bytes += buffer->bytes;
  return bytes;
}

/// The call that needs most of the arena, with what lies there.
static std::string describePeak(const CompiledModel &model) {
  int64_t peak = 0, most = -1;
  for (int64_t call = 0, count = model.kernels.size(); call < count; ++call)
    if (int64_t bytes = countBytes(getAlive(model, call)); bytes > most) {
      most = bytes;
      peak = call;
    }
  if (most <= 0)
    return "";
  std::vector<std::string> values;
  for (const ArenaBuffer *buffer : getAlive(model, peak))
    values.push_back("'" + buffer->value + "' (" + formatBytes(buffer->bytes) + ")");
  return "; node '" + model.kernels[peak].node + "' needs most, with " + join(values, " and ") +
         ": smaller or fewer channels there help, or a smaller input";
}

Error checkBudget(const CompileOptions &options, const CompiledModel &model) {
  if (options.maxRam && !model.arena.isStatic())
    return makeError("max-ram has no meaning where the arena depends on the dynamic dimensions " +
                     join(model.dims, ", ") + ": fix them (--dim) or bound all of them (--bound)");
  const uint64_t ram = model.arenaBytes + model.stackBytes, flash = model.codeBytes + model.weightBytes;
  if (options.maxRam && ram > uint64_t(*options.maxRam))
    return makeError("the model needs " + formatBytes(ram) + " bytes of RAM (arena " + formatBytes(model.arenaBytes) +
                     ", stack " + formatBytes(model.stackBytes) + "), more than max-ram " +
                     formatBytes(*options.maxRam) + describePeak(model));
  if (options.maxFlash && flash > uint64_t(*options.maxFlash))
    return makeError("the model needs " + formatBytes(flash) + " bytes of flash (weights " +
                     formatBytes(model.weightBytes) + ", code " + formatBytes(model.codeBytes) +
                     "), more than max-flash " + formatBytes(*options.maxFlash) +
                     ": fewer weights, or fewer kinds of layers, help");
  return Error::success();
}

} // namespace nibble::driver
