// Convolutions of several images become one for each; what images share stays shared.
//
// RUN: nibble-opt %s --ukernel-split-images --split-input-file | FileCheck %s

// CHECK-LABEL: @integer
// CHECK: %[[A:.*]] = nibble.slice %arg0 {starts = array<i64: 0, 0, 0, 0>, steps = array<i64: 1, 1, 1, 1>} : tensor<2x3x3x4xui8> -> tensor<1x3x3x4xui8>
// CHECK: %[[RA:.*]] = nibble.slice %arg1 {starts = array<i64: 0, 0, 0, 0>{{.*}} -> tensor<1x3x3x8xui8>
// CHECK: %[[C:.*]] = nibble.int_conv %[[A]], %[[F:.*]], %[[B:.*]], %[[M:.*]] add %[[RA]] {{.*}} -> tensor<1x3x3x8xui8>
// CHECK: %[[D:.*]] = nibble.slice %arg0 {starts = array<i64: 1, 0, 0, 0>{{.*}} -> tensor<1x3x3x4xui8>
// CHECK: %[[RD:.*]] = nibble.slice %arg1 {starts = array<i64: 1, 0, 0, 0>
// CHECK: %[[E:.*]] = nibble.int_conv %[[D]], %[[F]], %[[B]], %[[M]] add %[[RD]]
// CHECK: %[[Y:.*]] = nibble.concat %[[C]], %[[E]] {axis = 0 : i64}
// CHECK: return %[[Y]]
func.func @integer(%x: tensor<2x3x3x4xui8>, %a: tensor<2x3x3x8xui8>) -> tensor<2x3x3x8xui8> {
  %w = nibble.constant dense<1> : tensor<8x1x1x4xi8> -> tensor<8x1x1x4xi8>
  %b = nibble.constant dense<0> : tensor<8xi32> -> tensor<8xi32>
  %m = nibble.constant dense<0.5> : tensor<8xf32> -> tensor<8xf32>
  %y = nibble.int_conv %x, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>, residual = #nibble.residual<scale = 0.25 : f32, addend_scale = 0.5 : f32,
      addend_zero_point = 5, zero_point = 7, min = 1, max = 255>}
      : tensor<2x3x3x4xui8>, tensor<8x1x1x4xi8>, tensor<8xi32>, tensor<8xf32>, tensor<2x3x3x8xui8> -> tensor<2x3x3x8xui8>
  return %y : tensor<2x3x3x8xui8>
}

// -----

// Each image has a scale of its own.
// CHECK-LABEL: @scaled
// CHECK: %[[R:.*]] = nibble.slice %arg1 {starts = array<i64: 0>, steps = array<i64: 1>} : tensor<2xf32> -> tensor<1xf32>
// CHECK: nibble.scaled_conv {{.*}} rows %[[R]] {{.*}} -> tensor<1x3x3x8xf32>
func.func @scaled(%x: tensor<2x3x3x4xi8>, %r: tensor<2xf32>) -> tensor<2x3x3x8xf32> {
  %w = nibble.constant dense<1> : tensor<8x1x1x4xi8> -> tensor<8x1x1x4xi8>
  %s = nibble.constant dense<0.5> : tensor<8xf32> -> tensor<8xf32>
  %y = nibble.scaled_conv %x, %w, %s rows %r {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (tensor<2x3x3x4xi8>, tensor<8x1x1x4xi8>, tensor<8xf32>, tensor<2xf32>) -> tensor<2x3x3x8xf32>
  return %y : tensor<2x3x3x8xf32>
}

// -----

// One image stays as it is.
// CHECK-LABEL: @one
// CHECK-NOT: nibble.slice
func.func @one(%x: tensor<1x3x3x4xf32>, %f: tensor<8x1x1x4xf32>) -> tensor<1x3x3x8xf32> {
  %y = nibble.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nhwc>} : tensor<1x3x3x4xf32>, tensor<8x1x1x4xf32> -> tensor<1x3x3x8xf32>
  return %y : tensor<1x3x3x8xf32>
}
