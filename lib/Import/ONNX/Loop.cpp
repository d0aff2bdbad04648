// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loop, unrolled: its trip count and its conditions must be known at compile time.

#include "Importer.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// The values that go from one iteration to the next, and those that each adds to the results.
struct LoopState {
  Known condition;
  std::vector<Known> carried;
  std::vector<std::vector<Known>> scans;
};
} // namespace

/// Whether the loop goes on behind `iteration` iterations.
static bool goesOn(Node &node, Known &condition, int64_t iteration) {
  const Content *content = node.importer.contentOf(condition);
  if (!content || content->size() != 1 || content->isReal() || !content->ints.front().isStatic())
    node.fail("the condition of iteration " + Twine(iteration) + " is not known at compile time", "loops are unrolled");
  return content->ints.front().getStatic() != 0;
}

/// The most iterations, if the node bounds them.
static std::optional<int64_t> readTripCount(Node &node) {
  if (!node.has(0))
    return std::nullopt;
  SmallVector<int64_t> counts = node.ints(0, "the trip count");
  if (counts.size() != 1)
    node.fail("the trip count has " + Twine(counts.size()) + " elements, expected 1");
  return counts.front();
}

static void run(Node &node, const onnx::GraphProto &body, LoopState &state) {
  std::optional<int64_t> count = readTripCount(node);
  const size_t carried = state.carried.size();
  for (int64_t i = 0; (!count || i < *count) && goesOn(node, state.condition, i); ++i) {
    std::vector<Known> inputs = {makeScalar(onnx::TensorProto::INT64, i), state.condition};
    llvm::append_range(inputs, state.carried);
    std::vector<Known> outputs = node.importer.translateIteration(node, body, inputs, i);
    state.condition = outputs.front();
    state.carried.assign(outputs.begin() + 1, outputs.begin() + 1 + carried);
    for (auto [k, scan] : llvm::enumerate(state.scans))
      scan.push_back(outputs[1 + carried + k]);
  }
}

static void importLoop(Node &node) {
  LoopState state;
  state.condition = node.has(1) ? node.item(1) : makeScalar(onnx::TensorProto::BOOL, 1);
  for (unsigned i = 2; i < node.size(); ++i)
    state.carried.push_back(node.share(i));
  const size_t carried = state.carried.size(), outputs = node.proto.output_size();
  const onnx::GraphProto &body = node.graph("body", carried + 2, outputs + 1);
  state.scans.resize(outputs - carried);
  run(node, body, state);
  for (size_t i = 0; i < outputs; ++i) {
    if (!node.wants(i))
      continue;
    if (i >= carried && state.scans[i - carried].empty())
      node.fail("has no iteration, so that output " + Twine(i) + " is empty");
    node.alias(i, i < carried ? state.carried[i] : node.join(state.scans[i - carried], 0, /*isNew=*/true));
  }
}

void nibble::onnximport::addLoops(TranslatorTable &table) { table["Loop"] = importLoop; }
