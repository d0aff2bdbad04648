// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Enumerations and attributes of the nibble dialect.

#ifndef NIBBLE_ATTRS
#define NIBBLE_ATTRS

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "NibbleDialect.td"

def Nibble_Layout : I32EnumAttr<"Layout", "order of the dimensions of an image tensor", [
    I32EnumAttrCase<"NCHW", 0, "nchw">,
    I32EnumAttrCase<"NHWC", 1, "nhwc">]> {
  let cppNamespace = "::nibble";
  let genSpecializedAttr = 0;
}
def Nibble_LayoutAttr : EnumAttr<Nibble_Dialect, Nibble_Layout, "layout"> {
  let assemblyFormat = "`<` $value `>`";
}

// `float`: one f32 multiply, clamp, round half to even.
// `fixed`: ((acc * m + 2^(s-1)) >> s) in i64, for cores without an FPU.
def Nibble_RequantMode : I32EnumAttr<"RequantMode", "arithmetic of a requantization", [
    I32EnumAttrCase<"Float", 0, "float">,
    I32EnumAttrCase<"Fixed", 1, "fixed">]> {
  let cppNamespace = "::nibble";
  let genSpecializedAttr = 0;
}
def Nibble_RequantModeAttr : EnumAttr<Nibble_Dialect, Nibble_RequantMode, "requant"> {
  let assemblyFormat = "`<` $value `>`";
}

def Nibble_ReduceKind : I32EnumAttr<"ReduceKind", "function of a reduction", [
    I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Mean", 1, "mean">,
    I32EnumAttrCase<"Max", 2, "max">, I32EnumAttrCase<"Min", 3, "min">,
    I32EnumAttrCase<"Prod", 4, "prod">]> {
  let cppNamespace = "::nibble";
  let genSpecializedAttr = 0;
}
def Nibble_ReduceKindAttr : EnumAttr<Nibble_Dialect, Nibble_ReduceKind, "reduce_kind"> {
  let assemblyFormat = "`<` $value `>`";
}

// `layer` subtracts the mean, `rms` does not.
def Nibble_NormKind : I32EnumAttr<"NormKind", "what a normalization takes the deviation from", [
    I32EnumAttrCase<"Layer", 0, "layer">, I32EnumAttrCase<"RMS", 1, "rms">]> {
  let cppNamespace = "::nibble";
  let genSpecializedAttr = 0;
}
def Nibble_NormKindAttr : EnumAttr<Nibble_Dialect, Nibble_NormKind, "norm_kind"> {
  let assemblyFormat = "`<` $value `>`";
}

def Nibble_PadMode : I32EnumAttr<"PadMode", "what a padding is filled with", [
    I32EnumAttrCase<"Constant", 0, "constant">, I32EnumAttrCase<"Edge", 1, "edge">,
    I32EnumAttrCase<"Reflect", 2, "reflect">]> {
  let cppNamespace = "::nibble";
  let genSpecializedAttr = 0;
}
def Nibble_PadModeAttr : EnumAttr<Nibble_Dialect, Nibble_PadMode, "pad_mode"> {
  let assemblyFormat = "`<` $value `>`";
}

def Nibble_ExtentsAttr : AttrDef<Nibble_Dialect, "Extents"> {
  let mnemonic = "extents";
  let summary = "extents of a tensor by the model's dynamic dimensions";
  let description = [{
    One extent a dimension: an integer, or a sum of products of integers, of the model's dynamic dimensions `d0`, `d1`, …
    and of `floordiv(a, b)`, `min(a, b)` and `max(a, b)`. The dimensions are the distinct names in `nibble.dims` of the
    function's arguments, in the order in which they come first.

    ```mlir
    #nibble.extents<[d0, 2 * d1 + 1, floordiv(d0 - 1, 2), 384]>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"::nibble::Extent">:$value);
  let assemblyFormat = "`<` custom<Extents>($value) `>`";
}

#endif // NIBBLE_ATTRS
