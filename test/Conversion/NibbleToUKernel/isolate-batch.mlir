// RUN: nibble-opt %s --ukernel-isolate-batch --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @dynamic(%{{.*}}: tensor<1x4xf32>) -> tensor<1x4xf32> attributes {nibble.batch_loop}
// CHECK: nibble.relu %{{.*}} : tensor<1x4xf32>
func.func @dynamic(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = nibble.relu %x : tensor<?x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @static
// CHECK-SAME: nibble.batch_loop, nibble.batch_size = 3
func.func @static(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %y = nibble.relu %x : tensor<3x4xf32> -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// -----

// A static batch may be mixed: the function stays.
// CHECK-LABEL: func.func @mixed_static(%{{.*}}: tensor<3x4xf32>) -> tensor<1x4xf32> {
func.func @mixed_static(%x: tensor<3x4xf32>) -> tensor<1x4xf32> {
  %y = nibble.reduce %x {kind = #nibble.reduce_kind<sum>, axes = array<i64: 0>, keep_dims} : tensor<3x4xf32> -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}

// -----

func.func @mixed(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error @+1 {{mixes the samples of a dynamic batch: it works along dimension 0}}
  %y = nibble.softmax %x {axis = 0 : i64} : tensor<?x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// expected-error @+2 {{inputs 'a' and 1 have different batches, 'N' and 'M'}}
// expected-note @+1 {{give dimension 0 of all inputs the same name, or a fixed extent}}
func.func @different(%a: tensor<?x4xf32> {nibble.name = "a", nibble.dims = ["N", ""]},
                     %b: tensor<?x4xf32> {nibble.dims = ["M", ""]}) -> tensor<?x4xf32> {
  %y = nibble.relu %a : tensor<?x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// A scalar has no batch.
// CHECK-LABEL: func.func @scalar(%{{.*}}: tensor<f32> {nibble.shared}, %{{.*}}: tensor<1x4xf32>) -> tensor<1x4xf32>
func.func @scalar(%s: tensor<f32>, %x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = nibble.mul %x, %s : tensor<?x4xf32>, tensor<f32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// expected-error @+1 {{a result does not depend on the samples of the dynamic batch}}
func.func @constant(%x: tensor<?x4xf32> {nibble.name = "x", nibble.dims = ["N", ""]}) -> tensor<1x4xf32> {
  %y = nibble.constant dense<1.0> : tensor<1x4xf32> -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}
