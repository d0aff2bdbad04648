// RUN: nibble-opt %s --split-input-file --verify-diagnostics

func.func @generate_c1_arguments(%x: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{expected a body with 1 indices and the inputs as arguments, got ('index', 'index', 'tensor<3xf32>')}}
  %y = nibble.generate (%x : tensor<3xf32>) {
  ^bb0(%i: index, %j: index, %t: tensor<3xf32>):
    %e = nibble.read %t[%i] : tensor<3xf32> -> f32
    nibble.yield %e : f32
  } -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

func.func @generate_c2_elements(%x: tensor<3x!quant.uniform<u8:f32, 0.5>>) -> tensor<3xf32> {
  // expected-error @+1 {{expected integers of 1, 2, 4, 8, 16, 32 or 64 bits or floats as elements, got '!quant.uniform<u8:f32, 5.000000e-01>'}}
  %y = nibble.generate (%x : tensor<3x!quant.uniform<u8:f32, 0.5>>) {
  ^bb0(%i: index, %t: tensor<3x!quant.uniform<u8:f32, 0.5>>):
    %e = arith.constant 0.0 : f32
    nibble.yield %e : f32
  } -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

func.func @generate_c3_yield() -> tensor<3xui8> {
  // expected-error @+1 {{expected a body that yields 'i8'}}
  %y = nibble.generate () {
  ^bb0(%i: index):
    %e = arith.constant 0 : i16
    nibble.yield %e : i16
  } -> tensor<3xui8>
  return %y : tensor<3xui8>
}

// -----

func.func @generate_c4_operation() -> tensor<3xf32> {
  %y = nibble.generate () {
  ^bb0(%i: index):
    %e = arith.constant 0.0 : f32
    // expected-error @+1 {{expected operations on scalars in the body of nibble.generate, got another one}}
    %s = math.sin %e : f32
    nibble.yield %s : f32
  } -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

func.func @generate_c4_vector() -> tensor<3xf32> {
  %y = nibble.generate () {
  ^bb0(%i: index):
    %e = arith.constant 0.0 : f32
    // expected-error @+1 {{expected scalars in the body of nibble.generate, got 'vector<4xf32>'}}
    %v = arith.constant dense<0.0> : vector<4xf32>
    nibble.yield %e : f32
  } -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

func.func @generate_c5_float() -> tensor<3xf16> {
  %y = nibble.generate () {
  ^bb0(%i: index):
    %e = arith.constant 0.0 : f16
    // expected-error @+1 {{expected arithmetic of f32 or f64, got 'f16'}}
    %s = arith.addf %e, %e : f16
    nibble.yield %s : f16
  } -> tensor<3xf16>
  return %y : tensor<3xf16>
}

// -----

func.func @generate_c6_step() -> tensor<3xi64> {
  %y = nibble.generate () {
  ^bb0(%i: index):
    %zero = arith.constant 0 : index
    %init = arith.constant 0 : i64
    // expected-error @+1 {{expected a loop over indices by a constant positive step in the body of nibble.generate}}
    %e = scf.for %k = %zero to %i step %i iter_args(%s = %init) -> i64 {
      scf.yield %s : i64
    }
    nibble.yield %e : i64
  } -> tensor<3xi64>
  return %y : tensor<3xi64>
}

// -----

func.func @generate_c6_induction() -> tensor<3xi64> {
  %y = nibble.generate () {
  ^bb0(%i: index):
    %zero = arith.constant 0 : i8
    %one = arith.constant 1 : i8
    %n = arith.constant 127 : i8
    %init = arith.constant 0 : i64
    // expected-error @+1 {{expected a loop over indices by a constant positive step in the body of nibble.generate}}
    %e = scf.for %k = %zero to %n step %one iter_args(%s = %init) -> (i64) : i8 {
      scf.yield %s : i64
    }
    nibble.yield %e : i64
  } -> tensor<3xi64>
  return %y : tensor<3xi64>
}

// -----

func.func @generate_c7_extents(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{expected 'extents' for a result with dynamic extents, got 'tensor<?xf32>'}}
  %y = nibble.generate (%x : tensor<?xf32>) {
  ^bb0(%i: index, %t: tensor<?xf32>):
    %e = nibble.read %t[%i] : tensor<?xf32> -> f32
    nibble.yield %e : f32
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

func.func @generate_c7_superfluous(%x: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{expected 'extents' only for a result with dynamic extents, got 'tensor<3xf32>'}}
  %y = nibble.generate (%x : tensor<3xf32>) attributes {extents = #nibble.extents<[3]>} {
  ^bb0(%i: index, %t: tensor<3xf32>):
    %e = nibble.read %t[%i] : tensor<3xf32> -> f32
    nibble.yield %e : f32
  } -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

func.func @generate_c7_rank(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{expected 'extents' of result's shape [?], got [d0, 4]}}
  %y = nibble.generate (%x : tensor<?xf32>) attributes {extents = #nibble.extents<[d0, 4]>} {
  ^bb0(%i: index, %t: tensor<?xf32>):
    %e = nibble.read %t[%i] : tensor<?xf32> -> f32
    nibble.yield %e : f32
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

func.func @read_c1_indices(%x: tensor<3x2xf32>) -> tensor<3xf32> {
  %y = nibble.generate (%x : tensor<3x2xf32>) {
  ^bb0(%i: index, %t: tensor<3x2xf32>):
    // expected-error @+1 {{expected 2 indices, got 1}}
    %e = nibble.read %t[%i] : tensor<3x2xf32> -> f32
    nibble.yield %e : f32
  } -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

func.func @read_c2_result(%x: tensor<3xui8>) -> tensor<3xi16> {
  %y = nibble.generate (%x : tensor<3xui8>) {
  ^bb0(%i: index, %t: tensor<3xui8>):
    // expected-error @+1 {{expected a result of type 'i8', got 'i16'}}
    %e = nibble.read %t[%i] : tensor<3xui8> -> i16
    nibble.yield %e : i16
  } -> tensor<3xi16>
  return %y : tensor<3xi16>
}

// -----

func.func @read_c3_tensor(%x: tensor<3xf32>, %i: index) -> f32 {
  // expected-error @+1 {{expected a tensor that is an argument of the nibble.generate round it}}
  %e = nibble.read %x[%i] : tensor<3xf32> -> f32
  return %e : f32
}

// -----

func.func @extent_c1_dimension(%x: tensor<?xf32>) -> tensor<3xi64> {
  %y = nibble.generate (%x : tensor<?xf32>) {
  ^bb0(%i: index, %t: tensor<?xf32>):
    // expected-error @+1 {{expected a dimension in [0, 1), got 1}}
    %n = nibble.extent %t[1] : tensor<?xf32>
    %e = arith.index_cast %n : index to i64
    nibble.yield %e : i64
  } -> tensor<3xi64>
  return %y : tensor<3xi64>
}

// -----

func.func @extent_c2_tensor(%x: tensor<?xf32>) -> index {
  // expected-error @+1 {{expected a tensor that is an argument of the nibble.generate round it}}
  %n = nibble.extent %x[0] : tensor<?xf32>
  return %n : index
}

// -----

func.func @apply_c1_name(%x: f32) -> f32 {
  // expected-error @+1 {{expected the name of a function, got 'gamma'}}
  %y = nibble.apply "gamma"(%x)
  return %y : f32
}

// -----

func.func @apply_c2_operands(%x: f32) -> f32 {
  // expected-error @+1 {{expected 2 operands, got 1}}
  %y = nibble.apply "pow"(%x)
  return %y : f32
}
