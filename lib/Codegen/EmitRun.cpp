// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The run function of one instruction set: its checks, then the samples.

#include "FloatState.h"
#include "SampleEmitter.h"

#include "nibble/Runtime/nibble_abi.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

namespace {
/// `int32_t run(const nibble_context *)`: checks, then the samples.
class RunEmitter {
public:
  RunEmitter(ModuleOp module, const Program &program)
      : program(program), b(module.getContext()), loc(module.getLoc()),
        pointer(LLVM::LLVMPointerType::get(module.getContext())), module(module) {}

  /// `functions` of one sample: the program's and its specializations'.
  void emit(StringRef symbol, bool exported, ArrayRef<func::FuncOp> functions, kernels::Arch arch);

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
  Value loadElement(Value array, unsigned index);
  void checkArray(Value array, size_t count);
  void checkStates(Value inputs, Value outputs);
  void checkArena();
  /// Whether all runs need the same arena.
  bool isArenaFixed() const { return program.arenaBytes.isStatic() && program.specializations.empty(); }
  /// The array of dimensions, or null where there are none, and what is wrong with them.
  Value getDims();
  Value getSamples(Value dims);
  void emitSamples(const Program &code, func::FuncOp sample, Value count, Value dims);

  const Program &program;
  OpBuilder b;
  Location loc;
  Type pointer;
  ModuleOp module;
  func::FuncOp function;
  Value context;
  SmallVector<Value> arguments; // of a sample's function, but for its number and the dimensions
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

Value RunEmitter::loadElement(Value array, unsigned index) {
  Value slot = LLVM::GEPOp::create(b, loc, pointer, pointer, array, ArrayRef<LLVM::GEPArg>{int32_t(index)});
  return LLVM::LoadOp::create(b, loc, pointer, slot);
}

void RunEmitter::checkArray(Value array, size_t count) {
  if (count == 0)
    return;
  failIf(isNull(array), NIBBLE_ERROR_NULL_POINTER);
  for (size_t i = 0; i < count; ++i)
    failIf(isNull(loadElement(array, i)), NIBBLE_ERROR_NULL_POINTER);
}

/// An input and an output that are one state are one buffer.
void RunEmitter::checkStates(Value inputs, Value outputs) {
  for (const Program::StatePort &state : program.getStates())
    failIf(LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne, loadElement(inputs, state.input),
                                loadElement(outputs, state.output)),
           NIBBLE_ERROR_STATE);
}

void RunEmitter::checkArena() {
  if (program.getLargestArena() == 0)
    return;
  Value dims = isArenaFixed() ? Value() : load(Dims);
  Value arena = load(Arena);
  Value needed = emitArenaBytes(b, loc, program, dims);
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

/// Calls the function of one sample for each.
void RunEmitter::emitSamples(const Program &code, func::FuncOp sample, Value count, Value dims) {
  auto loop = scf::ForOp::create(b, loc, constant(0), count, constant(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> all = arguments;
  all.push_back(loop.getInductionVar());
  if (code.isDynamic())
    all.push_back(dims);
  func::CallOp::create(b, loc, sample, all);
}

void RunEmitter::emit(StringRef symbol, bool exported, ArrayRef<func::FuncOp> functions, kernels::Arch arch) {
  b.setInsertionPointToEnd(module.getBody());
  function = func::FuncOp::create(b, loc, symbol, b.getFunctionType({pointer}, {b.getI32Type()}));
  if (!exported)
    function->setAttr("llvm.visibility", LLVM::VisibilityAttr::get(b.getContext(), LLVM::Visibility::Hidden));
  b.setInsertionPointToStart(function.addEntryBlock());
  context = function.getArgument(0);
  failIf(isNull(context), NIBBLE_ERROR_NULL_POINTER);
  Value version = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(NIBBLE_ABI_VERSION));
  failIf(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, load(Version), version), NIBBLE_ERROR_ABI_VERSION);
  Value dims = isArenaFixed() ? Value() : getDims();
  checkArena();
  Value inputs = load(Inputs), outputs = load(Outputs);
  checkArray(inputs, program.function.getNumArguments());
  checkArray(outputs, program.function.getNumResults());
  checkStates(inputs, outputs);
  if (!dims)
    dims = getDims();
  Value samples = getSamples(dims);
  if (Value isWrong = emitIsFloatStateWrong(b, loc, getFloatNeeds(program.function), arch))
    failIf(isWrong, NIBBLE_ERROR_FLOAT_STATE);
  arguments = {inputs, outputs, load(Arena), load(ParallelFor), load(Data)};
  {
    OpBuilder::InsertionGuard guard(b);
    for (auto [each, sample] : llvm::zip_equal(program.specializations, functions.drop_front())) {
      auto branch = scf::IfOp::create(b, loc, emitIsFor(b, loc, each, dims), /*withElseRegion=*/true);
      b.setInsertionPointToStart(branch.thenBlock());
      const int64_t batch = each.getBatch();
      emitSamples(each, sample, batch < 0 ? samples : constant(batch), dims);
      b.setInsertionPointToStart(branch.elseBlock());
    }
    emitSamples(program, functions.front(), samples, dims);
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
  SmallVector<func::FuncOp> samples;
  const auto emitSample = [&](const Program &code, const std::string &symbol) {
    FailureOr<func::FuncOp> sample = SampleEmitter(module, code, kernels, *isa).emit(symbol);
    if (succeeded(sample))
      samples.push_back(*sample);
    return success(succeeded(sample));
  };
  if (failed(emitSample(program, program.name + "_sample")))
    return failure();
  for (auto [i, each] : llvm::enumerate(program.specializations))
    if (failed(emitSample(each, program.name + "_sample_" + std::to_string(i))))
      return failure();
  // What is private here must be so in the object too.
  auto internal = LLVM::LinkageAttr::get(module.getContext(), LLVM::Linkage::Internal);
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isDeclaration())
      function->setAttr("llvm.linkage", internal);
  RunEmitter(module, program).emit(symbol, exported, samples, isa->arch);
  return success();
}
