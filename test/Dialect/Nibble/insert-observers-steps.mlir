// RUN: nibble-opt %s --nibble-insert-observers --verify-diagnostics | FileCheck %s

// One node became three operations: the last computes its value, and the others need no name.
// CHECK: %[[S:.*]] = nibble.sigmoid
// CHECK-NEXT: %[[E:.*]] = nibble.exp %[[S]]
// CHECK-NEXT: %[[T:.*]] = nibble.tanh %[[E]]
// CHECK-NEXT: nibble.observe %[[T]] name "y"
func.func @steps(%x: tensor<2x2xf32> {nibble.name = "x"}) -> tensor<2x2xf32> {
  %s = nibble.sigmoid %x : tensor<2x2xf32> -> tensor<2x2xf32> loc("A"("y"))
  %e = nibble.exp %s : tensor<2x2xf32> -> tensor<2x2xf32> loc("A"(""))
  %t = nibble.tanh %e : tensor<2x2xf32> -> tensor<2x2xf32> loc("A"("y"))
  return %t : tensor<2x2xf32>
}
