// RUN: nibble-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{expected a dimension such as d0, floordiv, min or max}}
func.func private @word() attributes {a = #nibble.extents<[n]>}

// -----

// expected-error @+1 {{expected a dimension such as d0, floordiv, min or max}}
func.func private @index() attributes {a = #nibble.extents<[d4294967296]>}

// -----

// expected-error @+1 {{expected an integer, a dimension such as d0, floordiv, min or max}}
func.func private @product() attributes {a = #nibble.extents<[2 * ]>}

// -----

// expected-error @+1 {{expected ','}}
func.func private @quotient() attributes {a = #nibble.extents<[floordiv(d0)]>}

// -----

// expected-error @+1 {{expected an integer of 64 bits}}
func.func private @integer() attributes {a = #nibble.extents<[9223372036854775808]>}

// -----

func.func @reshape_c4_extents(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // expected-error @+1 {{'nibble.reshape' op expected 'extents' of result's shape [?, ?], got [d1, 4]}}
  %y = nibble.reshape %x {extents = #nibble.extents<[d1, 4]>} : tensor<?x?xf32> -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

func.func @slice_c3_extents(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  // expected-error @+1 {{'nibble.slice' op expected 'extents' of result's shape [?, 2], got [d0]}}
  %y = nibble.slice %x {starts = array<i64: 0, 0>, steps = array<i64: 1, 2>, extents = #nibble.extents<[d0]>} : tensor<?x4xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

func.func @extent_value_c1_count() -> tensor<1xi64> {
  %y = nibble.generate () {
  ^bb0(%i: index):
    // expected-error @+1 {{'nibble.extent_value' op expected one extent, got 2}}
    %n = nibble.extent_value <[d0, d1]>
    %e = arith.index_cast %n : index to i64
    nibble.yield %e : i64
  } -> tensor<1xi64>
  return %y : tensor<1xi64>
}
