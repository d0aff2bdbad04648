// RUN: nibble-opt %s | FileCheck %s

// The printed forms of norms, softmax and rows by indices.

// CHECK-LABEL: func.func @norm(
// CHECK: nibble.norm %{{.*}} scale %{{.*}} bias %{{.*}} {axis = 1 : i64, epsilon = 9.99999974E-6 : f32, kind = #nibble.norm_kind<layer>} : (tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
func.func @norm(%x: tensor<?x8xf32>, %p: tensor<8xf32>) {
  %y = nibble.norm %x scale %p bias %p {kind = #nibble.norm_kind<layer>, axis = 1 : i64, epsilon = 1.0e-5 : f32} : (tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @norm_quantized(
// CHECK: nibble.norm %{{.*}} bias %{{.*}} {axis = 1 : i64, epsilon = 0.000000e+00 : f32, kind = #nibble.norm_kind<rms>} : (tensor<2x4x2x!quant.uniform<u8:f32, 5.000000e-01:128>>, tensor<4x2xf32>) -> tensor<2x4x2x!quant.uniform<i8:f32, 2.500000e-01>>
func.func @norm_quantized(%x: tensor<2x4x2x!quant.uniform<u8:f32, 0.5:128>>, %b: tensor<4x2xf32>) {
  %y = nibble.norm %x bias %b {kind = #nibble.norm_kind<rms>, axis = 1 : i64, epsilon = 0.0 : f32} : (tensor<2x4x2x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x2xf32>) -> tensor<2x4x2x!quant.uniform<i8:f32, 0.25>>
  return
}

// CHECK-LABEL: func.func @softmax(
// CHECK: nibble.softmax %{{.*}} {axis = 1 : i64} : tensor<?x10x!quant.uniform<u8:f32, 5.000000e-01:128>> -> tensor<?x10x!quant.uniform<u8:f32, 3.906250e-03>>
func.func @softmax(%x: tensor<?x10x!quant.uniform<u8:f32, 0.5:128>>) {
  %y = nibble.softmax %x {axis = 1 : i64} : tensor<?x10x!quant.uniform<u8:f32, 0.5:128>> -> tensor<?x10x!quant.uniform<u8:f32, 0.00390625>>
  return
}

// CHECK-LABEL: func.func @softmax_mask(
// CHECK: nibble.softmax %{{.*}} mask %{{.*}} {axis = 2 : i64, scale = 1.250000e-01 : f32} : tensor<2x4x10xf32>, tensor<4x1xf32> -> tensor<2x4x10xf32>
func.func @softmax_mask(%x: tensor<2x4x10xf32>, %m: tensor<4x1xf32>) {
  %y = nibble.softmax %x mask %m {axis = 2 : i64, scale = 0.125 : f32} : tensor<2x4x10xf32>, tensor<4x1xf32> -> tensor<2x4x10xf32>
  return
}

// CHECK-LABEL: func.func @gather_rows(
// CHECK: nibble.gather_rows %{{.*}}, %{{.*}} : (tensor<9x4x!quant.uniform<u8:f32, 5.000000e-01:128>>, tensor<?x2xi64>) -> tensor<?x2x4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @gather_rows(%t: tensor<9x4x!quant.uniform<u8:f32, 0.5:128>>, %i: tensor<?x2xi64>) {
  %y = nibble.gather_rows %t, %i : (tensor<9x4x!quant.uniform<u8:f32, 0.5:128>>, tensor<?x2xi64>) -> tensor<?x2x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @gather_rows_scaled(
// CHECK: nibble.gather_rows %{{.*}}, %{{.*}} scale %{{.*}} : (tensor<9x4xi8>, tensor<2xi32>, tensor<9xf32>) -> tensor<2x4xf32>
func.func @gather_rows_scaled(%t: tensor<9x4xi8>, %i: tensor<2xi32>, %s: tensor<9xf32>) {
  %y = nibble.gather_rows %t, %i scale %s : (tensor<9x4xi8>, tensor<2xi32>, tensor<9xf32>) -> tensor<2x4xf32>
  return
}
