// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program whose kernels run on a GPU: they, and constant tables of their calls for lib/Runtime/Cuda.

#include "ConstantEmitter.h"
#include "SampleEmitter.h"

#include "../Runtime/Cuda/Program.h"

#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Kernels/Launch.h"
#include "nibble/Support/PortAttrs.h"

#include "llvm/ADT/StringExtras.h"

#include <numeric>

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

namespace {
struct Address {
  nibble_cuda_base base = NIBBLE_CUDA_NULL;
  unsigned index = 0;
  int64_t offset = 0;

  /// What it is a multiple of: the runtime places buffers so, and the compiler values in them.
  int64_t alignment() const { return base == NIBBLE_CUDA_NULL ? 1 : std::gcd<int64_t>(NIBBLE_ALIGNMENT, offset); }
};

struct Call {
  func::FuncOp kernel;
  SmallVector<Address> arguments;
};

class DeviceEmitter : ConstantEmitter {
public:
  DeviceEmitter(ModuleOp device, ModuleOp host, const Program &program, const kernels::ISA &isa, bool isAssembled)
      : ConstantEmitter(host, program.name + "_g"), program(program), isa(isa), isAssembled(isAssembled),
        kernels(device, program, isa) {}

  LogicalResult emitCalls();
  void emitHost();

private:
  Address getAddress(Value value) const;
  Address getAddress(const KernelArgument &argument) const;
  LogicalResult emitCall(KernelOp op);
  LogicalResult addCall(KernelOp op, func::FuncOp kernel, ArrayRef<Address> arguments);
  std::string emitKernels();
  std::string emitLaunches();
  std::string emitPorts(TypeRange types);
  std::string emitProgram();
  void emitFunctions(StringRef table);
  /// Declares a symbol of another object, unless it is.
  void declare(StringRef symbol, Type type);

  const Program &program;
  const kernels::ISA &isa;
  bool isAssembled;
  KernelTable kernels;
  std::vector<Call> calls;
  llvm::MapVector<Operation *, unsigned> numbers; ///< of kernels
};
} // namespace

Address DeviceEmitter::getAddress(Value value) const {
  while (auto view = value.getDefiningOp<ViewOp>())
    value = view.getInput();
  if (auto argument = dyn_cast<BlockArgument>(value))
    return {NIBBLE_CUDA_INPUT, argument.getArgNumber(), 0};
  Operation *op = value.getDefiningOp();
  if (auto constant = dyn_cast<ukernel::ConstantOp>(op))
    return {NIBBLE_CUDA_WEIGHTS, 0, program.weights.getOffset(constant)};
  if (auto output = op->getAttrOfType<IntegerAttr>("output"))
    return {NIBBLE_CUDA_OUTPUT, unsigned(output.getInt()), 0};
  return {NIBBLE_CUDA_ARENA, 0, getExtent(op->getAttr("offset")).getStatic()};
}

Address DeviceEmitter::getAddress(const KernelArgument &argument) const {
  if (!argument.value)
    return {};
  Address address = getAddress(argument.value);
  address.offset += argument.offset.getStatic();
  return address;
}

LogicalResult DeviceEmitter::addCall(KernelOp op, func::FuncOp kernel, ArrayRef<Address> arguments) {
  const kernels::Launch launch = kernels::getLaunch(kernel);
  if (launch.items == 0)
    return success();
  if (!launch.isCountable())
    return op.emitError("is more than the threads of a GPU can be counted for; split it into smaller tensors");
  if (8 * launch.arguments > NIBBLE_CUDA_PARAMETER_BYTES)
    return op.emitError("has ") << launch.arguments << " operands and results, more than the "
                                << NIBBLE_CUDA_PARAMETER_BYTES / 8 << " that a kernel of a GPU takes; split it";
  numbers.insert({kernel, numbers.size()});
  calls.push_back({kernel, llvm::to_vector(arguments)});
  return success();
}

LogicalResult DeviceEmitter::emitCall(KernelOp op) {
  if (auto type = cast<BufferType>(op->getResult(0).getType()); type.hasHalo()) {
    const Address image = getAddress(getOrigin(op->getResult(0)));
    if (failed(addCall(op, kernels.getHalo(op.getLoc(), getHaloParams(type), image.alignment()), image)))
      return failure();
  }
  SmallVector<KernelArgument> arguments;
  op.getKernelArguments(arguments);
  SmallVector<Address> addresses;
  SmallVector<int64_t> alignments;
  for (const KernelArgument &argument : arguments) {
    addresses.push_back(getAddress(argument));
    alignments.push_back(addresses.back().alignment());
  }
  FailureOr<func::FuncOp> kernel = kernels.get(op, alignments);
  return failed(kernel) ? failure() : addCall(op, *kernel, addresses);
}

LogicalResult DeviceEmitter::emitCalls() {
  for (Operation &op : program.function.front()) {
    if (auto kernel = dyn_cast<KernelOp>(op)) {
      if (failed(emitCall(kernel)))
        return failure();
    } else if (llvm::isa<ukernel::LoopOp, ukernel::IfOp>(op)) {
      return op.emitError("is computed in a loop or branch at run time, which ") << isa.name << " has no code for";
    }
  }
  return success();
}

std::string DeviceEmitter::emitKernels() {
  SmallVector<func::FuncOp> functions;
  SmallVector<std::string> symbols;
  for (auto [op, number] : numbers) {
    functions.push_back(cast<func::FuncOp>(op));
    symbols.push_back(emitString(functions.back().getSymName()));
  }
  Type i32Type = b.getI32Type();
  return emitArray(structOf({pointer, i32Type, i32Type, i32Type}), functions.size(),
                   [&](size_t index, SmallVectorImpl<Value> &fields) {
                     const kernels::Launch launch = kernels::getLaunch(functions[index]);
                     fields.append({addressOf(symbols[index]), i32(8 * launch.arguments), i32(launch.block),
                                    i32(launch.sharedBytes)});
                   });
}

std::string DeviceEmitter::emitLaunches() {
  Type i32Type = b.getI32Type();
  SmallVector<std::string> arguments;
  for (const Call &call : calls)
    arguments.push_back(emitArray(structOf({i32Type, i32Type, b.getI64Type()}), call.arguments.size(),
                                  [&](size_t index, SmallVectorImpl<Value> &fields) {
                                    const Address &address = call.arguments[index];
                                    fields.append({i32(address.base), i32(address.index), i64(address.offset)});
                                  }));
  return emitArray(structOf({i32Type, i32Type, i32Type, pointer}), calls.size(),
                   [&](size_t index, SmallVectorImpl<Value> &fields) {
                     const Call &call = calls[index];
                     fields.append({i32(numbers.lookup(call.kernel)), i32(kernels::getLaunch(call.kernel).grid()),
                                    i32(call.arguments.size()), addressOf(arguments[index])});
                   });
}

std::string DeviceEmitter::emitPorts(TypeRange types) {
  Type i64Type = b.getI64Type();
  return emitArray(structOf({i64Type, i64Type}), types.size(), [&](size_t index, SmallVectorImpl<Value> &fields) {
    fields.append({i64(cast<BufferType>(types[index]).getBytes().getStatic()), i64(NIBBLE_ALIGNMENT)});
  });
}

void DeviceEmitter::declare(StringRef symbol, Type type) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(module.getBody());
  auto global = LLVM::GlobalOp::create(b, loc, type, /*isConstant=*/true, LLVM::Linkage::External, symbol, Attribute());
  global.setVisibility_(LLVM::Visibility::Hidden);
}

/// The least driver that knows a target's PTX, as cuDriverGetVersion spells it.
static int64_t getDriverVersion(StringRef features) {
  // Of `+ptx70`: CUDA 11.0 came with PTX 7.0, 11.8 with 7.8, 10.1 with 6.4.
  int64_t version = 0;
  features.drop_until(llvm::isDigit).getAsInteger(10, version);
  return version < 70 ? 10000 + (version - 63) * 10 : 11000 + (version - 70) * 10;
}

std::string DeviceEmitter::emitProgram() {
  const std::string kernelTable = emitKernels(), launches = emitLaunches();
  const std::string inputs = emitPorts(program.function.getArgumentTypes()),
                    outputs = emitPorts(program.function.getResultTypes());
  declare(program.getWeightAddressSymbol(), pointer);
  for (StringRef suffix : {kPtxSuffix, kCubinSuffix})
    if (suffix == kPtxSuffix || isAssembled)
      declare((program.name + suffix).str(), LLVM::LLVMArrayType::get(b.getI8Type(), 0));
  const TargetSpec &target = *lookupTargetSpec(isa.name);
  int64_t capability = 0;
  isa.name.drop_until(llvm::isDigit).getAsInteger(10, capability);
  Type i32Type = b.getI32Type(), i64Type = b.getI64Type();
  Type type = structOf({pointer, pointer, i32Type, i32Type, pointer, i64Type, i64Type, i32Type, i32Type, i32Type,
                        i32Type, pointer, pointer, pointer, pointer});
  return emitAggregate(type, [&](SmallVectorImpl<Value> &fields) {
    fields.append({addressOf((program.name + kPtxSuffix).str()),
                   isAssembled ? addressOf((program.name + kCubinSuffix).str()) : null(), i32(capability),
                   i32(getDriverVersion(target.features)), addressOf(program.getWeightAddressSymbol()),
                   i64(program.weights.getSize()), i64(program.arenaBytes.getStatic()),
                   i32(program.function.getNumArguments()), i32(program.function.getNumResults()), i32(numbers.size()),
                   i32(calls.size()), addressOf(inputs), addressOf(outputs), addressOf(kernelTable),
                   addressOf(launches)});
  });
}

/// `int32_t NAME_run(const nibble_context *)` and `void NAME_release(void *)`, by those of the runtime.
void DeviceEmitter::emitFunctions(StringRef table) {
  const auto emit = [&](StringRef suffix, StringRef callee, Type result) {
    b.setInsertionPointToEnd(module.getBody());
    auto calleeType = LLVM::LLVMFunctionType::get(result, {pointer, pointer});
    LLVM::LLVMFuncOp::create(b, loc, callee, calleeType).setVisibility_(LLVM::Visibility::Hidden);
    auto function =
        LLVM::LLVMFuncOp::create(b, loc, (program.name + suffix).str(), LLVM::LLVMFunctionType::get(result, {pointer}));
    b.setInsertionPointToStart(function.addEntryBlock(b));
    auto call = LLVM::CallOp::create(b, loc, calleeType, callee, ValueRange{addressOf(table), function.getArgument(0)});
    LLVM::ReturnOp::create(b, loc, call.getResults());
  };
  emit("_run", "nibble_cuda_run", b.getI32Type());
  emit("_release", "nibble_cuda_release", LLVM::LLVMVoidType::get(b.getContext()));
}

void DeviceEmitter::emitHost() { emitFunctions(emitProgram()); }

LogicalResult nibble::emitDevice(ModuleOp device, ModuleOp host, const Program &program, const TargetSpec &target,
                                 bool isAssembled) {
  Location loc = program.function.getLoc();
  if (program.getDimCount() > 0) {
    InFlightDiagnostic error = mlir::emitError(loc)
                               << "the model has dynamic dimensions ('" << llvm::join(program.dims, "', '")
                               << "'), which " << target.isa << " has no code for";
    error.attachNote() << "give them fixed extents, with --dim or in the model";
    return error;
  }
  if (!program.getStates().empty())
    return mlir::emitError(loc) << "inputs and outputs that are one state (--state) stay in the caller's memory, which "
                                << target.isa << " does not reach";
  DeviceEmitter emitter(device, host, program, *kernels::lookupISA(target.isa), isAssembled);
  if (failed(emitter.emitCalls()))
    return failure();
  emitter.emitHost();
  return success();
}

void nibble::emitDeviceCode(ModuleOp host, const Program &program, StringRef suffix, StringRef bytes) {
  auto global = host.lookupSymbol<LLVM::GlobalOp>((program.name + suffix).str());
  global.setGlobalType(LLVM::LLVMArrayType::get(IntegerType::get(host.getContext(), 8), bytes.size()));
  global.setValueAttr(StringAttr::get(host.getContext(), bytes));
  global.setAlignment(8);
}
