// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Control flow: calls that run more than once, or not always.

#ifndef UKERNEL_CONTROL_OPS
#define UKERNEL_CONTROL_OPS

def UKernel_LoopOp : UKernel_Op<"loop", [SingleBlock, AttrSizedOperandSegments]> {
  let summary = "Calls that run for one iteration after another";
  let description = [{
    As `nibble.loop`, on memory. Each carried value has one buffer, that of its operand among `inits`, which nothing else
    reads: iterations read it as an argument and the last calls of the body write it, and it is the result. A scanned
    value is read where it lies, and an iteration writes its element of a sequence where that lies.

    `trip` is the number of iterations, `count` its address. `conditional`, the first carried value is the condition.
    Where `--ukernel-plan-memory` placed the results stands in `offsets`, and in `number` where it placed the iteration's
    number.

    ```mlir
    func.func @main(%x: !ukernel.buffer<3x2xf32>, %init: !ukernel.buffer<2xf32>) -> !ukernel.buffer<2xf32> {
      %zero = ukernel.transpose %init {permutation = array<i64: 0>} : !ukernel.buffer<2xf32> -> !ukernel.buffer<2xf32>
      %last = ukernel.loop (%zero : !ukernel.buffer<2xf32>) scan (%x : !ukernel.buffer<3x2xf32>)
          attributes {trip = 3 : i64, reversed = array<i1: false>} {
      ^bb0(%i: !ukernel.buffer<i64>, %sum: !ukernel.buffer<2xf32>, %element: !ukernel.buffer<2xf32>):
        %next = ukernel.binary %sum, %element {kind = #ukernel.binary_kind<add>}
            : !ukernel.buffer<2xf32>, !ukernel.buffer<2xf32> -> !ukernel.buffer<2xf32>
        %end = ukernel.transpose %next {permutation = array<i64: 0>} : !ukernel.buffer<2xf32> -> !ukernel.buffer<2xf32>
        ukernel.region_yield %end : !ukernel.buffer<2xf32>
      } -> !ukernel.buffer<2xf32>
      %y = ukernel.transpose %last {permutation = array<i64: 0>} : !ukernel.buffer<2xf32> -> !ukernel.buffer<2xf32>
      return %y : !ukernel.buffer<2xf32>
    }
    ```

    * C1: the body's arguments are the number, the carried buffers and the elements of the scanned ones; it yields the
      carried ones and an element of each further result. All are plain.
    * C2: what it yields are results of kernels in it, each yielded once.
    * C3: `reversed` has an entry for each scanned value and each sequence.
    * C4: `trip` or `count` is there, or the loop is `conditional`.
  }];
  let arguments = (ins Variadic<UKernel_Buffer>:$inits, Variadic<UKernel_Buffer>:$scanned,
      Optional<UKernel_Buffer>:$count, OptionalAttr<AnyAttr>:$trip, DefaultValuedAttr<DenseBoolArrayAttr, "{}">:$reversed,
      UnitAttr:$conditional);
  let results = (outs Variadic<UKernel_Buffer>:$results);
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
    ::mlir::OperandRange getYielded() { return getBody().front().getTerminator()->getOperands(); }
  }];
}

def UKernel_IfOp : UKernel_Op<"if", [SingleBlock]> {
  let summary = "One of two lists of calls";
  let description = [{
    As `nibble.if`. Each body writes the results where they lie; `offsets` says where `--ukernel-plan-memory` placed them.

    ```mlir
    func.func @main(%c: !ukernel.buffer<i1>, %x: !ukernel.buffer<2xf32>) -> !ukernel.buffer<2xf32> {
      %r = ukernel.if %c : !ukernel.buffer<i1> {
        %a = ukernel.transpose %x {permutation = array<i64: 0>} : !ukernel.buffer<2xf32> -> !ukernel.buffer<2xf32>
        ukernel.region_yield %a : !ukernel.buffer<2xf32>
      } else {
        %b = ukernel.transpose %x {permutation = array<i64: 0>} : !ukernel.buffer<2xf32> -> !ukernel.buffer<2xf32>
        ukernel.region_yield %b : !ukernel.buffer<2xf32>
      } -> !ukernel.buffer<2xf32>
      %y = ukernel.transpose %r {permutation = array<i64: 0>} : !ukernel.buffer<2xf32> -> !ukernel.buffer<2xf32>
      return %y : !ukernel.buffer<2xf32>
    }
    ```

    * C1: each body yields buffers of the results' types, which are plain.
    * C2: what it yields are results of kernels in it, each yielded once.
  }];
  let arguments = (ins UKernel_Buffer:$condition);
  let results = (outs Variadic<UKernel_Buffer>:$results);
  let regions = (region SizedRegion<1>:$then_body, SizedRegion<1>:$else_body);
  let assemblyFormat = [{
    $condition `:` type($condition) attr-dict-with-keyword $then_body `else` $else_body (`->` type($results)^)?
  }];
  let hasRegionVerifier = 1;
}

def UKernel_RegionYieldOp : UKernel_Op<"region_yield", [Terminator]> {
  let summary = "End of the body of a loop or branch";
  let description = [{
    ```mlir
    func.func @main(%init: !ukernel.buffer<2xf32>) {
      %zero = ukernel.transpose %init {permutation = array<i64: 0>} : !ukernel.buffer<2xf32> -> !ukernel.buffer<2xf32>
      %last = ukernel.loop (%zero : !ukernel.buffer<2xf32>) attributes {trip = 3 : i64} {
      ^bb0(%i: !ukernel.buffer<i64>, %x: !ukernel.buffer<2xf32>):
        %y = ukernel.unary %x {function = "exp"} : !ukernel.buffer<2xf32> -> !ukernel.buffer<2xf32>
        ukernel.region_yield %y : !ukernel.buffer<2xf32>
      } -> !ukernel.buffer<2xf32>
      return
    }
    ```
  }];
  let arguments = (ins Variadic<UKernel_Buffer>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif // UKERNEL_CONTROL_OPS
