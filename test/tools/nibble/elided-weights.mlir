// RUN: not nibble inspect %s 2>&1 | FileCheck %s

// CHECK: error: {{.*}}elided-weights.mlir:5:{{[0-9]+}}: weights '__elided__' are not in the file
func.func @main() -> tensor<4xf32> {
  %w = nibble.constant dense_resource<__elided__> : tensor<4xf32> -> tensor<4xf32>
  return %w : tensor<4xf32>
}
