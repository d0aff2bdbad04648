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

/// A feed of seeded numbers from 0 to 1 (integers: 0 or 1), with 1 for every dynamic dimension.
NamedArrays makeRandomFeed(llvm::ArrayRef<Port> inputs);

llvm::json::Object toJson(const Latency &latency);

} // namespace nibble::driver

#endif // NIBBLE_DRIVER_BENCH_H
