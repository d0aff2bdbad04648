// What was printed with its weights left out is refused by every tool.
// RUN: not nibble inspect %s 2>&1 | FileCheck %s
// RUN: not nibble-opt %s 2>&1 | FileCheck %s
// RUN: not nibble-opt %s --emit-bytecode -o %t.mlirbc 2>&1 | FileCheck %s
// RUN: not nibble-interpret %s 2>&1 | FileCheck %s
// RUN: not nibble-translate --export-onnx %s 2>&1 | FileCheck %s
// RUN: not nibble-reduce %s --test=true 2>&1 | FileCheck %s

// CHECK: elided-weights.mlir{{"?}}:11:8{{.*}}'nibble.constant' op expected the bytes of '__elided__', got none
func.func @main() -> tensor<4xf32> {
  %w = nibble.constant dense_resource<__elided__> : tensor<4xf32> -> tensor<4xf32>
  return %w : tensor<4xf32>
}
