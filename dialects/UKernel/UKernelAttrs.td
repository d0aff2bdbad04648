// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Enumerations of the ukernel dialect.

#ifndef UKERNEL_ATTRS
#define UKERNEL_ATTRS

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "UKernelDialect.td"

def UKernel_BinaryKind : I32EnumAttr<"BinaryKind", "function of two variables", [
    I32EnumAttrCase<"Add", 0, "add">, I32EnumAttrCase<"Sub", 1, "sub">,
    I32EnumAttrCase<"Mul", 2, "mul">, I32EnumAttrCase<"Div", 3, "div">,
    I32EnumAttrCase<"Pow", 4, "pow">, I32EnumAttrCase<"Min", 5, "min">,
    I32EnumAttrCase<"Max", 6, "max">]> {
  let cppNamespace = "::nibble::ukernel";
  let genSpecializedAttr = 0;
}
def UKernel_BinaryKindAttr : EnumAttr<UKernel_Dialect, UKernel_BinaryKind, "binary_kind"> {
  let assemblyFormat = "`<` $value `>`";
}

def UKernel_ExtentAttr : AttrDef<UKernel_Dialect, "Extent"> {
  let mnemonic = "extent";
  let summary = "A number of bytes or elements that depends on the model's dynamic dimensions";
  let description = [{
    ```mlir
    #ukernel.extent<64 * floordiv(d0 + 15, 16)>
    ```
  }];
  let parameters = (ins "::nibble::Extent":$value);
  let hasCustomAssemblyFormat = 1;
}

#endif // UKERNEL_ATTRS
