// Weights of 4 bits are ONNX's INT4; of 2 bits they become bytes.
//
// RUN: nibble-translate --export-onnx --verify-diagnostics %s -o %t.onnx

func.func @main(%x: tensor<4x2x!quant.uniform<u8:f32, 0.5>> {nibble.name = "x"}) -> (tensor<4x1x!quant.uniform<u8:f32, 0.25>> {nibble.name = "y"}) {
  %v = nibble.constant dense<[[7], [-3]]> : tensor<2x1xi8> -> tensor<2x1x!quant.uniform<i4<-7:7>:f32:1, {0.5}>>
  // expected-remark @below {{weights of 2 bits are written as int8, the least that ONNX's opset 21 has for them besides int4: the file is larger, the values are the same}}
  %w = nibble.constant dense<[[1]]> : tensor<1x1xi8> -> tensor<1x1x!quant.uniform<i2<-1:1>:f32:1, {1.0}>>
  %a = nibble.matmul %x, %v : tensor<4x2x!quant.uniform<u8:f32, 0.5>>, tensor<2x1x!quant.uniform<i4<-7:7>:f32:1, {0.5}>> -> tensor<4x1x!quant.uniform<u8:f32, 0.25>>
  %y = nibble.matmul %a, %w : tensor<4x1x!quant.uniform<u8:f32, 0.25>>, tensor<1x1x!quant.uniform<i2<-1:1>:f32:1, {1.0}>> -> tensor<4x1x!quant.uniform<u8:f32, 0.25>>
  return %y : tensor<4x1x!quant.uniform<u8:f32, 0.25>>
}
