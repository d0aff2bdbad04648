// RUN: nibble-opt %s | nibble-opt --ukernel-plan-memory | FileCheck %s

// Sizes are polynomials of the dimensions: buffers that never live together share a lane, as large as the larger.
// CHECK-LABEL: func.func @lanes
// CHECK-SAME: ukernel.arena_bytes = #ukernel.extent<{{256 \* d0 \+ 64 \* floordiv\(4 \* d0 \+ 63, 64\) \+ 64|.*}}>
// CHECK: ukernel.transpose {{.*}}offset = 0 : i64{{.*}} -> <[d0]x4x16xf32>
// CHECK: ukernel.reduce {{.*}}offset = #ukernel.extent<256 * d0>
// CHECK: ukernel.binary {{.*}}offset = 0 : i64
// CHECK: ukernel.transpose {{.*}}output = 0
func.func @lanes(%x: !ukernel.buffer<4x[d0]x16xf32>) -> !ukernel.buffer<16x4x[d0]xf32> {
  %t = ukernel.transpose %x {permutation = array<i64: 1, 0, 2>} : !ukernel.buffer<4x[d0]x16xf32> -> !ukernel.buffer<[d0]x4x16xf32>
  %m = ukernel.reduce %t {kind = "mean", axes = array<i64: 1, 2>} : !ukernel.buffer<[d0]x4x16xf32> -> !ukernel.buffer<[d0]x1x1xf32>
  %s = ukernel.binary %t, %m {kind = #ukernel.binary_kind<sub>}
      : !ukernel.buffer<[d0]x4x16xf32>, !ukernel.buffer<[d0]x1x1xf32> -> !ukernel.buffer<[d0]x4x16xf32>
  %y = ukernel.transpose %s {permutation = array<i64: 2, 1, 0>} : !ukernel.buffer<[d0]x4x16xf32> -> !ukernel.buffer<16x4x[d0]xf32>
  return %y : !ukernel.buffer<16x4x[d0]xf32>
}

// What is larger depends on the dimensions.
// CHECK-LABEL: func.func @maximum
// CHECK-SAME: ukernel.arena_bytes = #ukernel.extent<{{.*}}max(64 * d0, 64 * d1){{.*}}>
func.func @maximum(%x: !ukernel.buffer<[d0]x16xf32>, %y: !ukernel.buffer<[d1]x16xf32>)
    -> (!ukernel.buffer<1x16xf32>, !ukernel.buffer<1x16xf32>) {
  %a = ukernel.transpose %x {permutation = array<i64: 0, 1>} : !ukernel.buffer<[d0]x16xf32> -> !ukernel.buffer<[d0]x16xf32>
  %p = ukernel.reduce %a {kind = "max", axes = array<i64: 0>} : !ukernel.buffer<[d0]x16xf32> -> !ukernel.buffer<1x16xf32>
  %b = ukernel.transpose %y {permutation = array<i64: 0, 1>} : !ukernel.buffer<[d1]x16xf32> -> !ukernel.buffer<[d1]x16xf32>
  %q = ukernel.reduce %b {kind = "max", axes = array<i64: 0>} : !ukernel.buffer<[d1]x16xf32> -> !ukernel.buffer<1x16xf32>
  return %p, %q : !ukernel.buffer<1x16xf32>, !ukernel.buffer<1x16xf32>
}

// Text: products, quotients, halos and capacities.
// CHECK-LABEL: func.func private @texts
// CHECK-SAME: !ukernel.buffer<1x[d0]x[2 * d1 + 3]x4xui8, halo = [1, 1, 1, 1], fill = 128>
// CHECK-SAME: !ukernel.buffer<[d0 * d1]x[floordiv(d0 + 1, 2)]xf32, capacity = 64, axis = 1>
// CHECK-SAME: !ukernel.buffer<2x[max(d0, d1)]xi32>
func.func private @texts(!ukernel.buffer<1x[d0]x[3 + d1 * 2]x4xui8, halo = [1, 1, 1, 1], fill = 128>,
    !ukernel.buffer<[d1 * d0]x[floordiv(d0 + 1, 2)]xf32, capacity = 64, axis = 1>,
    !ukernel.buffer<2x[max(d1, d0)]xi32>)
