// RUN: nibble-translate --export-onnx --verify-diagnostics --split-input-file %s

func.func @main(%x: tensor<4xui8>) -> tensor<4xf32> {
  // expected-error @below {{operation 'nibble.int_dequantize' cannot be exported to ONNX}}
  %y = nibble.int_dequantize %x {scale = 0.5 : f32, zero_point = 3 : i32} : tensor<4xui8> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error @below {{the module has no function 'main' of one block}}
module {}
