// RUN: nibble-opt %s --split-input-file --verify-diagnostics

// What the verifiers of matrix products reject: one constraint a case, which its name tells.

func.func @matmul_c1_mixed(%a: tensor<2x4xf32>, %b: tensor<4x3x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.matmul' op expected values that are all quantized or all of one float type, got lhs of 'f32', rhs of '!quant.uniform<u8:f32, 5.000000e-01:128>', result of 'f32'}}
  %y = nibble.matmul %a, %b : tensor<2x4xf32>, tensor<4x3x!quant.uniform<u8:f32, 0.5:128>> -> tensor<2x3xf32>
  return
}

// -----
func.func @matmul_c2_rank(%a: tensor<4xf32>, %b: tensor<4x3xf32>) {
  // expected-error @+1 {{'nibble.matmul' op expected [..., m, k] and [..., k, n] with leading dimensions that broadcast, got [4] and [4, 3]}}
  %y = nibble.matmul %a, %b : tensor<4xf32>, tensor<4x3xf32> -> tensor<2x3xf32>
  return
}

// -----
func.func @matmul_c2_extents(%a: tensor<2x5xf32>, %b: tensor<4x3xf32>) {
  // expected-error @+1 {{'nibble.matmul' op expected [..., m, k] and [..., k, n] with leading dimensions that broadcast, got [2, 5] and [4, 3]}}
  %y = nibble.matmul %a, %b : tensor<2x5xf32>, tensor<4x3xf32> -> tensor<2x3xf32>
  return
}

// -----
func.func @matmul_c2_batch(%a: tensor<2x2x4xf32>, %b: tensor<3x4x3xf32>) {
  // expected-error @+1 {{'nibble.matmul' op expected [..., m, k] and [..., k, n] with leading dimensions that broadcast, got [2, 2, 4] and [3, 4, 3]}}
  %y = nibble.matmul %a, %b : tensor<2x2x4xf32>, tensor<3x4x3xf32> -> tensor<2x2x3xf32>
  return
}

// -----
func.func @matmul_c2_result(%a: tensor<2x4xf32>, %b: tensor<4x3xf32>) {
  // expected-error @+1 {{'nibble.matmul' op expected result of shape [2, 3], got [2, 4]}}
  %y = nibble.matmul %a, %b : tensor<2x4xf32>, tensor<4x3xf32> -> tensor<2x4xf32>
  return
}

// -----
func.func @matmul_c3_scale(%a: tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, %b: tensor<4x3x!quant.uniform<i8:f32, 0.5>>, %c: tensor<3x!quant.uniform<i32:f32, 0.5>>) {
  // expected-error @+1 {{'nibble.matmul' op expected bias scale 0 to be input scale * weight scale, 2.500000e-01, got 5.000000e-01}}
  %y = nibble.matmul %a, %b bias %c : tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x3x!quant.uniform<i8:f32, 0.5>>, tensor<3x!quant.uniform<i32:f32, 0.5>> -> tensor<2x3x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @matmul_c3_float_bias(%a: tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, %b: tensor<4x3x!quant.uniform<i8:f32, 0.5>>, %c: tensor<3xf32>) {
  // expected-error @+1 {{'nibble.matmul' op expected a bias quantized to i32, got 'f32'}}
  %y = nibble.matmul %a, %b bias %c : tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x3x!quant.uniform<i8:f32, 0.5>>, tensor<3xf32> -> tensor<2x3x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @matmul_c4_axis(%a: tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, %b: tensor<4x3x!quant.uniform<i8:f32:0, {0.5,0.5,0.5,0.5}>>) {
  // expected-error @+1 {{'nibble.matmul' op expected rhs to be quantized along dimension 1, got 0}}
  %y = nibble.matmul %a, %b : tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x3x!quant.uniform<i8:f32:0, {0.5,0.5,0.5,0.5}>> -> tensor<2x3x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @matmul_c4_result(%a: tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, %b: tensor<4x3x!quant.uniform<i8:f32, 0.5>>) {
  // expected-error @+1 {{'nibble.matmul' op expected result to be quantized per tensor, got '!quant.uniform<i8:f32:1, {5.000000e-01,5.000000e-01,5.000000e-01}>'}}
  %y = nibble.matmul %a, %b : tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x3x!quant.uniform<i8:f32, 0.5>> -> tensor<2x3x!quant.uniform<i8:f32:1, {0.5,0.5,0.5}>>
  return
}

// -----
func.func @matmul_c5_count(%a: tensor<2x4xf32>, %b: tensor<4x3xf32>, %c: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.matmul' op expected bias to have one value per column, of shape [3], got [4]}}
  %y = nibble.matmul %a, %b bias %c : tensor<2x4xf32>, tensor<4x3xf32>, tensor<4xf32> -> tensor<2x3xf32>
  return
}

// -----
func.func @matmul_c6_fixed(%a: tensor<2x4x!quant.uniform<u8:f32, 1.8446744073709552e+19:128>>, %b: tensor<4x3x!quant.uniform<i8:f32, 0.5>>) {
  // expected-error @+1 {{'nibble.matmul' op expected 'folded multiplier' of size in [2^-32, 2^29), where fixed-point multipliers are exact, got 1.8446744073709552E+19}}
  %y = nibble.matmul %a, %b {requant = #nibble.requant<fixed>} : tensor<2x4x!quant.uniform<u8:f32, 1.8446744073709552e+19:128>>, tensor<4x3x!quant.uniform<i8:f32, 0.5>> -> tensor<2x3x!quant.uniform<u8:f32, 0.5:128>>
  return
}
