// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constants and conversions between float and quantized values.

#ifndef NIBBLE_QUANT_OPS
#define NIBBLE_QUANT_OPS

def Nibble_ConstantOp : Nibble_Op<"constant", [Pure, ConstantLike]> {
  let summary = "Constant tensor, of float, integer or quantized values";
  let description = [{
    Holds a weight. For a quantized result `value` has the storage type
    (`i8` or `ui8`, `i32` for a bias), because upstream's constants reject quantized
    types. Large values are dense resources.

    ```mlir
    %w = nibble.constant dense<[1, -2]> : tensor<2xi8>
        -> tensor<2x!quant.uniform<i8<-127:127>:f32, 0.5>>
    ```

    * C1: `value` has the result's shape.
    * C2: `value` has the result's element type, or its storage type if quantized.
    * C3: every stored value lies in the quantized type's storage range.
    * C4: a resource has its bytes.
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Nibble_Tensor:$result);
  let assemblyFormat = "$value attr-dict `->` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Nibble_QuantizeOp : Nibble_Op<"quantize", [Pure, SameOperandsAndResultShape]> {
  let summary = "Float to quantized";
  let description = [{
    q = clamp(rint(fl32(x / s)) + z, qmin, qmax), where rint rounds half to even,
    the division is one IEEE f32 division and a NaN becomes z.

    ```mlir
    %q = nibble.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.125:128>>
    ```

    * C1: scales are positive, finite and exact in f32; zero points lie in the storage range.
  }];
  let arguments = (ins Nibble_FloatTensor:$input);
  let results = (outs Nibble_QuantTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nibble_DequantizeOp : Nibble_Op<"dequantize", [Pure, SameOperandsAndResultShape]> {
  let summary = "Quantized to float";
  let description = [{
    x = fl32(fl32(q - z) * s).

    ```mlir
    %x = nibble.dequantize %q : tensor<4x!quant.uniform<u8:f32, 0.125:128>> to tensor<4xf32>
    ```

    * C1: as `nibble.quantize` C1.
  }];
  let arguments = (ins Nibble_QuantTensor:$input);
  let results = (outs Nibble_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

def Nibble_RequantizeOp : Nibble_Op<"requantize", [Pure, SameOperandsAndResultShape]> {
  let summary = "Quantized to quantized with another scale or zero point";
  let description = [{
    `float` mode: q' = z' + rint(clamp(fl32(fl32(q - z) * m), qmin' - z', qmax' - z')), m = fl32(s / s').
    `fixed` mode: q' = clamp(z' + (((q - z) * m + 2^(k-1)) >> k), qmin', qmax') in i64, where (m, k)
    represent s / s' (README, "Fixed-point multipliers").

    ```mlir
    %b = nibble.requantize %a : tensor<4x!quant.uniform<u8:f32, 0.125:128>> to tensor<4x!quant.uniform<u8:f32, 0.25:3>>
    ```

    * C1: scales and zero points as `nibble.quantize` C1.
    * C2: input and result are quantized per tensor, or along the same dimension.
    * C3: in mode `fixed`, s / s' has a fixed-point form.
  }];
  let arguments = (ins Nibble_QuantTensor:$input,
      DefaultValuedAttr<Nibble_RequantModeAttr, "::nibble::RequantMode::Float">:$requant);
  let results = (outs Nibble_QuantTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nibble_ObserveOp : Nibble_Op<"observe", [SameOperandsAndResultType]> {
  let summary = "Identity that names a value whose range calibration measures";
  let description = [{
    Returns its operand. `name` is the ONNX value name, the key of the calibration
    side file. Once calibration was read, `range` holds the chosen [min, max].

    ```mlir
    %y = nibble.observe %x name "relu_3" range [0.0, 6.0] : tensor<4xf32>
    ```

    * C1: `range` has two finite values, min <= max.
  }];
  let arguments = (ins Nibble_FloatTensor:$input, StrAttr:$name,
      OptionalAttr<DenseF32ArrayAttr>:$range);
  let results = (outs Nibble_FloatTensor:$result);
  let assemblyFormat = "$input `name` $name (`range` $range^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Nibble_FakeQuantOp : Nibble_Op<"fake_quant", [Pure, SameOperandsAndResultType]> {
  let summary = "Quantize and dequantize in float";
  let description = [{
    dequantize(quantize(x, type), type), see those operations.

    ```mlir
    %y = nibble.fake_quant %x to !quant.uniform<u8:f32, 0.125:128> : tensor<4xf32>
    ```

    * C1: the type is quantized, with scales and zero points as `nibble.quantize` C1.
  }];
  let arguments = (ins Nibble_FloatTensor:$input, TypeAttr:$type);
  let results = (outs Nibble_FloatTensor:$result);
  let assemblyFormat = "$input `to` $type attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif // NIBBLE_QUANT_OPS
