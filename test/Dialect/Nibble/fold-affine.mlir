// RUN: nibble-opt %s --nibble-fold-affine --split-input-file | FileCheck %s

// CHECK-LABEL: @matmul_bias
// CHECK: nibble.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00]> : tensor<3xf32>
// CHECK: nibble.matmul %{{.*}}, %{{.*}} bias %{{.*}} : tensor<2x2xf32>, tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
// CHECK-NOT: nibble.add
func.func @matmul_bias(%x: tensor<2x2xf32>) -> tensor<2x3xf32> {
  %w = nibble.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32> -> tensor<2x3xf32>
  %b = nibble.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32> -> tensor<3xf32>
  %m = nibble.matmul %x, %w : tensor<2x2xf32>, tensor<2x3xf32> -> tensor<2x3xf32>
  %y = nibble.add %m, %b : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// ((x * w) / 2 - 1), then 4 - that: w becomes -w / 2, the bias 5.
// CHECK-LABEL: @chain
// CHECK-DAG: nibble.constant dense<{{.*}}-5.000000e-01, -1.000000e+00{{.*}}> : tensor<1x2xf32>
// CHECK-DAG: nibble.constant dense<5.000000e+00> : tensor<2xf32>
// CHECK: nibble.matmul
// CHECK-NEXT: return
func.func @chain(%x: tensor<2x1xf32>) -> tensor<2x2xf32> {
  %w = nibble.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32> -> tensor<1x2xf32>
  %one = nibble.constant dense<1.0> : tensor<f32> -> tensor<f32>
  %two = nibble.constant dense<2.0> : tensor<1x1xf32> -> tensor<1x1xf32>
  %four = nibble.constant dense<4.0> : tensor<f32> -> tensor<f32>
  %m = nibble.matmul %x, %w : tensor<2x1xf32>, tensor<1x2xf32> -> tensor<2x2xf32>
  %d = nibble.div %m, %two : tensor<2x2xf32>, tensor<1x1xf32> -> tensor<2x2xf32>
  %s = nibble.sub %d, %one : tensor<2x2xf32>, tensor<f32> -> tensor<2x2xf32>
  %y = nibble.sub %four, %s : tensor<f32>, tensor<2x2xf32> -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

// A constant that varies along the rows, a reciprocal and a division by zero stay.
// CHECK-LABEL: @negative
// CHECK: nibble.add
// CHECK: nibble.div
// CHECK: nibble.div
func.func @negative(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = nibble.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  %rows = nibble.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32> -> tensor<2x1xf32>
  %zero = nibble.constant dense<0.0> : tensor<f32> -> tensor<f32>
  %m = nibble.matmul %x, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %a = nibble.add %m, %rows : tensor<2x2xf32>, tensor<2x1xf32> -> tensor<2x2xf32>
  %n = nibble.matmul %a, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %d = nibble.div %n, %zero : tensor<2x2xf32>, tensor<f32> -> tensor<2x2xf32>
  %o = nibble.matmul %d, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.div %zero, %o : tensor<f32>, tensor<2x2xf32> -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
