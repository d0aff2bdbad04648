// RUN: nibble-opt %s --ukernel-from-nibble --split-input-file --verify-diagnostics

// What cannot become kernels.

// expected-error @+1 {{expected one block}}
func.func @blocks(%x: tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^end
^end:
  return %x : tensor<4xf32>
}

// -----

func.func @int_weights(%x: tensor<1x4x4x3xui8>, %w: tensor<2x1x1x3xi8>, %b: tensor<2xi32>, %m: tensor<2xf32>) -> tensor<1x4x4x2xui8> {
  // expected-error @+1 {{needs constant weights, biases and multipliers}}
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x4x4x3xui8>, tensor<2x1x1x3xi8>, tensor<2xi32>, tensor<2xf32> -> tensor<1x4x4x2xui8>
  return %y : tensor<1x4x4x2xui8>
}

// -----

func.func @float_weights(%x: tensor<1x4x4x3xf32>, %w: tensor<2x1x1x3xf32>) -> tensor<1x4x4x2xf32> {
  // expected-error @+1 {{needs constant weights and biases}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nhwc>} : tensor<1x4x4x3xf32>, tensor<2x1x1x3xf32> -> tensor<1x4x4x2xf32>
  return %y : tensor<1x4x4x2xf32>
}

// -----

func.func @scaled_weights(%x: tensor<2x8xf32>, %w: tensor<8x4xi8>, %m: tensor<4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{needs constant weights, scales and biases}}
  %y = nibble.scaled_matmul %x, %w, %m : (tensor<2x8xf32>, tensor<8x4xi8>, tensor<4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @transposed_weights(%x: tensor<1x4x4x3xf32>, %w: tensor<5x2x2x3xf32>) -> tensor<1x8x8x5xf32> {
  // expected-error @+1 {{needs constant weights}}
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nhwc>} : tensor<1x4x4x3xf32>, tensor<5x2x2x3xf32> -> tensor<1x8x8x5xf32>
  return %y : tensor<1x8x8x5xf32>
}

// -----

func.func @multipliers(%a: tensor<2x4xui8>, %b: tensor<4x3xui8>, %c: tensor<3xi32>, %m: tensor<3xf32>) -> tensor<2x3xui8> {
  // expected-error @+1 {{needs constant multipliers}}
  %y = nibble.int_matmul %a, %b, %c, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<2x4xui8>, tensor<4x3xui8>, tensor<3xi32>, tensor<3xf32> -> tensor<2x3xui8>
  return %y : tensor<2x3xui8>
}

// -----

func.func @fixed_multipliers(%a: tensor<2x4xui8>, %b: tensor<4x3xui8>, %c: tensor<3xi32>) -> tensor<2x3xui8> {
  %m = nibble.constant dense<1.0e+10> : tensor<3xf32> -> tensor<3xf32>
  // expected-error @+1 {{has the multiplier 1.000000e+10, which has no fixed-point form}}
  %y = nibble.int_matmul %a, %b, %c, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, requant = #nibble.requant<fixed>}
      : tensor<2x4xui8>, tensor<4x3xui8>, tensor<3xi32>, tensor<3xf32> -> tensor<2x3xui8>
  return %y : tensor<2x3xui8>
}

// -----

func.func @infinite_multipliers(%a: tensor<2x4xui8>, %b: tensor<4x3xui8>, %c: tensor<3xi32>) -> tensor<2x3xui8> {
  %m = nibble.constant dense<0x7F800000> : tensor<3xf32> -> tensor<3xf32>
  // expected-error @+1 {{has the multiplier INF, expected a finite one}}
  %y = nibble.int_matmul %a, %b, %c, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<2x4xui8>, tensor<4x3xui8>, tensor<3xi32>, tensor<3xf32> -> tensor<2x3xui8>
  return %y : tensor<2x3xui8>
}

// -----

func.func @other(%x: tensor<1x4x4x3xf32>, %p: tensor<4xf32>) -> tensor<1x4x4x3xf32> {
  // expected-error @+1 {{cannot be lowered to a kernel}}
  %y = nibble.batch_norm %x, %p, %p, %p, %p {epsilon = 1.0e-5 : f32}
      : tensor<1x4x4x3xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<1x4x4x3xf32>
  return %y : tensor<1x4x4x3xf32>
}

// -----

func.func @wide(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{expected values of 8 bits, or of 16 signed ones, quantized per tensor, got '!quant.uniform<u16:f32, 1.000000e+00>'}}
  %y = nibble.fake_quant %x to !quant.uniform<u16:f32, 1.0> : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----
// expected-error @+1 {{an input, 'tensor<1x2147483647x2147483647xf32>', is too large: expected a buffer of at most 2^47 bytes, got one of more}}
func.func @large_input(%x: tensor<1x2147483647x2147483647xf32>) -> tensor<1x2147483647x2147483647xf32> {
  return %x : tensor<1x2147483647x2147483647xf32>
}

// -----
// With the padding that the convolution wants.
func.func @large_result(%x: tensor<1x4x4x2xf32>, %f: tensor<2x1x1x2xf32>) -> tensor<1x4x9000000000004x2xf32> {
  // expected-error @+1 {{a result, 'tensor<1x4x4x2xf32>', is too large: expected a buffer of at most 2^47 bytes, got one of more}}
  %r = nibble.relu %x : tensor<1x4x4x2xf32> -> tensor<1x4x4x2xf32>
  %y = nibble.conv %r, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 9000000000000, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32> -> tensor<1x4x9000000000004x2xf32>
  return %y : tensor<1x4x9000000000004x2xf32>
}

// -----

func.func @sums_padded(%x: tensor<1x4x4x3xui8>, %e: tensor<2xf32>) -> tensor<1x4x4x2xi32> {
  %w = nibble.constant dense<1> : tensor<2x3x3x3xi8> -> tensor<2x3x3x3xi8>
  // expected-error @+1 {{pads bytes whose zero point is found at run time: pad what they are made from}}
  %y = nibble.sum_conv %x, %w encoding %e {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : (tensor<1x4x4x3xui8>, tensor<2x3x3x3xi8>, tensor<2xf32>) -> tensor<1x4x4x2xi32>
  return %y : tensor<1x4x4x2xi32>
}

// -----

func.func @pad_value(%x: tensor<4xi8>) -> tensor<6xi8> {
  // expected-error @+1 {{has a pad value that 'i8' does not hold, got 3.000000e+02}}
  %y = nibble.pad %x {low = array<i64: 1>, high = array<i64: 1>, mode = #nibble.pad_mode<constant>, value = 300.0 : f64}
      : tensor<4xi8> -> tensor<6xi8>
  return %y : tensor<6xi8>
}

// -----

// expected-error @+1 {{input 'x' has no elements, which operations other than nibble.generate cannot read}}
func.func @no_elements(%x: tensor<2x0xf32> {nibble.name = "x"}) -> tensor<2x1xf32> {
  %y = nibble.reduce %x {kind = #nibble.reduce_kind<sum>, axes = array<i64: 1>, keep_dims} : tensor<2x0xf32> -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// -----

func.func @unknown_shape(%x: tensor<?xf32> {nibble.dims = ["a"]}, %y: tensor<?xf32> {nibble.dims = ["b"]}) -> tensor<?xf32> {
  // expected-error @+1 {{node '' has a shape that is not known when the model begins to run: nibble.add: extents d0 and d1 broadcast where they are equal, or one is 1, which is not known}}
  %z = nibble.add %x, %y : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
  return %z : tensor<?xf32>
}

// -----

func.func @pad_dynamic_edge(%x: tensor<?xf32> {nibble.dims = ["a"]}) -> tensor<?xf32> {
  // expected-error @+1 {{pads a dynamic dimension by what it holds, which no kernel does}}
  %y = nibble.pad %x {low = array<i64: 1>, high = array<i64: 0>, mode = #nibble.pad_mode<edge>} : tensor<?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

func.func @pad_dynamic_reflection(%x: tensor<?x4xf32> {nibble.dims = ["a", ""]}) -> tensor<?x4xf32> {
  // expected-error @+1 {{pads a dynamic dimension by what it holds, which no kernel does}}
  %y = nibble.pad %x {low = array<i64: 0, 0>, high = array<i64: 2, 0>, mode = #nibble.pad_mode<reflect>} : tensor<?x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
