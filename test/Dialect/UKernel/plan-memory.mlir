// RUN: nibble-opt %s --ukernel-plan-memory | FileCheck %s

// The first sum dies at the second function, which takes over its memory; the caller's memory holds the result.
// CHECK-LABEL: func.func @in_place
// CHECK-SAME: ukernel.arena_bytes = 192
// CHECK: ukernel.transpose {{.*}}offset = 0
// CHECK: ukernel.unary {{.*}}offset = 0
// CHECK: ukernel.transpose {{.*}}output = 0
func.func @in_place(%x: !ukernel.buffer<1x32xf32>) -> !ukernel.buffer<1x32xf32> {
  %a = ukernel.transpose %x {permutation = array<i64: 0, 1>} : !ukernel.buffer<1x32xf32> -> !ukernel.buffer<1x32xf32>
  %b = ukernel.unary %a {function = "exp"} : !ukernel.buffer<1x32xf32> -> !ukernel.buffer<1x32xf32>
  %c = ukernel.transpose %b {permutation = array<i64: 0, 1>} : !ukernel.buffer<1x32xf32> -> !ukernel.buffer<1x32xf32>
  return %c : !ukernel.buffer<1x32xf32>
}

// A value with a later reader keeps its memory, through a view too; then the sum takes it over, in the caller's memory.
// CHECK-LABEL: func.func @alive
// CHECK-SAME: ukernel.arena_bytes = 192
// CHECK: ukernel.transpose {{.*}}output = 0
// CHECK: ukernel.unary {{.*}}offset = 0
// CHECK: ukernel.transpose {{.*}}offset = 64
// CHECK: ukernel.binary {{.*}}output = 0
func.func @alive(%x: !ukernel.buffer<1x16xf32>) -> !ukernel.buffer<1x16xf32> {
  %a = ukernel.transpose %x {permutation = array<i64: 0, 1>} : !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  %v = ukernel.view %a : !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  %b = ukernel.unary %a {function = "exp"} : !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  %s = ukernel.transpose %b {permutation = array<i64: 0, 1>} : !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  %c = ukernel.binary %v, %s {kind = #ukernel.binary_kind<add>}
      : !ukernel.buffer<1x16xf32>, !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  return %c : !ukernel.buffer<1x16xf32>
}

// An observed value stays until the end.
// CHECK-LABEL: func.func @observed
// CHECK: ukernel.transpose {{.*}}offset = 0
// CHECK: ukernel.unary {{.*}}offset = 64
func.func @observed(%x: !ukernel.buffer<1x16xf32>) -> !ukernel.buffer<1x16xf32> {
  %a = ukernel.transpose %x {permutation = array<i64: 0, 1>} : !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  ukernel.observe %a name "a" : !ukernel.buffer<1x16xf32>
  %b = ukernel.unary %a {function = "exp"} : !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  %c = ukernel.transpose %b {permutation = array<i64: 0, 1>} : !ukernel.buffer<1x16xf32> -> !ukernel.buffer<1x16xf32>
  return %c : !ukernel.buffer<1x16xf32>
}

// A convolution is written over its addend, but not where its windows read that.
// CHECK-LABEL: func.func @residual
// CHECK: ukernel.transpose {{.*}}offset = 0
// CHECK: ukernel.conv {{.*}}offset = 64
// CHECK: ukernel.conv {{.*}} add {{.*}}offset = 0
// CHECK: ukernel.conv {{.*}} add {{.*}}offset = 64
func.func @residual(%x: !ukernel.buffer<1x2x2x4xui8>, %w: !ukernel.buffer<256xi8>, %b: !ukernel.buffer<64xi8>,
    %m: !ukernel.buffer<64xi8>) -> !ukernel.buffer<1x2x2x4xui8> {
  %a = ukernel.transpose %x {permutation = array<i64: 0, 2, 1, 3>}
      : !ukernel.buffer<1x2x2x4xui8> -> !ukernel.buffer<1x2x2x4xui8>
  %c = ukernel.conv %a, %w, %b multiplier %m {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64}
      : (!ukernel.buffer<1x2x2x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<64xi8>, !ukernel.buffer<64xi8>)
      -> !ukernel.buffer<1x2x2x4xui8>
  %d = ukernel.conv %c, %w, %b multiplier %m add %a {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, residual_integers = array<i32: 0, 0, 0, 255>,
      residual_scales = array<f32: 0.5, 0.5>}
      : (!ukernel.buffer<1x2x2x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<64xi8>, !ukernel.buffer<64xi8>,
      !ukernel.buffer<1x2x2x4xui8>)
      -> !ukernel.buffer<1x2x2x4xui8>
  %e = ukernel.conv %d, %w, %b multiplier %m add %d {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, residual_integers = array<i32: 0, 0, 0, 255>,
      residual_scales = array<f32: 0.5, 0.5>}
      : (!ukernel.buffer<1x2x2x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<64xi8>, !ukernel.buffer<64xi8>,
      !ukernel.buffer<1x2x2x4xui8>)
      -> !ukernel.buffer<1x2x2x4xui8>
  %f = ukernel.transpose %e {permutation = array<i64: 0, 2, 1, 3>}
      : !ukernel.buffer<1x2x2x4xui8> -> !ukernel.buffer<1x2x2x4xui8>
  return %f : !ukernel.buffer<1x2x2x4xui8>
}

// What the halo is filled with does not matter.
// CHECK-LABEL: func.func @residual_fill
// CHECK: ukernel.transpose {{.*}}offset = 0
// CHECK: ukernel.conv {{.*}} add {{.*}}offset = 0
func.func @residual_fill(%x: !ukernel.buffer<1x2x2x4xui8>, %w: !ukernel.buffer<256xi8>, %b: !ukernel.buffer<64xi8>,
    %m: !ukernel.buffer<64xi8>) -> !ukernel.buffer<1x2x2x4xui8> {
  %a = ukernel.transpose %x {permutation = array<i64: 0, 2, 1, 3>}
      : !ukernel.buffer<1x2x2x4xui8> -> !ukernel.buffer<1x2x2x4xui8, halo = [1, 1, 1, 1], fill = 0>
  %d = ukernel.conv %x, %w, %b multiplier %m add %a {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, residual_integers = array<i32: 0, 0, 0, 255>,
      residual_scales = array<f32: 0.5, 0.5>}
      : (!ukernel.buffer<1x2x2x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<64xi8>, !ukernel.buffer<64xi8>,
      !ukernel.buffer<1x2x2x4xui8, halo = [1, 1, 1, 1], fill = 0>)
      -> !ukernel.buffer<1x2x2x4xui8, halo = [1, 1, 1, 1], fill = 3>
  %f = ukernel.transpose %d {permutation = array<i64: 0, 2, 1, 3>}
      : !ukernel.buffer<1x2x2x4xui8, halo = [1, 1, 1, 1], fill = 3> -> !ukernel.buffer<1x2x2x4xui8>
  return %f : !ukernel.buffer<1x2x2x4xui8>
}

// Bounds make the arena's size known: of 20 floats 128 bytes, and 64 that kernels may read behind the last value.
// CHECK-LABEL: func.func @bounded
// CHECK-SAME: ukernel.arena_bytes = 192
func.func @bounded(%x: !ukernel.buffer<[d0]xf32>) -> !ukernel.buffer<1xf32> attributes {nibble.bounds = array<i64: 20>} {
  %a = ukernel.unary %x {function = "exp"} : !ukernel.buffer<[d0]xf32> -> !ukernel.buffer<[d0]xf32>
  %y = ukernel.reduce %a {kind = "sum", axes = array<i64: 0>} : !ukernel.buffer<[d0]xf32> -> !ukernel.buffer<1xf32>
  return %y : !ukernel.buffer<1xf32>
}

// A product with packed columns may read behind its bytes: a result, which lies in the caller's memory, does not take theirs.
// CHECK-LABEL: func.func @packed
// CHECK: ukernel.binary {{.*}}offset = 0
// CHECK: ukernel.packed_matmul
// CHECK: ukernel.binary {{.*}}output = 1
func.func @packed(%x: !ukernel.buffer<3x7xi8>, %p: !ukernel.buffer<1x256xi8>, %s: !ukernel.buffer<3xf32>)
    -> (!ukernel.buffer<3x4xf32>, !ukernel.buffer<3x7xi8>) {
  %q = ukernel.binary %x, %x {kind = #ukernel.binary_kind<add>, scales = array<f32: 1.0, 1.0>,
      zero_points = array<i32: 0, 0, 0>, clamp = array<i32: -128, 127>}
      : !ukernel.buffer<3x7xi8>, !ukernel.buffer<3x7xi8> -> !ukernel.buffer<3x7xi8>
  %y = ukernel.packed_matmul %q, %p, %s : (!ukernel.buffer<3x7xi8>, !ukernel.buffer<1x256xi8>, !ukernel.buffer<3xf32>)
      -> !ukernel.buffer<3x4xf32>
  %r = ukernel.binary %q, %q {kind = #ukernel.binary_kind<add>, scales = array<f32: 1.0, 1.0>,
      zero_points = array<i32: 0, 0, 0>, clamp = array<i32: -128, 127>}
      : !ukernel.buffer<3x7xi8>, !ukernel.buffer<3x7xi8> -> !ukernel.buffer<3x7xi8>
  return %y, %r : !ukernel.buffer<3x4xf32>, !ukernel.buffer<3x7xi8>
}
