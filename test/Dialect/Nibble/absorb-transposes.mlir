// RUN: nibble-opt %s --nibble-absorb-transposes --split-input-file | FileCheck %s

// CHECK-LABEL: @unit
// CHECK-NEXT: nibble.reshape %arg0 : tensor<?x1x1x3xf32> -> tensor<?x3xf32>
// CHECK-NEXT: return
func.func @unit(%x: tensor<?x1x1x3xf32>) -> tensor<?x3xf32> {
  %t = nibble.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : tensor<?x1x1x3xf32> -> tensor<?x3x1x1xf32>
  %y = nibble.reshape %t : tensor<?x3x1x1xf32> -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// -----

// Row c * 2 + w of the weights (one row of the image) becomes row w * 3 + c.
// CHECK-LABEL: @rows
// CHECK: nibble.constant dense<{{.*}}0.000000e+00], [2.000000e+00], [4.000000e+00], [1.000000e+00], [3.000000e+00], [5.000000e+00{{.*}}> : tensor<6x1xf32>
// CHECK: %[[F:.*]] = nibble.reshape %arg0 : tensor<?x1x2x3xf32> -> tensor<?x6xf32>
// CHECK: %[[R:.*]] = nibble.relu %[[F]]
// CHECK: nibble.matmul %[[R]]
func.func @rows(%x: tensor<?x1x2x3xf32>) -> tensor<?x1xf32> {
  %w = nibble.constant dense<[[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]]> : tensor<6x1xf32> -> tensor<6x1xf32>
  %t = nibble.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : tensor<?x1x2x3xf32> -> tensor<?x3x1x2xf32>
  %f = nibble.reshape %t : tensor<?x3x1x2xf32> -> tensor<?x6xf32>
  %r = nibble.relu %f : tensor<?x6xf32> -> tensor<?x6xf32>
  %y = nibble.matmul %r, %w : tensor<?x6xf32>, tensor<6x1xf32> -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// -----

// Weights that are not constant, and a flattened value with another user, keep the transpose.
// CHECK-LABEL: @negative
// CHECK-COUNT-2: nibble.transpose
func.func @negative(%x: tensor<1x1x2x3xf32>, %v: tensor<6x1xf32>) -> (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x6xf32>) {
  %w = nibble.constant dense<1.0> : tensor<6x1xf32> -> tensor<6x1xf32>
  %t = nibble.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : tensor<1x1x2x3xf32> -> tensor<1x3x1x2xf32>
  %f = nibble.reshape %t : tensor<1x3x1x2xf32> -> tensor<1x6xf32>
  %y = nibble.matmul %f, %v : tensor<1x6xf32>, tensor<6x1xf32> -> tensor<1x1xf32>
  %u = nibble.transpose %x {permutation = array<i64: 0, 3, 2, 1>} : tensor<1x1x2x3xf32> -> tensor<1x3x2x1xf32>
  %g = nibble.reshape %u : tensor<1x3x2x1xf32> -> tensor<1x6xf32>
  %z = nibble.matmul %g, %w : tensor<1x6xf32>, tensor<6x1xf32> -> tensor<1x1xf32>
  return %y, %z, %g : tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x6xf32>
}
