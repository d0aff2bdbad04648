// RUN: nibble-opt %s --nibble-fuse-norms --split-input-file | FileCheck %s

// As PyTorch writes it, with scale and bias.
// CHECK-LABEL: @layer
// CHECK: %[[Y:.*]] = nibble.norm %arg0 scale %arg1 bias %arg2 {axis = 2 : i64, epsilon = 9.99999996E-13 : f32, kind = #nibble.norm_kind<layer>}
// CHECK-NEXT: return %[[Y]]
func.func @layer(%x: tensor<?x4x8xf32>, %s: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<?x4x8xf32> {
  %two = nibble.constant dense<2.0> : tensor<f32> -> tensor<f32>
  %eps = nibble.constant dense<1.0e-12> : tensor<f32> -> tensor<f32>
  %m = nibble.reduce %x {kind = #nibble.reduce_kind<mean>, axes = array<i64: 2>, keep_dims} : tensor<?x4x8xf32> -> tensor<?x4x1xf32>
  %d = nibble.sub %x, %m : tensor<?x4x8xf32>, tensor<?x4x1xf32> -> tensor<?x4x8xf32>
  %p = nibble.pow %d, %two : tensor<?x4x8xf32>, tensor<f32> -> tensor<?x4x8xf32>
  %v = nibble.reduce %p {kind = #nibble.reduce_kind<mean>, axes = array<i64: 2>, keep_dims} : tensor<?x4x8xf32> -> tensor<?x4x1xf32>
  %e = nibble.add %v, %eps : tensor<?x4x1xf32>, tensor<f32> -> tensor<?x4x1xf32>
  %r = nibble.sqrt %e : tensor<?x4x1xf32> -> tensor<?x4x1xf32>
  %n = nibble.div %d, %r : tensor<?x4x8xf32>, tensor<?x4x1xf32> -> tensor<?x4x8xf32>
  %g = nibble.mul %n, %s : tensor<?x4x8xf32>, tensor<8xf32> -> tensor<?x4x8xf32>
  %y = nibble.add %b, %g : tensor<8xf32>, tensor<?x4x8xf32> -> tensor<?x4x8xf32>
  return %y : tensor<?x4x8xf32>
}

// -----

// A reciprocal spelled as a quotient; the scale has a leading extent of 1.
// CHECK-LABEL: @rms
// CHECK: %[[S:.*]] = nibble.reshape %arg1 : tensor<1x8xf32> -> tensor<8xf32>
// CHECK: %[[Y:.*]] = nibble.norm %arg0 scale %[[S]] {axis = 1 : i64, epsilon = 2.500000e-01 : f32, kind = #nibble.norm_kind<rms>}
// CHECK-NEXT: return %[[Y]]
func.func @rms(%x: tensor<4x8xf32>, %s: tensor<1x8xf32>) -> tensor<4x8xf32> {
  %one = nibble.constant dense<1.0> : tensor<f32> -> tensor<f32>
  %eps = nibble.constant dense<0.25> : tensor<f32> -> tensor<f32>
  %p = nibble.mul %x, %x : tensor<4x8xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  %v = nibble.reduce %p {kind = #nibble.reduce_kind<mean>, axes = array<i64: 1>, keep_dims} : tensor<4x8xf32> -> tensor<4x1xf32>
  %e = nibble.add %v, %eps : tensor<4x1xf32>, tensor<f32> -> tensor<4x1xf32>
  %r = nibble.sqrt %e : tensor<4x1xf32> -> tensor<4x1xf32>
  %q = nibble.div %one, %r : tensor<f32>, tensor<4x1xf32> -> tensor<4x1xf32>
  %n = nibble.mul %x, %q : tensor<4x8xf32>, tensor<4x1xf32> -> tensor<4x8xf32>
  %y = nibble.mul %s, %n : tensor<1x8xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// Roots as powers, of several dimensions.
// CHECK-LABEL: @powers
// CHECK: %[[A:.*]] = nibble.norm %arg0 {axis = 1 : i64, epsilon = 0.000000e+00 : f32, kind = #nibble.norm_kind<rms>}
// CHECK: %[[B:.*]] = nibble.norm %arg0 {axis = 1 : i64, epsilon = 0.000000e+00 : f32, kind = #nibble.norm_kind<rms>}
// CHECK-NEXT: return %[[A]], %[[B]]
func.func @powers(%x: tensor<4x2x8xf32>) -> (tensor<4x2x8xf32>, tensor<4x2x8xf32>) {
  %half = nibble.constant dense<0.5> : tensor<f32> -> tensor<f32>
  %inverse = nibble.constant dense<-0.5> : tensor<f32> -> tensor<f32>
  %p = nibble.mul %x, %x : tensor<4x2x8xf32>, tensor<4x2x8xf32> -> tensor<4x2x8xf32>
  %v = nibble.reduce %p {kind = #nibble.reduce_kind<mean>, axes = array<i64: 1, 2>, keep_dims} : tensor<4x2x8xf32> -> tensor<4x1x1xf32>
  %r = nibble.pow %v, %half : tensor<4x1x1xf32>, tensor<f32> -> tensor<4x1x1xf32>
  %i = nibble.pow %v, %inverse : tensor<4x1x1xf32>, tensor<f32> -> tensor<4x1x1xf32>
  %a = nibble.div %x, %r : tensor<4x2x8xf32>, tensor<4x1x1xf32> -> tensor<4x2x8xf32>
  %b = nibble.mul %i, %x : tensor<4x1x1xf32>, tensor<4x2x8xf32> -> tensor<4x2x8xf32>
  return %a, %b : tensor<4x2x8xf32>, tensor<4x2x8xf32>
}

// -----

// As TensorFlow writes it.
// CHECK-LABEL: @distributed
// CHECK: %[[Y:.*]] = nibble.norm %arg0 scale %arg1 bias %arg2 {axis = 1 : i64, epsilon = 2.500000e-01 : f32, kind = #nibble.norm_kind<layer>}
// CHECK-NEXT: return %[[Y]]
func.func @distributed(%x: tensor<4x8xf32>, %g: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
  %eps = nibble.constant dense<0.25> : tensor<f32> -> tensor<f32>
  %m = nibble.reduce %x {kind = #nibble.reduce_kind<mean>, axes = array<i64: 1>, keep_dims} : tensor<4x8xf32> -> tensor<4x1xf32>
  %d = nibble.sub %x, %m : tensor<4x8xf32>, tensor<4x1xf32> -> tensor<4x8xf32>
  %p = nibble.mul %d, %d : tensor<4x8xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  %v = nibble.reduce %p {kind = #nibble.reduce_kind<mean>, axes = array<i64: 1>, keep_dims} : tensor<4x8xf32> -> tensor<4x1xf32>
  %e = nibble.add %v, %eps : tensor<4x1xf32>, tensor<f32> -> tensor<4x1xf32>
  %r = nibble.sqrt %e : tensor<4x1xf32> -> tensor<4x1xf32>
  %i = nibble.reciprocal %r : tensor<4x1xf32> -> tensor<4x1xf32>
  %s = nibble.mul %i, %g : tensor<4x1xf32>, tensor<8xf32> -> tensor<4x8xf32>
  %xs = nibble.mul %x, %s : tensor<4x8xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  %ms = nibble.mul %m, %s : tensor<4x1xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  %o = nibble.sub %b, %ms : tensor<8xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  %y = nibble.add %xs, %o : tensor<4x8xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// The mean of another dimension, of other rows, and a norm that something else reads, too.
// CHECK-LABEL: @others
// CHECK-NOT: nibble.norm
// CHECK: nibble.div
// CHECK: nibble.div
// CHECK: nibble.norm
// CHECK: nibble.mul
func.func @others(%x: tensor<4x8xf32>, %z: tensor<4x8xf32>, %s: tensor<8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  %p = nibble.mul %x, %x : tensor<4x8xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  %v = nibble.reduce %p {kind = #nibble.reduce_kind<mean>, axes = array<i64: 0>, keep_dims} : tensor<4x8xf32> -> tensor<1x8xf32>
  %r = nibble.sqrt %v : tensor<1x8xf32> -> tensor<1x8xf32>
  %a = nibble.div %x, %r : tensor<4x8xf32>, tensor<1x8xf32> -> tensor<4x8xf32>
  %w = nibble.reduce %p {kind = #nibble.reduce_kind<mean>, axes = array<i64: 1>, keep_dims} : tensor<4x8xf32> -> tensor<4x1xf32>
  %t = nibble.sqrt %w : tensor<4x1xf32> -> tensor<4x1xf32>
  %b = nibble.div %z, %t : tensor<4x8xf32>, tensor<4x1xf32> -> tensor<4x8xf32>
  %c = nibble.div %x, %t : tensor<4x8xf32>, tensor<4x1xf32> -> tensor<4x8xf32>
  %d = nibble.mul %c, %s : tensor<4x8xf32>, tensor<8xf32> -> tensor<4x8xf32>
  return %a, %b, %c, %d : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}
