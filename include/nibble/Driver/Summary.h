// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a compilation came to.

#ifndef NIBBLE_DRIVER_SUMMARY_H
#define NIBBLE_DRIVER_SUMMARY_H

#include "nibble/Driver/Session.h"

#include "llvm/Support/JSON.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace nibble::driver {

/// How one operation that came of a node is computed.
struct NodeSummary {
  std::string node, value, operation;
  std::string precision; // "int8", "float32"
  std::string reason;    // why it is not int8
  std::string kernel;
  int64_t weightBytes = 0, outputBytes = 0;
  std::optional<double> sqnr, milliseconds;
};

/// A way to choose ranges, and what it gave on the calibration inputs.
struct MethodSummary {
  std::string method;
  bool correctBias = false;
  double sqnr = 0; // dB, the worst output
};

/// A call of a kernel, in order.
struct CallSummary {
  std::string kernel;
  int64_t node = -1; // position among the nodes, -1 for none
  int64_t tiles = 1;
  bool fillsHalo = false;
  std::optional<double> milliseconds;
};

/// Code for some values of the dynamic dimensions, which runs with these use.
struct SpecializationSummary {
  std::map<std::string, int64_t> dims; // those that it fixes
  int64_t arenaBytes = 0;              // where others are nibble::kUsualDimension
  int64_t weightBytes = 0;             // that it adds
  std::vector<CallSummary> calls;
};

/// Memory of a value in the arena, from the first call to the last that needs it.
struct BufferSummary {
  std::string value;
  int64_t offset = 0, bytes = 0, first = 0, last = 0;
};

/// What a node loses by narrower weights, each node by itself.
struct SensitivitySummary {
  std::string node;
  int64_t weights = 0;             // how many
  int64_t bits = 8;                // that it got
  std::map<int64_t, double> sqnrs; // of the model's worst output by bits of this node alone, in dB
};

/// The least noise for a size, as the search expects it.
struct FrontPoint {
  int64_t bytes = 0; // of all weights
  double bits = 8;   // on average
  double sqnr = 0;   // dB
  bool isChosen = false;
  std::vector<int64_t> widths; // bits of each node of the search
};

struct Summary {
  std::string model, target;
  int64_t modelBytes = 0, outputBytes = 0, weightBytes = 0;
  std::optional<int64_t> arenaBytes;
  std::optional<int64_t> arenaDimension;        // of dynamic dimensions, where the arenas' bytes depend on them
  std::map<std::string, int64_t> dims;          // dynamic dimensions, as the nodes' bytes are counted with
  std::optional<int64_t> codeBytes, stackBytes; // of a microcontroller
  std::optional<double> sqnr;                   // dB, the worst output of int8 against float on calibration inputs
  std::optional<double> latency, floatLatency;  // milliseconds
  std::optional<int64_t> floatArenaBytes, floatWeightBytes;
  int64_t samples = 0;
  std::vector<MethodSummary> methods;        // that were compared, the chosen one first
  std::vector<StepTime> steps;               // of the compilation
  std::vector<NodeSummary> nodes;            // operations that came of them, in order
  std::map<std::string, int64_t> precisions; // how many nodes of the model, after fusion, are computed in each
  std::vector<CallSummary> calls;
  std::vector<SpecializationSummary> specializations;
  std::map<std::string, int64_t> timed; // what the specialization fixes whose times the nodes have, if it is one
  std::vector<BufferSummary> buffers;
  std::vector<SensitivitySummary> sensitivities; // of a search
  std::vector<FrontPoint> front;                 // by size
  std::optional<double> searchSqnr, searchBound; // dB, expected of what was chosen, and of no other choice more
};

llvm::json::Object toJson(const Summary &summary);
llvm::json::Object toJson(const NodeSummary &node);
llvm::json::Object toJson(const SpecializationSummary &code);

/// What `toJson` wrote; none if it is something else.
std::optional<Summary> parseSummary(const llvm::json::Object &object);

} // namespace nibble::driver

#endif // NIBBLE_DRIVER_SUMMARY_H
