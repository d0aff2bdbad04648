// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels of a program for one instruction set.

#include "SampleEmitter.h"

#include "nibble/Kernels/Launch.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

KernelTable::KernelTable(ModuleOp module, const Program &program, const kernels::ISA &isa)
    : module(module), program(program), isa(isa), builder(module.getBodyRegion()) {
  builder.setInsertionPointToEnd(module.getBody());
}

FailureOr<func::FuncOp> KernelTable::get(KernelOp op, ArrayRef<int64_t> alignments) {
  return getOrEmit(op.getKernelName(isa), kernels::kernelKey(op.getKernelParams(), isa), alignments,
                   [&](StringRef symbol) { return op.emitKernel(builder, symbol, isa); });
}

func::FuncOp KernelTable::getHalo(Location loc, const kernels::HaloParams &params, ArrayRef<int64_t> alignments) {
  auto emit = [&](StringRef symbol) {
    kernels::emitHalo(builder, loc, symbol, params, isa);
    return success();
  };
  return *getOrEmit(kernels::haloKernelName(params, isa), kernels::haloKernelKey(params), alignments, emit);
}

StringRef KernelTable::getTable(ArrayRef<int32_t> table) {
  StringRef key(reinterpret_cast<const char *>(table.data()), table.size() * sizeof(int32_t));
  auto [entry, isNew] = tables.try_emplace(key, program.name + "_t" + std::to_string(tables.size()));
  if (isNew) {
    builder.setInsertionPointToStart(module.getBody());
    auto type = LLVM::LLVMArrayType::get(builder.getI32Type(), table.size());
    LLVM::GlobalOp::create(builder, module.getLoc(), type, /*isConstant=*/true, LLVM::Linkage::Internal, entry->second,
                           builder.getI32TensorAttr(table), /*alignment=*/4);
  }
  return entry->second;
}

FailureOr<func::FuncOp> KernelTable::getOrEmit(StringRef name, std::string key, ArrayRef<int64_t> alignments,
                                               EmitFn emit) {
  for (int64_t alignment : alignments)
    key += " @" + std::to_string(alignment);
  func::FuncOp &entry = functions[{name.str(), key}];
  if (entry)
    return entry;
  std::string symbol = program.name + "_k" + std::to_string(functions.size()) + "_" + name.str();
  builder.setInsertionPointToEnd(module.getBody());
  const kernels::ArgumentAlignments scope(module, alignments);
  if (failed(emit(symbol)))
    return failure();
  entry = module.lookupSymbol<func::FuncOp>(symbol);
  assert(entry && "a kernel has the symbol that it was asked for");
  return entry;
}
