// RUN: nibble-opt %s --ukernel-from-nibble='dot-input=s8 paired-steps=true' --split-input-file | FileCheck %s

// The weights of 8 input channels lie together: 32 for a block of 16 columns are 4 steps. The block has two biases.
// CHECK-LABEL: func.func @many_channels
// CHECK: ukernel.conv {{.*}}paired_steps{{.*}}!ukernel.buffer<512xi8>, !ukernel.buffer<128xi8>
func.func @many_channels(%x: tensor<1x4x4x32xui8>) -> tensor<1x4x4x16xui8> {
  %w = nibble.constant dense<1> : tensor<16x1x1x32xi8> -> tensor<16x1x1x32xi8>
  %b = nibble.constant dense<1> : tensor<16xi32> -> tensor<16xi32>
  %m = nibble.constant dense<0.5> : tensor<16xf32> -> tensor<16xf32>
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>}
      : tensor<1x4x4x32xui8>, tensor<16x1x1x32xi8>, tensor<16xi32>, tensor<16xf32> -> tensor<1x4x4x16xui8>
  return %y : tensor<1x4x4x16xui8>
}

// -----

// Three channels fill no more than one step of 4.
// CHECK-LABEL: func.func @few_channels
// CHECK-NOT: paired_steps
// CHECK: ukernel.conv {{.*}}!ukernel.buffer<64xi8>, !ukernel.buffer<64xi8>
func.func @few_channels(%x: tensor<1x4x4x3xui8>) -> tensor<1x4x4x16xui8> {
  %w = nibble.constant dense<1> : tensor<16x1x1x3xi8> -> tensor<16x1x1x3xi8>
  %b = nibble.constant dense<1> : tensor<16xi32> -> tensor<16xi32>
  %m = nibble.constant dense<0.5> : tensor<16xf32> -> tensor<16xf32>
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>}
      : tensor<1x4x4x3xui8>, tensor<16x1x1x3xi8>, tensor<16xi32>, tensor<16xf32> -> tensor<1x4x4x16xui8>
  return %y : tensor<1x4x4x16xui8>
}
