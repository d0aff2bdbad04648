// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a user may ask of a compilation; the command line and Python use the same names and values.

#ifndef NIBBLE_DRIVER_OPTIONS_H
#define NIBBLE_DRIVER_OPTIONS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace nibble::driver {

/// An option whose value is one of some words.
struct Choice {
  llvm::StringLiteral name;
  llvm::ArrayRef<llvm::StringLiteral> values;
  /// Fails unless `value` is one of `values`.
  llvm::Error check(llvm::StringRef value) const;
};

/// The options of this kind: weights, activations, mode, calib-method, bias-correction, rounding, emit, io, io-layout,
/// requant.
llvm::ArrayRef<Choice> getChoices();
const Choice &getChoice(llvm::StringRef name);

inline constexpr llvm::StringLiteral kGroupWithoutNarrow =
    "group is for weights of 4 and 2 bits: ask for them by weights or a plan";

struct QuantizationOptions {
  std::string weights = "auto";
  std::string activations = "auto";
  std::string mode = "auto";
  std::string calibMethod = "auto"; // or a RangeMethod, as percentile:99.9
  std::string biasCorrection = "auto";
  std::string rounding = "auto"; // of weights of fewer than 8 bits
  std::string calibFile;         // where the ranges are kept; read if no calibration data is given
  std::string plan;
  std::optional<int64_t> group;     // of weights of fewer than 8 bits: as many share a factor of their channel's scale
  std::optional<double> minSqnr;    // dB
  std::optional<int64_t> maxBytes;  // of all weights: narrower ones are searched for
  std::optional<double> avgBits;    // of all weights, likewise
  std::optional<double> outputSqnr; // dB, that the narrowest weights are to give the model's outputs
  std::string planOut;              // where the plan is written that was searched
  bool perTensor = false;           // one scale for all weights of a node, instead of one for each output channel
  bool strict = false;

  /// Whether nothing is to be quantized.
  bool isFloat() const { return weights == "float"; }
  /// Whether the widths of weights are to be searched for.
  bool isSearch() const { return maxBytes || avgBits || outputSqnr; }
  /// The mode of nodes that a plan says nothing of: "static", "dynamic" or "weight-only".
  llvm::StringRef getMode() const;
};

struct CompileOptions {
  QuantizationOptions quantization;
  std::string target = "host";
  std::string emit = "so";
  std::string name;                          // of the symbols; the model file's stem if empty
  std::string io = "auto";                   // types of inputs and outputs
  std::string requant = "auto";              // arithmetic of requantization
  std::string ioLayout = "model";            // order of images' dimensions among them
  std::map<std::string, int64_t> bounds;     // largest values of dynamic dimensions, by name
  std::map<std::string, std::string> states; // outputs that are one buffer with an input, by the input's name
  /// Values of dynamic dimensions, by name, that get code of their own; for all values of those that are not named.
  std::vector<std::map<std::string, int64_t>> specializations;
  std::string ptxas;         // NVIDIA's assembler, which makes machine code of a GPU's kernels; none if empty
  bool strip = false;        // leave out what `nibble explain` reads
  bool bytecode = false;     // MLIR as bytecode, not text
  bool compareFloat = false; // compile the float model too, for the summary
  std::string stopAfter, dumpPhases;
  std::optional<int64_t> maxRam, maxFlash; // bytes
  int threads = 1;
};

/// Says which option has a value that is unknown, not supported yet, or at odds with another.
llvm::Error check(const QuantizationOptions &options);
llvm::Error check(const CompileOptions &options);

} // namespace nibble::driver

#endif // NIBBLE_DRIVER_OPTIONS_H
