// RUN: not nibble inspect %s 2>&1 | FileCheck %s

// CHECK: error: input 0 of the function 'main' has type f32, expected a tensor of numbers
func.func @main(%x: f32) {
  return
}
