// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A plan: what precision each node and value gets.

#ifndef NIBBLE_QUANTIZATION_PLAN_H
#define NIBBLE_QUANTIZATION_PLAN_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <map>
#include <string>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace nibble {

/// Words as in the options: weights "int8", "int4", "int2" or "float"; activations "uint8", "int8", "int8-symmetric",
/// "int16" or "float"; mode "static", "dynamic" or "weight-only". Empty: as the default says.
struct Precision {
  std::string weights, activations, mode;
};

/// A plan file:
///
///   {
///     "schema": 1,
///     "default": {"weights": "int8", "activations": "uint8", "mode": "static"},
///     "nodes": {"Conv_3": {"activations": "float"}},
///     "values": {"relu_7": "int8"}
///   }
///
/// A node with float weights or activations computes in float, but weight-only with float activations of that mode. A
/// node's activations are its operands and its result: where some nodes beside a value want "int16", it has 16 bits,
/// and nodes of 8 bits by an entry of their own read it in 8. An entry of "values" chooses the type of one value.
struct Plan {
  Precision standard;
  std::map<std::string, Precision, std::less<>> nodes;
  std::map<std::string, std::string, std::less<>> values;

  /// A node's own word for its weights, or the default's; empty if neither says one.
  llvm::StringRef getWeights(llvm::StringRef node) const;
  /// Whether some node may be quantized statically, where `mode` is what the plan leaves open.
  bool needsRanges(llvm::StringRef mode) const;
};

/// Unknown keys and words are errors that name them and say what is known.
llvm::Expected<Plan> parsePlan(llvm::StringRef text);
/// What `weights` may say: "int8", "int4", "int2", "float".
llvm::ArrayRef<llvm::StringLiteral> getWeightWords();
/// Of "int4" 4; 8 for every other word.
unsigned getWeightBits(llvm::StringRef word);

/// An empty path is the plan that leaves everything to the defaults.
llvm::Expected<Plan> readPlanFile(llvm::StringRef path);
void writePlan(const Plan &plan, llvm::raw_ostream &os);

/// The name with the least edit distance to `name`, empty if none is near.
llvm::StringRef getNearest(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> names);

} // namespace nibble

#endif // NIBBLE_QUANTIZATION_PLAN_H
