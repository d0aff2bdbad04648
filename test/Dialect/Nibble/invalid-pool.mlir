// RUN: nibble-opt %s --split-input-file --verify-diagnostics

// What the verifiers of pools reject: one constraint a case, which its name tells.

func.func @max_pool_c1_types(%x: tensor<1x3x8x8xf32>) {
  // expected-error @+1 {{'nibble.max_pool' op expected result to have the element type of input, 'f32', got 'f16'}}
  %y = nibble.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, layout = #nibble.layout<nchw>} : tensor<1x3x8x8xf32> -> tensor<1x3x4x4xf16>
  return
}

// -----
func.func @max_pool_c2_result(%x: tensor<1x3x8x8xf32>) {
  // expected-error @+1 {{'nibble.max_pool' op expected result of shape [1, 3, 4, 4], got [1, 3, 4, 5]}}
  %y = nibble.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, layout = #nibble.layout<nchw>} : tensor<1x3x8x8xf32> -> tensor<1x3x4x5xf32>
  return
}

// -----
func.func @max_pool_c2_rank(%x: tensor<3x8x8xf32>) {
  // expected-error @+1 {{'nibble.max_pool' op expected input to have rank 4, got 3}}
  %y = nibble.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, layout = #nibble.layout<nchw>} : tensor<3x8x8xf32> -> tensor<1x3x4x4xf32>
  return
}

// -----
func.func @max_pool_c2_kernel(%x: tensor<1x3x8x8xf32>) {
  // expected-error @+1 {{'nibble.max_pool' op expected values of at least 1 in 'kernel', got 0}}
  %y = nibble.max_pool %x {kernel = array<i64: 0, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, layout = #nibble.layout<nchw>} : tensor<1x3x8x8xf32> -> tensor<1x3x4x4xf32>
  return
}

// -----
func.func @max_pool_c2_kernel_length(%x: tensor<1x3x8x8xf32>) {
  // expected-error @+1 {{'nibble.max_pool' op expected 2 values in 'kernel', got 1}}
  %y = nibble.max_pool %x {kernel = array<i64: 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, layout = #nibble.layout<nchw>} : tensor<1x3x8x8xf32> -> tensor<1x3x4x4xf32>
  return
}

// -----
func.func @max_pool_c2_window(%x: tensor<1x3x8x8xf32>) {
  // expected-error @+1 {{'nibble.max_pool' op expected a window that fits the padded input [1, 3, 8, 8], got kernel [9, 2], dilations [1, 1], pads [0, 0, 0, 0]}}
  %y = nibble.max_pool %x {kernel = array<i64: 9, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, layout = #nibble.layout<nchw>} : tensor<1x3x8x8xf32> -> tensor<1x3x4x4xf32>
  return
}

// -----
func.func @max_pool_c2_overflow(%x: tensor<1x3x8x8xf32>) {
  // expected-error @+1 {{'nibble.max_pool' op expected a window that fits the padded input [1, 3, 8, 8], got kernel [9223372036854775807, 9223372036854775807], dilations [2, 2], pads [0, 0, 0, 0]}}
  %y = nibble.max_pool %x {kernel = array<i64: 9223372036854775807, 9223372036854775807>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 2, 2>, layout = #nibble.layout<nchw>} : tensor<1x3x8x8xf32> -> tensor<1x3x4x4xf32>
  return
}

// -----
func.func @max_pool_c2_strides(%x: tensor<1x3x8x8xf32>) {
  // expected-error @+1 {{'nibble.max_pool' op expected values of at least 1 in 'strides', got -1}}
  %y = nibble.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: -1, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, layout = #nibble.layout<nchw>} : tensor<1x3x8x8xf32> -> tensor<1x3x4x4xf32>
  return
}

// -----
func.func @avg_pool_c1_mixed(%x: tensor<1x3x8x8xf32>) {
  // expected-error @+1 {{'nibble.avg_pool' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, layout = #nibble.layout<nchw>} : tensor<1x3x8x8xf32> -> tensor<1x3x4x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @avg_pool_c1_per_axis(%x: tensor<1x3x8x8x!quant.uniform<u8:f32:1, {0.5,0.25,1.0}>>) {
  // expected-error @+1 {{'nibble.avg_pool' op expected input to be quantized per tensor, got '!quant.uniform<u8:f32:1, {5.000000e-01,2.500000e-01,1.000000e+00}>'}}
  %y = nibble.avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, layout = #nibble.layout<nchw>} : tensor<1x3x8x8x!quant.uniform<u8:f32:1, {0.5,0.25,1.0}>> -> tensor<1x3x4x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @avg_pool_c2_result(%x: tensor<1x3x8x8xf32>) {
  // expected-error @+1 {{'nibble.avg_pool' op expected result of shape [1, 3, 4, 4], got [1, 2, 4, 4]}}
  %y = nibble.avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, layout = #nibble.layout<nchw>} : tensor<1x3x8x8xf32> -> tensor<1x2x4x4xf32>
  return
}

// -----
func.func @avg_pool_c3_fixed(%x: tensor<1x3x8x8x!quant.uniform<u8:f32, 9.3132257461547852e-10:0>>) {
  // expected-error @+1 {{'nibble.avg_pool' op expected 'folded multiplier' of size in [2^-32, 2^29), where fixed-point multipliers are exact, got 5.8207660913467407E-11}}
  %y = nibble.avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, layout = #nibble.layout<nchw>, requant = #nibble.requant<fixed>} : tensor<1x3x8x8x!quant.uniform<u8:f32, 9.3132257461547852e-10:0>> -> tensor<1x3x4x4x!quant.uniform<u8:f32, 4.0:0>>
  return
}

// -----
func.func @avg_pool_c3_taps(%x: tensor<1x3x?x?x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.avg_pool' op expected a kernel whose taps can be counted, got [4611686018427387904, 4611686018427387904]}}
  %y = nibble.avg_pool %x {kernel = array<i64: 4611686018427387904, 4611686018427387904>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, layout = #nibble.layout<nchw>, requant = #nibble.requant<fixed>}
      : tensor<1x3x?x?x!quant.uniform<u8:f32, 0.5:128>> -> tensor<1x3x?x?x!quant.uniform<u8:f32, 0.5:128>>
  return
}
