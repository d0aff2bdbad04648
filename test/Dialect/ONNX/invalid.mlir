// RUN: nibble-opt --verify-diagnostics --split-input-file %s

func.func @attribute(%x: tensor<2x4xf32>) -> tensor<2x2xf32> {
  // expected-error @below {{'onnx.Einsum' op requires attribute 'equation'}}
  %e = onnx.Einsum %x : (tensor<2x4xf32>) -> tensor<2x2xf32>
  return %e : tensor<2x2xf32>
}

// -----

func.func @operands(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @below {{'onnx.Abs' op requires a single operand}}
  %e = "onnx.Abs"(%x, %x) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %e : tensor<2x4xf32>
}

// -----

func.func @unknown(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @below {{custom op 'onnx.NoSuchOperator' is unknown}}
  %e = onnx.NoSuchOperator %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %e : tensor<2x4xf32>
}
