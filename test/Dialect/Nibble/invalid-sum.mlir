// RUN: nibble-opt %s --split-input-file --verify-diagnostics

// What the verifiers of sums and encodings reject: one constraint a case, which its name tells.

func.func @dynamic_encoding_c1_result(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'nibble.dynamic_encoding' op expected result of shape [2], got [3]}}
  %e = nibble.dynamic_encoding %x : tensor<2x3xf32> -> tensor<3xf32>
  return
}

// -----
func.func @dynamic_encode_c1_encoding(%x: tensor<2x3xf32>, %e: tensor<1xf32>) {
  // expected-error @+1 {{'nibble.dynamic_encode' op expected encoding of shape [2], got [1]}}
  %q = nibble.dynamic_encode %x, %e : tensor<2x3xf32>, tensor<1xf32> -> tensor<2x3xui8>
  return
}

// -----
func.func @dynamic_encode_signed(%x: tensor<2x3xf32>, %e: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.dynamic_encode' op result #0 must be ranked tensor of 8-bit unsigned integer values, but got 'tensor<2x3xi8>'}}
  %q = nibble.dynamic_encode %x, %e : tensor<2x3xf32>, tensor<2xf32> -> tensor<2x3xi8>
  return
}

// -----
func.func @sum_conv_c1_channels(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x2xi8>) {
  // expected-error @+1 {{'nibble.sum_conv' op expected as many input channels as groups * the filter's, 1 * 2, got 3}}
  %y = nibble.sum_conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nhwc>} : (tensor<1x8x8x3xui8>, tensor<4x3x3x2xi8>) -> tensor<1x6x6x4xi32>
  return
}

// -----
func.func @sum_conv_c2_shape(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %e: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.sum_conv' op expected encoding of shape [2], got [4]}}
  %y = nibble.sum_conv %x, %w encoding %e {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : (tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xf32>) -> tensor<1x6x6x4xi32>
  return
}

// -----
func.func @sum_conv_c2_both(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %e: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.sum_conv' op expected 'zero_point' 0 beside an encoding, got 5}}
  %y = nibble.sum_conv %x, %w encoding %e {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>, zero_point = 5 : i32}
      : (tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<2xf32>) -> tensor<1x6x6x4xi32>
  return
}

// -----
func.func @sum_conv_c3_zero_point(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>) {
  // expected-error @+1 {{'nibble.sum_conv' op expected 'zero_point' in input's range [0, 255], got -1}}
  %y = nibble.sum_conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nhwc>, zero_point = -1 : i32}
      : (tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>) -> tensor<1x6x6x4xi32>
  return
}

// -----
func.func @sum_matmul_c1_depth(%a: tensor<2x3xui8>, %b: tensor<4x5xi8>) {
  // expected-error @+1 {{'nibble.sum_matmul' op expected [..., m, k] and [..., k, n] with leading dimensions that broadcast, got [2, 3] and [4, 5]}}
  %y = nibble.sum_matmul %a, %b : (tensor<2x3xui8>, tensor<4x5xi8>) -> tensor<2x5xi32>
  return
}

// -----
func.func @sum_matmul_c2_both(%a: tensor<2x4xui8>, %b: tensor<4x5xi8>, %e: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.sum_matmul' op expected 'rhs_zero_point' 0 beside an encoding, got 1}}
  %y = nibble.sum_matmul %a, %b rhs_encoding %e {rhs_zero_point = 1 : i32}
      : (tensor<2x4xui8>, tensor<4x5xi8>, tensor<2xf32>) -> tensor<2x5xi32>
  return
}

// -----
func.func @sum_matmul_c3_zero_point(%a: tensor<2x4xui8>, %b: tensor<4x5xi8>) {
  // expected-error @+1 {{'nibble.sum_matmul' op expected 'rhs_zero_point' in rhs's range [-128, 127], got 128}}
  %y = nibble.sum_matmul %a, %b {rhs_zero_point = 128 : i32} : (tensor<2x4xui8>, tensor<4x5xi8>) -> tensor<2x5xi32>
  return
}
