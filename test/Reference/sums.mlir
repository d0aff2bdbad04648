// RUN: nibble-interpret %s | FileCheck %s

// From -1 to 4 in 255 steps of 5 / 255: zero lies at 51. A range without negative values begins at 0, one of zeros has
// scale 1, and a tensor with a NaN or an infinity none.
// CHECK-LABEL: @encodings
// CHECK-NEXT: [2] f32 = [0.0196078438, 51]
// CHECK-NEXT: [2] f32 = [0.5, 0]
// CHECK-NEXT: [2] f32 = [1, 0]
// CHECK-NEXT: [2] f32 = [nan, 0]
// CHECK-NEXT: [2] f32 = [nan, 0]
func.func @encodings() -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %x = nibble.constant dense<[-1.0, 2.0, 4.0]> : tensor<3xf32> -> tensor<3xf32>
  %p = nibble.constant dense<[1.0, 127.5]> : tensor<2xf32> -> tensor<2xf32>
  %z = nibble.constant dense<0.0> : tensor<2xf32> -> tensor<2xf32>
  %n = nibble.constant dense<[0x7FC00000, 1.0]> : tensor<2xf32> -> tensor<2xf32>
  %i = nibble.constant dense<[0xFF800000, 1.0]> : tensor<2xf32> -> tensor<2xf32>
  %a = nibble.dynamic_encoding %x : tensor<3xf32> -> tensor<2xf32>
  %b = nibble.dynamic_encoding %p : tensor<2xf32> -> tensor<2xf32>
  %c = nibble.dynamic_encoding %z : tensor<2xf32> -> tensor<2xf32>
  %d = nibble.dynamic_encoding %n : tensor<2xf32> -> tensor<2xf32>
  %e = nibble.dynamic_encoding %i : tensor<2xf32> -> tensor<2xf32>
  return %a, %b, %c, %d, %e : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// Halves to even, then the zero point, then the clamp.
// CHECK-LABEL: @encode
// CHECK-NEXT: [5] ui8 = [12, 10, 12, 255, 10]
func.func @encode() -> tensor<5xui8> {
  %x = nibble.constant dense<[0.75, 0.25, 1.0, 1.0e+9, 0x7FC00000]> : tensor<5xf32> -> tensor<5xf32>
  %e = nibble.constant dense<[0.5, 10.0]> : tensor<2xf32> -> tensor<2xf32>
  %q = nibble.dynamic_encode %x, %e : tensor<5xf32>, tensor<2xf32> -> tensor<5xui8>
  return %q : tensor<5xui8>
}

// (3 - 2) * 4 + (5 - 2) * -1, by an encoding or by attributes; with b less 1: (1 * 3 + 3 * -2).
// CHECK-LABEL: @matmul
// CHECK-NEXT: [1, 1] i32 = [1]
// CHECK-NEXT: [1, 1] i32 = [1]
// CHECK-NEXT: [1, 1] i32 = [-3]
// CHECK-NEXT: [1, 1] f32 = [-3]
func.func @matmul() -> (tensor<1x1xi32>, tensor<1x1xi32>, tensor<1x1xi32>, tensor<1x1xf32>) {
  %a = nibble.constant dense<[[3, 5]]> : tensor<1x2xui8> -> tensor<1x2xui8>
  %b = nibble.constant dense<[[4], [-1]]> : tensor<2x1xi8> -> tensor<2x1xi8>
  %e = nibble.constant dense<[0.5, 2.0]> : tensor<2xf32> -> tensor<2xf32>
  %o = nibble.constant dense<[0.5, 1.0]> : tensor<2xf32> -> tensor<2xf32>
  %y = nibble.sum_matmul %a, %b lhs_encoding %e : (tensor<1x2xui8>, tensor<2x1xi8>, tensor<2xf32>) -> tensor<1x1xi32>
  %z = nibble.sum_matmul %a, %b {lhs_zero_point = 2 : i32} : (tensor<1x2xui8>, tensor<2x1xi8>) -> tensor<1x1xi32>
  %w = nibble.sum_matmul %a, %b rhs_encoding %o {lhs_zero_point = 2 : i32}
      : (tensor<1x2xui8>, tensor<2x1xi8>, tensor<2xf32>) -> tensor<1x1xi32>
  %f = nibble.int_to_float %w : tensor<1x1xi32> -> tensor<1x1xf32>
  return %y, %z, %w, %f : tensor<1x1xi32>, tensor<1x1xi32>, tensor<1x1xi32>, tensor<1x1xf32>
}

// What lies in the padding counts nothing, whatever the zero point.
// CHECK-LABEL: @conv
// CHECK-NEXT: [1, 1, 3, 1] i32 = [3, 8, -3]
// CHECK-NEXT: [1, 1, 3, 1] i32 = [3, 8, -3]
func.func @conv() -> (tensor<1x1x3x1xi32>, tensor<1x1x3x1xi32>) {
  %x = nibble.constant dense<[[[[3], [5]]]]> : tensor<1x1x2x1xui8> -> tensor<1x1x2x1xui8>
  %w = nibble.constant dense<[[[[-1], [3]]]]> : tensor<1x1x2x1xi8> -> tensor<1x1x2x1xi8>
  %e = nibble.constant dense<[0.5, 2.0]> : tensor<2xf32> -> tensor<2xf32>
  %y = nibble.sum_conv %x, %w encoding %e {strides = array<i64: 1, 1>, pads = array<i64: 0, 1, 0, 1>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : (tensor<1x1x2x1xui8>, tensor<1x1x2x1xi8>, tensor<2xf32>) -> tensor<1x1x3x1xi32>
  %z = nibble.sum_conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 1, 0, 1>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>, zero_point = 2 : i32}
      : (tensor<1x1x2x1xui8>, tensor<1x1x2x1xi8>) -> tensor<1x1x3x1xi32>
  return %y, %z : tensor<1x1x3x1xi32>, tensor<1x1x3x1xi32>
}
