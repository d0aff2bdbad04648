// RUN: not nibble-interpret %s | FileCheck %s

// An accumulator beyond i32 is an error that names the node.
// CHECK-LABEL: @overflow
// CHECK-NEXT: error: node 'dense_7' (nibble.int_matmul): expected an accumulator within i32, got 2147483648
func.func @overflow() -> tensor<1x1xi8> {
  %a = nibble.constant dense<1> : tensor<1x1xui8> -> tensor<1x1xui8>
  %b = nibble.constant dense<1> : tensor<1x1xi8> -> tensor<1x1xi8>
  %c = nibble.constant dense<2147483647> : tensor<1xi32> -> tensor<1xi32>
  %m = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %y = nibble.int_matmul %a, %b, %c, %m {output_zero_point = 0 : i32, clamp = array<i32: -128, 127>}
      : tensor<1x1xui8>, tensor<1x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1xi8> loc("dense_7"("dense_7_out"))
  return %y : tensor<1x1xi8>
}

// CHECK-LABEL: @other_dialect
// CHECK-NEXT: error: node 'exp_1' (math.exp): expected an operation that can be executed, got math.exp
func.func @other_dialect() -> tensor<1xf32> {
  %a = arith.constant dense<1.0> : tensor<1xf32>
  %y = math.exp %a : tensor<1xf32> loc("exp_1"("exp_1_out"))
  return %y : tensor<1xf32>
}

// CHECK-LABEL: @half
// CHECK-NEXT: error: nibble.exp: expected real values of f32, got f16
func.func @half() -> tensor<1xf16> {
  %a = nibble.constant dense<1.0> : tensor<1xf16> -> tensor<1xf16>
  %y = nibble.exp %a : tensor<1xf16> -> tensor<1xf16>
  return %y : tensor<1xf16>
}

// CHECK-LABEL: @huge
// CHECK-NEXT: error: nibble.constant: expected a tensor of at most 2 GiB, got shape [1000000000, 1000000000]
func.func @huge() -> tensor<1000000000x1000000000xf32> {
  %a = nibble.constant dense<1.0> : tensor<1000000000x1000000000xf32> -> tensor<1000000000x1000000000xf32>
  return %a : tensor<1000000000x1000000000xf32>
}

// Loops run over the other extents of an empty tensor.
// CHECK-LABEL: @huge_and_empty
// CHECK-NEXT: error: nibble.constant: expected a tensor of at most 2 GiB, got shape [9223372036854775807, 0]
func.func @huge_and_empty() -> tensor<9223372036854775807x0xf32> {
  %a = nibble.constant dense<> : tensor<9223372036854775807x0xf32> -> tensor<9223372036854775807x0xf32>
  return %a : tensor<9223372036854775807x0xf32>
}

// Extents that no type told to differ.
// CHECK-LABEL: @extents
// CHECK-NEXT: error: node 'sum' (nibble.add): expected shapes that broadcast, got [3] and [2]
func.func @extents() -> tensor<?xf32> {
  %x = nibble.constant dense<1.0> : tensor<3xf32> -> tensor<3xf32>
  %a = nibble.reshape %x : tensor<3xf32> -> tensor<?xf32>
  %b = nibble.constant dense<1.0> : tensor<2xf32> -> tensor<2xf32>
  %c = nibble.reshape %b : tensor<2xf32> -> tensor<?xf32>
  %y = nibble.add %a, %c : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32> loc("sum"("sum_out"))
  return %y : tensor<?xf32>
}

// CHECK-LABEL: @encoding
// CHECK-NEXT: error: nibble.dynamic_encode: expected an encoding of a scale and a zero point in [0, 255]
func.func @encoding() -> tensor<1xui8> {
  %x = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
  %e = nibble.constant dense<[1.0, 0.5]> : tensor<2xf32> -> tensor<2xf32>
  %q = nibble.dynamic_encode %x, %e : tensor<1xf32>, tensor<2xf32> -> tensor<1xui8>
  return %q : tensor<1xui8>
}
