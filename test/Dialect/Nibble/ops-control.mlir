// RUN: nibble-opt %s | nibble-opt | FileCheck %s
// RUN: nibble-opt %s --mlir-print-op-generic | nibble-opt | FileCheck %s
// RUN: nibble-opt %s --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @sums
// CHECK: %[[R:.*]]:2 = nibble.loop (%arg1 : tensor<2xf32>) scan(%arg0 : tensor<?x2xf32>) attributes {extents = #nibble.extents<[d0]>, reversed = array<i1: true, false>} {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<i64>, %[[SUM:.*]]: tensor<2xf32>, %[[X:.*]]: tensor<2xf32>):
// CHECK-NEXT: %[[NEXT:.*]] = nibble.add %[[SUM]], %[[X]]
// CHECK-NEXT: nibble.region_yield %[[NEXT]], %[[NEXT]] : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT: } -> tensor<2xf32>, tensor<?x2xf32>
func.func @sums(%x: tensor<?x2xf32> {nibble.dims = ["n", ""]}, %zero: tensor<2xf32>) -> (tensor<2xf32>, tensor<?x2xf32>) {
  %last, %all = nibble.loop (%zero : tensor<2xf32>) scan (%x : tensor<?x2xf32>)
      attributes {extents = #nibble.extents<[d0]>, reversed = array<i1: true, false>} {
  ^bb0(%i: tensor<i64>, %sum: tensor<2xf32>, %element: tensor<2xf32>):
    %next = nibble.add %sum, %element : tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
    nibble.region_yield %next, %next : tensor<2xf32>, tensor<2xf32>
  } -> tensor<2xf32>, tensor<?x2xf32>
  return %last, %all : tensor<2xf32>, tensor<?x2xf32>
}

// CHECK-LABEL: func.func @counted
// CHECK: nibble.loop (%arg0, %arg1 : tensor<i1>, tensor<2xf32>) count(%arg2 : tensor<i64>) attributes {conditional}
func.func @counted(%go: tensor<i1>, %x: tensor<2xf32>, %n: tensor<i64>) -> tensor<2xf32> {
  %c, %y = nibble.loop (%go, %x : tensor<i1>, tensor<2xf32>) count (%n : tensor<i64>) attributes {conditional} {
  ^bb0(%i: tensor<i64>, %condition: tensor<i1>, %before: tensor<2xf32>):
    %next = nibble.add %before, %x : tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
    nibble.region_yield %condition, %next : tensor<i1>, tensor<2xf32>
  } -> tensor<i1>, tensor<2xf32>
  return %y : tensor<2xf32>
}

// CHECK-LABEL: func.func @branch
// CHECK: nibble.if %arg0 : tensor<i1> {
// CHECK: } else {
// CHECK: } -> tensor<2xf32>
func.func @branch(%c: tensor<i1>, %x: tensor<2xf32>) -> tensor<2xf32> {
  %y = nibble.if %c : tensor<i1> {
    %a = nibble.relu %x : tensor<2xf32> -> tensor<2xf32>
    nibble.region_yield %a : tensor<2xf32>
  } else {
    nibble.region_yield %x : tensor<2xf32>
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}
