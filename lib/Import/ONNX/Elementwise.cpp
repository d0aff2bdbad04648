// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic of one, two and more tensors: operations for what is computed in f32, scalar programs for other types.

#include "Numeric.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

template <Function1 function>
static Scalar call(Body &b, Scalar x) {
  return (b.*function)(x);
}

static Scalar reciprocal(Body &b, Scalar x) { return b.div(b.constant(x.type, 1), x); }

/// Operands from the left: of any number.
template <typename Op, Function2 function>
static Value chain(Node &node) {
  Value result;
  if (llvm::all_of(llvm::seq(node.size()), [&](unsigned i) { return node.isReal(i); })) {
    for (unsigned i = 0; i < node.size(); ++i)
      result = result ? node.binary<Op>(result, node.real(i)) : node.real(i);
    return result;
  }
  SmallVector<Value> operands;
  for (unsigned i = 0; i < node.size(); ++i)
    operands.push_back(node.numeric(i));
  return node.elementwise(node.elementOf(operands.front()), operands, [](Body &b, ArrayRef<Scalar> x) {
    Scalar result = x.front();
    for (Scalar next : x.drop_front())
      result = (b.*function)(result, next);
    return result;
  });
}

template <typename Op, Function2 function>
static void importChain(Node &node) {
  node.set(0, chain<Op, function>(node));
}

static void importMean(Node &node) {
  Value sum = chain<AddOp, &Body::add>(node);
  if (node.elementOf(sum).isF64())
    return node.set(0, node.elementwise(node.elementOf(sum), sum, [&](Body &b, ArrayRef<Scalar> x) {
      return b.div(x[0], b.constant(x[0].type, node.size()));
    }));
  node.set(0, node.binary<DivOp>(sum, node.floats(float(node.size()))));
}

/// The function whose name is the operator's in lower case, of f32.
static void importFunction(Node &node) {
  Value input = node.real(0);
  if (isa<quant::QuantizedType>(node.elementOf(input)))
    input = node.plain(0);
  const std::string name = StringRef(node.proto.op_type()).lower();
  node.set(0, node.elementwise(node.elementOf(input), input,
                               [&](Body &b, ArrayRef<Scalar> x) { return b.apply(name, x[0]); }));
}

void nibble::onnximport::addElementwise(TranslatorTable &table) {
  table["Add"] = importChain<AddOp, &Body::add>;
  table["Sub"] = importChain<SubOp, &Body::sub>;
  table["Mul"] = importChain<MulOp, &Body::mul>;
  table["Div"] = importChain<DivOp, &Body::div>;
  table["Min"] = importChain<MinOp, &Body::min>;
  table["Max"] = importChain<MaxOp, &Body::max>;
  table["Sum"] = importChain<AddOp, &Body::add>;
  table["Mean"] = importMean;
  table["Erf"] = importUnary<ErfOp>;
  table["Exp"] = importUnary<ExpOp>;
  table["Log"] = importUnary<LogOp>;
  table["Sqrt"] = importUnaryOfAll<SqrtOp, call<&Body::sqrt>>;
  table["Reciprocal"] = importUnaryOfAll<ReciprocalOp, reciprocal>;
  table["Neg"] = importUnaryOfAll<NegOp, call<&Body::neg>>;
  table["Abs"] = importUnaryOfAll<AbsOp, call<&Body::abs>>;
  table["Floor"] = importUnaryOfAll<FloorOp, call<&Body::floor>>;
  table["Ceil"] = importUnaryOfAll<CeilOp, call<&Body::ceil>>;
  table["Round"] = importUnaryOfAll<RoundOp, call<&Body::round>>;
  for (StringRef name : {"Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh"})
    table[name] = importFunction;
}
