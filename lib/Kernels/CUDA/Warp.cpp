// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Warp.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static void call(KernelBuilder &b, const Twine &name, ValueRange operands) {
  LLVM::CallIntrinsicOp::create(b, b.getStringAttr("llvm.nvvm." + name), operands);
}

void nibble::kernels::copyAsync(KernelBuilder &b, Value shared, Value global, int64_t bytes, Value valid) {
  // Past the nearest cache where the instruction can.
  const std::string name =
      std::string("cp.async.") + (bytes == 16 ? "cg" : "ca") + ".shared.global." + std::to_string(bytes);
  if (valid)
    call(b, name + ".s", {shared, global, valid});
  else
    call(b, name, {shared, global});
}

void nibble::kernels::commitCopies(KernelBuilder &b) { call(b, "cp.async.commit.group", {}); }

void nibble::kernels::waitForCopies(KernelBuilder &b, int64_t pending) {
  call(b, "cp.async.wait.group", b.splat(b.i32(), pending));
}

/// `count` dwords of a call.
static Values dwords(KernelBuilder &b, StringRef name, int64_t count, ValueRange operands) {
  Type type = LLVM::LLVMStructType::getLiteral(b.getContext(), SmallVector<Type>(count, b.i32()));
  Value all = b.intrinsic(name, type, operands);
  Values values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(LLVM::ExtractValueOp::create(b, all, i));
  return values;
}

Values nibble::kernels::loadMatrices(KernelBuilder &b, Value shared) {
  return dwords(b, "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16", 4, shared);
}

Values nibble::kernels::multiplyTile(KernelBuilder &b, ElementKind kind, ValueRange acc, ValueRange input,
                                     ValueRange weights) {
  Values operands(input);
  llvm::append_range(operands, weights);
  llvm::append_range(operands, acc);
  return dwords(b,
                kind == ElementKind::U8 ? "llvm.nvvm.mma.m16n8k32.row.col.u8.s8" : "llvm.nvvm.mma.m16n8k32.row.col.s8",
                4, operands);
}
