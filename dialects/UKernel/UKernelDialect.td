// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ukernel dialect: a model as a flat list of kernel calls on values in memory.

#ifndef UKERNEL_DIALECT
#define UKERNEL_DIALECT

include "mlir/IR/OpBase.td"

def UKernel_Dialect : Dialect {
  let name = "ukernel";
  let cppNamespace = "::nibble::ukernel";
  let summary = "Kernel calls on values with a memory layout";
  let description = [{
    The last form of a model above loops: one flat block, each operation one
    kernel call, each value a `!ukernel.buffer` whose layout in memory is part
    of its type. `--ukernel-from-nibble` chooses the layouts, `--ukernel-plan-memory`
    places the buffers in one arena, code generation emits each distinct kernel
    once and the calls one after another.

    An operation's arithmetic is that of the `nibble` operation of the same
    name, to the last bit; what is new here is where the operands lie.
  }];
  let dependentDialects = ["::nibble::NibbleDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

class UKernel_Op<string mnemonic, list<Trait> traits = []>
    : Op<UKernel_Dialect, mnemonic, traits>;

#endif // UKERNEL_DIALECT
