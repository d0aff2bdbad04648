// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "FloatState.h"

#include "nibble/Dialect/UKernel/UKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

static bool isFloat(Type type) {
  auto buffer = dyn_cast<BufferType>(type);
  return buffer && buffer.getElementType().isF32();
}

/// Below this, products of a scale and an integer may be denormal.
static constexpr double kSmallScale = 0x1p-100;

/// Of a conversion between floats and bytes.
static FloatNeeds getNeeds(const APFloat &scale) {
  return scale.convertToDouble() >= kSmallScale ? FloatNeeds::Rounding : FloatNeeds::RoundingAndDenormals;
}

static FloatNeeds getNeeds(KernelOp op) {
  if (isa<TransposeOp, SliceOp, PadOp, GatherOp, ConcatOp, AppendOp, LookupOp>(op))
    return FloatNeeds::Nothing;
  if (isa<ukernel::GenerateOp>(op))
    return kernels::generatesFloat(std::get<kernels::GenerateParams>(op.getKernelParams()))
               ? FloatNeeds::RoundingAndDenormals
               : FloatNeeds::Nothing;
  if (auto quantize = dyn_cast<ukernel::QuantizeOp>(*op))
    return getNeeds(quantize.getScale());
  if (auto dequantize = dyn_cast<ukernel::DequantizeOp>(*op))
    return getNeeds(dequantize.getScale());
  if (llvm::any_of(op->getOperandTypes(), isFloat) || llvm::any_of(op->getResultTypes(), isFloat))
    return FloatNeeds::RoundingAndDenormals;
  return op->hasAttr("fixed") || isa<ukernel::MaxPoolOp>(op) ? FloatNeeds::Nothing : FloatNeeds::Rounding;
}

FloatNeeds nibble::getFloatNeeds(func::FuncOp program) {
  FloatNeeds needs = FloatNeeds::Nothing;
  program.walk([&](KernelOp op) { needs = std::max(needs, getNeeds(op)); });
  return needs;
}

namespace {
/// The register that holds the state: its bits that choose another rounding, or flush or alter denormals.
struct StateRegister {
  uint64_t rounding, denormals;
};
} // namespace

static constexpr StateRegister kMXCSR = {/*RC=*/3 << 13, /*FTZ, DAZ=*/1 << 15 | 1 << 6};
static constexpr StateRegister kFPCR = {/*RMode=*/3 << 22, /*FZ, NEP, AH, FIZ=*/1 << 24 | 7};

static Value callIntrinsic(OpBuilder &b, Location loc, TypeRange result, StringRef name, ValueRange operands) {
  auto call = LLVM::CallIntrinsicOp::create(b, loc, result, b.getStringAttr(name), operands,
                                            LLVM::FastmathFlagsAttr::get(b.getContext(), LLVM::FastmathFlags::none));
  return call->getNumResults() ? call->getResult(0) : Value();
}

/// The register's value.
static Value readRegister(OpBuilder &b, Location loc, kernels::Arch arch) {
  switch (arch) {
  case kernels::Arch::X86_64: {
    Value one = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(1));
    Type pointer = LLVM::LLVMPointerType::get(b.getContext());
    Value slot = LLVM::AllocaOp::create(b, loc, pointer, b.getI32Type(), one);
    callIntrinsic(b, loc, {}, "llvm.x86.sse.stmxcsr", slot);
    return LLVM::LoadOp::create(b, loc, b.getI32Type(), slot);
  }
  case kernels::Arch::AArch64:
    return callIntrinsic(b, loc, b.getI64Type(), "llvm.aarch64.get.fpcr", {});
  case kernels::Arch::CortexM:
  case kernels::Arch::RISCV32:
  case kernels::Arch::CUDA:
    break;
  }
  llvm_unreachable("an architecture without such a register");
}

Value nibble::emitIsFloatStateWrong(OpBuilder &b, Location loc, FloatNeeds needs, kernels::Arch arch) {
  if (needs == FloatNeeds::Nothing || kernels::isBareMetal(arch)) // which computes no floating point
    return nullptr;
  const StateRegister &bits = arch == kernels::Arch::X86_64 ? kMXCSR : kFPCR;
  Value state = readRegister(b, loc, arch);
  auto constant = [&](uint64_t c) -> Value {
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(state.getType(), int64_t(c)));
  };
  uint64_t mask = bits.rounding | (needs == FloatNeeds::RoundingAndDenormals ? bits.denormals : 0);
  Value wrong = arith::AndIOp::create(b, loc, state, constant(mask));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, wrong, constant(0));
}
