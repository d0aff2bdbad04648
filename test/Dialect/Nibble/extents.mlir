// RUN: nibble-opt %s | nibble-opt | FileCheck %s

// What an extent consists of, as it is written: sums of products, of quotients, minima and maxima.
// CHECK-LABEL: @grammar
// CHECK-SAME: a = #nibble.extents<[]>
// CHECK-SAME: b = #nibble.extents<[384, -3, 0]>
// CHECK-SAME: c = #nibble.extents<[d0, 2 * d1, -d2]>
// CHECK-SAME: d = #nibble.extents<[d0 * d0 + 3 * d0 * d1 - d1 + 7]>
// CHECK-SAME: e = #nibble.extents<[floordiv(d0 + 1, 2) - 1, min(d0, 512), max(0, d0 - d1)]>
// CHECK-SAME: f = #nibble.extents<[d1 * floordiv(min(d0, 2 * d1), 3)]>
// CHECK-SAME: g = #nibble.extents<[9223372036854775807, -9223372036854775808]>
func.func @grammar() attributes {
    a = #nibble.extents<[]>,
    b = #nibble.extents<[384, -3, 0]>,
    c = #nibble.extents<[d0, 2 * d1, -d2]>,
    d = #nibble.extents<[d0 * 3 * d1 + 7 - d1 + d0 * d0]>,
    e = #nibble.extents<[floordiv(d0 - 1, 2), min(512, d0), max(0, d0 - d1)]>,
    f = #nibble.extents<[d1 * floordiv(min(2 * d1, d0), 3)]>,
    g = #nibble.extents<[9223372036854775807, -9223372036854775808]>} {
  return
}

// Extents that are the same are one attribute: they are not kept apart.
// CHECK-LABEL: @canonical
// CHECK-SAME: a = #nibble.extents<[2 * d0, d0, 0, 6]>
func.func @canonical() attributes {a = #nibble.extents<[d0 + d0, floordiv(4 * d0, 4), d1 - d1, 2 * 3]>} {
  return
}

// CHECK-LABEL: @heads
// CHECK: nibble.reshape %{{.*}} {extents = #nibble.extents<[d0, d1, 12, 32]>} : tensor<?x?x384xf32> -> tensor<?x?x12x32xf32>
// CHECK: nibble.slice %{{.*}} {extents = #nibble.extents<[min(d1, 512), 384]>, starts = array<i64: 0, 0>, steps = array<i64: 1, 1>} : tensor<512x384xf32> -> tensor<?x384xf32>
func.func @heads(%x: tensor<?x?x384xf32> {nibble.dims = ["batch", "length", ""]}, %t: tensor<512x384xf32>)
    -> (tensor<?x?x12x32xf32>, tensor<?x384xf32>) {
  %y = nibble.reshape %x {extents = #nibble.extents<[d0, d1, 12, 32]>} : tensor<?x?x384xf32> -> tensor<?x?x12x32xf32>
  %z = nibble.slice %t {starts = array<i64: 0, 0>, steps = array<i64: 1, 1>, extents = #nibble.extents<[min(512, d1), 384]>} : tensor<512x384xf32> -> tensor<?x384xf32>
  return %y, %z : tensor<?x?x12x32xf32>, tensor<?x384xf32>
}

// CHECK-LABEL: @positions
// CHECK: nibble.generate () attributes {extents = #nibble.extents<[d1]>} {
// CHECK: nibble.extent_value <[d0]>
func.func @positions(%x: tensor<?x?xf32> {nibble.dims = ["past", "length"]}) -> tensor<?xi64> {
  %y = nibble.generate () attributes {extents = #nibble.extents<[d1]>} {
  ^bb0(%i: index):
    %past = nibble.extent_value <[d0]>
    %position = arith.addi %past, %i : index
    %e = arith.index_cast %position : index to i64
    nibble.yield %e : i64
  } -> tensor<?xi64>
  return %y : tensor<?xi64>
}
