// RUN: nibble-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @identities(
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>, %[[Q:.*]]: tensor
// CHECK-NEXT: return %[[X]], %[[X]], %[[Q]]
func.func @identities(%x: tensor<?x4xf32>, %q: tensor<4x!quant.uniform<u8:f32, 0.5:128>>)
    -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<4x!quant.uniform<u8:f32, 0.5:128>>) {
  %a = nibble.reshape %x : tensor<?x4xf32> -> tensor<?x4xf32>
  %b = nibble.transpose %x {permutation = array<i64: 0, 1>} : tensor<?x4xf32> -> tensor<?x4xf32>
  %c = nibble.requantize %q : tensor<4x!quant.uniform<u8:f32, 0.5:128>> to tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return %a, %b, %c : tensor<?x4xf32>, tensor<?x4xf32>, tensor<4x!quant.uniform<u8:f32, 0.5:128>>
}

// -----

// CHECK-LABEL: func.func @transpose_constant(
// CHECK-DAG: nibble.constant dense<{{\[\[}}1, 4], [2, 5], [3, 6]]> : tensor<3x2xui8> -> tensor<3x2xui8>
// CHECK-DAG: nibble.constant dense<7> : tensor<3x2xi8> -> tensor<3x2x!quant.uniform<i8:f32:1, {5.000000e-01,2.500000e-01}>>
// CHECK-NEXT: return
func.func @transpose_constant() -> (tensor<3x2xui8>, tensor<3x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>>) {
  %x = nibble.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xui8> -> tensor<2x3xui8>
  %a = nibble.transpose %x {permutation = array<i64: 1, 0>} : tensor<2x3xui8> -> tensor<3x2xui8>
  %s = nibble.constant dense<7> : tensor<2x3xi8> -> tensor<2x3x!quant.uniform<i8:f32:0, {0.5, 0.25}>>
  %b = nibble.transpose %s {permutation = array<i64: 1, 0>} : tensor<2x3x!quant.uniform<i8:f32:0, {0.5, 0.25}>> -> tensor<3x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>>
  return %a, %b : tensor<3x2xui8>, tensor<3x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>>
}

// -----

// CHECK-LABEL: func.func @reshape_constant(
// CHECK-NEXT: %[[Y:.*]] = nibble.constant dense<[1, 2, 3, 4]> : tensor<4xi8> -> tensor<4x!quant.uniform<i8:f32, 5.000000e-01>>
// CHECK-NEXT: return %[[Y]]
func.func @reshape_constant() -> tensor<4x!quant.uniform<i8:f32, 0.5>> {
  %x = nibble.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8> -> tensor<2x2x!quant.uniform<i8:f32, 0.5>>
  %a = nibble.reshape %x : tensor<2x2x!quant.uniform<i8:f32, 0.5>> -> tensor<4x!quant.uniform<i8:f32, 0.5>>
  return %a : tensor<4x!quant.uniform<i8:f32, 0.5>>
}

// -----

// Weights in dense resources fold too, into a resource of the same bytes.
// CHECK-LABEL: func.func @reshape_resource(
// CHECK-NEXT: %[[Y:.*]] = nibble.constant dense_resource<weight> : tensor<2xf32> -> tensor<2xf32>
// CHECK-NEXT: return %[[Y]]
func.func @reshape_resource() -> tensor<2xf32> {
  %x = nibble.constant dense_resource<weight> : tensor<1x2xf32> -> tensor<1x2xf32>
  %a = nibble.reshape %x : tensor<1x2xf32> -> tensor<2xf32>
  return %a : tensor<2xf32>
}

{-#
  dialect_resources: {
    builtin: {
      weight: "0x040000000000803F00000040"
    }
  }
#-}

// -----

// Per axis, with ties to even, a NaN and values beyond the range.
// CHECK-LABEL: func.func @quantize_constant(
// CHECK-NEXT: %[[Y:.*]] = nibble.constant dense<{{\[\[}}2, -126, 0], [6, 127, 1]]> : tensor<2x3xi8>
// CHECK-NEXT: return %[[Y]]
func.func @quantize_constant() -> tensor<2x3x!quant.uniform<i8<-126:127>:f32:0, {0.5, 0.25:1}>> {
  %x = nibble.constant dense<[[1.25, -1000.0, 0x7FC00000], [1.25, 1000.0, 0.125]]> : tensor<2x3xf32> -> tensor<2x3xf32>
  %q = nibble.quantize %x : tensor<2x3xf32> to tensor<2x3x!quant.uniform<i8<-126:127>:f32:0, {0.5, 0.25:1}>>
  return %q : tensor<2x3x!quant.uniform<i8<-126:127>:f32:0, {0.5, 0.25:1}>>
}

// -----

// CHECK-LABEL: func.func @quantize_bias(
// CHECK-NEXT: %[[Y:.*]] = nibble.constant dense<[2000000, 0]> : tensor<2xi32>
// CHECK-NEXT: return %[[Y]]
func.func @quantize_bias() -> tensor<2x!quant.uniform<i32:f32, 0.5>> {
  %x = nibble.constant dense<[1.0e+6, 0.25]> : tensor<2xf32> -> tensor<2xf32>
  %q = nibble.quantize %x : tensor<2xf32> to tensor<2x!quant.uniform<i32:f32, 0.5>>
  return %q : tensor<2x!quant.uniform<i32:f32, 0.5>>
}
