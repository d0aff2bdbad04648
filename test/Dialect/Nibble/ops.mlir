// RUN: nibble-opt %s | nibble-opt | FileCheck %s

// CHECK-LABEL: func.func @conv
// CHECK: nibble.int_conv
func.func @conv(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>, %a: tensor<1x8x8x4xui8>) -> tensor<1x8x8x4xui8> {
  %y = nibble.int_conv %x, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>,
        dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32,
        clamp = array<i32: 0, 255>, residual = #nibble.residual<scale = 0.5 : f32, addend_scale = 0.25 : f32, addend_zero_point = 3, zero_point = 7, min = 0, max = 255>}
        : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32>, tensor<1x8x8x4xui8> -> tensor<1x8x8x4xui8>
  return %y : tensor<1x8x8x4xui8>
}

// CHECK-LABEL: func.func @quantized
// CHECK: nibble.conv
func.func @quantized(%x: tensor<?x3x8x8xf32>, %w: tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>>) -> tensor<?x4x8x8xf32> {
  %q = nibble.quantize %x : tensor<?x3x8x8xf32> to tensor<?x3x8x8x!quant.uniform<u8:f32, 0.5:128>>
  %y = nibble.conv %q, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>,
        dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
        : tensor<?x3x8x8x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>> -> tensor<?x4x8x8x!quant.uniform<u8:f32, 0.125:3>>
  %d = nibble.dequantize %y : tensor<?x4x8x8x!quant.uniform<u8:f32, 0.125:3>> to tensor<?x4x8x8xf32>
  return %d : tensor<?x4x8x8xf32>
}
