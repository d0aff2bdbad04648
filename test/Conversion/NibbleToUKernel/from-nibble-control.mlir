// RUN: nibble-opt %s --ukernel-from-nibble | FileCheck %s
// RUN: nibble-opt %s --ukernel-isolate-batch --ukernel-from-nibble --ukernel-plan-memory | FileCheck %s --check-prefix=PLAN

// Constants lie before the loop. Carried values that change places go through copies of their own, as the copies at the
// end of the body write over them.
// CHECK-LABEL: func.func @swap
// CHECK-DAG: %[[C:.*]] = ukernel.constant
// CHECK-DAG: %[[A:.*]] = ukernel.transpose %arg0
// CHECK-DAG: %[[B:.*]] = ukernel.transpose %arg1
// CHECK: %[[R:.*]]:3 = ukernel.loop (%[[A]], %[[B]] : {{.*}}) scan(%arg2 : !ukernel.buffer<[d0]x4xf32>) attributes {reversed = array<i1: false, true>, trip = #ukernel.extent<d0>}
// CHECK-NEXT: ^bb0(%{{.*}}: !ukernel.buffer<i64>, %[[X:.*]]: !ukernel.buffer<4xf32>, %[[Y:.*]]: !ukernel.buffer<4xf32>, %[[E:.*]]: !ukernel.buffer<4xf32>):
// CHECK-NEXT: %[[S:.*]] = ukernel.binary %[[E]], %[[C]]
// CHECK-NEXT: %[[P:.*]] = ukernel.transpose %[[Y]]
// CHECK-NEXT: %[[Q:.*]] = ukernel.transpose %[[X]]
// CHECK-NEXT: %[[F:.*]] = ukernel.transpose %[[P]]
// CHECK-NEXT: %[[G:.*]] = ukernel.transpose %[[Q]]
// CHECK-NEXT: %[[H:.*]] = ukernel.transpose %[[S]]
// CHECK-NEXT: ukernel.region_yield %[[F]], %[[G]], %[[H]]
// PLAN-LABEL: func.func @swap
// PLAN-NOT: nibble.batch_loop
// PLAN: ukernel.loop {{.*}}offsets = [
func.func @swap(%a: tensor<4xf32>, %b: tensor<4xf32>, %x: tensor<?x4xf32> {nibble.dims = ["n", ""]})
    -> (tensor<4xf32>, tensor<4xf32>, tensor<?x4xf32>) {
  %r:3 = nibble.loop (%a, %b : tensor<4xf32>, tensor<4xf32>) scan (%x : tensor<?x4xf32>)
      attributes {extents = #nibble.extents<[d0]>, reversed = array<i1: false, true>} {
  ^bb0(%i: tensor<i64>, %u: tensor<4xf32>, %v: tensor<4xf32>, %e: tensor<4xf32>):
    %c = nibble.constant dense<2.0> : tensor<4xf32> -> tensor<4xf32>
    %s = nibble.mul %e, %c : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
    nibble.region_yield %v, %u, %s : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>, tensor<4xf32>, tensor<?x4xf32>
  return %r#0, %r#1, %r#2 : tensor<4xf32>, tensor<4xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: func.func @branch
// CHECK: ukernel.if %arg0 : <i1> {
// CHECK: ukernel.unary
// CHECK: ukernel.region_yield
// CHECK: } else {
// CHECK: ukernel.region_yield
func.func @branch(%c: tensor<i1>, %x: tensor<2xf32>) -> tensor<2xf32> {
  %y = nibble.if %c : tensor<i1> {
    %a = nibble.exp %x : tensor<2xf32> -> tensor<2xf32>
    nibble.region_yield %a : tensor<2xf32>
  } else {
    nibble.region_yield %x : tensor<2xf32>
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}
