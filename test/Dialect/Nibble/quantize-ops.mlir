// RUN: nibble-opt %s --nibble-quantize-ops --split-input-file | FileCheck %s
// RUN: nibble-opt %s --nibble-quantize-ops="per-tensor=true requant=fixed" --split-input-file | FileCheck %s --check-prefix=TENSOR

!x = !quant.uniform<u8:f32, 0.5:128>
!y = !quant.uniform<u8:f32, 0.25>

// The relu vanishes, as the result's type has no negative values. Channel 0: max|w| = 127, channel 1: 63.5.
// CHECK-LABEL: @conv
// CHECK-DAG: %[[W:.*]] = nibble.constant dense<{{.*}}127{{.*}}-127{{.*}}> : tensor<2x1x1x1xi8> -> tensor<2x1x1x1x!quant.uniform<i8<-127:127>:f32:0, {1.000000e+00,5.000000e-01}>>
// CHECK-DAG: %[[B:.*]] = nibble.constant dense<[2, 8]> : tensor<2xi32> -> tensor<2x!quant.uniform<i32:f32:0, {5.000000e-01,2.500000e-01}>>
// CHECK: %[[Y:.*]] = nibble.conv %arg0, %[[W]] bias %[[B]]
// CHECK: return %[[Y]]
// TENSOR-LABEL: @conv
// TENSOR: nibble.constant dense<{{.*}}127{{.*}}-64{{.*}}> : tensor<2x1x1x1xi8> -> tensor<2x1x1x1x!quant.uniform<i8<-127:127>:f32, 1.000000e+00>>
// TENSOR: nibble.conv {{.*}}requant = #nibble.requant<fixed>
func.func @conv(%q: tensor<1x4x4x1x!x>) -> tensor<1x4x4x2x!y> {
  %w = nibble.constant dense<[[[[127.0]]], [[[-63.5]]]]> : tensor<2x1x1x1xf32> -> tensor<2x1x1x1xf32>
  %b = nibble.constant dense<[1.0, 2.0]> : tensor<2xf32> -> tensor<2xf32>
  %x = nibble.dequantize %q : tensor<1x4x4x1x!x> to tensor<1x4x4x1xf32>
  %c = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : tensor<1x4x4x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32> -> tensor<1x4x4x2xf32>
  %r = nibble.relu %c : tensor<1x4x4x2xf32> -> tensor<1x4x4x2xf32>
  %y = nibble.quantize %r : tensor<1x4x4x2xf32> to tensor<1x4x4x2x!y>
  return %y : tensor<1x4x4x2x!y>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:128>

// The result's type reaches below 0: the relu is not implied, and all stays.
// CHECK-LABEL: @relu_stays
// CHECK: nibble.dequantize
// CHECK: nibble.add {{.*}} -> tensor<4xf32>
// CHECK: nibble.relu
// CHECK: nibble.quantize
func.func @relu_stays(%q: tensor<4x!x>) -> tensor<4x!x> {
  %x = nibble.dequantize %q : tensor<4x!x> to tensor<4xf32>
  %a = nibble.add %x, %x : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %r = nibble.relu %a : tensor<4xf32> -> tensor<4xf32>
  %y = nibble.quantize %r : tensor<4xf32> to tensor<4x!x>
  return %y : tensor<4x!x>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:128>
!y = !quant.uniform<u8:f32, 0.25>

// Data movement moves bytes, functions and elementwise operations compute on them, a constant gets a type.
// CHECK-LABEL: @elementwise
// CHECK: %[[C:.*]] = nibble.constant dense<255> : tensor<ui8> -> tensor<!quant.uniform<u8:f32, 0.011764706112444401>>
// CHECK: %[[P:.*]] = nibble.reshape %arg0 {{.*}} -> tensor<4x!quant.uniform<u8:f32, 5.000000e-01:128>>
// CHECK: %[[S:.*]] = nibble.sigmoid %[[P]] {{.*}} -> tensor<4x!quant.uniform<u8:f32, 2.500000e-01>>
// CHECK: %[[M:.*]] = nibble.mul %[[S]], %[[C]]
// CHECK: return %[[M]]
func.func @elementwise(%q: tensor<2x2x!x>) -> tensor<4x!y> {
  %three = nibble.constant dense<3.0> : tensor<f32> -> tensor<f32>
  %x = nibble.dequantize %q : tensor<2x2x!x> to tensor<2x2xf32>
  %p = nibble.reshape %x : tensor<2x2xf32> -> tensor<4xf32>
  %s = nibble.sigmoid %p : tensor<4xf32> -> tensor<4xf32>
  %t = nibble.quantize %s : tensor<4xf32> to tensor<4x!y>
  %u = nibble.dequantize %t : tensor<4x!y> to tensor<4xf32>
  %m = nibble.mul %u, %three : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %y = nibble.quantize %m : tensor<4xf32> to tensor<4x!y>
  return %y : tensor<4x!y>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:128>
!tiny = !quant.uniform<u8:f32, 9.3132257461547852E-10>
!unit = !quant.uniform<u8:f32, 0.00390625>

// A product of two activations has no constant weights; a reduction and a planned float operation stay, and a softmax
// whose scale has no fixed-point form.
// CHECK-LABEL: @others
// CHECK: nibble.matmul %arg0, %arg0 : tensor<2x2x!quant.uniform<u8:f32, 5.000000e-01:128>>
// CHECK: nibble.reduce {{.*}} tensor<2x1xf32>
// CHECK: nibble.tanh {{.*}} tensor<2x1xf32>
// CHECK: nibble.softmax {{.*}} tensor<2x2xf32> -> tensor<2x2xf32>
// CHECK: nibble.softmax %arg0 {axis = 1 : i64} : tensor<2x2x!quant.uniform<u8:f32, 5.000000e-01:128>> -> tensor<2x2x!quant.uniform<u8:f32, 3.906250e-03>>
func.func @others(%q: tensor<2x2x!x>) -> (tensor<2x2x!x>, tensor<2x1x!x>, tensor<2x2x!tiny>, tensor<2x2x!unit>) {
  %x = nibble.dequantize %q : tensor<2x2x!x> to tensor<2x2xf32>
  %m = nibble.matmul %x, %x : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %a = nibble.quantize %m : tensor<2x2xf32> to tensor<2x2x!x>
  %s = nibble.reduce %x {axes = array<i64: 1>, keep_dims, kind = #nibble.reduce_kind<sum>} : tensor<2x2xf32> -> tensor<2x1xf32>
  %t = nibble.tanh %s {nibble.precision = "float"} : tensor<2x1xf32> -> tensor<2x1xf32>
  %b = nibble.quantize %t : tensor<2x1xf32> to tensor<2x1x!x>
  %f = nibble.softmax %x {axis = 1 : i64} : tensor<2x2xf32> -> tensor<2x2xf32>
  %c = nibble.quantize %f : tensor<2x2xf32> to tensor<2x2x!tiny>
  %g = nibble.softmax %x {axis = 1 : i64} : tensor<2x2xf32> -> tensor<2x2xf32>
  %d = nibble.quantize %g : tensor<2x2xf32> to tensor<2x2x!unit>
  return %a, %b, %c, %d : tensor<2x2x!x>, tensor<2x1x!x>, tensor<2x2x!tiny>, tensor<2x2x!unit>
}

// -----

!x = !quant.uniform<i16<-32767:32767>:f32, 0.5>
!y = !quant.uniform<i16<-20000:20000>:f32, 0.25>

// The weights stay i8; constants beside 16-bit values have 16 bits; what moves, moves.
// CHECK-LABEL: @wide
// CHECK-DAG: nibble.constant dense<[{{\[}}127], [-64]]> : tensor<2x1xi8> -> tensor<2x1x!quant.uniform<i8<-127:127>:f32:1, {1.000000e+00}>>
// CHECK-DAG: nibble.constant dense<[16384, 32767]> : tensor<2xi16> -> tensor<2x!quant.uniform<i16<-32767:32767>:f32,
// CHECK: nibble.matmul {{.*}} -> tensor<4x1x!quant.uniform<i16<-20000:20000>:f32, 2.500000e-01>>
// CHECK: nibble.mul {{.*}} -> tensor<4x2x!quant.uniform<i16<-20000:20000>:f32, 2.500000e-01>>
// CHECK: nibble.sigmoid {{.*}} -> tensor<4x1x!quant.uniform<i16<-20000:20000>:f32, 2.500000e-01>>
func.func @wide(%q: tensor<4x2x!x>) -> (tensor<4x1x!y>, tensor<4x2x!y>) {
  %w = nibble.constant dense<[[127.0], [-63.5]]> : tensor<2x1xf32> -> tensor<2x1xf32>
  %k = nibble.constant dense<[0.5, 1.0]> : tensor<2xf32> -> tensor<2xf32>
  %d = nibble.dequantize %q : tensor<4x2x!x> to tensor<4x2xf32>
  %m = nibble.matmul %d, %w : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
  %y = nibble.quantize %m : tensor<4x1xf32> to tensor<4x1x!y>
  %t = nibble.mul %d, %k : tensor<4x2xf32>, tensor<2xf32> -> tensor<4x2xf32>
  %z = nibble.quantize %t : tensor<4x2xf32> to tensor<4x2x!y>
  %e = nibble.dequantize %y : tensor<4x1x!y> to tensor<4x1xf32>
  %s = nibble.sigmoid %e : tensor<4x1xf32> -> tensor<4x1xf32>
  %u = nibble.quantize %s : tensor<4x1xf32> to tensor<4x1x!y>
  return %u, %z : tensor<4x1x!y>, tensor<4x2x!y>
}

// -----

!x = !quant.uniform<i16<-32767:32767>:f32, 0.5>
!n = !quant.uniform<i16<-16908:16908>:f32, 0.5>

// 1000 * 127 * 32768 does not fit 32 bits, 1000 * 127 * 16908 does; so it is with 32767 * 32768 * 4 and two activations.
// CHECK-LABEL: @room
// CHECK: nibble.matmul {{.*}} -> tensor<1x2xf32>
// CHECK: nibble.matmul {{.*}} -> tensor<1x2x!quant
// CHECK: nibble.matmul {{.*}} -> tensor<4x4xf32>
func.func @room(%q: tensor<1x1000x!x>, %r: tensor<1x1000x!n>, %a: tensor<4x4x!x>) -> (tensor<1x2x!x>, tensor<1x2x!x>, tensor<4x4x!x>) {
  %w = nibble.constant dense<1.0> : tensor<1000x2xf32> -> tensor<1000x2xf32>
  %0 = nibble.dequantize %q : tensor<1x1000x!x> to tensor<1x1000xf32>
  %1 = nibble.matmul %0, %w : tensor<1x1000xf32>, tensor<1000x2xf32> -> tensor<1x2xf32>
  %2 = nibble.quantize %1 : tensor<1x2xf32> to tensor<1x2x!x>
  %3 = nibble.dequantize %r : tensor<1x1000x!n> to tensor<1x1000xf32>
  %4 = nibble.matmul %3, %w : tensor<1x1000xf32>, tensor<1000x2xf32> -> tensor<1x2xf32>
  %5 = nibble.quantize %4 : tensor<1x2xf32> to tensor<1x2x!x>
  %6 = nibble.dequantize %a : tensor<4x4x!x> to tensor<4x4xf32>
  %7 = nibble.matmul %6, %6 : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  %8 = nibble.quantize %7 : tensor<4x4xf32> to tensor<4x4x!x>
  return %2, %5, %8 : tensor<1x2x!x>, tensor<1x2x!x>, tensor<4x4x!x>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:128>

// The parameters of a norm and the mask of a softmax stay float.
// CHECK-LABEL: @rows
// CHECK: nibble.norm %arg0 scale %arg1 {{.*}} : (tensor<2x2x!quant.uniform<u8:f32, 5.000000e-01:128>>, tensor<2xf32>) -> tensor<2x2x!quant.uniform<u8:f32, 5.000000e-01:128>>
// CHECK: nibble.softmax %arg0 mask %arg1 {{.*}} : tensor<2x2x!quant.uniform<u8:f32, 5.000000e-01:128>>, tensor<2xf32> -> tensor<2x2x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @rows(%q: tensor<2x2x!x>, %p: tensor<2xf32>) -> (tensor<2x2x!x>, tensor<2x2x!x>) {
  %x = nibble.dequantize %q : tensor<2x2x!x> to tensor<2x2xf32>
  %n = nibble.norm %x scale %p {kind = #nibble.norm_kind<layer>, axis = 1 : i64, epsilon = 0.5 : f32} : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %a = nibble.quantize %n : tensor<2x2xf32> to tensor<2x2x!x>
  %s = nibble.softmax %x mask %p {axis = 1 : i64} : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  %b = nibble.quantize %s : tensor<2x2xf32> to tensor<2x2x!x>
  return %a, %b : tensor<2x2x!x>, tensor<2x2x!x>
}
