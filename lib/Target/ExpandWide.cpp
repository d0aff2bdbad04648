// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Integer arithmetic that a microcontroller has no instructions for, as code of our own: LLVM would call a library.

#include "Targets.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/NoFolder.h"
#include "llvm/Transforms/Utils/IntegerDivision.h"

using namespace llvm;

namespace {
/// The halves of a number of 64 bits.
struct Halves {
  Value *low, *high;
};

class WideExpander {
public:
  /// `narrow`: nor are there divisions, products of 64 bits, shifts of 64 bits by a variable, and leading zeros.
  WideExpander(Module &module, bool narrow) : module(module), b(module.getContext()), narrow(narrow) {}

  void run();

private:
  void expandDivisions();
  void replaceByCalls();
  void expandLeadingZeros();
  Value *emitLeadingZeros(Value *x);
  Function *getLeadingZeros();
  Function *getHelper(unsigned opcode);
  Value *call(BinaryOperator *operation);
  Value *emitProduct(Halves x, Halves y);
  Value *emitShift(unsigned opcode, Halves x, Value *count);
  Halves split(Value *value);
  Value *join(Halves halves);

  Module &module;
  IRBuilder<NoFolder> b;
  bool narrow;
  DenseMap<unsigned, Function *> helpers;
  Function *leadingZeros = nullptr;
};
} // namespace

static bool isDivision(const Instruction &instruction) {
  switch (instruction.getOpcode()) {
  case Instruction::SDiv:
  case Instruction::UDiv:
  case Instruction::SRem:
  case Instruction::URem:
    return true;
  default:
    return false;
  }
}

Halves WideExpander::split(Value *value) {
  return {b.CreateTrunc(value, b.getInt32Ty()), b.CreateTrunc(b.CreateLShr(value, 32), b.getInt32Ty())};
}

Value *WideExpander::join(Halves halves) {
  Value *high = b.CreateShl(b.CreateZExt(halves.high, b.getInt64Ty()), 32);
  return b.CreateOr(high, b.CreateZExt(halves.low, b.getInt64Ty()));
}

/// By products of 16 bits.
Value *WideExpander::emitProduct(Halves x, Halves y) {
  const auto low = [&](Value *v) { return b.CreateAnd(v, b.getInt32(0xffff)); };
  const auto high = [&](Value *v) { return b.CreateLShr(v, 16); };
  Value *x0 = low(x.low), *x1 = high(x.low), *y0 = low(y.low), *y1 = high(y.low);
  Value *first = b.CreateMul(x0, y0), *left = b.CreateMul(x1, y0), *right = b.CreateMul(x0, y1);
  Value *middle = b.CreateAdd(b.CreateAdd(high(first), low(left)), low(right));
  Value *top = b.CreateAdd(b.CreateMul(x1, y1), b.CreateAdd(b.CreateAdd(high(left), high(right)), high(middle)));
  top = b.CreateAdd(top, b.CreateAdd(b.CreateMul(x.high, y.low), b.CreateMul(x.low, y.high)));
  return join({b.CreateOr(low(first), b.CreateShl(middle, 16)), top});
}

/// What crosses from one half to the other is shifted twice, as 32 places at once are not defined.
Value *WideExpander::emitShift(unsigned opcode, Halves x, Value *count) {
  const bool left = opcode == Instruction::Shl;
  Value *n = b.CreateAnd(count, b.getInt32(31)), *rest = b.CreateXor(n, b.getInt32(31));
  Value *isFar = b.CreateICmpNE(b.CreateAnd(count, b.getInt32(32)), b.getInt32(0));
  Value *from = left ? x.low : x.high, *to = left ? x.high : x.low;
  const auto op = static_cast<Instruction::BinaryOps>(opcode);
  Value *moved = b.CreateBinOp(op, from, n);
  Value *crossing = left ? b.CreateLShr(b.CreateLShr(from, 1), rest) : b.CreateShl(b.CreateShl(from, 1), rest);
  Value *near = b.CreateOr(left ? b.CreateShl(to, n) : b.CreateLShr(to, n), crossing);
  Value *filler = opcode == Instruction::AShr ? b.CreateAShr(from, 31) : b.getInt32(0);
  Value *first = b.CreateSelect(isFar, filler, moved), *second = b.CreateSelect(isFar, moved, near);
  return left ? join({first, second}) : join({second, first});
}

/// A function of this module's own.
Function *WideExpander::getHelper(unsigned opcode) {
  Function *&helper = helpers[opcode];
  if (helper)
    return helper;
  IRBuilderBase::InsertPointGuard guard(b);
  Type *wide = b.getInt64Ty();
  helper = Function::Create(FunctionType::get(wide, {wide, wide}, false), GlobalValue::InternalLinkage,
                            Twine("nibble_") + Instruction::getOpcodeName(opcode) + "64", module);
  helper->addFnAttr(Attribute::NoInline);
  helper->addFnAttr(Attribute::NoUnwind);
  b.SetInsertPoint(BasicBlock::Create(module.getContext(), "", helper));
  Halves x = split(helper->getArg(0)), y = split(helper->getArg(1));
  b.CreateRet(opcode == Instruction::Mul ? emitProduct(x, y) : emitShift(opcode, x, y.low));
  return helper;
}

/// Lane by lane, if there are several.
Value *WideExpander::call(BinaryOperator *operation) {
  Function *helper = getHelper(operation->getOpcode());
  Value *x = operation->getOperand(0), *y = operation->getOperand(1);
  auto *vector = dyn_cast<FixedVectorType>(operation->getType());
  if (!vector)
    return b.CreateCall(helper, {x, y});
  Value *result = PoisonValue::get(vector);
  for (unsigned lane = 0; lane < vector->getNumElements(); ++lane) {
    Value *one = b.CreateCall(helper, {b.CreateExtractElement(x, lane), b.CreateExtractElement(y, lane)});
    result = b.CreateInsertElement(result, one, lane);
  }
  return result;
}

void WideExpander::expandDivisions() {
  SmallVector<BinaryOperator *> divisions;
  for (Function &function : module)
    for (Instruction &instruction : instructions(function))
      if (isDivision(instruction) && (narrow || instruction.getType()->isIntegerTy(64)))
        divisions.push_back(cast<BinaryOperator>(&instruction));
  for (BinaryOperator *division : divisions) {
    const bool isWide = division->getType()->isIntegerTy(64);
    const unsigned opcode = division->getOpcode();
    if (opcode == Instruction::SDiv || opcode == Instruction::UDiv)
      isWide ? expandDivisionUpTo64Bits(division) : expandDivisionUpTo32Bits(division);
    else
      isWide ? expandRemainderUpTo64Bits(division) : expandRemainderUpTo32Bits(division);
  }
}

void WideExpander::replaceByCalls() {
  SmallVector<BinaryOperator *> found;
  for (Function &function : module)
    for (Instruction &instruction : instructions(function)) {
      const bool isProduct = instruction.getOpcode() == Instruction::Mul;
      if (instruction.getType()->getScalarType()->isIntegerTy(64) &&
          (isProduct || (instruction.isShift() && !isa<Constant>(instruction.getOperand(1)))))
        found.push_back(cast<BinaryOperator>(&instruction));
    }
  for (BinaryOperator *operation : found) {
    b.SetInsertPoint(operation);
    operation->replaceAllUsesWith(call(operation));
    operation->eraseFromParent();
  }
}

/// By halves; what is left at the end is a one in the highest place, or none at all.
Value *WideExpander::emitLeadingZeros(Value *x) {
  Value *count = b.getInt32(0);
  for (uint32_t places : {16, 8, 4, 2, 1}) {
    Value *areZero = b.CreateICmpULT(x, b.getInt32(1u << (32 - places)));
    count = b.CreateAdd(count, b.CreateSelect(areZero, b.getInt32(places), b.getInt32(0)));
    x = b.CreateSelect(areZero, b.CreateShl(x, places), x);
  }
  return b.CreateAdd(count, b.CreateZExt(b.CreateICmpEQ(x, b.getInt32(0)), b.getInt32Ty()));
}

Function *WideExpander::getLeadingZeros() {
  if (leadingZeros)
    return leadingZeros;
  IRBuilderBase::InsertPointGuard guard(b);
  Type *type = b.getInt32Ty();
  leadingZeros =
      Function::Create(FunctionType::get(type, {type}, false), GlobalValue::InternalLinkage, "nibble_ctlz32", module);
  leadingZeros->addFnAttr(Attribute::NoInline);
  leadingZeros->addFnAttr(Attribute::NoUnwind);
  b.SetInsertPoint(BasicBlock::Create(module.getContext(), "", leadingZeros));
  b.CreateRet(emitLeadingZeros(leadingZeros->getArg(0)));
  return leadingZeros;
}

/// Divisions count them too, once they are expanded.
void WideExpander::expandLeadingZeros() {
  SmallVector<IntrinsicInst *> found;
  for (Function &function : module)
    for (Instruction &instruction : instructions(function))
      if (auto *call = dyn_cast<IntrinsicInst>(&instruction);
          call && call->getIntrinsicID() == Intrinsic::ctlz &&
          (call->getType()->isIntegerTy(32) || call->getType()->isIntegerTy(64)))
        found.push_back(call);
  for (IntrinsicInst *call : found) {
    b.SetInsertPoint(call);
    Value *x = call->getArgOperand(0), *result;
    if (call->getType()->isIntegerTy(32)) {
      result = b.CreateCall(getLeadingZeros(), x);
    } else {
      const Halves halves = split(x);
      Value *isLow = b.CreateICmpEQ(halves.high, b.getInt32(0));
      Value *count = b.CreateCall(getLeadingZeros(), b.CreateSelect(isLow, halves.low, halves.high));
      result = b.CreateZExt(b.CreateAdd(count, b.CreateSelect(isLow, b.getInt32(32), b.getInt32(0))), call->getType());
    }
    call->replaceAllUsesWith(result);
    call->eraseFromParent();
  }
}

void WideExpander::run() {
  expandDivisions();
  if (!narrow)
    return;
  expandLeadingZeros();
  replaceByCalls();
}

void nibble::expandWideIntegers(llvm::Module &module, const TargetSpec &target) {
  WideExpander(module, StringRef(target.triple).starts_with("thumbv6m")).run();
}
