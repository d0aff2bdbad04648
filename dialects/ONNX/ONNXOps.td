// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations of the onnx dialect.

#ifndef ONNX_OPS
#define ONNX_OPS

include "ONNXDialect.td"
include "ONNXSchemas.td"

def ONNX_CustomOp : Op<ONNX_Dialect, "custom"> {
  let summary = "Operator of another domain, or with subgraphs";
  let description = [{
    Operator `op_type` of `domain`. Its attributes stand in the dictionary `values`, as they are in the model.

    ```mlir
    %y = onnx.custom "FusedMatMul" of "com.microsoft"(%a, %b) {values = {alpha = 5.000000e-01 : f32}}
        : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins StrAttr:$op_type, StrAttr:$domain, Variadic<AnyType>:$inputs,
      DefaultValuedAttr<DictionaryAttr, "{}">:$values);
  let results = (outs Variadic<AnyType>:$outputs);
  let assemblyFormat = [{
    $op_type `of` $domain `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs)
  }];
}

#endif // ONNX_OPS
