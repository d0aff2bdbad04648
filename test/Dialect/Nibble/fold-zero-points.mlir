// RUN: nibble-opt %s --nibble-fold-zero-points --split-input-file | FileCheck %s

!x = !quant.uniform<u8:f32, 0.5:10>
!w = !quant.uniform<i8<-127:127>:f32:0, {0.5, 0.25}>
!b = !quant.uniform<i32:f32:0, {0.25, 0.125}>
!y = !quant.uniform<u8<7:200>:f32, 0.125:7>

// bias' = [100 - 10 * (1 + 2), -50 - 10 * (-3 + 4)], multiplier = [0.5 * 0.5, 0.5 * 0.25] / 0.125.
// CHECK-LABEL: @conv
// CHECK-DAG: %[[B:.*]] = nibble.constant dense<[70, -60]> : tensor<2xi32>
// CHECK-DAG: %[[M:.*]] = nibble.constant dense<[2.000000e+00, 1.000000e+00]> : tensor<2xf32>
// CHECK-DAG: %[[W:.*]] = nibble.constant dense<{{.*}}> : tensor<2x1x2x1xi8> -> tensor<2x1x2x1xi8>
// CHECK: nibble.int_conv %{{.*}}, %[[W]], %[[B]], %[[M]] {clamp = array<i32: 7, 200>, dilations = array<i64: 1, 1>, groups = 1 : i64, output_zero_point = 7 : i32, pad_value = 10 : i32, pads = array<i64: 0, 1, 0, 0>, strides = array<i64: 1, 1>}
func.func @conv(%x: tensor<1x4x4x1x!x>) -> tensor<1x4x4x2x!y> {
  %w = nibble.constant dense<[[[[1], [2]]], [[[-3], [4]]]]> : tensor<2x1x2x1xi8> -> tensor<2x1x2x1x!w>
  %b = nibble.constant dense<[100, -50]> : tensor<2xi32> -> tensor<2x!b>
  %y = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 1, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : tensor<1x4x4x1x!x>, tensor<2x1x2x1x!w>, tensor<2x!b> -> tensor<1x4x4x2x!y>
  return %y : tensor<1x4x4x2x!y>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:10>
!w = !quant.uniform<i8<-127:127>:f32, 0.5>

// Where the number of taps varies, or the weights, the zero points stay.
// CHECK-LABEL: @keeps
// CHECK: nibble.int_conv_transpose {{.*}}input_zero_point = 10 : i32
// CHECK: nibble.int_matmul {{.*}}lhs_zero_point = 10 : i32, output_zero_point = 10 : i32, rhs_zero_point = 10 : i32
func.func @keeps(%x: tensor<1x2x2x1x!x>, %a: tensor<2x2x!x>) -> (tensor<1x3x3x1x!x>, tensor<2x2x!x>) {
  %w = nibble.constant dense<1> : tensor<1x2x2x1xi8> -> tensor<1x2x2x1x!w>
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : tensor<1x2x2x1x!x>, tensor<1x2x2x1x!w> -> tensor<1x3x3x1x!x>
  %z = nibble.matmul %a, %a : tensor<2x2x!x>, tensor<2x2x!x> -> tensor<2x2x!x>
  return %y, %z : tensor<1x3x3x1x!x>, tensor<2x2x!x>
}

// -----

// CHECK-LABEL: @float
// CHECK: nibble.matmul
func.func @float(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %y = nibble.matmul %x, %x : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:10>
!w = !quant.uniform<u8:f32, 0.5:128>

// Weights of foreign models: what is stored is less the zero point, and the bias is -10 * (-1 + 2).
// CHECK-LABEL: @unsigned_weights
// CHECK-DAG: %[[W:.*]] = nibble.constant dense<{{\[\[}}-1], [2]]> : tensor<2x1xi8> -> tensor<2x1xi8>
// CHECK-DAG: %[[B:.*]] = nibble.constant dense<-10> : tensor<1xi32>
// CHECK: nibble.int_matmul %{{.*}}, %[[W]], %[[B]]
// CHECK-NOT: rhs_zero_point
// CHECK: return
func.func @unsigned_weights(%x: tensor<4x2x!x>) -> tensor<4x1x!x> {
  %w = nibble.constant dense<[[127], [130]]> : tensor<2x1xui8> -> tensor<2x1x!w>
  %y = nibble.matmul %x, %w : tensor<4x2x!x>, tensor<2x1x!w> -> tensor<4x1x!x>
  return %y : tensor<4x1x!x>
}

// -----

!w = !quant.uniform<i16<-20000:20000>:f32, 0.25>

// 16 bits have no zero point to fold.
// CHECK-LABEL: @wide
// CHECK-DAG: nibble.constant dense<0> : tensor<1xi32>
// CHECK: nibble.int_matmul {{.*}}clamp = array<i32: -20000, 20000>, output_zero_point = 0 : i32} : tensor<4x2xi16>, tensor<2x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<4x1xi16>
func.func @wide(%x: tensor<4x2x!w>) -> tensor<4x1x!w> {
  %w = nibble.constant dense<[[3], [-1]]> : tensor<2x1xi8> -> tensor<2x1x!quant.uniform<i8<-127:127>:f32:1, {0.5}>>
  %y = nibble.matmul %x, %w : tensor<4x2x!w>, tensor<2x1x!quant.uniform<i8<-127:127>:f32:1, {0.5}>> -> tensor<4x1x!w>
  return %y : tensor<4x1x!w>
}
