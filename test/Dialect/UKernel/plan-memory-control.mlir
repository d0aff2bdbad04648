// RUN: nibble-opt %s --ukernel-plan-memory --split-input-file --verify-diagnostics | FileCheck %s

// The carried value has one buffer, which the body reads, its end writes, and whoever reads the result. The sequence lives
// from before the loop, what the body computes within it.
// CHECK-LABEL: func.func @loop
// CHECK-SAME: ukernel.arena_bytes = 384
// CHECK: ukernel.transpose %arg1 {offset = 192
// CHECK: ukernel.loop {{.*}}offsets = [192, 0]
// CHECK: ukernel.binary {{.*}}offset = 256
// CHECK: ukernel.transpose {{.*}}yielded = 0
// CHECK: ukernel.transpose {{.*}}yielded = 1
// CHECK: ukernel.transpose {{.*}}output = 0
func.func @loop(%x: !ukernel.buffer<3x16xf32>, %init: !ukernel.buffer<16xf32>) -> (!ukernel.buffer<16xf32>, !ukernel.buffer<3x16xf32>) {
  %zero = ukernel.transpose %init {permutation = array<i64: 0>} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
  %last, %all = ukernel.loop (%zero : !ukernel.buffer<16xf32>) scan (%x : !ukernel.buffer<3x16xf32>)
      attributes {trip = 3 : i64, reversed = array<i1: false, false>} {
  ^bb0(%i: !ukernel.buffer<i64>, %sum: !ukernel.buffer<16xf32>, %element: !ukernel.buffer<16xf32>):
    %next = ukernel.binary %sum, %element {kind = #ukernel.binary_kind<add>}
        : !ukernel.buffer<16xf32>, !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
    %end = ukernel.transpose %next {permutation = array<i64: 0>} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
    %each = ukernel.transpose %next {permutation = array<i64: 0>} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
    ukernel.region_yield %end, %each : !ukernel.buffer<16xf32>, !ukernel.buffer<16xf32>
  } -> !ukernel.buffer<16xf32>, !ukernel.buffer<3x16xf32>
  %y = ukernel.transpose %last {permutation = array<i64: 0>} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
  %z = ukernel.transpose %all {permutation = array<i64: 0, 1>} : !ukernel.buffer<3x16xf32> -> !ukernel.buffer<3x16xf32>
  return %y, %z : !ukernel.buffer<16xf32>, !ukernel.buffer<3x16xf32>
}

// -----

// What the body reads from outside, at its beginning, lives to its end: the body runs again. Nothing in it takes its place.
// CHECK-LABEL: func.func @outside
// CHECK: ukernel.transpose %arg1 {offset = [[OUTER:[0-9]+]]
// CHECK: ukernel.loop {{.*}}number = [[NUMBER:[0-9]+]]
// CHECK: ukernel.unary {{.*}}offset = [[INNER:[0-9]+]]
// CHECK-NOT: offset = [[OUTER]] :
func.func @outside(%x: !ukernel.buffer<16xf32>, %outer: !ukernel.buffer<16xf32>) -> !ukernel.buffer<16xf32> {
  %o = ukernel.transpose %outer {permutation = array<i64: 0>} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
  %init = ukernel.transpose %x {permutation = array<i64: 0>} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
  %last = ukernel.loop (%init : !ukernel.buffer<16xf32>) attributes {trip = 3 : i64} {
  ^bb0(%i: !ukernel.buffer<i64>, %before: !ukernel.buffer<16xf32>):
    %a = ukernel.unary %o {function = "exp"} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
    %b = ukernel.generate (%i, %a : !ukernel.buffer<i64>, !ukernel.buffer<16xf32>) {
    ^bb0(%d: index, %n: tensor<i64>, %t: tensor<16xf32>):
      %e = nibble.read %t[%d] : tensor<16xf32> -> f32
      nibble.yield %e : f32
    } -> !ukernel.buffer<16xf32>
    %c = ukernel.binary %b, %before {kind = #ukernel.binary_kind<add>}
        : !ukernel.buffer<16xf32>, !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
    %end = ukernel.transpose %c {permutation = array<i64: 0>} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
    ukernel.region_yield %end : !ukernel.buffer<16xf32>
  } -> !ukernel.buffer<16xf32>
  %y = ukernel.transpose %last {permutation = array<i64: 0>} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
  return %y : !ukernel.buffer<16xf32>
}

// -----

// Bodies of a branch write the same result, and share the rest.
// CHECK-LABEL: func.func @branch
// CHECK: ukernel.if {{.*}}offsets = [{{[0-9]+}}]
// CHECK: ukernel.unary {{.*}}offset = [[INNER:[0-9]+]]
// CHECK: ukernel.transpose {{.*}}yielded = 0
// CHECK: ukernel.unary {{.*}}offset = [[INNER]]
// CHECK: ukernel.transpose {{.*}}yielded = 0
func.func @branch(%c: !ukernel.buffer<i1>, %x: !ukernel.buffer<16xf32>) -> !ukernel.buffer<16xf32> {
  %r = ukernel.if %c : !ukernel.buffer<i1> {
    %a = ukernel.unary %x {function = "exp"} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
    %e = ukernel.transpose %a {permutation = array<i64: 0>} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
    ukernel.region_yield %e : !ukernel.buffer<16xf32>
  } else {
    %a = ukernel.unary %x {function = "sqrt"} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
    %e = ukernel.transpose %a {permutation = array<i64: 0>} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
    ukernel.region_yield %e : !ukernel.buffer<16xf32>
  } -> !ukernel.buffer<16xf32>
  %y = ukernel.transpose %r {permutation = array<i64: 0>} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
  return %y : !ukernel.buffer<16xf32>
}

// -----

func.func @shared(%x: !ukernel.buffer<16xf32>) -> !ukernel.buffer<16xf32> {
  // expected-error @+1 {{carried value 0 needs a buffer of its own, written by a kernel}}
  %last = ukernel.loop (%x : !ukernel.buffer<16xf32>) attributes {trip = 3 : i64} {
  ^bb0(%i: !ukernel.buffer<i64>, %before: !ukernel.buffer<16xf32>):
    %end = ukernel.transpose %before {permutation = array<i64: 0>} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
    ukernel.region_yield %end : !ukernel.buffer<16xf32>
  } -> !ukernel.buffer<16xf32>
  %y = ukernel.transpose %last {permutation = array<i64: 0>} : !ukernel.buffer<16xf32> -> !ukernel.buffer<16xf32>
  return %y : !ukernel.buffer<16xf32>
}
