// RUN: nibble-opt %s --split-input-file --nibble-expose-integers --verify-diagnostics | FileCheck %s

// Moves of elements stand between the border and the conversions; other readers keep the floats.
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[X:.*]]: tensor<1x2x4x4xui8> {nibble.name = "x", nibble.scale = 5.000000e-01 : f32, nibble.zero_point = 128 : i32}
// CHECK-SAME: -> (tensor<32xi8> {nibble.name = "y", nibble.scale = 2.500000e-01 : f32, nibble.zero_point = -3 : i32}, tensor<1x4x4x2xf32> {nibble.name = "z"})
// CHECK: %[[T:.*]] = nibble.transpose %[[X]] {{.*}} : tensor<1x2x4x4xui8> -> tensor<1x4x4x2xui8>
// CHECK: %[[Q:.*]] = nibble.int_requantize %[[T]]
// CHECK: %[[D:.*]] = nibble.int_dequantize %[[Q]]
// CHECK: %[[Z:.*]] = nibble.tanh %[[D]]
// CHECK: %[[R:.*]] = nibble.reshape %[[Q]] : tensor<1x4x4x2xi8> -> tensor<32xi8>
// CHECK: return %[[R]], %[[Z]]
// expected-warning@unknown {{output 'z' stays in float: it is computed in float}}
func.func @main(%x: tensor<1x2x4x4xf32> {nibble.name = "x"})
    -> (tensor<32xf32> {nibble.name = "y"}, tensor<1x4x4x2xf32> {nibble.name = "z"}) {
  %t = nibble.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : tensor<1x2x4x4xf32> -> tensor<1x4x4x2xf32>
  %q = nibble.int_quantize %t {scale = 0.5 : f32, zero_point = 128 : i32, clamp = array<i32: 0, 255>} : tensor<1x4x4x2xf32> -> tensor<1x4x4x2xui8>
  %r = nibble.int_requantize %q {scale = 2.0 : f32, input_zero_point = 128 : i32, output_zero_point = -3 : i32, clamp = array<i32: -128, 127>} : tensor<1x4x4x2xui8> -> tensor<1x4x4x2xi8>
  %d = nibble.int_dequantize %r {scale = 0.25 : f32, zero_point = -3 : i32} : tensor<1x4x4x2xi8> -> tensor<1x4x4x2xf32>
  %y = nibble.reshape %d : tensor<1x4x4x2xf32> -> tensor<32xf32>
  %z = nibble.tanh %d : tensor<1x4x4x2xf32> -> tensor<1x4x4x2xf32>
  return %y, %z : tensor<32xf32>, tensor<1x4x4x2xf32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK-SAME: (%{{.*}}: tensor<4xf32> {nibble.name = "a"}, %{{.*}}: tensor<4xf32> {nibble.name = "b"}, %{{.*}}: tensor<4xf32> {nibble.name = "c"})
// expected-warning@unknown {{input 'a' stays in float: an operation reads it in float: nibble.tanh}}
// expected-warning@unknown {{input 'b' stays in float: its quantization also clamps}}
// expected-warning@unknown {{input 'c' stays in float: it is quantized in several ways}}
func.func @main(%a: tensor<4xf32> {nibble.name = "a"}, %b: tensor<4xf32> {nibble.name = "b"}, %c: tensor<4xf32> {nibble.name = "c"})
    -> (tensor<4xui8>, tensor<4xui8>, tensor<4xui8>, tensor<4xui8>) {
  %t = nibble.tanh %a : tensor<4xf32> -> tensor<4xf32>
  %0 = nibble.int_quantize %t {scale = 0.5 : f32, zero_point = 0 : i32, clamp = array<i32: 0, 255>} : tensor<4xf32> -> tensor<4xui8>
  %1 = nibble.int_quantize %b {scale = 0.5 : f32, zero_point = 0 : i32, clamp = array<i32: 0, 6>} : tensor<4xf32> -> tensor<4xui8>
  %2 = nibble.int_quantize %c {scale = 0.5 : f32, zero_point = 0 : i32, clamp = array<i32: 0, 255>} : tensor<4xf32> -> tensor<4xui8>
  %3 = nibble.int_quantize %c {scale = 0.25 : f32, zero_point = 0 : i32, clamp = array<i32: 0, 255>} : tensor<4xf32> -> tensor<4xui8>
  return %0, %1, %2, %3 : tensor<4xui8>, tensor<4xui8>, tensor<4xui8>, tensor<4xui8>
}

// -----

// 16 symmetric bits are all that a plan makes of them; a narrower range is one that accumulators rely on.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%{{.*}}: tensor<4xi16> {nibble.name = "d", nibble.scale = 5.000000e-01 : f32, nibble.zero_point = 0 : i32}, %{{.*}}: tensor<4xf32> {nibble.name = "e"})
// CHECK-SAME: -> (tensor<4xi16> {{.*}}, tensor<4xi16> {{.*}})
// expected-warning@unknown {{input 'e' stays in float: its quantization also clamps}}
func.func @main(%a: tensor<4xf32> {nibble.name = "d"}, %b: tensor<4xf32> {nibble.name = "e"})
    -> (tensor<4xf32> {nibble.name = "y"}, tensor<4xf32> {nibble.name = "z"}) {
  %q = nibble.int_quantize %a {scale = 0.5 : f32, zero_point = 0 : i32, clamp = array<i32: -32767, 32767>} : tensor<4xf32> -> tensor<4xi16>
  %r = nibble.int_quantize %b {scale = 0.5 : f32, zero_point = 0 : i32, clamp = array<i32: -20000, 20000>} : tensor<4xf32> -> tensor<4xi16>
  %y = nibble.int_dequantize %q {scale = 0.5 : f32, zero_point = 0 : i32} : tensor<4xi16> -> tensor<4xf32>
  %z = nibble.int_dequantize %r {scale = 0.5 : f32, zero_point = 0 : i32} : tensor<4xi16> -> tensor<4xf32>
  return %y, %z : tensor<4xf32>, tensor<4xf32>
}
