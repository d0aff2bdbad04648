// RUN: nibble-opt %s --ukernel-plan-memory | FileCheck %s

// The first sum dies at the second function, which takes over its memory; the caller's memory holds the result.
// CHECK-LABEL: func.func @in_place
// CHECK-SAME: ukernel.arena_bytes = 192
// CHECK: ukernel.softmax {{.*}}offset = 0
// CHECK: ukernel.unary {{.*}}offset = 0
// CHECK: ukernel.softmax {{.*}}output = 0
func.func @in_place(%x: !ukernel.buffer<1x32xf32>) -> !ukernel.buffer<1x32xf32> {
  %a = ukernel.softmax %x {axis = 1 : i64} : !ukernel.buffer<1x32xf32> -> !ukernel.buffer<1x32xf32>
  %b = ukernel.unary %a {function = "exp"} : !ukernel.buffer<1x32xf32> -> !ukernel.buffer<1x32xf32>
  %c = ukernel.softmax %b {axis = 1 : i64} : !ukernel.buffer<1x32xf32> -> !ukernel.buffer<1x32xf32>
  return %c : !ukernel.buffer<1x32xf32>
}

// A value with a later reader keeps its memory, through a view too; then the sum takes it over, in the caller's memory.
// CHECK-LABEL: func.func @alive
// CHECK-SAME: ukernel.arena_bytes = 192
// CHECK: ukernel.softmax {{.*}}output = 0
// CHECK: ukernel.unary {{.*}}offset = 0
// CHECK: ukernel.softmax {{.*}}offset = 64
// CHECK: ukernel.binary {{.*}}output = 0
func.func @alive(%x: !ukernel.buffer<1x16xf32>) -> !ukernel.buffer<1x16xf32> {
  %a = ukernel.softmax %x {axis = 1 : i64} : !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  %v = ukernel.view %a : !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  %b = ukernel.unary %a {function = "exp"} : !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  %s = ukernel.softmax %b {axis = 1 : i64} : !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  %c = ukernel.binary %v, %s {kind = #ukernel.binary_kind<add>}
      : !ukernel.buffer<1x16xf32>, !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  return %c : !ukernel.buffer<1x16xf32>
}

// An observed value stays until the end.
// CHECK-LABEL: func.func @observed
// CHECK: ukernel.softmax {{.*}}offset = 0
// CHECK: ukernel.unary {{.*}}offset = 64
func.func @observed(%x: !ukernel.buffer<1x16xf32>) -> !ukernel.buffer<1x16xf32> {
  %a = ukernel.softmax %x {axis = 1 : i64} : !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  ukernel.observe %a name "a" : !ukernel.buffer<1x16xf32>
  %b = ukernel.unary %a {function = "exp"} : !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  %c = ukernel.softmax %b {axis = 1 : i64} : !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  return %c : !ukernel.buffer<1x16xf32>
}
