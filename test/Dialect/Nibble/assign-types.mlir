// RUN: nibble-opt %s --nibble-assign-types --split-input-file | FileCheck %s
// RUN: nibble-opt %s --nibble-assign-types=activations=int8-symmetric --split-input-file | FileCheck %s --check-prefix=SYM
// RUN: nibble-opt %s --nibble-assign-types=activations=int8 --split-input-file | FileCheck %s --check-prefix=INT8
// RUN: nibble-opt %s --nibble-assign-types=activations=float --split-input-file | FileCheck %s --check-prefix=FLOAT
// RUN: nibble-opt %s --nibble-assign-types --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: not nibble-opt %s --nibble-assign-types=activations=int4 --split-input-file 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: error: unknown activations 'int4': expected uint8, int8, int8-symmetric, int16 or float
// FLOAT-NOT: nibble.quantize

// The two worked examples: asymmetric [0, 2] is [0, 255], symmetric [-1, 1] is [-127, 127].
// CHECK-LABEL: @examples
// CHECK: nibble.quantize %arg0 : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.0078431377187371254>>
// CHECK: nibble.quantize %arg1 : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.0078431377187371254:127>>
// INT8-LABEL: @examples
// INT8: nibble.quantize %arg0 : tensor<4xf32> to tensor<4x!quant.uniform<i8:f32, 0.0078431377187371254:-128>>
// SYM-LABEL: @examples
// SYM: nibble.quantize %arg0 : tensor<4xf32> to tensor<4x!quant.uniform<i8<-127:127>:f32, 0.015748031437397003>>
// SYM: nibble.quantize %arg1 : tensor<4xf32> to tensor<4x!quant.uniform<i8<-127:127>:f32, 0.0078740157186985015>>
func.func @examples(%x: tensor<4xf32>, %z: tensor<4xf32>) -> tensor<4xf32> {
  %a = nibble.observe %x name "a" range [0.0, 2.0] : tensor<4xf32>
  %b = nibble.observe %z name "b" range [-1.0, 1.0] : tensor<4xf32>
  %y = nibble.add %a, %b : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// A range that excludes 0 is extended; a range of zeros has scale 1; a tiny one is raised.
// CHECK-LABEL: @ranges
// CHECK: nibble.quantize %arg0 {{.*}}!quant.uniform<u8:f32, 0.0078431377187371254>>
// CHECK: nibble.quantize %arg1 {{.*}}!quant.uniform<u8:f32, 1.000000e+00>>
// CHECK: nibble.quantize %arg2 {{.*}}!quant.uniform<u8:f32, 9.0949470177292824E-13>>
// REMARK: remark: value 'b' was 0 in all calibration samples: scale 1 is assumed
// REMARK: remark: value 'c' has the tiny range [{{.*}}]: its scale is raised to 2^-40
func.func @ranges(%x: tensor<4xf32>, %z: tensor<4xf32>, %u: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = nibble.observe %x name "a" range [1.0, 2.0] : tensor<4xf32>
  %b = nibble.observe %z name "b" range [0.0, 0.0] : tensor<4xf32>
  %c = nibble.observe %u name "c" range [0.0, 1.0e-30] : tensor<4xf32>
  %y = nibble.add %a, %b : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %v = nibble.relu %c : tensor<4xf32> -> tensor<4xf32>
  return %y, %v : tensor<4xf32>, tensor<4xf32>
}

// -----

// Behind a relu no stored value is below the zero point; a clip that the range reaches needs nothing.
// CHECK-LABEL: @clamps
// CHECK: nibble.quantize {{.*}}!quant.uniform<u8:f32, 0.023529412224888802>>
// CHECK: nibble.quantize {{.*}}!quant.uniform<u8<0:127>:f32, 0.0078431377187371254>>
// SYM-LABEL: @clamps
// SYM: nibble.quantize {{.*}}!quant.uniform<i8<0:127>:f32, 0.04724409431219101>>
func.func @clamps(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %r = nibble.relu %x : tensor<4xf32> -> tensor<4xf32>
  %a = nibble.observe %r name "a" range [0.0, 6.0] : tensor<4xf32>
  %c = nibble.clip %x {min = 0.0 : f32, max = 1.0 : f32} : tensor<4xf32> -> tensor<4xf32>
  %b = nibble.observe %c name "b" range [0.0, 2.0] : tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// -----

// The operand that only the concat reads gets the union of the ranges, as the result does; the other keeps its own.
// CHECK-LABEL: @concat
// CHECK: nibble.quantize %arg0 {{.*}}!quant.uniform<u8:f32, 0.011764706112444401:85>>
// CHECK: nibble.quantize %arg1 {{.*}}!quant.uniform<u8:f32, 0.0039215688593685627>>
// CHECK: nibble.quantize %{{.*}} : tensor<8xf32> to tensor<8x!quant.uniform<u8:f32, 0.011764706112444401:85>>
func.func @concat(%x: tensor<4xf32>, %z: tensor<4xf32>) -> (tensor<8xf32>, tensor<4xf32>) {
  %a = nibble.observe %x name "a" range [-1.0, 0.5] : tensor<4xf32>
  %b = nibble.observe %z name "b" range [0.0, 1.0] : tensor<4xf32>
  %c = nibble.concat %a, %b {axis = 0 : i64} : tensor<4xf32>, tensor<4xf32> -> tensor<8xf32>
  %y = nibble.observe %c name "c" range [0.0, 2.0] : tensor<8xf32>
  %s = nibble.sigmoid %b : tensor<4xf32> -> tensor<4xf32>
  return %y, %s : tensor<8xf32>, tensor<4xf32>
}

// -----

// Nothing beside it computes on quantized values.
// CHECK-LABEL: @float
// CHECK-NOT: nibble.quantize
// CHECK-NOT: nibble.observe
func.func @float(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = nibble.observe %x name "a" range [0.0, 1.0] : tensor<4xf32>
  %y = nibble.sigmoid %a {nibble.precision = "float"} : tensor<4xf32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// An output that is an input, or moves one, is not rounded; a move that both kinds of readers have is made twice.
// CHECK-LABEL: @passthrough
// CHECK: %[[Q:.*]] = nibble.quantize %arg0
// CHECK: %[[D:.*]] = nibble.dequantize %[[Q]]
// CHECK-DAG: %[[EXACT:.*]] = nibble.transpose %arg0
// CHECK-DAG: %[[ROUNDED:.*]] = nibble.transpose %[[D]]
// CHECK: %[[Y:.*]] = nibble.sigmoid %[[ROUNDED]]
// CHECK: %[[Z:.*]] = nibble.reshape %[[EXACT]]
// CHECK: return %{{.*}}, %[[EXACT]], %[[Z]], %arg0
func.func @passthrough(%x: tensor<4x2xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<8xf32>, tensor<4x2xf32>) {
  %a = nibble.observe %x name "a" range [0.0, 2.0] : tensor<4x2xf32>
  %t = nibble.transpose %a {permutation = array<i64: 1, 0>} : tensor<4x2xf32> -> tensor<2x4xf32>
  %y = nibble.sigmoid %t : tensor<2x4xf32> -> tensor<2x4xf32>
  %z = nibble.reshape %t : tensor<2x4xf32> -> tensor<8xf32>
  return %y, %t, %z, %a : tensor<2x4xf32>, tensor<2x4xf32>, tensor<8xf32>, tensor<4x2xf32>
}
