// RUN: nibble-interpret %s | FileCheck %s

// Windows of 2 with one row and column of padding: the padding never wins, a NaN does.
// CHECK-LABEL: @max_float
// CHECK-NEXT: [1, 1, 2, 2] f32 = [-5, -4, -2, nan]
func.func @max_float() -> tensor<1x1x2x2xf32> {
  %x = nibble.constant dense<[[[[-5.0, -4.0, -7.0], [-2.0, -1.0, 0x7FC00000], [-3.0, 0.0, -9.0]]]]> : tensor<1x1x3x3xf32> -> tensor<1x1x3x3xf32>
  %y = nibble.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 0, 0>, dilations = array<i64: 1, 1>,
      layout = #nibble.layout<nchw>} : tensor<1x1x3x3xf32> -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}

// CHECK-LABEL: @max_bytes_nhwc
// CHECK-NEXT: [1, 1, 2, 2] ui8 = [3, 9, 200, 8]
func.func @max_bytes_nhwc() -> tensor<1x1x2x2xui8> {
  %x = nibble.constant dense<[[[[3, 9], [1, 8], [200, 7]]]]> : tensor<1x1x3x2xui8> -> tensor<1x1x3x2xui8>
  %y = nibble.max_pool %x {kernel = array<i64: 1, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      layout = #nibble.layout<nhwc>} : tensor<1x1x3x2xui8> -> tensor<1x1x2x2xui8>
  return %y : tensor<1x1x2x2xui8>
}

// Dilation 2: elements 0 and 2, 1 and 3. The last result sees the padding alone.
// CHECK-LABEL: @max_dilated
// CHECK-NEXT: [1, 1, 1, 4] i8 = [3, 4, 3, 4]
// CHECK-NEXT: [1, 1, 1, 1] i8 = [-128]
func.func @max_dilated() -> (tensor<1x1x1x4xi8>, tensor<1x1x1x1xi8>) {
  %x = nibble.constant dense<[[[[1, 2, 3, 4]]]]> : tensor<1x1x1x4xi8> -> tensor<1x1x1x4xi8>
  %y = nibble.max_pool %x {kernel = array<i64: 1, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 2>, dilations = array<i64: 1, 2>,
      layout = #nibble.layout<nchw>} : tensor<1x1x1x4xi8> -> tensor<1x1x1x4xi8>
  %s = nibble.slice %x {starts = array<i64: 0, 0, 0, 0>, steps = array<i64: 1, 1, 1, 1>} : tensor<1x1x1x4xi8> -> tensor<1x1x1x1xi8>
  %z = nibble.max_pool %s {kernel = array<i64: 1, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 1, 0, 1>, dilations = array<i64: 1, 2>,
      layout = #nibble.layout<nchw>} : tensor<1x1x1x1xi8> -> tensor<1x1x1x1xi8>
  return %y, %z : tensor<1x1x1x4xi8>, tensor<1x1x1x1xi8>
}

// Divided by the taps inside, or by all.
// CHECK-LABEL: @average_counts
// CHECK-NEXT: [1, 1, 1, 2] f32 = [1, 2.5]
// CHECK-NEXT: [1, 1, 1, 2] f32 = [0.5, 2.5]
func.func @average_counts() -> (tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>) {
  %x = nibble.constant dense<[[[[1.0, 2.0, 3.0]]]]> : tensor<1x1x1x3xf32> -> tensor<1x1x1x3xf32>
  %y = nibble.avg_pool %x {kernel = array<i64: 1, 2>, strides = array<i64: 1, 2>, pads = array<i64: 0, 1, 0, 0>,
      layout = #nibble.layout<nchw>} : tensor<1x1x1x3xf32> -> tensor<1x1x1x2xf32>
  %z = nibble.avg_pool %x {kernel = array<i64: 1, 2>, strides = array<i64: 1, 2>, pads = array<i64: 0, 1, 0, 0>, count_include_pad,
      layout = #nibble.layout<nchw>} : tensor<1x1x1x3xf32> -> tensor<1x1x1x2xf32>
  return %y, %z : tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>
}

// Sums of 3 and 5 halves: 1.5 and 2.5 to even, and up in mode fixed.
// CHECK-LABEL: @average_quantized
// CHECK-NEXT: [1, 1, 1, 2] {{.*}} = [257, 257]
func.func @average_quantized() -> tensor<1x1x1x2x!quant.uniform<u16:f32, 0.5:255>> {
  %x = nibble.constant dense<[[[[10, 11, 12]]]]> : tensor<1x1x1x3xui8> -> tensor<1x1x1x3x!quant.uniform<u8:f32, 0.5:9>>
  %y = nibble.avg_pool %x {kernel = array<i64: 1, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      layout = #nibble.layout<nchw>} : tensor<1x1x1x3x!quant.uniform<u8:f32, 0.5:9>> -> tensor<1x1x1x2x!quant.uniform<u16:f32, 0.5:255>>
  return %y : tensor<1x1x1x2x!quant.uniform<u16:f32, 0.5:255>>
}

// CHECK-LABEL: @average_fixed
// CHECK-NEXT: [1, 1, 1, 2] {{.*}} = [2, 3]
func.func @average_fixed() -> tensor<1x1x1x2x!quant.uniform<i8:f32, 0.5>> {
  %x = nibble.constant dense<[[[[10, 11, 12]]]]> : tensor<1x1x1x3xui8> -> tensor<1x1x1x3x!quant.uniform<u8:f32, 0.5:9>>
  %y = nibble.avg_pool %x {kernel = array<i64: 1, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, requant = #nibble.requant<fixed>,
      layout = #nibble.layout<nchw>} : tensor<1x1x1x3x!quant.uniform<u8:f32, 0.5:9>> -> tensor<1x1x1x2x!quant.uniform<i8:f32, 0.5>>
  return %y : tensor<1x1x1x2x!quant.uniform<i8:f32, 0.5>>
}
