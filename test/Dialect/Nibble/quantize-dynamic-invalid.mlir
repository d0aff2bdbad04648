// RUN: nibble-opt %s --nibble-quantize-dynamic --split-input-file --verify-diagnostics
// RUN: sed 's/"dynamic"/"weight-only"/' %s | nibble-opt --nibble-quantize-weights --split-input-file --verify-diagnostics

func.func @weights(%x: tensor<4x2xf32>) -> tensor<4x1xf32> {
  %w = nibble.constant dense<[[1.0], [0x7F800000]]> : tensor<2x1xf32> -> tensor<2x1xf32>
  // expected-error @+1 {{weights or bias of output channel 0 are not finite}}
  %y = nibble.matmul %x, %w {nibble.precision = "dynamic"} : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

// -----
func.func @bias(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = nibble.constant dense<1.0> : tensor<2x2xf32> -> tensor<2x2xf32>
  %b = nibble.constant dense<[0.0, 0x7FC00000]> : tensor<2xf32> -> tensor<2xf32>
  // expected-error @+1 {{weights or bias of output channel 1 are not finite}}
  %y = nibble.matmul %x, %w bias %b {nibble.precision = "dynamic"} : tensor<4x2xf32>, tensor<2x2xf32>, tensor<2xf32> -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----
func.func @dead(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = nibble.constant dense<[[1.0, 0.0], [1.0, 0.0]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  // expected-remark @+1 {{all weights of output channel 1 are zero}}
  %y = nibble.matmul %x, %w {nibble.precision = "dynamic"} : tensor<4x2xf32>, tensor<2x2xf32> -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}
