// RUN: nibble-opt %s --nibble-remove-dead-channels --split-input-file --verify-diagnostics | FileCheck %s

// Channel 1 is -1 and relu makes it 0; channel 2 is 0, and so is what the depthwise conv makes of it. Channel 0 lives:
// a constant, but not zero.
// CHECK-LABEL: @depthwise
// CHECK: %[[W:.*]] = nibble.constant dense<0.000000e+00> : tensor<1x1x1x1xf32>
// CHECK: %[[B:.*]] = nibble.constant dense<2.000000e+00> : tensor<1xf32>
// CHECK: nibble.conv %{{.*}}, %[[W]] bias %[[B]]
// CHECK: nibble.relu %{{.*}} : tensor<?x2x2x1xf32>
// CHECK: %[[D:.*]] = nibble.constant dense<3.000000e+00> : tensor<1x1x1x1xf32>
// CHECK: nibble.conv %{{.*}}, %[[D]] {{.*}}groups = 1 : i64
// CHECK: %[[V:.*]] = nibble.constant dense<{{.*}}4.000000e+00{{.*}}7.000000e+00{{.*}} : tensor<2x1x1x1xf32>
// CHECK: nibble.conv %{{.*}}, %[[V]] {{.*}} -> tensor<?x2x2x2xf32>
func.func @depthwise(%x: tensor<?x2x2x1xf32>) -> tensor<?x2x2x2xf32> {
  %w = nibble.constant dense<0.0> : tensor<3x1x1x1xf32> -> tensor<3x1x1x1xf32>
  %b = nibble.constant dense<[2.0, -1.0, 0.0]> : tensor<3xf32> -> tensor<3xf32>
  %d = nibble.constant dense<3.0> : tensor<3x1x1x1xf32> -> tensor<3x1x1x1xf32>
  %v = nibble.constant dense<[[[[4.0, 5.0, 6.0]]], [[[7.0, 8.0, 9.0]]]]> : tensor<2x1x1x3xf32> -> tensor<2x1x1x3xf32>
  // expected-remark @+1 {{2 of 3 output channels are always zero behind it and are removed}}
  %p = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : tensor<?x2x2x1xf32>, tensor<3x1x1x1xf32>, tensor<3xf32> -> tensor<?x2x2x3xf32>
  %r = nibble.relu %p : tensor<?x2x2x3xf32> -> tensor<?x2x2x3xf32>
  %q = nibble.conv %r, %d {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 3 : i64, layout = #nibble.layout<nhwc>}
      : tensor<?x2x2x3xf32>, tensor<3x1x1x1xf32> -> tensor<?x2x2x3xf32>
  %y = nibble.conv %q, %v {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : tensor<?x2x2x3xf32>, tensor<2x1x1x3xf32> -> tensor<?x2x2x2xf32>
  return %y : tensor<?x2x2x2xf32>
}

// -----

// Another use; a bias that stays behind the clip; nothing dead; an infinite weight that reads a zero.
// CHECK-LABEL: @negative
// CHECK-NOT: 1xf32> -> tensor<2x1xf32>
// CHECK: return
func.func @negative(%x: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %dead = nibble.constant dense<[[1.0, 0.0], [2.0, 0.0]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  %b = nibble.constant dense<[0.0, 1.0]> : tensor<2xf32> -> tensor<2xf32>
  %v = nibble.constant dense<1.0> : tensor<2x2xf32> -> tensor<2x2xf32>
  %inf = nibble.constant dense<[[1.0, 1.0], [0x7F800000, 1.0]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  %a = nibble.matmul %x, %dead : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %ay = nibble.matmul %a, %v : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %c = nibble.matmul %x, %dead bias %b : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  %cy = nibble.matmul %c, %v : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %d = nibble.matmul %x, %v : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %dy = nibble.matmul %d, %v : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %e = nibble.matmul %x, %dead : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %ey = nibble.matmul %e, %inf : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  return %a, %ay, %cy, %dy, %ey : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}
