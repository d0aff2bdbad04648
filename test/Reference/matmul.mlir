// RUN: nibble-interpret %s | FileCheck %s

// CHECK-LABEL: @float_bias
// CHECK-NEXT: [2, 1] f32 = [42, 96]
func.func @float_bias() -> tensor<2x1xf32> {
  %a = nibble.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32> -> tensor<2x3xf32>
  %b = nibble.constant dense<[[3.0], [6.0], [9.0]]> : tensor<3x1xf32> -> tensor<3x1xf32>
  %c = nibble.constant dense<0.0> : tensor<1xf32> -> tensor<1xf32>
  %y = nibble.matmul %a, %b bias %c : tensor<2x3xf32>, tensor<3x1xf32>, tensor<1xf32> -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// fma keeps what a rounded product loses: (1 + e)(1 + e) - (1 + 2e) = e^2 for e = 2^-12, here 2^-24.
// CHECK-LABEL: @float_is_fused
// CHECK-NEXT: [1, 1] f32 = [5.96046448e-08]
func.func @float_is_fused() -> tensor<1x1xf32> {
  %a = nibble.constant dense<[[-1.00048828, 1.00024414]]> : tensor<1x2xf32> -> tensor<1x2xf32>
  %b = nibble.constant dense<[[1.0], [1.00024414]]> : tensor<2x1xf32> -> tensor<2x1xf32>
  %y = nibble.matmul %a, %b : tensor<1x2xf32>, tensor<2x1xf32> -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// Leading dimensions broadcast.
// CHECK-LABEL: @batched
// CHECK-NEXT: [2, 2, 1, 1] f32 = [1, 2, 3, 6]
func.func @batched() -> tensor<2x2x1x1xf32> {
  %a = nibble.constant dense<[[[[1.0]]], [[[3.0]]]]> : tensor<2x1x1x1xf32> -> tensor<2x1x1x1xf32>
  %b = nibble.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32> -> tensor<2x1x1xf32>
  %y = nibble.matmul %a, %b : tensor<2x1x1x1xf32>, tensor<2x1x1xf32> -> tensor<2x2x1x1xf32>
  return %y : tensor<2x2x1x1xf32>
}

// No k: the bias alone.
// CHECK-LABEL: @empty_sum
// CHECK-NEXT: [2, 2] f32 = [7, -0, 7, -0]
func.func @empty_sum() -> tensor<2x2xf32> {
  %a = nibble.constant dense<0.0> : tensor<2x0xf32> -> tensor<2x0xf32>
  %b = nibble.constant dense<0.0> : tensor<0x2xf32> -> tensor<0x2xf32>
  %c = nibble.constant dense<[7.0, -0.0]> : tensor<2xf32> -> tensor<2xf32>
  %y = nibble.matmul %a, %b bias %c : tensor<2x0xf32>, tensor<0x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// acc = (255 - 255) * 127 + (0 - 255) * -127 = 32385, times 0.4 * 0.5 / 64 and 0.5 / 64.
// CHECK-LABEL: @quantized
// CHECK-NEXT: [1, 2] {{.*}} = [101, 253]
// CHECK-NEXT: [1, 2] {{.*}} = [101, 253]
func.func @quantized() -> (tensor<1x2x!quant.uniform<u8:f32, 64.0:0>>, tensor<1x2x!quant.uniform<u8:f32, 64.0:0>>) {
  %a = nibble.constant dense<[[255, 0]]> : tensor<1x2xui8> -> tensor<1x2x!quant.uniform<u8:f32, 0.5:255>>
  %b = nibble.constant dense<[[127, 127], [-127, -127]]> : tensor<2x2xi8> -> tensor<2x2x!quant.uniform<i8<-127:127>:f32:1, {0.40000000596046448, 1.0}>>
  %y = nibble.matmul %a, %b : tensor<1x2x!quant.uniform<u8:f32, 0.5:255>>, tensor<2x2x!quant.uniform<i8<-127:127>:f32:1, {0.40000000596046448, 1.0}>>
      -> tensor<1x2x!quant.uniform<u8:f32, 64.0:0>>
  %z = nibble.matmul %a, %b {requant = #nibble.requant<fixed>} : tensor<1x2x!quant.uniform<u8:f32, 0.5:255>>,
      tensor<2x2x!quant.uniform<i8<-127:127>:f32:1, {0.40000000596046448, 1.0}>> -> tensor<1x2x!quant.uniform<u8:f32, 64.0:0>>
  return %y, %z : tensor<1x2x!quant.uniform<u8:f32, 64.0:0>>, tensor<1x2x!quant.uniform<u8:f32, 64.0:0>>
}
