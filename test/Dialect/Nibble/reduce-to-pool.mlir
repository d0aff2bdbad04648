// RUN: nibble-opt %s --nibble-reduce-to-pool --split-input-file | FileCheck %s

// CHECK-LABEL: @nchw
// CHECK: nibble.avg_pool %arg0 {kernel = array<i64: 4, 5>, layout = #nibble.layout<nchw>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : tensor<?x3x4x5xf32> -> tensor<?x3x1x1xf32>
func.func @nchw(%x: tensor<?x3x4x5xf32>) -> tensor<?x3x1x1xf32> {
  %y = nibble.reduce %x {kind = #nibble.reduce_kind<mean>, axes = array<i64: 2, 3>, keep_dims}
      : tensor<?x3x4x5xf32> -> tensor<?x3x1x1xf32>
  return %y : tensor<?x3x1x1xf32>
}

// -----

// CHECK-LABEL: @nhwc
// CHECK: nibble.avg_pool {{.*}}layout = #nibble.layout<nhwc>{{.*}} -> tensor<?x1x1x3xf32>
// CHECK: nibble.reshape {{.*}} -> tensor<?x3xf32>
func.func @nhwc(%x: tensor<?x4x5x3xf32>) -> tensor<?x3xf32> {
  %y = nibble.reduce %x {kind = #nibble.reduce_kind<mean>, axes = array<i64: 1, 2>}
      : tensor<?x4x5x3xf32> -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// -----

// CHECK-LABEL: @negative
// CHECK-COUNT-2: nibble.reduce
func.func @negative(%x: tensor<1x3x4x5xf32>) -> (tensor<1x3xf32>, tensor<1x1x4x1xf32>) {
  %y = nibble.reduce %x {kind = #nibble.reduce_kind<sum>, axes = array<i64: 2, 3>}
      : tensor<1x3x4x5xf32> -> tensor<1x3xf32>
  %z = nibble.reduce %x {kind = #nibble.reduce_kind<mean>, axes = array<i64: 1, 3>, keep_dims}
      : tensor<1x3x4x5xf32> -> tensor<1x1x4x1xf32>
  return %y, %z : tensor<1x3xf32>, tensor<1x1x4x1xf32>
}
