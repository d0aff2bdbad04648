// RUN: nibble-opt %s --nibble-fold-zero-points --split-input-file --verify-diagnostics

!x = !quant.uniform<u8:f32, 0.5:10>
!w = !quant.uniform<i8<-127:127>:f32, 0.5>
func.func @layout(%x: tensor<1x1x2x2x!x>) -> tensor<1x1x2x2x!x> {
  %w = nibble.constant dense<1> : tensor<1x1x1x1xi8> -> tensor<1x1x1x1x!w>
  // expected-error @+1 {{expected layout nhwc, got nchw: run --nibble-convert-layout before}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x1x2x2x!x>, tensor<1x1x1x1x!w> -> tensor<1x1x2x2x!x>
  return %y : tensor<1x1x2x2x!x>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:10>
!w = !quant.uniform<i8<-127:127>:f32, 0.5>
func.func @filter(%x: tensor<1x2x2x1x!x>, %w: tensor<1x1x1x1x!w>) -> tensor<1x2x2x1x!x> {
  // expected-error @+1 {{expected a constant filter}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : tensor<1x2x2x1x!x>, tensor<1x1x1x1x!w> -> tensor<1x2x2x1x!x>
  return %y : tensor<1x2x2x1x!x>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:255>
!w = !quant.uniform<i8<-127:127>:f32:1, {0.5}>
!b = !quant.uniform<i32:f32:0, {0.25}>
func.func @bias(%x: tensor<2x2x!x>) -> tensor<2x1x!x> {
  %w = nibble.constant dense<127> : tensor<2x1xi8> -> tensor<2x1x!w>
  %b = nibble.constant dense<-2147480000> : tensor<1xi32> -> tensor<1x!b>
  // expected-error @+1 {{bias -2147544770 of output channel 0 with the input's zero point folded in does not fit 32 bits}}
  %y = nibble.matmul %x, %w bias %b : tensor<2x2x!x>, tensor<2x1x!w>, tensor<1x!b> -> tensor<2x1x!x>
  return %y : tensor<2x1x!x>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:10>
!w = !quant.uniform<u8:f32, 0.5:3>
func.func @weights(%x: tensor<2x1x!x>) -> tensor<2x1x!x> {
  %w = nibble.constant dense<255> : tensor<1x1xui8> -> tensor<1x1x!w>
  // expected-error @+1 {{weight 255 of output channel 0 less its zero point 3 does not fit 8 bits}}
  %y = nibble.matmul %x, %w : tensor<2x1x!x>, tensor<1x1x!w> -> tensor<2x1x!x>
  return %y : tensor<2x1x!x>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:10>
!w = !quant.uniform<i8:f32:1, {0.5:1, 0.5:2}>
func.func @varying(%x: tensor<2x1x!x>, %w: tensor<1x2x!w>) -> tensor<2x2x!x> {
  // expected-error @+1 {{expected weights quantized per tensor, as they are not constant}}
  %y = nibble.matmul %x, %w : tensor<2x1x!x>, tensor<1x2x!w> -> tensor<2x2x!x>
  return %y : tensor<2x2x!x>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:10>
!w = !quant.uniform<i8<-127:127>:f32, 0.5>
!b = !quant.uniform<i32:f32, 0.25>
func.func @variable_bias(%x: tensor<2x1x!x>, %b: tensor<1x!b>) -> tensor<2x1x!x> {
  %w = nibble.constant dense<1> : tensor<1x1xi8> -> tensor<1x1x!w>
  // expected-error @+1 {{expected a constant bias}}
  %y = nibble.matmul %x, %w bias %b : tensor<2x1x!x>, tensor<1x1x!w>, tensor<1x!b> -> tensor<2x1x!x>
  return %y : tensor<2x1x!x>
}
