// RUN: nibble-opt %s --split-input-file --verify-diagnostics

// What the verifiers of convolutions reject: one constraint a case, which its name tells.

func.func @conv_c1_mixed(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected values that are all quantized or all of one float type, got input of 'f32', filter of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @conv_c1_two_floats(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf16>) {
  // expected-error @+1 {{'nibble.conv' op expected values that are all quantized or all of one float type, got input of 'f32', filter of 'f16', result of 'f32'}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf16> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c2_channels(%x: tensor<1x5x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected as many input channels as groups * the filter's, 1 * 3, got 5}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x5x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c2_channels_overflow(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected as many input channels as groups * the filter's, 9223372036854775807 * 3, got 3}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 9223372036854775807 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c2_groups(%x: tensor<1x9x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected 'groups' to divide the output channels 4, got 3}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 3 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x9x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c3_result(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected result of shape [1, 4, 8, 8], got [1, 4, 8, 7]}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x7xf32>
  return
}

// -----
func.func @conv_c3_channels(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected result of shape [1, 4, 8, 8], got [1, 5, 8, 8]}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x5x8x8xf32>
  return
}

// -----
func.func @conv_c3_window(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected a window that fits the padded input [1, 3, 8, 8], got kernel [3, 3], dilations [4, 4], pads [0, 0, 0, 0]}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 4, 4>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c3_overflow(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected a window that fits the padded input [1, 3, 8, 8], got kernel [3, 3], dilations [9223372036854775807, 1], pads [1, 1, 1, 1]}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 9223372036854775807, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c3_pads_overflow(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected a window that fits the padded input [1, 3, 8, 8], got kernel [3, 3], dilations [1, 1], pads [9223372036854775807, 1, 9223372036854775807, 1]}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 9223372036854775807, 1, 9223372036854775807, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c4_storage(%x: tensor<1x3x8x8x!quant.uniform<u8:f32, 0.5:128>>, %w: tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>>, %b: tensor<4x!quant.uniform<i8:f32, 0.5>>) {
  // expected-error @+1 {{'nibble.conv' op expected a bias quantized to i32, got '!quant.uniform<i8:f32, 5.000000e-01>'}}
  %y = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>>, tensor<4x!quant.uniform<i8:f32, 0.5>> -> tensor<1x4x8x8x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @conv_c4_zero_point(%x: tensor<1x3x8x8x!quant.uniform<u8:f32, 0.5:128>>, %w: tensor<4x3x3x3x!quant.uniform<i8:f32, 0.5>>, %b: tensor<4x!quant.uniform<i32:f32, 0.25:1>>) {
  // expected-error @+1 {{'nibble.conv' op expected a bias with zero point 0, got 1}}
  %y = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x3x3x3x!quant.uniform<i8:f32, 0.5>>, tensor<4x!quant.uniform<i32:f32, 0.25:1>> -> tensor<1x4x8x8x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @conv_c4_scale(%x: tensor<1x3x8x8x!quant.uniform<u8:f32, 0.5:128>>, %w: tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>>, %b: tensor<4x!quant.uniform<i32:f32:0, {0.25,0.125,0.5,2.0}>>) {
  // expected-error @+1 {{'nibble.conv' op expected bias scale 3 to be input scale * weight scale, 1.000000e+00, got 2.000000e+00}}
  %y = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>>, tensor<4x!quant.uniform<i32:f32:0, {0.25,0.125,0.5,2.0}>> -> tensor<1x4x8x8x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @conv_c4_count(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected bias to have one value per output channel, of shape [4], got [3]}}
  %y = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>, tensor<3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c5_input(%x: tensor<1x3x8x8x!quant.uniform<u8:f32:1, {0.5,0.25,1.0}>>, %w: tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>>) {
  // expected-error @+1 {{'nibble.conv' op expected input to be quantized per tensor, got '!quant.uniform<u8:f32:1, {5.000000e-01,2.500000e-01,1.000000e+00}>'}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8x!quant.uniform<u8:f32:1, {0.5,0.25,1.0}>>, tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>> -> tensor<1x4x8x8x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @conv_c5_filter_axis(%x: tensor<1x3x8x8x!quant.uniform<u8:f32, 0.5:128>>, %w: tensor<4x3x3x3x!quant.uniform<i8:f32:1, {0.5,0.25,1.0}>>) {
  // expected-error @+1 {{'nibble.conv' op expected filter to be quantized along dimension 0, got 1}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x3x3x3x!quant.uniform<i8:f32:1, {0.5,0.25,1.0}>> -> tensor<1x4x8x8x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @conv_c5_filter_count(%x: tensor<1x3x8x8x!quant.uniform<u8:f32, 0.5:128>>, %w: tensor<4x3x3x3x!quant.uniform<i8:f32:0, {0.5,0.25,1.0}>>) {
  // expected-error @+1 {{'nibble.conv' op expected filter to have one scale per index of dimension 0, 4, got 3}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x3x3x3x!quant.uniform<i8:f32:0, {0.5,0.25,1.0}>> -> tensor<1x4x8x8x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @conv_c6_strides(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected values of at least 1 in 'strides', got 0}}
  %y = nibble.conv %x, %w {strides = array<i64: 0, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c6_strides_length(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected 2 values in 'strides', got 1}}
  %y = nibble.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c6_dilations(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected values of at least 1 in 'dilations', got -1}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, -1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c6_dilations_length(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected 2 values in 'dilations', got 3}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c6_groups(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected values of at least 1 in 'groups', got 0}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 0 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c6_pads(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected values of at least 0 in 'pads', got -1}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, -1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c6_pads_length(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected 4 values in 'pads', got 2}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c7_fixed(%x: tensor<1x3x8x8x!quant.uniform<u8:f32, 1.0e+10:128>>, %w: tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>>) {
  // expected-error @+1 {{'nibble.conv' op expected 'folded multiplier' of size in [2^-32, 2^29), where fixed-point multipliers are exact, got 1.0E+10}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>, requant = #nibble.requant<fixed>}
      : tensor<1x3x8x8x!quant.uniform<u8:f32, 1.0e+10:128>>, tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>> -> tensor<1x4x8x8x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @conv_c8_rank(%x: tensor<3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected input to have rank 4, got 3}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_c8_no_taps(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x0x3xf32>) {
  // expected-error @+1 {{'nibble.conv' op expected a filter with at least one tap, got [0, 3]}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8xf32>, tensor<4x3x0x3xf32> -> tensor<1x4x8x8xf32>
  return
}

// -----
func.func @conv_transpose_c1_mixed(%x: tensor<1x3x4x4xf32>, %w: tensor<5x3x2x2x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.conv_transpose' op expected values that are all quantized or all of one float type, got input of 'f32', filter of '!quant.uniform<u8:f32, 5.000000e-01:128>', result of 'f32'}}
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x4x4xf32>, tensor<5x3x2x2x!quant.uniform<u8:f32, 0.5:128>> -> tensor<1x5x8x8xf32>
  return
}

// -----
func.func @conv_transpose_c2_channels(%x: tensor<1x4x4x4xf32>, %w: tensor<5x3x2x2xf32>) {
  // expected-error @+1 {{'nibble.conv_transpose' op expected as many input channels as groups * the filter's, 1 * 3, got 4}}
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x4x4x4xf32>, tensor<5x3x2x2xf32> -> tensor<1x5x8x8xf32>
  return
}

// -----
func.func @conv_transpose_c3_small(%x: tensor<1x3x4x4xf32>, %w: tensor<5x3x2x2xf32>) {
  // expected-error @+1 {{'nibble.conv_transpose' op expected result's extent 2 to be at least 8 and less than that plus the stride 2, got 7}}
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x4x4xf32>, tensor<5x3x2x2xf32> -> tensor<1x5x7x8xf32>
  return
}

// -----
func.func @conv_transpose_c3_large(%x: tensor<1x3x4x4xf32>, %w: tensor<5x3x2x2xf32>) {
  // expected-error @+1 {{'nibble.conv_transpose' op expected result's extent 3 to be at least 8 and less than that plus the stride 2, got 10}}
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x4x4xf32>, tensor<5x3x2x2xf32> -> tensor<1x5x8x10xf32>
  return
}

// -----
func.func @conv_transpose_c3_pads(%x: tensor<1x3x4x4xf32>, %w: tensor<5x3x2x2xf32>) {
  // expected-error @+1 {{'nibble.conv_transpose' op expected an extent that fits 64 bits and exceeds the pads, got input [1, 3, 4, 4], strides [2, 2], pads [5, 0, 5, 0]}}
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 5, 0, 5, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x4x4xf32>, tensor<5x3x2x2xf32> -> tensor<1x5x8x8xf32>
  return
}

// -----
func.func @conv_transpose_c3_overflow(%x: tensor<1x3x4x4xf32>, %w: tensor<5x3x2x2xf32>) {
  // expected-error @+1 {{'nibble.conv_transpose' op expected an extent that fits 64 bits and exceeds the pads, got input [1, 3, 4, 4], strides [9223372036854775807, 2], pads [0, 0, 0, 0]}}
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 9223372036854775807, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x4x4xf32>, tensor<5x3x2x2xf32> -> tensor<1x5x8x8xf32>
  return
}

// -----
func.func @conv_transpose_c4_count(%x: tensor<1x3x4x4xf32>, %w: tensor<5x3x2x2xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.conv_transpose' op expected bias to have one value per output channel, of shape [5], got [4]}}
  %y = nibble.conv_transpose %x, %w bias %b {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x4x4xf32>, tensor<5x3x2x2xf32>, tensor<4xf32> -> tensor<1x5x8x8xf32>
  return
}

// -----
func.func @conv_transpose_c6_strides(%x: tensor<1x3x4x4xf32>, %w: tensor<5x3x2x2xf32>) {
  // expected-error @+1 {{'nibble.conv_transpose' op expected values of at least 1 in 'strides', got 0}}
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 0>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x4x4xf32>, tensor<5x3x2x2xf32> -> tensor<1x5x8x8xf32>
  return
}

// -----
func.func @conv_transpose_c5_filter_axis(%x: tensor<1x3x4x4x!quant.uniform<u8:f32, 0.5:128>>, %w: tensor<5x3x2x2x!quant.uniform<i8:f32:1, {0.5,0.25,1.0}>>) {
  // expected-error @+1 {{'nibble.conv_transpose' op expected filter to be quantized along dimension 0, got 1}}
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x4x4x!quant.uniform<u8:f32, 0.5:128>>, tensor<5x3x2x2x!quant.uniform<i8:f32:1, {0.5,0.25,1.0}>> -> tensor<1x5x8x8x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @conv_transpose_c7_fixed(%x: tensor<1x3x4x4x!quant.uniform<u8:f32, 1.0e+10:128>>, %w: tensor<5x3x2x2x!quant.uniform<i8:f32, 0.5>>) {
  // expected-error @+1 {{'nibble.conv_transpose' op expected 'folded multiplier' of size in [2^-32, 2^29), where fixed-point multipliers are exact, got 1.0E+10}}
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>, requant = #nibble.requant<fixed>}
      : tensor<1x3x4x4x!quant.uniform<u8:f32, 1.0e+10:128>>, tensor<5x3x2x2x!quant.uniform<i8:f32, 0.5>> -> tensor<1x5x8x8x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @conv_transpose_c8_no_taps(%x: tensor<1x3x4x4xf32>, %w: tensor<5x3x2x0xf32>) {
  // expected-error @+1 {{'nibble.conv_transpose' op expected a filter with at least one tap, got [2, 0]}}
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x4x4xf32>, tensor<5x3x2x0xf32> -> tensor<1x5x8x8xf32>
  return
}

// -----
func.func @conv_c4_scales(%x: tensor<1x3x8x8x!quant.uniform<u8:f32, 0.5:128>>, %w: tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>>, %b: tensor<?x!quant.uniform<i32:f32:0, {0.25,0.125,0.5}>>) {
  // expected-error @+1 {{'nibble.conv' op expected a bias with as many scales as filter, 4, got 3}}
  %y = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x8x8x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>>, tensor<?x!quant.uniform<i32:f32:0, {0.25,0.125,0.5}>> -> tensor<1x4x8x8x!quant.uniform<u8:f32, 0.5:128>>
  return
}
