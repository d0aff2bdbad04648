// RUN: nibble-interpret %s | FileCheck %s

// 16-bit values by i8 weights in 32 bits: 32767 * 127 * 2 + 5 and -32768 * 127 * 2 + 5; R in both modes, to 16 bits and
// to bytes. 8322823 / 512 = 16255.5: to even, and up.
// CHECK-LABEL: @matmul
// CHECK-NEXT: [2, 1] i16 = [16256, -16256]
// CHECK-NEXT: [2, 1] i16 = [16256, -16256]
// CHECK-NEXT: [2, 1] ui8 = [255, 0]
func.func @matmul() -> (tensor<2x1xi16>, tensor<2x1xi16>, tensor<2x1xui8>) {
  %x = nibble.constant dense<[[32767, 32767], [-32768, -32768]]> : tensor<2x2xi16> -> tensor<2x2xi16>
  %w = nibble.constant dense<127> : tensor<2x1xi8> -> tensor<2x1xi8>
  %b = nibble.constant dense<5> : tensor<1xi32> -> tensor<1xi32>
  %m = nibble.constant dense<0.001953125> : tensor<1xf32> -> tensor<1xf32>
  %y = nibble.int_matmul %x, %w, %b, %m {output_zero_point = 0 : i32, clamp = array<i32: -32767, 32767>}
      : tensor<2x2xi16>, tensor<2x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<2x1xi16>
  %z = nibble.int_matmul %x, %w, %b, %m {output_zero_point = 0 : i32, clamp = array<i32: -32767, 32767>, requant = #nibble.requant<fixed>}
      : tensor<2x2xi16>, tensor<2x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<2x1xi16>
  %u = nibble.int_matmul %x, %w, %b, %m {output_zero_point = 100 : i32, clamp = array<i32: 0, 255>}
      : tensor<2x2xi16>, tensor<2x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<2x1xui8>
  return %y, %z, %u : tensor<2x1xi16>, tensor<2x1xi16>, tensor<2x1xui8>
}

// A tap in the padding reads 0; the addend has 16 bits too. acc = 300 * 2 and 300 * 1 - 400 * 2; y = acc + a / 2.
// CHECK-LABEL: @conv
// CHECK-NEXT: [1, 1, 2, 1] i16 = [1600, -1000]
func.func @conv() -> tensor<1x1x2x1xi16> {
  %x = nibble.constant dense<[[[[300], [-400]]]]> : tensor<1x1x2x1xi16> -> tensor<1x1x2x1xi16>
  %w = nibble.constant dense<[[[[1], [2]]]]> : tensor<1x1x2x1xi8> -> tensor<1x1x2x1xi8>
  %b = nibble.constant dense<0> : tensor<1xi32> -> tensor<1xi32>
  %m = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %a = nibble.constant dense<[[[[2000], [-1000]]]]> : tensor<1x1x2x1xi16> -> tensor<1x1x2x1xi16>
  %y = nibble.int_conv %x, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 0, 1, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32,
      clamp = array<i32: -32767, 32767>, residual = #nibble.residual<scale = 1.0 : f32, addend_scale = 0.5 : f32,
      addend_zero_point = 0, zero_point = 0, min = -32767, max = 32767>}
      : tensor<1x1x2x1xi16>, tensor<1x1x2x1xi8>, tensor<1xi32>, tensor<1xf32>, tensor<1x1x2x1xi16> -> tensor<1x1x2x1xi16>
  return %y : tensor<1x1x2x1xi16>
}

// CHECK-LABEL: @conv_transpose
// CHECK-NEXT: [1, 1, 2, 1] i16 = [-32767, 600]
func.func @conv_transpose() -> tensor<1x1x2x1xi16> {
  %x = nibble.constant dense<300> : tensor<1x1x1x1xi16> -> tensor<1x1x1x1xi16>
  %w = nibble.constant dense<[[[[-128], [2]]]]> : tensor<1x1x2x1xi8> -> tensor<1x1x2x1xi8>
  %b = nibble.constant dense<0> : tensor<1xi32> -> tensor<1xi32>
  %m = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %y = nibble.int_conv_transpose %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, input_zero_point = 0 : i32, output_zero_point = 0 : i32,
      clamp = array<i32: -32767, 32767>}
      : tensor<1x1x1x1xi16>, tensor<1x1x2x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1x2x1xi16>
  return %y : tensor<1x1x2x1xi16>
}

// Mixed operands: 30001 / 2 + (7 - 4) / 4 = 15001.25; 30001^2 / 2^15 = 27467.6, and -32768 * -32768 = 2^30.
// CHECK-LABEL: @elements
// CHECK-NEXT: [2] i16 = [15001, -16383]
// CHECK-NEXT: [2] i16 = [15001, -16383]
// CHECK-NEXT: [2] i16 = [27468, 32767]
// CHECK-NEXT: [2] i16 = [27468, 32767]
// CHECK-NEXT: [2] ui8 = [255, 0]
// CHECK-NEXT: [2] i16 = [384, -512]
// CHECK-NEXT: [3] i16 = [-32767, 32767, 0]
// CHECK-NEXT: [2] f32 = [15000.5, -16384]
func.func @elements() -> (tensor<2xi16>, tensor<2xi16>, tensor<2xi16>, tensor<2xi16>, tensor<2xui8>, tensor<2xi16>, tensor<3xi16>, tensor<2xf32>) {
  %x = nibble.constant dense<[30001, -32768]> : tensor<2xi16> -> tensor<2xi16>
  %y = nibble.constant dense<[7, 0]> : tensor<2xui8> -> tensor<2xui8>
  %f = nibble.constant dense<[-1.0e30, 20000.0, 0x7fc00000]> : tensor<3xf32> -> tensor<3xf32>
  %0 = nibble.int_add %x, %y {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 0 : i32,
      rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: -16383, 32767>}
      : tensor<2xi16>, tensor<2xui8> -> tensor<2xi16>
  %1 = nibble.int_add %x, %y {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 0 : i32,
      rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: -16383, 32767>, requant = #nibble.requant<fixed>}
      : tensor<2xi16>, tensor<2xui8> -> tensor<2xi16>
  %2 = nibble.int_mul %x, %x {scale = 3.0517578125e-05 : f32, lhs_zero_point = 0 : i32, rhs_zero_point = 0 : i32,
      output_zero_point = 0 : i32, clamp = array<i32: -32767, 32767>} : tensor<2xi16>, tensor<2xi16> -> tensor<2xi16>
  %3 = nibble.int_mul %x, %x {scale = 3.0517578125e-05 : f32, lhs_zero_point = 0 : i32, rhs_zero_point = 0 : i32,
      output_zero_point = 0 : i32, clamp = array<i32: -32767, 32767>, requant = #nibble.requant<fixed>}
      : tensor<2xi16>, tensor<2xi16> -> tensor<2xi16>
  %4 = nibble.int_requantize %x {scale = 0.0078125 : f32, input_zero_point = 0 : i32, output_zero_point = 128 : i32,
      clamp = array<i32: 0, 255>} : tensor<2xi16> -> tensor<2xui8>
  %5 = nibble.int_requantize %y {scale = 128.0 : f32, input_zero_point = 4 : i32, output_zero_point = 0 : i32,
      clamp = array<i32: -32767, 32767>, requant = #nibble.requant<fixed>} : tensor<2xui8> -> tensor<2xi16>
  %6 = nibble.int_quantize %f {scale = 0.5 : f32, zero_point = 0 : i32, clamp = array<i32: -32767, 32767>}
      : tensor<3xf32> -> tensor<3xi16>
  %7 = nibble.int_dequantize %x {scale = 0.5 : f32, zero_point = 0 : i32} : tensor<2xi16> -> tensor<2xf32>
  return %0, %1, %2, %3, %4, %5, %6, %7 : tensor<2xi16>, tensor<2xi16>, tensor<2xi16>, tensor<2xi16>, tensor<2xui8>, tensor<2xi16>, tensor<3xi16>, tensor<2xf32>
}

// (32767 + 32766 + 1 + 1) / 4 = 16383.75; a window without a tap has the least value of 16 bits.
// CHECK-LABEL: @pools
// CHECK-NEXT: [1, 1, 1, 1] i16 = [16384]
// CHECK-NEXT: [1, 1, 1, 1] i16 = [32767]
func.func @pools() -> (tensor<1x1x1x1xi16>, tensor<1x1x1x1xi16>) {
  %x = nibble.constant dense<[[[[32767], [32766]], [[1], [1]]]]> : tensor<1x2x2x1xi16> -> tensor<1x2x2x1xi16>
  %a = nibble.int_avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
      scale = 1.0 : f32, input_zero_point = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: -32767, 32767>}
      : tensor<1x2x2x1xi16> -> tensor<1x1x1x1xi16>
  %m = nibble.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>} : tensor<1x2x2x1xi16> -> tensor<1x1x1x1xi16>
  return %a, %m : tensor<1x1x1x1xi16>, tensor<1x1x1x1xi16>
}

// What moves stored values moves these: pad, slice, concat, transpose, resize_nearest, reshape.
// CHECK-LABEL: @moves
// CHECK-NEXT: [2, 4] i16 = [-7, 1, 300, -400, -7, 300, 2, -3]
// CHECK-NEXT: [4] i16 = [300, 1, -400, 2]
func.func @moves() -> (tensor<2x4xi16>, tensor<4xi16>) {
  %x = nibble.constant dense<[[1, 300, -400], [300, 2, -3]]> : tensor<2x3xi16> -> tensor<2x3xi16>
  %p = nibble.pad %x {low = array<i64: 0, 1>, high = array<i64: 0, 0>, mode = #nibble.pad_mode<constant>, value = -7.0 : f64}
      : tensor<2x3xi16> -> tensor<2x4xi16>
  %s = nibble.slice %x {starts = array<i64: 0, 0>, steps = array<i64: 1, 1>} : tensor<2x3xi16> -> tensor<1x2xi16>
  %r = nibble.resize_nearest %s {axes = array<i64: 1>, indices = array<i64: 1, 0>} : tensor<1x2xi16> -> tensor<1x2xi16>
  %t = nibble.transpose %r {permutation = array<i64: 1, 0>} : tensor<1x2xi16> -> tensor<2x1xi16>
  %u = nibble.constant dense<[[-400], [2]]> : tensor<2x1xi16> -> tensor<2x1xi16>
  %c = nibble.concat %t, %u {axis = 0 : i64} : tensor<2x1xi16>, tensor<2x1xi16> -> tensor<4x1xi16>
  %y = nibble.reshape %c : tensor<4x1xi16> -> tensor<4xi16>
  return %p, %y : tensor<2x4xi16>, tensor<4xi16>
}

// The quantized definitions, of which the integer ones are the folded form: a function, a product of two activations.
// CHECK-LABEL: @quantized
// CHECK-NEXT: [2] !quant{{.*}} = [24576, 8192]
// CHECK-NEXT: [1, 1] !quant{{.*}} = [9000]
func.func @quantized() -> (tensor<2x!quant.uniform<i16<-32767:32767>:f32, 3.0517578125e-05>>, tensor<1x1x!quant.uniform<i16<-32767:32767>:f32, 0.25>>) {
  %x = nibble.constant dense<[100, -100]> : tensor<2xi16> -> tensor<2x!quant.uniform<i16<-32767:32767>:f32, 0.010986328125>>
  %s = nibble.sigmoid %x : tensor<2x!quant.uniform<i16<-32767:32767>:f32, 0.010986328125>> -> tensor<2x!quant.uniform<i16<-32767:32767>:f32, 3.0517578125e-05>>
  %a = nibble.constant dense<[[300, 0]]> : tensor<1x2xi16> -> tensor<1x2x!quant.uniform<i16<-300:300>:f32, 0.5>>
  %b = nibble.constant dense<[[30], [300]]> : tensor<2x1xi16> -> tensor<2x1x!quant.uniform<i16<-300:300>:f32, 0.5>>
  %m = nibble.matmul %a, %b : tensor<1x2x!quant.uniform<i16<-300:300>:f32, 0.5>>, tensor<2x1x!quant.uniform<i16<-300:300>:f32, 0.5>> -> tensor<1x1x!quant.uniform<i16<-32767:32767>:f32, 0.25>>
  return %s, %m : tensor<2x!quant.uniform<i16<-32767:32767>:f32, 3.0517578125e-05>>, tensor<1x1x!quant.uniform<i16<-32767:32767>:f32, 0.25>>
}
