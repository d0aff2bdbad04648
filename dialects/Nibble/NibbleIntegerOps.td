// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Folded integer operations: what code generation reads. Images are NHWC.

#ifndef NIBBLE_INTEGER_OPS
#define NIBBLE_INTEGER_OPS

// Every operation here ends in R(acc, m) = zy + rint(clamp(fl32(fl32(acc) * m), min - zy, max - zy)) in mode
// `float`, and clamp(zy + ((acc * M + 2^(s-1)) >> s), min, max) in mode `fixed`, where (M, s) is the exact
// fixed-point form of the f32 multiplier m (README, "Fixed-point multipliers"). `clamp` is [min, max] in
// stored values and holds a fused ReLU. Stored values are bytes or `i16`, each operand and result of its own kind;
// weights are `i8`, accumulators i32 always.
class Nibble_IntegerOp<string mnemonic, list<Trait> traits = []>
    : Nibble_Op<"int_" # mnemonic, !listconcat([Pure], traits)>;

def Nibble_ResidualAttr : AttrDef<Nibble_Dialect, "Residual"> {
  let mnemonic = "residual";
  let summary = "A residual addition fused behind a requantization";
  let description = [{
    After the convolution's own requantization to q, the result is `nibble.int_add` of q and the addend a, or, with
    `addend_first`, of a and q, to the bit: the order of the operands decides ties in mode `float`.

    ```mlir
    #nibble.residual<scale = 0.5 : f32, addend_scale = 0.25 : f32, addend_zero_point = 3, zero_point = 7, min = 0, max = 255>
    ```
  }];
  let parameters = (ins "::mlir::FloatAttr":$scale, "::mlir::FloatAttr":$addend_scale,
      "int32_t":$addend_zero_point, "int32_t":$zero_point, "int32_t":$min, "int32_t":$max,
      DefaultValuedParameter<"bool", "false">:$addend_first);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Nibble_IntConvOp : Nibble_IntegerOp<"conv"> {
  let summary = "Integer convolution with folded zero points and requantization";
  let description = [{
    acc[o] = bias[o] + sum q * w over all taps in i32, where a tap in the padding reads `pad_value` (the
    input's zero point, folded into the bias too); y = R(acc, multiplier[o]); then the residual
    addition, if there is one.

    The input is N, H, W, C; the filter O, KH, KW, C/groups.

    ```mlir
    %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>,
        dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32,
        clamp = array<i32: 0, 255>}
        : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32> -> tensor<1x8x8x4xui8>
    ```

    * C1: bias and multiplier have one value per output channel.
    * C2: shapes as `nibble.conv` C2, C3, C6.
    * C3: min <= max, both in the result's range; `pad_value` in the input's range.
    * C4: `residual` is present exactly when `addend` is; the addend has the result's shape and element type.
    * C5: no partial sum can overflow i32 (not the verifier's work: `--nibble-prove-accumulators`).
  }];
  let arguments = (ins Nibble_StoredTensor:$input, RankedTensorOf<[I8]>:$filter, RankedTensorOf<[I32]>:$bias,
      RankedTensorOf<[F32]>:$multiplier, Optional<Nibble_StoredTensor>:$addend,
      DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, I64Attr:$groups,
      I32Attr:$pad_value, I32Attr:$output_zero_point, DenseI32ArrayAttr:$clamp,
      OptionalAttr<Nibble_ResidualAttr>:$residual,
      DefaultValuedAttr<Nibble_RequantModeAttr, "::nibble::RequantMode::Float">:$requant);
  let results = (outs Nibble_StoredTensor:$result);
  let assemblyFormat = [{
    $input `,` $filter `,` $bias `,` $multiplier (`add` $addend^)? attr-dict
    `:` type($input) `,` type($filter) `,` type($bias) `,` type($multiplier) (`,` type($addend)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

def Nibble_IntConvTransposeOp : Nibble_IntegerOp<"conv_transpose"> {
  let summary = "Integer transposed convolution with folded requantization";
  let description = [{
    acc[o] = bias[o] + sum (q - input_zero_point) * w over the taps that hit, in i32; y = R(acc, multiplier[o]).
    The zero point is not folded into the bias, as the number of taps varies.

    ```mlir
    %y = nibble.int_conv_transpose %x, %w, %b, %m {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
        dilations = array<i64: 1, 1>, groups = 1 : i64, input_zero_point = 128 : i32, output_zero_point = 0 : i32,
        clamp = array<i32: 0, 255>}
        : tensor<1x4x4x3xui8>, tensor<5x2x2x3xi8>, tensor<5xi32>, tensor<5xf32> -> tensor<1x8x8x5xui8>
    ```

    * C1-C3: as `nibble.int_conv`.
  }];
  let arguments = (ins Nibble_StoredTensor:$input, RankedTensorOf<[I8]>:$filter, RankedTensorOf<[I32]>:$bias,
      RankedTensorOf<[F32]>:$multiplier,
      DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, I64Attr:$groups,
      I32Attr:$input_zero_point, I32Attr:$output_zero_point, DenseI32ArrayAttr:$clamp,
      DefaultValuedAttr<Nibble_RequantModeAttr, "::nibble::RequantMode::Float">:$requant);
  let results = (outs Nibble_StoredTensor:$result);
  let assemblyFormat = [{
    $input `,` $filter `,` $bias `,` $multiplier attr-dict
    `:` type($input) `,` type($filter) `,` type($bias) `,` type($multiplier) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Nibble_IntMatMulOp : Nibble_IntegerOp<"matmul"> {
  let summary = "Integer matrix product with folded zero points and requantization";
  let description = [{
    acc[m, n] = bias[n] + sum_k (a[m, k] - lhs_zero_point) * (b[k, n] - rhs_zero_point) in i32; y = R(acc, multiplier[n]).
    With a constant rhs both zero points are 0 here, folded into the bias. Leading dimensions broadcast.

    ```mlir
    %y = nibble.int_matmul %a, %b, %c, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
        : tensor<2x4xui8>, tensor<4x3xi8>, tensor<3xi32>, tensor<3xf32> -> tensor<2x3xui8>
    ```

    * C1: bias and multiplier have one value per column; where the number of columns is dynamic, perhaps one that all
      share.
    * C2: shapes as `nibble.matmul` C2.
    * C3: min <= max, both in the result's range.
  }];
  let arguments = (ins Nibble_StoredTensor:$lhs, Nibble_StoredTensor:$rhs, RankedTensorOf<[I32]>:$bias,
      RankedTensorOf<[F32]>:$multiplier,
      DefaultValuedAttr<I32Attr, "0">:$lhs_zero_point, DefaultValuedAttr<I32Attr, "0">:$rhs_zero_point,
      I32Attr:$output_zero_point, DenseI32ArrayAttr:$clamp,
      DefaultValuedAttr<Nibble_RequantModeAttr, "::nibble::RequantMode::Float">:$requant);
  let results = (outs Nibble_StoredTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `,` $bias `,` $multiplier attr-dict
    `:` type($lhs) `,` type($rhs) `,` type($bias) `,` type($multiplier) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Nibble_IntAddOp : Nibble_IntegerOp<"add"> {
  let summary = "Integer addition of two quantized tensors";
  let description = [{
    y = rint(clamp(fma(l, lhs_scale, fma(r, rhs_scale, c)), min, max)) with
    c = fl32(zy - fma(zl, lhs_scale, fl32(zr * rhs_scale))). A subtraction has a negative `rhs_scale`. Mode `fixed`:
    README, "Fixed-point addition".

    ```mlir
    %y = nibble.int_add %a, %b {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 3 : i32,
        rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
        : tensor<2x4xui8>, tensor<4xui8> -> tensor<2x4xui8>
    ```

    * C1: the operands' shapes broadcast to the result's.
    * C2: min <= max, both in the result's range; zero points in their operand's range.
    * C3: the scales are finite (`nibble.int_mul`: and not negative) and, in mode `fixed`, have a fixed-point form.
  }];
  let arguments = (ins Nibble_StoredTensor:$lhs, Nibble_StoredTensor:$rhs, F32Attr:$lhs_scale, F32Attr:$rhs_scale,
      I32Attr:$lhs_zero_point, I32Attr:$rhs_zero_point, I32Attr:$output_zero_point, DenseI32ArrayAttr:$clamp,
      DefaultValuedAttr<Nibble_RequantModeAttr, "::nibble::RequantMode::Float">:$requant);
  let results = (outs Nibble_StoredTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_IntMulOp : Nibble_IntegerOp<"mul"> {
  let summary = "Integer product of two quantized tensors";
  let description = [{
    acc = (l - lhs_zero_point) * (r - rhs_zero_point) in i32; y = R(acc, scale).

    ```mlir
    %y = nibble.int_mul %a, %b {scale = 0.5 : f32, lhs_zero_point = 3 : i32, rhs_zero_point = 4 : i32,
        output_zero_point = 0 : i32, clamp = array<i32: 0, 255>} : tensor<2x4xui8>, tensor<4xui8> -> tensor<2x4xui8>
    ```

    * C1-C3: as `nibble.int_add`.
    * C4: no product of stored values less their zero points leaves i32.
  }];
  let arguments = (ins Nibble_StoredTensor:$lhs, Nibble_StoredTensor:$rhs, F32Attr:$scale,
      I32Attr:$lhs_zero_point, I32Attr:$rhs_zero_point, I32Attr:$output_zero_point, DenseI32ArrayAttr:$clamp,
      DefaultValuedAttr<Nibble_RequantModeAttr, "::nibble::RequantMode::Float">:$requant);
  let results = (outs Nibble_StoredTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_IntAvgPoolOp : Nibble_IntegerOp<"avg_pool"> {
  let summary = "Integer mean of each window";
  let description = [{
    acc = sum (q - input_zero_point) over the window's n taps inside the image in i32; y = R(acc, fl32(scale / n)),
    n being the whole window where `count_include_pad`.

    ```mlir
    %y = nibble.int_avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
        scale = 1.0 : f32, input_zero_point = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
        : tensor<1x8x8x3xui8> -> tensor<1x4x4x3xui8>
    ```

    * C1: the shapes follow as `nibble.max_pool` C2.
    * C2: min <= max, both in the result's range; the zero point in the input's range.
    * C3: the scale is finite and, in mode `fixed`, it and scale / taps have a fixed-point form.
  }];
  let arguments = (ins Nibble_StoredTensor:$input, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
      DenseI64ArrayAttr:$pads, UnitAttr:$count_include_pad, F32Attr:$scale,
      I32Attr:$input_zero_point, I32Attr:$output_zero_point, DenseI32ArrayAttr:$clamp,
      DefaultValuedAttr<Nibble_RequantModeAttr, "::nibble::RequantMode::Float">:$requant);
  let results = (outs Nibble_StoredTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_IntRequantizeOp : Nibble_IntegerOp<"requantize", [SameOperandsAndResultShape]> {
  let summary = "Stored values to those of another scale, zero point or width";
  let description = [{
    y = R(q - input_zero_point, scale).

    ```mlir
    %y = nibble.int_requantize %x {scale = 0.5 : f32, input_zero_point = 3 : i32, output_zero_point = 0 : i32,
        clamp = array<i32: 0, 255>} : tensor<4xui8> -> tensor<4xui8>
    ```

    * C1: min <= max, both in the result's range; the zero point in the input's range.
    * C2: the scale is finite and, in mode `fixed`, has a fixed-point form.
  }];
  let arguments = (ins Nibble_StoredTensor:$input, F32Attr:$scale,
      I32Attr:$input_zero_point, I32Attr:$output_zero_point, DenseI32ArrayAttr:$clamp,
      DefaultValuedAttr<Nibble_RequantModeAttr, "::nibble::RequantMode::Float">:$requant);
  let results = (outs Nibble_StoredTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_IntQuantizeOp : Nibble_IntegerOp<"quantize", [SameOperandsAndResultShape]> {
  let summary = "Float to bytes or 16-bit values";
  let description = [{
    y = clamp(rint(fl32(x / scale)) + zero_point, clamp[0], clamp[1]); a NaN becomes the zero point.

    ```mlir
    %y = nibble.int_quantize %x {scale = 0.5 : f32, zero_point = 128 : i32, clamp = array<i32: 0, 255>} : tensor<4xf32> -> tensor<4xui8>
    ```

    * C1: min <= max, both in the result's range, as is the zero point; the scale is positive and finite.
  }];
  let arguments = (ins RankedTensorOf<[F32]>:$input, F32Attr:$scale, I32Attr:$zero_point, DenseI32ArrayAttr:$clamp);
  let results = (outs Nibble_StoredTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_IntDequantizeOp : Nibble_IntegerOp<"dequantize", [SameOperandsAndResultShape]> {
  let summary = "Bytes or 16-bit values to float";
  let description = [{
    x = fl32(fl32(q - zero_point) * scale).

    ```mlir
    %y = nibble.int_dequantize %x {scale = 0.5 : f32, zero_point = 128 : i32} : tensor<4xui8> -> tensor<4xf32>
    ```

    * C1: the zero point lies in the input's range; the scale is positive and finite.
  }];
  let arguments = (ins Nibble_StoredTensor:$input, F32Attr:$scale, I32Attr:$zero_point);
  let results = (outs RankedTensorOf<[F32]>:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_IntLookupOp : Nibble_IntegerOp<"lookup", [AllShapesMatch<["input", "result"]>]> {
  let summary = "Elementwise function of a byte by a table of 256 entries";
  let description = [{
    y = table[q & 255]: any function, or chain of functions, of one quantized variable.

    ```mlir
    %y = nibble.int_lookup %x, %t : tensor<2x4xui8>, tensor<256xui8> -> tensor<2x4xui8>
    ```

    * C1: the table has 256 entries of the result's element type.
  }];
  let arguments = (ins Nibble_ByteTensor:$input, Nibble_ByteTensor:$table);
  let results = (outs Nibble_ByteTensor:$result);
  let assemblyFormat = "$input `,` $table attr-dict `:` type($input) `,` type($table) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_IntSoftmaxOp : Nibble_IntegerOp<"softmax", [SameOperandsAndResultShape]> {
  let summary = "Integer softmax along one axis";
  let description = [{
    t_i = rint(2^30 exp(-input_scale (max q - q_i))), of 256 possible values that are computed at compile time;
    S = sum t_i in i64; y_i = clamp(zy + rounded(t_i * scale / S), min, max), in integers alone (README, "Integer
    softmax"). One definition serves both modes of requantization. `scale` is fl32(1 / sy).

    ```mlir
    %y = nibble.int_softmax %x {axis = 1 : i64, input_scale = 0.125 : f32, scale = 256.0 : f32,
        output_zero_point = 0 : i32, clamp = array<i32: 0, 255>} : tensor<2x10xui8> -> tensor<2x10xui8>
    ```

    * C1: 0 <= axis < rank.
    * C2: the axis has fewer than 2^32 elements, so that S < 2^62.
    * C3: the input's scale is positive, normal and finite, and `scale` has a fixed-point form.
    * C4: min <= max, both in the result's range, as is the zero point.
  }];
  let arguments = (ins Nibble_ByteTensor:$input, I64Attr:$axis, F32Attr:$input_scale, F32Attr:$scale,
      I32Attr:$output_zero_point, DenseI32ArrayAttr:$clamp);
  let results = (outs Nibble_ByteTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

#endif // NIBBLE_INTEGER_OPS
