// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Interfaces of the ukernel dialect's operations.

#ifndef UKERNEL_INTERFACES
#define UKERNEL_INTERFACES

include "mlir/IR/OpBase.td"

def UKernel_KernelOp : OpInterface<"KernelOp"> {
  let cppNamespace = "::nibble::ukernel";
  let description = [{
    One call of a kernel, `void kernel(void *const *args, int64_t tile_begin, int64_t tile_end)`. Tiles may run in
    any order and at the same time: they write disjoint parts of the result.
  }];
  let methods = [
      InterfaceMethod<"The signature, with the instruction set: `u8_s8pc_u8_conv_6x64c4_avx512vnni`.",
                      "std::string", "getKernelName", (ins "const ::nibble::kernels::ISA &":$isa)>,
      InterfaceMethod<"Kernels with equal names and keys are the same code.", "std::string", "getKernelKey">,
      InterfaceMethod<"Number of tiles, the same for every instruction set.", "int64_t", "getTileCount">,
      InterfaceMethod<"The kernel's arguments: buffers, and bytes from their start. The result comes among them.",
                      "void", "getKernelArguments",
                      (ins "::llvm::SmallVectorImpl<::nibble::ukernel::KernelArgument> &":$arguments)>,
      InterfaceMethod<"Emits the kernel as a function called `symbol`.", "::llvm::LogicalResult", "emitKernel",
                      (ins "::mlir::OpBuilder &":$builder, "::llvm::StringRef":$symbol,
                           "const ::nibble::kernels::ISA &":$isa)>,
      InterfaceMethod<"The operand whose memory the result may take over, or -1.", "int", "getInPlaceOperand", (ins),
                      "", "return -1;">];
}

#endif // UKERNEL_INTERFACES
