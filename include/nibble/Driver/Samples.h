// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Streams of feeds: what calibration and comparison run a model on.

#ifndef NIBBLE_DRIVER_SAMPLES_H
#define NIBBLE_DRIVER_SAMPLES_H

#include "nibble/Driver/Executable.h"
#include "nibble/Driver/Session.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace nibble::driver {

class Samples {
public:
  virtual ~Samples();
  /// How many feeds there are, if that is known before the end.
  virtual std::optional<int64_t> count() const { return std::nullopt; }
  /// The next feed, or none at the end.
  virtual llvm::Expected<std::optional<NamedArrays>> next() = 0;
};

/// Opens `path`: a .npz file with an entry for each input, a .npy file for a
/// model of one input, or a folder of .npz files. The leading dimension of an
/// array counts the samples: an input of shape 1x3x8x8 or ?x3x8x8 takes an
/// array of 100x3x8x8 (or 100x1x3x8x8) as 100 samples; a scalar holds for all
/// samples. One sample is in memory at a time. `note` is told of entries that
/// are not used.
llvm::Expected<std::unique_ptr<Samples>> openSamples(llvm::StringRef path, llvm::ArrayRef<Port> inputs,
                                                     llvm::function_ref<void(const llvm::Twine &)> note);

/// Calls `action` with each sample and tells the reporter of it; an error names the sample: `name` and its number. If
/// there is none, that is an error of `source`.
llvm::Expected<int64_t> forEachSample(Samples &samples, Reporter &reporter, llvm::StringRef name,
                                      const llvm::Twine &source,
                                      llvm::function_ref<llvm::Error(const NamedArrays &)> action);

/// Says which input of a feed holds a NaN or an infinity, if one does.
llvm::Error checkFinite(const NamedArrays &feed);

} // namespace nibble::driver

#endif // NIBBLE_DRIVER_SAMPLES_H
