// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The function for one sample: the calls of its kernels.

#include "SampleEmitter.h"

#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Kernels/EmitExtent.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

SampleEmitter::SampleEmitter(ModuleOp module, const Program &program, KernelTable &kernels, const kernels::ISA &isa)
    : module(module), program(program), kernels(kernels), isa(isa), b(module.getContext()), loc(module.getLoc()),
      pointer(LLVM::LLVMPointerType::get(module.getContext())) {}

Value SampleEmitter::constant(int64_t c) { return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(c)); }

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

Value SampleEmitter::offset(Value base, const Extent &bytes) {
  if (bytes == 0)
    return base;
  return LLVM::GEPOp::create(b, loc, pointer, b.getI8Type(), base, ArrayRef<LLVM::GEPArg>{valueOf(bytes)});
}

Value SampleEmitter::inArena(Attribute bytes) { return offset(function.getArgument(2), getExtent(bytes)); }

Value SampleEmitter::tileCount(const Extent &count) {
  if (!count.isStatic())
    return valueOf(count); // machines with 64 bits alone have such
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(b.getIntegerType(isa.pointerBits()), count.getStatic()));
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
    pointers.push_back(LLVM::AddressOfOp::create(b, loc, pointer, kernels.getTable(table)));
  call(*kernel, pointers, op.getTileCount());
  return success();
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

FailureOr<func::FuncOp> SampleEmitter::emit(StringRef symbol) {
  b.setInsertionPointToEnd(module.getBody());
  SmallVector<Type> types(5, pointer);
  types.push_back(b.getI64Type());
  if (program.isDynamic())
    types.push_back(pointer);
  function = func::FuncOp::create(b, loc, symbol, b.getFunctionType(types, {}));
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
