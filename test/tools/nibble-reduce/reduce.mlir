// RUN: nibble-reduce %s -reduction-tree='traversal-mode=0 test=%S/Inputs/has-relu.sh' 2>/dev/null | FileCheck %s

// CHECK-LABEL: func.func @main(%arg0: tensor<4xf32>)
// CHECK-NEXT: %[[Y:.*]] = nibble.relu %arg0
// CHECK-NEXT: return %[[Y]]
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = nibble.tanh %x : tensor<4xf32> -> tensor<4xf32>
  %b = nibble.relu %a : tensor<4xf32> -> tensor<4xf32>
  %c = nibble.exp %b : tensor<4xf32> -> tensor<4xf32>
  %d = nibble.neg %c : tensor<4xf32> -> tensor<4xf32>
  return %d : tensor<4xf32>
}
