// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors whose elements a scalar program computes, and what such programs consist of.

#ifndef NIBBLE_GENERATE_OPS
#define NIBBLE_GENERATE_OPS

include "mlir/IR/OpAsmInterface.td"

def Nibble_GenerateOp : Nibble_Op<"generate", [Pure, IsolatedFromAbove, SingleBlock]> {
  let summary = "Tensor whose elements a scalar program computes, each on its own";
  let description = [{
    What has no operation of its own: the body is the program of one element. Its arguments are the element's index along
    each dimension, then the inputs; `nibble.yield` ends it with the element's value. Elements may be computed in any
    order and at the same time. A result without elements runs no program.

    Bodies consist of `arith`, of `math` where results are exact, of `nibble.apply`, `nibble.read`, `nibble.extent`,
    `nibble.extent_value`, and of `scf.if` and `scf.for`, so that each one ends. All values are scalars. What they compute
    stands in `dialects/Nibble/README.md`, "Scalar programs": nothing is undefined. `extents` gives the result's extents by the
    model's dynamic dimensions; it is there where the result has dynamic ones.

    ```mlir
    func.func @main(%table: tensor<10x4xf32>, %rows: tensor<3xi64>) -> tensor<3x4xf32> {
      %y = nibble.generate (%table, %rows : tensor<10x4xf32>, tensor<3xi64>) {
      ^bb0(%i: index, %j: index, %t: tensor<10x4xf32>, %x: tensor<3xi64>):
        %r = nibble.read %x[%i] : tensor<3xi64> -> i64
        %row = arith.index_cast %r : i64 to index
        %e = nibble.read %t[%row, %j] : tensor<10x4xf32> -> f32
        nibble.yield %e : f32
      } -> tensor<3x4xf32>
      return %y : tensor<3x4xf32>
    }
    ```

    * C1: the body's arguments are an index for each dimension of the result, then the inputs.
    * C2: elements of inputs and result are integers of 1, 2, 4, 8, 16, 32 or 64 bits or floats of 4, 6, 8, 16, 32 or 64, none quantized.
    * C3: the body yields one scalar of the result's element type, without its sign if that is an integer.
    * C4: the body consists of the operations that "Scalar programs" lists, on scalars of C2's types and indices.
    * C5: arithmetic of floats is on `f32` and `f64`; other types are extended, truncated and selected.
    * C6: loops are over indices, by a constant positive step.
    * C7: `extents` has one extent a dimension of the result, the same where that is static; it is there just where the
      result has dynamic extents.
  }];
  let arguments = (ins Variadic<Nibble_Tensor>:$inputs, OptionalAttr<Nibble_ExtentsAttr>:$extents);
  let results = (outs Nibble_Tensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    ` ` `(` ($inputs^ `:` type($inputs))? `)` attr-dict-with-keyword $body `->` type($result)
  }];
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The body's index along dimension `i` of the result.
    ::mlir::BlockArgument getIndex(unsigned i) { return getBody().getArgument(i); }
    /// Input `i` as the body sees it.
    ::mlir::BlockArgument getInputArgument(unsigned i) { return getBody().getArgument(getType().getRank() + i); }
  }];
}

def Nibble_ReadOp : Nibble_Op<"read", [Pure]> {
  let summary = "One element of a tensor, in the body of nibble.generate";
  let description = [{
    An index outside of the tensor counts as the nearest one inside: clamp(i, 0, extent - 1). The scalar has no sign: of
    `ui8` it is an `i8`. Elements of fewer bits than 8 are the low bits of their byte. A tensor without elements reads
    as 0.

    ```mlir
    func.func @main(%x: tensor<3xui8>) -> tensor<3xui8> {
      %y = nibble.generate (%x : tensor<3xui8>) {
      ^bb0(%i: index, %t: tensor<3xui8>):
        %e = nibble.read %t[%i] : tensor<3xui8> -> i8
        nibble.yield %e : i8
      } -> tensor<3xui8>
      return %y : tensor<3xui8>
    }
    ```

    * C1: one index a dimension.
    * C2: the result is a scalar of the element type, without its sign.
    * C3: the tensor is an input of the `nibble.generate` round it.
  }];
  let arguments = (ins Nibble_Tensor:$tensor, Variadic<Index>:$indices);
  let results = (outs AnyTypeOf<[AnySignlessInteger, AnyFloat]>:$result);
  let assemblyFormat = "$tensor `[` $indices `]` attr-dict `:` type($tensor) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_ExtentOp : Nibble_Op<"extent", [Pure]> {
  let summary = "Extent of a tensor, in the body of nibble.generate";
  let description = [{
    ```mlir
    func.func @main(%x: tensor<?xf32> {nibble.dims = ["n"]}) -> tensor<?xf32> {
      %y = nibble.generate (%x : tensor<?xf32>) attributes {extents = #nibble.extents<[d0]>} {
      ^bb0(%i: index, %t: tensor<?xf32>):
        %n = nibble.extent %t[0] : tensor<?xf32>
        %one = arith.constant 1 : index
        %last = arith.subi %n, %one : index
        %from = arith.subi %last, %i : index
        %e = nibble.read %t[%from] : tensor<?xf32> -> f32
        nibble.yield %e : f32
      } -> tensor<?xf32>
      return %y : tensor<?xf32>
    }
    ```

    * C1: the tensor has the dimension.
    * C2: the tensor is an input of the `nibble.generate` round it.
  }];
  let arguments = (ins Nibble_Tensor:$tensor, I64Attr:$dimension);
  let results = (outs Index:$result);
  let assemblyFormat = "$tensor `[` $dimension `]` attr-dict `:` type($tensor)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nibble_ExtentValueOp : Nibble_Op<"extent_value", [Pure]> {
  let summary = "An extent by the model's dynamic dimensions, in the body of nibble.generate";
  let description = [{
    ```mlir
    func.func @main(%x: tensor<?x?xf32> {nibble.dims = ["past", "length"]}) -> tensor<?xi64> {
      %y = nibble.generate () attributes {extents = #nibble.extents<[d1]>} {
      ^bb0(%i: index):
        %past = nibble.extent_value <[d0]>
        %position = arith.addi %past, %i : index
        %e = arith.index_cast %position : index to i64
        nibble.yield %e : i64
      } -> tensor<?xi64>
      return %y : tensor<?xi64>
    }
    ```

    * C1: `extents` is one extent.
  }];
  let arguments = (ins Nibble_ExtentsAttr:$extents);
  let results = (outs Index:$result);
  let assemblyFormat = "$extents attr-dict";
  let builders = [OpBuilder<(ins "::nibble::Extent":$extent), [{
    build($_builder, $_state, ::nibble::ExtentsAttr::get($_builder.getContext(), extent));
  }]>];
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDeclaration = [{
    ::nibble::Extent getExtent() { return getExtents().getValue().front(); }
  }];
}

def Nibble_ApplyOp : Nibble_Op<"apply", [Pure]> {
  let summary = "A function of scalars by the dialect's own sequence of operations";
  let description = [{
    The functions of `include/nibble/Support/Functions.h` and `AngleFunctions.h`, to the last bit, whatever the compiler or
    machine. `math`'s operations of these names are not used, as folding one calls the host's library.

    ```mlir
    func.func @main(%x: f32) -> f32 {
      %y = nibble.apply "exp"(%x)
      return %y : f32
    }
    ```

    * C1: `function` is `exp`, `log`, `tanh`, `erf`, `sin`, `cos`, `tan`, `asin`, `acos`, `atan`, `sinh`, `cosh`, `asinh`,
      `acosh`, `atanh` or `pow`.
    * C2: as many operands as the function has variables.
  }];
  let arguments = (ins StrAttr:$function, Variadic<F32>:$operands);
  let results = (outs F32:$result);
  let assemblyFormat = "$function `(` $operands `)` attr-dict";
  let hasVerifier = 1;
}

def Nibble_YieldOp : Nibble_Op<"yield", [Pure, Terminator]> {
  let summary = "End of a scalar program: the element's value";
  let description = [{
    ```mlir
    func.func @main() -> tensor<4xi64> {
      %y = nibble.generate () {
      ^bb0(%i: index):
        %e = arith.index_cast %i : index to i64
        nibble.yield %e : i64
      } -> tensor<4xi64>
      return %y : tensor<4xi64>
    }
    ```
  }];
  let arguments = (ins AnyTypeOf<[AnySignlessInteger, AnyFloat]>:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

#endif // NIBBLE_GENERATE_OPS
