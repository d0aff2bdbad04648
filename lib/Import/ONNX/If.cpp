// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// If: the branch that the condition chooses, at compile time or when the model runs.

#include "RunTimeControl.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Whether the inputs' shapes decide of the condition, by two extents that may be equal: then they are taken to be,
/// which a run checks. Exporters test extents for 1 so, before they drop them.
static bool takesEquality(Node &node) {
  Importer &importer = node.importer;
  auto it = importer.openEqualities.find(node.proto.input(0));
  if (it == importer.openEqualities.end() || !importer.symbols.areTold({it->second.first, it->second.second}))
    return false;
  importer.requirements.push_back(it->second);
  emitWarning(node.location())
      << "node '" << nodeName(node.proto) << "': the extent " << importer.symbols.print(it->second.first)
      << " is taken to be " << importer.symbols.print(it->second.second)
      << ", and a run refuses inputs where it is not; fix the inputs' extents for another branch";
  return true;
}

/// Nothing where the condition is known only when the model runs.
static std::optional<bool> readCondition(Node &node) {
  const Content *condition = node.content(0);
  if (!condition && takesEquality(node))
    return true;
  if (!condition || condition->size() != 1 || condition->isReal() || !condition->ints.front().isStatic())
    return std::nullopt;
  return condition->ints.front().getStatic() != 0;
}

/// Both branches, of which the compiled model runs one.
static void importBoth(Node &node) {
  Value condition = scalarOf(node, 0, "the condition");
  auto translate = [&](StringRef name) {
    SmallVector<Value> results;
    const onnx::GraphProto &branch = node.graph(name, 0, node.proto.output_size());
    for (const Known &known : node.importer.translateGraph(branch, {}))
      results.push_back(inMemory(node, known));
    return results;
  };
  auto then = [&] { return translate("then_branch"); };
  auto other = [&] { return translate("else_branch"); };
  for (auto [i, value] : llvm::enumerate(buildBranch(node, condition, {then, other})))
    if (node.wants(i))
      node.alias(i, node.makeKnown(value));
}

static void importIf(Node &node) {
  std::optional<bool> isTrue = readCondition(node);
  if (!isTrue)
    return importBoth(node);
  StringRef name = *isTrue ? "then_branch" : "else_branch";
  const onnx::GraphProto &branch = node.graph(name, 0, node.proto.output_size());
  for (auto [i, known] : llvm::enumerate(node.importer.translateGraph(branch, {})))
    if (node.wants(i))
      node.alias(i, known);
}

void nibble::onnximport::addBranches(TranslatorTable &table) { table["If"] = importIf; }
