// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Building blocks of the plain kernels.

#include "nibble/Dialect/UKernel/Kernels.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace nibble::ukernel;

std::string nibble::ukernel::spell(Type type) {
  if (type.isF32())
    return "f32";
  std::string width = std::to_string(type.getIntOrFloatBitWidth());
  return (type.isUnsignedInteger() ? "u" : "s") + width;
}

std::string nibble::ukernel::getGenericKey(Operation *op) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << op->getName();
  for (Type type : op->getOperandTypes())
    os << " " << type;
  os << " ->";
  for (Type type : op->getResultTypes())
    os << " " << type;
  for (NamedAttribute attr : op->getAttrs())
    if (attr.getName() != "offset" && attr.getName() != "output")
      os << " " << attr.getName().getValue() << "=" << attr.getValue();
  return key;
}

void nibble::ukernel::getOriginArguments(Operation *op, SmallVectorImpl<KernelArgument> &arguments) {
  auto add = [&](Value value) {
    auto type = cast<BufferType>(value.getType());
    arguments.push_back({value, type.getOrigin() * type.getElementBytes()});
  };
  for (Value operand : op->getOperands())
    add(operand);
  add(op->getResult(0));
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

KernelFunction::KernelFunction(OpBuilder &builder, Location loc, StringRef symbol, unsigned count,
                               llvm::function_ref<void(KernelFunction &, Value)> tile)
    : b(builder), loc(loc) {
  OpBuilder::InsertionGuard guard(b);
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto type = b.getFunctionType({pointer, b.getI64Type(), b.getI64Type()}, {});
  auto function = func::FuncOp::create(b, loc, symbol, type);
  function.setPrivate();
  Block *entry = function.addEntryBlock();
  b.setInsertionPointToStart(entry);
  for (unsigned i = 0; i < count; ++i) {
    Value slot =
        LLVM::GEPOp::create(b, loc, pointer, pointer, entry->getArgument(0), ArrayRef<LLVM::GEPArg>{int32_t(i)});
    pointers.push_back(LLVM::LoadOp::create(b, loc, pointer, slot));
  }
  loop(entry->getArgument(1), entry->getArgument(2), 1, [&](Value i) { tile(*this, i); });
  func::ReturnOp::create(b, loc);
}

Value KernelFunction::index(int64_t c) { return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(c)); }

Value KernelFunction::add(Value x, Value y) {
  return arith::AddIOp::create(b, loc, x, y, arith::IntegerOverflowFlags::nsw);
}

Value KernelFunction::mul(Value x, int64_t y) {
  return arith::MulIOp::create(b, loc, x, index(y), arith::IntegerOverflowFlags::nsw);
}

Value KernelFunction::min(Value x, Value y) { return arith::MinSIOp::create(b, loc, x, y); }
Value KernelFunction::max(Value x, Value y) { return arith::MaxSIOp::create(b, loc, x, y); }

void KernelFunction::loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body) {
  auto op = scf::ForOp::create(b, loc, from, to, index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  body(op.getInductionVar());
}

SmallVector<Value> KernelFunction::reduce(Value from, Value to, int64_t step, ValueRange init,
                                          llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto op = scf::ForOp::create(b, loc, from, to, index(step), init);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  SmallVector<Value> next = body(op.getInductionVar(), op.getRegionIterArgs());
  scf::YieldOp::create(b, loc, next);
  return SmallVector<Value>(op.getResults());
}

void KernelFunction::branch(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise) {
  auto op = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/bool(otherwise));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  then();
  if (!otherwise)
    return;
  b.setInsertionPointToStart(op.elseBlock());
  otherwise();
}

Value KernelFunction::choose(Value condition, llvm::function_ref<Value()> then, Value otherwise) {
  auto op = scf::IfOp::create(b, loc, TypeRange{otherwise.getType()}, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  scf::YieldOp::create(b, loc, then());
  b.setInsertionPointToStart(op.elseBlock());
  scf::YieldOp::create(b, loc, otherwise);
  return op.getResult(0);
}

void KernelFunction::vectorLoop(int64_t n, llvm::function_ref<void(Value, int64_t)> body) {
  int64_t done = 0;
  for (int64_t lanes : {16, 4, 1}) {
    int64_t turns = (n - done) / lanes, end = done + turns * lanes;
    if (turns == 1)
      body(index(done), lanes);
    else if (turns > 1)
      loop(index(done), index(end), lanes, [&](Value i) { body(i, lanes); });
    done = end;
  }
}

SmallVector<Value> KernelFunction::delinearize(Value i, ArrayRef<int64_t> shape) {
  SmallVector<Value> indices(shape.size());
  for (int d = int(shape.size()) - 1; d > 0; --d) {
    Value extent = index(shape[d]);
    indices[d] = arith::RemUIOp::create(b, loc, i, extent);
    i = arith::DivUIOp::create(b, loc, i, extent);
  }
  if (!shape.empty())
    indices[0] = i;
  return indices;
}

Value KernelFunction::address(unsigned pointer, Value element, int64_t elementBytes) {
  Type byte = b.getI8Type();
  Value offset = elementBytes == 1 ? element : mul(element, elementBytes);
  return LLVM::GEPOp::create(b, loc, pointers[pointer].getType(), byte, pointers[pointer],
                             ArrayRef<LLVM::GEPArg>{offset});
}

/// The type that memory holds, without a sign.
static Type getStorage(Type type) {
  return type.isF32() ? type : Type(IntegerType::get(type.getContext(), type.getIntOrFloatBitWidth()));
}

Value KernelFunction::load(unsigned pointer, Value element, Type type, int64_t lanes, bool broadcast, bool raw) {
  IRArith a(b, loc, lanes);
  Type storage = getStorage(type);
  int64_t bytes = storage.getIntOrFloatBitWidth() / 8;
  Value where = address(pointer, element, bytes);
  Value value = LLVM::LoadOp::create(b, loc, broadcast ? storage : a.shaped(storage), where, /*alignment=*/bytes);
  if (broadcast && lanes > 1)
    value = vector::BroadcastOp::create(b, loc, a.shaped(storage), value);
  if (raw || storage.getIntOrFloatBitWidth() == 32)
    return value;
  Type wide = a.shaped(b.getI32Type());
  return type.isUnsignedInteger() ? Value(arith::ExtUIOp::create(b, loc, wide, value))
                                  : Value(arith::ExtSIOp::create(b, loc, wide, value));
}

void KernelFunction::store(unsigned pointer, Value element, Type type, int64_t lanes, Value value, bool raw) {
  IRArith a(b, loc, lanes);
  Type storage = getStorage(type);
  int64_t bytes = storage.getIntOrFloatBitWidth() / 8;
  if (!raw && bytes == 1)
    value = arith::TruncIOp::create(b, loc, a.shaped(storage), value);
  LLVM::StoreOp::create(b, loc, value, address(pointer, element, bytes), /*alignment=*/bytes);
}
