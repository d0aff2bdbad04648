// RUN: nibble-opt %s --split-input-file --verify-diagnostics

// What the verifiers of normalizations and reductions reject: one constraint a case, which its name tells.

func.func @batch_norm_c1_scale(%x: tensor<1x3x8x8xf32>, %s: tensor<4xf32>, %p: tensor<3xf32>) {
  // expected-error @+1 {{'nibble.batch_norm' op expected scale to have one value per channel, of shape [3], got [4]}}
  %y = nibble.batch_norm %x, %s, %p, %p, %p {epsilon = 1.0e-5 : f32}
      : tensor<1x3x8x8xf32>, tensor<4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<1x3x8x8xf32>
  return
}

// -----
func.func @batch_norm_c1_variance(%x: tensor<1x3x8x8xf32>, %s: tensor<2x3xf32>, %p: tensor<3xf32>) {
  // expected-error @+1 {{'nibble.batch_norm' op expected variance to have one value per channel, of shape [3], got [2, 3]}}
  %y = nibble.batch_norm %x, %p, %p, %p, %s {epsilon = 1.0e-5 : f32}
      : tensor<1x3x8x8xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<2x3xf32> -> tensor<1x3x8x8xf32>
  return
}

// -----
func.func @batch_norm_c2_rank(%x: tensor<3xf32>, %p: tensor<3xf32>) {
  // expected-error @+1 {{'nibble.batch_norm' op expected input to have rank 2 or more, got 1}}
  %y = nibble.batch_norm %x, %p, %p, %p, %p {epsilon = 1.0e-5 : f32}
      : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<3xf32>
  return
}

// -----
func.func @batch_norm_c2_result(%x: tensor<1x3xf32>, %p: tensor<3xf32>) {
  // expected-error @+1 {{'nibble.batch_norm' op expected result of shape [1, 3], got [2, 3]}}
  %y = nibble.batch_norm %x, %p, %p, %p, %p {epsilon = 1.0e-5 : f32}
      : tensor<1x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<2x3xf32>
  return
}

// -----
func.func @softmax_c1_axis(%x: tensor<2x10xf32>) {
  // expected-error @+1 {{'nibble.softmax' op expected 'axis' in [0, 2), got 2}}
  %y = nibble.softmax %x {axis = 2 : i64} : tensor<2x10xf32> -> tensor<2x10xf32>
  return
}

// -----
func.func @softmax_c1_negative(%x: tensor<2x10xf32>) {
  // expected-error @+1 {{'nibble.softmax' op expected 'axis' in [0, 2), got -1}}
  %y = nibble.softmax %x {axis = -1 : i64} : tensor<2x10xf32> -> tensor<2x10xf32>
  return
}

// -----
func.func @softmax_c2_mixed(%x: tensor<2x10xf32>) {
  // expected-error @+1 {{'nibble.softmax' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.softmax %x {axis = 1 : i64} : tensor<2x10xf32> -> tensor<2x10x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @softmax_c2_per_axis(%x: tensor<2x2x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.softmax' op expected result to be quantized per tensor, got '!quant.uniform<u8:f32:1, {5.000000e-01,2.500000e-01}>'}}
  %y = nibble.softmax %x {axis = 1 : i64} : tensor<2x2x!quant.uniform<u8:f32, 0.5:128>> -> tensor<2x2x!quant.uniform<u8:f32:1, {0.5,0.25}>>
  return
}

// -----
func.func @softmax_c3_scale(%x: tensor<2x2x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.softmax' op expected 'folded multiplier' of size in [2^-32, 2^29), where fixed-point multipliers are exact, got 1073741824}}
  %y = nibble.softmax %x {axis = 1 : i64} : tensor<2x2x!quant.uniform<u8:f32, 0.5:128>> -> tensor<2x2x!quant.uniform<u8:f32, 9.3132257461547852E-10>>
  return
}

// -----
func.func @softmax_c3_length(%x: tensor<4294967296x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.softmax' op expected fewer than 2^32 elements along 'axis', got 4294967296}}
  %y = nibble.softmax %x {axis = 0 : i64} : tensor<4294967296x!quant.uniform<u8:f32, 0.5:128>> -> tensor<4294967296x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @reduce_c1_axes(%x: tensor<2x10xf32>) {
  // expected-error @+1 {{'nibble.reduce' op expected 'axes' that are sorted, unique and in [0, 2), got [2]}}
  %y = nibble.reduce %x {kind = #nibble.reduce_kind<sum>, axes = array<i64: 2>} : tensor<2x10xf32> -> tensor<2xf32>
  return
}

// -----
func.func @reduce_c1_unique(%x: tensor<2x10xf32>) {
  // expected-error @+1 {{'nibble.reduce' op expected 'axes' that are sorted, unique and in [0, 2), got [1, 1]}}
  %y = nibble.reduce %x {kind = #nibble.reduce_kind<sum>, axes = array<i64: 1, 1>} : tensor<2x10xf32> -> tensor<2xf32>
  return
}

// -----
func.func @reduce_c1_negative(%x: tensor<2x10xf32>) {
  // expected-error @+1 {{'nibble.reduce' op expected 'axes' that are sorted, unique and in [0, 2), got [-1]}}
  %y = nibble.reduce %x {kind = #nibble.reduce_kind<sum>, axes = array<i64: -1>} : tensor<2x10xf32> -> tensor<2xf32>
  return
}

// -----
func.func @reduce_c1_result(%x: tensor<2x10xf32>) {
  // expected-error @+1 {{'nibble.reduce' op expected result of shape [2, 1], got [2]}}
  %y = nibble.reduce %x {kind = #nibble.reduce_kind<sum>, axes = array<i64: 1>, keep_dims} : tensor<2x10xf32> -> tensor<2xf32>
  return
}

// -----
func.func @softmax_c2_shape(%x: tensor<2x10xf32>) {
  // expected-error @+1 {{'nibble.softmax' op expected result of shape [2, 10], got [10, 2]}}
  %y = nibble.softmax %x {axis = 1 : i64} : tensor<2x10xf32> -> tensor<10x2xf32>
  return
}

// -----
func.func @softmax_c3_input_scale(%x: tensor<2x2x!quant.uniform<u8:f32, 0x3810000000000000:128>>) {
  // expected-error @+1 {{'nibble.softmax' op expected the scaled input's scale to be positive, normal and finite, got 2.938736e-39}}
  %y = nibble.softmax %x {axis = 1 : i64, scale = 0.25 : f32} : tensor<2x2x!quant.uniform<u8:f32, 0x3810000000000000:128>> -> tensor<2x2x!quant.uniform<u8:f32, 0.5>>
  return
}

// -----
func.func @softmax_c4_shape(%x: tensor<2x10xf32>, %m: tensor<5xf32>) {
  // expected-error @+1 {{'nibble.softmax' op expected a mask that broadcasts to [2, 10], got [5]}}
  %y = nibble.softmax %x mask %m {axis = 1 : i64} : tensor<2x10xf32>, tensor<5xf32> -> tensor<2x10xf32>
  return
}

// -----
func.func @softmax_c4_type(%x: tensor<2x10xf32>, %m: tensor<10xf64>) {
  // expected-error @+1 {{'nibble.softmax' op expected values that are all quantized or all of one float type, got input of 'f32', mask of 'f64'}}
  %y = nibble.softmax %x mask %m {axis = 1 : i64} : tensor<2x10xf32>, tensor<10xf64> -> tensor<2x10xf32>
  return
}

// -----
func.func @softmax_c5_scale(%x: tensor<2x10xf32>) {
  // expected-error @+1 {{'nibble.softmax' op expected 'scale' to be positive, normal and finite, got -1.000000e+00}}
  %y = nibble.softmax %x {axis = 1 : i64, scale = -1.0 : f32} : tensor<2x10xf32> -> tensor<2x10xf32>
  return
}

// -----
func.func @norm_c1_axis(%x: tensor<2x10xf32>) {
  // expected-error @+1 {{'nibble.norm' op expected 'axis' in [0, 2), got 2}}
  %y = nibble.norm %x {kind = #nibble.norm_kind<rms>, axis = 2 : i64, epsilon = 0.0 : f32} : (tensor<2x10xf32>) -> tensor<2x10xf32>
  return
}

// -----
func.func @norm_c2_shape(%x: tensor<2x10xf32>) {
  // expected-error @+1 {{'nibble.norm' op expected result of shape [2, 10], got [10, 2]}}
  %y = nibble.norm %x {kind = #nibble.norm_kind<rms>, axis = 1 : i64, epsilon = 0.0 : f32} : (tensor<2x10xf32>) -> tensor<10x2xf32>
  return
}

// -----
func.func @norm_c2_family(%x: tensor<2x10xf32>) {
  // expected-error @+1 {{'nibble.norm' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.norm %x {kind = #nibble.norm_kind<rms>, axis = 1 : i64, epsilon = 0.0 : f32} : (tensor<2x10xf32>) -> tensor<2x10x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @norm_c3_scale(%x: tensor<2x10xf32>, %s: tensor<2x10xf32>) {
  // expected-error @+1 {{'nibble.norm' op expected scale of shape [10], got [2, 10]}}
  %y = nibble.norm %x scale %s {kind = #nibble.norm_kind<rms>, axis = 1 : i64, epsilon = 0.0 : f32} : (tensor<2x10xf32>, tensor<2x10xf32>) -> tensor<2x10xf32>
  return
}

// -----
func.func @norm_c3_bias(%x: tensor<2x2x!quant.uniform<u8:f32, 0.5:128>>, %b: tensor<2xf64>) {
  // expected-error @+1 {{'nibble.norm' op expected values that are all quantized or all of one float type, got input of '!quant.uniform<u8:f32, 5.000000e-01:128>', bias of 'f64'}}
  %y = nibble.norm %x bias %b {kind = #nibble.norm_kind<rms>, axis = 1 : i64, epsilon = 0.0 : f32} : (tensor<2x2x!quant.uniform<u8:f32, 0.5:128>>, tensor<2xf64>) -> tensor<2x2x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @norm_c4_epsilon(%x: tensor<2x10xf32>) {
  // expected-error @+1 {{'nibble.norm' op expected 'epsilon' that is finite and not negative, got -1.000000e+00}}
  %y = nibble.norm %x {kind = #nibble.norm_kind<rms>, axis = 1 : i64, epsilon = -1.0 : f32} : (tensor<2x10xf32>) -> tensor<2x10xf32>
  return
}
