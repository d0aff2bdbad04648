// Functions of one and two tensors: the constraints that all share, for those that invalid-elementwise.mlir leaves out.
// RUN: nibble-opt %s --split-input-file --verify-diagnostics

func.func @tanh_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.tanh' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.tanh %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @hard_swish_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.hard_swish' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.hard_swish %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @gelu_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.gelu' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.gelu %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @silu_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.silu' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.silu %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @softplus_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.softplus' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.softplus %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @erf_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.erf' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.erf %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @exp_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.exp' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.exp %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @log_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.log' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.log %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @sqrt_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.sqrt' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.sqrt %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @reciprocal_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.reciprocal' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.reciprocal %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @neg_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.neg' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.neg %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @abs_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.abs' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.abs %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @floor_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.floor' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.floor %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @ceil_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.ceil' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.ceil %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @round_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.round' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.round %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @elu_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.elu' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.elu %x {alpha = 1.0 : f32} : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @hard_sigmoid_c1_mixed(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.hard_sigmoid' op expected values that are all quantized or all of one float type, got input of 'f32', result of '!quant.uniform<u8:f32, 5.000000e-01:128>'}}
  %y = nibble.hard_sigmoid %x {alpha = 0.2 : f32, beta = 0.5 : f32} : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @mul_c1_mixed(%a: tensor<4xf32>, %b: tensor<4x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.mul' op expected values that are all quantized or all of one float type, got lhs of 'f32', rhs of '!quant.uniform<u8:f32, 5.000000e-01:128>', result of 'f32'}}
  %y = nibble.mul %a, %b : tensor<4xf32>, tensor<4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<4xf32>
  return
}

// -----
func.func @div_c1_mixed(%a: tensor<4xf32>, %b: tensor<4x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.div' op expected values that are all quantized or all of one float type, got lhs of 'f32', rhs of '!quant.uniform<u8:f32, 5.000000e-01:128>', result of 'f32'}}
  %y = nibble.div %a, %b : tensor<4xf32>, tensor<4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<4xf32>
  return
}

// -----
func.func @pow_c1_mixed(%a: tensor<4xf32>, %b: tensor<4x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.pow' op expected values that are all quantized or all of one float type, got lhs of 'f32', rhs of '!quant.uniform<u8:f32, 5.000000e-01:128>', result of 'f32'}}
  %y = nibble.pow %a, %b : tensor<4xf32>, tensor<4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<4xf32>
  return
}

// -----
func.func @min_c1_mixed(%a: tensor<4xf32>, %b: tensor<4x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.min' op expected values that are all quantized or all of one float type, got lhs of 'f32', rhs of '!quant.uniform<u8:f32, 5.000000e-01:128>', result of 'f32'}}
  %y = nibble.min %a, %b : tensor<4xf32>, tensor<4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<4xf32>
  return
}

// -----
func.func @max_c1_mixed(%a: tensor<4xf32>, %b: tensor<4x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.max' op expected values that are all quantized or all of one float type, got lhs of 'f32', rhs of '!quant.uniform<u8:f32, 5.000000e-01:128>', result of 'f32'}}
  %y = nibble.max %a, %b : tensor<4xf32>, tensor<4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<4xf32>
  return
}

// -----
func.func @sub_c2_broadcast(%a: tensor<2x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.sub' op expected shapes that broadcast, got [2, 3] and [2]}}
  %y = nibble.sub %a, %b : tensor<2x3xf32>, tensor<2xf32> -> tensor<2x3xf32>
  return
}

// -----
func.func @div_c2_broadcast(%a: tensor<2x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.div' op expected shapes that broadcast, got [2, 3] and [2]}}
  %y = nibble.div %a, %b : tensor<2x3xf32>, tensor<2xf32> -> tensor<2x3xf32>
  return
}

// -----
func.func @pow_c2_broadcast(%a: tensor<2x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.pow' op expected shapes that broadcast, got [2, 3] and [2]}}
  %y = nibble.pow %a, %b : tensor<2x3xf32>, tensor<2xf32> -> tensor<2x3xf32>
  return
}

// -----
func.func @min_c2_broadcast(%a: tensor<2x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.min' op expected shapes that broadcast, got [2, 3] and [2]}}
  %y = nibble.min %a, %b : tensor<2x3xf32>, tensor<2xf32> -> tensor<2x3xf32>
  return
}

// -----
func.func @sub_c3_fixed(%a: tensor<4x!quant.uniform<u8:f32, 1.0e+10:128>>, %b: tensor<4x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.sub' op expected 'folded multiplier' of size in [2^-32, 2^29), where fixed-point multipliers are exact, got 2.0E+10}}
  %y = nibble.sub %a, %b {requant = #nibble.requant<fixed>} : tensor<4x!quant.uniform<u8:f32, 1.0e+10:128>>, tensor<4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}
