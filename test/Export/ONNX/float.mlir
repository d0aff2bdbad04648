// What is written is read back as it was.
//
// RUN: nibble-translate --export-onnx %s -o %t.onnx
// RUN: nibble-translate --import-onnx %t.onnx | FileCheck %s

// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<?x6x5x4xf32> {nibble.name = "x"}) -> (tensor<?x3xf32> {nibble.name = "y"}, tensor<?x6x2x2xf32> {nibble.name = "z"}) {
  // CHECK: nibble.clip %{{.*}} {max = 6.000000e+00 : f32, min = 1.000000e+00 : f32}
  %a = nibble.clip %x {min = 1.0 : f32, max = 6.0 : f32} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  // CHECK: nibble.leaky_relu %{{.*}} {alpha = 5.000000e-01 : f32}
  %b = nibble.leaky_relu %a {alpha = 0.5 : f32} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  // CHECK: nibble.max_pool {{.*}} kernel = array<i64: 2, 2>
  %m = nibble.max_pool %b {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, layout = #nibble.layout<nchw>} : tensor<?x6x5x4xf32> -> tensor<?x6x2x2xf32>
  // CHECK: nibble.pad %{{.*}} {high = array<i64: 0, 0, 0, 1>, low = array<i64: 0, 0, 1, 0>, mode = #nibble.pad_mode<constant>, value = 2.000000e+00 : f64}
  %p = nibble.pad %m {low = array<i64: 0, 0, 1, 0>, high = array<i64: 0, 0, 0, 1>, mode = #nibble.pad_mode<constant>, value = 2.0 : f64}
      : tensor<?x6x2x2xf32> -> tensor<?x6x3x3xf32>
  // CHECK: nibble.slice %{{.*}} {starts = array<i64: 0, 5, 0, 0>, steps = array<i64: 1, -3, 1, 1>}
  %s = nibble.slice %p {starts = array<i64: 0, 5, 0, 0>, steps = array<i64: 1, -3, 1, 1>} : tensor<?x6x3x3xf32> -> tensor<?x2x3x3xf32>
  // CHECK: nibble.concat %{{.*}} {axis = 1 : i64}
  %c = nibble.concat %s, %s {axis = 1 : i64} : tensor<?x2x3x3xf32>, tensor<?x2x3x3xf32> -> tensor<?x4x3x3xf32>
  // CHECK: nibble.reduce %{{.*}} {axes = array<i64: 1, 2>, kind = #nibble.reduce_kind<max>}
  %r = nibble.reduce %c {kind = #nibble.reduce_kind<max>, axes = array<i64: 1, 2>} : tensor<?x4x3x3xf32> -> tensor<?x3xf32>
  %w = nibble.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]> : tensor<3x3xf32> -> tensor<3x3xf32>
  %v = nibble.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32> -> tensor<3xf32>
  // CHECK: nibble.matmul %{{.*}}, %{{.*}} bias %{{.*}}
  %g = nibble.matmul %r, %w bias %v : tensor<?x3xf32>, tensor<3x3xf32>, tensor<3xf32> -> tensor<?x3xf32>
  // CHECK: nibble.softmax %{{.*}} {axis = 1 : i64}
  %y = nibble.softmax %g {axis = 1 : i64} : tensor<?x3xf32> -> tensor<?x3xf32>
  return %y, %m : tensor<?x3xf32>, tensor<?x6x2x2xf32>
}
