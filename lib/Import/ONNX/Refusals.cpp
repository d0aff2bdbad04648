// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators that no compiled model can have, and why.

#include "Importer.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Operators that are kept to be looked at are no error.
static void refuse(Node &node, StringRef why, StringRef note) {
  if (node.importer.options.keepUnsupported)
    return keepNode(node);
  node.fail(why, note);
}

static void refuseRandom(Node &node) {
  refuse(node, "the result is random", "a compiled model gives the same result each time; make the values an input");
}

static void refuseStrings(Node &node) {
  refuse(node, "works on strings, which a compiled model does not have", "do it before the model is run");
}

static void refuseImageDecoder(Node &node) {
  refuse(node, "decodes a file", "a compiled model takes the decoded image; do it before the model is run");
}

void nibble::onnximport::addRefusals(TranslatorTable &table) {
  for (StringRef name :
       {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"})
    table[name] = refuseRandom;
  for (StringRef name : {"StringNormalizer", "StringConcat", "StringSplit", "RegexFullMatch"})
    table[name] = refuseStrings;
  table["ImageDecoder"] = refuseImageDecoder;
}
