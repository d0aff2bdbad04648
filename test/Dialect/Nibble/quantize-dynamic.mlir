// RUN: nibble-opt %s --nibble-quantize-dynamic | FileCheck %s
// RUN: nibble-opt %s --nibble-quantize-dynamic=signed=true | FileCheck %s --check-prefix=SIGNED
// RUN: nibble-opt %s --nibble-quantize-dynamic=per-tensor=true | FileCheck %s --check-prefix=TENSOR

// Tokens are rows. Weights get a scale a column, or one.
// CHECK-LABEL: @matmul
// CHECK-DAG: %[[W:.*]] = nibble.constant dense<{{\[}}[127, -64], [-32, 127]]> : tensor<2x2xi8>
// CHECK-DAG: %[[M:.*]] = nibble.constant dense<[1.000000e+00, 5.000000e-01]> : tensor<2xf32>
// CHECK: %[[S:.*]] = nibble.dynamic_scale %arg0 {levels = 127 : i32, row_dims = 2 : i64} : tensor<?x3x2xf32> -> tensor<?x3xf32>
// CHECK: %[[Q:.*]] = nibble.dynamic_quantize %arg0, %[[S]] : tensor<?x3x2xf32>, tensor<?x3xf32> -> tensor<?x3x2xi8>
// CHECK: nibble.scaled_matmul %[[Q]], %[[W]], %[[M]] bias %{{.*}} rows %[[S]]
// TENSOR: nibble.constant dense<1.000000e+00> : tensor<2xf32>
func.func @matmul(%x: tensor<?x3x2xf32>) -> tensor<?x3x2xf32> {
  %w = nibble.constant dense<[[127.0, -32.0], [-32.0, 63.5]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  %b = nibble.constant dense<3.0> : tensor<2xf32> -> tensor<2xf32>
  %y = nibble.matmul %x, %w bias %b {nibble.precision = "dynamic"} : tensor<?x3x2xf32>, tensor<2x2xf32>, tensor<2xf32> -> tensor<?x3x2xf32>
  return %y : tensor<?x3x2xf32>
}

// Samples are rows. Nothing behind a relu is negative, also where it was moved, pooled and added.
// CHECK-LABEL: @conv
// CHECK: nibble.dynamic_scale %arg0 {levels = 127 : i32, row_dims = 1 : i64} : tensor<1x4x4x1xf32> -> tensor<1xf32>
// CHECK: nibble.scaled_conv
// CHECK: nibble.dynamic_scale %{{.*}} {levels = 255 : i32, row_dims = 1 : i64}
// CHECK: nibble.dynamic_quantize {{.*}} -> tensor<1x2x2x1xui8>
// SIGNED-LABEL: @conv
// SIGNED-NOT: levels = 255
// SIGNED: return
func.func @conv(%x: tensor<1x4x4x1xf32>) -> tensor<1x2x2x1xf32> {
  %w = nibble.constant dense<1.0> : tensor<1x1x1x1xf32> -> tensor<1x1x1x1xf32>
  %c = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>, nibble.precision = "dynamic"} : tensor<1x4x4x1xf32>, tensor<1x1x1x1xf32> -> tensor<1x4x4x1xf32>
  %r = nibble.relu %c : tensor<1x4x4x1xf32> -> tensor<1x4x4x1xf32>
  %p = nibble.max_pool %r {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>} : tensor<1x4x4x1xf32> -> tensor<1x2x2x1xf32>
  %a = nibble.add %p, %p : tensor<1x2x2x1xf32>, tensor<1x2x2x1xf32> -> tensor<1x2x2x1xf32>
  %y = nibble.conv %a, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>, nibble.precision = "dynamic"} : tensor<1x2x2x1xf32>, tensor<1x1x1x1xf32> -> tensor<1x2x2x1xf32>
  return %y : tensor<1x2x2x1xf32>
}

// A static value whose range begins at its zero point is not negative either.
// CHECK-LABEL: @dequantized
// CHECK: levels = 255
func.func @dequantized(%x: tensor<4x2x!quant.uniform<u8:f32, 0.5>>) -> tensor<4x1xf32> {
  %w = nibble.constant dense<1.0> : tensor<2x1xf32> -> tensor<2x1xf32>
  %d = nibble.dequantize %x : tensor<4x2x!quant.uniform<u8:f32, 0.5>> to tensor<4x2xf32>
  %y = nibble.matmul %d, %w {nibble.precision = "dynamic"} : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

// What was not planned, and what has no such form, stays.
// CHECK-LABEL: @others
// CHECK: nibble.matmul
// CHECK: nibble.matmul
// CHECK: nibble.add
func.func @others(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = nibble.constant dense<1.0> : tensor<2x2xf32> -> tensor<2x2xf32>
  %a = nibble.matmul %x, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %b = nibble.matmul %a, %x {nibble.precision = "dynamic"} : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.add %b, %x {nibble.precision = "dynamic"} : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// Attention: rows of the left-hand side, and in the product the columns of the right-hand side. A softmax is not
// negative. A sequence of any length may be long.
// CHECK-LABEL: @attention
// CHECK: %[[S:.*]] = nibble.dynamic_scale %[[A:.*]] {levels = 127 : i32, row_dims = 3 : i64} : tensor<1x2x?x32xf32> -> tensor<1x2x?xf32>
// CHECK: %[[Q:.*]] = nibble.dynamic_quantize %[[A]], %[[S]]
// CHECK: nibble.dynamic_matmul %[[Q]], %{{.*}} rows %[[S]] : (tensor<1x2x?x32xi8>, tensor<1x2x32x?xf32>, tensor<1x2x?xf32>) -> tensor<1x2x?x?xf32>
// CHECK: nibble.dynamic_scale %{{.*}} {levels = 255 : i32, row_dims = 3 : i64}
// CHECK: nibble.dynamic_matmul {{.*}} : (tensor<1x2x?x?xui8>, tensor<1x2x?x32xf32>, tensor<1x2x?xf32>) -> tensor<1x2x?x32xf32>
func.func @attention(%x: tensor<1x2x?x32xf32>) -> tensor<1x2x?x32xf32> {
  %a = nibble.tanh %x : tensor<1x2x?x32xf32> -> tensor<1x2x?x32xf32>
  %t = nibble.transpose %a {permutation = array<i64: 0, 1, 3, 2>} : tensor<1x2x?x32xf32> -> tensor<1x2x32x?xf32>
  %m = nibble.matmul %a, %t {nibble.precision = "dynamic"} : tensor<1x2x?x32xf32>, tensor<1x2x32x?xf32> -> tensor<1x2x?x?xf32>
  %p = nibble.softmax %m {axis = 3 : i64} : tensor<1x2x?x?xf32> -> tensor<1x2x?x?xf32>
  %y = nibble.matmul %p, %a {nibble.precision = "dynamic"} : tensor<1x2x?x?xf32>, tensor<1x2x?x32xf32> -> tensor<1x2x?x32xf32>
  return %y : tensor<1x2x?x32xf32>
}
