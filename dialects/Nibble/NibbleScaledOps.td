// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of bytes whose results are float: dynamic quantization and weight-only quantization. Images are NHWC.

#ifndef NIBBLE_SCALED_OPS
#define NIBBLE_SCALED_OPS

def Nibble_ScaledInput : AnyTypeOf<[RankedTensorOf<[F32]>, Nibble_ByteTensor], "ranked tensor of f32 or of bytes">;

def Nibble_DynamicScaleOp : Nibble_Op<"dynamic_scale", [Pure]> {
  let summary = "The scale of each row, found at run time";
  let description = [{
    A row is what the first `row_dims` dimensions index: a token, a sample. m = max(2^-60, max |x|) over the row;
    s = fl32(m / levels). A row with a NaN or an infinity has the scale NaN.

    ```mlir
    %s = nibble.dynamic_scale %x {row_dims = 2 : i64, levels = 127 : i32} : tensor<2x3x8xf32> -> tensor<2x3xf32>
    ```

    * C1: 1 <= row_dims < rank: rows never span dimension 0, so that no sample's result depends on another.
    * C2: the result has the input's first `row_dims` extents.
    * C3: levels is 127, for `i8`, or 255, for `ui8`.
  }];
  let arguments = (ins RankedTensorOf<[F32]>:$input, I64Attr:$row_dims, I32Attr:$levels);
  let results = (outs RankedTensorOf<[F32]>:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_DynamicQuantizeOp : Nibble_Op<"dynamic_quantize", [Pure, AllShapesMatch<["input", "result"]>]> {
  let summary = "Float to bytes with the scales of its rows and zero point 0";
  let description = [{
    q = clamp(rint(fl32(x * fl32(1 / s))), lo, hi), s being the row's scale; [lo, hi] is [-127, 127] for `i8` and
    [0, 255] for `ui8`. A NaN product counts as 0: so all of a row whose scale is NaN.

    ```mlir
    %q = nibble.dynamic_quantize %x, %s : tensor<2x3x8xf32>, tensor<2x3xf32> -> tensor<2x3x8xi8>
    ```

    * C1: the scales have the input's leading extents, one dimension or more, but not all.
  }];
  let arguments = (ins RankedTensorOf<[F32]>:$input, RankedTensorOf<[F32]>:$scale);
  let results = (outs Nibble_ByteTensor:$result);
  let assemblyFormat = "$input `,` $scale attr-dict `:` type($input) `,` type($scale) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_ScaledConvOp : Nibble_Op<"scaled_conv", [Pure, AttrSizedOperandSegments]> {
  let summary = "Convolution with i8 weights and a float result";
  let description = [{
    Bytes: acc = sum q * w over the taps inside the image in i32; y = fl32(fl32(fl32(acc) * fl32(s[n] * scale[o])) + bias[o]),
    where s are the scales of the `rows`, one an image.

    f32: acc = +0, then acc = fma(x, w, acc) in the order ky, kx, c of the taps inside the image;
    y = fl32(fl32(acc * scale[o]) + bias[o]).

    Without a bias +0 is added. The input is N, H, W, C; the filter O, KH, KW, C/groups, with zero point 0.

    ```mlir
    %y = nibble.scaled_conv %x, %w, %m bias %b rows %s {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>,
        dilations = array<i64: 1, 1>, groups = 1 : i64}
        : (tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xf32>, tensor<4xf32>, tensor<1xf32>) -> tensor<1x8x8x4xf32>
    ```

    * C1: scale and bias have one value per output channel.
    * C2: shapes as `nibble.conv` C2, C3, C6, C8.
    * C3: `rows` is present exactly where the input holds bytes, with one value per image.
    * C4: no partial sum of bytes can overflow i32 (not the verifier's work: `--nibble-prove-accumulators`).
  }];
  let arguments = (ins Nibble_ScaledInput:$input, RankedTensorOf<[I8]>:$filter, RankedTensorOf<[F32]>:$scale,
      Optional<RankedTensorOf<[F32]>>:$bias, Optional<RankedTensorOf<[F32]>>:$rows,
      DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, I64Attr:$groups);
  let results = (outs RankedTensorOf<[F32]>:$result);
  let assemblyFormat = [{
    $input `,` $filter `,` $scale (`bias` $bias^)? (`rows` $rows^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Nibble_ScaledMatMulOp : Nibble_Op<"scaled_matmul", [Pure, AttrSizedOperandSegments]> {
  let summary = "Matrix product with i8 weights and a float result";
  let description = [{
    As `nibble.scaled_conv` with k ascending in place of the taps, and a scale s[m] for each row m of bytes.

    ```mlir
    %y = nibble.scaled_matmul %a, %b, %m rows %s
        : (tensor<2x3x8xi8>, tensor<8x4xi8>, tensor<4xf32>, tensor<2x3xf32>) -> tensor<2x3x4xf32>
    ```

    * C1: scale and bias have one value per column.
    * C2: the weights have rank 2; shapes as `nibble.matmul` C2.
    * C3: `rows` is present exactly where the left-hand side holds bytes, with its leading extents.
    * C4: as `nibble.scaled_conv` C4 (not the verifier's work: `--nibble-prove-accumulators`).
  }];
  let arguments = (ins Nibble_ScaledInput:$lhs, RankedTensorOf<[I8]>:$rhs, RankedTensorOf<[F32]>:$scale,
      Optional<RankedTensorOf<[F32]>>:$bias, Optional<RankedTensorOf<[F32]>>:$rows);
  let results = (outs RankedTensorOf<[F32]>:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `,` $scale (`bias` $bias^)? (`rows` $rows^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Nibble_DynamicMatMulOp : Nibble_Op<"dynamic_matmul", [Pure]> {
  let summary = "Matrix product of bytes and of floats that become bytes on their way";
  let description = [{
    A column of the right-hand side is what its last dimension indexes, of one matrix. t[j] is the scale of column j as
    `nibble.dynamic_scale` finds it with 127 levels, p[k, j] its elements as `nibble.dynamic_quantize` makes `i8` of them;
    acc = sum_k q[i, k] * p[k, j] in i32; y[i, j] = fl32(fl32(acc) * fl32(s[i] * t[j])), where s are the scales of the
    `rows`. Leading dimensions broadcast as those of `nibble.matmul`.

    ```mlir
    %y = nibble.dynamic_matmul %q, %v rows %s
        : (tensor<2x3x8xui8>, tensor<2x8x4xf32>, tensor<2x3xf32>) -> tensor<2x3x4xf32>
    ```

    * C1: ranks are at least two, shapes as `nibble.matmul` C2.
    * C2: `rows` has the left-hand side's leading extents.
    * C3: no sum can overflow i32 (not the verifier's work: `--nibble-prove-accumulators`); a run refuses dimensions that
      make it deeper than 66311.
  }];
  let arguments = (ins Nibble_ByteTensor:$lhs, RankedTensorOf<[F32]>:$rhs, RankedTensorOf<[F32]>:$rows);
  let results = (outs RankedTensorOf<[F32]>:$result);
  let assemblyFormat = "$lhs `,` $rhs `rows` $rows attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // NIBBLE_SCALED_OPS
