// RUN: nibble-opt %s --split-input-file --verify-diagnostics

// What the verifiers of constants and conversions reject: one constraint a case, which its name tells.

func.func @constant_c1_shape() {
  // expected-error @+1 {{'nibble.constant' op expected a value of the result's shape [3, 2], got [2, 3]}}
  %y = nibble.constant dense<1.0> : tensor<2x3xf32> -> tensor<3x2xf32>
  return
}

// -----
func.func @constant_c2_type() {
  // expected-error @+1 {{'nibble.constant' op expected a value of type 'i8', got 'i32'}}
  %y = nibble.constant dense<1> : tensor<2xi32> -> tensor<2xi8>
  return
}

// -----
func.func @constant_c2_storage() {
  // expected-error @+1 {{'nibble.constant' op expected a value of the storage type 'ui8', got 'i8'}}
  %y = nibble.constant dense<1> : tensor<2xi8> -> tensor<2x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @constant_c4_elided() {
  // expected-error @+1 {{'nibble.constant' op expected the bytes of '__elided__', got none: weights were left out in printing}}
  %y = nibble.constant dense_resource<__elided__> : tensor<2xi8> -> tensor<2xi8>
  return
}

// -----
func.func @constant_c3_range() {
  // expected-error @+1 {{'nibble.constant' op expected values in [-127, 127], got -128}}
  %y = nibble.constant dense<[1, -128]> : tensor<2xi8> -> tensor<2x!quant.uniform<i8<-127:127>:f32, 0.5>>
  return
}

// -----
func.func @constant_c3_unsigned() {
  // expected-error @+1 {{'nibble.constant' op expected values in [0, 15], got 16}}
  %y = nibble.constant dense<[1, 16]> : tensor<2xui8> -> tensor<2x!quant.uniform<u8<0:15>:f32, 0.5>>
  return
}

// -----
func.func @quantize_c1_exact(%x: tensor<4xf32>) {
  // expected-error @+2 {{'nibble.quantize' op expected result to have scales that are positive, normal and exact in f32, got 0.10000000000000001}}
  // expected-note @+1 {{the nearest f32 is 0.10000000149011612}}
  %y = nibble.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.1:128>>
  return
}

// -----
func.func @quantize_c1_subnormal(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.quantize' op expected result to have scales that are positive, normal and exact in f32, got 9.9999999999999992E-41}}
  %y = nibble.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 1.0e-40:128>>
  return
}

// -----
func.func @quantize_c1_zero_point(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.quantize' op expected result to have zero points in [0, 255], got 256}}
  %y = nibble.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.5:256>>
  return
}

// -----
func.func @quantize_c1_narrow_zero_point(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.quantize' op expected result to have zero points in [-127, 127], got -128}}
  %y = nibble.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<i8<-127:127>:f32, 0.5:-128>>
  return
}

// -----
func.func @quantize_c1_axis(%x: tensor<2x2xf32>) {
  // expected-error @+1 {{'nibble.quantize' op expected result's quantized dimension in [0, 2), got 2}}
  %y = nibble.quantize %x : tensor<2x2xf32> to tensor<2x2x!quant.uniform<u8:f32:2, {0.5,0.25}>>
  return
}

// -----
func.func @quantize_c1_count(%x: tensor<2x2xf32>) {
  // expected-error @+1 {{'nibble.quantize' op expected result to have one scale per index of dimension 1, 2, got 3}}
  %y = nibble.quantize %x : tensor<2x2xf32> to tensor<2x2x!quant.uniform<u8:f32:1, {0.5,0.25,1.0}>>
  return
}

// -----
func.func @quantize_c1_storage(%x: tensor<2xf32>) {
  // expected-error @+1 {{'nibble.quantize' op expected result to have storage that fits 32 signed bits, got '!quant.uniform<u32:f32, 5.000000e-01>'}}
  %y = nibble.quantize %x : tensor<2xf32> to tensor<2x!quant.uniform<u32:f32, 0.5>>
  return
}

// -----
func.func @dequantize_c1_exact(%x: tensor<4x!quant.uniform<u8:f32, 0.1:128>>) {
  // expected-error @+2 {{'nibble.dequantize' op expected input to have scales that are positive, normal and exact in f32, got 0.10000000000000001}}
  // expected-note @+1 {{the nearest f32 is 0.10000000149011612}}
  %y = nibble.dequantize %x : tensor<4x!quant.uniform<u8:f32, 0.1:128>> to tensor<4xf32>
  return
}

// -----
func.func @requantize_c1_zero_point(%x: tensor<4x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.requantize' op expected result to have zero points in [0, 255], got -1}}
  %y = nibble.requantize %x : tensor<4x!quant.uniform<u8:f32, 0.5:128>> to tensor<4x!quant.uniform<u8:f32, 0.5:-1>>
  return
}

// -----
func.func @requantize_c2_axes(%x: tensor<2x2x!quant.uniform<u8:f32, 0.5:128>>) {
  // expected-error @+1 {{'nibble.requantize' op expected input and result quantized per tensor or along the same dimension, got '!quant.uniform<u8:f32, 5.000000e-01:128>' and '!quant.uniform<u8:f32:1, {5.000000e-01,2.500000e-01}>'}}
  %y = nibble.requantize %x : tensor<2x2x!quant.uniform<u8:f32, 0.5:128>> to tensor<2x2x!quant.uniform<u8:f32:1, {0.5,0.25}>>
  return
}

// -----
func.func @requantize_c3_fixed(%x: tensor<4x!quant.uniform<u8:f32, 1.0e+10:128>>) {
  // expected-error @+1 {{'nibble.requantize' op expected 'folded multiplier' of size in [2^-32, 2^29), where fixed-point multipliers are exact, got 2.0E+10}}
  %y = nibble.requantize %x {requant = #nibble.requant<fixed>} : tensor<4x!quant.uniform<u8:f32, 1.0e+10:128>> to tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// -----
func.func @observe_c1_length(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.observe' op expected 2 values in 'range', got 1}}
  %y = nibble.observe %x name "x" range [0.0] : tensor<4xf32>
  return
}

// -----
func.func @observe_c1_order(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.observe' op expected 'range' to be [min, max], finite and min <= max, got [2.000000e+00, 1.000000e+00]}}
  %y = nibble.observe %x name "x" range [2.0, 1.0] : tensor<4xf32>
  return
}

// -----
func.func @observe_c1_infinite(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.observe' op expected 'range' to be [min, max], finite and min <= max, got [0.000000e+00, INF]}}
  %y = nibble.observe %x name "x" range [0.0, 1.0e+39] : tensor<4xf32>
  return
}

// -----
func.func @fake_quant_c1_type(%x: tensor<4xf32>) {
  // expected-error @+1 {{'nibble.fake_quant' op expected a uniform quantized type, got 'i8'}}
  %y = nibble.fake_quant %x to i8 : tensor<4xf32>
  return
}

// -----
func.func @fake_quant_c1_exact(%x: tensor<4xf32>) {
  // expected-error @+2 {{'nibble.fake_quant' op expected the type to have scales that are positive, normal and exact in f32, got 0.10000000000000001}}
  // expected-note @+1 {{the nearest f32 is 0.10000000149011612}}
  %y = nibble.fake_quant %x to !quant.uniform<u8:f32, 0.1:128> : tensor<4xf32>
  return
}
