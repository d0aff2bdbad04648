// RUN: nibble-opt %s | nibble-opt | FileCheck %s

// What the printer makes of integer operations, it reads again.

// CHECK-LABEL: func.func @int_conv(
// CHECK: nibble.int_conv %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {clamp = array<i32: 0, 255>, dilations = array<i64: 1, 1>, groups = 1 : i64, output_zero_point = 0 : i32, pad_value = 128 : i32, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : tensor<?x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32> -> tensor<?x8x8x4xui8>
func.func @int_conv(%x: tensor<?x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>) {
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<?x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32> -> tensor<?x8x8x4xui8>
  return
}

// CHECK-LABEL: func.func @int_conv_residual(
// CHECK: nibble.int_conv %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} add %{{.*}} {clamp = array<i32: 0, 255>, dilations = array<i64: 1, 1>, groups = 1 : i64, output_zero_point = 0 : i32, pad_value = 128 : i32, pads = array<i64: 1, 1, 1, 1>, requant = #nibble.requant<fixed>, residual = #nibble.residual<scale = 5.000000e-01 : f32, addend_scale = 2.500000e-01 : f32, addend_zero_point = 3, zero_point = 7, min = 0, max = 255>, strides = array<i64: 1, 1>} : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32>, tensor<1x8x8x4xui8> -> tensor<1x8x8x4xui8>
func.func @int_conv_residual(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>, %a: tensor<1x8x8x4xui8>) {
  %y = nibble.int_conv %x, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, residual = #nibble.residual<scale = 0.5 : f32, addend_scale = 0.25 : f32, addend_zero_point = 3, zero_point = 7, min = 0, max = 255>, requant = #nibble.requant<fixed>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32>, tensor<1x8x8x4xui8> -> tensor<1x8x8x4xui8>
  return
}

// CHECK-LABEL: func.func @int_conv_transpose(
// CHECK: nibble.int_conv_transpose %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {clamp = array<i32: 0, 255>, dilations = array<i64: 1, 1>, groups = 1 : i64, input_zero_point = 128 : i32, output_zero_point = 0 : i32, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} : tensor<1x4x4x3xui8>, tensor<5x2x2x3xi8>, tensor<5xi32>, tensor<5xf32> -> tensor<1x8x8x5xui8>
func.func @int_conv_transpose(%x: tensor<1x4x4x3xui8>, %w: tensor<5x2x2x3xi8>, %b: tensor<5xi32>, %m: tensor<5xf32>) {
  %y = nibble.int_conv_transpose %x, %w, %b, %m {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, input_zero_point = 128 : i32}
      : tensor<1x4x4x3xui8>, tensor<5x2x2x3xi8>, tensor<5xi32>, tensor<5xf32> -> tensor<1x8x8x5xui8>
  return
}

// CHECK-LABEL: func.func @int_matmul(
// CHECK: nibble.int_matmul %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {clamp = array<i32: 0, 255>, output_zero_point = 0 : i32} : tensor<?x4xui8>, tensor<4x3xi8>, tensor<3xi32>, tensor<3xf32> -> tensor<?x3xui8>
func.func @int_matmul(%a: tensor<?x4xui8>, %b: tensor<4x3xi8>, %c: tensor<3xi32>, %m: tensor<3xf32>) {
  %y = nibble.int_matmul %a, %b, %c, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<?x4xui8>, tensor<4x3xi8>, tensor<3xi32>, tensor<3xf32> -> tensor<?x3xui8>
  return
}

// CHECK-LABEL: func.func @int_matmul_zero_points(
// CHECK: nibble.int_matmul %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {clamp = array<i32: 0, 255>, lhs_zero_point = 255 : i32, output_zero_point = 0 : i32, rhs_zero_point = -128 : i32} : tensor<2x4xui8>, tensor<4x3xi8>, tensor<3xi32>, tensor<3xf32> -> tensor<2x3xui8>
func.func @int_matmul_zero_points(%a: tensor<2x4xui8>, %b: tensor<4x3xi8>, %c: tensor<3xi32>, %m: tensor<3xf32>) {
  %y = nibble.int_matmul %a, %b, %c, %m {lhs_zero_point = 255 : i32, rhs_zero_point = -128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<2x4xui8>, tensor<4x3xi8>, tensor<3xi32>, tensor<3xf32> -> tensor<2x3xui8>
  return
}

// CHECK-LABEL: func.func @int_add(
// CHECK: nibble.int_add %{{.*}}, %{{.*}} {clamp = array<i32: 0, 255>, lhs_scale = 5.000000e-01 : f32, lhs_zero_point = 3 : i32, output_zero_point = 0 : i32, rhs_scale = 2.500000e-01 : f32, rhs_zero_point = 4 : i32} : tensor<?x4xui8>, tensor<4xui8> -> tensor<?x4xui8>
func.func @int_add(%a: tensor<?x4xui8>, %b: tensor<4xui8>) {
  %y = nibble.int_add %a, %b {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 3 : i32, rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
       : tensor<?x4xui8>, tensor<4xui8> -> tensor<?x4xui8>
  return
}

// CHECK-LABEL: func.func @int_mul(
// CHECK: nibble.int_mul %{{.*}}, %{{.*}} {clamp = array<i32: 0, 255>, lhs_zero_point = 3 : i32, output_zero_point = 0 : i32, rhs_zero_point = 4 : i32, scale = 5.000000e-01 : f32} : tensor<2x4xui8>, tensor<4xui8> -> tensor<2x4xui8>
func.func @int_mul(%a: tensor<2x4xui8>, %b: tensor<4xui8>) {
  %y = nibble.int_mul %a, %b {lhs_zero_point = 3 : i32, rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, scale = 0.5 : f32}
       : tensor<2x4xui8>, tensor<4xui8> -> tensor<2x4xui8>
  return
}

// CHECK-LABEL: func.func @int_subtract(
// CHECK: nibble.int_add %{{.*}}, %{{.*}} {clamp = array<i32: 0, 255>, lhs_scale = 5.000000e-01 : f32, lhs_zero_point = 3 : i32, output_zero_point = 0 : i32, rhs_scale = -2.500000e-01 : f32, rhs_zero_point = 4 : i32} : tensor<2x4xui8>, tensor<4xui8> -> tensor<2x4xui8>
func.func @int_subtract(%a: tensor<2x4xui8>, %b: tensor<4xui8>) {
  %y = nibble.int_add %a, %b {lhs_scale = 0.5 : f32, rhs_scale = -0.25 : f32, lhs_zero_point = 3 : i32, rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
       : tensor<2x4xui8>, tensor<4xui8> -> tensor<2x4xui8>
  return
}

// CHECK-LABEL: func.func @int_avg_pool(
// CHECK: nibble.int_avg_pool %{{.*}} {clamp = array<i32: 0, 255>, input_zero_point = 0 : i32, kernel = array<i64: 2, 2>, output_zero_point = 0 : i32, pads = array<i64: 0, 0, 0, 0>, scale = 1.000000e+00 : f32, strides = array<i64: 2, 2>} : tensor<1x8x8x3xui8> -> tensor<1x4x4x3xui8>
func.func @int_avg_pool(%x: tensor<1x8x8x3xui8>) {
  %y = nibble.int_avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, scale = 1.0 : f32, input_zero_point = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
       : tensor<1x8x8x3xui8> -> tensor<1x4x4x3xui8>
  return
}

// CHECK-LABEL: func.func @int_requantize(
// CHECK: nibble.int_requantize %{{.*}} {clamp = array<i32: -128, 127>, input_zero_point = 3 : i32, output_zero_point = 0 : i32, scale = 5.000000e-01 : f32} : tensor<4xui8> -> tensor<4xi8>
func.func @int_requantize(%x: tensor<4xui8>) {
  %y = nibble.int_requantize %x {scale = 0.5 : f32, input_zero_point = 3 : i32, output_zero_point = 0 : i32, clamp = array<i32: -128, 127>} : tensor<4xui8> -> tensor<4xi8>
  return
}

// CHECK-LABEL: func.func @int_quantize(
// CHECK: nibble.int_quantize %{{.*}} {clamp = array<i32: 0, 255>, scale = 5.000000e-01 : f32, zero_point = 128 : i32} : tensor<?xf32> -> tensor<?xui8>
func.func @int_quantize(%x: tensor<?xf32>) {
  %y = nibble.int_quantize %x {scale = 0.5 : f32, zero_point = 128 : i32, clamp = array<i32: 0, 255>} : tensor<?xf32> -> tensor<?xui8>
  return
}

// CHECK-LABEL: func.func @int_dequantize(
// CHECK: nibble.int_dequantize %{{.*}} {scale = 5.000000e-01 : f32, zero_point = 128 : i32} : tensor<?xui8> -> tensor<?xf32>
func.func @int_dequantize(%x: tensor<?xui8>) {
  %y = nibble.int_dequantize %x {scale = 0.5 : f32, zero_point = 128 : i32} : tensor<?xui8> -> tensor<?xf32>
  return
}

// CHECK-LABEL: func.func @int_lookup(
// CHECK: nibble.int_lookup %{{.*}}, %{{.*}} : tensor<?x4xi8>, tensor<256xui8> -> tensor<?x4xui8>
func.func @int_lookup(%x: tensor<?x4xi8>, %t: tensor<256xui8>) {
  %y = nibble.int_lookup %x, %t : tensor<?x4xi8>, tensor<256xui8> -> tensor<?x4xui8>
  return
}

// CHECK-LABEL: func.func @int_softmax(
// CHECK: nibble.int_softmax %{{.*}} {axis = 1 : i64, clamp = array<i32: 0, 255>, input_scale = 1.250000e-01 : f32, output_zero_point = 0 : i32, scale = 2.560000e+02 : f32} : tensor<?x10xi8> -> tensor<?x10xui8>
func.func @int_softmax(%x: tensor<?x10xi8>) {
  %y = nibble.int_softmax %x {axis = 1 : i64, input_scale = 0.125 : f32, scale = 256.0 : f32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>} : tensor<?x10xi8> -> tensor<?x10xui8>
  return
}
