// RUN: not nibble-opt %s --nibble-fold-storage 2>&1 | FileCheck %s

// CHECK: error: {{.*}}node 'Div_7' (nibble.div) has quantized operands but no integer form
!q = !quant.uniform<u8:f32, 0.5:3>
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %q = nibble.quantize %x : tensor<4xf32> to tensor<4x!q>
  %d = nibble.div %q, %q : tensor<4x!q>, tensor<4x!q> -> tensor<4x!q> loc("Div_7"("d"))
  %y = nibble.dequantize %d : tensor<4x!q> to tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK: error: {{.*}}node 'Quantize_8' (nibble.quantize) has quantized operands but no integer form
// CHECK: note: {{.*}}its values are stored as 'ui16', expected i8, ui8 or i16
func.func @sixteen_bits(%x: tensor<4xf32>) -> tensor<4x!quant.uniform<u16:f32, 0.5:128>> {
  %q = nibble.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u16:f32, 0.5:128>> loc("Quantize_8"("q"))
  return %q : tensor<4x!quant.uniform<u16:f32, 0.5:128>>
}
