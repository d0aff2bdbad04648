// RUN: nibble-opt %s --nibble-fold-constants --split-input-file | FileCheck %s
// RUN: nibble-opt %s --nibble-fold-constants=max-elements=3 --split-input-file | FileCheck %s --check-prefix=SMALL

// CHECK-LABEL: @chain
// CHECK-NEXT: %[[C:.*]] = nibble.constant dense<[6.000000e+00, 8.000000e+00]> : tensor<2xf32>
// CHECK-NEXT: return %[[C]]
func.func @chain() -> tensor<2xf32> {
  %a = nibble.constant dense<[1.0, 2.0]> : tensor<2xf32> -> tensor<2xf32>
  %b = nibble.constant dense<2.0> : tensor<f32> -> tensor<f32>
  %s = nibble.add %a, %b : tensor<2xf32>, tensor<f32> -> tensor<2xf32>
  %y = nibble.mul %s, %b : tensor<2xf32>, tensor<f32> -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// A result larger than the bound and its operands.
// CHECK-LABEL: @large
// CHECK-NOT: nibble.resize_nearest
// SMALL-LABEL: @large
// SMALL: nibble.resize_nearest
func.func @large() -> tensor<4xf32> {
  %a = nibble.constant dense<[1.0, 2.0]> : tensor<2xf32> -> tensor<2xf32>
  %y = nibble.resize_nearest %a {axes = array<i64: 0>, indices = array<i64: 0, 0, 1, 1>} : tensor<2xf32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// As many elements as the operands have together.
// CHECK-LABEL: @parts
// CHECK-NOT: nibble.concat
// SMALL-LABEL: @parts
// SMALL-NOT: nibble.concat
// SMALL: return
func.func @parts() -> tensor<5xf32> {
  %a = nibble.constant dense<[1.0, 2.0]> : tensor<2xf32> -> tensor<2xf32>
  %b = nibble.constant dense<[3.0, 4.0, 5.0]> : tensor<3xf32> -> tensor<3xf32>
  %y = nibble.concat %a, %b {axis = 0 : i64} : tensor<2xf32>, tensor<3xf32> -> tensor<5xf32>
  return %y : tensor<5xf32>
}

// -----

// An operand that is not constant; an observe, which is not pure.
// CHECK-LABEL: @negative
// CHECK: nibble.add
// CHECK: nibble.observe
func.func @negative(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %a = nibble.constant dense<[1.0, 2.0]> : tensor<2xf32> -> tensor<2xf32>
  %s = nibble.add %a, %x : tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
  %o = nibble.observe %a name "a" : tensor<2xf32>
  return %s, %o : tensor<2xf32>, tensor<2xf32>
}
