// RUN: nibble-opt %s --split-input-file --verify-diagnostics

// What the verifiers of elementwise functions reject: one constraint a case, which its name tells.

func.func @relu_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.relu' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.relu %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @sigmoid_c1_per_axis(%x: tensor<2x2x!quant.uniform<u8:f32:1, {0.5,0.25}>>) {
  // expected-error @+1 {{'nibble.sigmoid' op expected input to be quantized per tensor, got '!quant.uniform<u8:f32:1, {5.000000e-01,2.500000e-01}>'}}
  %y = nibble.sigmoid %x : tensor<2x2x!quant.uniform<u8:f32:1, {0.5,0.25}>> -> tensor<2x2x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @leaky_relu_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.leaky_relu' op expected values that are all quantized or all of one float type, got input of 'f32', result of 'f64'}}
  %y = nibble.leaky_relu %x {alpha = 0.1 : f32} : tensor<4xf32> -> tensor<4xf64>
  return
}

// -----
func.func @tanh_shape(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.tanh' op requires the same shape for all operands and results}}
  %y = nibble.tanh %x : tensor<4xf32> -> tensor<5xf32>
  return
}

// -----
func.func @clip_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.clip' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.clip %x {min = 0.0 : f32, max = 6.0 : f32} : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @clip_c2_order(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.clip' op expected 'min' <= 'max', neither a NaN, got 6.500000e+00 and 6.000000e+00}}
  %y = nibble.clip %x {min = 6.5 : f32, max = 6.0 : f32} : tensor<4xf32> -> tensor<4xf32>
  return
}

// -----
func.func @clip_c2_nan(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.clip' op expected 'min' <= 'max', neither a NaN, got nan and 6.000000e+00}}
  %y = nibble.clip %x {min = 0x7FC00000 : f32, max = 6.0 : f32} : tensor<4xf32> -> tensor<4xf32>
  return
}

// -----
func.func @add_c1_mixed(%a: tensor<4xf32>, %b: tensor<4x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.add' op expected values that are all quantized or all of one float type, got lhs of 'f32', rhs of '!quant.uniform<u8:f32, 5.000000e-01:128>', result of 'f32'}}
  %y = nibble.add %a, %b : tensor<4xf32>, tensor<4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<4xf32>
  return
}

// -----
func.func @sub_c1_per_axis(%a: tensor<2x2x!quant.uniform<u8:f32, 0.5:128>>, %b: tensor<2x2x!quant.uniform<u8:f32:1, {0.5,0.25}>>) {
  // expected-error @+1 {{'nibble.sub' op expected rhs to be quantized per tensor, got '!quant.uniform<u8:f32:1, {5.000000e-01,2.500000e-01}>'}}
  %y = nibble.sub %a, %b : tensor<2x2x!quant.uniform<u8:f32, 0.5:128>>, tensor<2x2x!quant.uniform<u8:f32:1, {0.5,0.25}>> -> tensor<2x2x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @mul_c2_broadcast(%a: tensor<2x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.mul' op expected shapes that broadcast, got [2, 3] and [2]}}
  %y = nibble.mul %a, %b : tensor<2x3xf32>, tensor<2xf32> -> tensor<2x3xf32>
  return
}

// -----
func.func @add_c2_result(%a: tensor<2x3xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{'nibble.add' op expected result of shape [2, 3], got [3, 3]}}
  %y = nibble.add %a, %b : tensor<2x3xf32>, tensor<3xf32> -> tensor<3x3xf32>
  return
}

// -----
func.func @max_c2_rank(%a: tensor<2x3xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{'nibble.max' op expected result of shape [2, 3], got [3]}}
  %y = nibble.max %a, %b : tensor<2x3xf32>, tensor<3xf32> -> tensor<3xf32>
  return
}

// -----
func.func @add_c3_fixed(%a: tensor<4x!quant.uniform<u8:f32, 1.0e+10:128>>, %b: tensor<4x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.add' op expected 'folded multiplier' of size in [2^-32, 2^29), where fixed-point multipliers are exact, got 2.0E+10}}
  %y = nibble.add %a, %b {requant = #nibble.requant<fixed>} : tensor<4x!quant.uniform<u8:f32, 1.0e+10:128>>, tensor<4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @mul_c3_overflow(%a: tensor<4x!quant.uniform<u8:f32, 8.5070591730234616e+37:128>>, %b: tensor<4x!quant.uniform<u8:f32, 16.0:128>>) {
  // expected-error @+1 {{'nibble.mul' op expected 'folded multiplier' to be finite and non-negative, got +Inf}}
  %y = nibble.mul %a, %b : tensor<4x!quant.uniform<u8:f32, 8.5070591730234616e+37:128>>, tensor<4x!quant.uniform<u8:f32, 16.0:128>> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}
