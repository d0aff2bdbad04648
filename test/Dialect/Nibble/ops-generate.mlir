// RUN: nibble-opt %s | nibble-opt | FileCheck %s

// CHECK-LABEL: @gather
// CHECK: nibble.generate (%{{.*}}, %{{.*}} : tensor<10x4xf32>, tensor<3xi64>) {
// CHECK: nibble.read %{{.*}}[%{{.*}}] : tensor<3xi64> -> i64
// CHECK: nibble.yield %{{.*}} : f32
// CHECK: } -> tensor<3x4xf32>
func.func @gather(%table: tensor<10x4xf32>, %rows: tensor<3xi64>) -> tensor<3x4xf32> {
  %y = nibble.generate (%table, %rows : tensor<10x4xf32>, tensor<3xi64>) {
  ^bb0(%i: index, %j: index, %t: tensor<10x4xf32>, %x: tensor<3xi64>):
    %r = nibble.read %x[%i] : tensor<3xi64> -> i64
    %row = arith.index_cast %r : i64 to index
    %e = nibble.read %t[%row, %j] : tensor<10x4xf32> -> f32
    nibble.yield %e : f32
  } -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// CHECK-LABEL: @scalar
// CHECK: nibble.generate () {
// CHECK-NEXT: arith.constant true
func.func @scalar() -> tensor<i1> {
  %y = nibble.generate () {
    %e = arith.constant true
    nibble.yield %e : i1
  } -> tensor<i1>
  return %y : tensor<i1>
}

// CHECK-LABEL: @dynamic
// CHECK: attributes {extents = #nibble.extents<[d0]>} {
// CHECK: nibble.extent %{{.*}}[1] : tensor<?x?xf32>
// CHECK: nibble.apply "exp"(%{{.*}})
func.func @dynamic(%x: tensor<?x?xf32>) -> tensor<?xf32> {
  %y = nibble.generate (%x : tensor<?x?xf32>) attributes {extents = #nibble.extents<[d0]>} {
  ^bb0(%i: index, %t: tensor<?x?xf32>):
    %n = nibble.extent %t[1] : tensor<?x?xf32>
    %zero = arith.constant 0 : index
    %one = arith.constant 1 : index
    %init = arith.constant 0.0 : f32
    %sum = scf.for %k = %zero to %n step %one iter_args(%s = %init) -> f32 {
      %e = nibble.read %t[%i, %k] : tensor<?x?xf32> -> f32
      %f = nibble.apply "exp"(%e)
      %next = arith.addf %s, %f : f32
      scf.yield %next : f32
    }
    nibble.yield %sum : f32
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}
