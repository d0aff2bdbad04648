// RUN: nibble-opt %s --split-input-file --verify-diagnostics

// What the verifier of rows by indices rejects: one constraint a case, which its name tells.

func.func @gather_rows_c1_rows(%t: tensor<0x4xf32>, %i: tensor<3xi64>) {
  // expected-error @+1 {{'nibble.gather_rows' op expected a table of one row or more, got [0, 4]}}
  %y = nibble.gather_rows %t, %i : (tensor<0x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  return
}

// -----
func.func @gather_rows_c2_shape(%t: tensor<7x4xf32>, %i: tensor<3xi64>) {
  // expected-error @+1 {{'nibble.gather_rows' op expected result of shape [3, 4], got [3, 7]}}
  %y = nibble.gather_rows %t, %i : (tensor<7x4xf32>, tensor<3xi64>) -> tensor<3x7xf32>
  return
}

// -----
func.func @gather_rows_c3_elements(%t: tensor<7x4xi8>, %i: tensor<3xi64>) {
  // expected-error @+1 {{'nibble.gather_rows' op expected result to have the element type of table, 'i8', got 'f32'}}
  %y = nibble.gather_rows %t, %i : (tensor<7x4xi8>, tensor<3xi64>) -> tensor<3x4xf32>
  return
}

// -----
func.func @gather_rows_c3_per_axis(%t: tensor<2x2x!quant.uniform<u8:f32:1, {0.5, 0.25}>>, %i: tensor<2xi64>) {
  // expected-error @+1 {{'nibble.gather_rows' op expected table to be quantized per tensor, got '!quant.uniform<u8:f32:1, {5.000000e-01,2.500000e-01}>'}}
  %y = nibble.gather_rows %t, %i : (tensor<2x2x!quant.uniform<u8:f32:1, {0.5, 0.25}>>, tensor<2xi64>) -> tensor<2x2x!quant.uniform<u8:f32:1, {0.5, 0.25}>>
  return
}

// -----
func.func @gather_rows_c4_elements(%t: tensor<7x4xui8>, %i: tensor<3xi64>, %s: tensor<7xf32>) {
  // expected-error @+1 {{'nibble.gather_rows' op expected a table of i8 and a result of f32 beside a scale, got 'ui8' and 'f32'}}
  %y = nibble.gather_rows %t, %i scale %s : (tensor<7x4xui8>, tensor<3xi64>, tensor<7xf32>) -> tensor<3x4xf32>
  return
}

// -----
func.func @gather_rows_c4_scale(%t: tensor<7x4xi8>, %i: tensor<3xi64>, %s: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.gather_rows' op expected scale to have one value per row, of shape [7], got [4]}}
  %y = nibble.gather_rows %t, %i scale %s : (tensor<7x4xi8>, tensor<3xi64>, tensor<4xf32>) -> tensor<3x4xf32>
  return
}
