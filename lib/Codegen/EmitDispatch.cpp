// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Choice of an instruction set when a library is loaded, or refusal: an indirect function, resolved by what the
// processor has. A question in each run would cost more than small models: virtual machines trap cpuid, and a mutable
// global to remember the answer is what libraries do not have.

#include "ProgramEmitter.h"

#include "nibble/Runtime/nibble_abi.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace nibble;

std::string nibble::getVariantSymbol(const Program &program, const TargetSpec &target) {
  return program.name + "_run_" + target.isa;
}

namespace {
/// What the processor has.
class FeatureTests {
public:
  FeatureTests(OpBuilder &b, Location loc) : b(b), loc(loc) {}
  virtual ~FeatureTests() = default;
  /// Whether the processor and the system run code for the level.
  virtual Value test(StringRef isa) = 0;

protected:
  Value truth() { return arith::ConstantOp::create(b, loc, b.getBoolAttr(true)); }
  Value has(Value word, uint64_t bits) {
    Value mask = arith::ConstantOp::create(b, loc, b.getIntegerAttr(word.getType(), bits));
    Value masked = arith::AndIOp::create(b, loc, word, mask);
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, masked, mask);
  }

  OpBuilder &b;
  Location loc;
};

/// Bits of cpuid and of the state that the system saves.
class X86Tests : public FeatureTests {
public:
  X86Tests(OpBuilder &b, Location loc) : FeatureTests(b, loc) {
    Value leaves = cpuid(0, 0)[0];
    hasLeaf7 = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, leaves, i32(7));
    leaf1 = cpuid(1, 0);
    leaf7 = cpuid(7, 0);
    leaf71 = cpuid(7, 1);
    extended = cpuid(0x80000001, 0);
    osxsave = has(leaf1[2], 1u << 27);
  }

  Value test(StringRef isa) override {
    if (isa == "generic")
      return truth();
    // fma, movbe, osxsave, avx, f16c; bmi1, avx2, bmi2; lzcnt; the system saves SSE and AVX registers.
    Value ok = all({hasLeaf7, osxsave, has(leaf1[2], 1u << 12 | 1u << 22 | 1u << 28 | 1u << 29),
                    has(leaf7[1], 1u << 3 | 1u << 5 | 1u << 8), has(extended[2], 1u << 5), has(saved(), 0x6)});
    if (isa == "avxvnni")
      return all({ok, has(leaf71[0], 1u << 4)});
    // avx512f, dq, cd, bw, vl; vnni; the system saves the masks and the upper registers.
    if (isa == "avx512vnni")
      return all({ok, has(leaf7[1], 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31), has(leaf7[2], 1u << 11),
                  has(saved(), 0xe6)});
    return ok;
  }

private:
  Value i32(uint32_t c) { return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(c))); }
  Value all(ArrayRef<Value> conditions) {
    Value result = conditions.front();
    for (Value condition : conditions.drop_front())
      result = arith::AndIOp::create(b, loc, result, condition);
    return result;
  }
  SmallVector<Value> inlineAsm(StringRef text, StringRef constraints, unsigned results, ValueRange operands) {
    auto type = LLVM::LLVMStructType::getLiteral(b.getContext(), SmallVector<Type>(results, b.getI32Type()));
    Value all = LLVM::InlineAsmOp::create(b, loc, type, operands, text, constraints, /*has_side_effects=*/true,
                                          /*is_align_stack=*/false, LLVM::tailcallkind::TailCallKind::None,
                                          LLVM::AsmDialectAttr(), ArrayAttr())
                    .getRes();
    SmallVector<Value> values;
    for (unsigned i = 0; i < results; ++i)
      values.push_back(LLVM::ExtractValueOp::create(b, loc, all, int64_t(i)));
    return values;
  }
  SmallVector<Value> cpuid(uint32_t leaf, uint32_t subleaf) {
    return inlineAsm("cpuid", "={ax},={bx},={cx},={dx},{ax},{cx},~{dirflag},~{fpsr},~{flags}", 4,
                     {i32(leaf), i32(subleaf)});
  }
  // The low half of XCR0; 0 where it cannot be read. Bytes and not a name, which old processors' tables lack.
  Value saved() {
    if (!xcr0) {
      auto branch = scf::IfOp::create(b, loc, TypeRange{b.getI32Type()}, osxsave, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      SmallVector<Value> halves =
          inlineAsm(".byte 0x0f, 0x01, 0xd0", "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}", 2, {i32(0)});
      scf::YieldOp::create(b, loc, halves[0]);
      b.setInsertionPointToStart(branch.elseBlock());
      scf::YieldOp::create(b, loc, i32(0));
      xcr0 = branch.getResult(0);
    }
    return xcr0;
  }

  Value hasLeaf7, osxsave, xcr0;
  SmallVector<Value> leaf1, leaf7, leaf71, extended;
};

/// AT_HWCAP, which Linux's loaders hand to the resolver of an indirect function, and AT_HWCAP2 in the structure behind
/// `more`, if bit 62 of the former says that there is one.
class AArch64Tests : public FeatureTests {
public:
  AArch64Tests(OpBuilder &b, Location loc, Value hwcap, Value more) : FeatureTests(b, loc), hwcap(hwcap), more(more) {}

  Value test(StringRef isa) override {
    if (isa == "neon")
      return truth();
    Value ok = has(hwcap, uint64_t(1) << 20); // asimddp
    if (isa == "i8mm")
      ok = arith::AndIOp::create(b, loc, ok, has(second(), uint64_t(1) << 13));
    return ok;
  }

private:
  /// The structure's third word, after its size and AT_HWCAP; 0 where there is none.
  Value second() {
    if (hwcap2)
      return hwcap2;
    Value given = has(hwcap, uint64_t(1) << 62);
    auto branch = scf::IfOp::create(b, loc, TypeRange{b.getI64Type()}, given, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    Value word = LLVM::GEPOp::create(b, loc, more.getType(), b.getI64Type(), more, ArrayRef<LLVM::GEPArg>{2});
    scf::YieldOp::create(b, loc, ValueRange(LLVM::LoadOp::create(b, loc, b.getI64Type(), word)));
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, loc, ValueRange(arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0))));
    return hwcap2 = branch.getResult(0);
  }

  Value hwcap, more, hwcap2;
};
} // namespace

// What a resolver of an indirect function gets: AT_HWCAP and a structure of more on AArch64, nothing on x86.
static LLVM::LLVMFunctionType getTestType(OpBuilder &b, Type result) {
  return LLVM::LLVMFunctionType::get(result, {b.getI64Type(), LLVM::LLVMPointerType::get(b.getContext())});
}

static std::unique_ptr<FeatureTests> makeTests(OpBuilder &b, Location loc, const TargetSpec &target,
                                               ValueRange arguments) {
  switch (kernels::lookupISA(target.isa)->arch) {
  case kernels::Arch::X86_64:
    return std::make_unique<X86Tests>(b, loc);
  case kernels::Arch::AArch64:
    return std::make_unique<AArch64Tests>(b, loc, arguments[0], arguments[1]);
  case kernels::Arch::CortexM:
  case kernels::Arch::RISCV32:
  case kernels::Arch::CUDA:
    break;
  }
  llvm_unreachable("an architecture without levels");
}

void nibble::emitStandaloneTable(ModuleOp module, const Program &program, ArrayRef<TargetSpec> targets) {
  OpBuilder b(module.getContext());
  Location loc = module.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  b.setInsertionPointToEnd(module.getBody());
  SmallVector<std::string> symbols;
  for (StringRef suffix : {"_describe", "_arena_bytes", "_run", "_supported"})
    symbols.push_back(program.name + suffix.str());
  auto type = LLVM::LLVMFunctionType::get(b.getI32Type(), {});
  for (StringRef symbol : ArrayRef(symbols).drop_back())
    LLVM::LLVMFuncOp::create(b, loc, symbol, type);
  auto supported =
      LLVM::LLVMFuncOp::create(b, loc, symbols.back(), getTestType(b, b.getI32Type()), LLVM::Linkage::Internal);
  const std::string shape = program.name + "_shape"; // where there are dynamic dimensions, else null
  if (program.getDimCount() > 0)
    LLVM::LLVMFuncOp::create(b, loc, shape, type);
  auto tableType = LLVM::LLVMArrayType::get(pointer, symbols.size() + 1);
  auto table = LLVM::GlobalOp::create(b, loc, tableType, /*isConstant=*/true, LLVM::Linkage::External,
                                      "nibble_standalone_model", Attribute());
  table.setVisibility_(LLVM::Visibility::Hidden);
  b.createBlock(&table.getInitializerRegion());
  Value value = LLVM::UndefOp::create(b, loc, tableType);
  for (auto [index, symbol] : llvm::enumerate(symbols))
    value =
        LLVM::InsertValueOp::create(b, loc, value, LLVM::AddressOfOp::create(b, loc, pointer, symbol), int64_t(index));
  Value last = program.getDimCount() > 0 ? LLVM::AddressOfOp::create(b, loc, pointer, shape).getResult()
                                         : LLVM::ZeroOp::create(b, loc, pointer).getResult();
  value = LLVM::InsertValueOp::create(b, loc, value, last, int64_t(symbols.size()));
  LLVM::ReturnOp::create(b, loc, value);
  Block *entry = supported.addEntryBlock(b);
  b.setInsertionPointToStart(entry);
  std::unique_ptr<FeatureTests> features = makeTests(b, loc, targets.front(), entry->getArguments());
  Value any = arith::ConstantOp::create(b, loc, b.getBoolAttr(false));
  for (const TargetSpec &target : targets)
    any = arith::OrIOp::create(b, loc, any, features->test(target.isa));
  LLVM::ReturnOp::create(b, loc, ValueRange(arith::ExtUIOp::create(b, loc, b.getI32Type(), any)));
}

/// The run function where the processor has none of the instruction sets: nothing else can be called there.
static LLVM::LLVMFuncOp emitRefusal(OpBuilder &b, Location loc, const Program &program,
                                    LLVM::LLVMFunctionType runType) {
  OpBuilder::InsertionGuard guard(b);
  auto function = LLVM::LLVMFuncOp::create(b, loc, program.name + "_refuse", runType, LLVM::Linkage::Internal);
  b.setInsertionPointToStart(function.addEntryBlock(b));
  Value status = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(NIBBLE_ERROR_PROCESSOR));
  LLVM::ReturnOp::create(b, loc, ValueRange(status));
  return function;
}

void nibble::emitDispatch(ModuleOp module, const Program &program, ArrayRef<TargetSpec> targets) {
  OpBuilder b(module.getContext());
  Location loc = module.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  b.setInsertionPointToEnd(module.getBody());
  auto runType = LLVM::LLVMFunctionType::get(b.getI32Type(), {pointer});
  LLVM::LLVMFuncOp refusal = emitRefusal(b, loc, program, runType);
  for (const TargetSpec &target : targets) {
    auto variant = LLVM::LLVMFuncOp::create(b, loc, getVariantSymbol(program, target), runType);
    variant.setVisibility_(LLVM::Visibility::Hidden);
  }
  std::string resolver = program.name + "_resolve";
  auto function = LLVM::LLVMFuncOp::create(b, loc, resolver, getTestType(b, pointer), LLVM::Linkage::Internal);
  {
    OpBuilder::InsertionGuard guard(b);
    Block *entry = function.addEntryBlock(b);
    b.setInsertionPointToStart(entry);
    std::unique_ptr<FeatureTests> features = makeTests(b, loc, targets.front(), entry->getArguments());
    Value chosen = LLVM::AddressOfOp::create(b, loc, pointer, refusal.getSymName());
    for (const TargetSpec &target : targets) {
      Value address = LLVM::AddressOfOp::create(b, loc, pointer, getVariantSymbol(program, target));
      chosen = arith::SelectOp::create(b, loc, features->test(target.isa), address, chosen);
    }
    LLVM::ReturnOp::create(b, loc, chosen);
  }
  LLVM::IFuncOp::create(b, loc, program.name + "_run", runType, resolver, pointer, LLVM::Linkage::External);
}
