// RUN: nibble-interpret %s | FileCheck %s

// Programs of one element. Expected values are worked out by hand.

// An index outside counts as the nearest one inside.
// CHECK-LABEL: @gather
// CHECK-NEXT: [4] f32 = [3, 1, 3, 2]
func.func @gather() -> tensor<4xf32> {
  %table = nibble.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32> -> tensor<3xf32>
  %indices = nibble.constant dense<[2, -5, 7, 1]> : tensor<4xi64> -> tensor<4xi64>
  %y = nibble.generate (%table, %indices : tensor<3xf32>, tensor<4xi64>) {
  ^bb0(%i: index, %t: tensor<3xf32>, %x: tensor<4xi64>):
    %r = nibble.read %x[%i] : tensor<4xi64> -> i64
    %at = arith.index_cast %r : i64 to index
    %e = nibble.read %t[%at] : tensor<3xf32> -> f32
    nibble.yield %e : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// By zero everything is 0, the least integer by -1 is itself; counts of the width or more leave 0, or the sign.
// CHECK-LABEL: @defined
// CHECK-NEXT: [4] i8 = [0, -128, -3, 0]
// CHECK-NEXT: [4] i8 = [0, 0, -1, 3]
// CHECK-NEXT: [4] i8 = [-128, 0, 0, 2]
// CHECK-NEXT: [4] i8 = [-128, -1, -1, -64]
func.func @defined() -> (tensor<4xi8>, tensor<4xi8>, tensor<4xi8>, tensor<4xi8>) {
  %x = nibble.constant dense<[-128, -128, -7, 3]> : tensor<4xi8> -> tensor<4xi8>
  %d = nibble.constant dense<[0, -1, 2, 7]> : tensor<4xi8> -> tensor<4xi8>
  %z = nibble.constant dense<[-128, -128, -1, -127]> : tensor<4xi8> -> tensor<4xi8>
  %s = nibble.constant dense<[0, 8, -1, 1]> : tensor<4xi8> -> tensor<4xi8>
  %q = nibble.generate (%x, %d : tensor<4xi8>, tensor<4xi8>) {
  ^bb0(%i: index, %a: tensor<4xi8>, %b: tensor<4xi8>):
    %u = nibble.read %a[%i] : tensor<4xi8> -> i8
    %v = nibble.read %b[%i] : tensor<4xi8> -> i8
    %e = arith.divsi %u, %v : i8
    nibble.yield %e : i8
  } -> tensor<4xi8>
  %r = nibble.generate (%x, %d : tensor<4xi8>, tensor<4xi8>) {
  ^bb0(%i: index, %a: tensor<4xi8>, %b: tensor<4xi8>):
    %u = nibble.read %a[%i] : tensor<4xi8> -> i8
    %v = nibble.read %b[%i] : tensor<4xi8> -> i8
    %e = arith.remsi %u, %v : i8
    nibble.yield %e : i8
  } -> tensor<4xi8>
  %l = nibble.generate (%z, %s : tensor<4xi8>, tensor<4xi8>) {
  ^bb0(%i: index, %a: tensor<4xi8>, %b: tensor<4xi8>):
    %u = nibble.read %a[%i] : tensor<4xi8> -> i8
    %v = nibble.read %b[%i] : tensor<4xi8> -> i8
    %e = arith.shli %u, %v : i8
    nibble.yield %e : i8
  } -> tensor<4xi8>
  %h = nibble.generate (%z, %s : tensor<4xi8>, tensor<4xi8>) {
  ^bb0(%i: index, %a: tensor<4xi8>, %b: tensor<4xi8>):
    %u = nibble.read %a[%i] : tensor<4xi8> -> i8
    %v = nibble.read %b[%i] : tensor<4xi8> -> i8
    %e = arith.shrsi %u, %v : i8
    nibble.yield %e : i8
  } -> tensor<4xi8>
  return %q, %r, %l, %h : tensor<4xi8>, tensor<4xi8>, tensor<4xi8>, tensor<4xi8>
}

// Towards zero and clamped; a NaN is 0.
// CHECK-LABEL: @to_integer
// CHECK-NEXT: [6] i8 = [-128, 127, 0, -2, 127, -128]
// CHECK-NEXT: [6] ui8 = [0, 255, 0, 0, 255, 0]
func.func @to_integer() -> (tensor<6xi8>, tensor<6xui8>) {
  %x = nibble.constant dense<[-1000.0, 1000.0, 0x7FC00000, -2.75, 0x7F800000, 0xFF800000]> : tensor<6xf32> -> tensor<6xf32>
  %s = nibble.generate (%x : tensor<6xf32>) {
  ^bb0(%i: index, %t: tensor<6xf32>):
    %e = nibble.read %t[%i] : tensor<6xf32> -> f32
    %r = arith.fptosi %e : f32 to i8
    nibble.yield %r : i8
  } -> tensor<6xi8>
  %u = nibble.generate (%x : tensor<6xf32>) {
  ^bb0(%i: index, %t: tensor<6xf32>):
    %e = nibble.read %t[%i] : tensor<6xf32> -> f32
    %r = arith.fptoui %e : f32 to i8
    nibble.yield %r : i8
  } -> tensor<6xui8>
  return %s, %u : tensor<6xi8>, tensor<6xui8>
}

// A loop that carries a value, a branch, and types of less than a byte, whose high bits do not count.
// CHECK-LABEL: @control
// CHECK-NEXT: [4] i64 = [0, 1, 1, 4]
func.func @control() -> tensor<4xi64> {
  %x = nibble.constant dense<[1, -2, 3, -4]> : tensor<4xi4> -> tensor<4xi4>
  %y = nibble.generate (%x : tensor<4xi4>) {
  ^bb0(%i: index, %t: tensor<4xi4>):
    %zero = arith.constant 0 : index
    %one = arith.constant 1 : index
    %init = arith.constant 0 : i64
    %sum = scf.for %k = %zero to %i step %one iter_args(%s = %init) -> i64 {
      %e = nibble.read %t[%k] : tensor<4xi4> -> i4
      %none = arith.constant 0 : i4
      %positive = arith.cmpi sgt, %e, %none : i4
      %next = scf.if %positive -> i64 {
        %w = arith.extsi %e : i4 to i64
        %a = arith.addi %s, %w : i64
        scf.yield %a : i64
      } else {
        scf.yield %s : i64
      }
      scf.yield %next : i64
    }
    nibble.yield %sum : i64
  } -> tensor<4xi64>
  return %y : tensor<4xi64>
}

// Extents at run time.
// CHECK-LABEL: @reverse
// CHECK-NEXT: [3] f32 = [3, 2, 1]
func.func @reverse() -> tensor<3xf32> {
  %x = nibble.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32> -> tensor<3xf32>
  %v = nibble.slice %x {starts = array<i64: 0>, steps = array<i64: 1>} : tensor<3xf32> -> tensor<?xf32>
  %y = nibble.generate (%v : tensor<?xf32>) {
  ^bb0(%i: index, %t: tensor<?xf32>):
    %n = nibble.extent %t[0] : tensor<?xf32>
    %one = arith.constant 1 : index
    %last = arith.subi %n, %one : index
    %from = arith.subi %last, %i : index
    %e = nibble.read %t[%from] : tensor<?xf32> -> f32
    nibble.yield %e : f32
  } -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// A tensor without elements reads as 0; a result without elements runs no program.
// CHECK-LABEL: @empty
// CHECK-NEXT: [2] f32 = [0, 0]
// CHECK-NEXT: [0] f32 = []
func.func @empty() -> (tensor<2xf32>, tensor<0xf32>) {
  %x = nibble.constant dense<> : tensor<0xf32> -> tensor<0xf32>
  %y = nibble.generate (%x : tensor<0xf32>) {
  ^bb0(%i: index, %t: tensor<0xf32>):
    %e = nibble.read %t[%i] : tensor<0xf32> -> f32
    nibble.yield %e : f32
  } -> tensor<2xf32>
  %z = nibble.generate (%y : tensor<2xf32>) {
  ^bb0(%i: index, %t: tensor<2xf32>):
    %e = nibble.read %t[%i] : tensor<2xf32> -> f32
    nibble.yield %e : f32
  } -> tensor<0xf32>
  return %y, %z : tensor<2xf32>, tensor<0xf32>
}

// Other elements: what they are read as, rounded to, and printed.
// CHECK-LABEL: @elements
// CHECK-NEXT: [3] i1 = [1, 0, 1]
// CHECK-NEXT: [3] f16 = [0.333251953, -2, 65504]
// CHECK-NEXT: [3] f8E4M3FN = [0.34375, -2, nan]
// CHECK-NEXT: [3] f4E2M1FN = [0.5, -2, 6]
// CHECK-NEXT: [3] f64 = [0.3333333432674408, -2, 65504]
func.func @elements() -> (tensor<3xi1>, tensor<3xf16>, tensor<3xf8E4M3FN>, tensor<3xf4E2M1FN>, tensor<3xf64>) {
  %x = nibble.constant dense<[0.33333334, -2.0, 65504.0]> : tensor<3xf32> -> tensor<3xf32>
  %b = nibble.generate (%x : tensor<3xf32>) {
  ^bb0(%i: index, %t: tensor<3xf32>):
    %e = nibble.read %t[%i] : tensor<3xf32> -> f32
    %zero = arith.constant 0.0 : f32
    %r = arith.cmpf ogt, %e, %zero : f32
    nibble.yield %r : i1
  } -> tensor<3xi1>
  %h = nibble.generate (%x : tensor<3xf32>) {
  ^bb0(%i: index, %t: tensor<3xf32>):
    %e = nibble.read %t[%i] : tensor<3xf32> -> f32
    %r = arith.truncf %e : f32 to f16
    nibble.yield %r : f16
  } -> tensor<3xf16>
  %c = nibble.generate (%x : tensor<3xf32>) {
  ^bb0(%i: index, %t: tensor<3xf32>):
    %e = nibble.read %t[%i] : tensor<3xf32> -> f32
    %r = arith.truncf %e : f32 to f8E4M3FN
    nibble.yield %r : f8E4M3FN
  } -> tensor<3xf8E4M3FN>
  %q = nibble.generate (%x : tensor<3xf32>) {
  ^bb0(%i: index, %t: tensor<3xf32>):
    %e = nibble.read %t[%i] : tensor<3xf32> -> f32
    %r = arith.truncf %e : f32 to f4E2M1FN
    nibble.yield %r : f4E2M1FN
  } -> tensor<3xf4E2M1FN>
  %d = nibble.generate (%x : tensor<3xf32>) {
  ^bb0(%i: index, %t: tensor<3xf32>):
    %e = nibble.read %t[%i] : tensor<3xf32> -> f32
    %r = arith.extf %e : f32 to f64
    nibble.yield %r : f64
  } -> tensor<3xf64>
  return %b, %h, %c, %q, %d : tensor<3xi1>, tensor<3xf16>, tensor<3xf8E4M3FN>, tensor<3xf4E2M1FN>, tensor<3xf64>
}
