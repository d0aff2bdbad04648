// RUN: nibble-opt %s --nibble-narrow-types | FileCheck %s

!x = !quant.uniform<u8:f32, 0.5:4>

// CHECK-LABEL: @clip
// CHECK-NEXT: %[[Q:.*]] = nibble.quantize %arg0 : tensor<4xf32> to tensor<4x!quant.uniform<u8<4:16>:f32, 5.000000e-01:4>>
// CHECK-NEXT: nibble.dequantize %[[Q]]
func.func @clip(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = nibble.clip %x {min = 0.0 : f32, max = 6.0 : f32} : tensor<4xf32> -> tensor<4xf32>
  %q = nibble.quantize %c : tensor<4xf32> to tensor<4x!x>
  %y = nibble.dequantize %q : tensor<4x!x> to tensor<4xf32>
  return %y : tensor<4xf32>
}

// The type of what is returned is the function's.
// CHECK-LABEL: @returned
// CHECK: nibble.relu
// CHECK: nibble.quantize {{.*}} to tensor<4x!quant.uniform<u8:f32, 5.000000e-01:4>>
func.func @returned(%x: tensor<4xf32>) -> tensor<4x!x> {
  %c = nibble.relu %x : tensor<4xf32> -> tensor<4xf32>
  %q = nibble.quantize %c : tensor<4xf32> to tensor<4x!x>
  return %q : tensor<4x!x>
}

// Types hold their zero point, so this one cannot begin at 2.
// CHECK-LABEL: @above_zero
// CHECK: nibble.clip
// CHECK: to tensor<4x!quant.uniform<u8:f32, 5.000000e-01:4>>
func.func @above_zero(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = nibble.clip %x {min = 2.0 : f32, max = 6.0 : f32} : tensor<4xf32> -> tensor<4xf32>
  %q = nibble.quantize %c : tensor<4xf32> to tensor<4x!x>
  %y = nibble.dequantize %q : tensor<4x!x> to tensor<4xf32>
  return %y : tensor<4xf32>
}

// A function of bytes becomes a table, which rounds once.
// CHECK-LABEL: @table
// CHECK: nibble.relu
func.func @table(%p: tensor<4x!x>) -> tensor<4xf32> {
  %x = nibble.dequantize %p : tensor<4x!x> to tensor<4xf32>
  %c = nibble.relu %x : tensor<4xf32> -> tensor<4xf32>
  %q = nibble.quantize %c : tensor<4xf32> to tensor<4x!x>
  %y = nibble.dequantize %q : tensor<4x!x> to tensor<4xf32>
  return %y : tensor<4xf32>
}
