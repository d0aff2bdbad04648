// RUN: nibble-opt %s --nibble-fold-scales --split-input-file | FileCheck %s

!a = !quant.uniform<u8:f32, 0.5:3>
!b = !quant.uniform<i8:f32, 0.25:-4>
!y = !quant.uniform<u8<7:200>:f32, 0.125:7>

// CHECK-LABEL: @elementwise
// CHECK: nibble.int_add %{{.*}} {clamp = array<i32: 7, 200>, lhs_scale = 4.000000e+00 : f32, lhs_zero_point = 3 : i32, output_zero_point = 7 : i32, rhs_scale = 2.000000e+00 : f32, rhs_zero_point = -4 : i32} : tensor<4xui8>, tensor<4xi8> -> tensor<4xui8>
// CHECK: nibble.int_add %{{.*}} rhs_scale = -2.000000e+00 : f32
// CHECK: nibble.int_mul %{{.*}} {clamp = array<i32: 7, 200>, lhs_zero_point = 3 : i32, output_zero_point = 7 : i32, rhs_zero_point = -4 : i32, scale = 1.000000e+00 : f32}
// CHECK: nibble.int_requantize %{{.*}} {clamp = array<i32: 7, 200>, input_zero_point = 3 : i32, output_zero_point = 7 : i32, scale = 4.000000e+00 : f32}
func.func @elementwise(%a: tensor<4x!a>, %b: tensor<4x!b>)
    -> (tensor<4x!y>, tensor<4x!y>, tensor<4x!y>, tensor<4x!y>) {
  %s = nibble.add %a, %b : tensor<4x!a>, tensor<4x!b> -> tensor<4x!y>
  %d = nibble.sub %a, %b : tensor<4x!a>, tensor<4x!b> -> tensor<4x!y>
  %m = nibble.mul %a, %b : tensor<4x!a>, tensor<4x!b> -> tensor<4x!y>
  %r = nibble.requantize %a : tensor<4x!a> to tensor<4x!y>
  return %s, %d, %m, %r : tensor<4x!y>, tensor<4x!y>, tensor<4x!y>, tensor<4x!y>
}

// CHECK-LABEL: @softmax
// CHECK: nibble.int_softmax %{{.*}} {axis = 0 : i64, clamp = array<i32: 7, 200>, input_scale = 2.500000e-01 : f32, output_zero_point = 7 : i32, scale = 8.000000e+00 : f32} : tensor<4xi8> -> tensor<4xui8>
func.func @softmax(%b: tensor<4x!b>) -> tensor<4x!y> {
  %y = nibble.softmax %b {axis = 0 : i64} : tensor<4x!b> -> tensor<4x!y>
  return %y : tensor<4x!y>
}

// CHECK-LABEL: @scaled_softmax
// CHECK: nibble.int_softmax {{.*}}input_scale = 1.250000e-01 : f32
func.func @scaled_softmax(%b: tensor<4x!b>) -> tensor<4x!y> {
  %y = nibble.softmax %b {axis = 0 : i64, scale = 0.5 : f32} : tensor<4x!b> -> tensor<4x!y>
  return %y : tensor<4x!y>
}

// CHECK-LABEL: @pool
// CHECK: nibble.int_avg_pool %{{.*}} {clamp = array<i32: 7, 200>, input_zero_point = 3 : i32, kernel = array<i64: 2, 2>, output_zero_point = 7 : i32, pads = array<i64: 0, 0, 0, 0>, scale = 4.000000e+00 : f32, strides = array<i64: 2, 2>}
func.func @pool(%a: tensor<1x4x4x2x!a>) -> tensor<1x2x2x2x!y> {
  %y = nibble.avg_pool %a {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
      layout = #nibble.layout<nhwc>} : tensor<1x4x4x2x!a> -> tensor<1x2x2x2x!y>
  return %y : tensor<1x2x2x2x!y>
}

// -----

!a = !quant.uniform<u8:f32, 0.5:3>
!narrow = !quant.uniform<u8<3:255>:f32, 0.5:3>
!b = !quant.uniform<u8:f32, 0.25:4>

// Only the operand of another encoding is converted.
// CHECK-LABEL: @concat
// CHECK: %[[A:.*]] = builtin.unrealized_conversion_cast %arg0
// CHECK: %[[N:.*]] = builtin.unrealized_conversion_cast %arg1
// CHECK: %[[B:.*]] = builtin.unrealized_conversion_cast %arg2
// CHECK: %[[R:.*]] = nibble.int_requantize %[[B]] {{.*}}scale = 5.000000e-01
// CHECK: nibble.concat %[[A]], %[[N]], %[[R]] {axis = 0 : i64} : tensor<4xui8>, tensor<4xui8>, tensor<4xui8> -> tensor<12xui8>
func.func @concat(%a: tensor<4x!a>, %n: tensor<4x!narrow>, %b: tensor<4x!b>) -> tensor<12x!a> {
  %y = nibble.concat %a, %n, %b {axis = 0 : i64} : tensor<4x!a>, tensor<4x!narrow>, tensor<4x!b> -> tensor<12x!a>
  return %y : tensor<12x!a>
}

// CHECK-LABEL: @float
// CHECK: nibble.add {{.*}} tensor<4xf32>
func.func @float(%a: tensor<4xf32>) -> tensor<4xf32> {
  %y = nibble.add %a, %a : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

!u = !quant.uniform<u8:f32, 0.5:3>
!w = !quant.uniform<i16<-20000:20000>:f32, 0.25>

// Operands and results of either width; an operand of a concat gets the result's.
// CHECK-LABEL: @widths
// CHECK: nibble.int_add {{.*}}clamp = array<i32: -20000, 20000>{{.*}} : tensor<4xui8>, tensor<4xi16> -> tensor<4xi16>
// CHECK: nibble.int_mul {{.*}} : tensor<4xi16>, tensor<4xi16> -> tensor<4xui8>
// CHECK: nibble.int_requantize {{.*}}clamp = array<i32: -20000, 20000>, input_zero_point = 3 : i32, output_zero_point = 0 : i32, scale = 2.000000e+00 : f32} : tensor<4xui8> -> tensor<4xi16>
// CHECK: nibble.concat {{.*}} : tensor<4xi16>, tensor<4xi16> -> tensor<8xi16>
func.func @widths(%x: tensor<4x!u>, %z: tensor<4x!w>) -> (tensor<4x!w>, tensor<4x!u>, tensor<8x!w>) {
  %a = nibble.add %x, %z : tensor<4x!u>, tensor<4x!w> -> tensor<4x!w>
  %m = nibble.mul %z, %z : tensor<4x!w>, tensor<4x!w> -> tensor<4x!u>
  %c = nibble.concat %x, %z {axis = 0 : i64} : tensor<4x!u>, tensor<4x!w> -> tensor<8x!w>
  return %a, %m, %c : tensor<4x!w>, tensor<4x!u>, tensor<8x!w>
}
