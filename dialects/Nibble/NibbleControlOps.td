// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Control flow that is decided when a model runs.

#ifndef NIBBLE_CONTROL_OPS
#define NIBBLE_CONTROL_OPS

def Nibble_LoopOp : Nibble_Op<"loop", [Pure, SingleBlock, AttrSizedOperandSegments]> {
  let summary = "A body that runs for one iteration after another";
  let description = [{
    The body's arguments are the iteration's number, an `i64` that counts from 0, then the carried values, `inits` before the
    first iteration, then element `number` along dimension 0 of each of `scanned`; `nibble.region_yield` ends it with the
    next carried values, then an element of each sequence. Results are the last carried values, then the sequences: the
    elements of all iterations along a new dimension 0. The body may read values from outside.

    There are as many iterations as `extents` says by the model's dynamic dimensions, or `count`, none if that is negative;
    where `conditional`, the loop ends before an iteration that finds false in its first carried value. `reversed` tells of
    each scanned value, then of each sequence, whether the first iteration has its last element.

    ```mlir
    func.func @main(%x: tensor<?x2xf32> {nibble.dims = ["length", ""]}, %zero: tensor<2xf32>) -> (tensor<2xf32>, tensor<?x2xf32>) {
      %last, %sums = nibble.loop (%zero : tensor<2xf32>) scan (%x : tensor<?x2xf32>)
          attributes {extents = #nibble.extents<[d0]>, reversed = array<i1: false, false>} {
      ^bb0(%i: tensor<i64>, %sum: tensor<2xf32>, %element: tensor<2xf32>):
        %next = nibble.add %sum, %element : tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
        nibble.region_yield %next, %next : tensor<2xf32>, tensor<2xf32>
      } -> tensor<2xf32>, tensor<?x2xf32>
      return %last, %sums : tensor<2xf32>, tensor<?x2xf32>
    }
    ```

    * C1: the body's arguments are a `tensor<i64>`, the carried values with the types of `inits`, and the elements of
      `scanned`.
    * C2: the body yields the carried values with the types of `inits`, then an element of each further result.
    * C3: the first results have the types of `inits`.
    * C4: `extents` is one extent, and there is no `count` beside it; one of them is there, or the loop is `conditional`.
    * C5: values are scanned, and sequences made, by loops with `extents` that are not `conditional`. Their dimension 0 has
      that extent, as far as types tell.
    * C6: `conditional`, the first carried value is a `tensor<i1>`.
    * C7: `reversed` has an entry for each scanned value and each sequence.
  }];
  let arguments = (ins Variadic<Nibble_Tensor>:$inits, Variadic<Nibble_Tensor>:$scanned,
      Optional<0DTensorOf<[I64]>>:$count,
      OptionalAttr<Nibble_ExtentsAttr>:$extents, DefaultValuedAttr<DenseBoolArrayAttr, "{}">:$reversed,
      UnitAttr:$conditional);
  let results = (outs Variadic<Nibble_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    ` ` `(` ($inits^ `:` type($inits))? `)` (`scan` `(` $scanned^ `:` type($scanned) `)`)?
    (`count` `(` $count^ `:` type($count) `)`)? attr-dict-with-keyword $body (`->` type($results)^)?
  }];
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::BlockArgument getNumber() { return getBody().getArgument(0); }
    ::mlir::BlockArgument getCarried(unsigned i) { return getBody().getArgument(1 + i); }
    ::mlir::BlockArgument getElement(unsigned i) { return getBody().getArgument(1 + getInits().size() + i); }
    /// The results behind the carried values.
    ::mlir::ResultRange getSequences() { return getResults().drop_front(getInits().size()); }
    /// What the body yields.
    ::mlir::OperandRange getYielded() { return getBody().front().getTerminator()->getOperands(); }
    bool isReversedElement(unsigned i) { return getReversed()[i]; }
    bool isReversedSequence(unsigned i) { return getReversed()[getScanned().size() + i]; }
    /// The number of iterations where no `count` and no condition decides of it.
    ::nibble::Extent getTripCount() { return getExtentsAttr().getValue().front(); }
    /// Whether the model's dimensions alone decide of the number of iterations.
    bool isCounted() { return getExtentsAttr() && !getConditional(); }
  }];
}

def Nibble_IfOp : Nibble_Op<"if", [Pure, SingleBlock]> {
  let summary = "One of two bodies, chosen when the model runs";
  let description = [{
    Of the bodies, which have no arguments, the first runs if `condition` is true, else the second; `nibble.region_yield`
    ends it with the results. They read values from outside.

    ```mlir
    func.func @main(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
      %y = nibble.if %c : tensor<i1> {
        %a = nibble.relu %x : tensor<4xf32> -> tensor<4xf32>
        nibble.region_yield %a : tensor<4xf32>
      } else {
        %b = nibble.neg %x : tensor<4xf32> -> tensor<4xf32>
        nibble.region_yield %b : tensor<4xf32>
      } -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
    ```

    * C1: the bodies have no arguments.
    * C2: each yields as many values as there are results, of their types.
  }];
  let arguments = (ins 0DTensorOf<[I1]>:$condition);
  let results = (outs Variadic<Nibble_Tensor>:$results);
  let regions = (region SizedRegion<1>:$then_body, SizedRegion<1>:$else_body);
  let assemblyFormat = [{
    $condition `:` type($condition) attr-dict-with-keyword $then_body `else` $else_body (`->` type($results)^)?
  }];
  let hasRegionVerifier = 1;
}

def Nibble_RegionYieldOp : Nibble_Op<"region_yield", [Pure, Terminator]> {
  let summary = "End of the body of a loop or branch: its values";
  let description = [{
    ```mlir
    func.func @main(%x: tensor<f32>) -> tensor<f32> {
      %y = nibble.loop (%x : tensor<f32>) attributes {extents = #nibble.extents<[3]>} {
      ^bb0(%i: tensor<i64>, %before: tensor<f32>):
        %next = nibble.add %before, %before : tensor<f32>, tensor<f32> -> tensor<f32>
        nibble.region_yield %next : tensor<f32>
      } -> tensor<f32>
      return %y : tensor<f32>
    }
    ```
  }];
  let arguments = (ins Variadic<Nibble_Tensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif // NIBBLE_CONTROL_OPS
