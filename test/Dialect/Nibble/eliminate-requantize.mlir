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

// -----

!u = !quant.uniform<u8:f32, 0.5:3>
!w = !quant.uniform<i16<-32767:32767>:f32, 0.25>
!n = !quant.uniform<i16<-20000:20000>:f32, 0.25>

// The seam between widths; a producer of 16 bits rounds to bytes at once, but what a narrower range clips it clips.
// CHECK-LABEL: @widths
// CHECK-NEXT: nibble.requantize %arg0 : {{.*}}u8{{.*}} to {{.*}}i16
// CHECK-NEXT: nibble.add {{.*}} -> tensor<4x!quant.uniform<u8:f32, 5.000000e-01:3>>
// CHECK-NEXT: nibble.add {{.*}} -> tensor<4x!quant.uniform<i16<-20000:20000>
// CHECK-NEXT: nibble.requantize
func.func @widths(%q: tensor<4x!u>) -> (tensor<4x!w>, tensor<4x!u>, tensor<4x!w>) {
  %x = nibble.dequantize %q : tensor<4x!u> to tensor<4xf32>
  %y = nibble.quantize %x : tensor<4xf32> to tensor<4x!w>
  %s = nibble.add %y, %q : tensor<4x!w>, tensor<4x!u> -> tensor<4x!w>
  %z = nibble.requantize %s : tensor<4x!w> to tensor<4x!u>
  %t = nibble.add %y, %q : tensor<4x!w>, tensor<4x!u> -> tensor<4x!n>
  %v = nibble.requantize %t : tensor<4x!n> to tensor<4x!w>
  return %y, %z, %v : tensor<4x!w>, tensor<4x!u>, tensor<4x!w>
}
