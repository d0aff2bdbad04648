// RUN: nibble-opt %s --split-input-file --verify-diagnostics

// What the verifiers of the integer operations reject: one constraint a case, which its name tells.

func.func @int_conv_c1_bias(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<3xi32>, %m: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.int_conv' op expected bias to have one value per output channel, of shape [4], got [3]}}
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<3xi32>, tensor<4xf32> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_conv_c1_multiplier(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<5xf32>) {
  // expected-error @+1 {{'nibble.int_conv' op expected multiplier to have one value per output channel, of shape [4], got [5]}}
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<5xf32> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_conv_c2_channels(%x: tensor<1x8x8x4xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.int_conv' op expected as many input channels as groups * the filter's, 1 * 3, got 4}}
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x8x8x4xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_conv_c2_result(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.int_conv' op expected result of shape [1, 8, 8, 4], got [1, 8, 9, 4]}}
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32> -> tensor<1x8x9x4xui8>
  return
}

// -----
func.func @int_conv_c2_pads(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.int_conv' op expected 4 values in 'pads', got 3}}
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_conv_c3_order(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.int_conv' op expected 'clamp' to be [min, max] with min <= max, got [255, 0]}}
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 255, 0>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_conv_c3_range(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.int_conv' op expected 'clamp' in result's range [0, 255], got -1}}
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: -1, 255>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_conv_c3_length(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.int_conv' op expected 2 values in 'clamp', got 1}}
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_conv_c3_pad_value(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.int_conv' op expected 'pad_value' in input's range [0, 255], got 256}}
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 256 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_conv_c3_zero_point(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.int_conv' op expected 'output zero point' in result's range [0, 255], got -1}}
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = -1 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_conv_c4_missing(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>, %a: tensor<1x8x8x4xui8>) {
  // expected-error @+1 {{'nibble.int_conv' op expected 'residual' exactly when there is an addend, got an addend without 'residual'}}
  %y = nibble.int_conv %x, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32>, tensor<1x8x8x4xui8> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_conv_c4_alone(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.int_conv' op expected 'residual' exactly when there is an addend, got 'residual' without an addend}}
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, residual = #nibble.residual<scale = 0.5 : f32, addend_scale = 0.25 : f32, addend_zero_point = 3, zero_point = 7, min = 0, max = 255>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_conv_c4_shape(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>, %a: tensor<1x8x8x1xui8>) {
  // expected-error @+1 {{'nibble.int_conv' op expected addend of shape [1, 8, 8, 4], got [1, 8, 8, 1]}}
  %y = nibble.int_conv %x, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, residual = #nibble.residual<scale = 0.5 : f32, addend_scale = 0.25 : f32, addend_zero_point = 3, zero_point = 7, min = 0, max = 255>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32>, tensor<1x8x8x1xui8> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_conv_c4_scale_type(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>, %a: tensor<1x8x8x4xui8>) {
  // expected-error @+1 {{'nibble.int_conv' op expected the residual's 'scale' to be f32, got 'f64'}}
  %y = nibble.int_conv %x, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, residual = #nibble.residual<scale = 0.5 : f64, addend_scale = 0.25 : f32, addend_zero_point = 3, zero_point = 7, min = 0, max = 255>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32>, tensor<1x8x8x4xui8> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_conv_c4_zero_point(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>, %a: tensor<1x8x8x4xui8>) {
  // expected-error @+1 {{'nibble.int_conv' op expected 'addend_zero_point' in addend's range [0, 255], got 256}}
  %y = nibble.int_conv %x, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, residual = #nibble.residual<scale = 0.5 : f32, addend_scale = 0.25 : f32, addend_zero_point = 256, zero_point = 7, min = 0, max = 255>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32>, tensor<1x8x8x4xui8> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_conv_c4_clamp(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>, %a: tensor<1x8x8x4xui8>) {
  // expected-error @+1 {{'nibble.int_conv' op expected 'clamp' to be [min, max] with min <= max, got [9, 8]}}
  %y = nibble.int_conv %x, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, residual = #nibble.residual<scale = 0.5 : f32, addend_scale = 0.25 : f32, addend_zero_point = 3, zero_point = 7, min = 9, max = 8>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32>, tensor<1x8x8x4xui8> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_conv_transpose_c1_bias(%x: tensor<1x4x4x3xui8>, %w: tensor<5x2x2x3xi8>, %b: tensor<4xi32>, %m: tensor<5xf32>) {
  // expected-error @+1 {{'nibble.int_conv_transpose' op expected bias to have one value per output channel, of shape [5], got [4]}}
  %y = nibble.int_conv_transpose %x, %w, %b, %m {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, input_zero_point = 128 : i32}
      : tensor<1x4x4x3xui8>, tensor<5x2x2x3xi8>, tensor<4xi32>, tensor<5xf32> -> tensor<1x8x8x5xui8>
  return
}

// -----
func.func @int_conv_transpose_c2_result(%x: tensor<1x4x4x3xui8>, %w: tensor<5x2x2x3xi8>, %b: tensor<5xi32>, %m: tensor<5xf32>) {
  // expected-error @+1 {{'nibble.int_conv_transpose' op expected result's extent 1 to be at least 8 and less than that plus the stride 2, got 10}}
  %y = nibble.int_conv_transpose %x, %w, %b, %m {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, input_zero_point = 128 : i32}
      : tensor<1x4x4x3xui8>, tensor<5x2x2x3xi8>, tensor<5xi32>, tensor<5xf32> -> tensor<1x10x8x5xui8>
  return
}

// -----
func.func @int_conv_transpose_c3_zero_point(%x: tensor<1x4x4x3xui8>, %w: tensor<5x2x2x3xi8>, %b: tensor<5xi32>, %m: tensor<5xf32>) {
  // expected-error @+1 {{'nibble.int_conv_transpose' op expected 'input_zero_point' in input's range [0, 255], got -1}}
  %y = nibble.int_conv_transpose %x, %w, %b, %m {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, input_zero_point = -1 : i32}
      : tensor<1x4x4x3xui8>, tensor<5x2x2x3xi8>, tensor<5xi32>, tensor<5xf32> -> tensor<1x8x8x5xui8>
  return
}

// -----
func.func @int_matmul_c1_bias(%a: tensor<2x4xui8>, %b: tensor<4x3xi8>, %c: tensor<2xi32>, %m: tensor<3xf32>) {
  // expected-error @+1 {{'nibble.int_matmul' op expected bias to have one value per column, of shape [3], got [2]}}
  %y = nibble.int_matmul %a, %b, %c, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<2x4xui8>, tensor<4x3xi8>, tensor<2xi32>, tensor<3xf32> -> tensor<2x3xui8>
  return
}

// -----
func.func @int_matmul_c1_multiplier(%a: tensor<2x4xui8>, %b: tensor<4x3xi8>, %c: tensor<3xi32>, %m: tensor<1xf32>) {
  // expected-error @+1 {{'nibble.int_matmul' op expected multiplier to have one value per column, of shape [3], got [1]}}
  %y = nibble.int_matmul %a, %b, %c, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<2x4xui8>, tensor<4x3xi8>, tensor<3xi32>, tensor<1xf32> -> tensor<2x3xui8>
  return
}

// -----
func.func @int_matmul_c2_extents(%a: tensor<2x4xui8>, %b: tensor<5x3xi8>, %c: tensor<3xi32>, %m: tensor<3xf32>) {
  // expected-error @+1 {{'nibble.int_matmul' op expected [..., m, k] and [..., k, n] with leading dimensions that broadcast, got [2, 4] and [5, 3]}}
  %y = nibble.int_matmul %a, %b, %c, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<2x4xui8>, tensor<5x3xi8>, tensor<3xi32>, tensor<3xf32> -> tensor<2x3xui8>
  return
}

// -----
func.func @int_matmul_c2_result(%a: tensor<2x4xui8>, %b: tensor<4x3xi8>, %c: tensor<3xi32>, %m: tensor<3xf32>) {
  // expected-error @+1 {{'nibble.int_matmul' op expected result of shape [2, 3], got [2, 2]}}
  %y = nibble.int_matmul %a, %b, %c, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<2x4xui8>, tensor<4x3xi8>, tensor<3xi32>, tensor<3xf32> -> tensor<2x2xui8>
  return
}

// -----
func.func @int_matmul_c3_clamp(%a: tensor<2x4xui8>, %b: tensor<4x3xi8>, %c: tensor<3xi32>, %m: tensor<3xf32>) {
  // expected-error @+1 {{'nibble.int_matmul' op expected 'clamp' in result's range [0, 255], got 256}}
  %y = nibble.int_matmul %a, %b, %c, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 256>}
      : tensor<2x4xui8>, tensor<4x3xi8>, tensor<3xi32>, tensor<3xf32> -> tensor<2x3xui8>
  return
}

// -----
func.func @int_matmul_c3_lhs_zero_point(%a: tensor<2x4xui8>, %b: tensor<4x3xi8>, %c: tensor<3xi32>, %m: tensor<3xf32>) {
  // expected-error @+1 {{'nibble.int_matmul' op expected 'lhs_zero_point' in lhs's range [0, 255], got 256}}
  %y = nibble.int_matmul %a, %b, %c, %m {lhs_zero_point = 256 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<2x4xui8>, tensor<4x3xi8>, tensor<3xi32>, tensor<3xf32> -> tensor<2x3xui8>
  return
}

// -----
func.func @int_add_c1_broadcast(%a: tensor<2x4xui8>, %b: tensor<3xui8>) {
  // expected-error @+1 {{'nibble.int_add' op expected shapes that broadcast, got [2, 4] and [3]}}
  %y = nibble.int_add %a, %b {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 3 : i32, rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
       : tensor<2x4xui8>, tensor<3xui8> -> tensor<2x4xui8>
  return
}

// -----
func.func @int_add_c1_result(%a: tensor<2x4xui8>, %b: tensor<4xui8>) {
  // expected-error @+1 {{'nibble.int_add' op expected result of shape [2, 4], got [4]}}
  %y = nibble.int_add %a, %b {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 3 : i32, rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
       : tensor<2x4xui8>, tensor<4xui8> -> tensor<4xui8>
  return
}

// -----
func.func @int_add_c2_clamp(%a: tensor<2x4xui8>, %b: tensor<4xui8>) {
  // expected-error @+1 {{'nibble.int_add' op expected 'clamp' to be [min, max] with min <= max, got [3, 2]}}
  %y = nibble.int_add %a, %b {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 3 : i32, rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: 3, 2>}
       : tensor<2x4xui8>, tensor<4xui8> -> tensor<2x4xui8>
  return
}

// -----
func.func @int_add_c2_zero_point(%a: tensor<2x4xui8>, %b: tensor<4xui8>) {
  // expected-error @+1 {{'nibble.int_add' op expected 'lhs_zero_point' in lhs's range [0, 255], got -1}}
  %y = nibble.int_add %a, %b {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = -1 : i32, rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
       : tensor<2x4xui8>, tensor<4xui8> -> tensor<2x4xui8>
  return
}

// -----
func.func @int_add_c3_scale(%a: tensor<2x4xui8>, %b: tensor<4xui8>) {
  // expected-error @+1 {{'nibble.int_add' op expected 'lhs_scale' to be finite, got +Inf}}
  %y = nibble.int_add %a, %b {lhs_scale = 0x7F800000 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 3 : i32, rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
       : tensor<2x4xui8>, tensor<4xui8> -> tensor<2x4xui8>
  return
}

// -----
func.func @int_add_c3_fixed(%a: tensor<2x4xui8>, %b: tensor<4xui8>) {
  // expected-error @+1 {{'nibble.int_add' op expected 'rhs_scale' of size in [2^-32, 2^29), where fixed-point multipliers are exact, got 1.000000013351432E-10}}
  %y = nibble.int_add %a, %b {lhs_scale = 0.5 : f32, rhs_scale = 1.0e-10 : f32, lhs_zero_point = 3 : i32, rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, requant = #nibble.requant<fixed>}
       : tensor<2x4xui8>, tensor<4xui8> -> tensor<2x4xui8>
  return
}

// -----
func.func @int_mul_c1_broadcast(%a: tensor<2x4xui8>, %b: tensor<3xui8>) {
  // expected-error @+1 {{'nibble.int_mul' op expected shapes that broadcast, got [2, 4] and [3]}}
  %y = nibble.int_mul %a, %b {lhs_zero_point = 3 : i32, rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, scale = 0.5 : f32}
       : tensor<2x4xui8>, tensor<3xui8> -> tensor<2x4xui8>
  return
}

// -----
func.func @int_mul_c2_zero_point(%a: tensor<2x4xui8>, %b: tensor<4xui8>) {
  // expected-error @+1 {{'nibble.int_mul' op expected 'rhs_zero_point' in rhs's range [0, 255], got 256}}
  %y = nibble.int_mul %a, %b {lhs_zero_point = 3 : i32, rhs_zero_point = 256 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, scale = 0.5 : f32}
       : tensor<2x4xui8>, tensor<4xui8> -> tensor<2x4xui8>
  return
}

// -----
func.func @int_mul_c3_negative(%a: tensor<2x4xui8>, %b: tensor<4xui8>) {
  // expected-error @+1 {{'nibble.int_mul' op expected 'scale' to be finite and non-negative, got -0.5}}
  %y = nibble.int_mul %a, %b {lhs_zero_point = 3 : i32, rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, scale = -0.5 : f32}
       : tensor<2x4xui8>, tensor<4xui8> -> tensor<2x4xui8>
  return
}

// -----
func.func @int_avg_pool_c1_result(%x: tensor<1x8x8x3xui8>) {
  // expected-error @+1 {{'nibble.int_avg_pool' op expected result of shape [1, 4, 4, 3], got [1, 4, 5, 3]}}
  %y = nibble.int_avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, scale = 1.0 : f32, input_zero_point = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
       : tensor<1x8x8x3xui8> -> tensor<1x4x5x3xui8>
  return
}

// -----
func.func @int_avg_pool_c1_kernel(%x: tensor<1x8x8x3xui8>) {
  // expected-error @+1 {{'nibble.int_avg_pool' op expected 2 values in 'kernel', got 1}}
  %y = nibble.int_avg_pool %x {kernel = array<i64: 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, scale = 1.0 : f32, input_zero_point = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
       : tensor<1x8x8x3xui8> -> tensor<1x4x4x3xui8>
  return
}

// -----
func.func @int_avg_pool_c2_clamp(%x: tensor<1x8x8x3xui8>) {
  // expected-error @+1 {{'nibble.int_avg_pool' op expected 'clamp' in result's range [0, 255], got 300}}
  %y = nibble.int_avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, scale = 1.0 : f32, input_zero_point = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 300>}
       : tensor<1x8x8x3xui8> -> tensor<1x4x4x3xui8>
  return
}

// -----
func.func @int_avg_pool_c2_zero_point(%x: tensor<1x8x8x3xui8>) {
  // expected-error @+1 {{'nibble.int_avg_pool' op expected 'input_zero_point' in input's range [0, 255], got 300}}
  %y = nibble.int_avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, scale = 1.0 : f32, input_zero_point = 300 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
       : tensor<1x8x8x3xui8> -> tensor<1x4x4x3xui8>
  return
}

// -----
func.func @int_avg_pool_c3_fixed(%x: tensor<1x8x8x3xui8>) {
  // expected-error @+1 {{'nibble.int_avg_pool' op expected 'scale / taps' of size in [2^-32, 2^29), where fixed-point multipliers are exact, got 5.8207660913467407E-11}}
  %y = nibble.int_avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, scale = 2.3283064365386963e-10 : f32, input_zero_point = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, requant = #nibble.requant<fixed>}
       : tensor<1x8x8x3xui8> -> tensor<1x4x4x3xui8>
  return
}

// -----
func.func @int_requantize_c1_clamp(%x: tensor<4xui8>) {
  // expected-error @+1 {{'nibble.int_requantize' op expected 'clamp' in result's range [-128, 127], got 255}}
  %y = nibble.int_requantize %x {scale = 0.5 : f32, input_zero_point = 3 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>} : tensor<4xui8> -> tensor<4xi8>
  return
}

// -----
func.func @int_requantize_c1_zero_point(%x: tensor<4xi8>) {
  // expected-error @+1 {{'nibble.int_requantize' op expected 'input_zero_point' in input's range [-128, 127], got 200}}
  %y = nibble.int_requantize %x {scale = 0.5 : f32, input_zero_point = 200 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 127>} : tensor<4xi8> -> tensor<4xi8>
  return
}

// -----
func.func @int_requantize_c2_scale(%x: tensor<4xi8>) {
  // expected-error @+1 {{'nibble.int_requantize' op expected 'scale' to be finite and non-negative, got NaN}}
  %y = nibble.int_requantize %x {scale = 0x7FC00000 : f32, input_zero_point = 2 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 127>} : tensor<4xi8> -> tensor<4xi8>
  return
}

// -----
func.func @int_quantize_c1_scale(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.int_quantize' op expected 'scale' to be positive, normal and finite, got 0.000000e+00}}
  %y = nibble.int_quantize %x {scale = 0.0 : f32, zero_point = 128 : i32, clamp = array<i32: 0, 255>} : tensor<4xf32> -> tensor<4xui8>
  return
}

// -----
func.func @int_quantize_c1_zero_point(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.int_quantize' op expected 'output zero point' in result's range [-128, 127], got 128}}
  %y = nibble.int_quantize %x {scale = 0.5 : f32, zero_point = 128 : i32, clamp = array<i32: 0, 127>} : tensor<4xf32> -> tensor<4xi8>
  return
}

// -----
func.func @int_dequantize_c1_scale(%x: tensor<4xui8>) {
  // expected-error @+1 {{'nibble.int_dequantize' op expected 'scale' to be positive, normal and finite, got -5.000000e-01}}
  %y = nibble.int_dequantize %x {scale = -0.5 : f32, zero_point = 128 : i32} : tensor<4xui8> -> tensor<4xf32>
  return
}

// -----
func.func @int_dequantize_c1_zero_point(%x: tensor<4xui8>) {
  // expected-error @+1 {{'nibble.int_dequantize' op expected 'zero_point' in input's range [0, 255], got 256}}
  %y = nibble.int_dequantize %x {scale = 0.5 : f32, zero_point = 256 : i32} : tensor<4xui8> -> tensor<4xf32>
  return
}

// -----
func.func @int_lookup_c1_length(%x: tensor<4xui8>, %t: tensor<255xui8>) {
  // expected-error @+1 {{'nibble.int_lookup' op expected table of shape [256], got [255]}}
  %y = nibble.int_lookup %x, %t : tensor<4xui8>, tensor<255xui8> -> tensor<4xui8>
  return
}

// -----
func.func @int_lookup_shape(%x: tensor<4xui8>, %t: tensor<256xui8>) {
  // expected-error @+1 {{'nibble.int_lookup' op failed to verify that all of {input, result} have same shape}}
  %y = nibble.int_lookup %x, %t : tensor<4xui8>, tensor<256xui8> -> tensor<5xui8>
  return
}

// -----
func.func @int_lookup_c1_types(%x: tensor<4xui8>, %t: tensor<256xi8>) {
  // expected-error @+1 {{'nibble.int_lookup' op expected result to have the element type of table, 'i8', got 'ui8'}}
  %y = nibble.int_lookup %x, %t : tensor<4xui8>, tensor<256xi8> -> tensor<4xui8>
  return
}

// -----
func.func @int_conv_c4_element(%x: tensor<1x8x8x3xui8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>, %a: tensor<1x8x8x4xi16>) {
  // expected-error @+1 {{'nibble.int_conv' op expected addend to have the element type of result, 'ui8', got 'i16'}}
  %y = nibble.int_conv %x, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, residual = #nibble.residual<scale = 0.5 : f32, addend_scale = 0.25 : f32, addend_zero_point = 3, zero_point = 7, min = 0, max = 255>}
      : tensor<1x8x8x3xui8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<4xf32>, tensor<1x8x8x4xi16> -> tensor<1x8x8x4xui8>
  return
}

// -----
func.func @int_softmax_c1_axis(%x: tensor<2x10xui8>) {
  // expected-error @+1 {{'nibble.int_softmax' op expected 'axis' in [0, 2), got 2}}
  %y = nibble.int_softmax %x {axis = 2 : i64, input_scale = 0.125 : f32, scale = 256.0 : f32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>} : tensor<2x10xui8> -> tensor<2x10xui8>
  return
}

// -----
func.func @int_conv_c3_wide_clamp(%x: tensor<1x1x1x3xi16>, %w: tensor<4x1x1x3xi8>, %b: tensor<4xi32>, %m: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.int_conv' op expected 'clamp' in result's range [-32768, 32767], got -32769}}
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: -32769, 5>}
      : tensor<1x1x1x3xi16>, tensor<4x1x1x3xi8>, tensor<4xi32>, tensor<4xf32> -> tensor<1x1x1x4xi16>
  return
}

// -----
func.func @int_softmax_c2_length(%x: tensor<4294967296xui8>) {
  // expected-error @+1 {{'nibble.int_softmax' op expected fewer than 2^32 elements along 'axis', got 4294967296}}
  %y = nibble.int_softmax %x {axis = 0 : i64, input_scale = 0.125 : f32, scale = 256.0 : f32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>} : tensor<4294967296xui8> -> tensor<4294967296xui8>
  return
}

// -----
func.func @int_mul_c4_overflow(%a: tensor<4xi16>) {
  // expected-error @+1 {{'nibble.int_mul' op expected products that fit i32, got a magnitude of 2150727630}}
  %y = nibble.int_mul %a, %a {lhs_zero_point = 32767 : i32, rhs_zero_point = 50 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>, scale = 0.5 : f32}
       : tensor<4xi16>, tensor<4xi16> -> tensor<4xi16>
  return
}

// -----
func.func @int_softmax_c3_input_scale(%x: tensor<2x10xui8>) {
  // expected-error @+1 {{'nibble.int_softmax' op expected 'input_scale' to be positive, normal and finite, got 0.000000e+00}}
  %y = nibble.int_softmax %x {axis = 1 : i64, input_scale = 0.0 : f32, scale = 256.0 : f32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>} : tensor<2x10xui8> -> tensor<2x10xui8>
  return
}

// -----
func.func @int_lookup_wide(%a: tensor<4xi16>, %t: tensor<256xi8>) {
  // expected-error @+1 {{'nibble.int_lookup' op operand #0 must be ranked tensor of bytes of signed (`i8`) or unsigned (`ui8`) byte values, but got 'tensor<4xi16>'}}
  %y = nibble.int_lookup %a, %t : tensor<4xi16>, tensor<256xi8> -> tensor<4xi8>
  return
}

// -----
func.func @int_softmax_c3_scale(%x: tensor<2x10xui8>) {
  // expected-error @+1 {{'nibble.int_softmax' op expected 'scale' of size in [2^-32, 2^29), where fixed-point multipliers are exact, got 536870912}}
  %y = nibble.int_softmax %x {axis = 1 : i64, input_scale = 0.125 : f32, scale = 536870912.0 : f32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>} : tensor<2x10xui8> -> tensor<2x10xui8>
  return
}

// -----
func.func @int_softmax_c4_clamp(%x: tensor<2x10xui8>) {
  // expected-error @+1 {{'nibble.int_softmax' op expected 'clamp' to be [min, max] with min <= max, got [255, 0]}}
  %y = nibble.int_softmax %x {axis = 1 : i64, input_scale = 0.125 : f32, scale = 256.0 : f32, output_zero_point = 0 : i32, clamp = array<i32: 255, 0>} : tensor<2x10xui8> -> tensor<2x10xui8>
  return
}

// -----
func.func @int_softmax_c4_zero_point(%x: tensor<2x10xui8>) {
  // expected-error @+1 {{'nibble.int_softmax' op expected 'output zero point' in result's range [-128, 127], got 128}}
  %y = nibble.int_softmax %x {axis = 1 : i64, input_scale = 0.125 : f32, scale = 256.0 : f32, output_zero_point = 128 : i32, clamp = array<i32: 0, 127>} : tensor<2x10xui8> -> tensor<2x10xi8>
  return
}
