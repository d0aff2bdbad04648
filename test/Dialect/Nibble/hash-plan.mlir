// The hash is of what is computed: not of locations and names of resources, but of each integer.
//
// RUN: nibble-opt --split-input-file --nibble-hash-plan %s | FileCheck %s

// CHECK: nibble.plan_hash = "[[FIRST:[0-9a-f]+]]"
func.func @main(%x: tensor<4xf32> {nibble.name = "x"}) -> tensor<4xui8> {
  %w = nibble.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32> -> tensor<4xf32>
  %p = nibble.mul %x, %w : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32> loc("mul")
  %y = nibble.int_quantize %p {scale = 0.5 : f32, zero_point = 128 : i32, clamp = array<i32: 0, 255>} : tensor<4xf32> -> tensor<4xui8>
  return %y : tensor<4xui8>
}

// -----

// Other names of nodes, another kind of constant.
// CHECK: nibble.plan_hash = "[[FIRST]]"
func.func @main(%x: tensor<4xf32> {nibble.name = "x"}) -> tensor<4xui8> {
  %w = nibble.constant dense_resource<weights> : tensor<4xf32> -> tensor<4xf32>
  %p = nibble.mul %x, %w : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32> loc("product")
  %y = nibble.int_quantize %p {scale = 0.5 : f32, zero_point = 128 : i32, clamp = array<i32: 0, 255>} : tensor<4xf32> -> tensor<4xui8>
  return %y : tensor<4xui8>
}

{-#
  dialect_resources: {
    builtin: {
      weights: "0x040000000000803F000000400000404000008040"
    }
  }
#-}

// -----

// Another zero point.
// CHECK-NOT: nibble.plan_hash = "[[FIRST]]"
// CHECK: nibble.plan_hash = "[[SECOND:[0-9a-f]+]]"
func.func @main(%x: tensor<4xf32> {nibble.name = "x"}) -> tensor<4xui8> {
  %w = nibble.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32> -> tensor<4xf32>
  %p = nibble.mul %x, %w : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %y = nibble.int_quantize %p {scale = 0.5 : f32, zero_point = 127 : i32, clamp = array<i32: 0, 255>} : tensor<4xf32> -> tensor<4xui8>
  return %y : tensor<4xui8>
}

// -----

// Another weight, and operands in another order.
// CHECK-NOT: nibble.plan_hash = "[[FIRST]]"
// CHECK-NOT: nibble.plan_hash = "[[SECOND]]"
// CHECK: nibble.plan_hash = "[[THIRD:[0-9a-f]+]]"
func.func @main(%x: tensor<4xf32> {nibble.name = "x"}) -> tensor<4xui8> {
  %w = nibble.constant dense<[1.0, 2.0, 3.0, 5.0]> : tensor<4xf32> -> tensor<4xf32>
  %p = nibble.mul %x, %w : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %y = nibble.int_quantize %p {scale = 0.5 : f32, zero_point = 127 : i32, clamp = array<i32: 0, 255>} : tensor<4xf32> -> tensor<4xui8>
  return %y : tensor<4xui8>
}

// -----

// CHECK-NOT: nibble.plan_hash = "[[THIRD]]"
// CHECK: nibble.plan_hash
func.func @main(%x: tensor<4xf32> {nibble.name = "x"}) -> tensor<4xui8> {
  %w = nibble.constant dense<[1.0, 2.0, 3.0, 5.0]> : tensor<4xf32> -> tensor<4xf32>
  %p = nibble.mul %w, %x : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %y = nibble.int_quantize %p {scale = 0.5 : f32, zero_point = 127 : i32, clamp = array<i32: 0, 255>} : tensor<4xf32> -> tensor<4xui8>
  return %y : tensor<4xui8>
}
