// RUN: nibble-opt %s --ukernel-from-nibble --split-input-file --verify-diagnostics | FileCheck %s

// The quantization permutes on its way and leaves the padding that the convolution reads.
// CHECK-LABEL: func.func @conv(%{{.*}}: !ukernel.buffer<1x3x4x4xf32>) -> !ukernel.buffer<1x4x4x2xui8>
// CHECK: ukernel.quantize %{{.*}}permutation = array<i64: 0, 2, 3, 1>{{.*}} -> <1x4x4x3xui8, halo = [1, 1, 1, 1], fill = 128>
// CHECK: ukernel.conv
// CHECK-NOT: nibble.
func.func @conv(%x: tensor<1x3x4x4xf32>) -> tensor<1x4x4x2xui8> {
  %w = nibble.constant dense<1> : tensor<2x3x3x3xi8> -> tensor<2x3x3x3xi8>
  %b = nibble.constant dense<1> : tensor<2xi32> -> tensor<2xi32>
  %m = nibble.constant dense<0.5> : tensor<2xf32> -> tensor<2xf32>
  %t = nibble.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : tensor<1x3x4x4xf32> -> tensor<1x4x4x3xf32>
  %q = nibble.int_quantize %t {scale = 0.5 : f32, zero_point = 128 : i32, clamp = array<i32: 0, 255>} : tensor<1x4x4x3xf32> -> tensor<1x4x4x3xui8>
  %y = nibble.int_conv %q, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 128 : i32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>}
      : tensor<1x4x4x3xui8>, tensor<2x3x3x3xi8>, tensor<2xi32>, tensor<2xf32> -> tensor<1x4x4x2xui8>
  return %y : tensor<1x4x4x2xui8>
}

// -----

// CHECK-LABEL: func.func @relu_fused
// CHECK: ukernel.conv {{.*}}float_max = 6.0{{.*}}, float_min = 0.0
// CHECK-NOT: ukernel.unary
func.func @relu_fused(%x: tensor<1x4x4x3xf32>) -> tensor<1x4x4x2xf32> {
  %w = nibble.constant dense<1.0> : tensor<2x1x1x3xf32> -> tensor<2x1x1x3xf32>
  %c = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nhwc>} : tensor<1x4x4x3xf32>, tensor<2x1x1x3xf32> -> tensor<1x4x4x2xf32>
  %y = nibble.clip %c {min = 0.0 : f32, max = 6.0 : f32} : tensor<1x4x4x2xf32> -> tensor<1x4x4x2xf32>
  return %y : tensor<1x4x4x2xf32>
}

// -----

// The sum, which is padded for its reader, can be written over its addend: that has the same halo. Not so %d, which is
// read again.
// CHECK-LABEL: func.func @residual_halo
// CHECK: %[[A:.*]] = ukernel.conv {{.*}} -> !ukernel.buffer<1x4x4x3xui8, halo = [1, 1, 1, 1], fill = 0>
// CHECK: ukernel.conv {{.*}} add %[[A]] {{.*}} -> !ukernel.buffer<1x4x4x3xui8, halo = [1, 1, 1, 1], fill = 3>
// CHECK: ukernel.conv {{.*}} -> !ukernel.buffer<1x4x4x3xui8>
// CHECK: ukernel.conv {{.*}} add {{.*}} {addend_first, {{.*}} -> !ukernel.buffer<1x4x4x3xui8, halo = [1, 1, 1, 1], fill = 3>
func.func @residual_halo(%x: tensor<1x4x4x3xui8>) -> (tensor<1x4x4x3xui8>, tensor<1x4x4x3xui8>) {
  %w = nibble.constant dense<1> : tensor<3x1x1x3xi8> -> tensor<3x1x1x3xi8>
  %v = nibble.constant dense<1> : tensor<3x3x3x3xi8> -> tensor<3x3x3x3xi8>
  %b = nibble.constant dense<1> : tensor<3xi32> -> tensor<3xi32>
  %m = nibble.constant dense<0.5> : tensor<3xf32> -> tensor<3xf32>
  %a = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>}
      : tensor<1x4x4x3xui8>, tensor<3x1x1x3xi8>, tensor<3xi32>, tensor<3xf32> -> tensor<1x4x4x3xui8>
  %s = nibble.int_conv %x, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>,
      residual = #nibble.residual<scale = 0.5 : f32, addend_scale = 0.5 : f32, addend_zero_point = 0, zero_point = 0, min = 0, max = 255>}
      : tensor<1x4x4x3xui8>, tensor<3x1x1x3xi8>, tensor<3xi32>, tensor<3xf32>, tensor<1x4x4x3xui8> -> tensor<1x4x4x3xui8>
  %d = nibble.int_conv %s, %v, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 3 : i32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>}
      : tensor<1x4x4x3xui8>, tensor<3x3x3x3xi8>, tensor<3xi32>, tensor<3xf32> -> tensor<1x4x4x3xui8>
  %t = nibble.int_conv %x, %w, %b, %m add %d {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>,
      residual = #nibble.residual<scale = 0.5 : f32, addend_scale = 0.5 : f32, addend_zero_point = 0, zero_point = 0, min = 0, max = 255, addend_first = true>}
      : tensor<1x4x4x3xui8>, tensor<3x1x1x3xi8>, tensor<3xi32>, tensor<3xf32>, tensor<1x4x4x3xui8> -> tensor<1x4x4x3xui8>
  %y = nibble.int_conv %t, %v, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 3 : i32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>}
      : tensor<1x4x4x3xui8>, tensor<3x3x3x3xi8>, tensor<3xi32>, tensor<3xf32> -> tensor<1x4x4x3xui8>
  %z = nibble.int_conv %d, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>}
      : tensor<1x4x4x3xui8>, tensor<3x1x1x3xi8>, tensor<3xi32>, tensor<3xf32> -> tensor<1x4x4x3xui8>
  return %y, %z : tensor<1x4x4x3xui8>, tensor<1x4x4x3xui8>
}

// -----

func.func @nchw(%x: tensor<1x3x4x4xf32>) -> tensor<1x3x2x2xf32> {
  // expected-error@unknown {{node 'pool' has the layout nchw, expected nhwc (--nibble-convert-layout)}}
  %y = nibble.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, layout = #nibble.layout<nchw>} : tensor<1x3x4x4xf32> -> tensor<1x3x2x2xf32> loc("pool"("y"))
  return %y : tensor<1x3x2x2xf32>
}

// -----

func.func @quantized(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@unknown {{node 'q' needs elements, integers of 1, 2, 4, 8, 16, 32 or 64 bits or floats, got 'tensor<4x!quant.uniform<u8:f32, 1.000000e+00>>'}}
  %q = nibble.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 1.0>> loc("q"("y"))
  %y = nibble.dequantize %q : tensor<4x!quant.uniform<u8:f32, 1.0>> to tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @dynamic(%{{.*}}: !ukernel.buffer<1x[d0]xf32>
// CHECK: ukernel.unary {{.*}} : <1x[d0]xf32> -> <1x[d0]xf32>
func.func @dynamic(%x: tensor<1x?xf32> {nibble.name = "x", nibble.dims = ["", "W"]}) -> tensor<1x?xf32> {
  %y = nibble.relu %x : tensor<1x?xf32> -> tensor<1x?xf32>
  return %y : tensor<1x?xf32>
}

// Columns are packed; bytes that an argument holds are copied to where a kernel may read behind them.
// CHECK-LABEL: @dynamic_matmul
// CHECK: %[[Q:.*]] = ukernel.transpose %arg0
// CHECK: %[[P:.*]] = ukernel.pack_columns %arg1 : <2x7x20xf32> -> <2x2x256xi8>
// CHECK: ukernel.packed_matmul %[[Q]], %[[P]], %arg2
func.func @dynamic_matmul(%q: tensor<2x3x7xui8>, %v: tensor<2x7x20xf32>, %s: tensor<2x3xf32>) -> tensor<2x3x20xf32> {
  %y = nibble.dynamic_matmul %q, %v rows %s : (tensor<2x3x7xui8>, tensor<2x7x20xf32>, tensor<2x3xf32>) -> tensor<2x3x20xf32>
  return %y : tensor<2x3x20xf32>
}
