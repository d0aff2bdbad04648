// RUN: nibble-reduce %s --test=sh --test-arg=%S/Inputs/has-no-kernel.sh -o %t.mlir 2>&1 | FileCheck %s --check-prefix=COUNT
// RUN: FileCheck %s --input-file=%t.mlir
// RUN: sh %S/Inputs/has-no-kernel.sh %t.mlir

// One operation of twenty is at fault: it stays, alone.
// COUNT: nibble-reduce: 24 operations became 4
// CHECK: module {
// CHECK-NEXT: func.func @main(%[[P:.*]]: tensor<4xf32> loc({{.*}}), %[[X:.*]]: tensor<1x4x4x3xf32> loc({{.*}})) {
// CHECK-NEXT: nibble.batch_norm %[[X]], %[[P]], %[[P]], %[[P]], %[[P]] {epsilon = 9.99999974E-6 : f32}
// CHECK-NEXT: return
// CHECK-NEXT: }
module attributes {nibble.model = "large"} {
  func.func @unused(%x: tensor<4xf32>) -> tensor<4xf32> {
    %a = nibble.relu %x : tensor<4xf32> -> tensor<4xf32>
    return %a : tensor<4xf32>
  }
  func.func @main(%x: tensor<1x4x4x3xf32> {nibble.name = "x"}, %z: tensor<1x4x4x3xf32> {nibble.name = "z"})
      -> (tensor<1x4x4x2xf32> {nibble.name = "y"}, tensor<1x4x4x3xf32> {nibble.name = "t"}) {
    %p = nibble.constant dense<1.0> : tensor<4xf32> -> tensor<4xf32>
    %w = nibble.constant dense<1.0> : tensor<2x1x1x3xf32> -> tensor<2x1x1x3xf32>
    %b = nibble.constant dense<1.0> : tensor<2xf32> -> tensor<2xf32>
    %0 = nibble.add %x, %z : tensor<1x4x4x3xf32>, tensor<1x4x4x3xf32> -> tensor<1x4x4x3xf32> loc("sum"("s"))
    %1 = nibble.relu %0 : tensor<1x4x4x3xf32> -> tensor<1x4x4x3xf32>
    %2 = nibble.exp %1 : tensor<1x4x4x3xf32> -> tensor<1x4x4x3xf32>
    %3 = nibble.mul %2, %0 : tensor<1x4x4x3xf32>, tensor<1x4x4x3xf32> -> tensor<1x4x4x3xf32>
    %4 = nibble.sigmoid %3 : tensor<1x4x4x3xf32> -> tensor<1x4x4x3xf32>
    %5 = nibble.batch_norm %4, %p, %p, %p, %p {epsilon = 1.0e-5 : f32} : tensor<1x4x4x3xf32>, tensor<4xf32>, tensor<4xf32>,
        tensor<4xf32>, tensor<4xf32> -> tensor<1x4x4x3xf32> loc("scale"("n"))
    %6 = nibble.tanh %5 : tensor<1x4x4x3xf32> -> tensor<1x4x4x3xf32>
    %7 = nibble.sub %6, %1 : tensor<1x4x4x3xf32>, tensor<1x4x4x3xf32> -> tensor<1x4x4x3xf32>
    %8 = nibble.gelu %7 : tensor<1x4x4x3xf32> -> tensor<1x4x4x3xf32>
    %9 = nibble.conv %8, %w bias %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
        groups = 1 : i64, layout = #nibble.layout<nhwc>}
        : tensor<1x4x4x3xf32>, tensor<2x1x1x3xf32>, tensor<2xf32> -> tensor<1x4x4x2xf32> loc("conv"("c"))
    %10 = nibble.relu %9 : tensor<1x4x4x2xf32> -> tensor<1x4x4x2xf32>
    %11 = nibble.exp %10 : tensor<1x4x4x2xf32> -> tensor<1x4x4x2xf32>
    %12 = nibble.max %11, %10 : tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32> -> tensor<1x4x4x2xf32>
    %13 = nibble.silu %12 : tensor<1x4x4x2xf32> -> tensor<1x4x4x2xf32>
    %14 = nibble.softplus %5 : tensor<1x4x4x3xf32> -> tensor<1x4x4x3xf32>
    return %13, %14 : tensor<1x4x4x2xf32>, tensor<1x4x4x3xf32>
  }
}
