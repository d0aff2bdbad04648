// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Flags of every command that quantizes.

#ifndef NIBBLE_TOOLS_NIBBLE_QUANTIZATIONFLAGS_H
#define NIBBLE_TOOLS_NIBBLE_QUANTIZATIONFLAGS_H

#include "Command.h"

#include "nibble/Driver/Options.h"
#include "nibble/Driver/Samples.h"

namespace nibble::driver {

class QuantizationFlags {
public:
  explicit QuantizationFlags(cl::SubCommand &sub);

  QuantizationOptions options() const;
  /// Says which flag is at odds with --float.
  llvm::Error check() const;
  bool hasData() const { return !data.empty(); }
  llvm::Expected<std::unique_ptr<Samples>> open(llvm::ArrayRef<Port> inputs, Reporter &reporter) const;

private:
  cl::opt<std::string> data, weights, activations, mode, calibMethod, biasCorrection, calibFile, plan, rounding,
      planOut;
  cl::opt<int64_t> group, maxBytes;
  cl::opt<double> avgBits, outputSqnr, minSqnr;
  cl::opt<bool> perTensor, useFloat, strict;
};

} // namespace nibble::driver

#endif // NIBBLE_TOOLS_NIBBLE_QUANTIZATIONFLAGS_H
