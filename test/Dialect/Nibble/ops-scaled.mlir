// RUN: nibble-opt %s | nibble-opt | FileCheck %s

// The operations print and parse.

// CHECK-LABEL: @dynamic
// CHECK: nibble.dynamic_scale %{{.*}} {levels = 127 : i32, row_dims = 2 : i64} : tensor<2x3x8xf32> -> tensor<2x3xf32>
// CHECK: nibble.dynamic_quantize %{{.*}}, %{{.*}} : tensor<2x3x8xf32>, tensor<2x3xf32> -> tensor<2x3x8xi8>
// CHECK: nibble.scaled_matmul %{{.*}}, %{{.*}}, %{{.*}} rows %{{.*}} : (tensor<2x3x8xi8>, tensor<8x4xi8>, tensor<4xf32>, tensor<2x3xf32>) -> tensor<2x3x4xf32>
func.func @dynamic(%x: tensor<2x3x8xf32>, %w: tensor<8x4xi8>, %m: tensor<4xf32>) -> tensor<2x3x4xf32> {
  %s = nibble.dynamic_scale %x {row_dims = 2 : i64, levels = 127 : i32} : tensor<2x3x8xf32> -> tensor<2x3xf32>
  %q = nibble.dynamic_quantize %x, %s : tensor<2x3x8xf32>, tensor<2x3xf32> -> tensor<2x3x8xi8>
  %y = nibble.scaled_matmul %q, %w, %m rows %s
      : (tensor<2x3x8xi8>, tensor<8x4xi8>, tensor<4xf32>, tensor<2x3xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// Samples need not be counted at compile time.
// CHECK-LABEL: @images
// CHECK: nibble.scaled_conv %{{.*}}, %{{.*}}, %{{.*}} bias %{{.*}} rows %{{.*}} {
func.func @images(%x: tensor<?x8x8x3xf32>, %w: tensor<4x3x3x3xi8>, %m: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<?x8x8x4xf32> {
  %s = nibble.dynamic_scale %x {row_dims = 1 : i64, levels = 255 : i32} : tensor<?x8x8x3xf32> -> tensor<?xf32>
  %q = nibble.dynamic_quantize %x, %s : tensor<?x8x8x3xf32>, tensor<?xf32> -> tensor<?x8x8x3xui8>
  %y = nibble.scaled_conv %q, %w, %m bias %b rows %s {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>,
      dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (tensor<?x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xf32>, tensor<4xf32>, tensor<?xf32>) -> tensor<?x8x8x4xf32>
  return %y : tensor<?x8x8x4xf32>
}

// CHECK-LABEL: @weight_only
// CHECK: nibble.scaled_matmul %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x8xf32>, tensor<8x4xi8>, tensor<4xf32>) -> tensor<2x4xf32>
func.func @weight_only(%x: tensor<2x8xf32>, %w: tensor<8x4xi8>, %m: tensor<4xf32>) -> tensor<2x4xf32> {
  %y = nibble.scaled_matmul %x, %w, %m : (tensor<2x8xf32>, tensor<8x4xi8>, tensor<4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// CHECK-LABEL: @two_values
// CHECK: nibble.dynamic_matmul %{{.*}}, %{{.*}} rows %{{.*}} : (tensor<2x3x8xui8>, tensor<1x8x?xf32>, tensor<2x3xf32>) -> tensor<2x3x?xf32>
func.func @two_values(%q: tensor<2x3x8xui8>, %v: tensor<1x8x?xf32>, %s: tensor<2x3xf32>) -> tensor<2x3x?xf32> {
  %y = nibble.dynamic_matmul %q, %v rows %s : (tensor<2x3x8xui8>, tensor<1x8x?xf32>, tensor<2x3xf32>) -> tensor<2x3x?xf32>
  return %y : tensor<2x3x?xf32>
}
