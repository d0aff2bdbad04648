// RUN: nibble-opt %s --nibble-fold-pads --split-input-file | FileCheck %s

// CHECK-LABEL: @zeros
// CHECK-NOT: nibble.pad
// CHECK: nibble.conv %arg0, {{.*}}pads = array<i64: 1, 2, 4, 5>
func.func @zeros(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<1x1x9x11xf32> {
  %p = nibble.pad %x {low = array<i64: 0, 0, 1, 2>, high = array<i64: 0, 0, 3, 4>, mode = #nibble.pad_mode<constant>}
      : tensor<1x1x4x4xf32> -> tensor<1x1x8x10xf32>
  %y = nibble.conv %p, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 1, 1>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x1x8x10xf32>, tensor<1x1x1x1xf32> -> tensor<1x1x9x11xf32>
  return %y : tensor<1x1x9x11xf32>
}

// -----

// A value other than zero stays.
// CHECK-LABEL: @ones
// CHECK: nibble.pad
func.func @ones(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<1x1x5x4xf32> {
  %p = nibble.pad %x {low = array<i64: 0, 0, 1, 0>, high = array<i64: 0, 0, 0, 0>, mode = #nibble.pad_mode<constant>,
      value = 1.0 : f64} : tensor<1x1x4x4xf32> -> tensor<1x1x5x4xf32>
  %y = nibble.conv %p, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x1x5x4xf32>, tensor<1x1x1x1xf32> -> tensor<1x1x5x4xf32>
  return %y : tensor<1x1x5x4xf32>
}

// -----

// Padded channels stay.
// CHECK-LABEL: @channels
// CHECK: nibble.pad
func.func @channels(%x: tensor<1x1x4x4xf32>, %w: tensor<1x2x1x1xf32>) -> tensor<1x1x4x4xf32> {
  %p = nibble.pad %x {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 0, 0, 0>, mode = #nibble.pad_mode<constant>}
      : tensor<1x1x4x4xf32> -> tensor<1x2x4x4xf32>
  %y = nibble.conv %p, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32> -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
