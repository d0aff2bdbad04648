// RUN: nibble-opt %s --nibble-report-float -o /dev/null 2>&1 | FileCheck %s
// RUN: not nibble-opt %s --nibble-report-float=strict=true -o /dev/null 2>&1 | FileCheck %s --check-prefix=STRICT

// CHECK-NOT: 'Relu_0'
// CHECK: remark: {{.*}}node 'Softmax_1' (nibble.softmax) stays in float: it has no quantized form
// CHECK: remark: {{.*}}node 'Tanh_2' (nibble.tanh) stays in float: the plan says so, or nothing behind it needs 8 bits
// CHECK: remark: {{.*}}node 'Erf_3' (nibble.erf) stays in float: its input was not quantized
// CHECK: remark: {{.*}}node 'Reshape_4' (nibble.reshape) stays in float: its input is float
// CHECK: remark: {{.*}}node 'Exp_5' (nibble.exp) stays in float: its result was not quantized
// STRICT: error: {{.*}}node 'Softmax_1' (nibble.softmax) stays in float: it has no quantized form
// STRICT: remark: {{.*}}node 'Tanh_2'
// STRICT: error: {{.*}}node 'Erf_3'

!q = !quant.uniform<u8:f32, 0.5:3>
func.func @main(%x: tensor<4x!q>) -> (tensor<2x2xf32>, tensor<4xf32>) {
  %r = nibble.relu %x : tensor<4x!q> -> tensor<4x!q> loc("Relu_0"("r"))
  %d = nibble.dequantize %r : tensor<4x!q> to tensor<4xf32>
  %s = nibble.softmax %d {axis = 0 : i64} : tensor<4xf32> -> tensor<4xf32> loc("Softmax_1"("s"))
  %t = nibble.tanh %s {nibble.precision = "float"} : tensor<4xf32> -> tensor<4xf32> loc("Tanh_2"("t"))
  %e = nibble.erf %t : tensor<4xf32> -> tensor<4xf32> loc("Erf_3"("e"))
  %v = nibble.reshape %e : tensor<4xf32> -> tensor<2x2xf32> loc("Reshape_4"("v"))
  %w = nibble.exp %d : tensor<4xf32> -> tensor<4xf32> loc("Exp_5"("w"))
  return %v, %w : tensor<2x2xf32>, tensor<4xf32>
}
