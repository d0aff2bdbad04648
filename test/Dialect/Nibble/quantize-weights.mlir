// RUN: nibble-opt %s --nibble-quantize-weights | FileCheck %s
// RUN: nibble-opt %s --nibble-quantize-weights=per-tensor=true | FileCheck %s --check-prefix=TENSOR

// CHECK-LABEL: @matmul
// CHECK-DAG: %[[W:.*]] = nibble.constant dense<{{\[}}[127, -64], [-32, 127]]> : tensor<2x2xi8>
// CHECK-DAG: %[[M:.*]] = nibble.constant dense<[1.000000e+00, 5.000000e-01]> : tensor<2xf32>
// CHECK: nibble.scaled_matmul %arg0, %[[W]], %[[M]] : (tensor<?x3x2xf32>, tensor<2x2xi8>, tensor<2xf32>) -> tensor<?x3x2xf32>
// TENSOR: nibble.constant dense<1.000000e+00> : tensor<2xf32>
func.func @matmul(%x: tensor<?x3x2xf32>) -> tensor<?x3x2xf32> {
  %w = nibble.constant dense<[[127.0, -32.0], [-32.0, 63.5]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.matmul %x, %w {nibble.precision = "weight-only"} : tensor<?x3x2xf32>, tensor<2x2xf32> -> tensor<?x3x2xf32>
  return %y : tensor<?x3x2xf32>
}

// CHECK-LABEL: @conv
// CHECK: nibble.scaled_conv %arg0, %{{.*}}, %{{.*}} bias %{{.*}} {dilations = array<i64: 1, 1>, groups = 2 : i64, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}
// CHECK: nibble.matmul
func.func @conv(%x: tensor<1x4x4x2xf32>) -> (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) {
  %w = nibble.constant dense<1.0> : tensor<2x1x1x1xf32> -> tensor<2x1x1x1xf32>
  %b = nibble.constant dense<3.0> : tensor<2xf32> -> tensor<2xf32>
  %v = nibble.constant dense<1.0> : tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2 : i64, layout = #nibble.layout<nhwc>, nibble.precision = "weight-only"} : tensor<1x4x4x2xf32>, tensor<2x1x1x1xf32>, tensor<2xf32> -> tensor<1x4x4x2xf32>
  %z = nibble.matmul %x, %v : tensor<1x4x4x2xf32>, tensor<2x2xf32> -> tensor<1x4x4x2xf32>
  return %y, %z : tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>
}
