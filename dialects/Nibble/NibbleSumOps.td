// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whole tensors quantized at run time, and sums of products of bytes as they are: what ONNX's DynamicQuantizeLinear,
// MatMulInteger and ConvInteger mean.

#ifndef NIBBLE_SUM_OPS
#define NIBBLE_SUM_OPS

def Nibble_Encoding : RankedTensorOf<[F32]>;

def Nibble_DynamicEncodingOp : Nibble_Op<"dynamic_encoding", [Pure]> {
  let summary = "Scale and zero point of a whole tensor, found at run time";
  let description = [{
    lo = min(0, min x), hi = max(0, max x); s = fl32(fl32(hi - lo) / 255), or 1 where that is 0;
    z = rint(clamp(fl32(0 - fl32(lo / s)), 0, 255)). The result holds s and z. A tensor with a NaN or an infinity, or
    whose hi - lo is infinite, has s = NaN and z = 0.

    ```mlir
    %e = nibble.dynamic_encoding %x : tensor<2x3x8xf32> -> tensor<2xf32>
    ```

    * C1: the result has two elements.
  }];
  let arguments = (ins RankedTensorOf<[F32]>:$input);
  let results = (outs Nibble_Encoding:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_DynamicEncodeOp : Nibble_Op<"dynamic_encode", [Pure, AllShapesMatch<["input", "result"]>]> {
  let summary = "Float to bytes with the scale and zero point of an encoding";
  let description = [{
    q = clamp(rint(fl32(x / s)) + z, 0, 255), s and z being those of `nibble.dynamic_encoding`; a NaN quotient counts
    as 0.

    ```mlir
    %q = nibble.dynamic_encode %x, %e : tensor<2x3x8xf32>, tensor<2xf32> -> tensor<2x3x8xui8>
    ```

    * C1: the encoding has two elements.
  }];
  let arguments = (ins RankedTensorOf<[F32]>:$input, Nibble_Encoding:$encoding);
  let results = (outs RankedTensorOf<[UI8]>:$result);
  let assemblyFormat = "$input `,` $encoding attr-dict `:` type($input) `,` type($encoding) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_SumConvOp : Nibble_WindowOp<"sum_conv"> {
  let summary = "Convolution of bytes whose result is the sums";
  let description = [{
    y[o] = sum (q - z) * w over the taps inside the image, in i32; z is the zero point of the `encoding`, or
    `zero_point`. The filter's own zero point is 0; it and the image are laid out as `nibble.conv`'s.

    ```mlir
    %y = nibble.sum_conv %x, %w encoding %e {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
        dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>}
        : (tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<2xf32>) -> tensor<1x6x6x4xi32>
    ```

    * C1: shapes as `nibble.conv` C2, C3, C6, C8.
    * C2: an encoding has two elements, and `zero_point` is 0 where there is one.
    * C3: `zero_point` lies in the input's range.
    * C4: no partial sum can overflow i32 (`--nibble-prove-accumulators`; not a verifier's work).
  }];
  let arguments = (ins Nibble_ByteTensor:$input, RankedTensorOf<[I8]>:$filter, Optional<Nibble_Encoding>:$encoding,
      DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, I64Attr:$groups,
      Nibble_LayoutAttr:$layout, DefaultValuedAttr<I32Attr, "0">:$zero_point);
  let results = (outs RankedTensorOf<[I32]>:$result);
  let assemblyFormat = "$input `,` $filter (`encoding` $encoding^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nibble_SumMatMulOp : Nibble_Op<"sum_matmul", [Pure, AttrSizedOperandSegments]> {
  let summary = "Matrix product of bytes whose result is the sums";
  let description = [{
    y[..., m, n] = sum_k (a[..., m, k] - za) * (b[..., k, n] - zb) in i32; leading dimensions broadcast. za and zb are
    the zero points of the encodings, or those of the attributes.

    ```mlir
    %y = nibble.sum_matmul %a, %b lhs_encoding %e {rhs_zero_point = 3 : i32}
        : (tensor<2x4xui8>, tensor<4x3xi8>, tensor<2xf32>) -> tensor<2x3xi32>
    ```

    * C1: shapes as `nibble.matmul` C2.
    * C2: an encoding has two elements, and the attribute is 0 where there is one.
    * C3: zero points lie in their operand's range.
    * C4: as `nibble.sum_conv`.
  }];
  let arguments = (ins Nibble_ByteTensor:$lhs, Nibble_ByteTensor:$rhs, Optional<Nibble_Encoding>:$lhs_encoding,
      Optional<Nibble_Encoding>:$rhs_encoding, DefaultValuedAttr<I32Attr, "0">:$lhs_zero_point,
      DefaultValuedAttr<I32Attr, "0">:$rhs_zero_point);
  let results = (outs RankedTensorOf<[I32]>:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs (`lhs_encoding` $lhs_encoding^)? (`rhs_encoding` $rhs_encoding^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Nibble_IntToFloatOp : Nibble_Op<"int_to_float", [Pure, SameOperandsAndResultShape]> {
  let summary = "Sums as floats";
  let description = [{
    y = fl32(q).

    ```mlir
    %y = nibble.int_to_float %x : tensor<2x3xi32> -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[I32]>:$input);
  let results = (outs RankedTensorOf<[F32]>:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

#endif // NIBBLE_SUM_OPS
