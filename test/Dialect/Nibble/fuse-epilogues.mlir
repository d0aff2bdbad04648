// RUN: nibble-opt %s --nibble-fuse-epilogues --split-input-file | FileCheck %s

// Of two convolutions the later one takes the addition, here as its rhs.
// CHECK-LABEL: @later
// CHECK: %[[A:.*]] = nibble.int_conv %arg0
// CHECK: %[[Y:.*]] = nibble.int_conv %arg0, {{.*}} add %[[A]] {{.*}}nibble.weights = "int4", {{.*}}residual = #nibble.residual<scale = 2.500000e-01 : f32, addend_scale = 5.000000e-01 : f32, addend_zero_point = 5, zero_point = 7, min = 1, max = 255, addend_first = true>
// CHECK-NEXT: return %[[Y]]
func.func @later(%x: tensor<1x2x2x1xui8>, %w: tensor<1x1x1x1xi8>, %b: tensor<1xi32>, %m: tensor<1xf32>)
    -> tensor<1x2x2x1xui8> {
  %c = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 5 : i32,
      clamp = array<i32: 0, 255>}
      : tensor<1x2x2x1xui8>, tensor<1x1x1x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x2x2x1xui8>
  %d = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 4 : i32,
      clamp = array<i32: 0, 255>, nibble.weights = "int4"}
      : tensor<1x2x2x1xui8>, tensor<1x1x1x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x2x2x1xui8>
  %y = nibble.int_add %c, %d {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 5 : i32,
      rhs_zero_point = 4 : i32, output_zero_point = 7 : i32, clamp = array<i32: 1, 255>}
      : tensor<1x2x2x1xui8>, tensor<1x2x2x1xui8> -> tensor<1x2x2x1xui8>
  return %y : tensor<1x2x2x1xui8>
}

// -----

// Another reader of the convolution; a broadcast addend.
// CHECK-LABEL: @negative
// CHECK-COUNT-2: nibble.int_add
func.func @negative(%x: tensor<1x2x2x1xui8>, %w: tensor<1x1x1x1xi8>, %b: tensor<1xi32>, %m: tensor<1xf32>, %z: tensor<1xui8>)
    -> (tensor<1x2x2x1xui8>, tensor<1x2x2x1xui8>, tensor<1x2x2x1xui8>) {
  %c = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 5 : i32,
      clamp = array<i32: 0, 255>}
      : tensor<1x2x2x1xui8>, tensor<1x1x1x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x2x2x1xui8>
  %y = nibble.int_add %c, %x {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 5 : i32,
      rhs_zero_point = 4 : i32, output_zero_point = 7 : i32, clamp = array<i32: 1, 255>}
      : tensor<1x2x2x1xui8>, tensor<1x2x2x1xui8> -> tensor<1x2x2x1xui8>
  %d = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 5 : i32,
      clamp = array<i32: 0, 255>}
      : tensor<1x2x2x1xui8>, tensor<1x1x1x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x2x2x1xui8>
  %v = nibble.int_add %d, %z {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 5 : i32,
      rhs_zero_point = 4 : i32, output_zero_point = 7 : i32, clamp = array<i32: 1, 255>}
      : tensor<1x2x2x1xui8>, tensor<1xui8> -> tensor<1x2x2x1xui8>
  return %c, %y, %v : tensor<1x2x2x1xui8>, tensor<1x2x2x1xui8>, tensor<1x2x2x1xui8>
}

// -----

// Where the sum has 16 bits and the convolution's result 8, they stay apart.
// CHECK-LABEL: @widths
// CHECK: nibble.int_conv {{.*}} -> tensor<1x2x2x1xui8>
// CHECK: nibble.int_add {{.*}} -> tensor<1x2x2x1xi16>
// CHECK: nibble.int_conv {{.*}} add {{.*}} -> tensor<1x2x2x1xi16>
func.func @widths(%x: tensor<1x2x2x1xui8>, %w: tensor<1x1x1x1xi8>, %b: tensor<1xi32>, %m: tensor<1xf32>, %a: tensor<1x2x2x1xi16>)
    -> (tensor<1x2x2x1xi16>, tensor<1x2x2x1xi16>) {
  %c = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x2x2x1xui8>, tensor<1x1x1x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x2x2x1xui8>
  %y = nibble.int_add %c, %a {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 0 : i32,
      rhs_zero_point = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: -32767, 32767>}
      : tensor<1x2x2x1xui8>, tensor<1x2x2x1xi16> -> tensor<1x2x2x1xi16>
  %d = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: -32767, 32767>}
      : tensor<1x2x2x1xui8>, tensor<1x1x1x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x2x2x1xi16>
  %z = nibble.int_add %d, %a {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 0 : i32,
      rhs_zero_point = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: -32767, 32767>}
      : tensor<1x2x2x1xi16>, tensor<1x2x2x1xi16> -> tensor<1x2x2x1xi16>
  return %y, %z : tensor<1x2x2x1xi16>, tensor<1x2x2x1xi16>
}

// -----

// Both modes have a residual addition, but one operation has one mode.
// CHECK-LABEL: @modes
// CHECK: nibble.int_conv {{.*}} add {{.*}}requant = #nibble.requant<fixed>, residual
// CHECK: nibble.int_conv
// CHECK-NEXT: nibble.int_add
func.func @modes(%x: tensor<1x2x2x1xui8>, %w: tensor<1x1x1x1xi8>, %b: tensor<1xi32>, %m: tensor<1xf32>, %a: tensor<1x2x2x1xui8>)
    -> (tensor<1x2x2x1xui8>, tensor<1x2x2x1xui8>) {
  %c = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>,
      requant = #nibble.requant<fixed>}
      : tensor<1x2x2x1xui8>, tensor<1x1x1x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x2x2x1xui8>
  %y = nibble.int_add %c, %a {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 0 : i32,
      rhs_zero_point = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>,
      requant = #nibble.requant<fixed>}
      : tensor<1x2x2x1xui8>, tensor<1x2x2x1xui8> -> tensor<1x2x2x1xui8>
  %d = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x2x2x1xui8>, tensor<1x1x1x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x2x2x1xui8>
  %z = nibble.int_add %d, %a {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 0 : i32,
      rhs_zero_point = 0 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>,
      requant = #nibble.requant<fixed>}
      : tensor<1x2x2x1xui8>, tensor<1x2x2x1xui8> -> tensor<1x2x2x1xui8>
  return %y, %z : tensor<1x2x2x1xui8>, tensor<1x2x2x1xui8>
}
