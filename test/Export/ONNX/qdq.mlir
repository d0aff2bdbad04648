// A quantized NHWC graph becomes an NCHW one with QuantizeLinear and DequantizeLinear, and no transpose.
//
// RUN: nibble-translate --export-onnx %s -o %t.onnx
// RUN: nibble-translate --import-onnx %t.onnx | FileCheck %s

// CHECK: @main(%[[X:.*]]: tensor<?x3x8x8xf32> {nibble.dims = ["batch", "", "", ""], nibble.name = "x"}) -> (tensor<?x4x8x8xf32> {nibble.name = "y"})
// CHECK-NEXT: %[[QX:.*]] = nibble.quantize %[[X]] : tensor<?x3x8x8xf32> to tensor<?x3x8x8x!quant.uniform<u8:f32, 6.250000e-02:128>>
// CHECK-NEXT: %[[DX:.*]] = nibble.dequantize %[[QX]]
// CHECK-NEXT: %[[QW:.*]] = nibble.constant dense<1> : tensor<4x3x3x3xi8> -> tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {5.000000e-01,2.500000e-01,1.000000e+00,2.000000e+00}>>
// CHECK-NEXT: %[[W:.*]] = nibble.dequantize %[[QW]]
// CHECK-NEXT: %[[QB:.*]] = nibble.constant dense<3> : tensor<4xi32> -> tensor<4x!quant.uniform<i32:f32:0, {3.125000e-02,1.562500e-02,6.250000e-02,1.250000e-01}>>
// CHECK-NEXT: %[[B:.*]] = nibble.dequantize %[[QB]]
// CHECK-NEXT: %[[C:.*]] = nibble.conv %[[DX]], %[[W]] bias %[[B]] {{.*}}layout = #nibble.layout<nchw>
// CHECK-NEXT: %[[QC:.*]] = nibble.quantize %[[C]] : tensor<?x4x8x8xf32> to tensor<?x4x8x8x!quant.uniform<u8:f32, 5.000000e-01:3>>
// CHECK-NEXT: nibble.dequantize %[[QC]]
// CHECK-NEXT: nibble.dequantize %[[QC]]
// CHECK-NEXT: %[[A:.*]] = nibble.add
// CHECK-NEXT: %[[QA:.*]] = nibble.quantize %[[A]]
// CHECK-NEXT: %[[Y:.*]] = nibble.dequantize %[[QA]]
// CHECK-NEXT: return %[[Y]]

module attributes {nibble.model = "q"} {
func.func @main(%x: tensor<?x3x8x8xf32> {nibble.name = "x", nibble.dims = ["batch", "", "", ""]}) -> (tensor<?x4x8x8xf32> {nibble.name = "y"}) {
  %t = nibble.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>
  %q = nibble.quantize %t : tensor<?x8x8x3xf32> to tensor<?x8x8x3x!quant.uniform<u8:f32, 0.0625:128>> loc("q"("x"))
  %w = nibble.constant dense<1> : tensor<4x3x3x3xi8> -> tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>> loc("w"("w"))
  %b = nibble.constant dense<3> : tensor<4xi32> -> tensor<4x!quant.uniform<i32:f32:0, {0.03125,0.015625,0.0625,0.125}>> loc("b"("b"))
  %c = nibble.conv %q, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>} : tensor<?x8x8x3x!quant.uniform<u8:f32, 0.0625:128>>, tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>>, tensor<4x!quant.uniform<i32:f32:0, {0.03125,0.015625,0.0625,0.125}>> -> tensor<?x8x8x4x!quant.uniform<u8:f32, 0.5:3>> loc("conv"("c"))
  %a = nibble.add %c, %c : tensor<?x8x8x4x!quant.uniform<u8:f32, 0.5:3>>, tensor<?x8x8x4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<?x8x8x4x!quant.uniform<u8:f32, 1.0:3>> loc("add"("a"))
  %d = nibble.dequantize %a : tensor<?x8x8x4x!quant.uniform<u8:f32, 1.0:3>> to tensor<?x8x8x4xf32> loc("d"("a"))
  %y = nibble.transpose %d {permutation = array<i64: 0, 3, 1, 2>} : tensor<?x8x8x4xf32> -> tensor<?x4x8x8xf32> loc("y"("y"))
  return %y : tensor<?x4x8x8xf32>
}
}
