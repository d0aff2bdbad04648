// RUN: nibble-opt %s --nibble-fold-batch-norm --split-input-file | FileCheck %s


// a = scale / sqrt(variance + epsilon) = [2, 0.5]; the bias is -mean * a + b.
// CHECK-LABEL: @conv
// CHECK-DAG: %[[B:.*]] = nibble.constant dense<[-1.000000e+00, 3.500000e+00]> : tensor<2xf32>
// CHECK-DAG: %[[W:.*]] = nibble.constant dense<{{.*}}2.000000e+00{{.*}}1.000000e+00{{.*}}> : tensor<2x1x1x1xf32>
// CHECK: %[[Y:.*]] = nibble.conv %{{.*}}, %[[W]] bias %[[B]]
// CHECK-NEXT: return %[[Y]]
func.func @conv(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = nibble.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32> -> tensor<2x1x1x1xf32>
  %s = nibble.constant dense<[4.0, 1.0]> : tensor<2xf32> -> tensor<2xf32>
  %b = nibble.constant dense<[1.0, 3.0]> : tensor<2xf32> -> tensor<2xf32>
  %m = nibble.constant dense<[1.0, -1.0]> : tensor<2xf32> -> tensor<2xf32>
  %v = nibble.constant dense<4.0> : tensor<2xf32> -> tensor<2xf32>
  %c = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32> -> tensor<1x2x4x4xf32>
  %y = nibble.batch_norm %c, %s, %b, %m, %v {epsilon = 0.0 : f32}
      : tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32> -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// -----

// The convolution has another user: its weights must stay.
// CHECK-LABEL: @shared
// CHECK: %[[C:.*]] = nibble.conv
// CHECK: %[[M:.*]] = nibble.mul %[[C]], %{{.*}} : tensor<1x1x4x4xf32>, tensor<1x1x1xf32>
// CHECK: %[[A:.*]] = nibble.add %[[M]], %{{.*}} : tensor<1x1x4x4xf32>, tensor<1x1x1xf32>
// CHECK: return %[[C]], %[[A]]
func.func @shared(%x: tensor<1x1x4x4xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %w = nibble.constant dense<1.0> : tensor<1x1x1x1xf32> -> tensor<1x1x1x1xf32>
  %s = nibble.constant dense<4.0> : tensor<1xf32> -> tensor<1xf32>
  %c = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32> -> tensor<1x1x4x4xf32>
  %y = nibble.batch_norm %c, %s, %s, %s, %s {epsilon = 0.0 : f32}
      : tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32> -> tensor<1x1x4x4xf32>
  return %c, %y : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// -----

// Parameters that are not constant stay.
// CHECK-LABEL: @dynamic
// CHECK: nibble.batch_norm
func.func @dynamic(%x: tensor<1x1x4x4xf32>, %s: tensor<1xf32>) -> tensor<1x1x4x4xf32> {
  %y = nibble.batch_norm %x, %s, %s, %s, %s {epsilon = 0.0 : f32}
      : tensor<1x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32> -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}
