// RUN: nibble-interpret %s | FileCheck %s

// CHECK-LABEL: @reshape_dynamic
// CHECK-NEXT: [3, 2] ui8 = [1, 2, 3, 4, 5, 6]
func.func @reshape_dynamic() -> tensor<?x2xui8> {
  %x = nibble.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xui8> -> tensor<2x3xui8>
  %y = nibble.reshape %x : tensor<2x3xui8> -> tensor<?x2xui8>
  return %y : tensor<?x2xui8>
}

// CHECK-LABEL: @transpose
// CHECK-NEXT: [3, 2] i64 = [1, 4, 2, 5, 3, 6]
// CHECK-NEXT: [2, 0, 1] f32 = []
func.func @transpose() -> (tensor<3x2xi64>, tensor<2x0x1xf32>) {
  %x = nibble.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi64> -> tensor<2x3xi64>
  %y = nibble.transpose %x {permutation = array<i64: 1, 0>} : tensor<2x3xi64> -> tensor<3x2xi64>
  %e = nibble.constant dense<0.0> : tensor<1x2x0xf32> -> tensor<1x2x0xf32>
  %z = nibble.transpose %e {permutation = array<i64: 1, 2, 0>} : tensor<1x2x0xf32> -> tensor<2x0x1xf32>
  return %y, %z : tensor<3x2xi64>, tensor<2x0x1xf32>
}

// CHECK-LABEL: @concat
// CHECK-NEXT: [2, 3] f32 = [1, 3, 4, 2, 5, 6]
func.func @concat() -> tensor<2x3xf32> {
  %x = nibble.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32> -> tensor<2x1xf32>
  %y = nibble.constant dense<[[3.0, 4.0], [5.0, 6.0]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  %e = nibble.constant dense<0.0> : tensor<2x0xf32> -> tensor<2x0xf32>
  %z = nibble.concat %x, %e, %y {axis = 1 : i64} : tensor<2x1xf32>, tensor<2x0xf32>, tensor<2x2xf32> -> tensor<2x3xf32>
  return %z : tensor<2x3xf32>
}

// The first input has the result's type and is copied; the second is requantized.
// CHECK-LABEL: @concat_requantizes
// CHECK-NEXT: [4] {{.*}} = [0, 255, 128, 130]
func.func @concat_requantizes() -> tensor<4x!quant.uniform<u8:f32, 0.5:128>> {
  %x = nibble.constant dense<[0, 255]> : tensor<2xui8> -> tensor<2x!quant.uniform<u8:f32, 0.5:128>>
  %y = nibble.constant dense<[3, 6]> : tensor<2xi8> -> tensor<2x!quant.uniform<i8:f32, 0.25:2>>
  %z = nibble.concat %x, %y {axis = 0 : i64} : tensor<2x!quant.uniform<u8:f32, 0.5:128>>, tensor<2x!quant.uniform<i8:f32, 0.25:2>>
      -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return %z : tensor<4x!quant.uniform<u8:f32, 0.5:128>>
}

// CHECK-LABEL: @slice
// CHECK-NEXT: [2, 2] i8 = [6, 4, 12, 10]
// CHECK-NEXT: [1, 3] i8 = [8, 10, 12]
func.func @slice() -> (tensor<2x2xi8>, tensor<?x?xi8>) {
  %x = nibble.constant dense<[[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]]> : tensor<2x6xi8> -> tensor<2x6xi8>
  %y = nibble.slice %x {starts = array<i64: 0, 5>, steps = array<i64: 1, -2>} : tensor<2x6xi8> -> tensor<2x2xi8>
  %z = nibble.slice %x {starts = array<i64: 1, 1>, steps = array<i64: 1, 2>} : tensor<2x6xi8> -> tensor<?x?xi8>
  return %y, %z : tensor<2x2xi8>, tensor<?x?xi8>
}

// CHECK-LABEL: @pad_modes
// CHECK-NEXT: [6] f32 = [7.5, 7.5, 1, 2, 3, 7.5]
// CHECK-NEXT: [6] f32 = [1, 1, 1, 2, 3, 3]
// CHECK-NEXT: [6] f32 = [3, 2, 1, 2, 3, 2]
// CHECK-NEXT: [3] f32 = [2, 3, 0]
func.func @pad_modes() -> (tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<3xf32>) {
  %x = nibble.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32> -> tensor<3xf32>
  %a = nibble.pad %x {low = array<i64: 2>, high = array<i64: 1>, mode = #nibble.pad_mode<constant>, value = 7.5 : f64} : tensor<3xf32> -> tensor<6xf32>
  %b = nibble.pad %x {low = array<i64: 2>, high = array<i64: 1>, mode = #nibble.pad_mode<edge>} : tensor<3xf32> -> tensor<6xf32>
  %c = nibble.pad %x {low = array<i64: 2>, high = array<i64: 1>, mode = #nibble.pad_mode<reflect>} : tensor<3xf32> -> tensor<6xf32>
  %d = nibble.pad %x {low = array<i64: -1>, high = array<i64: 1>, mode = #nibble.pad_mode<constant>} : tensor<3xf32> -> tensor<3xf32>
  return %a, %b, %c, %d : tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<3xf32>
}

// Zero is the zero point; of bytes the value is the byte.
// CHECK-LABEL: @pad_quantized
// CHECK-NEXT: [1, 3] {{.*}} = [128, 1, 128]
// CHECK-NEXT: [3] ui8 = [255, 1, 255]
func.func @pad_quantized() -> (tensor<1x3x!quant.uniform<u8:f32, 0.5:128>>, tensor<3xui8>) {
  %x = nibble.constant dense<1> : tensor<1x1xui8> -> tensor<1x1x!quant.uniform<u8:f32, 0.5:128>>
  %a = nibble.pad %x {low = array<i64: 0, 1>, high = array<i64: 0, 1>, mode = #nibble.pad_mode<constant>}
      : tensor<1x1x!quant.uniform<u8:f32, 0.5:128>> -> tensor<1x3x!quant.uniform<u8:f32, 0.5:128>>
  %y = nibble.constant dense<1> : tensor<1xui8> -> tensor<1xui8>
  %b = nibble.pad %y {low = array<i64: 1>, high = array<i64: 1>, mode = #nibble.pad_mode<constant>, value = 255.0 : f64} : tensor<1xui8> -> tensor<3xui8>
  return %a, %b : tensor<1x3x!quant.uniform<u8:f32, 0.5:128>>, tensor<3xui8>
}

// CHECK-LABEL: @resize
// CHECK-NEXT: [3, 4] f32 = [1, 1, 2, 2, 3, 3, 4, 4, 1, 1, 2, 2]
func.func @resize() -> tensor<3x4xf32> {
  %x = nibble.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.resize_nearest %x {axes = array<i64: 0, 1>, indices = array<i64: 0, 1, 0, 0, 0, 1, 1>} : tensor<2x2xf32> -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// A dynamic batch flows through shapes that name it only as `?`.
// CHECK-LABEL: @dynamic_batch
// CHECK-NEXT: [2, 2] f32 = [3, 4, 7, 8]
func.func @dynamic_batch() -> tensor<?x2xf32> {
  %x = nibble.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32> -> tensor<4xf32>
  %b = nibble.reshape %x : tensor<4xf32> -> tensor<?x1x1x2xf32>
  %w = nibble.constant dense<[[[[1.0, 1.0]]], [[[0.0, 2.0]]]]> : tensor<2x1x1x2xf32> -> tensor<2x1x1x2xf32>
  %c = nibble.conv %b, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64,
      layout = #nibble.layout<nchw>} : tensor<?x1x1x2xf32>, tensor<2x1x1x2xf32> -> tensor<?x2x1x1xf32>
  %y = nibble.reshape %c : tensor<?x2x1x1xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Negative indices count from the end, and none leaves the table.
// CHECK-LABEL: @gather_rows
// CHECK-NEXT: [5, 2] f32 = [3, 4, 5, 6, 1, 2, 5, 6, 1, 2]
// CHECK-NEXT: [2, 2] f32 = [1, -1, 0.5, 1]
func.func @gather_rows() -> (tensor<5x2xf32>, tensor<2x2xf32>) {
  %t = nibble.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32> -> tensor<3x2xf32>
  %i = nibble.constant dense<[1, -1, 0, 7, -9]> : tensor<5xi64> -> tensor<5xi64>
  %y = nibble.gather_rows %t, %i : (tensor<3x2xf32>, tensor<5xi64>) -> tensor<5x2xf32>
  %q = nibble.constant dense<[[1, 2], [4, -4]]> : tensor<2x2xi8> -> tensor<2x2xi8>
  %j = nibble.constant dense<[1, 0]> : tensor<2xi32> -> tensor<2xi32>
  %s = nibble.constant dense<[0.5, 0.25]> : tensor<2xf32> -> tensor<2xf32>
  %z = nibble.gather_rows %q, %j scale %s : (tensor<2x2xi8>, tensor<2xi32>, tensor<2xf32>) -> tensor<2x2xf32>
  return %y, %z : tensor<5x2xf32>, tensor<2x2xf32>
}
