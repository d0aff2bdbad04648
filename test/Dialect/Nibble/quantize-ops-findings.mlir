// RUN: nibble-opt %s --nibble-quantize-ops --split-input-file --verify-diagnostics -o /dev/null
// RUN: nibble-opt %s --nibble-quantize-ops=per-tensor=true --split-input-file -o /dev/null 2>&1 | FileCheck %s

// CHECK: remark: weights of output channel 2 are over 8 times larger than the median channel's: quantize per channel

!x = !quant.uniform<u8:f32, 9.5367431640625e-07>
!y = !quant.uniform<u8:f32, 0.25>

func.func @findings(%q: tensor<4x1x!x>) -> tensor<4x3x!y> {
  %w = nibble.constant dense<[[0.0, 1.0e-3, 1.0]]> : tensor<1x3xf32> -> tensor<1x3xf32>
  %b = nibble.constant dense<[1.0, 1.0e6, 0.0]> : tensor<3xf32> -> tensor<3xf32>
  %x = nibble.dequantize %q : tensor<4x1x!x> to tensor<4x1xf32>
  // expected-remark @+2 {{all weights of output channel 0 are zero}}
  // expected-warning @+1 {{bias of output channel 1 does not fit 32 bits with this channel's weights: their scale is raised}}
  %m = nibble.matmul %x, %w bias %b : tensor<4x1xf32>, tensor<1x3xf32>, tensor<3xf32> -> tensor<4x3xf32>
  %y = nibble.quantize %m : tensor<4x3xf32> to tensor<4x3x!y>
  return %y : tensor<4x3x!y>
}

// -----

func.func @underflow(%q: tensor<4x1x!quant.uniform<u8:f32, 0.5>>) -> tensor<4x1x!quant.uniform<u8:f32, 0.25>> {
  %w = nibble.constant dense<1.0e-20> : tensor<1x1xf32> -> tensor<1x1xf32>
  %x = nibble.dequantize %q : tensor<4x1x!quant.uniform<u8:f32, 0.5>> to tensor<4x1xf32>
  // expected-remark @+1 {{weights of output channel 0 are so small that their scale is raised to 2^-60}}
  %m = nibble.matmul %x, %w : tensor<4x1xf32>, tensor<1x1xf32> -> tensor<4x1xf32>
  %y = nibble.quantize %m : tensor<4x1xf32> to tensor<4x1x!quant.uniform<u8:f32, 0.25>>
  return %y : tensor<4x1x!quant.uniform<u8:f32, 0.25>>
}

// -----

func.func @stored(%q: tensor<4x1x!quant.uniform<u8:f32, 9.5367431640625e-07>>) -> tensor<4x1x!quant.uniform<u8:f32, 0.25>> {
  %s = nibble.constant dense<1> : tensor<1x1xi8> -> tensor<1x1x!quant.uniform<i8:f32, 9.5367431640625e-07>>
  %w = nibble.dequantize %s : tensor<1x1x!quant.uniform<i8:f32, 9.5367431640625e-07>> to tensor<1x1xf32>
  %b = nibble.constant dense<1.0e6> : tensor<1xf32> -> tensor<1xf32>
  %x = nibble.dequantize %q : tensor<4x1x!quant.uniform<u8:f32, 9.5367431640625e-07>> to tensor<4x1xf32>
  // expected-error @+1 {{bias 1.000000e+06 of output channel 0 does not fit 31 bits of scale 9.094947e-13}}
  %m = nibble.matmul %x, %w bias %b : tensor<4x1xf32>, tensor<1x1xf32>, tensor<1xf32> -> tensor<4x1xf32>
  %y = nibble.quantize %m : tensor<4x1xf32> to tensor<4x1x!quant.uniform<u8:f32, 0.25>>
  return %y : tensor<4x1x!quant.uniform<u8:f32, 0.25>>
}
