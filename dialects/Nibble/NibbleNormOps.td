// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normalizations whose statistics are those of each row, found at run time: norms and softmax.

#ifndef NIBBLE_NORM_OPS
#define NIBBLE_NORM_OPS

def Nibble_NormOp : Nibble_Op<"norm", [Pure, AttrSizedOperandSegments]> {
  let summary = "Layer normalization or RMS normalization of rows";
  let description = [{
    A row is the n elements of the dimensions from `axis` on, in row-major order. With sums in 16 interleaved lanes and a
    fixed tree:

    * `layer`: m = fl32(sum x / n), d_i = fl32(x_i - m); `rms`: d_i = x_i;
    * v = fl32(sum fl32(d_i * d_i) / n), r = fl32(1 / fl32(sqrt(fl32(v + epsilon))));
    * y_i = fl32(d_i * r), then fl32(y_i * scale_i) where there is a scale, then fl32(y_i + bias_i) where there is a bias.

    A quantized one dequantizes, computes this and quantizes.

    ```mlir
    %y = nibble.norm %x scale %s bias %b {kind = #nibble.norm_kind<layer>, axis = 1 : i64, epsilon = 1.0e-5 : f32}
        : (tensor<2x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
    ```

    * C1: 0 <= axis < rank.
    * C2: input and result have one shape, and are both float or both quantized per tensor.
    * C3: scale and bias have the input's extents from `axis` on, and float elements: the input's where that is float.
    * C4: epsilon is finite and not negative.
  }];
  let arguments = (ins Nibble_RealTensor:$input, Optional<Nibble_FloatTensor>:$scale, Optional<Nibble_FloatTensor>:$bias,
      Nibble_NormKindAttr:$kind, I64Attr:$axis, F32Attr:$epsilon);
  let results = (outs Nibble_RealTensor:$result);
  let assemblyFormat = [{
    $input (`scale` $scale^)? (`bias` $bias^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Nibble_SoftmaxOp : Nibble_Op<"softmax", [Pure]> {
  let summary = "Softmax along one axis, of scaled and masked values";
  let description = [{
    z_i = fl32(x_i * scale), then fl32(z_i + mask_i) where there is a mask; m = max(z); e_i = exp(z_i - m) by our
    polynomial; s = sum e_i in 16 interleaved lanes and a fixed tree; result = e_i / s. With a mask m is 0 where it would be
    -infinity, and s 1 where it would be 0: what is all masked is 0. A softmax from bytes to bytes
    without a mask is the integer one (README, "Integer softmax"), of the input scale fl32(sx * scale); any other
    quantized one dequantizes, computes this and quantizes.

    The mask stays float beside quantized values: -10000 or -infinity would leave the scores no steps of a byte.

    ```mlir
    %y = nibble.softmax %x mask %m {axis = 1 : i64, scale = 0.25 : f32}
        : tensor<2x10xf32>, tensor<10xf32> -> tensor<2x10xf32>
    ```

    * C1: 0 <= axis < rank.
    * C2: input and result have one shape, and are both float or both quantized per tensor.
    * C3: from bytes to bytes without a mask, the axis has fewer than 2^32 elements, fl32(1 / sy) has a fixed-point form,
      and fl32(sx * scale) is normal and finite.
    * C4: the mask has float elements, the input's where that is float, and broadcasts to the input as in numpy.
    * C5: scale is positive, normal and finite.
  }];
  let arguments = (ins Nibble_RealTensor:$input, Optional<Nibble_FloatTensor>:$mask, I64Attr:$axis,
      DefaultValuedAttr<F32Attr, "1.0f">:$scale);
  let results = (outs Nibble_RealTensor:$result);
  let assemblyFormat = [{
    $input (`mask` $mask^)? attr-dict `:` type($input) (`,` type($mask)^)? `->` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Type":$result, "::mlir::Value":$input, "int64_t":$axis), [{
    build($_builder, $_state, result, input, /*mask=*/{}, axis, ::llvm::APFloat(1.0f));
  }]>];
  let extraClassDeclaration = [{
    /// From bytes to bytes, and no mask: the integer softmax.
    bool isByteSoftmax();
  }];
  let hasVerifier = 1;
}

#endif // NIBBLE_NORM_OPS
