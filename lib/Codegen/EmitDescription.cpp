// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The constant description of a model.

#include "ConstantEmitter.h"
#include "ProgramEmitter.h"

#include "nibble/Codegen/Dtypes.h"
#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Runtime/nibble_abi.h"
#include "nibble/Support/PortAttrs.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

namespace {
class DescriptionEmitter : ConstantEmitter {
public:
  DescriptionEmitter(ModuleOp module, const Program &program)
      : ConstantEmitter(module, program.name + "_d"), program(program) {}

  void emit(ArrayRef<TargetSpec> targets);

private:
  std::string emitTensors(bool inputs);
  void fillTensor(SmallVectorImpl<Value> &fields, DictionaryAttr attrs, BufferType type);
  Type getTensorType() {
    Type i32 = b.getI32Type();
    return LLVM::LLVMStructType::getLiteral(b.getContext(),
                                            {pointer, pointer, pointer, i32, i32, i32, i32, b.getF32Type(), i32});
  }
  void emitFunctions(StringRef desc);
  void emitArenaBytes();
  void emitShapes();
  void emitStates();
  std::string emitCapacity(const Program::StatePort &state);
  /// The value of an extent by the array `dims`.
  Value emitValue(const Extent &extent, Value dims) { return nibble::emitValue(b, loc, extent, dims); }

  const Program &program;
};
} // namespace

void DescriptionEmitter::fillTensor(SmallVectorImpl<Value> &fields, DictionaryAttr attrs, BufferType type) {
  const SmallVector<Extent> dims = program.getShape(type, attrs);
  std::string nameSymbol = emitString(getPortName(attrs));
  std::string dimsSymbol = emitAggregate(LLVM::LLVMArrayType::get(b.getI64Type(), dims.size()), [&](auto &values) {
    for (const Extent &extent : dims)
      values.push_back(i64(extent.getStaticOr(-1)));
  });
  SmallVector<std::string> nameSymbols;
  for (size_t i = 0; i < dims.size(); ++i)
    nameSymbols.push_back(emitString(getDimName(attrs, i).empty() && !dims[i].isStatic() ? program.spell(dims[i])
                                                                                         : getDimName(attrs, i).str()));
  std::string namesSymbol = emitAggregate(LLVM::LLVMArrayType::get(pointer, dims.size()), [&](auto &values) {
    for (const std::string &symbol : nameSymbols)
      values.push_back(addressOf(symbol));
  });
  auto scale = attrs ? attrs.getAs<FloatAttr>("nibble.scale") : FloatAttr();
  auto zeroPoint = attrs ? attrs.getAs<IntegerAttr>("nibble.zero_point") : IntegerAttr();
  auto layout = attrs ? attrs.getAs<StringAttr>("nibble.layout") : StringAttr();
  int64_t order = !layout ? NIBBLE_LAYOUT_NONE : layout == "nhwc" ? NIBBLE_LAYOUT_NHWC : NIBBLE_LAYOUT_NCHW;
  fields.append({addressOf(nameSymbol), addressOf(dimsSymbol), addressOf(namesSymbol), i32(type.getRank()),
                 i32(getDtype(*getElementKind(type.getElementType()))), i32(order), i32(type.getElementBytes()),
                 f32(scale ? scale.getValueAsDouble() : 0), i32(zeroPoint ? zeroPoint.getInt() : 0)});
}

std::string DescriptionEmitter::emitTensors(bool inputs) {
  func::FuncOp function = program.function;
  ArrayRef<Type> types = inputs ? function.getArgumentTypes() : function.getResultTypes();
  return emitArray(getTensorType(), types.size(), [&](size_t index, SmallVectorImpl<Value> &fields) {
    DictionaryAttr attrs = inputs ? function.getArgAttrDict(index) : function.getResultAttrDict(index);
    fillTensor(fields, attrs, cast<BufferType>(types[index]));
  });
}

void DescriptionEmitter::emitFunctions(StringRef desc) {
  b.setInsertionPointToEnd(module.getBody());
  auto describe = func::FuncOp::create(b, loc, program.name + "_describe", b.getFunctionType({}, {pointer}));
  b.setInsertionPointToStart(describe.addEntryBlock());
  func::ReturnOp::create(b, loc, addressOf(desc));
  emitArenaBytes();
  if (program.getDimCount() > 0)
    emitShapes();
  if (!program.getStates().empty())
    emitStates();
}

/// `uint64_t arena_bytes(const int64_t *dims)`
void DescriptionEmitter::emitArenaBytes() {
  b.setInsertionPointToEnd(module.getBody());
  auto arena =
      func::FuncOp::create(b, loc, program.name + "_arena_bytes", b.getFunctionType({pointer}, {b.getI64Type()}));
  b.setInsertionPointToStart(arena.addEntryBlock());
  const auto isBounded = [&](unsigned i) { return program.getBound(i) > 0; };
  const Extent largest = program.getLargestArena();
  if (largest.isStatic() && program.specializations.empty() &&
      llvm::none_of(llvm::seq(program.getDimCount()), isBounded)) {
    Value bytes = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(largest.getStatic()));
    func::ReturnOp::create(b, loc, bytes);
    return;
  }
  Value dims = arena.getArgument(0);
  Value isNull = LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::eq, dims, LLVM::ZeroOp::create(b, loc, pointer));
  auto choice = scf::IfOp::create(b, loc, b.getI64Type(), isNull, /*withElseRegion=*/true);
  auto most = [&]() -> Value { return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(-1)); };
  b.setInsertionPointToStart(choice.thenBlock());
  scf::YieldOp::create(b, loc, largest.isStatic() ? emitValue(largest, dims) : most());
  b.setInsertionPointToStart(choice.elseBlock());
  Value bytes = nibble::emitArenaBytes(b, loc, program, dims);
  if (Value isRefused = emitIsRefused(b, loc, program, dims))
    bytes = arith::SelectOp::create(b, loc, isRefused, most(), bytes);
  scf::YieldOp::create(b, loc, bytes);
  b.setInsertionPointAfter(choice);
  func::ReturnOp::create(b, loc, choice.getResult(0));
}

/// `int32_t shape(const int64_t *dims, uint32_t output, int64_t *extents)`
void DescriptionEmitter::emitShapes() {
  b.setInsertionPointToEnd(module.getBody());
  Type i32Type = b.getI32Type();
  auto shape =
      func::FuncOp::create(b, loc, program.name + "_shape", b.getFunctionType({pointer, i32Type, pointer}, {i32Type}));
  b.setInsertionPointToStart(shape.addEntryBlock());
  func::FuncOp function = program.function;
  for (auto [index, type] : llvm::enumerate(function.getResultTypes())) {
    Value isThis = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, shape.getArgument(1), i32(index));
    auto branch = scf::IfOp::create(b, loc, isThis, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    for (auto [dim, extent] : llvm::enumerate(program.getShape(type, function.getResultAttrDict(index)))) {
      Value slot = LLVM::GEPOp::create(b, loc, pointer, b.getI64Type(), shape.getArgument(2),
                                       ArrayRef<LLVM::GEPArg>{int32_t(dim)});
      LLVM::StoreOp::create(b, loc, emitValue(extent, shape.getArgument(0)), slot);
    }
  }
  Value exists =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, shape.getArgument(1), i32(function.getNumResults()));
  func::ReturnOp::create(
      b, loc, ValueRange{arith::SelectOp::create(b, loc, exists, i32(NIBBLE_OK), i32(NIBBLE_ERROR_DIMENSION))});
}

/// The extents of a state's buffer.
std::string DescriptionEmitter::emitCapacity(const Program::StatePort &state) {
  SmallVector<Extent> extents = program.getShape(state.type, program.function.getArgAttrDict(state.input));
  if (state.type.hasCapacity())
    extents[state.type.getAxis()] = state.type.getCapacity();
  return emitAggregate(LLVM::LLVMArrayType::get(b.getI64Type(), extents.size()), [&](auto &values) {
    for (const Extent &extent : extents)
      values.push_back(i64(extent.getStaticOr(-1)));
  });
}

/// `const nibble_state_desc *states(uint32_t *count)`
void DescriptionEmitter::emitStates() {
  const SmallVector<Program::StatePort> states = program.getStates();
  std::vector<std::string> capacities;
  for (const Program::StatePort &state : states)
    capacities.push_back(emitCapacity(state));
  Type i32Type = b.getI32Type();
  auto type = LLVM::LLVMStructType::getLiteral(b.getContext(), {i32Type, i32Type, i32Type, i32Type, pointer});
  std::string table = emitArray(type, states.size(), [&](size_t index, SmallVectorImpl<Value> &fields) {
    const Program::StatePort &state = states[index];
    const int64_t rank = state.type.getRank(), axis = state.type.hasCapacity() ? state.type.getAxis() : rank;
    fields.append({i32(state.input), i32(state.output), i32(axis), i32(rank), addressOf(capacities[index])});
  });
  b.setInsertionPointToEnd(module.getBody());
  auto function = func::FuncOp::create(b, loc, program.name + "_states", b.getFunctionType({pointer}, {pointer}));
  b.setInsertionPointToStart(function.addEntryBlock());
  LLVM::StoreOp::create(b, loc, i32(states.size()), function.getArgument(0));
  func::ReturnOp::create(b, loc, addressOf(table));
}

void DescriptionEmitter::emit(ArrayRef<TargetSpec> targets) {
  std::string isas;
  for (const TargetSpec &target : targets)
    isas += (isas.empty() ? "" : ",") + target.isa;
  std::string strings[] = {emitString(program.name), emitString(isas),
                           emitString(program.getString("nibble.model_hash")),
                           emitString(program.getString("nibble.plan_hash"))};
  std::string inputs = emitTensors(true), outputs = emitTensors(false);
  Type i32Type = b.getI32Type(), i64Type = b.getI64Type();
  auto type = LLVM::LLVMStructType::getLiteral(b.getContext(), {i32Type, i32Type, i32Type, i32Type, pointer, pointer,
                                                                pointer, pointer, i64Type, i64Type, pointer, pointer});
  std::string desc = emitAggregate(type, [&](SmallVectorImpl<Value> &fields) {
    fields.append({i32(NIBBLE_ABI_VERSION), i32(program.function.getNumArguments()),
                   i32(program.function.getNumResults()), i32(program.getDimCount())});
    for (const std::string &symbol : strings)
      fields.push_back(addressOf(symbol));
    fields.append({i64(program.getLargestArena().getStaticOr(0)), i64(program.weights.getSize()), addressOf(inputs),
                   addressOf(outputs)});
  });
  emitFunctions(desc);
}

void nibble::emitDescription(ModuleOp module, const Program &program, ArrayRef<TargetSpec> targets) {
  DescriptionEmitter(module, program).emit(targets);
}
