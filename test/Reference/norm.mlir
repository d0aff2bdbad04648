// RUN: nibble-interpret %s | FileCheck %s

// CHECK-LABEL: @batch_norm
// CHECK-NEXT: [1, 2, 2] f32 = [4, 6, -3, -2]
func.func @batch_norm() -> tensor<1x2x2xf32> {
  %x = nibble.constant dense<[[[1.0, 2.0], [0.0, 2.0]]]> : tensor<1x2x2xf32> -> tensor<1x2x2xf32>
  %s = nibble.constant dense<[4.0, 1.0]> : tensor<2xf32> -> tensor<2xf32>
  %b = nibble.constant dense<[2.0, -3.0]> : tensor<2xf32> -> tensor<2xf32>
  %m = nibble.constant dense<0.0> : tensor<2xf32> -> tensor<2xf32>
  %v = nibble.constant dense<3.75> : tensor<2xf32> -> tensor<2xf32>
  %y = nibble.batch_norm %x, %s, %b, %m, %v {epsilon = 0.25 : f32}
      : tensor<1x2x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32> -> tensor<1x2x2xf32>
  return %y : tensor<1x2x2xf32>
}

// Along the first axis; large values do not overflow; equal ones share.
// CHECK-LABEL: @softmax
// CHECK-NEXT: [2, 3] f32 = [0.5, 1, 0.119202919, 0.5, 0, 0.880797029]
func.func @softmax() -> tensor<2x3xf32> {
  %x = nibble.constant dense<[[1000.0, 500.0, 1.0], [1000.0, -500.0, 3.0]]> : tensor<2x3xf32> -> tensor<2x3xf32>
  %y = nibble.softmax %x {axis = 0 : i64} : tensor<2x3xf32> -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: @softmax_quantized
// CHECK-NEXT: [1, 3] {{.*}} = [85, 85, 85]
func.func @softmax_quantized() -> tensor<1x3x!quant.uniform<u8:f32, 0.00390625:0>> {
  %x = nibble.constant dense<7> : tensor<1x3xui8> -> tensor<1x3x!quant.uniform<u8:f32, 0.5:128>>
  %y = nibble.softmax %x {axis = 1 : i64} : tensor<1x3x!quant.uniform<u8:f32, 0.5:128>> -> tensor<1x3x!quant.uniform<u8:f32, 0.00390625:0>>
  return %y : tensor<1x3x!quant.uniform<u8:f32, 0.00390625:0>>
}

// CHECK-LABEL: @reduce_kinds
// CHECK-NEXT: [1, 3] f32 = [5, 7, 9]
// CHECK-NEXT: [2] f32 = [2, 5]
// CHECK-NEXT: [] f32 = [6]
// CHECK-NEXT: [2, 1] f32 = [1, 4]
// CHECK-NEXT: [3] f32 = [4, 10, 18]
func.func @reduce_kinds() -> (tensor<1x3xf32>, tensor<2xf32>, tensor<f32>, tensor<2x1xf32>, tensor<3xf32>) {
  %x = nibble.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32> -> tensor<2x3xf32>
  %a = nibble.reduce %x {kind = #nibble.reduce_kind<sum>, axes = array<i64: 0>, keep_dims} : tensor<2x3xf32> -> tensor<1x3xf32>
  %b = nibble.reduce %x {kind = #nibble.reduce_kind<mean>, axes = array<i64: 1>} : tensor<2x3xf32> -> tensor<2xf32>
  %c = nibble.reduce %x {kind = #nibble.reduce_kind<max>, axes = array<i64: 0, 1>} : tensor<2x3xf32> -> tensor<f32>
  %d = nibble.reduce %x {kind = #nibble.reduce_kind<min>, axes = array<i64: 1>, keep_dims} : tensor<2x3xf32> -> tensor<2x1xf32>
  %e = nibble.reduce %x {kind = #nibble.reduce_kind<prod>, axes = array<i64: 0>} : tensor<2x3xf32> -> tensor<3xf32>
  return %a, %b, %c, %d, %e : tensor<1x3xf32>, tensor<2xf32>, tensor<f32>, tensor<2x1xf32>, tensor<3xf32>
}

// 17 elements: lane 0 adds the first and the last, 2^24 - 2^24, before the ones meet them. In order the sum would be 1.
// CHECK-LABEL: @reduce_lanes
// CHECK-NEXT: [] f32 = [15]
func.func @reduce_lanes() -> tensor<f32> {
  %x = nibble.constant dense<[16777216.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -16777216.0]> : tensor<17xf32> -> tensor<17xf32>
  %a = nibble.reduce %x {kind = #nibble.reduce_kind<sum>, axes = array<i64: 0>} : tensor<17xf32> -> tensor<f32>
  return %a : tensor<f32>
}

// CHECK-LABEL: @reduce_nothing
// CHECK-NEXT: [2] f32 = [0, 0]
// CHECK-NEXT: [2] f32 = [-inf, -inf]
func.func @reduce_nothing() -> (tensor<2xf32>, tensor<2xf32>) {
  %x = nibble.constant dense<0.0> : tensor<2x0xf32> -> tensor<2x0xf32>
  %a = nibble.reduce %x {kind = #nibble.reduce_kind<sum>, axes = array<i64: 1>} : tensor<2x0xf32> -> tensor<2xf32>
  %b = nibble.reduce %x {kind = #nibble.reduce_kind<max>, axes = array<i64: 1>} : tensor<2x0xf32> -> tensor<2xf32>
  return %a, %b : tensor<2xf32>, tensor<2xf32>
}

// The mask takes the largest value away, the scale makes the others two steps apart.
// CHECK-LABEL: @softmax_masked
// CHECK-NEXT: [1, 3] f32 = [0.119202919, 0.880797029, 0]
// CHECK-NEXT: [1, 3] {{.*}} = [31, 225, 0]
func.func @softmax_masked() -> (tensor<1x3xf32>, tensor<1x3x!quant.uniform<u8:f32, 0.00390625:0>>) {
  %x = nibble.constant dense<[[1.0, 5.0, 9.0]]> : tensor<1x3xf32> -> tensor<1x3xf32>
  %q = nibble.constant dense<[[2, 10, 18]]> : tensor<1x3xui8> -> tensor<1x3x!quant.uniform<u8:f32, 0.5>>
  %m = nibble.constant dense<[0.0, 0.0, -10000.0]> : tensor<3xf32> -> tensor<3xf32>
  %y = nibble.softmax %x mask %m {axis = 1 : i64, scale = 0.5 : f32} : tensor<1x3xf32>, tensor<3xf32> -> tensor<1x3xf32>
  %z = nibble.softmax %q mask %m {axis = 1 : i64, scale = 0.5 : f32} : tensor<1x3x!quant.uniform<u8:f32, 0.5>>, tensor<3xf32> -> tensor<1x3x!quant.uniform<u8:f32, 0.00390625:0>>
  return %y, %z : tensor<1x3xf32>, tensor<1x3x!quant.uniform<u8:f32, 0.00390625:0>>
}

// Deviations of 3 and, from 0, of 4.
// CHECK-LABEL: @norms
// CHECK-NEXT: [2, 2] f32 = [-1, 1, 3, -2]
// CHECK-NEXT: [2, 2] f32 = [-1, 1, 1, -1]
// CHECK-NEXT: [1, 2] f32 = [1, -0.5]
// CHECK-NEXT: [1, 2] {{.*}} = [130, 126]
func.func @norms() -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<1x2xf32>, tensor<1x2x!quant.uniform<u8:f32, 0.5:128>>) {
  %x = nibble.constant dense<[[2.0, 8.0], [7.0, 1.0]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  %s = nibble.constant dense<[2.0, 1.5]> : tensor<2xf32> -> tensor<2xf32>
  %b = nibble.constant dense<[1.0, -0.5]> : tensor<2xf32> -> tensor<2xf32>
  %a = nibble.norm %x scale %s bias %b {kind = #nibble.norm_kind<layer>, axis = 1 : i64, epsilon = 0.0 : f32} : (tensor<2x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %c = nibble.norm %x {kind = #nibble.norm_kind<layer>, axis = 1 : i64, epsilon = 0.0 : f32} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %z = nibble.constant dense<[[0.0, 0.0]]> : tensor<1x2xf32> -> tensor<1x2xf32>
  %d = nibble.norm %z bias %b {kind = #nibble.norm_kind<rms>, axis = 1 : i64, epsilon = 0.25 : f32} : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %q = nibble.constant dense<[[136, 120]]> : tensor<1x2xui8> -> tensor<1x2x!quant.uniform<u8:f32, 0.5:128>>
  %e = nibble.norm %q {kind = #nibble.norm_kind<rms>, axis = 1 : i64, epsilon = 0.0 : f32} : (tensor<1x2x!quant.uniform<u8:f32, 0.5:128>>) -> tensor<1x2x!quant.uniform<u8:f32, 0.5:128>>
  return %a, %c, %d, %e : tensor<2x2xf32>, tensor<2x2xf32>, tensor<1x2xf32>, tensor<1x2x!quant.uniform<u8:f32, 0.5:128>>
}

