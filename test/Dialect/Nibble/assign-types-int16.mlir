// RUN: nibble-opt %s --nibble-assign-types --split-input-file | FileCheck %s
// RUN: nibble-opt %s --nibble-assign-types=activations=int16 --split-input-file | FileCheck %s --check-prefix=WIDE
// RUN: nibble-opt %s --nibble-assign-types=activations=int16 --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Symmetric, over all that was seen and not what the calibration's method left of it.
// WIDE-LABEL: @wide
// WIDE: nibble.quantize %arg0 {{.*}}!quant.uniform<i16<-32767:32767>:f32, 1.2207403779029846E-4>>
func.func @wide(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = nibble.observe %x name "a" range [-1.0, 2.0] {nibble.extremes = array<f32: -4.0, 3.0>} : tensor<4xf32>
  %y = nibble.sigmoid %a : tensor<4xf32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// 1000 weights of 127 leave 2147483647 / 127000 = 16909 for |q|; of two activations each half of the bits. A pool of
// 300 x 300 windows sums 90000 values.
// WIDE-LABEL: @narrowed
// WIDE: nibble.quantize %arg0 {{.*}}!quant.uniform<i16<-16908:16908>:f32, 1.{{.*}}>>
// WIDE: nibble.quantize %arg1 {{.*}}!quant.uniform<i16<-1464:1464>:f32
// WIDE: nibble.quantize %arg2 {{.*}}!quant.uniform<i16<-23859:23859>:f32
// REMARK: remark: value 'a' is stored in [-16908, 16908], so that the 32-bit accumulators of node 'MatMul_1' cannot overflow
// REMARK: remark: value 'b' is stored in [-1464, 1464], so that the 32-bit accumulators of node 'MatMul_2' cannot overflow
// REMARK: remark: value 'i' is stored in [-23859, 23859], so that the 32-bit accumulators of node 'Pool_3' cannot overflow
func.func @narrowed(%x: tensor<1x1000xf32>, %z: tensor<1000x1000xf32>, %u: tensor<1x1x300x300xf32>)
    -> (tensor<1x2xf32>, tensor<1000x1000xf32>, tensor<1x1x1x1xf32>) {
  %w = nibble.constant dense<-1.0> : tensor<1000x2xf32> -> tensor<1000x2xf32>
  %a = nibble.observe %x name "a" range [-2.0, 2.0] : tensor<1x1000xf32>
  %b = nibble.observe %z name "b" range [-1.0, 1.0] : tensor<1000x1000xf32>
  %i = nibble.observe %u name "i" range [-1.0, 1.0] : tensor<1x1x300x300xf32>
  %0 = nibble.matmul %a, %w : tensor<1x1000xf32>, tensor<1000x2xf32> -> tensor<1x2xf32> loc("MatMul_1"("y"))
  %1 = nibble.matmul %b, %b : tensor<1000x1000xf32>, tensor<1000x1000xf32> -> tensor<1000x1000xf32> loc("MatMul_2"("z"))
  %2 = nibble.avg_pool %i {kernel = array<i64: 300, 300>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      layout = #nibble.layout<nchw>} : tensor<1x1x300x300xf32> -> tensor<1x1x1x1xf32> loc("Pool_3"("p"))
  return %0, %1, %2 : tensor<1x2xf32>, tensor<1000x1000xf32>, tensor<1x1x1x1xf32>
}

// -----

// The matmul alone wants 16 bits: so have its operand and its result, which the relu reads too; the other reader of the
// operand, a product of 8 bits, gets them behind a conversion, an addition reads it as it is.
// CHECK-LABEL: @seams
// CHECK: %[[Q:.*]] = nibble.quantize %arg0 {{.*}}!quant.uniform<i16<-32767:32767>
// CHECK: %[[D:.*]] = nibble.dequantize %[[Q]]
// CHECK: %[[B:.*]] = nibble.quantize %[[D]] {{.*}}!quant.uniform<u8:f32
// CHECK: %[[N:.*]] = nibble.dequantize %[[B]]
// CHECK: nibble.matmul %[[D]]
// CHECK: nibble.quantize {{.*}}!quant.uniform<i16<-32767:32767>
// CHECK: nibble.matmul %[[N]]
// CHECK: nibble.quantize {{.*}}!quant.uniform<u8:f32
// CHECK: nibble.add %[[D]], %[[D]]
func.func @seams(%x: tensor<2x2xf32>, %w: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %w1 = nibble.constant dense<1.0> : tensor<2x2xf32> -> tensor<2x2xf32>
  %a = nibble.observe %x name "a" range [-1.0, 1.0] : tensor<2x2xf32>
  %m = nibble.matmul %a, %w1 {nibble.activations = "int16"} : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %b = nibble.observe %m name "b" range [-1.0, 1.0] : tensor<2x2xf32>
  %r = nibble.relu %b : tensor<2x2xf32> -> tensor<2x2xf32>
  %n = nibble.matmul %a, %w1 : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %c = nibble.observe %n name "c" range [-1.0, 1.0] : tensor<2x2xf32>
  %s = nibble.add %a, %a : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  return %r, %c, %s : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}

// -----

// The plan's default, which the option does not change; what an entry says of a value goes first.
// CHECK-LABEL: @planned
// CHECK: nibble.quantize %arg0 {{.*}}!quant.uniform<i16<-32767:32767>
// CHECK: nibble.quantize %arg1 {{.*}}!quant.uniform<i8:f32
module attributes {nibble.activations = "int16"} {
func.func @planned(%x: tensor<4xf32>, %z: tensor<4xf32>) -> tensor<4xf32> {
  %a = nibble.observe %x name "a" range [0.0, 2.0] : tensor<4xf32>
  %b = nibble.observe %z name "b" range [-1.0, 1.0] {nibble.activations = "int8"} : tensor<4xf32>
  %y = nibble.add %a, %b : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}
}
