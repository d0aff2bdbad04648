// RUN: nibble-opt %s --nibble-assign-types --verify-diagnostics

func.func @unread(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{value 'a' has no range: run --nibble-read-calibration before}}
  %a = nibble.observe %x name "a" : tensor<4xf32>
  return %a : tensor<4xf32>
}
