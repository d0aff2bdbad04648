// RUN: nibble-opt %s | nibble-opt | FileCheck %s

// Integer operations take 16-bit values on any side, of what the printer makes it reads the same again.

// CHECK-LABEL: func.func @products(
// CHECK: nibble.int_conv %{{.*}} : tensor<1x4x4x2xi16>, tensor<3x1x1x2xi8>, tensor<3xi32>, tensor<3xf32>, tensor<1x4x4x3xi16> -> tensor<1x4x4x3xi16>
// CHECK: nibble.int_conv_transpose %{{.*}} : tensor<1x4x4x2xi16>, tensor<3x2x2x2xi8>, tensor<3xi32>, tensor<3xf32> -> tensor<1x8x8x3xui8>
// CHECK: nibble.int_matmul %{{.*}} : tensor<4x2xi16>, tensor<2x3xi16>, tensor<3xi32>, tensor<3xf32> -> tensor<4x3xi8>
func.func @products(%x: tensor<1x4x4x2xi16>, %w: tensor<3x1x1x2xi8>, %v: tensor<3x2x2x2xi8>, %b: tensor<3xi32>,
                    %m: tensor<3xf32>, %a: tensor<1x4x4x3xi16>, %l: tensor<4x2xi16>, %r: tensor<2x3xi16>) {
  %0 = nibble.int_conv %x, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32,
      clamp = array<i32: -32767, 32767>, residual = #nibble.residual<scale = 0.5 : f32, addend_scale = 0.25 : f32,
      addend_zero_point = 0, zero_point = 0, min = -16000, max = 16000>}
      : tensor<1x4x4x2xi16>, tensor<3x1x1x2xi8>, tensor<3xi32>, tensor<3xf32>, tensor<1x4x4x3xi16> -> tensor<1x4x4x3xi16>
  %1 = nibble.int_conv_transpose %x, %v, %b, %m {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, input_zero_point = 0 : i32, output_zero_point = 7 : i32,
      clamp = array<i32: 0, 255>}
      : tensor<1x4x4x2xi16>, tensor<3x2x2x2xi8>, tensor<3xi32>, tensor<3xf32> -> tensor<1x8x8x3xui8>
  %2 = nibble.int_matmul %l, %r, %b, %m {output_zero_point = 0 : i32, clamp = array<i32: -128, 127>}
      : tensor<4x2xi16>, tensor<2x3xi16>, tensor<3xi32>, tensor<3xf32> -> tensor<4x3xi8>
  return
}

// CHECK-LABEL: func.func @elements(
// CHECK: nibble.int_add %{{.*}} : tensor<4xi16>, tensor<4xui8> -> tensor<4xi16>
// CHECK: nibble.int_mul %{{.*}} : tensor<4xi16>, tensor<4xi16> -> tensor<4xi16>
// CHECK: nibble.int_requantize %{{.*}} : tensor<4xui8> -> tensor<4xi16>
// CHECK: nibble.int_quantize %{{.*}} : tensor<4xf32> -> tensor<4xi16>
// CHECK: nibble.int_dequantize %{{.*}} : tensor<4xi16> -> tensor<4xf32>
// CHECK: nibble.int_avg_pool %{{.*}} : tensor<1x4x4x2xi16> -> tensor<1x2x2x2xi16>
func.func @elements(%x: tensor<4xi16>, %y: tensor<4xui8>, %f: tensor<4xf32>, %i: tensor<1x4x4x2xi16>) {
  %0 = nibble.int_add %x, %y {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 0 : i32,
      rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: -32767, 32767>}
      : tensor<4xi16>, tensor<4xui8> -> tensor<4xi16>
  %1 = nibble.int_mul %x, %x {scale = 0.5 : f32, lhs_zero_point = 0 : i32, rhs_zero_point = 0 : i32,
      output_zero_point = 0 : i32, clamp = array<i32: -32768, 32767>} : tensor<4xi16>, tensor<4xi16> -> tensor<4xi16>
  %2 = nibble.int_requantize %y {scale = 0.5 : f32, input_zero_point = 3 : i32, output_zero_point = 0 : i32,
      clamp = array<i32: -32767, 32767>} : tensor<4xui8> -> tensor<4xi16>
  %3 = nibble.int_quantize %f {scale = 0.5 : f32, zero_point = 0 : i32, clamp = array<i32: -32767, 32767>}
      : tensor<4xf32> -> tensor<4xi16>
  %4 = nibble.int_dequantize %x {scale = 0.5 : f32, zero_point = 0 : i32} : tensor<4xi16> -> tensor<4xf32>
  %5 = nibble.int_avg_pool %i {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
      scale = 1.0 : f32, input_zero_point = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: -32767, 32767>}
      : tensor<1x4x4x2xi16> -> tensor<1x2x2x2xi16>
  return
}
