// RUN: nibble-opt %s --split-input-file --verify-diagnostics

// What the verifiers of data movement reject: one constraint a case, which its name tells.

func.func @reshape_c1_types(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.reshape' op expected result to have the element type of input, 'f32', got 'f16'}}
  %y = nibble.reshape %x : tensor<4xf32> -> tensor<4xf16>
  return
}

// -----
func.func @reshape_c2_count(%x: tensor<4x3xf32>) {
  // expected-error @+1 {{'nibble.reshape' op expected a result of 12 elements, got 10}}
  %y = nibble.reshape %x : tensor<4x3xf32> -> tensor<2x5xf32>
  return
}

// -----
func.func @reshape_c2_dynamic(%x: tensor<?x?xf32>) {
  // expected-error @+1 {{'nibble.reshape' op expected at most one dynamic extent in the result, or 'extents', got 2}}
  %y = nibble.reshape %x : tensor<?x?xf32> -> tensor<?x?x1xf32>
  return
}

// -----
func.func @reshape_c2_overflow(%x: tensor<?xf32>) {
  // expected-error @+1 {{'nibble.reshape' op expected result to have a number of elements that fits 64 bits, got [4611686018427387904, 4]}}
  %y = nibble.reshape %x : tensor<?xf32> -> tensor<4611686018427387904x4xf32>
  return
}

// -----
func.func @reshape_c3_per_axis(%x: tensor<2x2x!quant.uniform<u8:f32:1, {0.5,0.25}>>) {
  // expected-error @+1 {{'nibble.reshape' op expected input to be quantized per tensor, got '!quant.uniform<u8:f32:1, {5.000000e-01,2.500000e-01}>'}}
  %y = nibble.reshape %x : tensor<2x2x!quant.uniform<u8:f32:1, {0.5,0.25}>> -> tensor<2x2x!quant.uniform<u8:f32:1, {0.5,0.25}>>
  return
}

// -----
func.func @transpose_c1_types(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'nibble.transpose' op expected result to have the element type of input, 'f32', got 'f16'}}
  %y = nibble.transpose %x {permutation = array<i64: 1, 0>} : tensor<2x3xf32> -> tensor<3x2xf16>
  return
}

// -----
func.func @transpose_c1_axis(%x: tensor<2x3x!quant.uniform<u8:f32:0, {0.5,0.25}>>) {
  // expected-error @+1 {{'nibble.transpose' op expected the result's element type to be '!quant.uniform<u8:f32:1, {5.000000e-01,2.500000e-01}>', got '!quant.uniform<u8:f32:0, {5.000000e-01,2.500000e-01}>'}}
  %y = nibble.transpose %x {permutation = array<i64: 1, 0>} : tensor<2x3x!quant.uniform<u8:f32:0, {0.5,0.25}>> -> tensor<3x2x!quant.uniform<u8:f32:0, {0.5,0.25}>>
  return
}

// -----
func.func @transpose_c2_permutation(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'nibble.transpose' op expected 'permutation' to be one of [0, 2), got [1, 1]}}
  %y = nibble.transpose %x {permutation = array<i64: 1, 1>} : tensor<2x3xf32> -> tensor<3x2xf32>
  return
}

// -----
func.func @transpose_c2_length(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'nibble.transpose' op expected 'permutation' to be one of [0, 2), got [0]}}
  %y = nibble.transpose %x {permutation = array<i64: 0>} : tensor<2x3xf32> -> tensor<3x2xf32>
  return
}

// -----
func.func @transpose_c2_range(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'nibble.transpose' op expected 'permutation' to be one of [0, 2), got [1, 9223372036854775807]}}
  %y = nibble.transpose %x {permutation = array<i64: 1, 9223372036854775807>} : tensor<2x3xf32> -> tensor<3x2xf32>
  return
}

// -----
func.func @transpose_c2_result(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'nibble.transpose' op expected result of shape [3, 2], got [2, 3]}}
  %y = nibble.transpose %x {permutation = array<i64: 1, 0>} : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----
func.func @concat_c1_types(%a: tensor<1x2xf32>, %b: tensor<1x3xf16>) {
  // expected-error @+1 {{'nibble.concat' op expected result to have the element type of the inputs, 'f16', got 'f32'}}
  %y = nibble.concat %a, %b {axis = 1 : i64} : tensor<1x2xf32>, tensor<1x3xf16> -> tensor<1x5xf32>
  return
}

// -----
func.func @concat_c1_per_axis(%a: tensor<1x2x!quant.uniform<u8:f32, 0.5:128>>, %b: tensor<1x2x!quant.uniform<u8:f32:1, {0.5,0.25}>>) {
  // expected-error @+1 {{'nibble.concat' op expected every input to be quantized per tensor, got '!quant.uniform<u8:f32:1, {5.000000e-01,2.500000e-01}>'}}
  %y = nibble.concat %a, %b {axis = 1 : i64} : tensor<1x2x!quant.uniform<u8:f32, 0.5:128>>, tensor<1x2x!quant.uniform<u8:f32:1, {0.5,0.25}>> -> tensor<1x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @concat_c2_axis(%a: tensor<1x2xf32>, %b: tensor<1x3xf32>) {
  // expected-error @+1 {{'nibble.concat' op expected 'axis' in [0, 2), got 2}}
  %y = nibble.concat %a, %b {axis = 2 : i64} : tensor<1x2xf32>, tensor<1x3xf32> -> tensor<1x5xf32>
  return
}

// -----
func.func @concat_c2_extents(%a: tensor<1x2xf32>, %b: tensor<2x3xf32>) {
  // expected-error @+1 {{'nibble.concat' op expected every input of shape [1, 3], got [2, 3]}}
  %y = nibble.concat %a, %b {axis = 1 : i64} : tensor<1x2xf32>, tensor<2x3xf32> -> tensor<1x5xf32>
  return
}

// -----
func.func @concat_c2_sum(%a: tensor<1x2xf32>, %b: tensor<1x3xf32>) {
  // expected-error @+1 {{'nibble.concat' op expected result of shape [1, 5], got [1, 6]}}
  %y = nibble.concat %a, %b {axis = 1 : i64} : tensor<1x2xf32>, tensor<1x3xf32> -> tensor<1x6xf32>
  return
}

// -----
func.func @concat_c2_rank(%a: tensor<1x2xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{'nibble.concat' op expected every input to have rank 2, got 1}}
  %y = nibble.concat %a, %b {axis = 1 : i64} : tensor<1x2xf32>, tensor<3xf32> -> tensor<1x5xf32>
  return
}

// -----
func.func @concat_c2_overflow(%a: tensor<9223372036854775807xf32>, %b: tensor<9223372036854775807xf32>) {
  // expected-error @+1 {{'nibble.concat' op expected extents whose sum fits 64 bits along dimension 0}}
  %y = nibble.concat %a, %b {axis = 0 : i64} : tensor<9223372036854775807xf32>, tensor<9223372036854775807xf32> -> tensor<?xf32>
  return
}

// -----
func.func @concat_c2_none() {
  // expected-error @+1 {{'nibble.concat' op expected at least one input, got none}}
  %y = "nibble.concat"() {axis = 0 : i64} : () -> tensor<0xf32>
  return
}

// -----
func.func @concat_c3_fixed(%a: tensor<1x2x!quant.uniform<u8:f32, 1.0e+10:128>>, %b: tensor<1x2x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.concat' op expected 'folded multiplier' of size in [2^-32, 2^29), where fixed-point multipliers are exact, got 2.0E+10}}
  %y = nibble.concat %a, %b {axis = 1 : i64, requant = #nibble.requant<fixed>} : tensor<1x2x!quant.uniform<u8:f32, 1.0e+10:128>>, tensor<1x2x!quant.uniform<u8:f32, 0.5:128>> -> tensor<1x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @slice_c1_types(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.slice' op expected result to have the element type of input, 'f32', got 'f16'}}
  %y = nibble.slice %x {starts = array<i64: 0>, steps = array<i64: 1>} : tensor<4xf32> -> tensor<2xf16>
  return
}

// -----
func.func @slice_c2_length(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.slice' op expected 1 values in 'starts', got 2}}
  %y = nibble.slice %x {starts = array<i64: 0, 0>, steps = array<i64: 1>} : tensor<4xf32> -> tensor<2xf32>
  return
}

// -----
func.func @slice_c2_step(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.slice' op expected steps other than 0, got 0 in dimension 0}}
  %y = nibble.slice %x {starts = array<i64: 0>, steps = array<i64: 0>} : tensor<4xf32> -> tensor<2xf32>
  return
}

// -----
func.func @slice_c2_start(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.slice' op expected starts of at least 0, got -1 in dimension 0}}
  %y = nibble.slice %x {starts = array<i64: -1>, steps = array<i64: 1>} : tensor<4xf32> -> tensor<2xf32>
  return
}

// -----
func.func @slice_c2_end(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.slice' op expected a slice inside [0, 4) in dimension 0, got 3 elements from 0 by 2}}
  %y = nibble.slice %x {starts = array<i64: 0>, steps = array<i64: 2>} : tensor<4xf32> -> tensor<3xf32>
  return
}

// -----
func.func @slice_c2_below(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.slice' op expected a slice inside [0, 4) in dimension 0, got 3 elements from 1 by -1}}
  %y = nibble.slice %x {starts = array<i64: 1>, steps = array<i64: -1>} : tensor<4xf32> -> tensor<3xf32>
  return
}

// -----
func.func @slice_c2_overflow(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.slice' op expected a slice inside [0, 4) in dimension 0, got 3 elements from 0 by 9223372036854775807}}
  %y = nibble.slice %x {starts = array<i64: 0>, steps = array<i64: 9223372036854775807>} : tensor<4xf32> -> tensor<3xf32>
  return
}

// -----
func.func @slice_c2_rank(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.slice' op expected result to have rank 1, got 2}}
  %y = nibble.slice %x {starts = array<i64: 0>, steps = array<i64: 1>} : tensor<4xf32> -> tensor<1x2xf32>
  return
}

// -----
func.func @pad_c1_types(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.pad' op expected result to have the element type of input, 'f32', got 'f16'}}
  %y = nibble.pad %x {low = array<i64: 1>, high = array<i64: 1>, mode = #nibble.pad_mode<constant>} : tensor<4xf32> -> tensor<6xf16>
  return
}

// -----
func.func @pad_c2_length(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.pad' op expected 1 values in 'high', got 0}}
  %y = nibble.pad %x {low = array<i64: 1>, high = array<i64>, mode = #nibble.pad_mode<constant>} : tensor<4xf32> -> tensor<6xf32>
  return
}

// -----
func.func @pad_c2_result(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.pad' op expected result of shape [6], got [7]}}
  %y = nibble.pad %x {low = array<i64: 1>, high = array<i64: 1>, mode = #nibble.pad_mode<constant>} : tensor<4xf32> -> tensor<7xf32>
  return
}

// -----
func.func @pad_c2_crop(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.pad' op expected pads that leave an extent of 0 or more in dimension 0, got 4 + -3 + -2}}
  %y = nibble.pad %x {low = array<i64: -3>, high = array<i64: -2>, mode = #nibble.pad_mode<constant>} : tensor<4xf32> -> tensor<?xf32>
  return
}

// -----
func.func @pad_c2_overflow(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.pad' op expected pads that leave an extent of 0 or more in dimension 0, got 4 + 9223372036854775807 + 1}}
  %y = nibble.pad %x {low = array<i64: 9223372036854775807>, high = array<i64: 1>, mode = #nibble.pad_mode<constant>} : tensor<4xf32> -> tensor<?xf32>
  return
}

// -----
func.func @pad_c3_reflect(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.pad' op expected a reflection of less than the extent 4 in dimension 0, got 4}}
  %y = nibble.pad %x {low = array<i64: 4>, high = array<i64: 0>, mode = #nibble.pad_mode<reflect>} : tensor<4xf32> -> tensor<8xf32>
  return
}

// -----
func.func @pad_c3_edge(%x: tensor<0xf32>) {
  // expected-error @+1 {{'nibble.pad' op expected an edge to repeat in dimension 0, got extent 0}}
  %y = nibble.pad %x {low = array<i64: 1>, high = array<i64: 0>, mode = #nibble.pad_mode<edge>} : tensor<0xf32> -> tensor<1xf32>
  return
}

// -----
func.func @resize_nearest_c1_types(%x: tensor<1x2xf32>) {
  // expected-error @+1 {{'nibble.resize_nearest' op expected result to have the element type of input, 'f32', got 'f16'}}
  %y = nibble.resize_nearest %x {axes = array<i64: 1>, indices = array<i64: 0, 0, 1, 1>} : tensor<1x2xf32> -> tensor<1x4xf16>
  return
}

// -----
func.func @resize_nearest_c2_axes(%x: tensor<1x2xf32>) {
  // expected-error @+1 {{'nibble.resize_nearest' op expected 'axes' that are sorted, unique and in [0, 2), got [2]}}
  %y = nibble.resize_nearest %x {axes = array<i64: 2>, indices = array<i64: 0, 0, 1, 1>} : tensor<1x2xf32> -> tensor<1x4xf32>
  return
}

// -----
func.func @resize_nearest_c2_short(%x: tensor<1x2xf32>) {
  // expected-error @+1 {{'nibble.resize_nearest' op expected a table of 4 indices for dimension 1, got 3}}
  %y = nibble.resize_nearest %x {axes = array<i64: 1>, indices = array<i64: 0, 0, 1>} : tensor<1x2xf32> -> tensor<1x4xf32>
  return
}

// -----
func.func @resize_nearest_c2_long(%x: tensor<1x2xf32>) {
  // expected-error @+1 {{'nibble.resize_nearest' op expected one table a resized dimension, got 1 more indices}}
  %y = nibble.resize_nearest %x {axes = array<i64: 1>, indices = array<i64: 0, 0, 1, 1, 1>} : tensor<1x2xf32> -> tensor<1x4xf32>
  return
}

// -----
func.func @resize_nearest_c2_index(%x: tensor<1x2xf32>) {
  // expected-error @+1 {{'nibble.resize_nearest' op expected indices inside the extent [2] of dimension 1, got 2}}
  %y = nibble.resize_nearest %x {axes = array<i64: 1>, indices = array<i64: 0, 0, 1, 2>} : tensor<1x2xf32> -> tensor<1x4xf32>
  return
}

// -----
func.func @resize_nearest_c2_dynamic(%x: tensor<1x2xf32>) {
  // expected-error @+1 {{'nibble.resize_nearest' op expected a static extent of the resized dimension 1, got ?}}
  %y = nibble.resize_nearest %x {axes = array<i64: 1>, indices = array<i64: 0, 0, 1, 1>} : tensor<1x2xf32> -> tensor<1x?xf32>
  return
}
