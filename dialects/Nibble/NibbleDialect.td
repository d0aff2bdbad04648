// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The nibble dialect: the graph of a model, float or quantized.

#ifndef NIBBLE_DIALECT
#define NIBBLE_DIALECT

include "mlir/IR/OpBase.td"

def Nibble_Dialect : Dialect {
  let name = "nibble";
  let cppNamespace = "::nibble";
  let summary = "Graph of a neural network, float or quantized, with exact integer semantics";
  let description = [{
    One dialect carries a model from import to plain integers. Its operations
    come in three families, told apart by their element types:

    * **float**: operands and results are `f32`; every result is defined down
      to the last bit (order of accumulation, fused multiply-adds, polynomials);
    * **quantized**: operands and results are `!quant.uniform`; the operation is
      the exact integer function written in its description;
    * **integer** (`int_*` operations): plain `i8`/`ui8` storage with zero points,
      multipliers and clamps folded into operands and attributes. They are what
      code generation reads.

    `dialects/Nibble/README.md` is the normative text: equations, roundings and
    the numbered constraints that verifiers and tests echo.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::quant::QuantDialect",
                           "::mlir::scf::SCFDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

class Nibble_Op<string mnemonic, list<Trait> traits = []>
    : Op<Nibble_Dialect, mnemonic, traits>;

#endif // NIBBLE_DIALECT
