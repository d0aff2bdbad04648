// RUN: nibble-opt %s --split-input-file --verify-diagnostics

func.func @loop_c1_arguments(%x: tensor<3x2xf32>, %z: tensor<2xf32>, %n: tensor<i64>, %c: tensor<i1>) {
  // expected-error @+1 {{expected a body with the arguments (tensor<i64>, tensor<2xf32>), got (tensor<i64>)}}
  %y = nibble.loop (%z : tensor<2xf32>) attributes {extents = #nibble.extents<[3]>} {
  ^bb0(%i: tensor<i64>):
    nibble.region_yield %z : tensor<2xf32>
  } -> tensor<2xf32>
  return
}

// -----

func.func @loop_c2_yielded(%x: tensor<3x2xf32>, %z: tensor<2xf32>, %n: tensor<i64>, %c: tensor<i1>) {
  // expected-error @+1 {{expected a body that yields (tensor<2xf32>)}}
  %y = nibble.loop (%z : tensor<2xf32>) attributes {extents = #nibble.extents<[3]>} {
  ^bb0(%i: tensor<i64>, %b: tensor<2xf32>):
    nibble.region_yield %i : tensor<i64>
  } -> tensor<2xf32>
  return
}

// -----

func.func @loop_c3_results(%x: tensor<3x2xf32>, %z: tensor<2xf32>, %n: tensor<i64>, %c: tensor<i1>) {
  // expected-error @+1 {{expected results that begin with the types of the carried values, got (tensor<i64>)}}
  %y = nibble.loop (%z : tensor<2xf32>) attributes {extents = #nibble.extents<[3]>} {
  ^bb0(%i: tensor<i64>, %b: tensor<2xf32>):
    nibble.region_yield %b : tensor<2xf32>
  } -> tensor<i64>
  return
}

// -----

func.func @loop_c4_one_extent(%x: tensor<3x2xf32>, %z: tensor<2xf32>, %n: tensor<i64>, %c: tensor<i1>) {
  // expected-error @+1 {{expected one extent in 'extents', got 2}}
  %y = nibble.loop (%z : tensor<2xf32>) attributes {extents = #nibble.extents<[3, 4]>} {
  ^bb0(%i: tensor<i64>, %b: tensor<2xf32>):
    nibble.region_yield %b : tensor<2xf32>
  } -> tensor<2xf32>
  return
}

// -----

func.func @loop_c4_both(%x: tensor<3x2xf32>, %z: tensor<2xf32>, %n: tensor<i64>, %c: tensor<i1>) {
  // expected-error @+1 {{expected 'extents' or a count, got both}}
  %y = nibble.loop (%z : tensor<2xf32>) count (%n : tensor<i64>) attributes {extents = #nibble.extents<[3]>} {
  ^bb0(%i: tensor<i64>, %b: tensor<2xf32>):
    nibble.region_yield %b : tensor<2xf32>
  } -> tensor<2xf32>
  return
}

// -----

func.func @loop_c4_none(%x: tensor<3x2xf32>, %z: tensor<2xf32>, %n: tensor<i64>, %c: tensor<i1>) {
  // expected-error @+1 {{expected 'extents', a count or 'conditional', got none}}
  %y = nibble.loop (%z : tensor<2xf32>) attributes {test} {
  ^bb0(%i: tensor<i64>, %b: tensor<2xf32>):
    nibble.region_yield %b : tensor<2xf32>
  } -> tensor<2xf32>
  return
}

// -----

func.func @loop_c5_counted(%x: tensor<3x2xf32>, %z: tensor<2xf32>, %n: tensor<i64>, %c: tensor<i1>) {
  // expected-error @+1 {{expected 'extents', and no condition, of a loop with scanned values or sequences}}
  %y = nibble.loop (%z : tensor<2xf32>) scan (%x : tensor<3x2xf32>) count (%n : tensor<i64>) attributes {reversed = array<i1: false>} {
  ^bb0(%i: tensor<i64>, %b: tensor<2xf32>, %e: tensor<2xf32>):
    nibble.region_yield %b : tensor<2xf32>
  } -> tensor<2xf32>
  return
}

// -----

func.func @loop_c5_extent(%x: tensor<3x2xf32>, %z: tensor<2xf32>, %n: tensor<i64>, %c: tensor<i1>) {
  // expected-error @+1 {{expected scanned values and sequences of 4 elements, got 'tensor<3x2xf32>'}}
  %y = nibble.loop (%z : tensor<2xf32>) scan (%x : tensor<3x2xf32>) attributes {extents = #nibble.extents<[4]>, reversed = array<i1: false>} {
  ^bb0(%i: tensor<i64>, %b: tensor<2xf32>, %e: tensor<2xf32>):
    nibble.region_yield %b : tensor<2xf32>
  } -> tensor<2xf32>
  return
}

// -----

func.func @loop_c6_condition(%x: tensor<3x2xf32>, %z: tensor<2xf32>, %n: tensor<i64>, %c: tensor<i1>) {
  // expected-error @+1 {{expected a tensor<i1> as the first carried value of a conditional loop, got (tensor<2xf32>)}}
  %y = nibble.loop (%z : tensor<2xf32>) attributes {conditional} {
  ^bb0(%i: tensor<i64>, %b: tensor<2xf32>):
    nibble.region_yield %b : tensor<2xf32>
  } -> tensor<2xf32>
  return
}

// -----

func.func @loop_c6_none(%x: tensor<3x2xf32>, %z: tensor<2xf32>, %n: tensor<i64>, %c: tensor<i1>) {
  // expected-error @+1 {{expected a tensor<i1> as the first carried value of a conditional loop, got none}}
  nibble.loop () attributes {conditional} {
  ^bb0(%i: tensor<i64>):
    nibble.region_yield 
  }
  return
}

// -----

func.func @loop_c7_reversed(%x: tensor<3x2xf32>, %z: tensor<2xf32>, %n: tensor<i64>, %c: tensor<i1>) {
  // expected-error @+1 {{expected 1 entries in 'reversed', got 0}}
  %y = nibble.loop (%z : tensor<2xf32>) scan (%x : tensor<3x2xf32>) attributes {extents = #nibble.extents<[3]>} {
  ^bb0(%i: tensor<i64>, %b: tensor<2xf32>, %e: tensor<2xf32>):
    nibble.region_yield %b : tensor<2xf32>
  } -> tensor<2xf32>
  return
}

// -----

func.func @if_c1_arguments(%c: tensor<i1>) {
  // expected-error @+1 {{expected bodies without arguments, got 1}}
  nibble.if %c : tensor<i1> {
  ^bb0(%x: tensor<2xf32>):
    nibble.region_yield
  } else {
    nibble.region_yield
  }
  return
}

// -----

func.func @if_c2_yielded(%c: tensor<i1>, %x: tensor<2xf32>) {
  // expected-error @+1 {{expected bodies that yield (tensor<2xf32>)}}
  %y = nibble.if %c : tensor<i1> {
    nibble.region_yield %x : tensor<2xf32>
  } else {
    nibble.region_yield %c : tensor<i1>
  } -> tensor<2xf32>
  return
}
