// RUN: nibble-opt %s --nibble-keep-tails --split-input-file | FileCheck %s

// The product of the matmul's result, and what follows it; not the sigmoid that reads the matmul itself.
// CHECK-LABEL: @tail
// CHECK: nibble.matmul %{{.*}}, %{{.*}} : tensor
// CHECK: nibble.sigmoid %{{[0-9]+}} : tensor
// CHECK: nibble.mul {{.*}}nibble.precision = "float"
// CHECK: nibble.exp {{.*}}nibble.precision = "float"
// CHECK: nibble.concat {{.*}}nibble.precision = "float"
func.func @tail(%x: tensor<2x2xf32>, %w: tensor<2x2xf32>) -> tensor<4x2xf32> {
  %m = nibble.matmul %x, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %o = nibble.observe %m name "m" : tensor<2x2xf32>
  %s = nibble.sigmoid %o : tensor<2x2xf32> -> tensor<2x2xf32>
  %c = nibble.mul %s, %o : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %p = nibble.observe %c name "c" : tensor<2x2xf32>
  %e = nibble.exp %p : tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.concat %e, %s {axis = 0 : i64} : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

// A product reads the sum; the plan asks for the other one in 8 bits.
// CHECK-LABEL: @negative
// CHECK-NOT: "float"
func.func @negative(%x: tensor<2x2xf32>, %w: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %a = nibble.add %x, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %r = nibble.relu %a : tensor<2x2xf32> -> tensor<2x2xf32>
  %m = nibble.matmul %r, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.add %m, %w {nibble.precision = "int8"} : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

// A softmax in the middle is read by a product, one at the end by nothing.
// CHECK-LABEL: @softmax
// CHECK: nibble.softmax %{{.*}} {axis = 1 : i64} : tensor
// CHECK: nibble.matmul
// CHECK: nibble.softmax %{{.*}} {axis = 1 : i64, nibble.precision = "float"} : tensor
func.func @softmax(%x: tensor<2x2xf32>, %w: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %s = nibble.softmax %x {axis = 1 : i64} : tensor<2x2xf32> -> tensor<2x2xf32>
  %m = nibble.matmul %s, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.softmax %m {axis = 1 : i64} : tensor<2x2xf32> -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

// What only a mask is made of stays in float, and so does a norm at the end.
// CHECK-LABEL: @masked
// CHECK: nibble.mul %{{.*}} {nibble.precision = "float"}
// CHECK: nibble.softmax %{{.*}} mask %{{.*}} {axis = 1 : i64} : tensor
// CHECK: nibble.norm {{.*}}nibble.precision = "float"
func.func @masked(%x: tensor<2x2xf32>, %w: tensor<2x2xf32>, %m: tensor<2xf32>) -> tensor<2x2xf32> {
  %c = nibble.constant dense<-10000.0> : tensor<f32> -> tensor<f32>
  %n = nibble.mul %m, %c : tensor<2xf32>, tensor<f32> -> tensor<2xf32>
  %s = nibble.softmax %x mask %n {axis = 1 : i64} : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  %p = nibble.matmul %s, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.norm %p {kind = #nibble.norm_kind<layer>, axis = 1 : i64, epsilon = 0.5 : f32} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
