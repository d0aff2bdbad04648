// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations that move data and change no value.

#ifndef NIBBLE_SHAPE_OPS
#define NIBBLE_SHAPE_OPS

// C1 of every operation here: input and result have the same element type.

def Nibble_ReshapeOp : Nibble_Op<"reshape", [Pure]> {
  let summary = "The same elements in row-major order under another shape";
  let description = [{
    `extents` gives the result's extents by the model's dynamic dimensions. Without it at most one is dynamic, which
    follows from the number of elements.

    ```mlir
    %y = nibble.reshape %x : tensor<?x4x2xf32> -> tensor<?x8xf32>
    ```
    ```mlir
    func.func @main(%x: tensor<?x?x384xf32> {nibble.dims = ["batch", "length", ""]}) -> tensor<?x?x12x32xf32> {
      %y = nibble.reshape %x {extents = #nibble.extents<[d0, d1, 12, 32]>} : tensor<?x?x384xf32> -> tensor<?x?x12x32xf32>
      return %y : tensor<?x?x12x32xf32>
    }
    ```

    * C1: input and result have the same element type.
    * C2: input and result have as many elements; at most one extent of the result is dynamic, or `extents` gives them.
    * C3: no per-axis quantized values.
    * C4: `extents` has one extent a dimension of the result, the same where that is static.
  }];
  let arguments = (ins Nibble_Tensor:$input, OptionalAttr<Nibble_ExtentsAttr>:$extents);
  let results = (outs Nibble_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Type":$result, "::mlir::Value":$input), [{
    build($_builder, $_state, result, input, ::nibble::ExtentsAttr());
  }]>];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Nibble_TransposeOp : Nibble_Op<"transpose", [Pure]> {
  let summary = "Permutation of the dimensions";
  let description = [{
    Dimension i of the result is dimension `permutation[i]` of the input.

    ```mlir
    %y = nibble.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : tensor<1x3x8x8xf32> -> tensor<1x8x8x3xf32>
    ```

    * C1: input and result have the same element type, except that a per-axis type's axis follows its dimension.
    * C2: `permutation` is a permutation of [0, rank) and the shapes agree with it.
  }];
  let arguments = (ins Nibble_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Nibble_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Nibble_ConcatOp : Nibble_Op<"concat", [Pure]> {
  let summary = "Tensors one after another along an axis";
  let description = [{
    Float and plain integers are copied. Quantized inputs may have other scales and zero points than
    the result: each is requantized as `nibble.requantize` says, which is the identity for equal types.

    ```mlir
    %y = nibble.concat %a, %b {axis = 1 : i64} : tensor<1x2xf32>, tensor<1x3xf32> -> tensor<1x5xf32>
    ```

    * C1: all of inputs and result are quantized per tensor, or all have the same element type.
    * C2: 0 <= axis < rank; extents agree but along the axis, where they add up.
    * C3: in mode `fixed`, each input's multiplier has a fixed-point form.
  }];
  let arguments = (ins Variadic<Nibble_Tensor>:$inputs, I64Attr:$axis,
      DefaultValuedAttr<Nibble_RequantModeAttr, "::nibble::RequantMode::Float">:$requant);
  let results = (outs Nibble_Tensor:$result);
  let assemblyFormat = "$inputs attr-dict `:` type($inputs) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_SliceOp : Nibble_Op<"slice", [Pure]> {
  let summary = "Every step-th element of a range of each dimension";
  let description = [{
    result[i] = input[starts + i * steps]; steps may be negative. `extents` gives the result's extents by the model's
    dynamic dimensions; without it a dynamic one reaches to the end of the input.

    ```mlir
    %y = nibble.slice %x {starts = array<i64: 0, 2>, steps = array<i64: 1, 3>} : tensor<2x10xf32> -> tensor<2x2xf32>
    ```

    * C1: input and result have the same element type.
    * C2: one start and one step a dimension, no step 0, every element read lies inside the input.
    * C3: `extents` has one extent a dimension of the result, the same where that is static.
  }];
  let arguments = (ins Nibble_Tensor:$input, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$steps,
      OptionalAttr<Nibble_ExtentsAttr>:$extents);
  let results = (outs Nibble_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Type":$result, "::mlir::Value":$input, "::llvm::ArrayRef<int64_t>":$starts,
                             "::llvm::ArrayRef<int64_t>":$steps), [{
    build($_builder, $_state, result, input, starts, steps, ::nibble::ExtentsAttr());
  }]>];
  let hasVerifier = 1;
}

def Nibble_PadOp : Nibble_Op<"pad", [Pure]> {
  let summary = "Elements added (or removed) at both ends of each dimension";
  let description = [{
    `low` and `high` elements at the ends of each dimension hold `value` (0 if absent; the quantized value
    of it), the edge or the reflection. Negative counts crop.

    ```mlir
    %y = nibble.pad %x {low = array<i64: 0, 1>, high = array<i64: 0, 2>, mode = #nibble.pad_mode<constant>} : tensor<2x3xf32> -> tensor<2x6xf32>
    ```

    * C1: input and result have the same element type.
    * C2: one low and one high count a dimension; the result's extents are their sums.
    * C3: a reflection is shorter than the extent it reflects; an edge exists.
  }];
  let arguments = (ins Nibble_Tensor:$input, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
      Nibble_PadModeAttr:$mode, OptionalAttr<F64Attr>:$value);
  let results = (outs Nibble_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_ResizeNearestOp : Nibble_Op<"resize_nearest", [Pure]> {
  let summary = "Nearest-neighbour resize by index tables";
  let description = [{
    result[i0, i1, ...] = input[indices_0[i0], ...] along the dimensions `axes`; the importer computes the
    tables from ONNX's coordinate and rounding modes, so that none of them remains here. `indices` holds the
    tables one after another.

    ```mlir
    %y = nibble.resize_nearest %x {axes = array<i64: 1>, indices = array<i64: 0, 0, 1, 1>} : tensor<1x2xf32> -> tensor<1x4xf32>
    ```

    * C1: input and result have the same element type.
    * C2: one table a resized dimension, as long as the result's extent, each index inside the input.
  }];
  let arguments = (ins Nibble_Tensor:$input, DenseI64ArrayAttr:$axes, DenseI64ArrayAttr:$indices);
  let results = (outs Nibble_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

#endif // NIBBLE_SHAPE_OPS
