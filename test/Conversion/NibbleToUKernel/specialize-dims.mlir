// RUN: nibble-opt %s --ukernel-specialize-dims --split-input-file --verify-diagnostics | FileCheck %s

// All dimensions, then one: the others stay, under their numbers.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: tensor<?x?x4xf32>
// CHECK-NOT: nibble.specializations
// CHECK: extents = #nibble.extents<[d0, 4 * d1]>
// CHECK-LABEL: func.func private @main_0(
// CHECK-SAME: tensor<2x3x4xf32> {nibble.dims = ["batch", "n", ""]}) -> tensor<2x12xf32>
// CHECK-SAME: nibble.specialized = array<i64: 2, 3>
// CHECK-NOT: extents
// CHECK: nibble.reshape %{{.*}} : tensor<2x3x4xf32> -> tensor<2x12xf32>
// CHECK-LABEL: func.func private @main_1(
// CHECK-SAME: tensor<2x?x4xf32> {nibble.dims = ["batch", "n", ""]}) -> tensor<2x?xf32>
// CHECK: extents = #nibble.extents<[2, 4 * d1]>
func.func @main(%x: tensor<?x?x4xf32> {nibble.dims = ["batch", "n", ""]}) -> tensor<?x?xf32>
    attributes {nibble.specializations = [array<i64: 2, 3>, array<i64: 2, 0>]} {
  %y = nibble.reshape %x {extents = #nibble.extents<[d0, 4 * d1]>} : tensor<?x?x4xf32> -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// Without names they are numbered by argument and axis, and get those names, so that they keep their numbers.
// CHECK-LABEL: func.func private @main_0(
// CHECK-SAME: tensor<5x?xf32> {nibble.dims = ["arg0.0", "arg0.1"]}
func.func @main(%x: tensor<?x?xf32>) -> tensor<?x?xf32> attributes {nibble.specializations = [array<i64: 5, 0>]} {
  %y = nibble.relu %x : tensor<?x?xf32> -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// What depends on the dimensions alone is a constant; programs see the extents of their inputs.
// CHECK-LABEL: func.func private @main_0(
// CHECK: nibble.constant dense<[3, 2, 1]> : tensor<3xi64>
// CHECK: nibble.generate
// CHECK: ^bb0(%{{.*}}: index, %{{.*}}: tensor<3xi64>, %{{.*}}: tensor<3xi64>)
// CHECK: %[[N:.*]] = arith.constant 3 : i64
// CHECK: arith.addi %{{.*}}, %[[N]] : i64
func.func @main(%x: tensor<?xi64> {nibble.dims = ["n"]}) -> tensor<?xi64>
    attributes {nibble.specializations = [array<i64: 3>]} {
  %down = nibble.generate () attributes {extents = #nibble.extents<[d0]>} {
  ^bb0(%i: index):
    %n = nibble.extent_value <[d0]>
    %left = arith.subi %n, %i : index
    %e = arith.index_cast %left : index to i64
    nibble.yield %e : i64
  } -> tensor<?xi64>
  %y = nibble.generate (%x, %down : tensor<?xi64>, tensor<?xi64>) attributes {extents = #nibble.extents<[d0]>} {
  ^bb0(%i: index, %a: tensor<?xi64>, %b: tensor<?xi64>):
    %n = nibble.extent %a[0] : tensor<?xi64>
    %m = arith.index_cast %n : index to i64
    %p = nibble.read %a[%i] : tensor<?xi64> -> i64
    %q = nibble.read %b[%i] : tensor<?xi64> -> i64
    %s = arith.addi %p, %q : i64
    %e = arith.addi %s, %m : i64
    nibble.yield %e : i64
  } -> tensor<?xi64>
  return %y : tensor<?xi64>
}

// -----

// A loop keeps the number of its iterations; its body has the types of what it reads.
// CHECK-LABEL: func.func private @main_0(
// CHECK: nibble.loop (%{{.*}} : tensor<?xf32>) scan(%{{.*}} : tensor<4x?xf32>) attributes {extents = #nibble.extents<[4]>
// CHECK: ^bb0(%{{.*}}: tensor<i64>, %{{.*}}: tensor<?xf32>, %{{.*}}: tensor<?xf32>)
// CHECK: -> tensor<?xf32>, tensor<4x?xf32>
func.func @main(%x: tensor<?x?xf32> {nibble.dims = ["length", "n"]}, %zero: tensor<?xf32> {nibble.dims = ["n"]})
    -> (tensor<?xf32>, tensor<?x?xf32>) attributes {nibble.specializations = [array<i64: 4, 0>]} {
  %last, %sums = nibble.loop (%zero : tensor<?xf32>) scan (%x : tensor<?x?xf32>)
      attributes {extents = #nibble.extents<[d0]>, reversed = array<i1: false, false>} {
  ^bb0(%i: tensor<i64>, %sum: tensor<?xf32>, %element: tensor<?xf32>):
    %next = nibble.add %sum, %element : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
    nibble.region_yield %next, %next : tensor<?xf32>, tensor<?xf32>
  } -> tensor<?xf32>, tensor<?x?xf32>
  return %last, %sums : tensor<?xf32>, tensor<?x?xf32>
}

// -----

// Requirements that hold are none; others stay.
// CHECK-LABEL: func.func private @main_0(
// CHECK-SAME: nibble.requirements = [#nibble.extents<[d1, 4]>]
func.func @main(%x: tensor<?xf32> {nibble.dims = ["a"]}, %y: tensor<?xf32> {nibble.dims = ["b"]}) -> tensor<?xf32>
    attributes {nibble.requirements = [#nibble.extents<[d1, 4]>, #nibble.extents<[d0, 8]>],
                nibble.specializations = [array<i64: 8, 0>]} {
  %z = nibble.relu %x : tensor<?xf32> -> tensor<?xf32>
  return %z : tensor<?xf32>
}

// -----

// Without specializations the function stays as it is.
// CHECK-LABEL: func.func @main(
// CHECK-NOT: func.func
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = nibble.relu %x : tensor<?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

func.func @main(%x: tensor<1x2x?x8xf32> {nibble.dims = ["", "", "height", ""]}, %w: tensor<4x2x3x3xf32>)
    -> tensor<1x4x?x6xf32> attributes {nibble.specializations = [array<i64: 2>]} {
  // expected-error@+1 {{node '' cannot be computed at height=2 (specialize): it needs min(height, 3) = 3, got 2 and 3}}
  %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                           groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<1x2x?x8xf32>, tensor<4x2x3x3xf32> -> tensor<1x4x?x6xf32>
  return %y : tensor<1x4x?x6xf32>
}

// -----

// expected-error@+1 {{the model cannot be computed at a=2, b=3 (specialize): it needs a = b, got 2 and 3}}
func.func @main(%x: tensor<?xf32> {nibble.dims = ["a"]}, %y: tensor<?xf32> {nibble.dims = ["b"]}) -> tensor<?xf32>
    attributes {nibble.requirements = [#nibble.extents<[d0, d1]>], nibble.specializations = [array<i64: 2, 3>]} {
  %z = nibble.relu %x : tensor<?xf32> -> tensor<?xf32>
  return %z : tensor<?xf32>
}

// -----

func.func @main(%x: tensor<?xf32> {nibble.dims = ["n"]}) -> tensor<?xf32>
    attributes {nibble.specializations = [array<i64: 1>]} {
  // expected-error@+1 {{node '' cannot be computed at n=1 (specialize): its result has no elements there}}
  %y = nibble.slice %x {starts = array<i64: 1>, steps = array<i64: 1>} : tensor<?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// expected-error@+1 {{expected 'nibble.specializations' of 1 integers each, one for each dynamic dimension, 0 where it stays open but not everywhere, got array<i64: 1, 2>}}
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> attributes {nibble.specializations = [array<i64: 1, 2>]} {
  %y = nibble.relu %x : tensor<?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// expected-error@+1 {{0 where it stays open but not everywhere, got array<i64: 0>}}
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> attributes {nibble.specializations = [array<i64: 0>]} {
  %y = nibble.relu %x : tensor<?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// expected-error@+1 {{'nibble.specializations' has array<i64: 2> twice}}
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> attributes {nibble.specializations = [array<i64: 2>, array<i64: 2>]} {
  %y = nibble.relu %x : tensor<?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// expected-error@+1 {{expected an array as 'nibble.specializations', got 3 : i64}}
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> attributes {nibble.specializations = 3 : i64} {
  %y = nibble.relu %x : tensor<?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}
