// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How long a run takes.

#ifndef NIBBLE_DRIVER_BENCH_H
#define NIBBLE_DRIVER_BENCH_H

#include "nibble/Driver/Executable.h"

#include "llvm/Support/JSON.h"

namespace nibble::driver {

/// Milliseconds of single runs.
struct Latency {
  double minimum = 0, median = 0, percentile90 = 0;
  int64_t runs = 0;
};

/// Runs `executable` on `feed` for about `seconds`, after some runs that do not count.
llvm::Expected<Latency> measure(Executable &executable, const NamedArrays &feed, double seconds);

/// Values of the inputs' dynamic dimensions for a run on made-up numbers: what `given` says of them; else 1 for one
/// that counts samples, the leading one of every input that has it, and nibble::kUsualDimension for others, or their
/// limit if that is less.
DimValues chooseDims(llvm::ArrayRef<Port> inputs, const DimValues &limits, const DimValues &given = {});

/// Fails where `given` has a name that none of the inputs' dynamic dimensions has, and lists those.
llvm::Error checkDimNames(llvm::ArrayRef<Port> inputs, const DimValues &given);

/// A feed of seeded numbers from 0 to 1 (integers: 0 or 1), with these dynamic dimensions; 1 for those without a name.
NamedArrays makeRandomFeed(llvm::ArrayRef<Port> inputs, const DimValues &dims);

llvm::json::Object toJson(const Latency &latency);

} // namespace nibble::driver

#endif // NIBBLE_DRIVER_BENCH_H
