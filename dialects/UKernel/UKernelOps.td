// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations of the ukernel dialect.

#ifndef UKERNEL_OPS
#define UKERNEL_OPS

include "UKernelDialect.td"
include "UKernelTypes.td"
include "UKernelAttrs.td"
include "UKernelInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

def UKernel_ConstantOp : UKernel_Op<"constant", [Pure]> {
  let summary = "Packed weights or a table";
  let description = [{
    Data of the library's read-only section, aligned to 64 bytes.

    ```mlir
    %t = ukernel.constant dense<0> : tensor<256xui8> -> !ukernel.buffer<256xui8>
    ```

    * C1: the buffer is plain and has the bytes of `value`.
    * C2: a resource has its bytes.
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs UKernel_Buffer:$result);
  let assemblyFormat = "$value attr-dict `->` type($result)";
  let hasVerifier = 1;
}

def UKernel_ViewOp : UKernel_Op<"view", [Pure]> {
  let summary = "The same memory under another shape";
  let description = [{
    ```mlir
    %y = ukernel.view %x : !ukernel.buffer<1x2x2x4xui8> -> !ukernel.buffer<1x16xui8>
    ```

    * C1: both buffers have the same element type and number of elements.
    * C2: both are plain, or have one capacity, along axes with one extent and as many elements before and behind.
  }];
  let arguments = (ins UKernel_Buffer:$input);
  let results = (outs UKernel_Buffer:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def UKernel_ObserveOp : UKernel_Op<"observe"> {
  let summary = "Keeps a value in the arena until the end of a run";
  let description = [{
    Calibration reads the value called `name` from there.

    ```mlir
    func.func @main(%x: !ukernel.buffer<1x16xf32>) {
      ukernel.observe %x name "relu_3" : !ukernel.buffer<1x16xf32>
      return
    }
    ```
  }];
  let arguments = (ins UKernel_Buffer:$input, StrAttr:$name);
  let assemblyFormat = "$input `name` $name attr-dict `:` type($input)";
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

// Kernels fill their result's halo too. `offset` is where --ukernel-plan-memory placed the result.
class UKernel_KernelOpBase<string mnemonic, list<Trait> traits = []>
    : UKernel_Op<mnemonic, !listconcat([Pure], traits)>;

class UKernel_UnaryKernelOp<string mnemonic, dag attributes, list<string> methods = []>
    : UKernel_KernelOpBase<mnemonic, [DeclareOpInterfaceMethods<UKernel_KernelOp, methods>]> {
  let arguments = !con((ins UKernel_Buffer:$input), attributes);
  let results = (outs UKernel_Buffer:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def UKernel_ConvOp : UKernel_KernelOpBase<"conv", [
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<UKernel_KernelOp, ["getKernelArguments", "getInPlaceOperand"]>]> {
  let summary = "Convolution or matrix product with packed weights, integer or float";
  let description = [{
    As `nibble.int_conv` or, for f32, `nibble.conv` and a clamp to [`float_min`, `float_max`]. Where `scaled`, as
    `nibble.scaled_conv` or `nibble.scaled_matmul` and that clamp: the multipliers hold the scales and the biases, and
    `rows` the scales of rows of bytes. Where `sums`, as `nibble.sum_conv` or `nibble.sum_matmul`: the biases hold what a
    constant zero point makes of the sums; for an encoding in `rows`, the multipliers hold each column's sum of weights.
    Where `addend_first`, the addend is the residual addition's first operand.
    The result may take over the addend's memory: kernels read each addend before they write over it, and once.
    Weights, bias and multipliers are packed by `nibble::kernels`, the weights in `weight_bits` bits, times
    factors of groups of `weight_group` of them where that is not 0, and, with `paired_steps`, 8 input channels of a
    column together instead of 4. The input's halo holds the padding.

    ```mlir
    func.func @main(%x: !ukernel.buffer<1x4x4x4xui8>, %w: !ukernel.buffer<256xi8>,
        %b: !ukernel.buffer<64xi8>, %m: !ukernel.buffer<64xi8>) -> !ukernel.buffer<1x4x4x4xui8> {
      %y = ukernel.conv %x, %w, %b multiplier %m {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
          dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64}
          : (!ukernel.buffer<1x4x4x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<64xi8>, !ukernel.buffer<64xi8>)
          -> !ukernel.buffer<1x4x4x4xui8>
      return %y : !ukernel.buffer<1x4x4x4xui8>
    }
    ```

    * C1: the input's halo is at least `pads`.
    * C2: input, result and addend are images; the addend has the result's shape and element type.
    * C3: there is a residual, of four integers and two scales, exactly where there is an addend.
    * C4: a scaled result is f32 and has no addend; it has `rows`, one scale or one a pixel, exactly where the input
      holds bytes.
    * C5: `kernel`, `strides`, `dilations` and `clamp` have two values, `pads` four.
    * C6: where `sums`, bytes go in and i32 comes out, and `rows` is an encoding of two elements.
    * C7: `weight_bits` is 8, 4 or 2; `weight_group` is not negative, and 0 for 8 bits.
    * C8: with `paired_steps` the input holds bytes.
  }];
  let arguments = (ins UKernel_Buffer:$input, UKernel_Buffer:$weights, UKernel_Buffer:$bias,
      Optional<UKernel_Buffer>:$multiplier, Optional<UKernel_Buffer>:$addend, Optional<UKernel_Buffer>:$rows,
      DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads,
      I64Attr:$groups, DefaultValuedAttr<I64Attr, "8">:$weight_bits, DefaultValuedAttr<I64Attr, "0">:$weight_group,
      UnitAttr:$paired_steps, UnitAttr:$fixed, UnitAttr:$multipliers_below_one,
      UnitAttr:$scaled, UnitAttr:$sums,
      DefaultValuedAttr<I32Attr, "0">:$output_zero_point, DefaultValuedAttr<DenseI32ArrayAttr, "{0, 255}">:$clamp,
      OptionalAttr<F32Attr>:$float_min, OptionalAttr<F32Attr>:$float_max,
      DefaultValuedAttr<DenseI32ArrayAttr, "{}">:$residual_integers,
      DefaultValuedAttr<DenseF32ArrayAttr, "{}">:$residual_scales, UnitAttr:$addend_first);
  let results = (outs UKernel_Buffer:$result);
  let assemblyFormat = [{
    $input `,` $weights `,` $bias (`multiplier` $multiplier^)? (`add` $addend^)? (`rows` $rows^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def UKernel_ConvTransposeOp : UKernel_KernelOpBase<"conv_transpose", [
    AttrSizedOperandSegments, DeclareOpInterfaceMethods<UKernel_KernelOp, ["getKernelArguments"]>]> {
  let summary = "Transposed convolution, integer or float";
  let description = [{
    As `nibble.int_conv_transpose` or, for f32, `nibble.conv_transpose`. Weights and multipliers are packed by
    `nibble::kernels`.

    ```mlir
    func.func @main(%x: !ukernel.buffer<1x4x4x3xui8>, %w: !ukernel.buffer<60xi8>,
        %b: !ukernel.buffer<5xi32>, %m: !ukernel.buffer<20xi8>) -> !ukernel.buffer<1x8x8x5xui8> {
      %y = ukernel.conv_transpose %x, %w bias %b multiplier %m {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>,
          pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, clamp = array<i32: 0, 255>}
          : (!ukernel.buffer<1x4x4x3xui8>, !ukernel.buffer<60xi8>, !ukernel.buffer<5xi32>, !ukernel.buffer<20xi8>)
          -> !ukernel.buffer<1x8x8x5xui8>
      return %y : !ukernel.buffer<1x8x8x5xui8>
    }
    ```

    * C1: input and result are images.
    * C2: integers have a bias and multipliers.
    * C3: `kernel`, `strides`, `dilations` and `clamp` have two values, `pads` four.
  }];
  let arguments = (ins UKernel_Buffer:$input, UKernel_Buffer:$weights, Optional<UKernel_Buffer>:$bias,
      Optional<UKernel_Buffer>:$multiplier, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
      I64Attr:$groups, UnitAttr:$fixed, DefaultValuedAttr<I32Attr, "0">:$input_zero_point,
      DefaultValuedAttr<I32Attr, "0">:$output_zero_point, DefaultValuedAttr<DenseI32ArrayAttr, "{0, 255}">:$clamp);
  let results = (outs UKernel_Buffer:$result);
  let assemblyFormat = [{
    $input `,` $weights (`bias` $bias^)? (`multiplier` $multiplier^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def UKernel_MatMulOp : UKernel_KernelOpBase<"matmul", [
    AttrSizedOperandSegments, DeclareOpInterfaceMethods<UKernel_KernelOp, ["getKernelArguments"]>]> {
  let summary = "Batched matrix product of two values, integer or float";
  let description = [{
    As `nibble.int_matmul`, `nibble.sum_matmul` (where the result is i32) or `nibble.matmul`; products with constants are
    `ukernel.conv`. Multipliers are packed by `nibble::kernels`.

    ```mlir
    func.func @main(%a: !ukernel.buffer<2x4xui8>, %b: !ukernel.buffer<4x3xui8>,
        %c: !ukernel.buffer<3xi32>, %m: !ukernel.buffer<12xi8>) -> !ukernel.buffer<2x3xui8> {
      %y = ukernel.matmul %a, %b bias %c multiplier %m : (!ukernel.buffer<2x4xui8>, !ukernel.buffer<4x3xui8>,
          !ukernel.buffer<3xi32>, !ukernel.buffer<12xi8>) -> !ukernel.buffer<2x3xui8>
      return %y : !ukernel.buffer<2x3xui8>
    }
    ```

    * C1: ranks are at least two, the contracted extents agree, and rows, columns and leading dimensions give the
      result's.
    * C2: integers have a bias and multipliers, or, bytes alone, none of both and a result of i32.
    * C3: `clamp` has two values.
    * C4: only operands of such a product have encodings, of two elements.
  }];
  let arguments = (ins UKernel_Buffer:$lhs, UKernel_Buffer:$rhs, Optional<UKernel_Buffer>:$bias,
      Optional<UKernel_Buffer>:$multiplier, Optional<UKernel_Buffer>:$lhs_encoding,
      Optional<UKernel_Buffer>:$rhs_encoding,
      UnitAttr:$fixed, DefaultValuedAttr<I32Attr, "0">:$lhs_zero_point, DefaultValuedAttr<I32Attr, "0">:$rhs_zero_point,
      DefaultValuedAttr<I32Attr, "0">:$output_zero_point, DefaultValuedAttr<DenseI32ArrayAttr, "{0, 255}">:$clamp);
  let results = (outs UKernel_Buffer:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs (`bias` $bias^)? (`multiplier` $multiplier^)? (`lhs_encoding` $lhs_encoding^)?
    (`rhs_encoding` $rhs_encoding^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def UKernel_BinaryOp : UKernel_KernelOpBase<"binary", [
    DeclareOpInterfaceMethods<UKernel_KernelOp, ["getInPlaceOperand"]>]> {
  let summary = "Elementwise function of two values, float or integer";
  let description = [{
    f32: the function of that name. Bytes and i16: `add` is `nibble.int_add` with `scales`, `mul` is `nibble.int_mul` with one
    scale; `zero_points` are those of lhs, rhs and result. Extents of 1 broadcast.

    ```mlir
    %y = ukernel.binary %a, %b {kind = #ukernel.binary_kind<add>}
        : !ukernel.buffer<2x4xf32>, !ukernel.buffer<1x4xf32> -> !ukernel.buffer<2x4xf32>
    ```

    * C1: operands have the result's rank, and its extents or 1.
    * C2: operands and result are all f32 or all integers, bytes or i16; integers add or multiply, with a scale for each
      operand or one, three `zero_points` and two values in `clamp`.
  }];
  let arguments = (ins UKernel_Buffer:$lhs, UKernel_Buffer:$rhs, UKernel_BinaryKindAttr:$kind, UnitAttr:$fixed,
      DefaultValuedAttr<DenseF32ArrayAttr, "{}">:$scales, DefaultValuedAttr<DenseI32ArrayAttr, "{}">:$zero_points,
      DefaultValuedAttr<DenseI32ArrayAttr, "{}">:$clamp);
  let results = (outs UKernel_Buffer:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
  let hasVerifier = 1;
}

def UKernel_UnaryOp : UKernel_UnaryKernelOp<"unary",
    (ins StrAttr:$function, DefaultValuedAttr<DenseF32ArrayAttr, "{}">:$parameters), ["getInPlaceOperand"]> {
  let summary = "Elementwise float function";
  let description = [{
    The `nibble` operation called `function`, with its attributes in `parameters`.

    ```mlir
    %y = ukernel.unary %x {function = "sigmoid"} : !ukernel.buffer<2x4xf32> -> !ukernel.buffer<2x4xf32>
    ```

    * C1: f32 in and out, of one shape; i32 in where `function` is int_to_float.
    * C2: `function` is known and has its number of parameters.
  }];
}

def UKernel_LookupOp : UKernel_KernelOpBase<"lookup", [
    DeclareOpInterfaceMethods<UKernel_KernelOp, ["getKernelArguments", "getInPlaceOperand"]>]> {
  let summary = "Elementwise function of a byte by a table";
  let description = [{
    ```mlir
    %y = ukernel.lookup %x, %t : !ukernel.buffer<2x4xui8>, !ukernel.buffer<256xui8> -> !ukernel.buffer<2x4xui8>
    ```

    * C1: bytes in and out, of one shape; 256 entries of the result's element type.
  }];
  let arguments = (ins UKernel_Buffer:$input, UKernel_Buffer:$table);
  let results = (outs UKernel_Buffer:$result);
  let assemblyFormat = "$input `,` $table attr-dict `:` type($input) `,` type($table) `->` type($result)";
  let hasVerifier = 1;
}

def UKernel_QuantizeOp : UKernel_UnaryKernelOp<"quantize",
    (ins F32Attr:$scale, I32Attr:$zero_point, DenseI32ArrayAttr:$clamp,
         DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$permutation)> {
  let summary = "Float to stored values, permuting dimensions on the way";
  let description = [{
    `nibble.int_quantize` of the input, whose dimension `permutation[i]` is the result's dimension i.

    ```mlir
    %y = ukernel.quantize %x {scale = 0.5 : f32, zero_point = 128 : i32, clamp = array<i32: 0, 255>,
        permutation = array<i64: 0, 2, 3, 1>}
        : !ukernel.buffer<1x3x4x4xf32> -> !ukernel.buffer<1x4x4x3xui8, halo = [1, 1, 1, 1], fill = 128>
    ```

    * C1: f32 in, bytes or i16 out, shapes as `permutation` says.
    * C2: `clamp` has two values.
  }];
}

def UKernel_DequantizeOp : UKernel_UnaryKernelOp<"dequantize",
    (ins F32Attr:$scale, I32Attr:$zero_point, DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$permutation)> {
  let summary = "Stored values to float, permuting dimensions on the way";
  let description = [{
    `nibble.int_dequantize`, with a `permutation` as `ukernel.quantize`.

    ```mlir
    %y = ukernel.dequantize %x {scale = 0.5 : f32, zero_point = 128 : i32}
        : !ukernel.buffer<1x10xui8> -> !ukernel.buffer<1x10xf32>
    ```

    * C1: bytes or i16 in, f32 out, shapes as `permutation` says.
  }];
}

def UKernel_RequantizeOp : UKernel_UnaryKernelOp<"requantize",
    (ins F32Attr:$scale, DenseI32ArrayAttr:$zero_points, DenseI32ArrayAttr:$clamp, UnitAttr:$fixed), ["getInPlaceOperand"]> {
  let summary = "Stored values to those of another scale, zero point or width";
  let description = [{
    As `nibble.int_requantize`; `zero_points` are those of input and result.

    ```mlir
    %y = ukernel.requantize %x {scale = 0.5 : f32, zero_points = array<i32: 3, 0>, clamp = array<i32: 0, 255>}
        : !ukernel.buffer<4xui8> -> !ukernel.buffer<4xui8>
    ```

    * C1: bytes or i16 in and out, of one shape.
    * C2: `zero_points` and `clamp` have two values.
  }];
}

def UKernel_RowScaleOp : UKernel_UnaryKernelOp<"row_scale", (ins I64Attr:$row_dims, I32Attr:$levels)> {
  let summary = "The scale of each row";
  let description = [{
    As `nibble.dynamic_scale`; with 0 `row_dims` as `nibble.dynamic_encoding`.

    ```mlir
    %s = ukernel.row_scale %x {row_dims = 1 : i64, levels = 127 : i32} : !ukernel.buffer<4x8xf32> -> !ukernel.buffer<4xf32>
    ```

    * C1: f32 in and out; the plain result has the input's first `row_dims` extents, one or more, but not all. With 0
      `row_dims` it has two elements, and the input is plain.
    * C2: `levels` is 127 or 255.
  }];
}

def UKernel_RowQuantizeOp : UKernel_KernelOpBase<"row_quantize", [DeclareOpInterfaceMethods<UKernel_KernelOp>]> {
  let summary = "Float to bytes with the scales of its rows";
  let description = [{
    As `nibble.dynamic_quantize`; where `affine`, as `nibble.dynamic_encode`.

    ```mlir
    %q = ukernel.row_quantize %x, %s : !ukernel.buffer<1x4x4x3xf32>, !ukernel.buffer<1xf32>
        -> !ukernel.buffer<1x4x4x3xi8, halo = [1, 1, 1, 1], fill = 0>
    ```

    Where `centered`, signed bytes are unsigned ones with a zero point of 128: dot products whose one operand must be
    unsigned would have to make them so each time they read them.

    * C1: f32 and f32 in, bytes out, of the input's shape; the plain scales have its leading extents, but not all.
    * C2: where `affine`, input and result are plain, and the scales are an encoding of two elements.
    * C3: where `centered`, the result is plain ui8, and not `affine`.
  }];
  let arguments = (ins UKernel_Buffer:$input, UKernel_Buffer:$scale, UnitAttr:$affine, UnitAttr:$centered);
  let results = (outs UKernel_Buffer:$result);
  let assemblyFormat = "$input `,` $scale attr-dict `:` type($input) `,` type($scale) `->` type($result)";
  let hasVerifier = 1;
}

def UKernel_PackColumnsOp : UKernel_UnaryKernelOp<"pack_columns", (ins)> {
  let summary = "The columns of matrices as bytes, where a product with bytes reads them";
  let description = [{
    The right-hand side of `nibble.dynamic_matmul`. Of 16 columns each: their scales in f32, their sums in i32, then, for
    four rows at a time, the four bytes of each column; rows that are not there are zeros. What a column that is not there
    has is not specified.

    ```mlir
    %p = ukernel.pack_columns %v : !ukernel.buffer<2x7x20xf32> -> !ukernel.buffer<2x2x256xi8>
    ```

    * C1: f32 of two dimensions or more in; plain `i8` out, of the input's leading extents, ceil(columns / 16) and
      128 + 64 * ceil(rows / 4).
  }];
}

def UKernel_PackedMatMulOp : UKernel_KernelOpBase<"packed_matmul", [DeclareOpInterfaceMethods<UKernel_KernelOp>]> {
  let summary = "Batched matrix product of bytes and packed columns";
  let description = [{
    As `nibble.dynamic_matmul`, of columns by `ukernel.pack_columns`. The left-hand side may be read up to 3 bytes behind its
    end, so it must lie in the arena.

    ```mlir
    %y = ukernel.packed_matmul %q, %p, %s : (!ukernel.buffer<2x3x7xui8>, !ukernel.buffer<2x2x256xi8>,
        !ukernel.buffer<2x3xf32>) -> !ukernel.buffer<2x3x20xf32>
    ```

    * C1: bytes and packed columns of as many rows as the left-hand side has columns in, f32 out; rows, columns and
      leading dimensions give the result's.
    * C2: the plain f32 scales have the left-hand side's leading extents.
  }];
  let arguments = (ins UKernel_Buffer:$lhs, UKernel_Buffer:$rhs, UKernel_Buffer:$rows);
  let results = (outs UKernel_Buffer:$result);
  let assemblyFormat = "$lhs `,` $rhs `,` $rows attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def UKernel_MaxPoolOp : UKernel_UnaryKernelOp<"max_pool",
    (ins DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations)> {
  let summary = "Largest value of each window";
  let description = [{
    As `nibble.max_pool`.

    ```mlir
    %y = ukernel.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
        dilations = array<i64: 1, 1>} : !ukernel.buffer<1x8x8x3xui8> -> !ukernel.buffer<1x4x4x3xui8>
    ```

    * C1: images of one element type.
    * C2: `kernel`, `strides` and `dilations` have two values, `pads` four.
  }];
}

def UKernel_AvgPoolOp : UKernel_UnaryKernelOp<"avg_pool",
    (ins DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, UnitAttr:$count_include_pad,
         DefaultValuedAttr<F32Attr, "1.0f">:$scale, DefaultValuedAttr<DenseI32ArrayAttr, "{0, 0}">:$zero_points,
         DefaultValuedAttr<DenseI32ArrayAttr, "{0, 255}">:$clamp, UnitAttr:$fixed)> {
  let summary = "Mean of each window";
  let description = [{
    As `nibble.avg_pool` for f32 and `nibble.int_avg_pool` for integers.

    ```mlir
    %y = ukernel.avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>}
        : !ukernel.buffer<1x8x8x3xf32> -> !ukernel.buffer<1x4x4x3xf32>
    ```

    * C1: images, both f32 or both integers.
    * C2: `kernel`, `strides`, `zero_points` and `clamp` have two values, `pads` four.
  }];
}

// A kernel of reals between an input and a result that are f32, or bytes or i16 that it dequantizes and quantizes on
// its way. `scales` and `zero_points` are the input's and the result's.
class UKernel_RealRowsOp<string mnemonic, dag operands, dag attributes, list<Trait> traits = []>
    : UKernel_KernelOpBase<mnemonic, !listconcat(traits, [
          DeclareOpInterfaceMethods<UKernel_KernelOp, ["getInPlaceOperand"]>])> {
  let arguments = !con((ins UKernel_Buffer:$input), operands, attributes,
      (ins DefaultValuedAttr<DenseF32ArrayAttr, "{1, 1}">:$scales,
           DefaultValuedAttr<DenseI32ArrayAttr, "{0, 0}">:$zero_points,
           DefaultValuedAttr<DenseI32ArrayAttr, "{0, 255}">:$clamp));
  let results = (outs UKernel_Buffer:$result);
  let hasVerifier = 1;
}

def UKernel_SoftmaxOp : UKernel_RealRowsOp<"softmax", (ins Optional<UKernel_Buffer>:$mask),
    (ins I64Attr:$axis, DefaultValuedAttr<F32Attr, "1.0f">:$factor)> {
  let summary = "Softmax along one axis";
  let description = [{
    As `nibble.softmax`, whose scale is the `factor`, in floats; stored values are dequantized before and quantized
    behind it.

    ```mlir
    %y = ukernel.softmax %x mask %m {axis = 1 : i64, factor = 0.125 : f32}
        : (!ukernel.buffer<2x10xf32>, !ukernel.buffer<1x10xf32>) -> !ukernel.buffer<2x10xf32>
    ```

    * C1: f32, bytes or i16 in and out, of one shape; the axis lies in the rank.
    * C2: the mask is plain f32; each of its extents is the input's or 1.
    * C3: `scales`, `zero_points` and `clamp` have two values.
  }];
  let assemblyFormat = "$input (`mask` $mask^)? attr-dict `:` functional-type(operands, results)";
}

def UKernel_NormOp : UKernel_RealRowsOp<"norm", (ins Optional<UKernel_Buffer>:$scale, Optional<UKernel_Buffer>:$bias),
    (ins I64Attr:$axis, F32Attr:$epsilon, UnitAttr:$rms), [AttrSizedOperandSegments]> {
  let summary = "Layer normalization or RMS normalization of rows";
  let description = [{
    As `nibble.norm`; stored values are dequantized before and quantized behind it.

    ```mlir
    %y = ukernel.norm %x scale %s {axis = 1 : i64, epsilon = 1.0e-5 : f32, rms, scales = array<f32: 0.5, 0.25>,
        zero_points = array<i32: 128, 128>, clamp = array<i32: 0, 255>}
        : (!ukernel.buffer<2x10xui8>, !ukernel.buffer<10xf32>) -> !ukernel.buffer<2x10xui8>
    ```

    * C1: f32, bytes or i16 in and out, of one shape; the axis lies in the rank.
    * C2: input and result are plain, or the axis is the last dimension.
    * C3: scale and bias are plain f32 of a row's elements.
    * C4: `scales`, `zero_points` and `clamp` have two values.
  }];
  let assemblyFormat = [{
    $input (`scale` $scale^)? (`bias` $bias^)? attr-dict `:` functional-type(operands, results)
  }];
}

def UKernel_IntSoftmaxOp : UKernel_KernelOpBase<"int_softmax", [DeclareOpInterfaceMethods<UKernel_KernelOp>]> {
  let summary = "Softmax of bytes along one axis";
  let description = [{
    As `nibble.int_softmax`; entry 255 - d of the table is the exponential of the difference d.

    ```mlir
    %y = ukernel.int_softmax %x, %t {axis = 1 : i64, scale = 256.0 : f32, output_zero_point = 0 : i32,
        clamp = array<i32: 0, 255>} : !ukernel.buffer<2x10xui8>, !ukernel.buffer<256xi32> -> !ukernel.buffer<2x10xui8>
    ```

    * C1: bytes in and out, of one shape; the axis lies in the rank.
    * C2: the table holds 256 integers of 32 bits.
  }];
  let arguments = (ins UKernel_Buffer:$input, UKernel_Buffer:$table, I64Attr:$axis, F32Attr:$scale,
      I32Attr:$output_zero_point, DenseI32ArrayAttr:$clamp);
  let results = (outs UKernel_Buffer:$result);
  let assemblyFormat = "$input `,` $table attr-dict `:` type($input) `,` type($table) `->` type($result)";
  let hasVerifier = 1;
}

def UKernel_ReduceOp : UKernel_UnaryKernelOp<"reduce", (ins StrAttr:$kind, DenseI64ArrayAttr:$axes)> {
  let summary = "Reduction over some axes";
  let description = [{
    As `nibble.reduce` with `keep_dims`.

    ```mlir
    %y = ukernel.reduce %x {kind = "mean", axes = array<i64: 1>} : !ukernel.buffer<2x10xf32> -> !ukernel.buffer<2x1xf32>
    ```

    * C1: f32 in and out; the reduced extents are 1 in the result, the others the input's.
    * C2: `kind` is sum, mean, max, min or prod.
  }];
}

//===----------------------------------------------------------------------===//
// Data movement
//===----------------------------------------------------------------------===//

def UKernel_TransposeOp : UKernel_UnaryKernelOp<"transpose", (ins DenseI64ArrayAttr:$permutation)> {
  let summary = "Permutation of the dimensions, or a copy into another layout";
  let description = [{
    ```mlir
    %y = ukernel.transpose %x {permutation = array<i64: 0, 2, 3, 1>}
        : !ukernel.buffer<1x3x8x8xf32> -> !ukernel.buffer<1x8x8x3xf32, halo = [1, 1, 1, 1], fill = 0>
    ```

    * C1: one element type; dimension i of the result is dimension `permutation[i]` of the input.
  }];
}

def UKernel_SliceOp : UKernel_UnaryKernelOp<"slice", (ins DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$steps),
    ["getKernelArguments"]> {
  let summary = "Every step-th element of a range of each dimension";
  let description = [{
    ```mlir
    %y = ukernel.slice %x {starts = array<i64: 0, 2>, steps = array<i64: 1, 3>}
        : !ukernel.buffer<2x10xf32> -> !ukernel.buffer<2x2xf32>
    ```

    * C1: one element type; every element read lies inside the input.
  }];
}

def UKernel_PadOp : UKernel_UnaryKernelOp<"pad",
    (ins DenseI64ArrayAttr:$low, DefaultValuedAttr<F64Attr, "0.0">:$value),
    ["getKernelArguments"]> {
  let summary = "Elements added or removed at the ends of dimensions";
  let description = [{
    `low` elements come first in each dimension (a negative count leaves out as many); they and those at the end hold
    `value`. Edges and reflections are `ukernel.gather`.

    ```mlir
    %y = ukernel.pad %x {low = array<i64: 0, 1>} : !ukernel.buffer<2x3xf32> -> !ukernel.buffer<2x6xf32>
    ```

    * C1: one element type and rank.
  }];
}

def UKernel_GatherOp : UKernel_KernelOpBase<"gather", [DeclareOpInterfaceMethods<UKernel_KernelOp>]> {
  let summary = "Elements along some dimensions by index tables";
  let description = [{
    As `nibble.resize_nearest`; `indices` holds the tables one after another.

    ```mlir
    %y = ukernel.gather %x, %i {axes = array<i64: 1>}
        : !ukernel.buffer<1x2xf32>, !ukernel.buffer<4xi32> -> !ukernel.buffer<1x4xf32>
    ```

    * C1: one element type and rank; along other dimensions than `axes`, equal extents.
    * C2: one table of i32 for each axis, as long as the result's extent.
  }];
  let arguments = (ins UKernel_Buffer:$input, UKernel_Buffer:$indices, DenseI64ArrayAttr:$axes);
  let results = (outs UKernel_Buffer:$result);
  let assemblyFormat = "$input `,` $indices attr-dict `:` type($input) `,` type($indices) `->` type($result)";
  let hasVerifier = 1;
}

def UKernel_GenerateOp : UKernel_KernelOpBase<"generate", [IsolatedFromAbove, SingleBlock,
    DeclareOpInterfaceMethods<UKernel_KernelOp>]> {
  let summary = "Value whose elements a scalar program computes";
  let description = [{
    As `nibble.generate`, whose body it has: there a buffer is a tensor of its shape and elements.

    ```mlir
    func.func @main(%x: !ukernel.buffer<4xi32>) -> !ukernel.buffer<4xi1> {
      %y = ukernel.generate (%x : !ukernel.buffer<4xi32>) {
      ^bb0(%i: index, %t: tensor<4xi32>):
        %e = nibble.read %t[%i] : tensor<4xi32> -> i32
        %zero = arith.constant 0 : i32
        %less = arith.cmpi slt, %e, %zero : i32
        nibble.yield %less : i1
      } -> !ukernel.buffer<4xi1>
      return %y : !ukernel.buffer<4xi1>
    }
    ```

    * C1: the body's arguments are an index for each dimension of the result, then a tensor for each input.
    * C2: the body is one of `nibble.generate`.
  }];
  let arguments = (ins Variadic<UKernel_Buffer>:$inputs);
  let results = (outs UKernel_Buffer:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    ` ` `(` ($inputs^ `:` type($inputs))? `)` attr-dict-with-keyword $body `->` type($result)
  }];
  let hasRegionVerifier = 1;
}

def UKernel_GatherRowsOp : UKernel_KernelOpBase<"gather_rows", [DeclareOpInterfaceMethods<UKernel_KernelOp>]> {
  let summary = "Rows of a table by indices found at run time";
  let description = [{
    As `nibble.gather_rows`.

    ```mlir
    %y = ukernel.gather_rows %t, %i : (!ukernel.buffer<100x8xf32>, !ukernel.buffer<2x5xi32>) -> !ukernel.buffer<2x5x8xf32>
    ```

    * C1: all buffers are plain; the result has the indices' extents, then the table's but the first.
    * C2: without a scale table and result have one element type.
    * C3: with a scale, f32 of one value a row, the table is i8 and the result f32.
  }];
  let arguments = (ins UKernel_Buffer:$table, UKernel_Buffer:$indices, Optional<UKernel_Buffer>:$scale);
  let results = (outs UKernel_Buffer:$result);
  let assemblyFormat = "$table `,` $indices (`scale` $scale^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def UKernel_ConcatOp : UKernel_KernelOpBase<"concat", [DeclareOpInterfaceMethods<UKernel_KernelOp>]> {
  let summary = "Values one after another along an axis";
  let description = [{
    ```mlir
    %y = ukernel.concat %a, %b {axis = 1 : i64}
        : !ukernel.buffer<1x2xf32>, !ukernel.buffer<1x3xf32> -> !ukernel.buffer<1x5xf32>
    ```

    * C1: one element type; extents agree but along the axis, where they add up.
  }];
  let arguments = (ins Variadic<UKernel_Buffer>:$inputs, I64Attr:$axis);
  let results = (outs UKernel_Buffer:$result);
  let assemblyFormat = "$inputs attr-dict `:` type($inputs) `->` type($result)";
  let hasVerifier = 1;
}

def UKernel_AppendOp : UKernel_KernelOpBase<"append", [DeclareOpInterfaceMethods<UKernel_KernelOp, ["getKernelArguments"]>]> {
  let summary = "Values behind those that their memory holds already";
  let description = [{
    As `ukernel.concat` of `past` and `inputs`, in the memory of `past`: writes `inputs` behind the elements that are there.
    `past` is an argument of the function, and the result one of its results, whose memory is the caller's, the same
    for both.

    ```mlir
    %y = ukernel.append %past, %x {axis = 0 : i64}
        : !ukernel.buffer<[d0]x4xf32, capacity = 64, axis = 0>, !ukernel.buffer<1x4xf32>
        -> !ukernel.buffer<[d0 + 1]x4xf32, capacity = 64, axis = 0>
    ```

    * C1: one element type; extents agree but along the axis, where they add up.
    * C2: `past` and the result have one capacity, along the axis.
  }];
  let arguments = (ins UKernel_Buffer:$past, Variadic<UKernel_Buffer>:$inputs, I64Attr:$axis);
  let results = (outs UKernel_Buffer:$result);
  let assemblyFormat = "$past `,` $inputs attr-dict `:` type($past) `,` type($inputs) `->` type($result)";
  let hasVerifier = 1;
}

include "UKernelControlOps.td"

#endif // UKERNEL_OPS
