// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operands of scalar programs, and nests of their loops.

#include "Numeric.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

bool Node::isReal(unsigned i) const {
  Type element = typeOf(i);
  return isa<quant::QuantizedType>(element) || element.isF32() || element.isF16() || element.isBF16();
}

Value Node::single(unsigned i) {
  Value value = real(i);
  if (!isa<quant::QuantizedType>(elementOf(value)))
    return value;
  return emit<DequantizeOp>(shapeOf(value), importer.builder.getF32Type(), value);
}

Value Node::numeric(unsigned i) { return isReal(i) ? single(i) : plain(i); }

Scalars nibble::onnximport::loopNest(Body &b, ArrayRef<Scalar> counts, ArrayRef<Scalar> carried,
                                     llvm::function_ref<Scalars(ArrayRef<Scalar>, ArrayRef<Scalar>)> body) {
  Scalars indices;
  std::function<Scalars(ArrayRef<Scalar>)> visit = [&](ArrayRef<Scalar> values) -> Scalars {
    if (indices.size() == counts.size())
      return body(indices, values);
    return b.loop(counts[indices.size()], values, [&](Scalar i, ArrayRef<Scalar> inner) {
      indices.push_back(i);
      Scalars next = visit(inner);
      indices.pop_back();
      return next;
    });
  };
  return visit(carried);
}

/// The elements along the inner dimension, of integers and of f64: summed in order.
Value nibble::onnximport::generateProduct(Node &node, Value lhs, Value rhs, const Shape &shape) {
  Type element = node.elementOf(lhs);
  return node.generate(shape, element, {lhs, rhs}, [&](Body &b) {
    Scalar row = b.index(b.rank() - 2), column = b.index(b.rank() - 1);
    // Stacks broadcast: they begin at the last dimensions, and an extent of 1 has its only matrix at any index.
    auto read = [&](unsigned n, Scalar i, Scalar j) {
      int64_t rank = node.shapeOf(n == 0 ? lhs : rhs).size();
      Scalars indices;
      for (int64_t d = b.rank() - rank; d < b.rank() - 2; ++d)
        indices.push_back(b.index(d));
      indices.append({i, j});
      return b.read(n, indices);
    };
    Scalar inner = b.extent(0, node.shapeOf(lhs).size() - 1);
    return b.loop(inner, b.constant(element, 0), [&](Scalar k, ArrayRef<Scalar> sum) {
      return Scalars{b.add(sum[0], b.mul(read(0, row, k), read(1, k, column)))};
    })[0];
  });
}
