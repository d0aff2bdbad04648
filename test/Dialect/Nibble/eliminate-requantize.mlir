// RUN: nibble-opt %s --nibble-eliminate-requantize --split-input-file | FileCheck %s

!a = !quant.uniform<u8:f32, 0.5:3>
!b = !quant.uniform<u8:f32, 0.25:3>

// CHECK-LABEL: @identity
// CHECK-NEXT: return %arg0
func.func @identity(%q: tensor<4x!a>) -> tensor<4x!a> {
  %x = nibble.dequantize %q : tensor<4x!a> to tensor<4xf32>
  %y = nibble.quantize %x : tensor<4xf32> to tensor<4x!a>
  return %y : tensor<4x!a>
}

// CHECK-LABEL: @elide
// CHECK-NEXT: %[[R:.*]] = nibble.requantize %arg0
// CHECK-NEXT: return %[[R]]
func.func @elide(%q: tensor<4x!a>) -> tensor<4x!b> {
  %x = nibble.dequantize %q : tensor<4x!a> to tensor<4xf32>
  %y = nibble.quantize %x : tensor<4xf32> to tensor<4x!b>
  return %y : tensor<4x!b>
}

// CHECK-LABEL: @absorb
// CHECK-NEXT: %[[A:.*]] = nibble.add {{.*}} -> tensor<4x!quant.uniform<u8:f32, 2.500000e-01:3>>
// CHECK-NEXT: return %[[A]]
func.func @absorb(%q: tensor<4x!a>) -> tensor<4x!b> {
  %s = nibble.add %q, %q : tensor<4x!a>, tensor<4x!a> -> tensor<4x!a>
  %y = nibble.requantize %s : tensor<4x!a> to tensor<4x!b>
  return %y : tensor<4x!b>
}

// -----

!a = !quant.uniform<u8:f32, 0.5:3>
!b = !quant.uniform<u8:f32, 0.25:3>
!narrow = !quant.uniform<u8<3:255>:f32, 0.5:3>

// The sum has another reader; the narrow type is a relu that the other type would lose.
// CHECK-LABEL: @negative
// CHECK: nibble.add
// CHECK-NEXT: nibble.requantize
// CHECK: nibble.add
// CHECK-NEXT: nibble.requantize
func.func @negative(%q: tensor<4x!a>) -> (tensor<4x!a>, tensor<4x!b>, tensor<4x!b>) {
  %s = nibble.add %q, %q : tensor<4x!a>, tensor<4x!a> -> tensor<4x!a>
  %y = nibble.requantize %s : tensor<4x!a> to tensor<4x!b>
  %t = nibble.add %q, %q : tensor<4x!a>, tensor<4x!a> -> tensor<4x!narrow>
  %z = nibble.requantize %t : tensor<4x!narrow> to tensor<4x!b>
  return %s, %y, %z : tensor<4x!a>, tensor<4x!b>, tensor<4x!b>
}
