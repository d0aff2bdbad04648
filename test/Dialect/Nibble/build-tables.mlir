// RUN: nibble-opt %s --nibble-build-tables --split-input-file | FileCheck %s

!a = !quant.uniform<i8:f32, 1.0>
!b = !quant.uniform<u8:f32, 1.0:3>

// Entries 0..127 are relu(q) + 3, entries 128..255 (q = -128..-1) are 3.
// CHECK-LABEL: @relu
// CHECK: %[[T:.*]] = nibble.constant dense<"0x030405{{.*}}8182{{(03)+}}"> : tensor<256xui8> -> tensor<256xui8>
// CHECK: %[[X:.*]] = builtin.unrealized_conversion_cast %arg0 : {{.*}} to tensor<4xi8>
// CHECK: %[[L:.*]] = nibble.int_lookup %[[X]], %[[T]] : tensor<4xi8>, tensor<256xui8> -> tensor<4xui8>
// CHECK: builtin.unrealized_conversion_cast %[[L]]
func.func @relu(%x: tensor<4x!a>) -> tensor<4x!b> {
  %y = nibble.relu %x : tensor<4x!a> -> tensor<4x!b>
  return %y : tensor<4x!b>
}

// Two functions are one table: -(q + 0) twice is q, but for the ends.
// CHECK-LABEL: @chain
// CHECK-COUNT-1: nibble.int_lookup
// CHECK-NOT: nibble.int_lookup
// CHECK: return
func.func @chain(%x: tensor<4x!a>) -> tensor<4x!a> {
  %n = nibble.neg %x : tensor<4x!a> -> tensor<4x!a>
  %y = nibble.neg %n : tensor<4x!a> -> tensor<4x!a>
  return %y : tensor<4x!a>
}

// -----

!a = !quant.uniform<i8:f32, 1.0>

// The first result has another reader; float functions stay.
// CHECK-LABEL: @negative
// CHECK-COUNT-2: nibble.int_lookup
// CHECK: nibble.tanh
func.func @negative(%x: tensor<4x!a>, %f: tensor<4xf32>) -> (tensor<4x!a>, tensor<4x!a>, tensor<4xf32>) {
  %n = nibble.neg %x : tensor<4x!a> -> tensor<4x!a>
  %y = nibble.neg %n : tensor<4x!a> -> tensor<4x!a>
  %t = nibble.tanh %f : tensor<4xf32> -> tensor<4xf32>
  return %n, %y, %t : tensor<4x!a>, tensor<4x!a>, tensor<4xf32>
}

// -----

!a = !quant.uniform<i16<-32767:32767>:f32, 0.5>
!b = !quant.uniform<u8<0:200>:f32, 1.0:3>

// No table has 65536 entries: the definition at run time.
// CHECK-LABEL: @wide
// CHECK: %[[X:.*]] = builtin.unrealized_conversion_cast %arg0 : {{.*}} to tensor<4xi16>
// CHECK: %[[D:.*]] = nibble.int_dequantize %[[X]] {scale = 5.000000e-01 : f32, zero_point = 0 : i32} : tensor<4xi16> -> tensor<4xf32>
// CHECK: %[[F:.*]] = nibble.elu %[[D]] {alpha = 2.000000e+00 : f32} : tensor<4xf32> -> tensor<4xf32>
// CHECK: nibble.int_quantize %[[F]] {clamp = array<i32: 0, 200>, scale = 1.000000e+00 : f32, zero_point = 3 : i32} : tensor<4xf32> -> tensor<4xui8>
func.func @wide(%x: tensor<4x!a>) -> tensor<4x!b> {
  %y = nibble.elu %x {alpha = 2.0 : f32} : tensor<4x!a> -> tensor<4x!b>
  return %y : tensor<4x!b>
}

// -----

!a = !quant.uniform<i16<-32767:32767>:f32, 0.5>
!b = !quant.uniform<u8:f32, 0.00390625>

// Softmax has integers for bytes alone, which --nibble-fold-scales folds.
// CHECK-LABEL: @softmax
// CHECK: nibble.int_dequantize
// CHECK: nibble.softmax %{{.*}} {axis = 1 : i64} : tensor<2x4xf32> -> tensor<2x4xf32>
// CHECK: nibble.int_quantize
// CHECK: nibble.softmax %{{.*}} -> tensor<2x4x!quant
func.func @softmax(%x: tensor<2x4x!a>, %z: tensor<2x4x!b>) -> (tensor<2x4x!b>, tensor<2x4x!b>) {
  %y = nibble.softmax %x {axis = 1 : i64} : tensor<2x4x!a> -> tensor<2x4x!b>
  %s = nibble.softmax %z {axis = 1 : i64} : tensor<2x4x!b> -> tensor<2x4x!b>
  return %y, %s : tensor<2x4x!b>, tensor<2x4x!b>
}

// -----

!a = !quant.uniform<u8:f32, 0.5:128>
!b = !quant.uniform<u8:f32, 0.00390625>

// Neither a norm nor a masked softmax has an integer form; their parameters stay.
// CHECK-LABEL: @rows
// CHECK: nibble.int_dequantize
// CHECK: nibble.norm %{{.*}} scale %arg1 {axis = 1 : i64, epsilon = 0.000000e+00 : f32, kind = #nibble.norm_kind<rms>} : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
// CHECK: nibble.int_quantize
// CHECK: nibble.int_dequantize
// CHECK: nibble.softmax %{{.*}} mask %arg1 {axis = 1 : i64} : tensor<2x4xf32>, tensor<4xf32> -> tensor<2x4xf32>
// CHECK: nibble.int_quantize
func.func @rows(%x: tensor<2x4x!a>, %p: tensor<4xf32>) -> (tensor<2x4x!b>, tensor<2x4x!b>) {
  %y = nibble.norm %x scale %p {kind = #nibble.norm_kind<rms>, axis = 1 : i64, epsilon = 0.0 : f32} : (tensor<2x4x!a>, tensor<4xf32>) -> tensor<2x4x!b>
  %s = nibble.softmax %x mask %p {axis = 1 : i64} : tensor<2x4x!a>, tensor<4xf32> -> tensor<2x4x!b>
  return %y, %s : tensor<2x4x!b>, tensor<2x4x!b>
}
