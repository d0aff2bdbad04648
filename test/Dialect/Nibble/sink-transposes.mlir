// RUN: nibble-opt %s --nibble-sink-transposes --split-input-file | FileCheck %s

// CHECK-LABEL: @elementwise
// CHECK-DAG: %[[B:.*]] = nibble.constant dense<{{.*}}1.000000e+00, 2.000000e+00{{.*}}> : tensor<1x1x1x2xf32>
// CHECK: %[[R:.*]] = nibble.relu %arg0 : tensor<1x4x5x2xf32>
// CHECK: %[[A:.*]] = nibble.add %[[R]], %[[B]]
// CHECK: %[[T:.*]] = nibble.transpose %arg1 {permutation = array<i64: 0, 2, 3, 1>}
// CHECK: %[[M:.*]] = nibble.mul %[[A]], %[[T]]
// CHECK: %[[Y:.*]] = nibble.transpose %[[M]] {permutation = array<i64: 0, 3, 1, 2>}
// CHECK: return %[[Y]]
func.func @elementwise(%x: tensor<1x4x5x2xf32>, %z: tensor<1x2x4x5xf32>) -> tensor<1x2x4x5xf32> {
  %b = nibble.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32> -> tensor<2x1x1xf32>
  %t = nibble.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : tensor<1x4x5x2xf32> -> tensor<1x2x4x5xf32>
  %r = nibble.relu %t : tensor<1x2x4x5xf32> -> tensor<1x2x4x5xf32>
  %a = nibble.add %r, %b : tensor<1x2x4x5xf32>, tensor<2x1x1xf32> -> tensor<1x2x4x5xf32>
  %m = nibble.mul %a, %z : tensor<1x2x4x5xf32>, tensor<1x2x4x5xf32> -> tensor<1x2x4x5xf32>
  return %m : tensor<1x2x4x5xf32>
}

// -----

// Axes are renumbered, and the last transpose cancels.
// CHECK-LABEL: @axes
// CHECK-NEXT: nibble.concat %arg0, %arg0 {axis = 3 : i64} : tensor<1x4x5x2xf32>, tensor<1x4x5x2xf32> -> tensor<1x4x5x4xf32>
// CHECK-NEXT: nibble.softmax %{{.*}} {axis = 3 : i64}
// CHECK-NEXT: nibble.pad %{{.*}} {high = array<i64: 0, 3, 4, 2>, low = array<i64: 0, 0, 0, 1>
// CHECK-NEXT: nibble.slice %{{.*}} {starts = array<i64: 0, 2, 3, 1>, steps = array<i64: 1, 1, 1, 2>} : tensor<1x7x9x7xf32> -> tensor<1x5x6x3xf32>
// CHECK-NEXT: nibble.resize_nearest %{{.*}} {axes = array<i64: 1, 2>, indices = array<i64: 0, 1, 5, 4, 3>} : tensor<1x5x6x3xf32> -> tensor<1x2x3x3xf32>
// CHECK-NEXT: return
func.func @axes(%x: tensor<1x4x5x2xf32>) -> tensor<1x2x3x3xf32> {
  %t = nibble.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : tensor<1x4x5x2xf32> -> tensor<1x2x4x5xf32>
  %c = nibble.concat %t, %t {axis = 1 : i64} : tensor<1x2x4x5xf32>, tensor<1x2x4x5xf32> -> tensor<1x4x4x5xf32>
  %s = nibble.softmax %c {axis = 1 : i64} : tensor<1x4x4x5xf32> -> tensor<1x4x4x5xf32>
  %p = nibble.pad %s {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 2, 3, 4>, mode = #nibble.pad_mode<edge>}
      : tensor<1x4x4x5xf32> -> tensor<1x7x7x9xf32>
  %l = nibble.slice %p {starts = array<i64: 0, 1, 2, 3>, steps = array<i64: 1, 2, 1, 1>}
      : tensor<1x7x7x9xf32> -> tensor<1x3x5x6xf32>
  %r = nibble.resize_nearest %l {axes = array<i64: 2, 3>, indices = array<i64: 0, 1, 5, 4, 3>}
      : tensor<1x3x5x6xf32> -> tensor<1x3x2x3xf32>
  %y = nibble.transpose %r {permutation = array<i64: 0, 2, 3, 1>} : tensor<1x3x2x3xf32> -> tensor<1x2x3x3xf32>
  return %y : tensor<1x2x3x3xf32>
}

// -----

// Rows and columns reduced away leave nothing to transpose; channels reduced away leave the rest in order.
// CHECK-LABEL: @reduce
// CHECK: nibble.reduce %arg0 {axes = array<i64: 1, 2>, kind = #nibble.reduce_kind<max>} : tensor<1x4x5x2xf32> -> tensor<1x2xf32>
// CHECK: %[[K:.*]] = nibble.reduce %arg0 {axes = array<i64: 1>, keep_dims, kind = #nibble.reduce_kind<max>} : tensor<1x4x5x2xf32> -> tensor<1x1x5x2xf32>
// CHECK: nibble.transpose %[[K]] {permutation = array<i64: 0, 3, 1, 2>} : tensor<1x1x5x2xf32> -> tensor<1x2x1x5xf32>
// CHECK: %[[H:.*]] = nibble.reduce %arg0 {axes = array<i64: 1>, kind = #nibble.reduce_kind<max>} : tensor<1x4x5x2xf32> -> tensor<1x5x2xf32>
// CHECK: nibble.transpose %[[H]] {permutation = array<i64: 0, 2, 1>} : tensor<1x5x2xf32> -> tensor<1x2x5xf32>
func.func @reduce(%x: tensor<1x4x5x2xf32>) -> (tensor<1x2xf32>, tensor<1x2x1x5xf32>, tensor<1x2x5xf32>) {
  %t = nibble.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : tensor<1x4x5x2xf32> -> tensor<1x2x4x5xf32>
  %a = nibble.reduce %t {kind = #nibble.reduce_kind<max>, axes = array<i64: 2, 3>} : tensor<1x2x4x5xf32> -> tensor<1x2xf32>
  %b = nibble.reduce %t {kind = #nibble.reduce_kind<max>, axes = array<i64: 2>, keep_dims}
      : tensor<1x2x4x5xf32> -> tensor<1x2x1x5xf32>
  %c = nibble.reduce %t {kind = #nibble.reduce_kind<max>, axes = array<i64: 2>} : tensor<1x2x4x5xf32> -> tensor<1x2x5xf32>
  return %a, %b, %c : tensor<1x2xf32>, tensor<1x2x1x5xf32>, tensor<1x2x5xf32>
}

// -----

// Another permutation, and an operation that fixes the order, stay.
// CHECK-LABEL: @negative
// CHECK: nibble.transpose %arg0 {permutation = array<i64: 0, 2, 1, 3>}
// CHECK-NEXT: nibble.relu
// CHECK: nibble.transpose %arg0
// CHECK-NEXT: nibble.reshape
func.func @negative(%x: tensor<1x4x5x2xf32>) -> (tensor<1x5x4x2xf32>, tensor<40xf32>) {
  %t = nibble.transpose %x {permutation = array<i64: 0, 2, 1, 3>} : tensor<1x4x5x2xf32> -> tensor<1x5x4x2xf32>
  %y = nibble.relu %t : tensor<1x5x4x2xf32> -> tensor<1x5x4x2xf32>
  %u = nibble.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : tensor<1x4x5x2xf32> -> tensor<1x2x4x5xf32>
  %z = nibble.reshape %u : tensor<1x2x4x5xf32> -> tensor<40xf32>
  return %y, %z : tensor<1x5x4x2xf32>, tensor<40xf32>
}

// -----

// Beyond images, and scales along a dimension that moves: the transposes stay.
// CHECK-LABEL: @beyond_images
// CHECK: %[[T:.*]] = nibble.transpose %arg0
// CHECK: nibble.add %[[T]]
// CHECK: nibble.fake_quant %[[T]]
func.func @beyond_images(%x: tensor<1x4x5x2xf32>)
    -> (tensor<3x1x2x4x5xf32>, tensor<1x2x4x5xf32>) {
  %t = nibble.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : tensor<1x4x5x2xf32> -> tensor<1x2x4x5xf32>
  %c = nibble.constant dense<1.0> : tensor<3x1x1x1x1xf32> -> tensor<3x1x1x1x1xf32>
  %y = nibble.add %t, %c : tensor<1x2x4x5xf32>, tensor<3x1x1x1x1xf32> -> tensor<3x1x2x4x5xf32>
  %z = nibble.fake_quant %t to !quant.uniform<i8<-127:127>:f32:1, {0.5, 0.25}> : tensor<1x2x4x5xf32>
  return %y, %z : tensor<3x1x2x4x5xf32>, tensor<1x2x4x5xf32>
}

// -----

// The order of elements changes no encoding.
// CHECK-LABEL: @encode
// CHECK-NEXT: %[[E:.*]] = nibble.dynamic_encoding %arg0 : tensor<1x4x5x2xf32> -> tensor<2xf32>
// CHECK-NEXT: %[[Q:.*]] = nibble.dynamic_encode %arg0, %[[E]] : tensor<1x4x5x2xf32>, tensor<2xf32> -> tensor<1x4x5x2xui8>
// CHECK-NEXT: return %[[Q]]
func.func @encode(%x: tensor<1x4x5x2xf32>) -> tensor<1x4x5x2xui8> {
  %t = nibble.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : tensor<1x4x5x2xf32> -> tensor<1x2x4x5xf32>
  %e = nibble.dynamic_encoding %t : tensor<1x2x4x5xf32> -> tensor<2xf32>
  %q = nibble.dynamic_encode %t, %e : tensor<1x2x4x5xf32>, tensor<2xf32> -> tensor<1x2x4x5xui8>
  %y = nibble.transpose %q {permutation = array<i64: 0, 2, 3, 1>} : tensor<1x2x4x5xui8> -> tensor<1x4x5x2xui8>
  return %y : tensor<1x4x5x2xui8>
}
