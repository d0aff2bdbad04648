// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The onnx dialect: what the importer finds no form for in the nibble dialect.

#ifndef ONNX_DIALECT
#define ONNX_DIALECT

include "mlir/IR/OpBase.td"

def ONNX_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::nibble::onnxir";
  let summary = "ONNX operators of the canonical opset that have no form in the nibble dialect";
  let description = [{
    The operations are generated at build time from the schemas of the pinned ONNX library (`generate.py`): operands,
    results and attributes have the schema's names, and typed accessors. They have neither verifiers nor folders: the
    importer checked the model. An operator of another domain, or one with subgraphs, is `onnx.custom`.
  }];
}

class ONNX_Op<string mnemonic, list<Trait> traits = []> : Op<ONNX_Dialect, mnemonic, traits> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  // One builder instead of three: the importer builds from lists, and 200 operations take a third less to compile.
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::mlir::TypeRange":$types, "::mlir::ValueRange":$operands,
      CArg<"::llvm::ArrayRef<::mlir::NamedAttribute>", "{}">:$attributes), [{
    $_state.addOperands(operands);
    $_state.addAttributes(attributes);
    $_state.addTypes(types);
  }]>];
}

#endif // ONNX_DIALECT
