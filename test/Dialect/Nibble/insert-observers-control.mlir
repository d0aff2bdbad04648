// RUN: nibble-opt %s --nibble-insert-observers | FileCheck %s

// Values of a loop that the dimensions end are measured, arguments too; what something else ends stays in float.
// CHECK-LABEL: func.func @main
// CHECK: nibble.loop
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<i64>, %[[H:.*]]: tensor<1x2xf32>
// CHECK: %[[O:.*]] = nibble.observe %[[H]] name "h"
// CHECK: %[[P:.*]] = nibble.matmul %[[O]]
// CHECK: nibble.observe %[[P]] name "p"
// CHECK: conditional
// CHECK-NOT: nibble.observe
func.func @main(%x: tensor<1x2xf32> {nibble.name = "x"}, %c: tensor<i1> {nibble.name = "c"}) -> (tensor<1x2xf32>, tensor<1x2xf32>) {
  %w = nibble.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.loop (%x : tensor<1x2xf32>) attributes {extents = #nibble.extents<[5]>} {
  ^bb0(%i: tensor<i64>, %h: tensor<1x2xf32> loc("Scan_1"("h"))):
    %p = nibble.matmul %h, %w : tensor<1x2xf32>, tensor<2x2xf32> -> tensor<1x2xf32> loc("MatMul_2"("p"))
    nibble.region_yield %p : tensor<1x2xf32>
  } -> tensor<1x2xf32>
  %d, %z = nibble.loop (%c, %x : tensor<i1>, tensor<1x2xf32>) attributes {conditional} {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %h: tensor<1x2xf32> loc("Loop_1"("k"))):
    %p = nibble.matmul %h, %w : tensor<1x2xf32>, tensor<2x2xf32> -> tensor<1x2xf32> loc("MatMul_3"("q"))
    nibble.region_yield %go, %p : tensor<i1>, tensor<1x2xf32>
  } -> tensor<i1>, tensor<1x2xf32>
  return %y, %z : tensor<1x2xf32>, tensor<1x2xf32>
}
