// RUN: nibble-opt %s --split-input-file --verify-diagnostics

func.func @loop_c1_arguments(%x: !ukernel.buffer<3x2xf32>, %z: !ukernel.buffer<2xf32>) {
  // expected-error @+1 {{expected a body with the arguments (!ukernel.buffer<i64>, !ukernel.buffer<2xf32>), got (!ukernel.buffer<i64>)}}
  %y = ukernel.loop (%z : !ukernel.buffer<2xf32>) attributes {trip = 3 : i64} {
  ^bb0(%i: !ukernel.buffer<i64>):
    %e = ukernel.transpose %z {permutation = array<i64: 0>} : !ukernel.buffer<2xf32> -> !ukernel.buffer<2xf32>
    ukernel.region_yield %e : !ukernel.buffer<2xf32>
  } -> !ukernel.buffer<2xf32>
  return
}

// -----

func.func @loop_c1_yielded(%x: !ukernel.buffer<3x2xf32>, %z: !ukernel.buffer<2xf32>) {
  // expected-error @+1 {{expected a body that yields (!ukernel.buffer<2xf32>)}}
  %y = ukernel.loop (%z : !ukernel.buffer<2xf32>) attributes {trip = 3 : i64} {
  ^bb0(%i: !ukernel.buffer<i64>, %b: !ukernel.buffer<2xf32>):
    ukernel.region_yield %i : !ukernel.buffer<i64>
  } -> !ukernel.buffer<2xf32>
  return
}

// -----

func.func @loop_c2_kernels(%x: !ukernel.buffer<3x2xf32>, %z: !ukernel.buffer<2xf32>) {
  // expected-error @+1 {{expected a body that yields results of its own kernels, each once}}
  %y = ukernel.loop (%z : !ukernel.buffer<2xf32>) attributes {trip = 3 : i64} {
  ^bb0(%i: !ukernel.buffer<i64>, %b: !ukernel.buffer<2xf32>):
    ukernel.region_yield %b : !ukernel.buffer<2xf32>
  } -> !ukernel.buffer<2xf32>
  return
}

// -----

func.func @loop_c3_reversed(%x: !ukernel.buffer<3x2xf32>, %z: !ukernel.buffer<2xf32>) {
  // expected-error @+1 {{expected 1 entries in 'reversed', got 0}}
  %y = ukernel.loop (%z : !ukernel.buffer<2xf32>) scan (%x : !ukernel.buffer<3x2xf32>) attributes {trip = 3 : i64} {
  ^bb0(%i: !ukernel.buffer<i64>, %b: !ukernel.buffer<2xf32>, %s: !ukernel.buffer<2xf32>):
    %e = ukernel.transpose %b {permutation = array<i64: 0>} : !ukernel.buffer<2xf32> -> !ukernel.buffer<2xf32>
    ukernel.region_yield %e : !ukernel.buffer<2xf32>
  } -> !ukernel.buffer<2xf32>
  return
}

// -----

func.func @loop_c4_none(%x: !ukernel.buffer<3x2xf32>, %z: !ukernel.buffer<2xf32>) {
  // expected-error @+1 {{expected 'trip', a count or 'conditional', got none}}
  %y = ukernel.loop (%z : !ukernel.buffer<2xf32>) attributes {test} {
  ^bb0(%i: !ukernel.buffer<i64>, %b: !ukernel.buffer<2xf32>):
    %e = ukernel.transpose %b {permutation = array<i64: 0>} : !ukernel.buffer<2xf32> -> !ukernel.buffer<2xf32>
    ukernel.region_yield %e : !ukernel.buffer<2xf32>
  } -> !ukernel.buffer<2xf32>
  return
}

// -----

func.func @loop_c4_trip(%x: !ukernel.buffer<3x2xf32>, %z: !ukernel.buffer<2xf32>) {
  // expected-error @+1 {{expected 'trip' to be an integer or an extent, got "3"}}
  %y = ukernel.loop (%z : !ukernel.buffer<2xf32>) attributes {trip = "3"} {
  ^bb0(%i: !ukernel.buffer<i64>, %b: !ukernel.buffer<2xf32>):
    %e = ukernel.transpose %b {permutation = array<i64: 0>} : !ukernel.buffer<2xf32> -> !ukernel.buffer<2xf32>
    ukernel.region_yield %e : !ukernel.buffer<2xf32>
  } -> !ukernel.buffer<2xf32>
  return
}

// -----

func.func @if_c1_yielded(%c: !ukernel.buffer<i1>, %x: !ukernel.buffer<2xf32>) {
  // expected-error @+1 {{expected a body that yields (!ukernel.buffer<2xf32>)}}
  %y = ukernel.if %c : !ukernel.buffer<i1> {
    ukernel.region_yield
  } else {
    ukernel.region_yield
  } -> !ukernel.buffer<2xf32>
  return
}

// -----

func.func @if_c2_kernels(%c: !ukernel.buffer<i1>, %x: !ukernel.buffer<2xf32>) {
  // expected-error @+1 {{expected a body that yields results of its own kernels, each once}}
  %y = ukernel.if %c : !ukernel.buffer<i1> {
    ukernel.region_yield %x : !ukernel.buffer<2xf32>
  } else {
    ukernel.region_yield %x : !ukernel.buffer<2xf32>
  } -> !ukernel.buffer<2xf32>
  return
}

// -----

func.func @loop_c1_results(%z: !ukernel.buffer<2xf32>) {
  // expected-error @+1 {{expected results that begin with the types of the carried buffers, got (!ukernel.buffer<3xf32>)}}
  %y = ukernel.loop (%z : !ukernel.buffer<2xf32>) attributes {trip = 3 : i64} {
  ^bb0(%i: !ukernel.buffer<i64>, %b: !ukernel.buffer<2xf32>):
    %e = ukernel.transpose %b {permutation = array<i64: 0>} : !ukernel.buffer<2xf32> -> !ukernel.buffer<2xf32>
    ukernel.region_yield %e : !ukernel.buffer<2xf32>
  } -> !ukernel.buffer<3xf32>
  return
}

// -----

func.func @loop_c1_scalar(%z: !ukernel.buffer<2xf32>, %x: !ukernel.buffer<f32>) {
  // expected-error @+1 {{expected plain scanned buffers and sequences of rank 1 or more, got '!ukernel.buffer<f32>'}}
  %y = ukernel.loop (%z : !ukernel.buffer<2xf32>) scan (%x : !ukernel.buffer<f32>) attributes {trip = 3 : i64, reversed = array<i1: false>} {
  ^bb0(%i: !ukernel.buffer<i64>, %b: !ukernel.buffer<2xf32>, %s: !ukernel.buffer<f32>):
    %e = ukernel.transpose %b {permutation = array<i64: 0>} : !ukernel.buffer<2xf32> -> !ukernel.buffer<2xf32>
    ukernel.region_yield %e : !ukernel.buffer<2xf32>
  } -> !ukernel.buffer<2xf32>
  return
}
