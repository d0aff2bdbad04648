// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ConstantEmitter.h"

using namespace mlir;
using namespace nibble;

Value ConstantEmitter::i32(int64_t c) {
  return LLVM::ConstantOp::create(b, loc, b.getI32Type(), b.getI32IntegerAttr(int32_t(c)));
}

Value ConstantEmitter::i64(int64_t c) {
  return LLVM::ConstantOp::create(b, loc, b.getI64Type(), b.getI64IntegerAttr(c));
}

Value ConstantEmitter::f32(float c) { return LLVM::ConstantOp::create(b, loc, b.getF32Type(), b.getF32FloatAttr(c)); }

Value ConstantEmitter::null() { return LLVM::ZeroOp::create(b, loc, pointer); }

Value ConstantEmitter::addressOf(StringRef symbol) { return LLVM::AddressOfOp::create(b, loc, pointer, symbol); }

std::string ConstantEmitter::emitString(StringRef text) {
  std::string symbol = nextSymbol();
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(module.getBody());
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), text.size() + 1);
  LLVM::GlobalOp::create(b, loc, type, /*isConstant=*/true, LLVM::Linkage::Internal, symbol,
                         b.getStringAttr(text.str() + '\0'));
  return symbol;
}

/// An aggregate of these elements.
static Value join(OpBuilder &b, Location loc, Type type, ArrayRef<Value> elements) {
  Value value = LLVM::UndefOp::create(b, loc, type);
  for (auto [index, element] : llvm::enumerate(elements))
    value = LLVM::InsertValueOp::create(b, loc, value, element, int64_t(index));
  return value;
}

std::string ConstantEmitter::emitAggregate(Type type, Fill fill) {
  std::string symbol = nextSymbol();
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(module.getBody());
  auto global = LLVM::GlobalOp::create(b, loc, type, /*isConstant=*/true, LLVM::Linkage::Internal, symbol, Attribute());
  b.createBlock(&global.getInitializerRegion());
  SmallVector<Value> fields;
  fill(fields);
  LLVM::ReturnOp::create(b, loc, join(b, loc, type, fields));
  return symbol;
}

std::string ConstantEmitter::emitArray(Type element, size_t count,
                                       llvm::function_ref<void(size_t, SmallVectorImpl<Value> &)> fill) {
  return emitAggregate(LLVM::LLVMArrayType::get(element, count), [&](SmallVectorImpl<Value> &values) {
    for (size_t index = 0; index < count; ++index) {
      SmallVector<Value> fields;
      fill(index, fields);
      values.push_back(join(b, loc, element, fields));
    }
  });
}
