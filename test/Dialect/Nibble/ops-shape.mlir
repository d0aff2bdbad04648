// RUN: nibble-opt %s | nibble-opt | FileCheck %s

// What the printer makes of data movement, it reads again.

// CHECK-LABEL: func.func @reshape_dynamic(
// CHECK: nibble.reshape %{{.*}} : tensor<?x4x2xf32> -> tensor<?x8xf32>
func.func @reshape_dynamic(%x: tensor<?x4x2xf32>) {
  %y = nibble.reshape %x : tensor<?x4x2xf32> -> tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @reshape_to_scalar(
// CHECK: nibble.reshape %{{.*}} : tensor<1x1xf32> -> tensor<f32>
func.func @reshape_to_scalar(%x: tensor<1x1xf32>) {
  %y = nibble.reshape %x : tensor<1x1xf32> -> tensor<f32>
  return
}

// CHECK-LABEL: func.func @transpose_per_axis(
// CHECK: nibble.transpose %{{.*}} {permutation = array<i64: 1, 0>} : tensor<2x3x!quant.uniform<i8:f32:0, {5.000000e-01,2.500000e-01}>> -> tensor<3x2x!quant.uniform<i8:f32:1, {5.000000e-01,2.500000e-01}>>
func.func @transpose_per_axis(%x: tensor<2x3x!quant.uniform<i8:f32:0, {0.5,0.25}>>) {
  %y = nibble.transpose %x {permutation = array<i64: 1, 0>} : tensor<2x3x!quant.uniform<i8:f32:0, {0.5,0.25}>> -> tensor<3x2x!quant.uniform<i8:f32:1, {0.5,0.25}>>
  return
}

// CHECK-LABEL: func.func @concat(
// CHECK: nibble.concat %{{.*}}, %{{.*}} {axis = 1 : i64} : tensor<?x2xi64>, tensor<?x3xi64> -> tensor<?x5xi64>
func.func @concat(%a: tensor<?x2xi64>, %b: tensor<?x3xi64>) {
  %y = nibble.concat %a, %b {axis = 1 : i64} : tensor<?x2xi64>, tensor<?x3xi64> -> tensor<?x5xi64>
  return
}

// CHECK-LABEL: func.func @concat_quantized(
// CHECK: nibble.concat %{{.*}}, %{{.*}} {axis = 1 : i64, requant = #nibble.requant<fixed>} : tensor<1x2x!quant.uniform<u8:f32, 5.000000e-01:128>>, tensor<1x3x!quant.uniform<i8:f32, 2.500000e-01>> -> tensor<1x5x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @concat_quantized(%a: tensor<1x2x!quant.uniform<u8:f32, 0.5:128>>, %b: tensor<1x3x!quant.uniform<i8:f32, 0.25>>) {
  %y = nibble.concat %a, %b {axis = 1 : i64, requant = #nibble.requant<fixed>} : tensor<1x2x!quant.uniform<u8:f32, 0.5:128>>, tensor<1x3x!quant.uniform<i8:f32, 0.25>> -> tensor<1x5x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @slice(
// CHECK: nibble.slice %{{.*}} {starts = array<i64: 0, 9>, steps = array<i64: 1, -3>} : tensor<?x10xf32> -> tensor<?x2xf32>
func.func @slice(%x: tensor<?x10xf32>) {
  %y = nibble.slice %x {starts = array<i64: 0, 9>, steps = array<i64: 1, -3>} : tensor<?x10xf32> -> tensor<?x2xf32>
  return
}

// CHECK-LABEL: func.func @pad(
// CHECK: nibble.pad %{{.*}} {high = array<i64: 0, 2>, low = array<i64: 0, 1>, mode = #nibble.pad_mode<constant>, value = 1.500000e+00 : f64} : tensor<?x3x!quant.uniform<u8:f32, 5.000000e-01:128>> -> tensor<?x6x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @pad(%x: tensor<?x3x!quant.uniform<u8:f32, 0.5:128>>) {
  %y = nibble.pad %x {low = array<i64: 0, 1>, high = array<i64: 0, 2>, mode = #nibble.pad_mode<constant>, value = 1.5 : f64} : tensor<?x3x!quant.uniform<u8:f32, 0.5:128>> -> tensor<?x6x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @pad_reflect(
// CHECK: nibble.pad %{{.*}} {high = array<i64: 0, 1>, low = array<i64: 0, 1>, mode = #nibble.pad_mode<reflect>} : tensor<2x3xf32> -> tensor<2x5xf32>
func.func @pad_reflect(%x: tensor<2x3xf32>) {
  %y = nibble.pad %x {low = array<i64: 0, 1>, high = array<i64: 0, 1>, mode = #nibble.pad_mode<reflect>} : tensor<2x3xf32> -> tensor<2x5xf32>
  return
}

// CHECK-LABEL: func.func @resize_nearest(
// CHECK: nibble.resize_nearest %{{.*}} {axes = array<i64: 1>, indices = array<i64: 0, 0, 1, 1>} : tensor<?x2xf32> -> tensor<?x4xf32>
func.func @resize_nearest(%x: tensor<?x2xf32>) {
  %y = nibble.resize_nearest %x {axes = array<i64: 1>, indices = array<i64: 0, 0, 1, 1>} : tensor<?x2xf32> -> tensor<?x4xf32>
  return
}
