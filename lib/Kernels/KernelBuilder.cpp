// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "KernelBuilder.h"
#include "CUDA/Device.h"
#include "nibble/Kernels/EmitExtent.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

Value KernelBuilder::splat(Type type, int64_t value) {
  Type element = getElementTypeOrSelf(type);
  Attribute attr = getIntegerAttr(element, APInt(element.getIntOrFloatBitWidth(), value, true, true));
  if (auto vector = dyn_cast<VectorType>(type))
    attr = SplatElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(*this, cast<TypedAttr>(attr));
}

Value KernelBuilder::splat(Type type, float value) {
  Attribute attr = getF32FloatAttr(value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = SplatElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(*this, cast<TypedAttr>(attr));
}

//===----------------------------------------------------------------------===//
// Extents
//===----------------------------------------------------------------------===//

void KernelBuilder::enter(Block *block) {
  entry = block;
  setInsertionPointToStart(block);
}

Value KernelBuilder::atEntry(llvm::function_ref<Value()> emit) {
  OpBuilder::InsertionGuard guard(*this);
  if (lastAtEntry)
    setInsertionPointAfter(lastAtEntry);
  else
    setInsertionPointToStart(entry);
  Value value = emit();
  lastAtEntry = value.getDefiningOp();
  return value;
}

Value KernelBuilder::dimension(unsigned index) {
  const int64_t pointerBytes = isa.pointerBits() / 8;
  if (!dimensions)
    dimensions = load(ptr(), at(entry->getArgument(0), -pointerBytes), pointerBytes);
  Value value = load(i64(), at(dimensions, 8 * index), 8);
  return isa.pointerBits() == 64 ? value : Value(create<arith::TruncIOp>(this->index(), value));
}

Value KernelBuilder::constant(const Extent &extent) {
  if (extent.isStatic())
    return arith::ConstantIntOp::create(*this, index(), extent.getStatic());
  for (const auto &[known, value] : dynamicValues)
    if (known == extent)
      return value;
  Value value =
      atEntry([&] { return emitExtent(*this, getLoc(), extent, index(), [&](unsigned i) { return dimension(i); }); });
  dynamicValues.push_back({extent, value});
  return value;
}

Value KernelBuilder::floats(VectorType type, const Extent &extent) {
  if (extent.isStatic())
    return splat(type, float(extent.getStatic()));
  return create<vector::BroadcastOp>(type, create<arith::SIToFPOp>(f32(), constant(extent)));
}

Value KernelBuilder::stackMemory(int64_t bytes) {
  return atEntry([&]() -> Value {
    Value count = create<arith::ConstantIntOp>(index(), bytes);
    return LLVM::AllocaOp::create(*this, ptr(), i8(), count, /*alignment=*/64);
  });
}

Value KernelBuilder::addMul(Value base, Value value, const Extent &factor) {
  return add(base, mul(value, constant(factor)));
}

Value KernelBuilder::takeDigit(Value &number, const Extent &count) {
  if (!isa.isGPU()) {
    Value base = constant(count), digit = create<arith::RemUIOp>(number, base);
    number = create<arith::DivUIOp>(number, base);
    return digit;
  }
  // Numbers of items have 31 bits, and a GPU divides 64 in a hundred instructions.
  Value small = create<arith::TruncIOp>(i32(), number), base = splat(i32(), count.getStatic());
  number = create<arith::ExtUIOp>(index(), create<arith::DivUIOp>(small, base));
  return create<arith::ExtUIOp>(index(), create<arith::RemUIOp>(small, base));
}

Value KernelBuilder::at(Value pointer, const Extent &offset) {
  if (offset == 0)
    return pointer;
  if (!offset.isStatic() || !llvm::isInt<32>(offset.getStatic()))
    return at(pointer, constant(offset));
  return LLVM::GEPOp::create(*this, pointer.getType(), i8(), pointer,
                             ArrayRef<LLVM::GEPArg>{int32_t(offset.getStatic())});
}

Value KernelBuilder::at(Value pointer, Value offset) {
  return LLVM::GEPOp::create(*this, pointer.getType(), i8(), pointer, ArrayRef<LLVM::GEPArg>{offset});
}

Value KernelBuilder::load(Type type, Value pointer, unsigned alignment) {
  return LLVM::LoadOp::create(*this, type, pointer, alignment);
}

void KernelBuilder::store(Value value, Value pointer, unsigned alignment) {
  LLVM::StoreOp::create(*this, value, pointer, alignment);
}

Value KernelBuilder::argument(Value args, int64_t index) {
  launch.arguments = std::max(launch.arguments, index + 1);
  Value pointer = load(ptr(), at(args, isa.pointerBits() / 8 * index), isa.pointerBits() / 8);
  if (args == entry->getArgument(0) && alignmentOf(index) > 1)
    LLVM::AssumeOp::create(*this, splat(getI1Type(), int64_t(1)), LLVM::AssumeAlignTag(), pointer,
                           constant64(alignmentOf(index)));
  return pointer;
}

Value KernelBuilder::broadcastLoad(VectorType type, Value pointer) {
  return vector::BroadcastOp::create(*this, type, load(type.getElementType(), pointer));
}

Value KernelBuilder::bitcast(Value vector, Type element) {
  auto from = cast<VectorType>(vector.getType());
  int64_t bits = from.getNumElements() * from.getElementTypeBitWidth();
  return vector::BitCastOp::create(*this, vec(bits / element.getIntOrFloatBitWidth(), element), vector);
}

Value KernelBuilder::shuffle(Value a, Value b, ArrayRef<int64_t> indices) {
  return vector::ShuffleOp::create(*this, a, b, indices);
}

Value KernelBuilder::slice(Value vector, int64_t first, int64_t count) {
  if (first == 0 && count == lanesOf(vector))
    return vector;
  return shuffle(vector, vector, llvm::to_vector(llvm::seq<int64_t>(first, first + count)));
}

void KernelBuilder::storePart(Value vector, int64_t count, Value pointer) {
  const int64_t bytes = cast<VectorType>(vector.getType()).getElementTypeBitWidth() / 8;
  for (int64_t done = 0; done < count;) {
    const int64_t part = llvm::bit_floor(uint64_t(count - done));
    store(slice(vector, done, part), at(pointer, done * bytes));
    done += part;
  }
}

Value KernelBuilder::intrinsic(StringRef name, Type result, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(*this, result, getStringAttr(name), operands).getResult(0);
}

Value KernelBuilder::maxFloat(Value a, Value b) {
  return create<arith::SelectOp>(create<arith::CmpFOp>(arith::CmpFPredicate::OLT, a, b), b, a);
}

Value KernelBuilder::minFloat(Value a, Value b) {
  return create<arith::SelectOp>(create<arith::CmpFOp>(arith::CmpFPredicate::OGT, a, b), b, a);
}

Value KernelBuilder::clampNumber(Value x, Value low, Value high) {
  if (isa.isGPU()) // whose instructions give the other operand in place of a NaN
    return create<arith::MinNumFOp>(create<arith::MaxNumFOp>(x, low), high);
  return minFloat(maxFloat(x, low), high);
}

Values KernelBuilder::loop(const Extent &count, ValueRange carried,
                           llvm::function_ref<Values(Value, ValueRange)> body) {
  if (count == 1)
    return body(constant(0), carried);
  auto op = scf::ForOp::create(*this, constant(0), constant(count), constant(1), carried);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.getBody());
  Values results = body(op.getInductionVar(), op.getRegionIterArgs());
  if (!results.empty())
    scf::YieldOp::create(*this, results);
  return llvm::to_vector_of<Value>(op.getResults());
}

void KernelBuilder::loop(Value begin, Value end, llvm::function_ref<void(Value)> body) {
  auto op = scf::ForOp::create(*this, begin, end, constant(1));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.getBody());
  body(op.getInductionVar());
}

void KernelBuilder::loop(const Extent &count, llvm::function_ref<void(Value)> body) {
  loop(count, {}, [&](Value iv, ValueRange) {
    body(iv);
    return Values();
  });
}

Values KernelBuilder::when(Value condition, ValueRange carried, llvm::function_ref<Values()> body) {
  if (carried.empty()) {
    when(condition, [&] { body(); });
    return {};
  }
  auto branch = scf::IfOp::create(*this, carried.getTypes(), condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(*this, body());
  setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(*this, carried);
  return llvm::to_vector_of<Value>(branch.getResults());
}

void KernelBuilder::when(Value condition, llvm::function_ref<void()> body) {
  auto branch = scf::IfOp::create(*this, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(branch.thenBlock());
  body();
}

void KernelBuilder::whenElse(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise) {
  auto branch = scf::IfOp::create(*this, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(branch.thenBlock());
  then();
  setInsertionPointToStart(branch.elseBlock());
  otherwise();
}

func::FuncOp nibble::kernels::defineKernel(OpBuilder &builder, Location loc, StringRef symbol, const ISA &isa,
                                           const Extent &tiles,
                                           llvm::function_ref<void(KernelBuilder &, Value, Value, Value)> body) {
  if (isa.isGPU())
    return defineDeviceKernel(builder, loc, symbol, isa, tiles, body);
  KernelBuilder b(loc, builder, isa);
  OpBuilder::InsertionGuard guard(b);
  auto function = func::FuncOp::create(b, symbol, b.getFunctionType({b.ptr(), b.index(), b.index()}, {}));
  Block *entry = function.addEntryBlock();
  b.enter(entry);
  body(b, entry->getArgument(0), entry->getArgument(1), entry->getArgument(2));
  func::ReturnOp::create(b);
  return function;
}
