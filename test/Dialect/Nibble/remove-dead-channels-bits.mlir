// The interpreter computes the same bits with and without the channels.
// RUN: nibble-interpret %s > %t.before
// RUN: nibble-opt %s --nibble-remove-dead-channels -o %t.mlir
// RUN: FileCheck %s --check-prefix=SMALLER < %t.mlir
// RUN: nibble-interpret %t.mlir > %t.after
// RUN: diff %t.before %t.after
// RUN: FileCheck %s < %t.after

// SMALLER: nibble.max_pool {{.*}} -> tensor<1x2x2x1xf32>
// CHECK-LABEL: @main
// CHECK-NEXT: [1, 2] f32 =
func.func @main() -> tensor<1x2xf32> {
  %x = nibble.constant dense<[[[[0.3], [-1.7]], [[2.9], [0.1]]]]> : tensor<1x2x2x1xf32> -> tensor<1x2x2x1xf32>
  %w = nibble.constant dense<[[[[0.0]]], [[[0.7]]], [[[0.0]]]]> : tensor<3x1x1x1xf32> -> tensor<3x1x1x1xf32>
  %b = nibble.constant dense<[-2.0, 0.11, 0.0]> : tensor<3xf32> -> tensor<3xf32>
  %v = nibble.constant dense<[[0.9, 1.1], [1.3, -0.37], [5.0, 7.0]]> : tensor<3x2xf32> -> tensor<3x2xf32>
  %c = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : tensor<1x2x2x1xf32>, tensor<3x1x1x1xf32>, tensor<3xf32> -> tensor<1x2x2x3xf32>
  %k = nibble.clip %c {min = 0.0 : f32, max = 6.0 : f32} : tensor<1x2x2x3xf32> -> tensor<1x2x2x3xf32>
  %m = nibble.max_pool %k {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 1, 1>,
      dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>} : tensor<1x2x2x3xf32> -> tensor<1x2x2x3xf32>
  %p = nibble.avg_pool %m {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      layout = #nibble.layout<nhwc>} : tensor<1x2x2x3xf32> -> tensor<1x1x1x3xf32>
  %r = nibble.reshape %p : tensor<1x1x1x3xf32> -> tensor<1x3xf32>
  %y = nibble.matmul %r, %v : tensor<1x3xf32>, tensor<3x2xf32> -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
