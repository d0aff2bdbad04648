// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise functions of one and two variables.

#ifndef NIBBLE_ELEMENTWISE_OPS
#define NIBBLE_ELEMENTWISE_OPS

// A function f of one variable. Quantized: q' = quantize(f(dequantize(q))), which
// for 8 bits is a table of 256 entries computed at compile time.
class Nibble_UnaryOp<string mnemonic, string function, list<Trait> traits = []>
    : Nibble_Op<mnemonic, !listconcat([Pure, SameOperandsAndResultShape,
        DeclareOpInterfaceMethods<Nibble_UnaryFunction>], traits)> {
  let summary = "Elementwise " # function;
  let description = "f(x) = " # function # [{.

    ```mlir
    %y = nibble.}] # mnemonic # [{ %x : tensor<4xf32> -> tensor<4xf32>
    ```

    * C1: operand and result are both float or both quantized per tensor.
  }];
  let arguments = (ins Nibble_RealTensor:$input);
  let results = (outs Nibble_RealTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Nibble_ReluOp : Nibble_UnaryOp<"relu", "max(x, 0)">;
def Nibble_SigmoidOp : Nibble_UnaryOp<"sigmoid", "1 / (1 + exp(-x))">;
def Nibble_TanhOp : Nibble_UnaryOp<"tanh", "tanh(x)">;
def Nibble_HardSwishOp : Nibble_UnaryOp<"hard_swish", "x * min(max(x / 6 + 0.5, 0), 1)">;
def Nibble_GeluOp : Nibble_UnaryOp<"gelu", "x / 2 * (1 + erf(x / sqrt(2)))">;
def Nibble_SiluOp : Nibble_UnaryOp<"silu", "x / (1 + exp(-x))">;
def Nibble_SoftplusOp : Nibble_UnaryOp<"softplus", "log(1 + exp(x))">;
def Nibble_ErfOp : Nibble_UnaryOp<"erf", "erf(x)">;
def Nibble_ExpOp : Nibble_UnaryOp<"exp", "exp(x)">;
def Nibble_LogOp : Nibble_UnaryOp<"log", "log(x)">;
def Nibble_SqrtOp : Nibble_UnaryOp<"sqrt", "sqrt(x)">;
def Nibble_ReciprocalOp : Nibble_UnaryOp<"reciprocal", "1 / x">;
def Nibble_NegOp : Nibble_UnaryOp<"neg", "-x">;
def Nibble_AbsOp : Nibble_UnaryOp<"abs", "|x|">;
def Nibble_FloorOp : Nibble_UnaryOp<"floor", "largest integer not above x">;
def Nibble_CeilOp : Nibble_UnaryOp<"ceil", "smallest integer not below x">;
def Nibble_RoundOp : Nibble_UnaryOp<"round", "nearest integer, halves to even">;

def Nibble_LeakyReluOp : Nibble_UnaryOp<"leaky_relu", "x >= 0 ? x : alpha * x"> {
  let arguments = (ins Nibble_RealTensor:$input, F32Attr:$alpha);
  let description = [{
    f(x) = x >= 0 ? x : alpha * x.

    ```mlir
    %y = nibble.leaky_relu %x {alpha = 0.1 : f32} : tensor<4xf32> -> tensor<4xf32>
    ```

    * C1: operand and result are both float or both quantized per tensor.
  }];
}

def Nibble_EluOp : Nibble_UnaryOp<"elu", "x >= 0 ? x : alpha * (exp(x) - 1)"> {
  let arguments = (ins Nibble_RealTensor:$input, F32Attr:$alpha);
  let description = [{
    f(x) = x >= 0 ? x : alpha * (exp(x) - 1).

    ```mlir
    %y = nibble.elu %x {alpha = 1.0 : f32} : tensor<4xf32> -> tensor<4xf32>
    ```

    * C1: operand and result are both float or both quantized per tensor.
  }];
}

def Nibble_HardSigmoidOp : Nibble_UnaryOp<"hard_sigmoid", "min(max(alpha * x + beta, 0), 1)"> {
  let arguments = (ins Nibble_RealTensor:$input, F32Attr:$alpha, F32Attr:$beta);
  let description = [{
    f(x) = min(max(fma(alpha, x, beta), 0), 1).

    ```mlir
    %y = nibble.hard_sigmoid %x {alpha = 0.2 : f32, beta = 0.5 : f32} : tensor<4xf32> -> tensor<4xf32>
    ```

    * C1: operand and result are both float or both quantized per tensor.
  }];
}

def Nibble_ClipOp : Nibble_UnaryOp<"clip", "min(max(x, min), max)"> {
  let arguments = (ins Nibble_RealTensor:$input, F32Attr:$min, F32Attr:$max);
  let description = [{
    f(x) = min(max(x, min), max); ReLU6 is min 0, max 6.

    ```mlir
    %y = nibble.clip %x {min = 0.0 : f32, max = 6.0 : f32} : tensor<4xf32> -> tensor<4xf32>
    ```

    * C1: operand and result are both float or both quantized per tensor.
    * C2: min <= max, neither a NaN.
  }];
}

// A function of two tensors that broadcast as in numpy; `folded` are constraints of those that fold multipliers.
class Nibble_BinaryOp<string mnemonic, string function, string quantized, list<Trait> traits = [], string folded = "">
    : Nibble_Op<mnemonic, !listconcat([Pure], traits)> {
  let summary = "Elementwise " # function # " with numpy broadcasting";
  let description = "Float: " # function # ", rounded once. Quantized: " # quantized # [{

    ```mlir
    %y = nibble.}] # mnemonic # [{ %a, %b : tensor<2x4xf32>, tensor<4xf32> -> tensor<2x4xf32>
    ```

    * C1: operands and result are all float, or all quantized per tensor.
    * C2: the operands' shapes broadcast to the result's.
  }] # folded;
  let arguments = (ins Nibble_RealTensor:$lhs, Nibble_RealTensor:$rhs,
      DefaultValuedAttr<Nibble_RequantModeAttr, "::nibble::RequantMode::Float">:$requant);
  let results = (outs Nibble_RealTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
  let hasVerifier = 1;
}

defvar addEquation = [{y = rint(clamp(fma(ql, f, fma(qr, g, c)), qmin, qmax)) with f = fl32(sl / sy), g = fl32(sr / sy) and
    c = fl32(zy - fma(zl, f, fl32(zr * g))). The order of the operands decides ties.}];
defvar foldedMultipliers = [{
    * C3: the folded multipliers are finite and, in mode `fixed`, have a fixed-point form.
  }];
def Nibble_AddOp : Nibble_BinaryOp<"add", "lhs + rhs", addEquation, [], foldedMultipliers> {
  let hasFolder = 1;
}
def Nibble_SubOp : Nibble_BinaryOp<"sub", "lhs - rhs", "as `nibble.add`, with -g in place of g.", [],
    foldedMultipliers>;
def Nibble_MulOp : Nibble_BinaryOp<"mul", "lhs * rhs",
    "acc = (ql - zl)(qr - zr) in i32, requantized with fl32(fl32(sl * sr) / sy).", [Commutative],
    foldedMultipliers>;
def Nibble_DivOp : Nibble_BinaryOp<"div", "lhs / rhs", "dequantize both, divide, quantize.">;
def Nibble_PowOp : Nibble_BinaryOp<"pow", "lhs to the power of rhs", "dequantize both, compute, quantize.">;
def Nibble_MinOp : Nibble_BinaryOp<"min", "min(lhs, rhs)", "dequantize both, compare, quantize.", [Commutative]>;
def Nibble_MaxOp : Nibble_BinaryOp<"max", "max(lhs, rhs)", "dequantize both, compare, quantize.", [Commutative]>;

#endif // NIBBLE_ELEMENTWISE_OPS
