// RUN: nibble-opt %s --nibble-correct-bias --split-input-file | FileCheck %s

// Scale 1 in both groups: 1.25 loses 0.25 of channel 1's mean 4, -0.5 (rounded to 0) loses -0.5 of channel 2's mean 6.
// CHECK-LABEL: @grouped
// CHECK: nibble.constant dense<[2.000000e+00, -1.000000e+00]> : tensor<2xf32>
// CHECK: nibble.conv %{{.*}}, %{{.*}} bias
func.func @grouped(%x: tensor<1x2x2x4xf32>) -> tensor<1x2x2x2xf32> {
  %w = nibble.constant dense<[[[[127.0, 1.25]]], [[[-0.5, 127.0]]]]> : tensor<2x1x1x2xf32> -> tensor<2x1x1x2xf32>
  %b = nibble.constant dense<[1.0, 2.0]> : tensor<2xf32> -> tensor<2xf32>
  %o = nibble.observe %x name "x" range [0.0, 8.0] {nibble.means = array<f32: 2.0, 4.0, 6.0, 8.0>} : tensor<1x2x2x4xf32>
  %y = nibble.conv %o, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 2 : i64, layout = #nibble.layout<nhwc>}
      : tensor<1x2x2x4xf32>, tensor<2x1x1x2xf32>, tensor<2xf32> -> tensor<1x2x2x2xf32>
  return %y : tensor<1x2x2x2xf32>
}

// -----

// The outer taps lose 0.25 of a mean of 4 each, at one of two positions: at the other they read padding.
// CHECK-LABEL: @padded
// CHECK: nibble.constant dense<1.000000e+00> : tensor<1xf32>
func.func @padded(%x: tensor<1x1x2x1xf32>) -> tensor<1x1x2x1xf32> {
  %w = nibble.constant dense<[[[[1.25], [127.0], [1.25]]]]> : tensor<1x1x3x1xf32> -> tensor<1x1x3x1xf32>
  %o = nibble.observe %x name "x" range [0.0, 8.0] {nibble.means = array<f32: 4.0>} : tensor<1x1x2x1xf32>
  %y = nibble.conv %o, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 1, 0, 1>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : tensor<1x1x2x1xf32>, tensor<1x1x3x1xf32> -> tensor<1x1x2x1xf32>
  return %y : tensor<1x1x2x1xf32>
}

// -----

// No means; a product that stays in float; another number of channels behind a reshape.
// CHECK-LABEL: @negative
// CHECK-NOT: bias
func.func @negative(%x: tensor<2x2xf32>, %z: tensor<1x4xf32>) -> (tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x1xf32>) {
  %w = nibble.constant dense<[[127.0], [1.25]]> : tensor<2x1xf32> -> tensor<2x1xf32>
  %o = nibble.observe %x name "x" range [0.0, 8.0] : tensor<2x2xf32>
  %a = nibble.matmul %o, %w : tensor<2x2xf32>, tensor<2x1xf32> -> tensor<2x1xf32>
  %p = nibble.observe %x name "p" range [0.0, 8.0] {nibble.means = array<f32: 2.0, 4.0>} : tensor<2x2xf32>
  %b = nibble.matmul %p, %w {nibble.precision = "float"} : tensor<2x2xf32>, tensor<2x1xf32> -> tensor<2x1xf32>
  %q = nibble.observe %z name "q" range [0.0, 8.0] {nibble.means = array<f32: 2.0, 4.0, 6.0, 8.0>} : tensor<1x4xf32>
  %r = nibble.reshape %q : tensor<1x4xf32> -> tensor<2x2xf32>
  %c = nibble.matmul %r, %w : tensor<2x2xf32>, tensor<2x1xf32> -> tensor<2x1xf32>
  return %a, %b, %c : tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x1xf32>
}
