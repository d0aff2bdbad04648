// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The folded integer operations that work element by element, and pools; products are in IntegerProducts.cpp.

#include "IntegerProducts.h"
#include "Pool.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

static Result evaluate(IntAddOp op, Operands operands) {
  auto add = Adder::get(op.getRequant(), {op.getLhsScale().convertToFloat(), int32_t(op.getLhsZeroPoint())},
                        {op.getRhsScale().convertToFloat(), int32_t(op.getRhsZeroPoint())},
                        int32_t(op.getOutputZeroPoint()), op.getClamp()[0], op.getClamp()[1]);
  if (!add)
    return add.takeError();
  return combineBytes(op, operands, 0, 0, *add);
}

static Result evaluate(IntMulOp op, Operands operands) {
  auto requantize = Requantizer::get(op.getRequant(), op.getScale().convertToFloat(), int32_t(op.getOutputZeroPoint()),
                                     op.getClamp()[0], op.getClamp()[1]);
  if (!requantize)
    return requantize.takeError();
  return combineBytes(op, operands, int32_t(op.getLhsZeroPoint()), int32_t(op.getRhsZeroPoint()),
                      [&](int32_t l, int32_t r) { return (*requantize)(l * r); });
}

static Result evaluate(IntAvgPoolOp op, Operands operands) {
  const int64_t dilations[] = {1, 1};
  auto shape = PoolShape::get(op, Layout::NHWC, dilations, operands);
  if (!shape)
    return shape.takeError();
  auto result = Tensor::allocate(shape->result, getResultElementType(op));
  if (!result)
    return result;
  std::vector<int32_t> x = loadCentred(*operands[0], int32_t(op.getInputZeroPoint())), y(result->getCount());
  float scale = op.getScale().convertToFloat();
  int64_t acc = 0;
  std::string problem;
  forEachWindow(
      *shape, [&](int64_t) { acc = 0; }, [&](int64_t at) { acc += x[at]; },
      [&](int64_t i, int64_t inside) {
        float m = numerics::averageMultiplier(scale, shape->countTaps(inside, op.getCountIncludePad()));
        auto requantize =
            Requantizer::get(op.getRequant(), m, int32_t(op.getOutputZeroPoint()), op.getClamp()[0], op.getClamp()[1]);
        if (auto error = requantize ? checkAccumulator(acc) : requantize.takeError())
          problem = llvm::toString(std::move(error));
        else
          y[i] = (*requantize)(int32_t(acc));
      });
  if (!problem.empty())
    return makeError(problem);
  result->storeIntegers(y);
  return result;
}

static Result evaluate(IntRequantizeOp op, Operands operands) {
  auto requantize = Requantizer::get(op.getRequant(), op.getScale().convertToFloat(), int32_t(op.getOutputZeroPoint()),
                                     op.getClamp()[0], op.getClamp()[1]);
  if (!requantize)
    return requantize.takeError();
  return mapBytes(op, *operands[0], [&](int32_t q) { return (*requantize)(q - int32_t(op.getInputZeroPoint())); });
}

static Result evaluate(IntQuantizeOp op, Operands operands) {
  auto result = Tensor::allocate(operands[0]->shape, getResultElementType(op));
  if (!result)
    return result;
  std::vector<int32_t> values(result->getCount());
  for (auto [i, value] : llvm::enumerate(values))
    value = numerics::quantize(operands[0]->as<float>()[i], op.getScale().convertToFloat(), int32_t(op.getZeroPoint()),
                               op.getClamp()[0], op.getClamp()[1]);
  result->storeIntegers(values);
  return result;
}

static Result evaluate(IntDequantizeOp op, Operands operands) {
  auto result = allocateFloat(operands[0]->shape, op);
  if (!result)
    return result;
  for (auto [i, value] : llvm::enumerate(operands[0]->loadIntegers()))
    result->as<float>()[i] = numerics::dequantize(value, op.getScale().convertToFloat(), int32_t(op.getZeroPoint()));
  return result;
}

static Result evaluate(IntLookupOp op, Operands operands) {
  std::vector<int32_t> table = operands[1]->loadIntegers();
  if (table.size() != 256)
    return makeError("expected a table of 256 entries, got " + llvm::Twine(table.size()));
  return mapBytes(op, *operands[0], [&](int32_t q) { return table[q & 255]; });
}

std::optional<Result> reference::evaluateInteger(Operation *op, Operands operands) {
  return llvm::TypeSwitch<Operation *, std::optional<Result>>(op)
      .Case<IntAddOp, IntMulOp, IntAvgPoolOp, IntRequantizeOp, IntQuantizeOp, IntDequantizeOp, IntLookupOp>(
          [&](auto o) { return ::evaluate(o, operands); })
      .Case<IntConvOp, IntConvTransposeOp, IntMatMulOp>([&](auto o) { return evaluateProduct(o, operands); })
      .Default([](Operation *) { return std::nullopt; });
}
