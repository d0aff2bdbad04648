// RUN: nibble-opt %s | nibble-opt | FileCheck %s

// What the printer makes of operations with weights or windows, it reads again.

// CHECK-LABEL: func.func @conv_dynamic(
// CHECK: nibble.conv %{{.*}}, %{{.*}} bias %{{.*}} {dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : tensor<?x3x?x8xf32>, tensor<4x3x3x3xf32>, tensor<4xf32> -> tensor<?x4x?x8xf32>
func.func @conv_dynamic(%x: tensor<?x3x?x8xf32>, %w: tensor<4x3x3x3xf32>, %b: tensor<4xf32>) {
  %y = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<?x3x?x8xf32>, tensor<4x3x3x3xf32>, tensor<4xf32> -> tensor<?x4x?x8xf32>
  return
}

// CHECK-LABEL: func.func @conv_quantized(
// CHECK: nibble.conv %{{.*}}, %{{.*}} bias %{{.*}} {dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>, pads = array<i64: 1, 1, 1, 1>, requant = #nibble.requant<fixed>, strides = array<i64: 1, 1>} : tensor<1x8x8x3x!quant.uniform<u8:f32, 5.000000e-01:128>>, tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {5.000000e-01,2.500000e-01,1.000000e+00,2.000000e+00}>>, tensor<4x!quant.uniform<i32:f32:0, {2.500000e-01,1.250000e-01,5.000000e-01,1.000000e+00}>> -> tensor<1x8x8x4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @conv_quantized(%x: tensor<1x8x8x3x!quant.uniform<u8:f32, 0.5:128>>, %w: tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>>, %b: tensor<4x!quant.uniform<i32:f32:0, {0.25,0.125,0.5,1.0}>>) {
  %y = nibble.conv %x, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nhwc>, requant = #nibble.requant<fixed>}
      : tensor<1x8x8x3x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.5,0.25,1.0,2.0}>>, tensor<4x!quant.uniform<i32:f32:0, {0.25,0.125,0.5,1.0}>> -> tensor<1x8x8x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @conv_depthwise(
// CHECK: nibble.conv %{{.*}}, %{{.*}} {dilations = array<i64: 1, 1>, groups = 6 : i64, layout = #nibble.layout<nchw>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : tensor<1x6x8x8xf32>, tensor<12x1x3x3xf32> -> tensor<1x12x4x4xf32>
func.func @conv_depthwise(%x: tensor<1x6x8x8xf32>, %w: tensor<12x1x3x3xf32>) {
  %y = nibble.conv %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 6 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x6x8x8xf32>, tensor<12x1x3x3xf32> -> tensor<1x12x4x4xf32>
  return
}

// CHECK-LABEL: func.func @conv_empty_batch(
// CHECK: nibble.conv %{{.*}}, %{{.*}} {dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : tensor<0x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<0x4x8x8xf32>
func.func @conv_empty_batch(%x: tensor<0x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<0x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<0x4x8x8xf32>
  return
}

// CHECK-LABEL: func.func @conv_transpose_dynamic(
// CHECK: nibble.conv_transpose %{{.*}}, %{{.*}} {dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} : tensor<?x3x?x4xf32>, tensor<5x3x2x2xf32> -> tensor<?x5x?x8xf32>
func.func @conv_transpose_dynamic(%x: tensor<?x3x?x4xf32>, %w: tensor<5x3x2x2xf32>) {
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<?x3x?x4xf32>, tensor<5x3x2x2xf32> -> tensor<?x5x?x8xf32>
  return
}

// CHECK-LABEL: func.func @conv_transpose_output_padding(
// CHECK: nibble.conv_transpose %{{.*}}, %{{.*}} {dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} : tensor<1x3x4x4xf32>, tensor<5x3x2x2xf32> -> tensor<1x5x9x9xf32>
func.func @conv_transpose_output_padding(%x: tensor<1x3x4x4xf32>, %w: tensor<5x3x2x2xf32>) {
  %y = nibble.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x3x4x4xf32>, tensor<5x3x2x2xf32> -> tensor<1x5x9x9xf32>
  return
}

// CHECK-LABEL: func.func @matmul_batched(
// CHECK: nibble.matmul %{{.*}}, %{{.*}} bias %{{.*}} : tensor<?x5x2x4xf32>, tensor<5x4x3xf32>, tensor<3xf32> -> tensor<?x5x2x3xf32>
func.func @matmul_batched(%a: tensor<?x5x2x4xf32>, %b: tensor<5x4x3xf32>, %c: tensor<3xf32>) {
  %y = nibble.matmul %a, %b bias %c : tensor<?x5x2x4xf32>, tensor<5x4x3xf32>, tensor<3xf32> -> tensor<?x5x2x3xf32>
  return
}

// CHECK-LABEL: func.func @matmul_quantized(
// CHECK: nibble.matmul %{{.*}}, %{{.*}} bias %{{.*}} {requant = #nibble.requant<fixed>} : tensor<2x4x!quant.uniform<u8:f32, 5.000000e-01:128>>, tensor<4x3x!quant.uniform<i8<-127:127>:f32:1, {5.000000e-01,2.500000e-01,1.000000e+00}>>, tensor<3x!quant.uniform<i32:f32:0, {2.500000e-01,1.250000e-01,5.000000e-01}>> -> tensor<2x3x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @matmul_quantized(%a: tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, %b: tensor<4x3x!quant.uniform<i8<-127:127>:f32:1, {0.5,0.25,1.0}>>, %c: tensor<3x!quant.uniform<i32:f32:0, {0.25,0.125,0.5}>>) {
  %y = nibble.matmul %a, %b bias %c {requant = #nibble.requant<fixed>} : tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x3x!quant.uniform<i8<-127:127>:f32:1, {0.5,0.25,1.0}>>, tensor<3x!quant.uniform<i32:f32:0, {0.25,0.125,0.5}>> -> tensor<2x3x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @max_pool(
// CHECK: nibble.max_pool %{{.*}} {dilations = array<i64: 1, 1>, kernel = array<i64: 2, 2>, layout = #nibble.layout<nchw>, pads = array<i64: 0, 0, 1, 1>, strides = array<i64: 2, 2>} : tensor<?x3x9x9xui8> -> tensor<?x3x5x5xui8>
func.func @max_pool(%x: tensor<?x3x9x9xui8>) {
  %y = nibble.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 1, 1>, dilations = array<i64: 1, 1>, layout = #nibble.layout<nchw>} : tensor<?x3x9x9xui8> -> tensor<?x3x5x5xui8>
  return
}

// CHECK-LABEL: func.func @avg_pool(
// CHECK: nibble.avg_pool %{{.*}} {kernel = array<i64: 2, 2>, layout = #nibble.layout<nchw>, pads = array<i64: 0, 0, 0, 0>, requant = #nibble.requant<fixed>, strides = array<i64: 2, 2>} : tensor<1x3x8x8x!quant.uniform<u8:f32, 5.000000e-01:128>> -> tensor<1x3x4x4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @avg_pool(%x: tensor<1x3x8x8x!quant.uniform<u8:f32, 0.5:128>>) {
  %y = nibble.avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, layout = #nibble.layout<nchw>, requant = #nibble.requant<fixed>} : tensor<1x3x8x8x!quant.uniform<u8:f32, 0.5:128>> -> tensor<1x3x4x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @avg_pool_count(
// CHECK: nibble.avg_pool %{{.*}} {count_include_pad, kernel = array<i64: 2, 2>, layout = #nibble.layout<nchw>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} : tensor<1x3x8x8xf32> -> tensor<1x3x4x4xf32>
func.func @avg_pool_count(%x: tensor<1x3x8x8xf32>) {
  %y = nibble.avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, layout = #nibble.layout<nchw>, count_include_pad} : tensor<1x3x8x8xf32> -> tensor<1x3x4x4xf32>
  return
}

// CHECK-LABEL: func.func @batch_norm(
// CHECK: nibble.batch_norm %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 9.99999974E-6 : f32} : tensor<?x3x8x8xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<?x3x8x8xf32>
func.func @batch_norm(%x: tensor<?x3x8x8xf32>, %p: tensor<3xf32>) {
  %y = nibble.batch_norm %x, %p, %p, %p, %p {epsilon = 1.0e-5 : f32}
      : tensor<?x3x8x8xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<?x3x8x8xf32>
  return
}

// CHECK-LABEL: func.func @reduce(
// CHECK: nibble.reduce %{{.*}} {axes = array<i64: 1, 2>, keep_dims, kind = #nibble.reduce_kind<mean>} : tensor<?x10x3xf32> -> tensor<?x1x1xf32>
func.func @reduce(%x: tensor<?x10x3xf32>) {
  %y = nibble.reduce %x {kind = #nibble.reduce_kind<mean>, axes = array<i64: 1, 2>, keep_dims} : tensor<?x10x3xf32> -> tensor<?x1x1xf32>
  return
}
