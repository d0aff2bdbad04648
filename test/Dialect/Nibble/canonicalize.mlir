// RUN: nibble-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @reshape_of_reshape(
// CHECK-SAME: %[[X:.*]]: tensor<?x4x2xf32>)
// CHECK-NEXT: %[[Y:.*]] = nibble.reshape %[[X]] : tensor<?x4x2xf32> -> tensor<?x2x4xf32>
// CHECK-NEXT: return %[[Y]]
func.func @reshape_of_reshape(%x: tensor<?x4x2xf32>) -> tensor<?x2x4xf32> {
  %a = nibble.reshape %x : tensor<?x4x2xf32> -> tensor<?x8xf32>
  %y = nibble.reshape %a : tensor<?x8xf32> -> tensor<?x2x4xf32>
  return %y : tensor<?x2x4xf32>
}

// -----

// There and back is nothing.
// CHECK-LABEL: func.func @reshape_back(
// CHECK-SAME: %[[X:.*]]: tensor<4x2xf32>)
// CHECK-NEXT: return %[[X]]
func.func @reshape_back(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %a = nibble.reshape %x : tensor<4x2xf32> -> tensor<8xf32>
  %y = nibble.reshape %a : tensor<8xf32> -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

// CHECK-LABEL: func.func @transpose_of_transpose(
// CHECK-SAME: %[[X:.*]]: tensor<2x3x4xf32>)
// CHECK-NEXT: %[[Y:.*]] = nibble.transpose %[[X]] {permutation = array<i64: 2, 0, 1>} : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
// CHECK-NEXT: return %[[Y]]
func.func @transpose_of_transpose(%x: tensor<2x3x4xf32>) -> tensor<4x2x3xf32> {
  %a = nibble.transpose %x {permutation = array<i64: 1, 2, 0>} : tensor<2x3x4xf32> -> tensor<3x4x2xf32>
  %y = nibble.transpose %a {permutation = array<i64: 1, 2, 0>} : tensor<3x4x2xf32> -> tensor<4x2x3xf32>
  return %y : tensor<4x2x3xf32>
}

// -----

// CHECK-LABEL: func.func @transpose_back(
// CHECK-SAME: %[[X:.*]]: tensor<?x3x8x8xf32>)
// CHECK-NEXT: return %[[X]]
func.func @transpose_back(%x: tensor<?x3x8x8xf32>) -> tensor<?x3x8x8xf32> {
  %a = nibble.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>
  %y = nibble.transpose %a {permutation = array<i64: 0, 3, 1, 2>} : tensor<?x8x8x3xf32> -> tensor<?x3x8x8xf32>
  return %y : tensor<?x3x8x8xf32>
}

// -----

// The inner transpose stays where something else reads it.
// CHECK-LABEL: func.func @transpose_shared(
// CHECK: nibble.transpose
// CHECK-NEXT: return
func.func @transpose_shared(%x: tensor<2x3xf32>) -> (tensor<3x2xf32>, tensor<2x3xf32>) {
  %a = nibble.transpose %x {permutation = array<i64: 1, 0>} : tensor<2x3xf32> -> tensor<3x2xf32>
  %y = nibble.transpose %a {permutation = array<i64: 1, 0>} : tensor<3x2xf32> -> tensor<2x3xf32>
  return %a, %y : tensor<3x2xf32>, tensor<2x3xf32>
}

// -----

// Two requantizations round twice and stay, and so does a round trip through reals.
// CHECK-LABEL: func.func @roundings_stay(
// CHECK-COUNT-2: nibble.requantize
// CHECK: nibble.dequantize
// CHECK: nibble.quantize
func.func @roundings_stay(%x: tensor<4x!quant.uniform<u8:f32, 0.5:128>>)
    -> (tensor<4x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x!quant.uniform<u8:f32, 0.5:128>>) {
  %a = nibble.requantize %x : tensor<4x!quant.uniform<u8:f32, 0.5:128>> to tensor<4x!quant.uniform<u8:f32, 0.25:3>>
  %b = nibble.requantize %a : tensor<4x!quant.uniform<u8:f32, 0.25:3>> to tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  %c = nibble.dequantize %b : tensor<4x!quant.uniform<u8:f32, 0.5:128>> to tensor<4xf32>
  %d = nibble.quantize %c : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return %b, %d : tensor<4x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x!quant.uniform<u8:f32, 0.5:128>>
}

// -----

// Of reals a constant goes to the right; of quantized values the order decides ties.
// CHECK-LABEL: func.func @add_of_constant(
// CHECK: nibble.add %{{.*}}, %{{.*}} : tensor<4xf32>, tensor<1xf32> -> tensor<4xf32>
// CHECK: nibble.add %{{.*}}, %{{.*}} : tensor<1x!quant.uniform<u8:f32, 2.500000e-01>>, tensor<4x!quant.uniform<u8:f32, 5.000000e-01>>
func.func @add_of_constant(%x: tensor<4xf32>, %q: tensor<4x!quant.uniform<u8:f32, 0.5>>)
    -> (tensor<4xf32>, tensor<4x!quant.uniform<u8:f32, 0.5>>) {
  %c = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %d = nibble.constant dense<1> : tensor<1xui8> -> tensor<1x!quant.uniform<u8:f32, 0.25>>
  %y = nibble.add %c, %x : tensor<1xf32>, tensor<4xf32> -> tensor<4xf32>
  %z = nibble.add %d, %q : tensor<1x!quant.uniform<u8:f32, 0.25>>, tensor<4x!quant.uniform<u8:f32, 0.5>> -> tensor<4x!quant.uniform<u8:f32, 0.5>>
  return %y, %z : tensor<4xf32>, tensor<4x!quant.uniform<u8:f32, 0.5>>
}
