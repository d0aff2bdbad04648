// RUN: nibble-interpret %s | FileCheck %s

// Zero point 128 folded into the bias: 3 - 128 * (1 + 1) = -253; the tap in the padding reads 128.
// acc = -253 + 128 + 255, -253 + 255 + 0: 130 and 2, halved.
// CHECK-LABEL: @conv_pad_value
// CHECK-NEXT: [1, 1, 2, 1] ui8 = [75, 11]
func.func @conv_pad_value() -> tensor<1x1x2x1xui8> {
  %x = nibble.constant dense<[[[[255], [0]]]]> : tensor<1x1x2x1xui8> -> tensor<1x1x2x1xui8>
  %w = nibble.constant dense<1> : tensor<1x1x2x1xi8> -> tensor<1x1x2x1xi8>
  %b = nibble.constant dense<-253> : tensor<1xi32> -> tensor<1xi32>
  %m = nibble.constant dense<0.5> : tensor<1xf32> -> tensor<1xf32>
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 1, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64,
      pad_value = 128 : i32, output_zero_point = 10 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x1x2x1xui8>, tensor<1x1x2x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1x2x1xui8>
  return %y : tensor<1x1x2x1xui8>
}

// Depthwise, two groups of one channel, stride 2, dilation 2; then a residual addition and its clamp.
// acc = 1 + 1 * 2 - 3 * 2 = -3 and 1 + 2 * -1 + 4 * 1 = 3; y = 10 + acc; (y - 10) * 1 + (a - 5) * 0.5 + 20.
// CHECK-LABEL: @conv_depthwise_residual
// CHECK-NEXT: [1, 1, 1, 2] i8 = [7, 13]
// CHECK-NEXT: [1, 1, 1, 2] i8 = [18, 19]
func.func @conv_depthwise_residual() -> (tensor<1x1x1x2xi8>, tensor<1x1x1x2xi8>) {
  %x = nibble.constant dense<[[[[1, 2], [9, 9], [3, 4], [9, 9]]]]> : tensor<1x1x4x2xi8> -> tensor<1x1x4x2xi8>
  %w = nibble.constant dense<[[[[2], [-2]]], [[[-1], [1]]]]> : tensor<2x1x2x1xi8> -> tensor<2x1x2x1xi8>
  %b = nibble.constant dense<1> : tensor<2xi32> -> tensor<2xi32>
  %m = nibble.constant dense<1.0> : tensor<2xf32> -> tensor<2xf32>
  %a = nibble.constant dense<[[[[7, -3]]]]> : tensor<1x1x1x2xi8> -> tensor<1x1x1x2xi8>
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 2>, groups = 2 : i64,
      pad_value = 0 : i32, output_zero_point = 10 : i32, clamp = array<i32: -128, 127>}
      : tensor<1x1x4x2xi8>, tensor<2x1x2x1xi8>, tensor<2xi32>, tensor<2xf32> -> tensor<1x1x1x2xi8>
  %z = nibble.int_conv %x, %w, %b, %m add %a {strides = array<i64: 1, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 2>,
      groups = 2 : i64, pad_value = 0 : i32, output_zero_point = 10 : i32, clamp = array<i32: -128, 127>,
      residual = #nibble.residual<scale = 1.0 : f32, addend_scale = 0.5 : f32, addend_zero_point = 5, zero_point = 20, min = 0, max = 21>}
      : tensor<1x1x4x2xi8>, tensor<2x1x2x1xi8>, tensor<2xi32>, tensor<2xf32>, tensor<1x1x1x2xi8> -> tensor<1x1x1x2xi8>
  return %y, %z : tensor<1x1x1x2xi8>, tensor<1x1x1x2xi8>
}

// 80.5000026 of reals, 0.386 / 0.264 times a number less 13 plus 0.411 / 0.264 times one: which of the two is added last
// decides. A convolution that computes one of them keeps the order.
// CHECK-LABEL: @order
// CHECK-NEXT: [1, 1, 1, 1] ui8 = [81]
// CHECK-NEXT: [1, 1, 1, 1] ui8 = [80]
// CHECK-NEXT: [1, 1, 1, 1] ui8 = [81]
// CHECK-NEXT: [1, 1, 1, 1] ui8 = [80]
func.func @order() -> (tensor<1x1x1x1xui8>, tensor<1x1x1x1xui8>, tensor<1x1x1x1xui8>, tensor<1x1x1x1xui8>) {
  %a = nibble.constant dense<13> : tensor<1x1x1x1xui8> -> tensor<1x1x1x1xui8>
  %c = nibble.constant dense<44> : tensor<1x1x1x1xui8> -> tensor<1x1x1x1xui8>
  %0 = nibble.int_add %a, %c {lhs_scale = 0x3fbb26ca : f32, rhs_scale = 0x3fc745d2 : f32, lhs_zero_point = 13 : i32,
      rhs_zero_point = 0 : i32, output_zero_point = 12 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x1x1x1xui8>, tensor<1x1x1x1xui8> -> tensor<1x1x1x1xui8>
  %1 = nibble.int_add %c, %a {lhs_scale = 0x3fc745d2 : f32, rhs_scale = 0x3fbb26ca : f32, lhs_zero_point = 0 : i32,
      rhs_zero_point = 13 : i32, output_zero_point = 12 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x1x1x1xui8>, tensor<1x1x1x1xui8> -> tensor<1x1x1x1xui8>
  %w = nibble.constant dense<1> : tensor<1x1x1x1xi8> -> tensor<1x1x1x1xi8>
  %b = nibble.constant dense<0> : tensor<1xi32> -> tensor<1xi32>
  %m = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %2 = nibble.int_conv %c, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>,
      residual = #nibble.residual<scale = 0x3fc745d2 : f32, addend_scale = 0x3fbb26ca : f32, addend_zero_point = 13,
      zero_point = 12, min = 0, max = 255, addend_first = true>}
      : tensor<1x1x1x1xui8>, tensor<1x1x1x1xi8>, tensor<1xi32>, tensor<1xf32>, tensor<1x1x1x1xui8> -> tensor<1x1x1x1xui8>
  %3 = nibble.int_conv %c, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>,
      residual = #nibble.residual<scale = 0x3fc745d2 : f32, addend_scale = 0x3fbb26ca : f32, addend_zero_point = 13,
      zero_point = 12, min = 0, max = 255>}
      : tensor<1x1x1x1xui8>, tensor<1x1x1x1xi8>, tensor<1xi32>, tensor<1xf32>, tensor<1x1x1x1xui8> -> tensor<1x1x1x1xui8>
  return %0, %1, %2, %3 : tensor<1x1x1x1xui8>, tensor<1x1x1x1xui8>, tensor<1x1x1x1xui8>, tensor<1x1x1x1xui8>
}

// The largest sums of a byte and a signed byte, in both modes.
// CHECK-LABEL: @matmul_extremes
// CHECK-NEXT: [1, 2] i8 = [-128, 127]
// CHECK-NEXT: [1, 2] i8 = [-64, 63]
func.func @matmul_extremes() -> (tensor<1x2xi8>, tensor<1x2xi8>) {
  %a = nibble.constant dense<255> : tensor<1x2xui8> -> tensor<1x2xui8>
  %b = nibble.constant dense<[[-128, 127], [-128, 127]]> : tensor<2x2xi8> -> tensor<2x2xi8>
  %c = nibble.constant dense<0> : tensor<2xi32> -> tensor<2xi32>
  %m = nibble.constant dense<0.5> : tensor<2xf32> -> tensor<2xf32>
  %n = nibble.constant dense<0.0009765625> : tensor<2xf32> -> tensor<2xf32>
  %y = nibble.int_matmul %a, %b, %c, %m {output_zero_point = 0 : i32, clamp = array<i32: -128, 127>}
      : tensor<1x2xui8>, tensor<2x2xi8>, tensor<2xi32>, tensor<2xf32> -> tensor<1x2xi8>
  %z = nibble.int_matmul %a, %b, %c, %n {output_zero_point = 0 : i32, clamp = array<i32: -128, 127>, requant = #nibble.requant<fixed>}
      : tensor<1x2xui8>, tensor<2x2xi8>, tensor<2xi32>, tensor<2xf32> -> tensor<1x2xi8>
  return %y, %z : tensor<1x2xi8>, tensor<1x2xi8>
}

// Both zero points at run time: (255 - 1) * (-128 - 127) = -64770, / 1024 = -63.25.
// CHECK-LABEL: @matmul_zero_points
// CHECK-NEXT: [1, 1] i8 = [-63]
func.func @matmul_zero_points() -> tensor<1x1xi8> {
  %a = nibble.constant dense<255> : tensor<1x1xui8> -> tensor<1x1xui8>
  %b = nibble.constant dense<-128> : tensor<1x1xi8> -> tensor<1x1xi8>
  %c = nibble.constant dense<0> : tensor<1xi32> -> tensor<1xi32>
  %n = nibble.constant dense<0.0009765625> : tensor<1xf32> -> tensor<1xf32>
  %y = nibble.int_matmul %a, %b, %c, %n {lhs_zero_point = 1 : i32, rhs_zero_point = 127 : i32, output_zero_point = 0 : i32, clamp = array<i32: -128, 127>}
      : tensor<1x1xui8>, tensor<1x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1xi8>
  return %y : tensor<1x1xi8>
}

// Stride 2 spreads the input; every result has one tap. Zero point 2.
// CHECK-LABEL: @conv_transpose
// CHECK-NEXT: [1, 1, 4, 1] ui8 = [3, 15, 23, 11]
func.func @conv_transpose() -> tensor<1x1x4x1xui8> {
  %x = nibble.constant dense<[[[[1], [3]]]]> : tensor<1x1x2x1xui8> -> tensor<1x1x2x1xui8>
  %w = nibble.constant dense<[[[[10], [-2]]]]> : tensor<1x1x2x1xi8> -> tensor<1x1x2x1xi8>
  %b = nibble.constant dense<3> : tensor<1xi32> -> tensor<1xi32>
  %m = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %y = nibble.int_conv_transpose %x, %w, %b, %m {strides = array<i64: 1, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, input_zero_point = 2 : i32, output_zero_point = 10 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x1x2x1xui8>, tensor<1x1x2x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1x4x1xui8>
  return %y : tensor<1x1x4x1xui8>
}

// A float addition rounds 8.5 to the even 8, zero point and all; a fixed one rounds it up.
// CHECK-LABEL: @elementwise
// CHECK-NEXT: [2, 2] ui8 = [8, 7, 10, 10]
// CHECK-NEXT: [2, 2] ui8 = [9, 7, 10, 10]
// CHECK-NEXT: [2, 2] ui8 = [7, 7, 9, 13]
// CHECK-NEXT: [2, 2] i8 = [0, 0, 0, 2]
func.func @elementwise() -> (tensor<2x2xui8>, tensor<2x2xui8>, tensor<2x2xui8>, tensor<2x2xi8>) {
  %x = nibble.constant dense<[[1, 3], [4, 9]]> : tensor<2x2xui8> -> tensor<2x2xui8>
  %y = nibble.constant dense<[6, 4]> : tensor<2xui8> -> tensor<2xui8>
  %a = nibble.int_add %x, %y {lhs_scale = 0.5 : f32, rhs_scale = 1.25 : f32, lhs_zero_point = 3 : i32, rhs_zero_point = 4 : i32,
      output_zero_point = 7 : i32, clamp = array<i32: 0, 255>} : tensor<2x2xui8>, tensor<2xui8> -> tensor<2x2xui8>
  %b = nibble.int_add %x, %y {lhs_scale = 0.5 : f32, rhs_scale = 1.25 : f32, lhs_zero_point = 3 : i32, rhs_zero_point = 4 : i32,
      output_zero_point = 7 : i32, clamp = array<i32: 0, 255>, requant = #nibble.requant<fixed>} : tensor<2x2xui8>, tensor<2xui8> -> tensor<2x2xui8>
  %c = nibble.int_mul %x, %y {scale = 0.5 : f32, lhs_zero_point = 3 : i32, rhs_zero_point = 2 : i32,
      output_zero_point = 7 : i32, clamp = array<i32: 7, 255>} : tensor<2x2xui8>, tensor<2xui8> -> tensor<2x2xui8>
  %d = nibble.int_requantize %x {scale = 0.25 : f32, input_zero_point = 3 : i32, output_zero_point = 0 : i32, clamp = array<i32: -1, 127>,
      requant = #nibble.requant<float>} : tensor<2x2xui8> -> tensor<2x2xi8>
  return %a, %b, %c, %d : tensor<2x2xui8>, tensor<2x2xui8>, tensor<2x2xui8>, tensor<2x2xi8>
}

// Three taps: the sum -1 + 0 + 5 = 4, times fl32(1.5 / 3).
// CHECK-LABEL: @avg_pool
// CHECK-NEXT: [1, 1, 1, 1] ui8 = [2]
func.func @avg_pool() -> tensor<1x1x1x1xui8> {
  %x = nibble.constant dense<[[[[2], [3], [8]]]]> : tensor<1x1x3x1xui8> -> tensor<1x1x3x1xui8>
  %y = nibble.int_avg_pool %x {kernel = array<i64: 1, 3>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, scale = 1.5 : f32,
      input_zero_point = 3 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>} : tensor<1x1x3x1xui8> -> tensor<1x1x1x1xui8>
  return %y : tensor<1x1x1x1xui8>
}

// A fused relu clamps below at the zero point; a NaN is the zero point.
// CHECK-LABEL: @quantize_dequantize
// CHECK-NEXT: [4] ui8 = [128, 130, 255, 128]
// CHECK-NEXT: [4] f32 = [0, 1, 63.5, 0]
func.func @quantize_dequantize() -> (tensor<4xui8>, tensor<4xf32>) {
  %x = nibble.constant dense<[-3.0, 1.25, 1.0e+9, 0x7FC00000]> : tensor<4xf32> -> tensor<4xf32>
  %q = nibble.int_quantize %x {scale = 0.5 : f32, zero_point = 128 : i32, clamp = array<i32: 128, 255>} : tensor<4xf32> -> tensor<4xui8>
  %y = nibble.int_dequantize %q {scale = 0.5 : f32, zero_point = 128 : i32} : tensor<4xui8> -> tensor<4xf32>
  return %q, %y : tensor<4xui8>, tensor<4xf32>
}

// A signed byte indexes the table by its low eight bits. The table holds 3 at 255 alone.
// CHECK-LABEL: @lookup
// CHECK-NEXT: [3] ui8 = [3, 0, 0]
func.func @lookup() -> tensor<3xui8> {
  %x = nibble.constant dense<[-1, 0, 127]> : tensor<3xi8> -> tensor<3xi8>
  %z = nibble.constant dense<0> : tensor<255xui8> -> tensor<255xui8>
  %t = nibble.pad %z {low = array<i64: 0>, high = array<i64: 1>, mode = #nibble.pad_mode<constant>, value = 3.0 : f64} : tensor<255xui8> -> tensor<256xui8>
  %y = nibble.int_lookup %x, %t : tensor<3xi8>, tensor<256xui8> -> tensor<3xui8>
  return %y : tensor<3xui8>
}

// exp(0.1 q) of 0, 10 and 20 in 256 steps are 23.05, 62.65 and 170.3; the second row has a clamp below. Equal values are
// equal parts; the axis may be any.
// CHECK-LABEL: @softmax
// CHECK-NEXT: [3] ui8 = [23, 63, 170]
// CHECK-NEXT: [3] i8 = [-4, 58, 32]
// CHECK-NEXT: [2, 2] ui8 = [128, 128, 128, 128]
// CHECK-NEXT: [3] {{.*}} = [23, 63, 170]
func.func @softmax() -> (tensor<3xui8>, tensor<3xi8>, tensor<2x2xui8>, tensor<3x!quant.uniform<u8:f32, 0.00390625>>) {
  %x = nibble.constant dense<[0, 10, 20]> : tensor<3xui8> -> tensor<3xui8>
  %a = nibble.int_softmax %x {axis = 0 : i64, input_scale = 0.1 : f32, scale = 256.0 : f32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>} : tensor<3xui8> -> tensor<3xui8>
  %s = nibble.constant dense<[-128, 127, 100]> : tensor<3xi8> -> tensor<3xi8>
  %b = nibble.int_softmax %s {axis = 0 : i64, input_scale = 0.02 : f32, scale = 100.0 : f32, output_zero_point = -5 : i32,
      clamp = array<i32: -4, 127>} : tensor<3xi8> -> tensor<3xi8>
  %e = nibble.constant dense<[[7, 9], [7, 9]]> : tensor<2x2xui8> -> tensor<2x2xui8>
  %c = nibble.int_softmax %e {axis = 0 : i64, input_scale = 1.0 : f32, scale = 256.0 : f32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>} : tensor<2x2xui8> -> tensor<2x2xui8>
  %q = nibble.constant dense<[0, 10, 20]> : tensor<3xui8> -> tensor<3x!quant.uniform<u8:f32, 0.10000000149011612:3>>
  %d = nibble.softmax %q {axis = 0 : i64}
      : tensor<3x!quant.uniform<u8:f32, 0.10000000149011612:3>> -> tensor<3x!quant.uniform<u8:f32, 0.00390625>>
  return %a, %b, %c, %d : tensor<3xui8>, tensor<3xi8>, tensor<2x2xui8>, tensor<3x!quant.uniform<u8:f32, 0.00390625>>
}
