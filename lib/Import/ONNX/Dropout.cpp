// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dropout where it drops nothing: in inference, or with ratio 0.

#include "Numeric.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Fails where elements are dropped at random, or only a run knows it.
static void requireInference(Node &node) {
  const Content *ratio = node.has(1) ? node.content(1) : nullptr;
  if (!node.has(2) || (ratio && ratio->isReal() && llvm::all_of(ratio->reals, [](double real) { return real == 0; })))
    return;
  if (llvm::any_of(node.ints(2, "training_mode"), [](int64_t flag) { return flag != 0; }))
    node.fail("training mode is set", "export the model for inference");
}

static void importDropout(Node &node) {
  requireInference(node);
  node.alias(0, node.share(0));
  if (!node.wants(1))
    return;
  Value input = node.get(0);
  node.set(1, node.generate(node.shapeOf(input), node.importer.builder.getI1Type(), input,
                            [](Body &b) { return b.boolean(true); }));
}

void nibble::onnximport::addDropouts(TranslatorTable &table) { table["Dropout"] = importDropout; }
