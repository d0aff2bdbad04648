// RUN: nibble-interpret %s | FileCheck %s

// Loops and branches. Expected values are worked out by hand.

// Sums from the end, written from the end: sums of what is behind.
// CHECK-LABEL: @suffixes
// CHECK-NEXT: [] f32 = [6]
// CHECK-NEXT: [3] f32 = [6, 5, 3]
func.func @suffixes() -> (tensor<f32>, tensor<3xf32>) {
  %x = nibble.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32> -> tensor<3xf32>
  %zero = nibble.constant dense<0.0> : tensor<f32> -> tensor<f32>
  %last, %all = nibble.loop (%zero : tensor<f32>) scan (%x : tensor<3xf32>)
      attributes {extents = #nibble.extents<[3]>, reversed = array<i1: true, true>} {
  ^bb0(%i: tensor<i64>, %sum: tensor<f32>, %element: tensor<f32>):
    %next = nibble.add %sum, %element : tensor<f32>, tensor<f32> -> tensor<f32>
    nibble.region_yield %next, %next : tensor<f32>, tensor<f32>
  } -> tensor<f32>, tensor<3xf32>
  return %last, %all : tensor<f32>, tensor<3xf32>
}

// Two values that change places; a loop in a loop, which reads the outer number.
// CHECK-LABEL: @nested
// CHECK-NEXT: [] f32 = [1]
// CHECK-NEXT: [] f32 = [7]
// CHECK-NEXT: [3] f32 = [0, 2, 4]
func.func @nested() -> (tensor<f32>, tensor<f32>, tensor<3xf32>) {
  %a = nibble.constant dense<7.0> : tensor<f32> -> tensor<f32>
  %b = nibble.constant dense<1.0> : tensor<f32> -> tensor<f32>
  %zero = nibble.constant dense<0.0> : tensor<f32> -> tensor<f32>
  %r:3 = nibble.loop (%a, %b : tensor<f32>, tensor<f32>) attributes {extents = #nibble.extents<[3]>, reversed = array<i1: false>} {
  ^bb0(%i: tensor<i64>, %x: tensor<f32>, %y: tensor<f32>):
    %n = nibble.generate (%i : tensor<i64>) {
    ^bb0(%t: tensor<i64>):
      %e = nibble.read %t[] : tensor<i64> -> i64
      %f = arith.sitofp %e : i64 to f32
      nibble.yield %f : f32
    } -> tensor<f32>
    %s = nibble.loop (%zero : tensor<f32>) attributes {extents = #nibble.extents<[2]>} {
    ^bb0(%j: tensor<i64>, %before: tensor<f32>):
      %next = nibble.add %before, %n : tensor<f32>, tensor<f32> -> tensor<f32>
      nibble.region_yield %next : tensor<f32>
    } -> tensor<f32>
    nibble.region_yield %y, %x, %s : tensor<f32>, tensor<f32>, tensor<f32>
  } -> tensor<f32>, tensor<f32>, tensor<3xf32>
  return %r#0, %r#1, %r#2 : tensor<f32>, tensor<f32>, tensor<3xf32>
}

// The condition ends it in the second iteration; a count below 1 is none.
// CHECK-LABEL: @conditional
// CHECK-NEXT: [] f32 = [4]
// CHECK-NEXT: [] f32 = [1]
func.func @conditional() -> (tensor<f32>, tensor<f32>) {
  %go = nibble.constant dense<true> : tensor<i1> -> tensor<i1>
  %one = nibble.constant dense<1.0> : tensor<f32> -> tensor<f32>
  %many = nibble.constant dense<10> : tensor<i64> -> tensor<i64>
  %none = nibble.constant dense<-1> : tensor<i64> -> tensor<i64>
  %c, %y = nibble.loop (%go, %one : tensor<i1>, tensor<f32>) count (%many : tensor<i64>) attributes {conditional} {
  ^bb0(%i: tensor<i64>, %condition: tensor<i1>, %before: tensor<f32>):
    %next = nibble.add %before, %before : tensor<f32>, tensor<f32> -> tensor<f32>
    %less = nibble.generate (%next : tensor<f32>) {
    ^bb0(%t: tensor<f32>):
      %e = nibble.read %t[] : tensor<f32> -> f32
      %three = arith.constant 3.0 : f32
      %l = arith.cmpf olt, %e, %three : f32
      nibble.yield %l : i1
    } -> tensor<i1>
    nibble.region_yield %less, %next : tensor<i1>, tensor<f32>
  } -> tensor<i1>, tensor<f32>
  %z = nibble.loop (%one : tensor<f32>) count (%none : tensor<i64>) {
  ^bb0(%i: tensor<i64>, %before: tensor<f32>):
    %next = nibble.add %before, %before : tensor<f32>, tensor<f32> -> tensor<f32>
    nibble.region_yield %next : tensor<f32>
  } -> tensor<f32>
  return %y, %z : tensor<f32>, tensor<f32>
}

// CHECK-LABEL: @branch
// CHECK-NEXT: [2] f32 = [-1, 2]
// CHECK-NEXT: [2] f32 = [1, -2]
func.func @branch() -> (tensor<2xf32>, tensor<2xf32>) {
  %x = nibble.constant dense<[-1.0, 2.0]> : tensor<2xf32> -> tensor<2xf32>
  %true = nibble.constant dense<true> : tensor<i1> -> tensor<i1>
  %false = nibble.constant dense<false> : tensor<i1> -> tensor<i1>
  %a = nibble.if %true : tensor<i1> {
    nibble.region_yield %x : tensor<2xf32>
  } else {
    %n = nibble.neg %x : tensor<2xf32> -> tensor<2xf32>
    nibble.region_yield %n : tensor<2xf32>
  } -> tensor<2xf32>
  %b = nibble.if %false : tensor<i1> {
    nibble.region_yield %x : tensor<2xf32>
  } else {
    %n = nibble.neg %x : tensor<2xf32> -> tensor<2xf32>
    nibble.region_yield %n : tensor<2xf32>
  } -> tensor<2xf32>
  return %a, %b : tensor<2xf32>, tensor<2xf32>
}
