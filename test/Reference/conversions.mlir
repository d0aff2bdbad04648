// RUN: nibble-interpret %s | FileCheck %s

// Symmetric int8 maps [-1, 1] to [-127, 127]; 0.5 is a tie and goes to the even 64.
// CHECK-LABEL: @symmetric
// CHECK-NEXT: [7] {{.*}} = [-127, 0, 64, 127, 127, -127, 0]
func.func @symmetric() -> tensor<7x!quant.uniform<i8<-127:127>:f32, 0.0078740157186985015>> {
  %x = nibble.constant dense<[-1.0, 0.0, 0.5, 1.0, 2.0, 0xFF800000, 0x7FC00000]> : tensor<7xf32> -> tensor<7xf32>
  %q = nibble.quantize %x : tensor<7xf32> to tensor<7x!quant.uniform<i8<-127:127>:f32, 0.0078740157186985015>>
  return %q : tensor<7x!quant.uniform<i8<-127:127>:f32, 0.0078740157186985015>>
}

// Asymmetric uint8 maps [0, 2] to [0, 255].
// CHECK-LABEL: @asymmetric
// CHECK-NEXT: [4] {{.*}} = [0, 0, 127, 255]
func.func @asymmetric() -> tensor<4x!quant.uniform<u8:f32, 0.0078431377187371254:0>> {
  %x = nibble.constant dense<[-1.0, 0.0, 1.0, 2.0]> : tensor<4xf32> -> tensor<4xf32>
  %q = nibble.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.0078431377187371254:0>>
  return %q : tensor<4x!quant.uniform<u8:f32, 0.0078431377187371254:0>>
}

// CHECK-LABEL: @ties_and_zero_points
// CHECK-NEXT: [6] {{.*}} = [255, 255, 253, 251, 253, 255]
func.func @ties_and_zero_points() -> tensor<6x!quant.uniform<u8:f32, 1.0:255>> {
  %x = nibble.constant dense<[0.5, -0.5, -1.5, -3.5, -2.5, 0x7FC00000]> : tensor<6xf32> -> tensor<6xf32>
  %q = nibble.quantize %x : tensor<6xf32> to tensor<6x!quant.uniform<u8:f32, 1.0:255>>
  return %q : tensor<6x!quant.uniform<u8:f32, 1.0:255>>
}

// One scale and zero point for each index of dimension 0.
// CHECK-LABEL: @per_axis
// CHECK-NEXT: [2, 2] {{.*}} = [2, 4, 5, 9]
// CHECK-NEXT: [2, 2] f32 = [1, 2, 1, 2]
func.func @per_axis() -> (tensor<2x2x!quant.uniform<i8:f32:0, {0.5, 0.25:1}>>, tensor<2x2xf32>) {
  %x = nibble.constant dense<[[1.0, 2.0], [1.0, 2.0]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  %q = nibble.quantize %x : tensor<2x2xf32> to tensor<2x2x!quant.uniform<i8:f32:0, {0.5, 0.25:1}>>
  %y = nibble.dequantize %q : tensor<2x2x!quant.uniform<i8:f32:0, {0.5, 0.25:1}>> to tensor<2x2xf32>
  return %q, %y : tensor<2x2x!quant.uniform<i8:f32:0, {0.5, 0.25:1}>>, tensor<2x2xf32>
}

// Halves: to even in mode float, up in mode fixed.
// CHECK-LABEL: @requantize_modes
// CHECK-NEXT: [6] {{.*}} = [0, 2, 2, 0, -2, -2]
// CHECK-NEXT: [6] {{.*}} = [1, 2, 3, 0, -1, -2]
func.func @requantize_modes() -> (tensor<6x!quant.uniform<i8:f32, 1.0>>, tensor<6x!quant.uniform<i8:f32, 1.0>>) {
  %q = nibble.constant dense<[1, 3, 5, -1, -3, -5]> : tensor<6xi8> -> tensor<6x!quant.uniform<i8:f32, 0.5>>
  %a = nibble.requantize %q : tensor<6x!quant.uniform<i8:f32, 0.5>> to tensor<6x!quant.uniform<i8:f32, 1.0>>
  %b = nibble.requantize %q {requant = #nibble.requant<fixed>} : tensor<6x!quant.uniform<i8:f32, 0.5>> to tensor<6x!quant.uniform<i8:f32, 1.0>>
  return %a, %b : tensor<6x!quant.uniform<i8:f32, 1.0>>, tensor<6x!quant.uniform<i8:f32, 1.0>>
}

// From one end's zero point to the other's, across signedness.
// CHECK-LABEL: @requantize_ends
// CHECK-NEXT: [4] {{.*}} = [-128, -127, -1, 127]
func.func @requantize_ends() -> tensor<4x!quant.uniform<i8:f32, 0.5:-128>> {
  %q = nibble.constant dense<[0, 1, 127, 255]> : tensor<4xui8> -> tensor<4x!quant.uniform<u8:f32, 0.5:0>>
  %a = nibble.requantize %q : tensor<4x!quant.uniform<u8:f32, 0.5:0>> to tensor<4x!quant.uniform<i8:f32, 0.5:-128>>
  return %a : tensor<4x!quant.uniform<i8:f32, 0.5:-128>>
}

// CHECK-LABEL: @fake_quant_observe
// CHECK-NEXT: [4] f32 = [-64, 0.5, 63.5, 0]
func.func @fake_quant_observe() -> tensor<4xf32> {
  %x = nibble.constant dense<[-100.0, 0.3, 1.0e+30, 0x7FC00000]> : tensor<4xf32> -> tensor<4xf32>
  %o = nibble.observe %x name "x" : tensor<4xf32>
  %y = nibble.fake_quant %o to !quant.uniform<u8:f32, 0.5:128> : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: @empty_and_scalar
// CHECK-NEXT: [0, 3] {{.*}} = []
// CHECK-NEXT: [] {{.*}} = [130]
func.func @empty_and_scalar() -> (tensor<0x3x!quant.uniform<u8:f32, 0.5:128>>, tensor<!quant.uniform<u8:f32, 0.5:128>>) {
  %x = nibble.constant dense<0.0> : tensor<0x3xf32> -> tensor<0x3xf32>
  %q = nibble.quantize %x : tensor<0x3xf32> to tensor<0x3x!quant.uniform<u8:f32, 0.5:128>>
  %s = nibble.constant dense<1.0> : tensor<f32> -> tensor<f32>
  %t = nibble.quantize %s : tensor<f32> to tensor<!quant.uniform<u8:f32, 0.5:128>>
  return %q, %t : tensor<0x3x!quant.uniform<u8:f32, 0.5:128>>, tensor<!quant.uniform<u8:f32, 0.5:128>>
}
