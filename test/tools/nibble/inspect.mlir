// RUN: nibble inspect %s | FileCheck %s
// RUN: nibble inspect %s --json | FileCheck %s --check-prefix=JSON

// CHECK:      model     tiny
// CHECK-NEXT: input     x  float32[batch x 4]
// CHECK-NEXT: output    y  float32[batch x 4]
// CHECK-NEXT: weights   16 bytes
// CHECK-NEXT: file
// CHECK-NEXT: 1 nibble.add
// CHECK-NEXT: 1 nibble.relu

// JSON:      "inputs": [
// JSON-NEXT: {
// JSON-NEXT:   "dtype": "float32",
// JSON-NEXT:   "name": "x",
// JSON-NEXT:   "shape": [
// JSON-NEXT:     "batch",
// JSON-NEXT:     4
// JSON:      "weight_bytes": 16

module attributes {nibble.model = "tiny"} {
  func.func @main(%x: tensor<?x4xf32> {nibble.name = "x", nibble.dims = ["batch", ""]})
      -> (tensor<?x4xf32> {nibble.name = "y"}) {
    %w = nibble.constant dense<1.0> : tensor<4xf32> -> tensor<4xf32>
    %a = nibble.add %x, %w : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
    %y = nibble.relu %a : tensor<?x4xf32> -> tensor<?x4xf32>
    return %y : tensor<?x4xf32>
  }
}
