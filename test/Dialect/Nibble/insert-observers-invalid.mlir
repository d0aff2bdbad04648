// RUN: not nibble-opt %s --nibble-insert-observers 2>&1 | FileCheck %s

// CHECK: error: {{.*}}two values are named 'y'
func.func @twice(%x: tensor<2x2xf32> {nibble.name = "x"}) -> tensor<2x2xf32> {
  %s = nibble.sigmoid %x : tensor<2x2xf32> -> tensor<2x2xf32> loc("A"("y"))
  %t = nibble.sigmoid %s : tensor<2x2xf32> -> tensor<2x2xf32> loc("B"("y"))
  return %t : tensor<2x2xf32>
}
