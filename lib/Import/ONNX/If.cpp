// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// If: the branch that the condition chooses.

#include "Importer.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

static void importIf(Node &node) {
  const Content *condition = node.content(0);
  if (!condition || condition->size() != 1 || condition->isReal() || !condition->ints.front().isStatic())
    node.fail("the condition (input 0, '" + node.proto.input(0) + "') is not known at compile time");
  StringRef name = condition->ints.front().factor ? "then_branch" : "else_branch";
  const onnx::GraphProto &branch = node.graph(name, 0, node.proto.output_size());
  for (auto [i, known] : llvm::enumerate(node.importer.translateGraph(branch, {})))
    if (node.wants(i))
      node.alias(i, known);
}

void nibble::onnximport::addBranches(TranslatorTable &table) { table["If"] = importIf; }
