// Weights of 4 and 2 bits: the range, the clip with the least squared error, and that the folded graph holds the same.
// RUN: nibble-opt %s --nibble-quantize-ops | FileCheck %s
// RUN: nibble-opt %s --nibble-quantize-ops --nibble-fold-zero-points | FileCheck %s --check-prefix=FOLD

// CHECK-LABEL: func @int4
// CHECK: nibble.constant dense<{{\[\[}}7], [-4], [3], [0]]> : tensor<4x1xi8> -> tensor<4x1x!quant.uniform<i4<-7:7>:f32:1, {1.000000e+00}>>
// CHECK: nibble.constant dense<4> : tensor<1xi32> -> tensor<1x!quant.uniform<i32:f32:0, {5.000000e-01}>>
// FOLD-LABEL: func @int4
// FOLD: nibble.int_matmul
func.func @int4(%x: tensor<4x4x!quant.uniform<u8:f32, 0.5>>) -> tensor<4x1x!quant.uniform<u8:f32, 0.25>> {
  %w = nibble.constant dense<[[7.0], [-4.0], [3.0], [0.25]]> : tensor<4x1xf32> -> tensor<4x1xf32>
  %b = nibble.constant dense<2.0> : tensor<1xf32> -> tensor<1xf32>
  %d = nibble.dequantize %x : tensor<4x4x!quant.uniform<u8:f32, 0.5>> to tensor<4x4xf32>
  %m = nibble.matmul %d, %w bias %b {nibble.weights = "int4"} : tensor<4x4xf32>, tensor<4x1xf32>, tensor<1xf32> -> tensor<4x1xf32>
  %y = nibble.quantize %m : tensor<4x1xf32> to tensor<4x1x!quant.uniform<u8:f32, 0.25>>
  return %y : tensor<4x1x!quant.uniform<u8:f32, 0.25>>
}
// The large weight is cut: with scale 4 all others would become 0.
// CHECK-LABEL: func @int2
// CHECK: nibble.constant dense<{{\[\[}}1], [-1], [1], [1]]> : tensor<4x1xi8> -> tensor<4x1x!quant.uniform<i2<-1:1>:f32:1, {2.500000e+00}>>
func.func @int2(%x: tensor<4x4x!quant.uniform<u8:f32, 0.5>>) -> tensor<4x1x!quant.uniform<u8:f32, 0.25>> {
  %w = nibble.constant dense<[[4.0], [-2.0], [2.0], [2.0]]> : tensor<4x1xf32> -> tensor<4x1xf32>
  %d = nibble.dequantize %x : tensor<4x4x!quant.uniform<u8:f32, 0.5>> to tensor<4x4xf32>
  %m = nibble.matmul %d, %w {nibble.weights = "int2"} : tensor<4x4xf32>, tensor<4x1xf32> -> tensor<4x1xf32>
  %y = nibble.quantize %m : tensor<4x1xf32> to tensor<4x1x!quant.uniform<u8:f32, 0.25>>
  return %y : tensor<4x1x!quant.uniform<u8:f32, 0.25>>
}
