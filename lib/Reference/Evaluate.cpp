// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the families of the interpreter share.

#include "Evaluate.h"
#include "nibble/Support/ElementData.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::reference;

Result reference::makeTensor(ElementsAttr value, Type elementType) {
  auto tensor = Tensor::allocate(value.getShapedType().getShape(), elementType);
  if (!tensor)
    return tensor;
  auto bytes = copyElementData(value);
  if (!bytes || bytes->size() != tensor->data.size())
    return makeError("expected a constant whose data is present, got none (elided resources cannot be executed)");
  tensor->data = std::move(*bytes);
  return tensor;
}

Type reference::getResultElementType(Operation *op) {
  return cast<RankedTensorType>(op->getResult(0).getType()).getElementType();
}

llvm::Error reference::makeMultiplierError(float multiplier) {
  return makeError("expected a multiplier with a fixed-point form, in [2^-32, 2^29), got " +
                   llvm::Twine(std::to_string(multiplier)));
}

llvm::Expected<Requantizer> Requantizer::get(RequantMode mode, float multiplier, int32_t zp, int32_t lo, int32_t hi) {
  Requantizer r;
  r.mode = mode;
  r.multiplier = multiplier;
  r.zp = zp;
  r.lo = lo;
  r.hi = hi;
  if (mode == RequantMode::Float)
    return r;
  auto fixed = numerics::toFixedMultiplier(multiplier);
  if (!fixed)
    return makeMultiplierError(multiplier);
  r.fixed = *fixed;
  return r;
}

llvm::Expected<Requantizer> Requantizer::get(RequantMode mode, float multiplier, const QuantParams &to) {
  return get(mode, multiplier, to.getZeroPoint(), to.getMin(), to.getMax());
}

llvm::Expected<Adder> Adder::get(RequantMode mode, Term lhs, Term rhs, int32_t zp, int32_t lo, int32_t hi) {
  Adder a;
  a.mode = mode;
  a.real = numerics::toFloatAddition(lhs.scale, lhs.zp, rhs.scale, rhs.zp, zp);
  a.lhsZero = lhs.zp;
  a.rhsZero = rhs.zp;
  a.zp = zp;
  a.lo = lo;
  a.hi = hi;
  if (mode == RequantMode::Float)
    return a;
  auto fixed = numerics::toFixedAddition(lhs.scale, rhs.scale);
  if (!fixed)
    return makeMultiplierError(numerics::toFixedMultiplier(std::fabs(lhs.scale)) ? rhs.scale : lhs.scale);
  a.fixed = *fixed;
  return a;
}

std::vector<int32_t> reference::loadCentred(const Tensor &tensor, int32_t zeroPoint) {
  std::vector<int32_t> values = tensor.loadIntegers();
  for (int32_t &value : values)
    value -= zeroPoint;
  return values;
}

std::vector<int32_t> reference::loadCentred(const Tensor &tensor) {
  QuantParams params = *QuantParams::get(tensor.elementType);
  ChannelIndex channelOf(params, tensor.shape);
  std::vector<int32_t> values = tensor.loadIntegers();
  for (auto [i, value] : llvm::enumerate(values))
    value -= params.getZeroPoint(channelOf(int64_t(i)));
  return values;
}

llvm::Error reference::checkAccumulator(int64_t acc) {
  if (acc == int32_t(acc))
    return llvm::Error::success();
  return makeError("expected an accumulator within i32, got " + llvm::Twine(acc));
}

llvm::Error reference::checkFactorWidth(const Tensor &tensor) {
  auto type = dyn_cast<quant::QuantizedType>(tensor.elementType);
  if (!type || type.getStorageTypeIntegralWidth() <= 16)
    return llvm::Error::success();
  return makeError("expected factors stored in at most 16 bits, got " +
                   llvm::Twine(type.getStorageTypeIntegralWidth()));
}

Result reference::allocateFloat(ArrayRef<int64_t> shape, Operation *op) {
  return Tensor::allocate(shape, Float32Type::get(op->getContext()));
}

llvm::Error reference::checkElementTypes(Operation *op) {
  auto check = [](Type type) {
    Type element = getElementTypeOrSelf(type);
    return !isa<FloatType>(element) || element.isF32();
  };
  for (Type type : llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes()))
    if (!check(type)) {
      std::string text;
      llvm::raw_string_ostream(text) << getElementTypeOrSelf(type);
      return makeError("expected real values of f32, got " + text);
    }
  return llvm::Error::success();
}

SmallVector<int64_t> reference::getBroadcastStrides(ArrayRef<int64_t> shape, size_t rank) {
  SmallVector<int64_t> strides = getStrides(shape);
  for (auto [stride, extent] : llvm::zip(strides, shape))
    if (extent == 1)
      stride = 0;
  strides.insert(strides.begin(), rank - shape.size(), 0);
  return strides;
}

llvm::Expected<BroadcastOperands> BroadcastOperands::get(Operation *op, Operands operands) {
  const Tensor &lhs = *operands[0], &rhs = *operands[1];
  auto shape = getBroadcastShape(lhs.shape, rhs.shape);
  if (!shape)
    return makeError("expected shapes that broadcast, got " + formatShape(lhs.shape) + " and " +
                     formatShape(rhs.shape));
  auto result = Tensor::allocate(*shape, getResultElementType(op));
  if (!result)
    return result.takeError();
  return BroadcastOperands{lhs, rhs, getBroadcastStrides(lhs.shape, shape->size()),
                           getBroadcastStrides(rhs.shape, shape->size()), std::move(*result)};
}

void BroadcastOperands::run(ArrayRef<int32_t> left, ArrayRef<int32_t> right,
                            llvm::function_ref<int32_t(int32_t, int32_t)> compute) {
  std::vector<int32_t> values(result.getCount());
  forEach([&](int64_t i, int64_t a, int64_t b) { values[i] = compute(left[a], right[b]); });
  result.storeIntegers(values);
}
