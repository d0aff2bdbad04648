// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Interfaces of the ukernel dialect's operations.

#ifndef UKERNEL_INTERFACES
#define UKERNEL_INTERFACES

include "mlir/IR/OpBase.td"

def UKernel_KernelOp : OpInterface<"KernelOp"> {
  let cppNamespace = "::nibble::ukernel";
  let description = [{
    One call of a kernel, `void kernel(void *const *args, int64_t tile_begin, int64_t tile_end)`. Tiles may run in
    any order and at the same time: they write disjoint parts of the result. The code is the kernel library's
    (`nibble/Kernels/Table.h`).
  }];
  let methods = [
      InterfaceMethod<"The kernel.", "::nibble::kernels::KernelParams", "getKernelParams">,
      InterfaceMethod<"The kernel's arguments: buffers, and bytes from their start. The result comes among them. By "
                      "default the first elements of all operands, then of the result.",
                      "void", "getKernelArguments",
                      (ins "::llvm::SmallVectorImpl<::nibble::ukernel::KernelArgument> &":$arguments), "",
                      "::nibble::ukernel::getOriginArguments($_op, arguments);">,
      InterfaceMethod<"The operand whose memory the result may take over, or -1.", "int", "getInPlaceOperand", (ins),
                      "", "return -1;">];
  let extraClassDeclaration = [{
    /// The signature, with the instruction set: `u8_s8pc_u8_conv_6x64c4_avx512vnni`.
    std::string getKernelName(const ::nibble::kernels::ISA &isa);
    /// Number of tiles, the same for every instruction set.
    ::nibble::Extent getTileCount();
    /// Emits the kernel as a function called `symbol`, or an error that names the node.
    ::llvm::LogicalResult emitKernel(::mlir::OpBuilder &builder, ::llvm::StringRef symbol,
                                     const ::nibble::kernels::ISA &isa);
  }];
}

#endif // UKERNEL_INTERFACES
