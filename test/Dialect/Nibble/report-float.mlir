// RUN: nibble-opt %s --nibble-report-float -o /dev/null 2>&1 | FileCheck %s
// RUN: not nibble-opt %s --nibble-report-float=strict=true -o /dev/null 2>&1 | FileCheck %s --check-prefix=STRICT

// CHECK-NOT: 'Relu_0'
// CHECK: remark: {{.*}}node 'Sum_1' (nibble.reduce) stays in float: it has no quantized form
// CHECK: remark: {{.*}}node 'Tanh_2' (nibble.tanh) stays in float: the plan says so, or nothing behind it needs 8 bits
// CHECK: remark: {{.*}}node 'Erf_3' (nibble.erf) stays in float: its input was not quantized
// CHECK: remark: {{.*}}node 'Reshape_4' (nibble.reshape) stays in float: its input is float
// CHECK: remark: {{.*}}node 'Exp_5' (nibble.exp) stays in float: its result was not quantized
// CHECK: remark: {{.*}}node 'Add_6' (nibble.add) stays in float: mode 'dynamic' was planned, but only convolutions and matrix products have this mode
// CHECK: remark: {{.*}}node 'MatMul_7' (nibble.matmul) stays in float: mode 'weight-only' was planned, but its weights are not constant
// CHECK: remark: {{.*}}node 'MatMul_9' (nibble.matmul) stays in float: its 32-bit accumulators could overflow, as an operand has 16 bits
// CHECK-NOT: remark: {{.*}}'MatMul_8'
// STRICT: error: {{.*}}node 'Sum_1' (nibble.reduce) stays in float: it has no quantized form
// STRICT: remark: {{.*}}node 'Tanh_2'
// STRICT: error: {{.*}}node 'Erf_3'
// STRICT: remark: {{.*}}node 'Add_6'
// STRICT: error: {{.*}}node 'MatMul_7'

!q = !quant.uniform<u8:f32, 0.5:3>
!wide = !quant.uniform<i16:f32, 0.5>
func.func @main(%x: tensor<4x!q>, %i: tensor<2x2x!wide>) -> (tensor<2x2xf32>, tensor<4xf32>, tensor<2x1xf32>, tensor<1xf32>, tensor<2x2x!q>) {
  %r = nibble.relu %x : tensor<4x!q> -> tensor<4x!q> loc("Relu_0"("r"))
  %d = nibble.dequantize %r : tensor<4x!q> to tensor<4xf32>
  %s = nibble.reduce %d {axes = array<i64: 0>, keep_dims, kind = #nibble.reduce_kind<sum>} : tensor<4xf32> -> tensor<1xf32> loc("Sum_1"("s"))
  %t = nibble.tanh %d {nibble.precision = "float"} : tensor<4xf32> -> tensor<4xf32> loc("Tanh_2"("t"))
  %e = nibble.erf %t : tensor<4xf32> -> tensor<4xf32> loc("Erf_3"("e"))
  %v = nibble.reshape %e : tensor<4xf32> -> tensor<2x2xf32> loc("Reshape_4"("v"))
  %w = nibble.exp %d : tensor<4xf32> -> tensor<4xf32> loc("Exp_5"("w"))
  %a = nibble.add %v, %v {nibble.precision = "dynamic"} : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32> loc("Add_6"("a"))
  %m = nibble.matmul %a, %a {nibble.precision = "weight-only"} : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32> loc("MatMul_7"("m"))
  %k = nibble.constant dense<1> : tensor<2x1xi8> -> tensor<2x1xi8>
  %c = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %n = nibble.scaled_matmul %m, %k, %c : (tensor<2x2xf32>, tensor<2x1xi8>, tensor<1xf32>) -> tensor<2x1xf32> loc("MatMul_8"("n"))
  %f = nibble.dequantize %i : tensor<2x2x!wide> to tensor<2x2xf32>
  %o = nibble.matmul %f, %f : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32> loc("MatMul_9"("o"))
  %p = nibble.quantize %o : tensor<2x2xf32> to tensor<2x2x!q>
  return %v, %w, %n, %s, %p : tensor<2x2xf32>, tensor<4xf32>, tensor<2x1xf32>, tensor<1xf32>, tensor<2x2x!q>
}

// Products of two values that stay in float where the plan is to find their ranges at run time.
// CHECK: node 'Cache' (nibble.matmul) stays in float: mode 'dynamic' was planned, but its right-hand side is an input or continues one, as caches do: a run would quantize all of it for the rows that are new
// CHECK: node 'Few' (nibble.matmul) stays in float: mode 'dynamic' was planned, but quantizing both operands would cost more than it saves with 4 rows
// CHECK: node 'Deep' (nibble.matmul) stays in float: mode 'dynamic' was planned, but its 32-bit accumulators could overflow, as its depth is 70000
// CHECK: node 'Sum_2' (nibble.add) stays in float: mode 'weight-only' was planned, but only products with constant weights have this mode
// CHECK: node 'Bias' (nibble.matmul) stays in float: mode 'dynamic' was planned, but a product of two values has a bias
func.func @values(%past: tensor<32x?xf32>, %x: tensor<?x32xf32>, %d: tensor<32x70000xf32>, %e: tensor<70000x32xf32>, %b: tensor<32xf32>)
    -> (tensor<?x?xf32>, tensor<4x32xf32>, tensor<32x32xf32>, tensor<?x32xf32>) {
  %t = nibble.transpose %x {permutation = array<i64: 1, 0>} : tensor<?x32xf32> -> tensor<32x?xf32> loc("T"("t"))
  %k = nibble.concat %past, %t {axis = 1 : i64} : tensor<32x?xf32>, tensor<32x?xf32> -> tensor<32x?xf32> loc("C"("c"))
  %c = nibble.matmul %x, %k {nibble.precision = "dynamic"} : tensor<?x32xf32>, tensor<32x?xf32> -> tensor<?x?xf32> loc("Cache"("c"))
  %w = nibble.constant dense<1.0> : tensor<4x32xf32> -> tensor<4x32xf32>
  %s = nibble.reduce %d {axes = array<i64: 1>, keep_dims, kind = #nibble.reduce_kind<sum>} : tensor<32x70000xf32> -> tensor<32x1xf32> loc("S"("s"))
  %r = nibble.mul %s, %b : tensor<32x1xf32>, tensor<32xf32> -> tensor<32x32xf32> loc("M"("m"))
  %f = nibble.matmul %w, %r {nibble.precision = "dynamic"} : tensor<4x32xf32>, tensor<32x32xf32> -> tensor<4x32xf32> loc("Few"("f"))
  %g = nibble.matmul %d, %e {nibble.precision = "dynamic"} : tensor<32x70000xf32>, tensor<70000x32xf32> -> tensor<32x32xf32> loc("Deep"("g"))
  %z = nibble.add %r, %r {nibble.precision = "weight-only"} : tensor<32x32xf32>, tensor<32x32xf32> -> tensor<32x32xf32> loc("Sum_2"("z"))
  %h = nibble.matmul %x, %z bias %b {nibble.precision = "dynamic"} : tensor<?x32xf32>, tensor<32x32xf32>, tensor<32xf32> -> tensor<?x32xf32> loc("Bias"("h"))
  return %c, %f, %g, %h : tensor<?x?xf32>, tensor<4x32xf32>, tensor<32x32xf32>, tensor<?x32xf32>
}
