// RUN: nibble-opt %s --nibble-convert-layout --split-input-file | FileCheck %s

// CHECK-LABEL: @conv
// CHECK-DAG: %[[W:.*]] = nibble.constant dense<{{.*}}1.000000e+00, 3.000000e+00], [2.000000e+00, 4.000000e+00{{.*}}> : tensor<1x1x2x2xf32>
// CHECK-DAG: %[[X:.*]] = nibble.transpose %arg0 {permutation = array<i64: 0, 2, 3, 1>} : tensor<?x2x4x4xf32> -> tensor<?x4x4x2xf32>
// CHECK: %[[Y:.*]] = nibble.conv %[[X]], %[[W]] {{.*}}layout = #nibble.layout<nhwc>{{.*}} -> tensor<?x4x3x1xf32>
// CHECK: %[[T:.*]] = nibble.transpose %[[Y]] {permutation = array<i64: 0, 3, 1, 2>} : tensor<?x4x3x1xf32> -> tensor<?x1x4x3xf32>
// CHECK: return %[[T]]
func.func @conv(%x: tensor<?x2x4x4xf32>) -> tensor<?x1x4x3xf32> {
  %w = nibble.constant dense<[[[[1.0, 2.0]], [[3.0, 4.0]]]]> : tensor<1x2x1x2xf32> -> tensor<1x2x1x2xf32>
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<?x2x4x4xf32>, tensor<1x2x1x2xf32> -> tensor<?x1x4x3xf32>
  return %y : tensor<?x1x4x3xf32>
}

// -----

// The transpose before a pool cancels with the one behind the pool before it.
// CHECK-LABEL: @pools
// CHECK: nibble.transpose
// CHECK-NEXT: %[[P:.*]] = nibble.max_pool
// CHECK: nibble.avg_pool %[[P]]
func.func @pools(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x1x1xf32> {
  %p = nibble.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, layout = #nibble.layout<nchw>} : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  %y = nibble.avg_pool %p {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      layout = #nibble.layout<nchw>} : tensor<1x2x2x2xf32> -> tensor<1x2x1x1xf32>
  return %y : tensor<1x2x1x1xf32>
}

// -----

// CHECK-LABEL: @already
// CHECK-NOT: nibble.transpose
func.func @already(%x: tensor<1x4x4x2xf32>) -> tensor<1x3x3x2xf32> {
  %y = nibble.avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      layout = #nibble.layout<nhwc>} : tensor<1x4x4x2xf32> -> tensor<1x3x3x2xf32>
  return %y : tensor<1x3x3x2xf32>
}
