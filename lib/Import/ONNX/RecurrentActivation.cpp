// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions that recurrent nodes name in attributes.

#include "Recurrent.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
struct Function {
  StringRef name; // in lower case
  Value (*apply)(Node &, Value, float alpha, float beta);
  std::optional<float> alpha, beta; // defaults, where the function has such a parameter
};
} // namespace

template <typename Op>
static Value plain(Node &node, Value x, float, float) {
  return node.unary<Op>(x);
}

static Value applyElu(Node &node, Value x, float alpha, float) { return node.unary<EluOp>(x, APFloat(alpha)); }

static Value applyLeakyRelu(Node &node, Value x, float alpha, float) {
  return node.unary<LeakyReluOp>(x, APFloat(alpha));
}

static Value applyThresholdedRelu(Node &node, Value x, float alpha, float) { return node.thresholdedRelu(x, alpha); }

static Value applySoftsign(Node &node, Value x, float, float) { return node.softsign(x); }

static Value applyHardSigmoid(Node &node, Value x, float alpha, float beta) {
  return node.unary<HardSigmoidOp>(x, APFloat(alpha), APFloat(beta));
}

static Value applyScaledTanh(Node &node, Value x, float alpha, float beta) {
  return node.binary<MulOp>(node.unary<TanhOp>(node.binary<MulOp>(x, node.floats(beta))), node.floats(alpha));
}

static Value applyAffine(Node &node, Value x, float alpha, float beta) {
  return node.binary<AddOp>(node.binary<MulOp>(x, node.floats(alpha)), node.floats(beta));
}

static const Function functions[] = {
    {"relu", plain<ReluOp>, {}, {}},
    {"tanh", plain<TanhOp>, {}, {}},
    {"sigmoid", plain<SigmoidOp>, {}, {}},
    {"softplus", plain<SoftplusOp>, {}, {}},
    {"softsign", applySoftsign, {}, {}},
    {"elu", applyElu, 1.0f, {}},
    {"leakyrelu", applyLeakyRelu, 0.01f, {}},
    {"thresholdedrelu", applyThresholdedRelu, 1.0f, {}},
    {"hardsigmoid", applyHardSigmoid, 0.2f, 0.5f},
    {"scaledtanh", applyScaledTanh, 1.0f, 1.0f},
    {"affine", applyAffine, 1.0f, 0.0f},
};

/// A function's parameter: the next one that the attribute lists, or the default. Functions without one take none.
static float take(ArrayRef<float> &listed, std::optional<float> otherwise) {
  if (!otherwise || listed.empty())
    return otherwise.value_or(0);
  float value = listed.front();
  listed = listed.drop_front();
  return value;
}

SmallVector<Activation> nibble::onnximport::readActivations(Node &node, ArrayRef<StringRef> defaults,
                                                            size_t directions) {
  SmallVector<std::string> names = node.getStrings("activations");
  if (names.empty())
    for (size_t i = 0; i < defaults.size() * directions; ++i)
      names.push_back(defaults[i % defaults.size()].str());
  if (names.size() != defaults.size() * directions)
    node.fail("attribute 'activations' has " + Twine(names.size()) + " entries, expected " +
              Twine(defaults.size() * directions));
  SmallVector<float> alphas = node.getFloats("activation_alpha"), betas = node.getFloats("activation_beta");
  ArrayRef<float> alpha = alphas, beta = betas;
  SmallVector<Activation> result;
  for (StringRef name : names) {
    const Function *function =
        llvm::find_if(functions, [&](const Function &f) { return name.equals_insensitive(f.name); });
    if (function == std::end(functions))
      node.fail("activation '" + name + "' is not supported");
    float first = take(alpha, function->alpha), second = take(beta, function->beta);
    result.push_back({function->apply, first, second});
  }
  return result;
}
