// RUN: nibble-translate --export-onnx --verify-diagnostics --split-input-file %s

func.func @main(%x: tensor<4xui8>) -> tensor<4xf32> {
  // expected-error @below {{operation 'nibble.int_dequantize' cannot be exported to ONNX}}
  %y = nibble.int_dequantize %x {scale = 0.5 : f32, zero_point = 3 : i32} : tensor<4xui8> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error @below {{the module has no function 'main' of one block}}
module {}

// -----

func.func @main(%x: tensor<1x3x?x4xf32> {nibble.name = "x"}) -> (tensor<1x5x?x8xf32> {nibble.name = "y"}) {
  %w = nibble.constant dense<1.0> : tensor<5x3x2x2xf32> -> tensor<5x3x2x2xf32>
  // expected-error @below {{a transposed convolution of unknown extents cannot be exported to ONNX}}
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x?x4xf32>, tensor<5x3x2x2xf32> -> tensor<1x5x?x8xf32>
  return %y : tensor<1x5x?x8xf32>
}

// -----

func.func @main(%x: tensor<1x4x4x4xf32> {nibble.name = "x"}) -> (tensor<1x4x8x8xf32> {nibble.name = "y"}) {
  %w = nibble.constant dense<1.0> : tensor<4x2x2x2xf32> -> tensor<4x2x2x2xf32>
  // expected-error @below {{a transposed convolution of several groups cannot be exported to ONNX}}
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x4x4x4xf32>, tensor<4x2x2x2xf32> -> tensor<1x4x8x8xf32>
  return %y : tensor<1x4x8x8xf32>
}

// -----

func.func @main(%x: tensor<?x4xf32> {nibble.name = "x"}) -> (tensor<?x4xf32> {nibble.name = "y"}) {
  // expected-error @below {{a slice of unknown extent cannot be exported to ONNX}}
  %y = nibble.slice %x {starts = array<i64: 1, 0>, steps = array<i64: 1, 1>} : tensor<?x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:10>
!w = !quant.uniform<i8:f32, 0.5>
func.func @main(%x: tensor<2x1xf32> {nibble.name = "x"}) -> (tensor<2x1xf32> {nibble.name = "y"}) {
  %q = nibble.quantize %x : tensor<2x1xf32> to tensor<2x1x!x>
  %w = nibble.constant dense<1> : tensor<1x1xi8> -> tensor<1x1x!w>
  // expected-warning @below {{fixed-point requantization becomes that of the program that runs the model}}
  %m = nibble.matmul %q, %w {requant = #nibble.requant<fixed>} : tensor<2x1x!x>, tensor<1x1x!w> -> tensor<2x1x!x>
  %y = nibble.dequantize %m : tensor<2x1x!x> to tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// -----

// expected-error @below {{cannot export to ONNX: Field 'name' of 'value_info' is required to be non-empty.}}
module {
  func.func @main() -> (tensor<4xf32> {nibble.name = ""}) {
    %y = nibble.constant dense<1.0> : tensor<4xf32> -> tensor<4xf32>
    return %y : tensor<4xf32>
  }
}

// -----

func.func @main(%x: tensor<?x?xf32> {nibble.name = "x", nibble.dims = ["a", "b"]}) -> (tensor<?x?xf32> {nibble.name = "y"}) {
  // expected-error @below {{a reshape to more than one unknown extent cannot be exported to ONNX}}
  %y = nibble.reshape %x {extents = #nibble.extents<[d1, d0]>} : tensor<?x?xf32> -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

func.func @main(%x: tensor<2xf32> {nibble.name = "x"}) -> (tensor<2xf32> {nibble.name = "y"}) {
  // expected-error @below {{loops and branches that the compiled model runs cannot be exported to ONNX, fixed extents (--dim) may unroll them}}
  %y = nibble.loop (%x : tensor<2xf32>) attributes {extents = #nibble.extents<[5]>} {
  ^bb0(%i: tensor<i64>, %h: tensor<2xf32>):
    nibble.region_yield %h : tensor<2xf32>
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}
