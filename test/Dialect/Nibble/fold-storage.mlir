// RUN: nibble-opt %s --nibble-fold-storage | FileCheck %s

!q = !quant.uniform<u8<0:200>:f32, 0.5:3>
!i = !quant.uniform<i8:f32, 0.25:-4>

// CHECK-LABEL: @main
// CHECK-NEXT: %[[Q:.*]] = nibble.int_quantize %arg0 {clamp = array<i32: 0, 200>, scale = 5.000000e-01 : f32, zero_point = 3 : i32} : tensor<1x2x2x1xf32> -> tensor<1x2x2x1xui8>
// CHECK-NEXT: %[[P:.*]] = nibble.pad %[[Q]] {high = array<i64: 0, 1, 1, 0>, low = array<i64: 0, 0, 0, 0>, mode = #nibble.pad_mode<constant>, value = 3.000000e+00 : f64} : tensor<1x2x2x1xui8> -> tensor<1x3x3x1xui8>
// CHECK-NEXT: %[[M:.*]] = nibble.max_pool %[[P]] {{.*}} : tensor<1x3x3x1xui8> -> tensor<1x2x2x1xui8>
// CHECK-NEXT: %[[R:.*]] = nibble.reshape %[[M]] : tensor<1x2x2x1xui8> -> tensor<4xui8>
// CHECK-NEXT: %[[D:.*]] = nibble.int_dequantize %[[R]] {scale = 5.000000e-01 : f32, zero_point = 3 : i32} : tensor<4xui8> -> tensor<4xf32>
// CHECK-NEXT: %[[S:.*]] = nibble.softmax %[[D]]
// CHECK-NEXT: return %[[S]]
func.func @main(%x: tensor<1x2x2x1xf32>) -> tensor<4xf32> {
  %q = nibble.quantize %x : tensor<1x2x2x1xf32> to tensor<1x2x2x1x!q>
  %b = builtin.unrealized_conversion_cast %q : tensor<1x2x2x1x!q> to tensor<1x2x2x1xui8>
  %c = builtin.unrealized_conversion_cast %b : tensor<1x2x2x1xui8> to tensor<1x2x2x1x!q>
  %p = nibble.pad %c {low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 1, 1, 0>, mode = #nibble.pad_mode<constant>}
      : tensor<1x2x2x1x!q> -> tensor<1x3x3x1x!q>
  %m = nibble.max_pool %p {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>} : tensor<1x3x3x1x!q> -> tensor<1x2x2x1x!q>
  %r = nibble.reshape %m : tensor<1x2x2x1x!q> -> tensor<4x!q>
  %d = nibble.dequantize %r : tensor<4x!q> to tensor<4xf32>
  %s = nibble.softmax %d {axis = 0 : i64} : tensor<4xf32> -> tensor<4xf32>
  return %s : tensor<4xf32>
}

!w = !quant.uniform<i16<-20000:20000>:f32, 0.25>

// CHECK-LABEL: @wide
// CHECK-NEXT: %[[Q:.*]] = nibble.int_quantize %arg0 {clamp = array<i32: -20000, 20000>, scale = 2.500000e-01 : f32, zero_point = 0 : i32} : tensor<1x2x2x1xf32> -> tensor<1x2x2x1xi16>
// CHECK-NEXT: %[[P:.*]] = nibble.pad %[[Q]] {{.*}}value = 0.000000e+00 : f64} : tensor<1x2x2x1xi16> -> tensor<1x3x3x1xi16>
// CHECK-NEXT: nibble.int_dequantize %[[P]] {scale = 2.500000e-01 : f32, zero_point = 0 : i32} : tensor<1x3x3x1xi16> -> tensor<1x3x3x1xf32>
func.func @wide(%x: tensor<1x2x2x1xf32>) -> tensor<1x3x3x1xf32> {
  %q = nibble.quantize %x : tensor<1x2x2x1xf32> to tensor<1x2x2x1x!w>
  %p = nibble.pad %q {low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 1, 1, 0>, mode = #nibble.pad_mode<constant>}
      : tensor<1x2x2x1x!w> -> tensor<1x3x3x1x!w>
  %d = nibble.dequantize %p : tensor<1x3x3x1x!w> to tensor<1x3x3x1xf32>
  return %d : tensor<1x3x3x1xf32>
}
