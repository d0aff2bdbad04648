// RUN: nibble-interpret %s | FileCheck %s

// Padding, two input channels, one bias: sums over the taps inside alone.
// CHECK-LABEL: @float_padded
// CHECK-NEXT: [1, 1, 2, 2] f32 = [63, 63, 63, 63]
func.func @float_padded() -> tensor<1x1x2x2xf32> {
  %x = nibble.constant dense<[[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]]> : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %w = nibble.constant dense<1.0> : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  %b = nibble.constant dense<27.0> : tensor<1xf32> -> tensor<1xf32>
  %y = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64,
      layout = #nibble.layout<nchw>} : tensor<1x2x2x2xf32>, tensor<1x2x3x3xf32>, tensor<1xf32> -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}

// Zero point 255 of the input, padding holds real zeros; half-way results go to even.
// The accumulators are 3 + 3, 3 - 3 + 255 and 3 - 255; 127.5 goes to 128.
// CHECK-LABEL: @quantized_zero_point
// CHECK-NEXT: [1, 1, 3, 1] !quant.uniform<u8:f32, 1.000000e+00:10> = [13, 138, 0]
func.func @quantized_zero_point() -> tensor<1x1x3x1x!quant.uniform<u8:f32, 1.0:10>> {
  %x = nibble.constant dense<[[[[252], [0], [255]]]]> : tensor<1x1x3x1xui8> -> tensor<1x1x3x1x!quant.uniform<u8:f32, 0.5:255>>
  %w = nibble.constant dense<[[[[1], [-1]]]]> : tensor<1x1x2x1xi8> -> tensor<1x1x2x1x!quant.uniform<i8<-127:127>:f32:0, {1.0}>>
  %b = nibble.constant dense<3> : tensor<1xi32> -> tensor<1x!quant.uniform<i32:f32:0, {0.5}>>
  %y = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64,
      layout = #nibble.layout<nchw>} : tensor<1x1x3x1x!quant.uniform<u8:f32, 0.5:255>>, tensor<1x1x2x1x!quant.uniform<i8<-127:127>:f32:0, {1.0}>>,
      tensor<1x!quant.uniform<i32:f32:0, {0.5}>> -> tensor<1x1x3x1x!quant.uniform<u8:f32, 1.0:10>>
  return %y : tensor<1x1x3x1x!quant.uniform<u8:f32, 1.0:10>>
}
