// RUN: nibble-opt %s | nibble-opt | FileCheck %s

// What the printer makes of constants and conversions, it reads again.

// CHECK-LABEL: func.func @constant_storage(
// CHECK: nibble.constant dense<[-127, 127]> : tensor<2xi8> -> tensor<2x!quant.uniform<i8<-127:127>:f32, 5.000000e-01>>
func.func @constant_storage() {
  %y = nibble.constant dense<[-127, 127]> : tensor<2xi8> -> tensor<2x!quant.uniform<i8<-127:127>:f32, 0.5>>
  return
}

// CHECK-LABEL: func.func @constant_splat(
// CHECK: nibble.constant dense<1.000000e+00> : tensor<100x100xf32> -> tensor<100x100xf32>
func.func @constant_splat() {
  %y = nibble.constant dense<1.0> : tensor<100x100xf32> -> tensor<100x100xf32>
  return
}

// CHECK-LABEL: func.func @constant_scalar(
// CHECK: nibble.constant dense<1> : tensor<i64> -> tensor<i64>
func.func @constant_scalar() {
  %y = nibble.constant dense<1> : tensor<i64> -> tensor<i64>
  return
}

// CHECK-LABEL: func.func @quantize(
// CHECK: nibble.quantize %{{.*}} : tensor<?x4xf32> to tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @quantize(%x: tensor<?x4xf32>) {
  %y = nibble.quantize %x : tensor<?x4xf32> to tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @quantize_per_axis(
// CHECK: nibble.quantize %{{.*}} : tensor<2x4xf32> to tensor<2x4x!quant.uniform<i8:f32:0, {5.000000e-01:3,2.500000e-01:-3}>>
func.func @quantize_per_axis(%x: tensor<2x4xf32>) {
  %y = nibble.quantize %x : tensor<2x4xf32> to tensor<2x4x!quant.uniform<i8:f32:0, {0.5:3, 0.25:-3}>>
  return
}

// CHECK-LABEL: func.func @dequantize(
// CHECK: nibble.dequantize %{{.*}} : tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>> to tensor<?x4xf32>
func.func @dequantize(%x: tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>) {
  %y = nibble.dequantize %x : tensor<?x4x!quant.uniform<u8:f32, 0.5:128>> to tensor<?x4xf32>
  return
}

// CHECK-LABEL: func.func @requantize(
// CHECK: nibble.requantize %{{.*}} {requant = #nibble.requant<fixed>} : tensor<4x!quant.uniform<u8:f32, 5.000000e-01:128>> to tensor<4x!quant.uniform<i8:f32, 2.500000e-01>>
func.func @requantize(%x: tensor<4x!quant.uniform<u8:f32, 0.5:128>>) {
  %y = nibble.requantize %x {requant = #nibble.requant<fixed>} : tensor<4x!quant.uniform<u8:f32, 0.5:128>> to tensor<4x!quant.uniform<i8:f32, 0.25>>
  return
}

// CHECK-LABEL: func.func @observe(
// CHECK: nibble.observe %{{.*}} name "relu_3" : tensor<?xf32>
func.func @observe(%x: tensor<?xf32>) {
  %y = nibble.observe %x name "relu_3" : tensor<?xf32>
  return
}

// CHECK-LABEL: func.func @observe_range(
// CHECK: nibble.observe %{{.*}} name "relu_3" range [0.000000e+00, 6.000000e+00] : tensor<4xf32>
func.func @observe_range(%x: tensor<4xf32>) {
  %y = nibble.observe %x name "relu_3" range [0.0, 6.0] : tensor<4xf32>
  return
}

// CHECK-LABEL: func.func @fake_quant(
// CHECK: nibble.fake_quant %{{.*}} to !quant.uniform<u8:f32, 5.000000e-01:128> : tensor<4xf32>
func.func @fake_quant(%x: tensor<4xf32>) {
  %y = nibble.fake_quant %x to !quant.uniform<u8:f32, 0.5:128> : tensor<4xf32>
  return
}
