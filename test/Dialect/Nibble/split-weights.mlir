// RUN: nibble-opt %s --nibble-split-weights --verify-diagnostics | FileCheck %s

!x = !quant.uniform<u8:f32, 0.5:3>
!y = !quant.uniform<u8:f32, 8.0>

// 255 - 100 = 155 = 127 + 28 and 0 - 100 = -100 = -100 + 0.
// CHECK-LABEL: @matmul
// CHECK-DAG: %[[W:.*]] = nibble.constant dense<{{\[\[}}127], [-100], [28], [0]]> : tensor<4x1xi8> -> tensor<4x1x!quant.uniform<i8:f32, 2.500000e-01>>
// CHECK-DAG: %[[X:.*]] = nibble.resize_nearest %arg0 {axes = array<i64: 1>, indices = array<i64: 0, 1, 0, 1>} : {{.*}} -> tensor<3x4x
// CHECK: nibble.matmul %[[X]], %[[W]]
func.func @matmul(%x: tensor<3x2x!x>) -> tensor<3x1x!y> {
  %w = nibble.constant dense<[[255], [0]]> : tensor<2x1xui8> -> tensor<2x1x!quant.uniform<u8:f32, 0.25:100>>
  // expected-warning @below {{weights less their zero point do not fit 8 bits: they are split into 2 parts, which takes 2 times as long}}
  %y = nibble.matmul %x, %w : tensor<3x2x!x>, tensor<2x1x!quant.uniform<u8:f32, 0.25:100>> -> tensor<3x1x!y>
  return %y : tensor<3x1x!y>
}

// Each group repeats its own channels.
// CHECK-LABEL: @grouped
// CHECK: nibble.resize_nearest %arg0 {axes = array<i64: 3>, indices = array<i64: 0, 0, 0, 1, 1, 1>}
// CHECK: nibble.conv {{.*}}groups = 2
func.func @grouped(%x: tensor<1x4x4x2x!x>) -> tensor<1x4x4x2x!y> {
  %w = nibble.constant dense<[[[[255]]], [[[7]]]]> : tensor<2x1x1x1xui8> -> tensor<2x1x1x1x!quant.uniform<u8:f32, 0.25>>
  // expected-warning @below {{split into 3 parts}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 2 : i64, layout = #nibble.layout<nhwc>}
      : tensor<1x4x4x2x!x>, tensor<2x1x1x1x!quant.uniform<u8:f32, 0.25>> -> tensor<1x4x4x2x!y>
  return %y : tensor<1x4x4x2x!y>
}

// CHECK-LABEL: @fits
// CHECK-NOT: nibble.resize_nearest
func.func @fits(%x: tensor<3x2x!x>) -> tensor<3x1x!y> {
  %w = nibble.constant dense<[[255], [0]]> : tensor<2x1xui8> -> tensor<2x1x!quant.uniform<u8:f32, 0.25:128>>
  %y = nibble.matmul %x, %w : tensor<3x2x!x>, tensor<2x1x!quant.uniform<u8:f32, 0.25:128>> -> tensor<3x1x!y>
  return %y : tensor<3x1x!y>
}
