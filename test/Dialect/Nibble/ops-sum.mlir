// RUN: nibble-opt %s | nibble-opt | FileCheck %s

// The operations print and parse.

// CHECK-LABEL: @matmul
// CHECK: nibble.dynamic_encoding %{{.*}} : tensor<2x8xf32> -> tensor<2xf32>
// CHECK: nibble.dynamic_encode %{{.*}}, %{{.*}} : tensor<2x8xf32>, tensor<2xf32> -> tensor<2x8xui8>
// CHECK: nibble.sum_matmul %{{.*}}, %{{.*}} lhs_encoding %{{.*}} : (tensor<2x8xui8>, tensor<8x4xi8>, tensor<2xf32>) -> tensor<2x4xi32>
// CHECK: nibble.sum_matmul %{{.*}}, %{{.*}} rhs_encoding %{{.*}} {lhs_zero_point = 3 : i32} : (tensor<4x2xi8>, tensor<2x8xui8>, tensor<2xf32>) -> tensor<4x8xi32>
// CHECK: nibble.int_to_float %{{.*}} : tensor<2x4xi32> -> tensor<2x4xf32>
func.func @matmul(%x: tensor<2x8xf32>, %w: tensor<8x4xi8>, %a: tensor<4x2xi8>) -> (tensor<2x4xf32>, tensor<4x8xi32>) {
  %e = nibble.dynamic_encoding %x : tensor<2x8xf32> -> tensor<2xf32>
  %q = nibble.dynamic_encode %x, %e : tensor<2x8xf32>, tensor<2xf32> -> tensor<2x8xui8>
  %s = nibble.sum_matmul %q, %w lhs_encoding %e : (tensor<2x8xui8>, tensor<8x4xi8>, tensor<2xf32>) -> tensor<2x4xi32>
  %t = nibble.sum_matmul %a, %q rhs_encoding %e {lhs_zero_point = 3 : i32}
      : (tensor<4x2xi8>, tensor<2x8xui8>, tensor<2xf32>) -> tensor<4x8xi32>
  %y = nibble.int_to_float %s : tensor<2x4xi32> -> tensor<2x4xf32>
  return %y, %t : tensor<2x4xf32>, tensor<4x8xi32>
}

// CHECK-LABEL: @conv
// CHECK: nibble.sum_conv %{{.*}}, %{{.*}} encoding %{{.*}} {{{.*}}layout = #nibble.layout<nhwc>
// CHECK: nibble.sum_conv %{{.*}}, %{{.*}} {{{.*}}layout = #nibble.layout<nchw>{{.*}}zero_point = 7 : i32} : (tensor<?x3x8x8xui8>, tensor<4x3x3x3xi8>) -> tensor<?x4x8x8xi32>
func.func @conv(%x: tensor<?x8x8x3xui8>, %z: tensor<?x3x8x8xui8>, %w: tensor<4x3x3x3xi8>, %e: tensor<2xf32>) {
  %y = nibble.sum_conv %x, %w encoding %e {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : (tensor<?x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<2xf32>) -> tensor<?x8x8x4xi32>
  %n = nibble.sum_conv %z, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>, zero_point = 7 : i32}
      : (tensor<?x3x8x8xui8>, tensor<4x3x3x3xi8>) -> tensor<?x4x8x8xi32>
  return
}
