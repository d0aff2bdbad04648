// RUN: nibble-opt %s --nibble-fuse-activations --split-input-file | FileCheck %s

// CHECK-LABEL: @silu
// CHECK-NEXT: %[[Y:.*]] = nibble.silu %arg0
// CHECK-NEXT: return %[[Y]]
func.func @silu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %s = nibble.sigmoid %x : tensor<4xf32> -> tensor<4xf32>
  %y = nibble.mul %s, %x : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// CHECK-LABEL: @hard_swish
// CHECK: %[[A:.*]] = nibble.hard_swish %arg0
// CHECK: %[[B:.*]] = nibble.hard_swish %arg0
// CHECK: %[[C:.*]] = nibble.hard_swish %arg0
// CHECK-NEXT: return %[[A]], %[[B]], %[[C]]
func.func @hard_swish(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %three = nibble.constant dense<3.0> : tensor<f32> -> tensor<f32>
  %six = nibble.constant dense<6.0> : tensor<f32> -> tensor<f32>
  %h = nibble.hard_sigmoid %x {alpha = 0.16666667 : f32, beta = 0.5 : f32} : tensor<4xf32> -> tensor<4xf32>
  %a = nibble.mul %x, %h : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %p = nibble.add %x, %three : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %c = nibble.clip %p {min = 0.0 : f32, max = 6.0 : f32} : tensor<4xf32> -> tensor<4xf32>
  %m = nibble.mul %x, %c : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %b = nibble.div %m, %six : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %d = nibble.div %c, %six : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %e = nibble.mul %d, %x : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %a, %b, %e : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: @gelu
// CHECK: %[[A:.*]] = nibble.gelu %arg0
// CHECK: %[[B:.*]] = nibble.gelu %arg0
// CHECK-NEXT: return %[[A]], %[[B]]
func.func @gelu(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %root = nibble.constant dense<1.41421354> : tensor<f32> -> tensor<f32>
  %one = nibble.constant dense<1.0> : tensor<f32> -> tensor<f32>
  %half = nibble.constant dense<0.5> : tensor<f32> -> tensor<f32>
  %d = nibble.div %x, %root : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %e = nibble.erf %d : tensor<4xf32> -> tensor<4xf32>
  %t = nibble.add %e, %one : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %m = nibble.mul %x, %t : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %a = nibble.mul %m, %half : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %h = nibble.mul %x, %half : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %b = nibble.mul %h, %t : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: @clips
// CHECK: %[[R:.*]] = nibble.relu %arg0
// CHECK: %[[C:.*]] = nibble.clip %arg0 {max = 6.000000e+00 : f32, min = 0.000000e+00 : f32}
// CHECK-NEXT: return %[[R]], %[[C]]
func.func @clips(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %zero = nibble.constant dense<0.0> : tensor<f32> -> tensor<f32>
  %six = nibble.constant dense<6.0> : tensor<f32> -> tensor<f32>
  %r = nibble.clip %x {min = 0.0 : f32, max = 0x7F800000 : f32} : tensor<4xf32> -> tensor<4xf32>
  %a = nibble.max %x, %zero : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %c = nibble.min %a, %six : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  return %r, %c : tensor<4xf32>, tensor<4xf32>
}

// -----

// Another factor than x, another constant than 6, a constant that is not uniform.
// CHECK-LABEL: @negative
// CHECK: nibble.sigmoid
// CHECK: nibble.mul
// CHECK: nibble.div
// CHECK: nibble.max
func.func @negative(%x: tensor<2xf32>, %z: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %three = nibble.constant dense<3.0> : tensor<f32> -> tensor<f32>
  %five = nibble.constant dense<5.0> : tensor<f32> -> tensor<f32>
  %bounds = nibble.constant dense<[0.0, 1.0]> : tensor<2xf32> -> tensor<2xf32>
  %s = nibble.sigmoid %x : tensor<2xf32> -> tensor<2xf32>
  %a = nibble.mul %z, %s : tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
  %p = nibble.add %x, %three : tensor<2xf32>, tensor<f32> -> tensor<2xf32>
  %c = nibble.clip %p {min = 0.0 : f32, max = 6.0 : f32} : tensor<2xf32> -> tensor<2xf32>
  %m = nibble.mul %x, %c : tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
  %b = nibble.div %m, %five : tensor<2xf32>, tensor<f32> -> tensor<2xf32>
  %d = nibble.max %x, %bounds : tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
  return %a, %b, %d : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}
