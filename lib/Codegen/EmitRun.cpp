// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels and the run function of one instruction set.

#include "FloatState.h"
#include "ProgramEmitter.h"

#include "nibble/Dialect/UKernel/Control.h"
#include "nibble/Dialect/UKernel/Kernels.h"
#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Kernels/EmitExtent.h"
#include "nibble/Runtime/nibble_abi.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

namespace {

/// Emits each distinct kernel once, by name and key.
class KernelTable {
public:
  KernelTable(ModuleOp module, const Program &program, const kernels::ISA &isa)
      : module(module), program(program), isa(isa), builder(module.getBodyRegion()) {
    builder.setInsertionPointToEnd(module.getBody());
  }

  FailureOr<func::FuncOp> get(KernelOp op) {
    return getOrEmit(op.getKernelName(isa), kernels::kernelKey(op.getKernelParams(), isa),
                     [&](StringRef symbol) { return op.emitKernel(builder, symbol, isa); });
  }

  func::FuncOp getHalo(Location loc, const kernels::HaloParams &params) {
    auto emit = [&](StringRef symbol) {
      kernels::emitHalo(builder, loc, symbol, params, isa);
      return success();
    };
    return *getOrEmit(kernels::haloKernelName(params, isa), kernels::haloKernelKey(params), emit);
  }

private:
  FailureOr<func::FuncOp> getOrEmit(StringRef name, StringRef key, llvm::function_ref<LogicalResult(StringRef)> emit) {
    func::FuncOp &entry = functions[{name.str(), key.str()}];
    if (entry)
      return entry;
    std::string symbol = program.name + "_k" + std::to_string(functions.size()) + "_" + name.str();
    builder.setInsertionPointToEnd(module.getBody());
    if (failed(emit(symbol)))
      return failure();
    entry = module.lookupSymbol<func::FuncOp>(symbol);
    assert(entry && "a kernel has the symbol that it was asked for");
    return entry;
  }

  ModuleOp module;
  const Program &program;
  const kernels::ISA &isa;
  OpBuilder builder;
  std::map<std::pair<std::string, std::string>, func::FuncOp> functions;
};

/// The function for one sample: `void sample(inputs, outputs, arena, parallel_for, data, index)`, and `dims` last where
/// shapes depend on them.
class SampleEmitter {
public:
  SampleEmitter(ModuleOp module, const Program &program, KernelTable &kernels, const kernels::ISA &isa)
      : module(module), program(program), kernels(kernels), isa(isa), b(module.getContext()), loc(module.getLoc()),
        pointer(LLVM::LLVMPointerType::get(module.getContext())) {}

  FailureOr<func::FuncOp> emit();

private:
  Value constant(int64_t c) { return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(c)); }
  /// The value of an extent, computed once.
  Value valueOf(const Extent &extent);
  Value offset(Value base, const Extent &bytes) {
    if (bytes == 0)
      return base;
    return LLVM::GEPOp::create(b, loc, pointer, b.getI8Type(), base, ArrayRef<LLVM::GEPArg>{valueOf(bytes)});
  }
  /// A number of tiles.
  Value tileCount(const Extent &count) {
    if (!count.isStatic())
      return valueOf(count); // machines with 64 bits alone have such
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(b.getIntegerType(isa.pointerBits()), count.getStatic()));
  }
  Value loadBuffer(Value array, unsigned index, Type type, bool shared);
  Value getPointer(Value value);
  Value inArena(Attribute bytes) { return offset(function.getArgument(2), getExtent(bytes)); }
  Value getElementPointer(LoopOp loop, Value whole, Value base, bool isReversed);
  Value getArgumentPointer(BlockArgument argument);
  Value getYieldedPointer(Operation *control, unsigned index);
  Value emitTable(ArrayRef<int32_t> table);
  void call(func::FuncOp kernel, ArrayRef<Value> arguments, const Extent &tiles);
  void makeArguments();
  Value loadWeights();
  LogicalResult emitCall(KernelOp op);
  LogicalResult emitBlock(Block &block);
  LogicalResult emitBranch(Block &block);
  LogicalResult emitIteration(LoopOp loop, Value number);
  LogicalResult emitLoop(LoopOp loop);
  LogicalResult emitConditionalLoop(LoopOp loop);
  LogicalResult emitIf(IfOp branch);
  Value countIterations(LoopOp loop);
  Value isTrue(Value flag);
  unsigned countArguments();

  ModuleOp module;
  const Program &program;
  KernelTable &kernels;
  const kernels::ISA &isa;
  OpBuilder b;
  Location loc;
  Type pointer;
  func::FuncOp function;
  Value weights, argumentArray;
  Value dims; // null where shapes do not depend on them
  SmallVector<Value> dimValues;
  SmallVector<std::pair<Extent, Value>> extents;
  DenseMap<Operation *, Value> numbers; // of the iterations of loops that are open
  Value threaded;                       // null where there are no threads
  llvm::StringMap<std::string> tables;
  SmallVector<Value> inputs, outputs;
};

} // namespace

Value SampleEmitter::valueOf(const Extent &extent) {
  if (extent.isStatic())
    return constant(extent.getStatic());
  for (const auto &[known, value] : extents)
    if (known == extent)
      return value;
  Value value = kernels::emitExtent(b, loc, extent, b.getI64Type(), [&](unsigned index) { return dimValues[index]; });
  extents.push_back({extent, value});
  return value;
}

// Element `index` of an array of buffers, for this sample. `shared`: all samples have the same.
Value SampleEmitter::loadBuffer(Value array, unsigned index, Type type, bool shared) {
  Value slot = LLVM::GEPOp::create(b, loc, pointer, pointer, array, ArrayRef<LLVM::GEPArg>{int32_t(index)});
  Value base = LLVM::LoadOp::create(b, loc, pointer, slot);
  if (shared)
    return base;
  Value bytes = arith::MulIOp::create(b, loc, function.getArgument(5), valueOf(cast<BufferType>(type).getBytes()));
  return LLVM::GEPOp::create(b, loc, pointer, b.getI8Type(), base, ArrayRef<LLVM::GEPArg>{bytes});
}

Value SampleEmitter::getPointer(Value value) {
  while (auto view = value.getDefiningOp<ViewOp>())
    value = view.getInput();
  if (auto argument = dyn_cast<BlockArgument>(value))
    return getArgumentPointer(argument);
  Operation *op = value.getDefiningOp();
  if (auto offsets = op->getAttrOfType<ArrayAttr>("offsets"))
    return inArena(offsets[cast<OpResult>(value).getResultNumber()]);
  if (auto yielded = op->getAttrOfType<IntegerAttr>(kYieldedAttr))
    return getYieldedPointer(op->getParentOp(), yielded.getInt());
  if (auto constant = dyn_cast<ukernel::ConstantOp>(op))
    return offset(weights, program.weights.getOffset(constant));
  if (auto output = op->getAttrOfType<IntegerAttr>("output"))
    return outputs[output.getInt()];
  return inArena(op->getAttr("offset"));
}

/// Where the iteration's element of `whole`, which begins at `base`, lies.
Value SampleEmitter::getElementPointer(LoopOp loop, Value whole, Value base, bool isReversed) {
  auto type = cast<BufferType>(whole.getType());
  const Extent bytes = product(type.getShape().drop_front()) * Extent(type.getElementBytes());
  Value number = numbers.lookup(loop);
  if (isReversed) {
    Value last = arith::SubIOp::create(b, loc, countIterations(loop), constant(1));
    number = arith::SubIOp::create(b, loc, last, number);
  }
  Value distance = arith::MulIOp::create(b, loc, number, valueOf(bytes));
  return LLVM::GEPOp::create(b, loc, pointer, b.getI8Type(), base, ArrayRef<LLVM::GEPArg>{distance});
}

Value SampleEmitter::getArgumentPointer(BlockArgument argument) {
  auto loop = dyn_cast<LoopOp>(argument.getOwner()->getParentOp());
  const unsigned index = argument.getArgNumber();
  if (!loop)
    return inputs[index];
  if (index == 0)
    return inArena(loop->getAttr("number"));
  const unsigned carried = loop.getInits().size();
  if (index <= carried)
    return inArena(loop->getAttrOfType<ArrayAttr>("offsets")[index - 1]);
  const unsigned element = index - 1 - carried;
  Value whole = loop.getScanned()[element];
  return getElementPointer(loop, whole, getPointer(whole), loop.getReversed()[element]);
}

/// Where a body writes what it yields.
Value SampleEmitter::getYieldedPointer(Operation *control, unsigned index) {
  Value base = inArena(control->getAttrOfType<ArrayAttr>("offsets")[index]);
  auto loop = dyn_cast<LoopOp>(control);
  const unsigned carried = loop ? loop.getInits().size() : 0;
  if (!loop || index < carried)
    return base;
  return getElementPointer(loop, loop.getResult(index), base,
                           loop.getReversed()[loop.getScanned().size() + index - carried]);
}

void SampleEmitter::call(func::FuncOp kernel, ArrayRef<Value> arguments, const Extent &tiles) {
  for (auto [index, argument] : llvm::enumerate(arguments)) {
    Value slot = LLVM::GEPOp::create(b, loc, pointer, pointer, argumentArray, ArrayRef<LLVM::GEPArg>{int32_t(index)});
    LLVM::StoreOp::create(b, loc, argument, slot);
  }
  if (!tiles.isStatic())
    valueOf(tiles); // before the branch, for all calls behind it
  const auto callAll = [&] {
    func::CallOp::create(b, loc, kernel, ValueRange{argumentArray, tileCount(0), tileCount(tiles)});
  };
  if (!threaded)
    return callAll();
  auto branch = scf::IfOp::create(b, loc, threaded, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  Value symbol = func::ConstantOp::create(b, loc, kernel.getFunctionType(), kernel.getSymName());
  Value address = UnrealizedConversionCastOp::create(b, loc, pointer, symbol).getResult(0);
  auto type =
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), {pointer, pointer, pointer, b.getI64Type()});
  LLVM::CallOp::create(
      b, loc, type,
      ValueRange{function.getArgument(3), function.getArgument(4), address, argumentArray, valueOf(tiles)});
  b.setInsertionPointToStart(branch.elseBlock());
  callAll();
}

/// The address of a constant with the numbers that a shared kernel reads; equal ones are there once.
Value SampleEmitter::emitTable(ArrayRef<int32_t> table) {
  StringRef key(reinterpret_cast<const char *>(table.data()), table.size() * sizeof(int32_t));
  auto [entry, isNew] = tables.try_emplace(key, program.name + "_t" + std::to_string(tables.size()));
  if (isNew) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    auto type = LLVM::LLVMArrayType::get(b.getI32Type(), table.size());
    LLVM::GlobalOp::create(b, loc, type, /*isConstant=*/true, LLVM::Linkage::Internal, entry->second,
                           b.getI32TensorAttr(table), /*alignment=*/4);
  }
  return LLVM::AddressOfOp::create(b, loc, pointer, entry->second);
}

LogicalResult SampleEmitter::emitCall(KernelOp op) {
  auto type = cast<BufferType>(op->getResult(0).getType());
  if (type.hasHalo()) {
    kernels::HaloParams halo = getHaloParams(type);
    KernelArgument image = getOrigin(op->getResult(0));
    call(kernels.getHalo(op.getLoc(), halo), offset(getPointer(image.value), image.offset),
         kernels::haloTileCount(halo));
  }
  FailureOr<func::FuncOp> kernel = kernels.get(op);
  if (failed(kernel))
    return failure();
  SmallVector<KernelArgument> arguments;
  op.getKernelArguments(arguments);
  SmallVector<Value> pointers;
  for (const KernelArgument &argument : arguments)
    pointers.push_back(argument.value ? offset(getPointer(argument.value), argument.offset)
                                      : Value(LLVM::ZeroOp::create(b, loc, pointer)));
  if (std::vector<int32_t> table = kernels::kernelTable(op.getKernelParams(), isa); !table.empty())
    pointers.push_back(emitTable(table));
  call(*kernel, pointers, op.getTileCount());
  return success();
}

//===----------------------------------------------------------------------===//
// Loops and branches
//===----------------------------------------------------------------------===//

LogicalResult SampleEmitter::emitBlock(Block &block) {
  for (Operation &op : block) {
    LogicalResult result = success();
    if (auto kernel = dyn_cast<KernelOp>(op))
      result = emitCall(kernel);
    else if (auto loop = dyn_cast<LoopOp>(op))
      result = loop.getConditional() ? emitConditionalLoop(loop) : emitLoop(loop);
    else if (auto branch = dyn_cast<IfOp>(op))
      result = emitIf(branch);
    if (failed(result))
      return failure();
  }
  return success();
}

/// Calls of a branch: what they compute of extents is not there behind it.
LogicalResult SampleEmitter::emitBranch(Block &block) {
  const size_t known = extents.size();
  LogicalResult result = emitBlock(block);
  extents.truncate(known);
  return result;
}

/// The most iterations; null where a condition alone ends the loop.
Value SampleEmitter::countIterations(LoopOp loop) {
  if (Attribute trip = loop.getTripAttr())
    return valueOf(getExtent(trip));
  return loop.getCount() ? Value(LLVM::LoadOp::create(b, loc, b.getI64Type(), getPointer(loop.getCount()))) : Value();
}

Value SampleEmitter::isTrue(Value flag) {
  Value byte = LLVM::LoadOp::create(b, loc, b.getI8Type(), flag);
  Value zero = arith::ConstantOp::create(b, loc, b.getI8IntegerAttr(0));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, byte, zero);
}

LogicalResult SampleEmitter::emitIteration(LoopOp loop, Value number) {
  const size_t known = extents.size();
  numbers[loop] = number;
  if (!loop.getNumber().use_empty())
    LLVM::StoreOp::create(b, loc, number, getPointer(loop.getNumber()));
  LogicalResult result = emitBlock(loop.getBody().front());
  extents.truncate(known); // which are not there behind the loop
  return result;
}

LogicalResult SampleEmitter::emitLoop(LoopOp loop) {
  auto iterations = scf::ForOp::create(b, loc, constant(0), countIterations(loop), constant(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(iterations.getBody());
  return emitIteration(loop, iterations.getInductionVar());
}

LogicalResult SampleEmitter::emitConditionalLoop(LoopOp loop) {
  Value count = countIterations(loop), zero = constant(0);
  auto iterations = scf::WhileOp::create(b, loc, b.getI64Type(), zero);
  OpBuilder::InsertionGuard guard(b);
  Block *before = b.createBlock(&iterations.getBefore(), {}, b.getI64Type(), loc);
  const size_t known = extents.size();
  Value goesOn = isTrue(getPointer(loop.getResult(0)));
  extents.truncate(known);
  if (count) {
    Value isLeft = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, before->getArgument(0), count);
    goesOn = arith::AndIOp::create(b, loc, goesOn, isLeft);
  }
  scf::ConditionOp::create(b, loc, goesOn, before->getArgument(0));
  Block *after = b.createBlock(&iterations.getAfter(), {}, b.getI64Type(), loc);
  if (failed(emitIteration(loop, after->getArgument(0))))
    return failure();
  Value next = arith::AddIOp::create(b, loc, after->getArgument(0), constant(1));
  scf::YieldOp::create(b, loc, next);
  return success();
}

LogicalResult SampleEmitter::emitIf(IfOp branch) {
  auto taken = scf::IfOp::create(b, loc, isTrue(getPointer(branch.getCondition())), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(taken.thenBlock());
  if (failed(emitBranch(branch.getThenBody().front())))
    return failure();
  b.setInsertionPointToStart(taken.elseBlock());
  return emitBranch(branch.getElseBody().front());
}

unsigned SampleEmitter::countArguments() {
  size_t most = 1;
  program.function.walk([&](KernelOp op) {
    SmallVector<KernelArgument> arguments;
    op.getKernelArguments(arguments);
    most = std::max(most, arguments.size() + 1); // perhaps a table
  });
  return most;
}

/// Memory for a kernel's arguments; where shapes depend on the dimensions, the word before them points to these.
void SampleEmitter::makeArguments() {
  const unsigned before = dims ? 1 : 0;
  argumentArray = LLVM::AllocaOp::create(b, loc, pointer, pointer, constant(countArguments() + before));
  if (!dims)
    return;
  LLVM::StoreOp::create(b, loc, dims, argumentArray);
  argumentArray = LLVM::GEPOp::create(b, loc, pointer, pointer, argumentArray, ArrayRef<LLVM::GEPArg>{1});
}

/// They may lie farther from code than its offsets reach.
Value SampleEmitter::loadWeights() {
  if (isa.isBareMetal())
    return LLVM::AddressOfOp::create(b, loc, pointer, program.getWeightSymbol());
  Value address = LLVM::AddressOfOp::create(b, loc, pointer, program.getWeightAddressSymbol());
  return LLVM::LoadOp::create(b, loc, pointer, address);
}

FailureOr<func::FuncOp> SampleEmitter::emit() {
  b.setInsertionPointToEnd(module.getBody());
  SmallVector<Type> types(5, pointer);
  types.push_back(b.getI64Type());
  if (program.isDynamic())
    types.push_back(pointer);
  function = func::FuncOp::create(b, loc, program.name + "_sample", b.getFunctionType(types, {}));
  function.setPrivate();
  b.setInsertionPointToStart(function.addEntryBlock());
  if (program.isDynamic()) {
    dims = function.getArgument(6);
    // Once: a load between stores is one that common subexpressions are looked for all the way back.
    for (unsigned i = 0, count = program.getDimCount(); i < count; ++i)
      dimValues.push_back(loadDim(b, loc, dims, i));
  }
  makeArguments();
  weights = loadWeights();
  if (!isa.isBareMetal())
    threaded = LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne, function.getArgument(3),
                                    LLVM::ZeroOp::create(b, loc, pointer));
  for (auto [index, type] : llvm::enumerate(program.function.getArgumentTypes()))
    inputs.push_back(
        loadBuffer(function.getArgument(0), index, type, program.function.getArgAttr(index, kSharedAttr) != nullptr));
  for (auto [index, type] : llvm::enumerate(program.function.getResultTypes()))
    outputs.push_back(loadBuffer(function.getArgument(1), index, type, /*shared=*/false));
  if (failed(emitBlock(program.function.front())))
    return failure();
  func::ReturnOp::create(b, loc);
  return function;
}

//===----------------------------------------------------------------------===//
// Run
//===----------------------------------------------------------------------===//

namespace {
/// `int32_t run(const nibble_context *)`: checks, then the samples.
class RunEmitter {
public:
  RunEmitter(ModuleOp module, const Program &program)
      : program(program), b(module.getContext()), loc(module.getLoc()),
        pointer(LLVM::LLVMPointerType::get(module.getContext())), module(module) {}

  void emit(StringRef symbol, bool exported, func::FuncOp sample, kernels::Arch arch);

private:
  enum Field { Version, Arena, ArenaBytes, Inputs, Outputs, Dims, ParallelFor, Data };

  Value constant(int64_t c) { return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(c)); }
  Value load(Field field) {
    // As C lays out nibble_context.
    auto type = LLVM::LLVMStructType::getLiteral(
        b.getContext(), {b.getI32Type(), pointer, b.getI64Type(), pointer, pointer, pointer, pointer, pointer});
    Value address = LLVM::GEPOp::create(b, loc, pointer, type, context, ArrayRef<LLVM::GEPArg>{0, int32_t(field)});
    return LLVM::LoadOp::create(b, loc, type.getBody()[field], address);
  }
  Value isNull(Value value) {
    return LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::eq, value, LLVM::ZeroOp::create(b, loc, pointer));
  }
  void failIf(Value condition, int32_t status);
  void checkArray(Value array, size_t count);
  void checkArena();
  /// The array of dimensions, or null where there are none, and what is wrong with them.
  Value getDims();
  Value getSamples(Value dims);

  const Program &program;
  OpBuilder b;
  Location loc;
  Type pointer;
  ModuleOp module;
  func::FuncOp function;
  Value context;
};
} // namespace

// Returns `status` where the condition holds, and goes on in a new block.
void RunEmitter::failIf(Value condition, int32_t status) {
  Block *fail = function.addBlock(), *next = function.addBlock();
  cf::CondBranchOp::create(b, loc, condition, fail, next);
  b.setInsertionPointToStart(fail);
  Value code = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(status));
  func::ReturnOp::create(b, loc, code);
  b.setInsertionPointToStart(next);
}

void RunEmitter::checkArray(Value array, size_t count) {
  if (count == 0)
    return;
  failIf(isNull(array), NIBBLE_ERROR_NULL_POINTER);
  for (size_t i = 0; i < count; ++i) {
    Value slot = LLVM::GEPOp::create(b, loc, pointer, pointer, array, ArrayRef<LLVM::GEPArg>{int32_t(i)});
    failIf(isNull(LLVM::LoadOp::create(b, loc, pointer, slot)), NIBBLE_ERROR_NULL_POINTER);
  }
}

void RunEmitter::checkArena() {
  if (program.arenaBytes == 0)
    return;
  Value dims = program.arenaBytes.isStatic() ? Value() : load(Dims);
  Value arena = load(Arena);
  Value needed = emitValue(b, loc, program.arenaBytes, dims);
  failIf(isNull(arena), NIBBLE_ERROR_NULL_POINTER);
  failIf(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, load(ArenaBytes), needed),
         NIBBLE_ERROR_ARENA_TOO_SMALL);
  Value address = LLVM::PtrToIntOp::create(b, loc, b.getI64Type(), arena);
  Value low = arith::AndIOp::create(b, loc, address, constant(NIBBLE_ALIGNMENT - 1));
  failIf(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, low, constant(0)), NIBBLE_ERROR_MISALIGNED);
}

Value RunEmitter::getDims() {
  if (program.getDimCount() == 0)
    return Value();
  Value dims = load(Dims);
  failIf(isNull(dims), NIBBLE_ERROR_NULL_POINTER);
  if (Value isRefused = emitIsRefused(b, loc, program, dims))
    failIf(isRefused, NIBBLE_ERROR_DIMENSION);
  return dims;
}

Value RunEmitter::getSamples(Value dims) {
  int64_t batch = program.getBatch();
  if (batch >= 0)
    return constant(batch);
  Value samples = loadDim(b, loc, dims, program.getBatchDim());
  failIf(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, samples, constant(0)), NIBBLE_ERROR_DIMENSION);
  return samples;
}

void RunEmitter::emit(StringRef symbol, bool exported, func::FuncOp sample, kernels::Arch arch) {
  b.setInsertionPointToEnd(module.getBody());
  function = func::FuncOp::create(b, loc, symbol, b.getFunctionType({pointer}, {b.getI32Type()}));
  if (!exported)
    function->setAttr("llvm.visibility", LLVM::VisibilityAttr::get(b.getContext(), LLVM::Visibility::Hidden));
  b.setInsertionPointToStart(function.addEntryBlock());
  context = function.getArgument(0);
  failIf(isNull(context), NIBBLE_ERROR_NULL_POINTER);
  Value version = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(NIBBLE_ABI_VERSION));
  failIf(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, load(Version), version), NIBBLE_ERROR_ABI_VERSION);
  Value dims = program.arenaBytes.isStatic() ? Value() : getDims();
  checkArena();
  Value inputs = load(Inputs), outputs = load(Outputs);
  checkArray(inputs, program.function.getNumArguments());
  checkArray(outputs, program.function.getNumResults());
  if (!dims)
    dims = getDims();
  Value samples = getSamples(dims);
  if (Value isWrong = emitIsFloatStateWrong(b, loc, getFloatNeeds(program.function), arch))
    failIf(isWrong, NIBBLE_ERROR_FLOAT_STATE);
  Value arena = load(Arena), parallelFor = load(ParallelFor), data = load(Data);
  auto loop = scf::ForOp::create(b, loc, constant(0), samples, constant(1));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> arguments = {inputs, outputs, arena, parallelFor, data, loop.getInductionVar()};
    if (program.isDynamic())
      arguments.push_back(dims);
    func::CallOp::create(b, loc, sample, arguments);
  }
  Value ok = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(NIBBLE_OK));
  func::ReturnOp::create(b, loc, ok);
}

static void declareWeights(ModuleOp module, const Program &program, bool isBareMetal) {
  OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
  Type type = LLVM::LLVMPointerType::get(b.getContext());
  std::string symbol = program.getWeightAddressSymbol();
  if (isBareMetal) {
    type = LLVM::LLVMArrayType::get(b.getI8Type(), 0);
    symbol = program.getWeightSymbol();
  }
  auto global = LLVM::GlobalOp::create(b, module.getLoc(), type, /*isConstant=*/true, LLVM::Linkage::External, symbol,
                                       Attribute(), /*alignment=*/isBareMetal ? 64 : 8);
  global.setVisibility_(LLVM::Visibility::Hidden);
}

LogicalResult nibble::emitRun(ModuleOp module, const Program &program, StringRef symbol, bool exported,
                              const TargetSpec &target) {
  const kernels::ISA *isa = kernels::lookupISA(target.isa);
  if (!isa)
    return module.emitError("no kernels for the instruction set '") << target.isa << "'";
  if (isa->isBareMetal() && program.isDynamic()) {
    InFlightDiagnostic error = mlir::emitError(program.function.getLoc())
                               << "the model has dynamic dimensions ('" << llvm::join(program.dims, "', '")
                               << "'), which " << target.isa << " has no code for";
    error.attachNote() << "give them fixed extents, with --dim or in the model";
    return error;
  }
  declareWeights(module, program, isa->isBareMetal());
  KernelTable kernels(module, program, *isa);
  FailureOr<func::FuncOp> sample = SampleEmitter(module, program, kernels, *isa).emit();
  if (failed(sample))
    return failure();
  // What is private here must be so in the object too.
  auto internal = LLVM::LinkageAttr::get(module.getContext(), LLVM::Linkage::Internal);
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isDeclaration())
      function->setAttr("llvm.linkage", internal);
  RunEmitter(module, program).emit(symbol, exported, *sample, isa->arch);
  return success();
}
