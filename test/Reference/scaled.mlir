// RUN: nibble-interpret %s | FileCheck %s

// Three rows: one with a maximum of 127, one of zeros, one of 254. Each has a scale of its own; zeros get the least.
// CHECK-LABEL: @row_scales
// CHECK-NEXT: [3] f32 = [1, 6.82961996e-21, 2]
func.func @row_scales() -> tensor<3xf32> {
  %x = nibble.constant dense<[[-127.0, 1.0], [0.0, -0.0], [5.0, 254.0]]> : tensor<3x2xf32> -> tensor<3x2xf32>
  %s = nibble.dynamic_scale %x {row_dims = 1 : i64, levels = 127 : i32} : tensor<3x2xf32> -> tensor<3xf32>
  return %s : tensor<3xf32>
}

// Rows are tokens where row_dims is 2; 255 levels.
// CHECK-LABEL: @tokens
// CHECK-NEXT: [2, 2] f32 = [1, 2, 0.5, 4]
func.func @tokens() -> tensor<2x2xf32> {
  %x = nibble.constant dense<[[[255.0], [510.0]], [[127.5], [1020.0]]]> : tensor<2x2x1xf32> -> tensor<2x2x1xf32>
  %s = nibble.dynamic_scale %x {row_dims = 2 : i64, levels = 255 : i32} : tensor<2x2x1xf32> -> tensor<2x2xf32>
  return %s : tensor<2x2xf32>
}

// A NaN and an infinity poison their rows, a denormal none.
// CHECK-LABEL: @poisoned
// CHECK-NEXT: [3] f32 = [nan, nan, 6.82961996e-21]
func.func @poisoned() -> tensor<3xf32> {
  %x = nibble.constant dense<[[0x7FC00000, 1.0], [2.0, 0xFF800000], [1.0e-40, 0.0]]> : tensor<3x2xf32> -> tensor<3x2xf32>
  %s = nibble.dynamic_scale %x {row_dims = 1 : i64, levels = 127 : i32} : tensor<3x2xf32> -> tensor<3xf32>
  return %s : tensor<3xf32>
}

// Halves round to even; the row of a scale NaN is 0.
// CHECK-LABEL: @bytes
// CHECK-NEXT: [2, 4] i8 = [0, 2, -2, 127, 0, 0, 0, 0]
func.func @bytes() -> tensor<2x4xi8> {
  %x = nibble.constant dense<[[0.5, 1.5, -2.5, 127.0], [1.0, 2.0, 0x7F800000, -1.0]]> : tensor<2x4xf32> -> tensor<2x4xf32>
  %s = nibble.constant dense<[1.0, 0x7FC00000]> : tensor<2xf32> -> tensor<2xf32>
  %q = nibble.dynamic_quantize %x, %s : tensor<2x4xf32>, tensor<2xf32> -> tensor<2x4xi8>
  return %q : tensor<2x4xi8>
}

// Clamped, as the scale need not be the row's.
// CHECK-LABEL: @unsigned_bytes
// CHECK-NEXT: [1, 3] ui8 = [0, 200, 255]
func.func @unsigned_bytes() -> tensor<1x3xui8> {
  %x = nibble.constant dense<[[-1.0, 100.0, 300.0]]> : tensor<1x3xf32> -> tensor<1x3xf32>
  %s = nibble.constant dense<0.5> : tensor<1xf32> -> tensor<1xf32>
  %q = nibble.dynamic_quantize %x, %s : tensor<1x3xf32>, tensor<1xf32> -> tensor<1x3xui8>
  return %q : tensor<1x3xui8>
}

// (1*3 + 2*4) * (0.5 * 2) + 1 and (10*3 - 1*4) * (0.25 * 2) + 1.
// CHECK-LABEL: @rows_and_columns
// CHECK-NEXT: [2, 1] f32 = [12, 14]
func.func @rows_and_columns() -> tensor<2x1xf32> {
  %q = nibble.constant dense<[[1, 2], [10, -1]]> : tensor<2x2xi8> -> tensor<2x2xi8>
  %w = nibble.constant dense<[[3], [4]]> : tensor<2x1xi8> -> tensor<2x1xi8>
  %m = nibble.constant dense<2.0> : tensor<1xf32> -> tensor<1xf32>
  %b = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %s = nibble.constant dense<[0.5, 0.25]> : tensor<2xf32> -> tensor<2xf32>
  %y = nibble.scaled_matmul %q, %w, %m bias %b rows %s
      : (tensor<2x2xi8>, tensor<2x1xi8>, tensor<1xf32>, tensor<1xf32>, tensor<2xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// A poisoned row is NaN and no other.
// CHECK-LABEL: @poisoned_row
// CHECK-NEXT: [2, 1] f32 = [nan, 3]
func.func @poisoned_row() -> tensor<2x1xf32> {
  %q = nibble.constant dense<[[0], [1]]> : tensor<2x1xi8> -> tensor<2x1xi8>
  %w = nibble.constant dense<3> : tensor<1x1xi8> -> tensor<1x1xi8>
  %m = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %s = nibble.constant dense<[0x7FC00000, 1.0]> : tensor<2xf32> -> tensor<2xf32>
  %y = nibble.scaled_matmul %q, %w, %m rows %s : (tensor<2x1xi8>, tensor<1x1xi8>, tensor<1xf32>, tensor<2xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// The scale multiplies the sum: 0.1f * (1 + 1 + 1) and not 0.1f + 0.1f + 0.1f, which is 0.300000012.
// CHECK-LABEL: @weight_only
// CHECK-NEXT: [1, 1] f32 = [0.300000012]
func.func @weight_only() -> tensor<1x1xf32> {
  %x = nibble.constant dense<1.0> : tensor<1x3xf32> -> tensor<1x3xf32>
  %w = nibble.constant dense<1> : tensor<3x1xi8> -> tensor<3x1xi8>
  %m = nibble.constant dense<0.1> : tensor<1xf32> -> tensor<1xf32>
  %y = nibble.scaled_matmul %x, %w, %m : (tensor<1x3xf32>, tensor<3x1xi8>, tensor<1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// Without a bias +0 is added: -0 does not come out.
// CHECK-LABEL: @no_bias
// CHECK-NEXT: [1, 1] f32 = [0]
func.func @no_bias() -> tensor<1x1xf32> {
  %x = nibble.constant dense<-1.0> : tensor<1x1xf32> -> tensor<1x1xf32>
  %w = nibble.constant dense<0> : tensor<1x1xi8> -> tensor<1x1xi8>
  %m = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %y = nibble.scaled_matmul %x, %w, %m : (tensor<1x1xf32>, tensor<1x1xi8>, tensor<1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// Taps in the padding are skipped; each image has its scale.
// CHECK-LABEL: @conv
// CHECK-NEXT: [2, 1, 2, 1] f32 = [6, 4, 40, 24]
func.func @conv() -> tensor<2x1x2x1xf32> {
  %q = nibble.constant dense<[[[[1], [2]]], [[[4], [6]]]]> : tensor<2x1x2x1xui8> -> tensor<2x1x2x1xui8>
  %w = nibble.constant dense<[[[[2], [2]]]]> : tensor<1x1x2x1xi8> -> tensor<1x1x2x1xi8>
  %m = nibble.constant dense<2.0> : tensor<1xf32> -> tensor<1xf32>
  %b = nibble.constant dense<0.0> : tensor<1xf32> -> tensor<1xf32>
  %s = nibble.constant dense<[0.5, 1.0]> : tensor<2xf32> -> tensor<2xf32>
  %y = nibble.scaled_conv %q, %w, %m bias %b rows %s {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (tensor<2x1x2x1xui8>, tensor<1x1x2x1xi8>, tensor<1xf32>, tensor<1xf32>, tensor<2xf32>) -> tensor<2x1x2x1xf32>
  return %y : tensor<2x1x2x1xf32>
}

// No rows at all, and rows of no elements.
// CHECK-LABEL: @empty
// CHECK-NEXT: [0, 4] i8 = []
func.func @empty() -> tensor<0x4xi8> {
  %x = nibble.constant dense<0.0> : tensor<0x4xf32> -> tensor<0x4xf32>
  %s = nibble.dynamic_scale %x {row_dims = 1 : i64, levels = 127 : i32} : tensor<0x4xf32> -> tensor<0xf32>
  %q = nibble.dynamic_quantize %x, %s : tensor<0x4xf32>, tensor<0xf32> -> tensor<0x4xi8>
  return %q : tensor<0x4xi8>
}

// Columns (1, 127) and (0.5, -127) of scale 1; (3*1 + 2*127) * (0.5 * 1), (3*0 - 2*127) * 0.5: halves to even.
// CHECK-LABEL: @two_values
// CHECK-NEXT: [1, 2] f32 = [128.5, -127]
func.func @two_values() -> tensor<1x2xf32> {
  %q = nibble.constant dense<[[3, 2]]> : tensor<1x2xi8> -> tensor<1x2xi8>
  %v = nibble.constant dense<[[1.0, 0.5], [127.0, -127.0]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  %s = nibble.constant dense<0.5> : tensor<1xf32> -> tensor<1xf32>
  %y = nibble.dynamic_matmul %q, %v rows %s : (tensor<1x2xi8>, tensor<2x2xf32>, tensor<1xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// A NaN or an infinity poisons its column, the scale of a row that row; leading dimensions broadcast.
// CHECK-LABEL: @two_poisoned_values
// CHECK-NEXT: [2, 2, 3] f32 = [nan, 254, nan, nan, nan, nan, nan, 508, nan, nan, 762, nan]
func.func @two_poisoned_values() -> tensor<2x2x3xf32> {
  %q = nibble.constant dense<[[[1], [2]], [[2], [3]]]> : tensor<2x2x1xui8> -> tensor<2x2x1xui8>
  %v = nibble.constant dense<[[0x7FC00000, 254.0, 0xFF800000]]> : tensor<1x3xf32> -> tensor<1x3xf32>
  %s = nibble.constant dense<[[1.0, 0x7FC00000], [1.0, 1.0]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.dynamic_matmul %q, %v rows %s : (tensor<2x2x1xui8>, tensor<1x3xf32>, tensor<2x2xf32>) -> tensor<2x2x3xf32>
  return %y : tensor<2x2x3xf32>
}

// Sums of no terms.
// CHECK-LABEL: @two_values_without_terms
// CHECK-NEXT: [1, 2] f32 = [0, 0]
func.func @two_values_without_terms() -> tensor<1x2xf32> {
  %q = nibble.constant dense<0> : tensor<1x0xi8> -> tensor<1x0xi8>
  %v = nibble.constant dense<0.0> : tensor<0x2xf32> -> tensor<0x2xf32>
  %s = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %y = nibble.dynamic_matmul %q, %v rows %s : (tensor<1x0xi8>, tensor<0x2xf32>, tensor<1xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
