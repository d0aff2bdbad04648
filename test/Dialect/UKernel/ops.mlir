// RUN: nibble-opt %s | nibble-opt | FileCheck %s

// CHECK-LABEL: func.func @layouts
// CHECK-SAME: !ukernel.buffer<1x4x4x3xui8, halo = [1, 0, 1, 0], fill = 128>
// CHECK-SAME: !ukernel.buffer<2x10xf32, capacity = 16, axis = 1>
func.func @layouts(%a: !ukernel.buffer<1x4x4x3xui8, halo = [1, 0, 1, 0], fill = 128>,
                   %b: !ukernel.buffer<2x10xf32, capacity = 16, axis = 1>) {
  return
}

// CHECK-LABEL: func.func @conv
// CHECK: ukernel.conv %{{.*}}, %{{.*}}, %{{.*}} multiplier %{{.*}} add %{{.*}} {addend_first, {{.*}}}
func.func @conv(%x: !ukernel.buffer<1x4x4x4xui8, halo = [1, 1, 1, 1], fill = 3>, %w: !ukernel.buffer<256xi8>,
                %b: !ukernel.buffer<64xi8>, %m: !ukernel.buffer<64xi8>, %a: !ukernel.buffer<1x4x4x4xui8>)
    -> !ukernel.buffer<1x4x4x4xui8> {
  %y = ukernel.conv %x, %w, %b multiplier %m add %a {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, groups = 1 : i64,
      residual_integers = array<i32: 0, 0, 0, 255>, residual_scales = array<f32: 1.0, 1.0>, addend_first}
      : (!ukernel.buffer<1x4x4x4xui8, halo = [1, 1, 1, 1], fill = 3>, !ukernel.buffer<256xi8>, !ukernel.buffer<64xi8>,
         !ukernel.buffer<64xi8>, !ukernel.buffer<1x4x4x4xui8>) -> !ukernel.buffer<1x4x4x4xui8>
  return %y : !ukernel.buffer<1x4x4x4xui8>
}

// CHECK-LABEL: func.func @values
// CHECK: ukernel.constant dense<0> : tensor<256xui8> -> <256xui8>
// CHECK: ukernel.lookup
// CHECK: ukernel.view
// CHECK: ukernel.binary
// CHECK: ukernel.gather
func.func @values(%x: !ukernel.buffer<2x8xui8>, %i: !ukernel.buffer<4xi32>) -> !ukernel.buffer<4x4xui8> {
  %t = ukernel.constant dense<0> : tensor<256xui8> -> !ukernel.buffer<256xui8>
  %y = ukernel.lookup %x, %t : !ukernel.buffer<2x8xui8>, !ukernel.buffer<256xui8> -> !ukernel.buffer<2x8xui8>
  %v = ukernel.view %y : !ukernel.buffer<2x8xui8> -> !ukernel.buffer<4x4xui8>
  %s = ukernel.binary %v, %v {kind = #ukernel.binary_kind<add>, scales = array<f32: 1.0, 2.0>,
      zero_points = array<i32: 0, 0, 0>, clamp = array<i32: 0, 255>}
      : !ukernel.buffer<4x4xui8>, !ukernel.buffer<4x4xui8> -> !ukernel.buffer<4x4xui8>
  %g = ukernel.gather %s, %i {axes = array<i64: 0>}
      : !ukernel.buffer<4x4xui8>, !ukernel.buffer<4xi32> -> !ukernel.buffer<4x4xui8>
  return %g : !ukernel.buffer<4x4xui8>
}

// CHECK-LABEL: func.func @scaled
// CHECK: ukernel.row_scale %{{.*}} {levels = 127 : i32, row_dims = 1 : i64}
// CHECK: ukernel.row_quantize
// CHECK: ukernel.conv %{{.*}}, %{{.*}}, %{{.*}} multiplier %{{.*}} rows %{{.*}} {{{.*}}scaled
func.func @scaled(%x: !ukernel.buffer<1x4x4x4xf32>, %w: !ukernel.buffer<256xi8>, %b: !ukernel.buffer<64xi8>,
                  %m: !ukernel.buffer<128xi8>) -> !ukernel.buffer<1x4x4x4xf32> {
  %s = ukernel.row_scale %x {row_dims = 1 : i64, levels = 127 : i32} : !ukernel.buffer<1x4x4x4xf32> -> !ukernel.buffer<1xf32>
  %q = ukernel.row_quantize %x, %s : !ukernel.buffer<1x4x4x4xf32>, !ukernel.buffer<1xf32> -> !ukernel.buffer<1x4x4x4xi8>
  %y = ukernel.conv %q, %w, %b multiplier %m rows %s {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, scaled}
      : (!ukernel.buffer<1x4x4x4xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<64xi8>, !ukernel.buffer<128xi8>,
         !ukernel.buffer<1xf32>) -> !ukernel.buffer<1x4x4x4xf32>
  return %y : !ukernel.buffer<1x4x4x4xf32>
}

// CHECK-LABEL: func.func @int_softmax
// CHECK: ukernel.int_softmax %{{.*}}, %{{.*}} {axis = 1 : i64, clamp = array<i32: 0, 255>, output_zero_point = 3 : i32, scale = 2.560000e+02 : f32} : <2x10xi8>, <256xi32> -> <2x10xui8>
func.func @int_softmax(%x: !ukernel.buffer<2x10xi8>, %t: !ukernel.buffer<256xi32>) -> !ukernel.buffer<2x10xui8> {
  %y = ukernel.int_softmax %x, %t {axis = 1 : i64, scale = 256.0 : f32, output_zero_point = 3 : i32,
      clamp = array<i32: 0, 255>} : !ukernel.buffer<2x10xi8>, !ukernel.buffer<256xi32> -> !ukernel.buffer<2x10xui8>
  return %y : !ukernel.buffer<2x10xui8>
}

// CHECK-LABEL: func.func @sums
// CHECK: ukernel.row_scale %{{.*}} {levels = 255 : i32, row_dims = 0 : i64}
// CHECK: ukernel.row_quantize %{{.*}}, %{{.*}} {affine}
// CHECK: ukernel.conv %{{.*}}, %{{.*}}, %{{.*}} multiplier %{{.*}} rows %{{.*}} {{{.*}}sums
// CHECK: ukernel.matmul %{{.*}}, %{{.*}} lhs_encoding %{{.*}} rhs_encoding %{{.*}} :
// CHECK: ukernel.unary %{{.*}} {function = "int_to_float"}
func.func @sums(%x: !ukernel.buffer<1x1x4x4xf32>, %w: !ukernel.buffer<256xi8>, %b: !ukernel.buffer<64xi8>,
                %m: !ukernel.buffer<64xi8>) -> !ukernel.buffer<1x1x4x4xf32> {
  %e = ukernel.row_scale %x {row_dims = 0 : i64, levels = 255 : i32} : !ukernel.buffer<1x1x4x4xf32> -> !ukernel.buffer<2xf32>
  %q = ukernel.row_quantize %x, %e {affine} : !ukernel.buffer<1x1x4x4xf32>, !ukernel.buffer<2xf32> -> !ukernel.buffer<1x1x4x4xui8>
  %y = ukernel.conv %q, %w, %b multiplier %m rows %e {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, sums}
      : (!ukernel.buffer<1x1x4x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<64xi8>, !ukernel.buffer<64xi8>,
         !ukernel.buffer<2xf32>) -> !ukernel.buffer<1x1x4x4xi32>
  %p = ukernel.matmul %q, %q lhs_encoding %e rhs_encoding %e : (!ukernel.buffer<1x1x4x4xui8>,
      !ukernel.buffer<1x1x4x4xui8>, !ukernel.buffer<2xf32>, !ukernel.buffer<2xf32>) -> !ukernel.buffer<1x1x4x4xi32>
  %f = ukernel.unary %p {function = "int_to_float"} : !ukernel.buffer<1x1x4x4xi32> -> !ukernel.buffer<1x1x4x4xf32>
  return %f : !ukernel.buffer<1x1x4x4xf32>
}

// CHECK-LABEL: func.func @generate
// CHECK: ukernel.generate (%{{.*}} : !ukernel.buffer<4xi32>) {
// CHECK: } -> <4xi1>
func.func @generate(%x: !ukernel.buffer<4xi32>) -> !ukernel.buffer<4xi1> {
  %y = ukernel.generate (%x : !ukernel.buffer<4xi32>) {
  ^bb0(%i: index, %t: tensor<4xi32>):
    %e = nibble.read %t[%i] : tensor<4xi32> -> i32
    %zero = arith.constant 0 : i32
    %less = arith.cmpi slt, %e, %zero : i32
    nibble.yield %less : i1
  } -> !ukernel.buffer<4xi1>
  return %y : !ukernel.buffer<4xi1>
}

// CHECK-LABEL: func.func @softmax
// CHECK: ukernel.softmax %{{.*}} mask %{{.*}} {axis = 1 : i64, factor = 2.500000e-01 : f32} : (!ukernel.buffer<2x10xf32>, !ukernel.buffer<1x10xf32>) -> !ukernel.buffer<2x10xf32>
func.func @softmax(%x: !ukernel.buffer<2x10xf32>, %m: !ukernel.buffer<1x10xf32>) -> !ukernel.buffer<2x10xf32> {
  %y = ukernel.softmax %x mask %m {axis = 1 : i64, factor = 0.25 : f32}
      : (!ukernel.buffer<2x10xf32>, !ukernel.buffer<1x10xf32>) -> !ukernel.buffer<2x10xf32>
  return %y : !ukernel.buffer<2x10xf32>
}

// CHECK-LABEL: func.func @norm
// CHECK: ukernel.norm %{{.*}} bias %{{.*}} {axis = 1 : i64, epsilon = 5.000000e-01 : f32, rms} : (!ukernel.buffer<2x10xf32>, !ukernel.buffer<10xf32>) -> !ukernel.buffer<2x10xf32>
func.func @norm(%x: !ukernel.buffer<2x10xf32>, %b: !ukernel.buffer<10xf32>) -> !ukernel.buffer<2x10xf32> {
  %y = ukernel.norm %x bias %b {axis = 1 : i64, epsilon = 0.5 : f32, rms}
      : (!ukernel.buffer<2x10xf32>, !ukernel.buffer<10xf32>) -> !ukernel.buffer<2x10xf32>
  return %y : !ukernel.buffer<2x10xf32>
}

// CHECK-LABEL: func.func @gather_rows
// CHECK: ukernel.gather_rows %{{.*}}, %{{.*}} scale %{{.*}} : (!ukernel.buffer<7x4xi8>, !ukernel.buffer<3xi32>, !ukernel.buffer<7xf32>) -> !ukernel.buffer<3x4xf32>
func.func @gather_rows(%t: !ukernel.buffer<7x4xi8>, %i: !ukernel.buffer<3xi32>, %s: !ukernel.buffer<7xf32>) -> !ukernel.buffer<3x4xf32> {
  %y = ukernel.gather_rows %t, %i scale %s : (!ukernel.buffer<7x4xi8>, !ukernel.buffer<3xi32>, !ukernel.buffer<7xf32>) -> !ukernel.buffer<3x4xf32>
  return %y : !ukernel.buffer<3x4xf32>
}

// CHECK-LABEL: func.func @packed
// CHECK: ukernel.pack_columns %{{.*}} : <[d0]x7x20xf32> -> <[d0]x2x256xi8>
// CHECK: ukernel.packed_matmul %{{.*}}, %{{.*}}, %{{.*}} : (!ukernel.buffer<[d0]x3x7xui8>, !ukernel.buffer<[d0]x2x256xi8>, !ukernel.buffer<[d0]x3xf32>) -> !ukernel.buffer<[d0]x3x20xf32>
func.func @packed(%q: !ukernel.buffer<[d0]x3x7xui8>, %v: !ukernel.buffer<[d0]x7x20xf32>, %s: !ukernel.buffer<[d0]x3xf32>) -> !ukernel.buffer<[d0]x3x20xf32> {
  %p = ukernel.pack_columns %v : !ukernel.buffer<[d0]x7x20xf32> -> !ukernel.buffer<[d0]x2x256xi8>
  %y = ukernel.packed_matmul %q, %p, %s : (!ukernel.buffer<[d0]x3x7xui8>, !ukernel.buffer<[d0]x2x256xi8>, !ukernel.buffer<[d0]x3xf32>) -> !ukernel.buffer<[d0]x3x20xf32>
  return %y : !ukernel.buffer<[d0]x3x20xf32>
}
