// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations with weights or windows: convolution, matrix product, pooling, norms.

#ifndef NIBBLE_COMPUTE_OPS
#define NIBBLE_COMPUTE_OPS

// Images are 4-D: N, C, H, W in the order that `layout` says. Filters are
// O, I/groups, KH, KW under nchw and O, KH, KW, I/groups under nhwc.
class Nibble_WindowOp<string mnemonic, list<Trait> traits = []>
    : Nibble_Op<mnemonic, !listconcat([Pure, Nibble_SpatialOp], traits)>;

def Nibble_ConvOp : Nibble_WindowOp<"conv"> {
  let summary = "2-D convolution with groups, strides, dilations and explicit padding";
  let description = [{
    Float: acc = bias (or 0), then acc = fma(x, w, acc) in the order ky, kx, c of the
    filter's taps; taps in the padding are skipped.

    Quantized: acc = b + sum (qx - zx)(qw - zw) over taps inside the image, in i32, and the
    result is requantize(acc, fl32(fl32(sx * sw[o]) / sy)) in mode `requant`.

    `pads` is [top, left, bottom, right]. 1-D convolutions have height 1.

    ```mlir
    %y = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>,
        dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
        : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>, tensor<4xf32> -> tensor<1x4x8x8xf32>
    ```

    * C1: all of input, filter and result are float, or all are quantized.
    * C2: input channels = groups * the filter's input channels; `groups` divides the output channels.
    * C3: the result's shape follows from strides, pads and dilations.
    * C4: a quantized bias is `i32` with zero point 0 and scales fl32(sx * sw[o]).
    * C5: the input and the result are quantized per tensor; the filter per tensor or per output channel.
    * C6: strides, dilations and groups are positive, pads non-negative.
    * C7: the folded multipliers are finite and, in mode `fixed`, have a fixed-point form.
    * C8: input, filter and result have rank 4, and the filter has at least one tap.
  }];
  let arguments = (ins Nibble_RealTensor:$input, Nibble_RealTensor:$filter,
      Optional<Nibble_RealTensor>:$bias,
      DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
      I64Attr:$groups, Nibble_LayoutAttr:$layout,
      DefaultValuedAttr<Nibble_RequantModeAttr, "::nibble::RequantMode::Float">:$requant);
  let results = (outs Nibble_RealTensor:$result);
  let assemblyFormat = [{
    $input `,` $filter (`bias` $bias^)? attr-dict
    `:` type($input) `,` type($filter) (`,` type($bias)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

def Nibble_ConvTransposeOp : Nibble_WindowOp<"conv_transpose"> {
  let summary = "2-D transposed convolution";
  let description = [{
    The gradient of a convolution: result(oy, ox) sums x(iy, ix) * w(ky, kx) over
    oy = iy * stride - pad + ky * dilation. The filter is O, I/groups, KH, KW (nchw) or
    O, KH, KW, I/groups (nhwc), not mirrored: import reorders ONNX's I, O/groups, KH, KW.
    Accumulation, bias and requantization as `nibble.conv`, in the order ky, kx, c.

    ```mlir
    %y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
        dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
        : tensor<1x3x4x4xf32>, tensor<5x3x2x2xf32> -> tensor<1x5x8x8xf32>
    ```

    * C1-C8: as `nibble.conv`; the result's extent is at least (in - 1) * stride + (k - 1) * dilation + 1 - pads
      and less than that plus the stride (output padding).
  }];
  let arguments = (ins Nibble_RealTensor:$input, Nibble_RealTensor:$filter,
      Optional<Nibble_RealTensor>:$bias,
      DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
      I64Attr:$groups, Nibble_LayoutAttr:$layout,
      DefaultValuedAttr<Nibble_RequantModeAttr, "::nibble::RequantMode::Float">:$requant);
  let results = (outs Nibble_RealTensor:$result);
  let assemblyFormat = [{
    $input `,` $filter (`bias` $bias^)? attr-dict
    `:` type($input) `,` type($filter) (`,` type($bias)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

def Nibble_MatMulOp : Nibble_Op<"matmul", [Pure]> {
  let summary = "Matrix product, batched, with an optional bias";
  let description = [{
    result[..., m, n] = bias[n] + sum_k lhs[..., m, k] * rhs[..., k, n]; leading dimensions
    broadcast as in numpy. Float: acc = bias (or 0), then acc = fma(lhs, rhs, acc), k ascending.
    Quantized: acc in i32, requantized as `nibble.conv`.

    ```mlir
    %y = nibble.matmul %a, %b bias %c : tensor<2x4xf32>, tensor<4x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
    ```

    * C1: all of lhs, rhs and result are float, or all are quantized.
    * C2: ranks are at least 2, the contracted extents agree and leading dimensions broadcast.
    * C3: a quantized bias is `i32` with zero point 0 and scales fl32(sl * sr[n]).
    * C4: lhs and the result are quantized per tensor; rhs per tensor or along n.
    * C5: the bias has one value per n.
    * C6: the folded multipliers are finite and, in mode `fixed`, have a fixed-point form.
  }];
  let arguments = (ins Nibble_RealTensor:$lhs, Nibble_RealTensor:$rhs,
      Optional<Nibble_RealTensor>:$bias,
      DefaultValuedAttr<Nibble_RequantModeAttr, "::nibble::RequantMode::Float">:$requant);
  let results = (outs Nibble_RealTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs (`bias` $bias^)? attr-dict
    `:` type($lhs) `,` type($rhs) (`,` type($bias)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

def Nibble_MaxPoolOp : Nibble_WindowOp<"max_pool"> {
  let summary = "Largest value of each window";
  let description = [{
    The maximum over the window's taps inside the image; a NaN wins, and +0 is above -0. Quantized and
    plain integer values are compared as integers. A window without taps inside gives -infinity or the
    smallest stored value.

    ```mlir
    %y = nibble.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
        dilations = array<i64: 1, 1>, layout = #nibble.layout<nchw>} : tensor<1x3x8x8xf32> -> tensor<1x3x4x4xf32>
    ```

    * C1: input and result have the same element type.
    * C2: the result's shape follows from kernel, strides, pads and dilations; with ceiling division in ONNX
      the importer enlarges the bottom and right pads.
  }];
  let arguments = (ins Nibble_Tensor:$input, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
      DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, Nibble_LayoutAttr:$layout);
  let results = (outs Nibble_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_AvgPoolOp : Nibble_WindowOp<"avg_pool"> {
  let summary = "Mean of each window";
  let description = [{
    Float: acc = 0, acc = acc + x over the taps inside the image in the order ky, kx, then acc / n (one f32
    division). Quantized: acc = sum (q - z) in i32, requantized with fl32(fl32(sx / sy) / n). n is the
    number of taps inside the image (1 if there is none), or of the whole window where `count_include_pad`.
    A global average pool has the image as its window.

    ```mlir
    %y = nibble.avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
        layout = #nibble.layout<nchw>} : tensor<1x3x8x8xf32> -> tensor<1x3x4x4xf32>
    ```

    * C1: input and result are both float or both quantized per tensor.
    * C2: as `nibble.max_pool` C2.
    * C3: in mode `fixed`, the multipliers of 1 and of all taps have a fixed-point form.
  }];
  let arguments = (ins Nibble_RealTensor:$input, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
      DenseI64ArrayAttr:$pads, UnitAttr:$count_include_pad, Nibble_LayoutAttr:$layout,
      DefaultValuedAttr<Nibble_RequantModeAttr, "::nibble::RequantMode::Float">:$requant);
  let results = (outs Nibble_RealTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_BatchNormOp : Nibble_Op<"batch_norm", [Pure]> {
  let summary = "Inference-mode batch normalization along dimension 1";
  let description = [{
    a = fl32(scale / sqrt(variance + epsilon)) and result = fma(x, a, fl32(bias - fl32(mean * a))), all in f32.
    Float only; `--nibble-fold-batch-norm` folds it into the convolution or matmul before it.

    ```mlir
    %y = nibble.batch_norm %x, %s, %b, %m, %v {epsilon = 1.0e-5 : f32}
        : tensor<1x3x8x8xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<1x3x8x8xf32>
    ```

    * C1: scale, bias, mean and variance have one value per channel.
    * C2: the input has rank 2 or more, and the result its shape.
  }];
  let arguments = (ins Nibble_FloatTensor:$input, Nibble_FloatTensor:$scale, Nibble_FloatTensor:$bias,
      Nibble_FloatTensor:$mean, Nibble_FloatTensor:$variance, F32Attr:$epsilon);
  let results = (outs Nibble_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $scale `,` $bias `,` $mean `,` $variance attr-dict
    `:` type($input) `,` type($scale) `,` type($bias) `,` type($mean) `,` type($variance) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Nibble_ReduceOp : Nibble_Op<"reduce", [Pure]> {
  let summary = "Reduction over some axes";
  let description = [{
    Reduces over `axes`, in 16 interleaved lanes along the flattened reduced elements and a fixed tree;
    the reduced dimensions stay with extent 1 where `keep_dims`.

    ```mlir
    %y = nibble.reduce %x {kind = #nibble.reduce_kind<mean>, axes = array<i64: 1>, keep_dims} : tensor<2x10xf32> -> tensor<2x1xf32>
    ```

    * C1: axes are sorted, unique and in [0, rank); the result's shape follows.
  }];
  let arguments = (ins Nibble_FloatTensor:$input, Nibble_ReduceKindAttr:$kind, DenseI64ArrayAttr:$axes, UnitAttr:$keep_dims);
  let results = (outs Nibble_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

#endif // NIBBLE_COMPUTE_OPS
