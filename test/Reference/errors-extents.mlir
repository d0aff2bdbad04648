// RUN: not nibble-interpret %s | FileCheck %s

// What only execution sees: most often extents that no type told.

// CHECK-LABEL: @scanned
// CHECK-NEXT: error: nibble.loop: expected scanned values of 2 elements, got 3
func.func @scanned() -> tensor<f32> {
  %x0 = nibble.constant dense<1.0> : tensor<3xf32> -> tensor<3xf32>
  %x = nibble.reshape %x0 : tensor<3xf32> -> tensor<?xf32>
  %z = nibble.constant dense<1.0> : tensor<f32> -> tensor<f32>
  %y = nibble.loop (%z : tensor<f32>) scan (%x : tensor<?xf32>) attributes {extents = #nibble.extents<[2]>, reversed = array<i1: false>} {
  ^bb0(%i: tensor<i64>, %s: tensor<f32>, %e: tensor<f32>):
    nibble.region_yield %e : tensor<f32>
  } -> tensor<f32>
  return %y : tensor<f32>
}

// CHECK-LABEL: @carried
// CHECK-NEXT: error: nibble.loop: expected carried value 0 of shape [3], got [6]
func.func @carried() -> tensor<?xf32> {
  %x0 = nibble.constant dense<1.0> : tensor<3xf32> -> tensor<3xf32>
  %x = nibble.reshape %x0 : tensor<3xf32> -> tensor<?xf32>
  %y = nibble.loop (%x : tensor<?xf32>) attributes {extents = #nibble.extents<[2]>} {
  ^bb0(%i: tensor<i64>, %s: tensor<?xf32>):
    %t = nibble.concat %s, %s {axis = 0 : i64} : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
    nibble.region_yield %t : tensor<?xf32>
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// CHECK-LABEL: @channels
// CHECK-NEXT: error: nibble.conv: expected channels that fit 1 groups, got input [1, 2, 2, 3] and filter [1, 1, 1, 2]
func.func @channels() -> tensor<1x2x2x1xf32> {
  %x0 = nibble.constant dense<1.0> : tensor<1x2x2x3xf32> -> tensor<1x2x2x3xf32>
  %x = nibble.reshape %x0 : tensor<1x2x2x3xf32> -> tensor<1x2x2x?xf32>
  %w = nibble.constant dense<1.0> : tensor<1x1x1x2xf32> -> tensor<1x1x1x2xf32>
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>} : tensor<1x2x2x?xf32>, tensor<1x1x1x2xf32> -> tensor<1x2x2x1xf32>
  return %y : tensor<1x2x2x1xf32>
}

// CHECK-LABEL: @window
// CHECK-NEXT: error: nibble.conv: expected a window that fits the padded input [1, 1, 2, 2]
func.func @window() -> tensor<1x?x2x1xf32> {
  %x0 = nibble.constant dense<1.0> : tensor<1x1x2x2xf32> -> tensor<1x1x2x2xf32>
  %x = nibble.reshape %x0 : tensor<1x1x2x2xf32> -> tensor<1x?x2x2xf32>
  %w = nibble.constant dense<1.0> : tensor<1x3x1x2xf32> -> tensor<1x3x1x2xf32>
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>} : tensor<1x?x2x2xf32>, tensor<1x3x1x2xf32> -> tensor<1x?x2x1xf32>
  return %y : tensor<1x?x2x1xf32>
}

// CHECK-LABEL: @transposed_pads
// CHECK-NEXT: error: nibble.conv_transpose: expected pads within the result of input [1, 1, 2, 2]
func.func @transposed_pads() -> tensor<1x?x2x1xf32> {
  %x0 = nibble.constant dense<1.0> : tensor<1x1x2x2xf32> -> tensor<1x1x2x2xf32>
  %x = nibble.reshape %x0 : tensor<1x1x2x2xf32> -> tensor<1x?x2x2xf32>
  %w = nibble.constant dense<1.0> : tensor<1x1x1x2xf32> -> tensor<1x1x1x2xf32>
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 3, 0, 3, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64,
      layout = #nibble.layout<nhwc>} : tensor<1x?x2x2xf32>, tensor<1x1x1x2xf32> -> tensor<1x?x2x1xf32>
  return %y : tensor<1x?x2x1xf32>
}

// CHECK-LABEL: @bias
// CHECK-NEXT: error: nibble.conv: expected one bias per output channel, 1, got 3
func.func @bias() -> tensor<1x2x2x1xf32> {
  %b0 = nibble.constant dense<1.0> : tensor<3xf32> -> tensor<3xf32>
  %b = nibble.reshape %b0 : tensor<3xf32> -> tensor<?xf32>
  %x = nibble.constant dense<1.0> : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %w = nibble.constant dense<1.0> : tensor<1x1x1x2xf32> -> tensor<1x1x1x2xf32>
  %y = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : tensor<1x2x2x2xf32>, tensor<1x1x1x2xf32>, tensor<?xf32> -> tensor<1x2x2x1xf32>
  return %y : tensor<1x2x2x1xf32>
}

// CHECK-LABEL: @int_bias
// CHECK-NEXT: error: nibble.int_conv: expected one bias and multiplier per channel, 1, got 3
func.func @int_bias() -> tensor<1x2x2x1xui8> {
  %b0 = nibble.constant dense<1> : tensor<3xi32> -> tensor<3xi32>
  %b = nibble.reshape %b0 : tensor<3xi32> -> tensor<?xi32>
  %x = nibble.constant dense<1> : tensor<1x2x2x2xui8> -> tensor<1x2x2x2xui8>
  %w = nibble.constant dense<1> : tensor<1x1x1x2xi8> -> tensor<1x1x1x2xi8>
  %m = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64,
      pad_value = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x2x2x2xui8>, tensor<1x1x1x2xi8>, tensor<?xi32>, tensor<1xf32> -> tensor<1x2x2x1xui8>
  return %y : tensor<1x2x2x1xui8>
}

// CHECK-LABEL: @table
// CHECK-NEXT: error: nibble.int_lookup: expected a table of 256 entries, got 3
func.func @table() -> tensor<4xui8> {
  %t0 = nibble.constant dense<1> : tensor<3xui8> -> tensor<3xui8>
  %t = nibble.reshape %t0 : tensor<3xui8> -> tensor<?xui8>
  %x = nibble.constant dense<1> : tensor<4xui8> -> tensor<4xui8>
  %y = nibble.int_lookup %x, %t : tensor<4xui8>, tensor<?xui8> -> tensor<4xui8>
  return %y : tensor<4xui8>
}

// CHECK-LABEL: @products
// CHECK-NEXT: error: nibble.matmul: expected matrices that multiply, got [2, 3] and [2, 2]
func.func @products() -> tensor<2x2xf32> {
  %a0 = nibble.constant dense<1.0> : tensor<2x3xf32> -> tensor<2x3xf32>
  %a = nibble.reshape %a0 : tensor<2x3xf32> -> tensor<2x?xf32>
  %b = nibble.constant dense<1.0> : tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.matmul %a, %b : tensor<2x?xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// CHECK-LABEL: @column_bias
// CHECK-NEXT: error: nibble.matmul: expected one bias per column, 2, got 3
func.func @column_bias() -> tensor<2x2xf32> {
  %c0 = nibble.constant dense<1.0> : tensor<3xf32> -> tensor<3xf32>
  %c = nibble.reshape %c0 : tensor<3xf32> -> tensor<?xf32>
  %a = nibble.constant dense<1.0> : tensor<2x2xf32> -> tensor<2x2xf32>
  %b = nibble.constant dense<1.0> : tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.matmul %a, %b bias %c : tensor<2x2xf32>, tensor<2x2xf32>, tensor<?xf32> -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// CHECK-LABEL: @multiple
// CHECK-NEXT: error: nibble.reshape: expected a number of elements that fits [?, 2], got 3
func.func @multiple() -> tensor<?x2xf32> {
  %x0 = nibble.constant dense<1.0> : tensor<3xf32> -> tensor<3xf32>
  %x = nibble.reshape %x0 : tensor<3xf32> -> tensor<?xf32>
  %y = nibble.reshape %x : tensor<?xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// CHECK-LABEL: @elements
// CHECK-NEXT: error: nibble.reshape: expected as many elements as [2, 2], got [3]
func.func @elements() -> tensor<2x2xf32> {
  %x0 = nibble.constant dense<1.0> : tensor<3xf32> -> tensor<3xf32>
  %x = nibble.reshape %x0 : tensor<3xf32> -> tensor<?xf32>
  %y = nibble.reshape %x : tensor<?xf32> -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// CHECK-LABEL: @concat
// CHECK-NEXT: error: nibble.concat: expected extents that agree but along the axis, got [2, 3] and [2, 2]
func.func @concat() -> tensor<?x2xf32> {
  %a0 = nibble.constant dense<1.0> : tensor<2x3xf32> -> tensor<2x3xf32>
  %a = nibble.reshape %a0 : tensor<2x3xf32> -> tensor<2x?xf32>
  %b = nibble.constant dense<1.0> : tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.concat %a, %b {axis = 0 : i64} : tensor<2x?xf32>, tensor<2x2xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// CHECK-LABEL: @pad_elements
// CHECK-NEXT: error: nibble.pad: expected a pad value that i64 holds, got 0.5
func.func @pad_elements() -> tensor<3xi64> {
  %x = nibble.constant dense<1> : tensor<1xi64> -> tensor<1xi64>
  %y = nibble.pad %x {low = array<i64: 1>, high = array<i64: 1>, mode = #nibble.pad_mode<constant>, value = 0.5 : f64} : tensor<1xi64> -> tensor<3xi64>
  return %y : tensor<3xi64>
}

// CHECK-LABEL: @pad_value
// CHECK-NEXT: error: nibble.pad: expected a pad value that i8 holds, got 300
func.func @pad_value() -> tensor<3xi8> {
  %x = nibble.constant dense<1> : tensor<1xi8> -> tensor<1xi8>
  %y = nibble.pad %x {low = array<i64: 1>, high = array<i64: 1>, mode = #nibble.pad_mode<constant>, value = 300.0 : f64} : tensor<1xi8> -> tensor<3xi8>
  return %y : tensor<3xi8>
}

// CHECK-LABEL: @pads
// CHECK-NEXT: error: nibble.pad: expected pads that fit extent 1 of dimension 0, got -1 and -1
func.func @pads() -> tensor<?xf32> {
  %x0 = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %x = nibble.reshape %x0 : tensor<1xf32> -> tensor<?xf32>
  %y = nibble.pad %x {low = array<i64: -1>, high = array<i64: -1>, mode = #nibble.pad_mode<constant>, value = 0.0 : f64} : tensor<?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// CHECK-LABEL: @indices
// CHECK-NEXT: error: nibble.resize_nearest: expected indices below the extent 1 of dimension 0, got 1
func.func @indices() -> tensor<2xf32> {
  %x0 = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %x = nibble.reshape %x0 : tensor<1xf32> -> tensor<?xf32>
  %y = nibble.resize_nearest %x {axes = array<i64: 0>, indices = array<i64: 0, 1>} : tensor<?xf32> -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// CHECK-LABEL: @parameters
// CHECK-NEXT: error: nibble.batch_norm: expected one parameter per channel, 2, got 3
func.func @parameters() -> tensor<1x2xf32> {
  %p0 = nibble.constant dense<1.0> : tensor<3xf32> -> tensor<3xf32>
  %p = nibble.reshape %p0 : tensor<3xf32> -> tensor<?xf32>
  %x = nibble.constant dense<1.0> : tensor<1x2xf32> -> tensor<1x2xf32>
  %y = nibble.batch_norm %x, %p, %p, %p, %p {epsilon = 1.0e-5 : f32}
      : tensor<1x2xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32> -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// CHECK-LABEL: @wide_pool
// CHECK-NEXT: error: nibble.max_pool: expected integers of at most 32 bits, got 64
func.func @wide_pool() -> tensor<1x1x1x1xi64> {
  %x = nibble.constant dense<1> : tensor<1x1x1x1xi64> -> tensor<1x1x1x1xi64>
  %y = nibble.max_pool %x {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>} : tensor<1x1x1x1xi64> -> tensor<1x1x1x1xi64>
  return %y : tensor<1x1x1x1xi64>
}

// CHECK-LABEL: @scaled_channels
// CHECK-NEXT: error: nibble.scaled_conv: expected one value per channel, 1, got 3
func.func @scaled_channels() -> tensor<1x2x2x1xf32> {
  %m0 = nibble.constant dense<1.0> : tensor<3xf32> -> tensor<3xf32>
  %m = nibble.reshape %m0 : tensor<3xf32> -> tensor<?xf32>
  %x = nibble.constant dense<1.0> : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %w = nibble.constant dense<1> : tensor<1x1x1x2xi8> -> tensor<1x1x1x2xi8>
  %y = nibble.scaled_conv %x, %w, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (tensor<1x2x2x2xf32>, tensor<1x1x1x2xi8>, tensor<?xf32>) -> tensor<1x2x2x1xf32>
  return %y : tensor<1x2x2x1xf32>
}

// CHECK-LABEL: @scaled_rows
// CHECK-NEXT: error: nibble.scaled_matmul: expected one scale per row, 2, got 3
func.func @scaled_rows() -> tensor<2x2xf32> {
  %r0 = nibble.constant dense<1.0> : tensor<3xf32> -> tensor<3xf32>
  %r = nibble.reshape %r0 : tensor<3xf32> -> tensor<?xf32>
  %a = nibble.constant dense<1> : tensor<2x2xi8> -> tensor<2x2xi8>
  %b = nibble.constant dense<1> : tensor<2x2xi8> -> tensor<2x2xi8>
  %m = nibble.constant dense<1.0> : tensor<2xf32> -> tensor<2xf32>
  %y = nibble.scaled_matmul %a, %b, %m rows %r : (tensor<2x2xi8>, tensor<2x2xi8>, tensor<2xf32>, tensor<?xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// CHECK-LABEL: @dynamic_rows
// CHECK-NEXT: error: nibble.dynamic_matmul: expected scales of shape [2], got [3]
func.func @dynamic_rows() -> tensor<2x2xf32> {
  %r0 = nibble.constant dense<1.0> : tensor<3xf32> -> tensor<3xf32>
  %r = nibble.reshape %r0 : tensor<3xf32> -> tensor<?xf32>
  %a = nibble.constant dense<1> : tensor<2x2xi8> -> tensor<2x2xi8>
  %b = nibble.constant dense<1.0> : tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.dynamic_matmul %a, %b rows %r : (tensor<2x2xi8>, tensor<2x2xf32>, tensor<?xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// CHECK-LABEL: @addend
// CHECK-NEXT: error: nibble.int_conv: expected an addend of 4 elements, got 6
func.func @addend() -> tensor<1x2x2x1xui8> {
  %a0 = nibble.constant dense<1> : tensor<1x2x3x1xui8> -> tensor<1x2x3x1xui8>
  %a = nibble.reshape %a0 : tensor<1x2x3x1xui8> -> tensor<1x2x?x1xui8>
  %x = nibble.constant dense<1> : tensor<1x2x2x2xui8> -> tensor<1x2x2x2xui8>
  %w = nibble.constant dense<1> : tensor<1x1x1x2xi8> -> tensor<1x1x1x2xi8>
  %b = nibble.constant dense<1> : tensor<1xi32> -> tensor<1xi32>
  %m = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %y = nibble.int_conv %x, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64,
      pad_value = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>,
      residual = #nibble.residual<scale = 1.0 : f32, addend_scale = 1.0 : f32, addend_zero_point = 0, zero_point = 0, min = 0, max = 255>}
      : tensor<1x2x2x2xui8>, tensor<1x1x1x2xi8>, tensor<1xi32>, tensor<1xf32>, tensor<1x2x?x1xui8> -> tensor<1x2x2x1xui8>
  return %y : tensor<1x2x2x1xui8>
}

// CHECK-LABEL: @fixed_multiplier
// CHECK-NEXT: error: nibble.int_matmul: expected a multiplier with a fixed-point form, in [2^-32, 2^29), got 1
func.func @fixed_multiplier() -> tensor<1x1xi8> {
  %a = nibble.constant dense<1> : tensor<1x1xui8> -> tensor<1x1xui8>
  %b = nibble.constant dense<1> : tensor<1x1xi8> -> tensor<1x1xi8>
  %c = nibble.constant dense<1> : tensor<1xi32> -> tensor<1xi32>
  %m = nibble.constant dense<1.0e+10> : tensor<1xf32> -> tensor<1xf32>
  %y = nibble.int_matmul %a, %b, %c, %m {output_zero_point = 0 : i32, clamp = array<i32: -128, 127>, requant = #nibble.requant<fixed>}
      : tensor<1x1xui8>, tensor<1x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1xi8>
  return %y : tensor<1x1xi8>
}

// CHECK-LABEL: @wide_factors
// CHECK-NEXT: error: nibble.matmul: expected factors stored in at most 16 bits, got 32
func.func @wide_factors() -> tensor<1x1x!quant.uniform<i8:f32, 1.0>> {
  %x = nibble.constant dense<1> : tensor<1x1xi32> -> tensor<1x1x!quant.uniform<i32:f32, 1.0>>
  %y = nibble.matmul %x, %x : tensor<1x1x!quant.uniform<i32:f32, 1.0>>, tensor<1x1x!quant.uniform<i32:f32, 1.0>> -> tensor<1x1x!quant.uniform<i8:f32, 1.0>>
  return %y : tensor<1x1x!quant.uniform<i8:f32, 1.0>>
}

// CHECK-LABEL: @channel_scales
// CHECK-NEXT: error: nibble.quantize: expected one scale per channel, 3, got 2
func.func @channel_scales() -> tensor<2xf32> {
  %x0 = nibble.constant dense<1.0> : tensor<3xf32> -> tensor<3xf32>
  %x = nibble.reshape %x0 : tensor<3xf32> -> tensor<?xf32>
  %q = nibble.quantize %x : tensor<?xf32> to tensor<?x!quant.uniform<i8:f32:0, {1.0, 2.0}>>
  %d = nibble.dequantize %q : tensor<?x!quant.uniform<i8:f32:0, {1.0, 2.0}>> to tensor<?xf32>
  %y = nibble.reshape %d : tensor<?xf32> -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// CHECK-LABEL: @complex
// CHECK-NEXT: error: arith.constant: expected elements of 1, 2, 4 or 8 bytes, got complex<f64>
func.func @complex() -> tensor<1xcomplex<f64>> {
  %y = arith.constant dense<(1.0, 2.0)> : tensor<1xcomplex<f64>>
  return %y : tensor<1xcomplex<f64>>
}

// CHECK-LABEL: @unranked
// CHECK-NEXT: error: tensor.cast: expected a ranked tensor as the result
func.func @unranked() -> tensor<*xf32> {
  %x = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %y = tensor.cast %x : tensor<1xf32> to tensor<*xf32>
  return %y : tensor<*xf32>
}

// CHECK-LABEL: @generate_extents
// CHECK-NEXT: error: nibble.generate: expected 'extents' by the 0 dynamic dimensions of the inputs, got d0
func.func @generate_extents() -> tensor<?xf32> {
  %x = nibble.constant dense<1.0> : tensor<3xf32> -> tensor<3xf32>
  %y = nibble.generate (%x : tensor<3xf32>) attributes {extents = #nibble.extents<[d0]>} {
  ^bb0(%i: index, %t: tensor<3xf32>):
    %e = nibble.read %t[%i] : tensor<3xf32> -> f32
    nibble.yield %e : f32
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// CHECK-LABEL: @extent_value
// CHECK-NEXT: error: nibble.generate: expected values by the 0 dynamic dimensions of the inputs, got 2 * d0
func.func @extent_value() -> tensor<1xi64> {
  %y = nibble.generate () {
  ^bb0(%i: index):
    %n = nibble.extent_value <[2 * d0]>
    %e = arith.index_cast %n : index to i64
    nibble.yield %e : i64
  } -> tensor<1xi64>
  return %y : tensor<1xi64>
}
