// RUN: nibble-opt %s --nibble-store-weights --split-input-file | FileCheck %s

// CHECK-LABEL: @matmul
// CHECK: %[[Q:.*]] = nibble.constant dense<{{\[}}[7], [0]]> : tensor<2x1xi8> -> tensor<2x1x!quant.uniform<i4<-7:7>:f32:1, {1.000000e+00}>>
// CHECK: %[[W:.*]] = nibble.dequantize %[[Q]]
// CHECK: nibble.matmul %{{.*}}, %[[W]] {nibble.weights = "int4"}
func.func @matmul(%x: tensor<4x2xf32>) -> tensor<4x1xf32> {
  %w = nibble.constant dense<[[7.0], [0.4]]> : tensor<2x1xf32> -> tensor<2x1xf32>
  %y = nibble.matmul %x, %w {nibble.weights = "int4", nibble.moments = dense<1.0> : tensor<1x3x3xf32>, nibble.rounded =
      {int4 = [dense<[[7], [0]]> : tensor<2x1xi8>, array<f32: 1.0>]}} : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

// -----

// Factors make bytes of the values: the group is noted for whoever packs them.
// CHECK-LABEL: @groups
// CHECK: %[[Q:.*]] = nibble.constant dense<{{\[}}[126], [-3]]> : tensor<2x1xi8> -> tensor<2x1x!quant.uniform<i8<-127:127>:f32:1, {5.000000e-01}>>
// CHECK: %[[W:.*]] = nibble.dequantize %[[Q]]
// CHECK: nibble.matmul %{{.*}}, %[[W]] {nibble.weight_group = 1 : i64, nibble.weights = "int4"}
func.func @groups(%x: tensor<4x2xf32>) -> tensor<4x1xf32> {
  %w = nibble.constant dense<[[63.0], [-1.5]]> : tensor<2x1xf32> -> tensor<2x1xf32>
  %y = nibble.matmul %x, %w {nibble.weights = "int4", nibble.rounded =
      {int4 = [dense<[[126], [-3]]> : tensor<2x1xi8>, array<f32: 0.5>, 1 : i64]}}
      : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

// -----

// Planned in 8 bits; planned in float. The attributes go.
// CHECK-LABEL: @negative
// CHECK-NOT: dequantize
// CHECK-NOT: nibble.rounded
func.func @negative(%x: tensor<4x2xf32>) -> (tensor<4x1xf32>, tensor<4x1xf32>) {
  %w = nibble.constant dense<[[7.0], [0.4]]> : tensor<2x1xf32> -> tensor<2x1xf32>
  %a = nibble.matmul %x, %w {nibble.rounded = {int4 = [dense<[[7], [0]]> : tensor<2x1xi8>, array<f32: 1.0>]}}
      : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
  %b = nibble.matmul %x, %w {nibble.weights = "int4", nibble.precision = "float", nibble.rounded =
      {int4 = [dense<[[7], [0]]> : tensor<2x1xi8>, array<f32: 1.0>]}} : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
  return %a, %b : tensor<4x1xf32>, tensor<4x1xf32>
}
