// RUN: nibble-opt %s --nibble-fuse-masks --split-input-file | FileCheck %s

// A scale before the mask; the mask may come first.
// CHECK-LABEL: @scores
// CHECK: %[[P:.*]] = nibble.matmul %arg0, %arg1
// CHECK: %[[Y:.*]] = nibble.softmax %[[P]] mask %arg2 {axis = 2 : i64, scale = 2.500000e-01 : f32}
// CHECK-NEXT: return %[[Y]]
func.func @scores(%q: tensor<2x4x8xf32>, %k: tensor<2x8x4xf32>, %mask: tensor<2x1x4xf32>) -> tensor<2x4x4xf32> {
  %c = nibble.constant dense<4.0> : tensor<f32> -> tensor<f32>
  %p = nibble.matmul %q, %k : tensor<2x4x8xf32>, tensor<2x8x4xf32> -> tensor<2x4x4xf32>
  %s = nibble.div %p, %c : tensor<2x4x4xf32>, tensor<f32> -> tensor<2x4x4xf32>
  %m = nibble.add %mask, %s : tensor<2x1x4xf32>, tensor<2x4x4xf32> -> tensor<2x4x4xf32>
  %y = nibble.softmax %m {axis = 2 : i64} : tensor<2x4x4xf32> -> tensor<2x4x4xf32>
  return %y : tensor<2x4x4xf32>
}

// -----

// No mask; a factor and a quotient, whichever way round.
// CHECK-LABEL: @scales
// CHECK: %[[P:.*]] = nibble.matmul
// CHECK: nibble.softmax %[[P]] {axis = 2 : i64, scale = 1.500000e+00 : f32}
func.func @scales(%q: tensor<2x4x8xf32>, %k: tensor<2x8x4xf32>) -> tensor<2x4x4xf32> {
  %a = nibble.constant dense<3.0> : tensor<1xf32> -> tensor<1xf32>
  %b = nibble.constant dense<2.0> : tensor<f32> -> tensor<f32>
  %p = nibble.matmul %q, %k : tensor<2x4x8xf32>, tensor<2x8x4xf32> -> tensor<2x4x4xf32>
  %s = nibble.mul %a, %p : tensor<1xf32>, tensor<2x4x4xf32> -> tensor<2x4x4xf32>
  %t = nibble.div %s, %b : tensor<2x4x4xf32>, tensor<f32> -> tensor<2x4x4xf32>
  %y = nibble.softmax %t {axis = 2 : i64} : tensor<2x4x4xf32> -> tensor<2x4x4xf32>
  return %y : tensor<2x4x4xf32>
}

// -----

// A sum of two products, a sum without one, a reciprocal and a negative factor stay.
// CHECK-LABEL: @others
// CHECK: nibble.add
// CHECK: nibble.softmax %{{.*}} {axis = 1 : i64}
// CHECK: nibble.add
// CHECK: nibble.softmax %{{.*}} {axis = 1 : i64}
// CHECK: nibble.div
// CHECK: nibble.softmax %{{.*}} {axis = 1 : i64}
// CHECK: nibble.mul
// CHECK: nibble.softmax %{{.*}} {axis = 1 : i64}
func.func @others(%q: tensor<4x8xf32>, %k: tensor<8x4xf32>, %r: tensor<4x8xf32>, %x: tensor<4x4xf32>)
    -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  %one = nibble.constant dense<1.0> : tensor<f32> -> tensor<f32>
  %minus = nibble.constant dense<-1.0> : tensor<f32> -> tensor<f32>
  %p = nibble.matmul %q, %k : tensor<4x8xf32>, tensor<8x4xf32> -> tensor<4x4xf32>
  %o = nibble.matmul %r, %k : tensor<4x8xf32>, tensor<8x4xf32> -> tensor<4x4xf32>
  %s = nibble.add %p, %o : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  %a = nibble.softmax %s {axis = 1 : i64} : tensor<4x4xf32> -> tensor<4x4xf32>
  %t = nibble.add %x, %x : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  %b = nibble.softmax %t {axis = 1 : i64} : tensor<4x4xf32> -> tensor<4x4xf32>
  %u = nibble.div %one, %p : tensor<f32>, tensor<4x4xf32> -> tensor<4x4xf32>
  %c = nibble.softmax %u {axis = 1 : i64} : tensor<4x4xf32> -> tensor<4x4xf32>
  %v = nibble.mul %minus, %p : tensor<f32>, tensor<4x4xf32> -> tensor<4x4xf32>
  %d = nibble.softmax %v {axis = 1 : i64} : tensor<4x4xf32> -> tensor<4x4xf32>
  return %a, %b, %c, %d : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// What ONNX's Where became; -1000 is a score like others.
// CHECK-LABEL: @choice
// CHECK: %[[P:.*]] = nibble.matmul
// CHECK: %[[M:.*]] = nibble.generate (%arg2 : tensor<4x4xi1>) {
// CHECK-DAG: %[[F:.*]] = arith.constant -1.000000e+09 : f32
// CHECK-DAG: %[[Z:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG: %[[E:.*]] = nibble.read
// CHECK: arith.select %[[E]], %[[F]], %[[Z]] : f32
// CHECK: nibble.softmax %[[P]] mask %[[M]] {axis = 2 : i64} : tensor<2x4x4xf32>, tensor<4x4xf32> -> tensor<2x4x4xf32>
// CHECK: nibble.softmax %{{.*}} {axis = 2 : i64} : tensor<2x4x4xf32> -> tensor<2x4x4xf32>
func.func @choice(%q: tensor<2x4x8xf32>, %k: tensor<2x8x4xf32>, %c: tensor<4x4xi1>) -> (tensor<2x4x4xf32>, tensor<2x4x4xf32>) {
  %far = nibble.constant dense<-1.0e9> : tensor<f32> -> tensor<f32>
  %near = nibble.constant dense<-1.0e3> : tensor<f32> -> tensor<f32>
  %p = nibble.matmul %q, %k : tensor<2x4x8xf32>, tensor<2x8x4xf32> -> tensor<2x4x4xf32>
  %s = nibble.generate (%c, %far, %p : tensor<4x4xi1>, tensor<f32>, tensor<2x4x4xf32>) {
  ^bb0(%b: index, %i: index, %j: index, %condition: tensor<4x4xi1>, %number: tensor<f32>, %scores: tensor<2x4x4xf32>):
    %e = nibble.read %condition[%i, %j] : tensor<4x4xi1> -> i1
    %n = nibble.read %number[] : tensor<f32> -> f32
    %x = nibble.read %scores[%b, %i, %j] : tensor<2x4x4xf32> -> f32
    %z = arith.select %e, %n, %x : f32
    nibble.yield %z : f32
  } -> tensor<2x4x4xf32>
  %t = nibble.generate (%c, %near, %p : tensor<4x4xi1>, tensor<f32>, tensor<2x4x4xf32>) {
  ^bb0(%b: index, %i: index, %j: index, %condition: tensor<4x4xi1>, %number: tensor<f32>, %scores: tensor<2x4x4xf32>):
    %e = nibble.read %condition[%i, %j] : tensor<4x4xi1> -> i1
    %n = nibble.read %number[] : tensor<f32> -> f32
    %x = nibble.read %scores[%b, %i, %j] : tensor<2x4x4xf32> -> f32
    %z = arith.select %e, %n, %x : f32
    nibble.yield %z : f32
  } -> tensor<2x4x4xf32>
  %y = nibble.softmax %s {axis = 2 : i64} : tensor<2x4x4xf32> -> tensor<2x4x4xf32>
  %w = nibble.softmax %t {axis = 2 : i64} : tensor<2x4x4xf32> -> tensor<2x4x4xf32>
  return %y, %w : tensor<2x4x4xf32>, tensor<2x4x4xf32>
}

// -----

// What is added to a product with weights is its bias.
// CHECK-LABEL: @bias
// CHECK: nibble.add
// CHECK: nibble.softmax %{{[0-9]+}} {axis = 1 : i64}
func.func @bias(%x: tensor<4x8xf32>) -> tensor<4x3xf32> {
  %w = nibble.constant dense<0.5> : tensor<8x3xf32> -> tensor<8x3xf32>
  %b = nibble.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32> -> tensor<3xf32>
  %p = nibble.matmul %x, %w : tensor<4x8xf32>, tensor<8x3xf32> -> tensor<4x3xf32>
  %s = nibble.add %p, %b : tensor<4x3xf32>, tensor<3xf32> -> tensor<4x3xf32>
  %y = nibble.softmax %s {axis = 1 : i64} : tensor<4x3xf32> -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}
