// A pass that fails leaves a file that fails again by itself.

// RUN: rm -rf %t && mkdir %t
// RUN: not nibble-opt %s --pass-pipeline='builtin.module(nibble-fold-constants,nibble-fold-zero-points)' --mlir-pass-pipeline-crash-reproducer=%t/fault.mlir -o /dev/null 2>&1 | FileCheck %s
// CHECK: error: expected layout nhwc, got nchw: run --nibble-convert-layout before

// RUN: FileCheck %s --check-prefix=FILE --input-file=%t/fault.mlir
// FILE: nibble.conv
// FILE: mlir_reproducer: {
// FILE: pipeline: "builtin.module({{.*}}nibble-fold-constants{{.*}}nibble-fold-zero-points

// RUN: not nibble-opt --run-reproducer %t/fault.mlir -o /dev/null 2>&1 | FileCheck %s

// With the reproducer of one pass, what came before has been done.
// RUN: not nibble-opt %s --pass-pipeline='builtin.module(nibble-fold-constants,nibble-fold-zero-points)' --mlir-pass-pipeline-local-reproducer --mlir-pass-pipeline-crash-reproducer=%t/local.mlir --mlir-disable-threading -o /dev/null 2>&1 | FileCheck %s
// RUN: FileCheck %s --check-prefix=LOCAL --input-file=%t/local.mlir
// LOCAL-NOT: nibble.neg
// LOCAL: nibble.conv
// LOCAL-NOT: nibble-fold-constants
// RUN: not nibble-opt --run-reproducer %t/local.mlir -o /dev/null 2>&1 | FileCheck %s

!x = !quant.uniform<u8:f32, 0.5:10>
!w = !quant.uniform<i8<-127:127>:f32, 0.5>
func.func @layout(%x: tensor<1x1x2x2x!x>) -> (tensor<1x1x2x2x!x>, tensor<4xf32>) {
  %c = nibble.constant dense<1.0> : tensor<4xf32> -> tensor<4xf32>
  %n = nibble.neg %c : tensor<4xf32> -> tensor<4xf32>
  %w = nibble.constant dense<1> : tensor<1x1x1x1xi8> -> tensor<1x1x1x1x!w>
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x1x2x2x!x>, tensor<1x1x1x1x!w> -> tensor<1x1x2x2x!x>
  return %y, %n : tensor<1x1x2x2x!x>, tensor<4xf32>
}
