// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Activation functions.

#include "Numeric.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

static Scalar relu(Body &b, Scalar x) { return b.max(x, b.constant(x.type, 0)); }

static void importLeakyRelu(Node &node) {
  node.set(0, node.unary<LeakyReluOp>(node.real(0), APFloat(node.getFloat("alpha", 0.01f))));
}

static void importElu(Node &node) {
  node.set(0, node.unary<EluOp>(node.real(0), APFloat(node.getFloat("alpha", 1.0f))));
}

static void importHardSigmoid(Node &node) {
  node.set(0, node.unary<HardSigmoidOp>(node.real(0), APFloat(node.getFloat("alpha", 0.2f)),
                                        APFloat(node.getFloat("beta", 0.5f))));
}

/// slope * x where x < 0, else x.
static void generatePRelu(Node &node) {
  Value input = node.numeric(0), slope = node.numeric(1);
  node.set(0, node.elementwise(node.elementOf(input), {input, slope}, [](Body &b, ArrayRef<Scalar> x) {
    return b.select(b.less(x[0], b.constant(x[0].type, 0)), b.mul(x[1], x[0]), x[0]);
  }));
}

/// max(x, 0) + slope * min(x, 0); a leaky ReLU if there is one slope.
static void importPRelu(Node &node) {
  if (!node.isReal(0))
    return generatePRelu(node);
  Value input = node.real(0);
  const Content *slopes = node.content(1);
  if (slopes && slopes->isReal() && llvm::all_equal(slopes->reals) && !slopes->reals.empty() &&
      node.rank(1) <= node.rank(0))
    return node.set(0, node.unary<LeakyReluOp>(input, APFloat(float(slopes->reals.front()))));
  Value zero = node.floats(0.0f);
  Value negative = node.binary<MulOp>(node.binary<MinOp>(input, zero), node.real(1));
  node.set(0, node.binary<AddOp>(node.unary<ReluOp>(input), negative));
}

static void importSelu(Node &node) {
  Value elu = node.unary<EluOp>(node.real(0), APFloat(node.getFloat("alpha", 1.67326319217681884765625f)));
  node.set(0, node.binary<MulOp>(elu, node.floats(node.getFloat("gamma", 1.05070102214813232421875f))));
}

/// max(x, 0) + min(0, alpha * (exp(x / alpha) - 1)).
static void importCelu(Node &node) {
  float alpha = node.getFloat("alpha", 1.0f);
  Value input = node.real(0);
  if (alpha == 1.0f)
    return node.set(0, node.unary<EluOp>(input, APFloat(alpha)));
  Value elu = node.unary<EluOp>(node.binary<DivOp>(input, node.floats(alpha)), APFloat(1.0f));
  node.set(0, node.binary<MulOp>(elu, node.floats(alpha)));
}

static void importMish(Node &node) {
  Value input = node.real(0);
  node.set(0, node.binary<MulOp>(input, node.unary<TanhOp>(node.unary<SoftplusOp>(input))));
}

Value Node::softsign(Value input) { return binary<DivOp>(input, binary<AddOp>(unary<AbsOp>(input), floats(1.0f))); }

static void importSoftsign(Node &node) { node.set(0, node.softsign(node.real(0))); }

/// x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))).
static Value tanhGelu(Node &node, Value input) {
  Value cube = node.binary<MulOp>(node.binary<MulOp>(input, input), input);
  Value inner = node.binary<AddOp>(input, node.binary<MulOp>(cube, node.floats(0.044715f)));
  Value tanh = node.unary<TanhOp>(node.binary<MulOp>(inner, node.floats(0.7978845608028654f)));
  Value half = node.binary<MulOp>(input, node.floats(0.5f));
  return node.binary<MulOp>(half, node.binary<AddOp>(tanh, node.floats(1.0f)));
}

static void importGelu(Node &node) {
  Value input = node.real(0);
  bool isExact = node.getString("approximate", "none") == "none";
  node.set(0, isExact ? node.unary<GeluOp>(input) : tanhGelu(node, input));
}

/// x * sigmoid(alpha * x).
static void importSwish(Node &node) {
  Value input = node.real(0);
  float alpha = node.getFloat("alpha", 1.0f);
  if (alpha == 1.0f)
    return node.set(0, node.unary<SiluOp>(input));
  Value gate = node.unary<SigmoidOp>(node.binary<MulOp>(input, node.floats(alpha)));
  node.set(0, node.binary<MulOp>(input, gate));
}

/// 1 where x > bound, else 0.
static Value isAbove(Node &node, Value x, float bound) {
  Value above = bound == 0 ? x : node.binary<SubOp>(x, node.floats(bound));
  return node.unary<CeilOp>(node.unary<ClipOp>(above, APFloat(0.0f), APFloat(1.0f)));
}

static void generateSign(Node &node) {
  Value input = node.numeric(0);
  node.set(0, node.elementwise(node.elementOf(input), input, [](Body &b, ArrayRef<Scalar> x) {
    Scalar zero = b.constant(x[0].type, 0), one = b.constant(x[0].type, 1);
    Scalar notAbove = b.select(b.less(x[0], zero), b.sub(zero, one), zero);
    return b.select(b.less(zero, x[0]), one, notAbove);
  }));
}

/// -1, 0 or 1.
static void importSign(Node &node) {
  if (!node.isReal(0))
    return generateSign(node);
  Value input = node.real(0);
  Value negative = node.unary<FloorOp>(node.unary<ClipOp>(input, APFloat(-1.0f), APFloat(0.0f)));
  node.set(0, node.binary<AddOp>(isAbove(node, input, 0), negative));
}

Value Node::thresholdedRelu(Value input, float alpha) {
  return alpha == 0 ? unary<ReluOp>(input) : binary<MulOp>(input, isAbove(*this, input, alpha));
}

static void importThresholdedRelu(Node &node) {
  node.set(0, node.thresholdedRelu(node.real(0), node.getFloat("alpha", 1.0f)));
}

/// Of integers, in f32 and then towards zero.
static void generateShrink(Node &node, float bias, float lambd) {
  Value input = node.numeric(0);
  node.set(0, node.elementwise(node.elementOf(input), input, [&](Body &b, ArrayRef<Scalar> x) {
    Type real = x[0].isFloat() ? x[0].type : b.getF32Type();
    Scalar value = b.cast(x[0], real), shift = b.constant(real, bias), bound = b.constant(real, lambd);
    Scalar below = b.select(b.less(value, b.neg(bound)), b.add(value, shift), b.constant(real, 0));
    return b.cast(b.select(b.less(bound, value), b.sub(value, shift), below), x[0].type);
  }));
}

/// x - bias above lambd, x + bias below -lambd, else 0.
static void importShrink(Node &node) {
  float bias = node.getFloat("bias", 0.0f), lambd = node.getFloat("lambd", 0.5f);
  if (!node.isReal(0))
    return generateShrink(node, bias, lambd);
  Value input = node.real(0);
  Value above = node.binary<MulOp>(isAbove(node, input, lambd), node.binary<SubOp>(input, node.floats(bias)));
  Value below =
      node.binary<MulOp>(isAbove(node, node.unary<NegOp>(input), lambd), node.binary<AddOp>(input, node.floats(bias)));
  node.set(0, node.binary<AddOp>(above, below));
}

void nibble::onnximport::addActivations(TranslatorTable &table) {
  table["Relu"] = importUnaryOfAll<ReluOp, relu>;
  table["Sigmoid"] = importUnary<SigmoidOp>;
  table["Tanh"] = importUnary<TanhOp>;
  table["HardSwish"] = importUnary<HardSwishOp>;
  table["Softplus"] = importUnary<SoftplusOp>;
  table["LeakyRelu"] = importLeakyRelu;
  table["Elu"] = importElu;
  table["HardSigmoid"] = importHardSigmoid;
  table["PRelu"] = importPRelu;
  table["Selu"] = importSelu;
  table["Celu"] = importCelu;
  table["Mish"] = importMish;
  table["Softsign"] = importSoftsign;
  table["Gelu"] = importGelu;
  table["Swish"] = importSwish;
  table["Sign"] = importSign;
  table["ThresholdedRelu"] = importThresholdedRelu;
  table["Shrink"] = importShrink;
}
