// RUN: nibble-opt %s --nibble-gptq="bits=4,2" --split-input-file | FileCheck %s
// RUN: nibble-opt %s --nibble-gptq="bits=4 centred=false" --split-input-file | FileCheck %s --check-prefix=RAW

// The last two inputs are always equal: 0.45 + 0.4 is best 1 + 0 or 0 + 1, where each by itself is rounded to 0.
// CHECK-LABEL: @together
// CHECK: nibble.matmul {{.*}}nibble.rounded = {int2 = [dense<{{.*}}> : tensor<3x1xi8>, array<f32: {{.*}}>], int4 = [dense<{{\[}}[7], [0], [1]]> : tensor<3x1xi8>, array<f32: 0.999660611>]}
func.func @together(%x: tensor<4x3xf32>) -> tensor<4x1xf32> {
  %w = nibble.constant dense<[[7.0], [0.45], [0.4]]> : tensor<3x1xf32> -> tensor<3x1xf32>
  %y = nibble.matmul %x, %w {nibble.moments = dense<[[[9.0, 0.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0],
      [0.0, 0.0, 0.0, 1.0]]]> : tensor<1x4x4xf32>} : tensor<4x3xf32>, tensor<3x1xf32> -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

// -----

// Each group has its own moments. An input that never changes is the bias's matter, if biases are corrected.
// CHECK-LABEL: @grouped
// CHECK: nibble.rounded = {int2 = {{.*}}, int4 = [dense<{{\[\[\[\[}}7, 0]]], {{\[\[\[}}1, 7]]]]> : tensor<2x1x1x2xi8>, array<f32: 1.000000e+00, 0.991999983>]}
// RAW-LABEL: @grouped
// RAW: nibble.rounded = {int4 =
func.func @grouped(%x: tensor<1x2x2x4xf32>) -> tensor<1x2x2x2xf32> {
  %w = nibble.constant dense<[[[[7.0, 0.4]]], [[[0.6, 7.0]]]]> : tensor<2x1x1x2xf32> -> tensor<2x1x1x2xf32>
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 2 : i64, layout = #nibble.layout<nhwc>, nibble.moments = dense<[[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0],
      [0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]> : tensor<2x3x3xf32>}
      : tensor<1x2x2x4xf32>, tensor<2x1x1x2xf32> -> tensor<1x2x2x2xf32>
  return %y : tensor<1x2x2x2xf32>
}

// -----

// No moments; moments of another shape; weights that are not finite.
// CHECK-LABEL: @negative
// CHECK-NOT: nibble.rounded
func.func @negative(%x: tensor<4x2xf32>) -> (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) {
  %w = nibble.constant dense<[[7.0], [0.4]]> : tensor<2x1xf32> -> tensor<2x1xf32>
  %n = nibble.constant dense<[[7.0], [0x7F800000]]> : tensor<2x1xf32> -> tensor<2x1xf32>
  %a = nibble.matmul %x, %w : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
  %b = nibble.matmul %x, %w {nibble.moments = dense<1.0> : tensor<1x2x2xf32>}
      : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
  %c = nibble.matmul %x, %n {nibble.moments = dense<1.0> : tensor<1x3x3xf32>}
      : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
  return %a, %b, %c : tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>
}
