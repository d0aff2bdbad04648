// RUN: nibble-opt %s --split-input-file --verify-diagnostics

// What the verifiers of the scaled products reject: one constraint a case, which its name tells.

func.func @dynamic_scale_c1_none(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'nibble.dynamic_scale' op expected 'row_dims' in [1, 2), got 0}}
  %s = nibble.dynamic_scale %x {row_dims = 0 : i64, levels = 127 : i32} : tensor<2x3xf32> -> tensor<f32>
  return
}

// -----
func.func @dynamic_scale_c1_all(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'nibble.dynamic_scale' op expected 'row_dims' in [1, 2), got 2}}
  %s = nibble.dynamic_scale %x {row_dims = 2 : i64, levels = 127 : i32} : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----
func.func @dynamic_scale_c2_result(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'nibble.dynamic_scale' op expected result of shape [2], got [3]}}
  %s = nibble.dynamic_scale %x {row_dims = 1 : i64, levels = 127 : i32} : tensor<2x3xf32> -> tensor<3xf32>
  return
}

// -----
func.func @dynamic_scale_c3_levels(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'nibble.dynamic_scale' op expected 'levels' 127 or 255, got 128}}
  %s = nibble.dynamic_scale %x {row_dims = 1 : i64, levels = 128 : i32} : tensor<2x3xf32> -> tensor<2xf32>
  return
}

// -----
func.func @dynamic_quantize_c1_rank(%x: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{'nibble.dynamic_quantize' op expected a scale of rank in [1, 2), got 0}}
  %q = nibble.dynamic_quantize %x, %s : tensor<2x3xf32>, tensor<f32> -> tensor<2x3xi8>
  return
}

// -----
func.func @dynamic_quantize_c1_extent(%x: tensor<2x3xf32>, %s: tensor<3xf32>) {
  // expected-error @+1 {{'nibble.dynamic_quantize' op expected scale of shape [2], got [3]}}
  %q = nibble.dynamic_quantize %x, %s : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xi8>
  return
}

// -----
func.func @scaled_conv_c1_scale(%x: tensor<1x4x4x3xf32>, %w: tensor<5x1x1x3xi8>, %m: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.scaled_conv' op expected scale to have one value per output channel, of shape [5], got [4]}}
  %y = nibble.scaled_conv %x, %w, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (tensor<1x4x4x3xf32>, tensor<5x1x1x3xi8>, tensor<4xf32>) -> tensor<1x4x4x5xf32>
  return
}

// -----
func.func @scaled_conv_c1_bias(%x: tensor<1x4x4x3xf32>, %w: tensor<5x1x1x3xi8>, %m: tensor<5xf32>, %b: tensor<1xf32>) {
  // expected-error @+1 {{'nibble.scaled_conv' op expected bias to have one value per output channel, of shape [5], got [1]}}
  %y = nibble.scaled_conv %x, %w, %m bias %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (tensor<1x4x4x3xf32>, tensor<5x1x1x3xi8>, tensor<5xf32>, tensor<1xf32>) -> tensor<1x4x4x5xf32>
  return
}

// -----
func.func @scaled_conv_c2_channels(%x: tensor<1x4x4x3xf32>, %w: tensor<5x1x1x2xi8>, %m: tensor<5xf32>) {
  // expected-error @+1 {{'nibble.scaled_conv' op expected as many input channels as groups * the filter's, 1 * 2, got 3}}
  %y = nibble.scaled_conv %x, %w, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (tensor<1x4x4x3xf32>, tensor<5x1x1x2xi8>, tensor<5xf32>) -> tensor<1x4x4x5xf32>
  return
}

// -----
func.func @scaled_conv_c3_bytes(%x: tensor<1x4x4x3xi8>, %w: tensor<5x1x1x3xi8>, %m: tensor<5xf32>) {
  // expected-error @+1 {{'nibble.scaled_conv' op expected 'rows' exactly where input holds bytes, got 'i8' without 'rows'}}
  %y = nibble.scaled_conv %x, %w, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (tensor<1x4x4x3xi8>, tensor<5x1x1x3xi8>, tensor<5xf32>) -> tensor<1x4x4x5xf32>
  return
}

// -----
func.func @scaled_conv_c3_images(%x: tensor<2x4x4x3xi8>, %w: tensor<5x1x1x3xi8>, %m: tensor<5xf32>, %s: tensor<1xf32>) {
  // expected-error @+1 {{'nibble.scaled_conv' op expected rows of shape [2], got [1]}}
  %y = nibble.scaled_conv %x, %w, %m rows %s {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (tensor<2x4x4x3xi8>, tensor<5x1x1x3xi8>, tensor<5xf32>, tensor<1xf32>) -> tensor<2x4x4x5xf32>
  return
}

// -----
func.func @scaled_matmul_c1_scale(%a: tensor<2x8xf32>, %w: tensor<8x4xi8>, %m: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.scaled_matmul' op expected scale to have one value per column, of shape [4], got [2]}}
  %y = nibble.scaled_matmul %a, %w, %m : (tensor<2x8xf32>, tensor<8x4xi8>, tensor<2xf32>) -> tensor<2x4xf32>
  return
}

// -----
func.func @scaled_matmul_c2_rank(%a: tensor<2x3x8xf32>, %w: tensor<2x8x4xi8>, %m: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.scaled_matmul' op expected rhs to have rank 2, got 3}}
  %y = nibble.scaled_matmul %a, %w, %m : (tensor<2x3x8xf32>, tensor<2x8x4xi8>, tensor<4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----
func.func @scaled_matmul_c2_shape(%a: tensor<2x8xf32>, %w: tensor<7x4xi8>, %m: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.scaled_matmul' op expected [..., m, k] and [k, n], got [2, 8] and [7, 4]}}
  %y = nibble.scaled_matmul %a, %w, %m : (tensor<2x8xf32>, tensor<7x4xi8>, tensor<4xf32>) -> tensor<2x4xf32>
  return
}

// -----
func.func @scaled_matmul_c3_float(%a: tensor<2x8xf32>, %w: tensor<8x4xi8>, %m: tensor<4xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.scaled_matmul' op expected 'rows' exactly where lhs holds bytes, got 'f32' with 'rows'}}
  %y = nibble.scaled_matmul %a, %w, %m rows %s : (tensor<2x8xf32>, tensor<8x4xi8>, tensor<4xf32>, tensor<2xf32>) -> tensor<2x4xf32>
  return
}

// -----
func.func @scaled_matmul_c3_rows(%a: tensor<2x3x8xui8>, %w: tensor<8x4xi8>, %m: tensor<4xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.scaled_matmul' op expected rows of shape [2, 3], got [2]}}
  %y = nibble.scaled_matmul %a, %w, %m rows %s : (tensor<2x3x8xui8>, tensor<8x4xi8>, tensor<4xf32>, tensor<2xf32>) -> tensor<2x3x4xf32>
  return
}

// -----
func.func @dynamic_matmul_c1_rank(%q: tensor<2x8xi8>, %v: tensor<8xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.dynamic_matmul' op expected [..., m, k] and [..., k, n] with leading dimensions that broadcast, got [2, 8] and [8]}}
  %y = nibble.dynamic_matmul %q, %v rows %s : (tensor<2x8xi8>, tensor<8xf32>, tensor<2xf32>) -> tensor<2x4xf32>
  return
}

// -----
func.func @dynamic_matmul_c1_depth(%q: tensor<2x8xi8>, %v: tensor<7x4xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.dynamic_matmul' op expected [..., m, k] and [..., k, n] with leading dimensions that broadcast, got [2, 8] and [7, 4]}}
  %y = nibble.dynamic_matmul %q, %v rows %s : (tensor<2x8xi8>, tensor<7x4xf32>, tensor<2xf32>) -> tensor<2x4xf32>
  return
}

// -----
func.func @dynamic_matmul_c1_result(%q: tensor<2x8xi8>, %v: tensor<8x4xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.dynamic_matmul' op expected result of shape [2, 4], got [2, 5]}}
  %y = nibble.dynamic_matmul %q, %v rows %s : (tensor<2x8xi8>, tensor<8x4xf32>, tensor<2xf32>) -> tensor<2x5xf32>
  return
}

// -----
func.func @dynamic_matmul_c2_rows(%q: tensor<3x2x8xi8>, %v: tensor<8x4xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.dynamic_matmul' op expected rows of shape [3, 2], got [2]}}
  %y = nibble.dynamic_matmul %q, %v rows %s : (tensor<3x2x8xi8>, tensor<8x4xf32>, tensor<2xf32>) -> tensor<3x2x4xf32>
  return
}
