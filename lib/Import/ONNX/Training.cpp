// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What only the training of a model needs is refused by its reason.

#include "Importer.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

static void refuseTraining(Node &node) {
  if (node.importer.options.keepUnsupported)
    return keepNode(node);
  node.fail("training operator: models are compiled for inference", "export the model for inference");
}

void nibble::onnximport::addTraining(TranslatorTable &table) {
  for (StringRef op : {"Adagrad", "Adam", "Gradient", "Momentum"})
    table[("ai.onnx.preview.training." + op).str()] = refuseTraining;
}
