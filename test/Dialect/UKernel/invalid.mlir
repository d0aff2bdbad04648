// RUN: nibble-opt %s --split-input-file --verify-diagnostics

// What the verifiers of the ukernel dialect reject: one constraint a case, which its name tells.

// expected-error @+1 {{expected static shape}}
func.func private @buffer_c1_extent(!ukernel.buffer<1x?xui8>)

// -----
// expected-error @+1 {{expected elements that are integers of 1, 2, 4, 8, 16, 32 or 64 bits or floats, got 'i3'}}
func.func private @buffer_c1_elements(!ukernel.buffer<4xi3>)

// -----
// expected-error @+1 {{expected a halo of four counts, none negative}}
func.func private @buffer_c2_counts(!ukernel.buffer<1x4x4x4xui8, halo = [1, 1, 1], fill = 0>)

// -----
// expected-error @+1 {{expected four dimensions beside a halo, got 2}}
func.func private @buffer_c2_dimensions(!ukernel.buffer<4x4xui8, halo = [1, 1, 1, 1], fill = 0>)

// -----
// expected-error @+1 {{expected a capacity of at least the extent 4 and no halo beside it, got 3}}
func.func private @buffer_c3_capacity(!ukernel.buffer<4x4xui8, capacity = 3, axis = 1>)

// -----
// expected-error @+1 {{expected a capacity of at least the extent 4 and no halo beside it, got 8}}
func.func private @buffer_c3_halo(!ukernel.buffer<1x4x4x4xui8, halo = [1, 1, 1, 1], fill = 0, capacity = 8, axis = 1>)

// -----
// expected-error @+1 {{expected a capacity along one of 2 dimensions, got one along 2}}
func.func private @buffer_c3_axis(!ukernel.buffer<4x4xui8, capacity = 8, axis = 2>)

// -----
// expected-error @+1 {{expected a fill that 'ui8' holds, got 256}}
func.func private @buffer_c4_fill(!ukernel.buffer<1x4x4x4xui8, halo = [1, 1, 1, 1], fill = 256>)

// -----
// expected-error @+1 {{expected a buffer of at most 2^47 bytes, got one of more}}
func.func private @buffer_c5_extents(!ukernel.buffer<4294967296x4294967296xf32>)

// -----
// expected-error @+1 {{expected a buffer of at most 2^47 bytes, got one of more}}
func.func private @buffer_c5_halo(!ukernel.buffer<1x4x4x4xui8, halo = [9223372036854775807, 1, 1, 1], fill = 0>)

// -----
// expected-error @+1 {{expected halo, fill, capacity or axis, got stride}}
func.func private @buffer_key(!ukernel.buffer<4x4xui8, stride = 3>)

// -----
func.func @constant_c1_bytes() {
  // expected-error @+1 {{'ukernel.constant' op expected a plain buffer of 2 bytes, got '!ukernel.buffer<3xui8>'}}
  %t = ukernel.constant dense<0> : tensor<2xui8> -> !ukernel.buffer<3xui8>
  return
}

// -----
func.func @constant_c2_elided() {
  // expected-error @+1 {{'ukernel.constant' op expected the bytes of '__elided__', got none: weights were left out in printing}}
  %t = ukernel.constant dense_resource<__elided__> : tensor<2xui8> -> !ukernel.buffer<2xui8>
  return
}

// -----
func.func @view_c1_count(%x: !ukernel.buffer<4x4xui8>) {
  // expected-error @+1 {{'ukernel.view' op expected as many elements in input and result, got 16 and 8}}
  %y = ukernel.view %x : !ukernel.buffer<4x4xui8> -> !ukernel.buffer<8xui8>
  return
}

// -----
func.func @view_c2_plain(%x: !ukernel.buffer<4x4xui8, capacity = 8, axis = 1>) {
  // expected-error @+1 {{'ukernel.view' op expected plain buffers, or such with one capacity, got '!ukernel.buffer<4x4xui8, capacity = 8, axis = 1>' and '!ukernel.buffer<16xui8>'}}
  %y = ukernel.view %x : !ukernel.buffer<4x4xui8, capacity = 8, axis = 1> -> !ukernel.buffer<16xui8>
  return
}

// -----
func.func @view_c1_elements(%x: !ukernel.buffer<4x4xui8>) {
  // expected-error @+1 {{'ukernel.view' op expected input and result of one element type, got '!ukernel.buffer<4x4xui8>' and '!ukernel.buffer<16xi8>'}}
  %y = ukernel.view %x : !ukernel.buffer<4x4xui8> -> !ukernel.buffer<16xi8>
  return
}

// -----
func.func @conv_c1_halo(%x: !ukernel.buffer<1x4x4x4xui8>, %w: !ukernel.buffer<256xi8>) {
  // expected-error @+1 {{'ukernel.conv' op expected the input's halo to hold the padding, got 0 for a padding of 1}}
  %y = ukernel.conv %x, %w, %w {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, groups = 1 : i64, clamp = array<i32: 0, 255>}
      : (!ukernel.buffer<1x4x4x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>)
      -> !ukernel.buffer<1x4x4x4xui8>
  return
}

// -----
func.func @conv_c2_input(%x: !ukernel.buffer<4x4xui8>, %w: !ukernel.buffer<256xi8>) {
  // expected-error @+1 {{'ukernel.conv' op expected an input of four dimensions, got '!ukernel.buffer<4x4xui8>'}}
  %y = ukernel.conv %x, %w, %w {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, clamp = array<i32: 0, 255>}
      : (!ukernel.buffer<4x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>)
      -> !ukernel.buffer<1x4x4x4xui8>
  return
}

// -----
func.func @conv_c2_result(%x: !ukernel.buffer<1x4x4x4xui8>, %w: !ukernel.buffer<256xi8>) {
  // expected-error @+1 {{'ukernel.conv' op expected a result of four dimensions, got '!ukernel.buffer<4x4xui8>'}}
  %y = ukernel.conv %x, %w, %w {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, clamp = array<i32: 0, 255>}
      : (!ukernel.buffer<1x4x4x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>)
      -> !ukernel.buffer<4x4xui8>
  return
}

// -----
func.func @conv_c2_addend(%x: !ukernel.buffer<1x4x4x4xui8>, %w: !ukernel.buffer<256xi8>, %a: !ukernel.buffer<1x2x2x4xui8>) {
  // expected-error @+1 {{'ukernel.conv' op expected input and result of one shape, got '!ukernel.buffer<1x2x2x4xui8>' and '!ukernel.buffer<1x4x4x4xui8>'}}
  %y = ukernel.conv %x, %w, %w add %a {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, clamp = array<i32: 0, 255>,
      residual_integers = array<i32: 0, 0, 0, 255>, residual_scales = array<f32: 1.0, 1.0>}
      : (!ukernel.buffer<1x4x4x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<1x2x2x4xui8>)
      -> !ukernel.buffer<1x4x4x4xui8>
  return
}

// -----
func.func @conv_c3_no_residual(%x: !ukernel.buffer<1x4x4x4xui8>, %w: !ukernel.buffer<256xi8>, %a: !ukernel.buffer<1x4x4x4xui8>) {
  // expected-error @+1 {{'ukernel.conv' op expected 4 values in 'residual_integers', got 0}}
  %y = ukernel.conv %x, %w, %w add %a {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, clamp = array<i32: 0, 255>}
      : (!ukernel.buffer<1x4x4x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<1x4x4x4xui8>)
      -> !ukernel.buffer<1x4x4x4xui8>
  return
}

// -----
func.func @conv_c3_no_addend(%x: !ukernel.buffer<1x4x4x4xui8>, %w: !ukernel.buffer<256xi8>) {
  // expected-error @+1 {{'ukernel.conv' op expected 0 values in 'residual_scales', got 2}}
  %y = ukernel.conv %x, %w, %w {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, clamp = array<i32: 0, 255>, residual_scales = array<f32: 1.0, 1.0>}
      : (!ukernel.buffer<1x4x4x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>)
      -> !ukernel.buffer<1x4x4x4xui8>
  return
}

// -----
func.func @conv_c4_rows(%x: !ukernel.buffer<1x4x4x4xi8>, %w: !ukernel.buffer<256xi8>, %m: !ukernel.buffer<256xi8>) {
  // expected-error @+1 {{'ukernel.conv' op expected 'rows' exactly where the input holds bytes, got '!ukernel.buffer<1x4x4x4xi8>'}}
  %y = ukernel.conv %x, %w, %w multiplier %m {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, clamp = array<i32: 0, 255>, scaled}
      : (!ukernel.buffer<1x4x4x4xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>)
      -> !ukernel.buffer<1x4x4x4xf32>
  return
}

// -----
func.func @conv_c4_count(%x: !ukernel.buffer<1x4x4x4xi8>, %w: !ukernel.buffer<256xi8>, %m: !ukernel.buffer<256xi8>, %r: !ukernel.buffer<3xf32>) {
  // expected-error @+1 {{'ukernel.conv' op expected 1 scale or 16 in 'rows', got 3}}
  %y = ukernel.conv %x, %w, %w multiplier %m rows %r {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, clamp = array<i32: 0, 255>, scaled}
      : (!ukernel.buffer<1x4x4x4xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<3xf32>)
      -> !ukernel.buffer<1x4x4x4xf32>
  return
}

// -----
func.func @conv_c4_result(%x: !ukernel.buffer<1x4x4x4xi8>, %w: !ukernel.buffer<256xi8>, %m: !ukernel.buffer<256xi8>, %r: !ukernel.buffer<1xf32>) {
  // expected-error @+1 {{'ukernel.conv' op expected a scaled result of f32 without an addend, got '!ukernel.buffer<1x4x4x4xi8>'}}
  %y = ukernel.conv %x, %w, %w multiplier %m rows %r {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, clamp = array<i32: 0, 255>, scaled}
      : (!ukernel.buffer<1x4x4x4xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<1xf32>)
      -> !ukernel.buffer<1x4x4x4xi8>
  return
}

// -----
func.func @conv_c5_kernel(%x: !ukernel.buffer<1x4x4x4xui8>, %w: !ukernel.buffer<256xi8>) {
  // expected-error @+1 {{'ukernel.conv' op expected 2 values in 'kernel', got 1}}
  %y = ukernel.conv %x, %w, %w {kernel = array<i64: 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, clamp = array<i32: 0, 255>}
      : (!ukernel.buffer<1x4x4x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>)
      -> !ukernel.buffer<1x4x4x4xui8>
  return
}

// -----
func.func @conv_c5_dilations(%x: !ukernel.buffer<1x4x4x4xui8>, %w: !ukernel.buffer<256xi8>) {
  // expected-error @+1 {{'ukernel.conv' op expected 2 values in 'dilations', got 3}}
  %y = ukernel.conv %x, %w, %w {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, clamp = array<i32: 0, 255>}
      : (!ukernel.buffer<1x4x4x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>)
      -> !ukernel.buffer<1x4x4x4xui8>
  return
}

// -----
func.func @conv_c5_clamp(%x: !ukernel.buffer<1x4x4x4xui8>, %w: !ukernel.buffer<256xi8>) {
  // expected-error @+1 {{'ukernel.conv' op expected 2 values in 'clamp', got 1}}
  %y = ukernel.conv %x, %w, %w {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, clamp = array<i32: 0>}
      : (!ukernel.buffer<1x4x4x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>)
      -> !ukernel.buffer<1x4x4x4xui8>
  return
}

// -----
func.func @conv_transpose_c1_input(%x: !ukernel.buffer<4x4xf32>, %w: !ukernel.buffer<64xi8>) {
  // expected-error @+1 {{'ukernel.conv_transpose' op expected an input of four dimensions, got '!ukernel.buffer<4x4xf32>'}}
  %y = ukernel.conv_transpose %x, %w {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, clamp = array<i32: 0, 255>}
      : (!ukernel.buffer<4x4xf32>, !ukernel.buffer<64xi8>)
      -> !ukernel.buffer<1x4x4x4xf32>
  return
}

// -----
func.func @conv_transpose_c2_bias(%x: !ukernel.buffer<1x4x4x4xui8>, %w: !ukernel.buffer<64xi8>) {
  // expected-error @+1 {{'ukernel.conv_transpose' op expected a bias and multipliers for an integer result, got no bias}}
  %y = ukernel.conv_transpose %x, %w {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, clamp = array<i32: 0, 255>}
      : (!ukernel.buffer<1x4x4x4xui8>, !ukernel.buffer<64xi8>)
      -> !ukernel.buffer<1x4x4x4xui8>
  return
}

// -----
func.func @conv_transpose_c2_multipliers(%x: !ukernel.buffer<1x4x4x4xui8>, %w: !ukernel.buffer<64xi8>, %c: !ukernel.buffer<4xi32>) {
  // expected-error @+1 {{'ukernel.conv_transpose' op expected a bias and multipliers for an integer result, got no multipliers}}
  %y = ukernel.conv_transpose %x, %w bias %c {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, clamp = array<i32: 0, 255>}
      : (!ukernel.buffer<1x4x4x4xui8>, !ukernel.buffer<64xi8>, !ukernel.buffer<4xi32>)
      -> !ukernel.buffer<1x4x4x4xui8>
  return
}

// -----
func.func @conv_transpose_c3_strides(%x: !ukernel.buffer<1x4x4x4xf32>, %w: !ukernel.buffer<64xi8>) {
  // expected-error @+1 {{'ukernel.conv_transpose' op expected 2 values in 'strides', got 1}}
  %y = ukernel.conv_transpose %x, %w {kernel = array<i64: 1, 1>, strides = array<i64: 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, clamp = array<i32: 0, 255>}
      : (!ukernel.buffer<1x4x4x4xf32>, !ukernel.buffer<64xi8>)
      -> !ukernel.buffer<1x4x4x4xf32>
  return
}

// -----
func.func @conv_transpose_c3_pads(%x: !ukernel.buffer<1x4x4x4xf32>, %w: !ukernel.buffer<64xi8>) {
  // expected-error @+1 {{'ukernel.conv_transpose' op expected 4 values in 'pads', got 2}}
  %y = ukernel.conv_transpose %x, %w {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0>, groups = 1 : i64, clamp = array<i32: 0, 255>}
      : (!ukernel.buffer<1x4x4x4xf32>, !ukernel.buffer<64xi8>)
      -> !ukernel.buffer<1x4x4x4xf32>
  return
}

// -----
func.func @matmul_c1_rank(%a: !ukernel.buffer<4xf32>, %b: !ukernel.buffer<4x4xf32>) {
  // expected-error @+1 {{'ukernel.matmul' op expected at least two dimensions, got '!ukernel.buffer<4xf32>', '!ukernel.buffer<4x4xf32>' and '!ukernel.buffer<4x4xf32>'}}
  %y = ukernel.matmul %a, %b : (!ukernel.buffer<4xf32>, !ukernel.buffer<4x4xf32>) -> !ukernel.buffer<4x4xf32>
  return
}

// -----
func.func @matmul_c1_contracted(%a: !ukernel.buffer<2x3xf32>, %b: !ukernel.buffer<4x5xf32>) {
  // expected-error @+1 {{'ukernel.matmul' op expected equal contracted extents, got 3 and 4}}
  %y = ukernel.matmul %a, %b : (!ukernel.buffer<2x3xf32>, !ukernel.buffer<4x5xf32>) -> !ukernel.buffer<2x5xf32>
  return
}

// -----
func.func @matmul_c1_rows(%a: !ukernel.buffer<2x4xf32>, %b: !ukernel.buffer<4x5xf32>) {
  // expected-error @+1 {{'ukernel.matmul' op expected a result of the operands' rows, columns and leading dimensions, got '!ukernel.buffer<2x4xf32>', '!ukernel.buffer<4x5xf32>' and '!ukernel.buffer<3x5xf32>'}}
  %y = ukernel.matmul %a, %b : (!ukernel.buffer<2x4xf32>, !ukernel.buffer<4x5xf32>) -> !ukernel.buffer<3x5xf32>
  return
}

// -----
func.func @matmul_c1_leading(%a: !ukernel.buffer<3x2x4xf32>, %b: !ukernel.buffer<2x4x5xf32>) {
  // expected-error @+1 {{'ukernel.matmul' op expected a result of the operands' rows, columns and leading dimensions, got '!ukernel.buffer<3x2x4xf32>', '!ukernel.buffer<2x4x5xf32>' and '!ukernel.buffer<3x2x5xf32>'}}
  %y = ukernel.matmul %a, %b : (!ukernel.buffer<3x2x4xf32>, !ukernel.buffer<2x4x5xf32>) -> !ukernel.buffer<3x2x5xf32>
  return
}

// -----
func.func @matmul_c1_rank(%a: !ukernel.buffer<2x4xf32>, %b: !ukernel.buffer<4x5xf32>) {
  // expected-error @+1 {{'ukernel.matmul' op expected a result of the operands' rows, columns and leading dimensions, got '!ukernel.buffer<2x4xf32>', '!ukernel.buffer<4x5xf32>' and '!ukernel.buffer<1x2x5xf32>'}}
  %y = ukernel.matmul %a, %b : (!ukernel.buffer<2x4xf32>, !ukernel.buffer<4x5xf32>) -> !ukernel.buffer<1x2x5xf32>
  return
}

// -----
func.func @matmul_c2_multipliers(%a: !ukernel.buffer<4x4xui8>, %b: !ukernel.buffer<4x4xui8>, %c: !ukernel.buffer<4xi32>) {
  // expected-error @+1 {{'ukernel.matmul' op expected a bias and multipliers for an integer result, got no multipliers}}
  %y = ukernel.matmul %a, %b bias %c : (!ukernel.buffer<4x4xui8>, !ukernel.buffer<4x4xui8>, !ukernel.buffer<4xi32>) -> !ukernel.buffer<4x4xui8>
  return
}

// -----
func.func @matmul_c3_clamp(%a: !ukernel.buffer<2x4xf32>, %b: !ukernel.buffer<4x5xf32>) {
  // expected-error @+1 {{'ukernel.matmul' op expected 2 values in 'clamp', got 1}}
  %y = ukernel.matmul %a, %b {clamp = array<i32: 0>} : (!ukernel.buffer<2x4xf32>, !ukernel.buffer<4x5xf32>) -> !ukernel.buffer<2x5xf32>
  return
}

// -----
func.func @binary_c1_rank(%a: !ukernel.buffer<4xf32>, %b: !ukernel.buffer<2x4xf32>) {
  // expected-error @+1 {{'ukernel.binary' op expected operands of the result's rank, got '!ukernel.buffer<4xf32>' and '!ukernel.buffer<2x4xf32>'}}
  %y = ukernel.binary %a, %b {kind = #ukernel.binary_kind<add>}
      : !ukernel.buffer<4xf32>, !ukernel.buffer<2x4xf32> -> !ukernel.buffer<2x4xf32>
  return
}

// -----
func.func @binary_c1_extent(%a: !ukernel.buffer<2x4xf32>, %b: !ukernel.buffer<2x3xf32>) {
  // expected-error @+1 {{'ukernel.binary' op expected operands that broadcast to the result, got '!ukernel.buffer<2x3xf32>' and '!ukernel.buffer<2x4xf32>'}}
  %y = ukernel.binary %a, %b {kind = #ukernel.binary_kind<add>}
      : !ukernel.buffer<2x4xf32>, !ukernel.buffer<2x3xf32> -> !ukernel.buffer<2x4xf32>
  return
}

// -----
func.func @binary_c2_kinds(%a: !ukernel.buffer<4xui8>, %b: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{'ukernel.binary' op expected f32 or integers, one of them in and out, got '!ukernel.buffer<4xui8>' and '!ukernel.buffer<4xf32>'}}
  %y = ukernel.binary %a, %b {kind = #ukernel.binary_kind<add>}
      : !ukernel.buffer<4xui8>, !ukernel.buffer<4xf32> -> !ukernel.buffer<4xf32>
  return
}

// -----
func.func @binary_c2_words(%a: !ukernel.buffer<4xi32>, %b: !ukernel.buffer<4xi32>) {
  // expected-error @+1 {{'ukernel.binary' op expected f32 or integers, one of them in and out, got '!ukernel.buffer<4xi32>' and '!ukernel.buffer<4xi32>'}}
  %y = ukernel.binary %a, %b {kind = #ukernel.binary_kind<add>}
      : !ukernel.buffer<4xi32>, !ukernel.buffer<4xi32> -> !ukernel.buffer<4xi32>
  return
}

// -----
func.func @binary_c2_division(%a: !ukernel.buffer<4xui8>, %b: !ukernel.buffer<4xui8>) {
  // expected-error @+1 {{'ukernel.binary' op expected integers to be added or multiplied, got div}}
  %y = ukernel.binary %a, %b {kind = #ukernel.binary_kind<div>}
      : !ukernel.buffer<4xui8>, !ukernel.buffer<4xui8> -> !ukernel.buffer<4xui8>
  return
}

// -----
func.func @binary_c2_scales(%a: !ukernel.buffer<4xui8>, %b: !ukernel.buffer<4xui8>) {
  // expected-error @+1 {{'ukernel.binary' op expected 1 values in 'scales', got 2}}
  %y = ukernel.binary %a, %b {kind = #ukernel.binary_kind<mul>, scales = array<f32: 1.0, 1.0>}
      : !ukernel.buffer<4xui8>, !ukernel.buffer<4xui8> -> !ukernel.buffer<4xui8>
  return
}

// -----
func.func @binary_c2_zero_points(%a: !ukernel.buffer<4xui8>, %b: !ukernel.buffer<4xui8>) {
  // expected-error @+1 {{'ukernel.binary' op expected 3 values in 'zero_points', got 0}}
  %y = ukernel.binary %a, %b {kind = #ukernel.binary_kind<mul>, scales = array<f32: 1.0>}
      : !ukernel.buffer<4xui8>, !ukernel.buffer<4xui8> -> !ukernel.buffer<4xui8>
  return
}

// -----
func.func @binary_c2_clamp(%a: !ukernel.buffer<4xui8>, %b: !ukernel.buffer<4xui8>) {
  // expected-error @+1 {{'ukernel.binary' op expected 2 values in 'clamp', got 0}}
  %y = ukernel.binary %a, %b {kind = #ukernel.binary_kind<mul>, scales = array<f32: 1.0>, zero_points = array<i32: 0, 0, 0>}
      : !ukernel.buffer<4xui8>, !ukernel.buffer<4xui8> -> !ukernel.buffer<4xui8>
  return
}

// -----
func.func @unary_c1_shape(%x: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{'ukernel.unary' op expected input and result of one shape, got '!ukernel.buffer<4xf32>' and '!ukernel.buffer<5xf32>'}}
  %y = ukernel.unary %x {function = "exp"} : !ukernel.buffer<4xf32> -> !ukernel.buffer<5xf32>
  return
}

// -----
func.func @unary_c1_bytes(%x: !ukernel.buffer<4xui8>) {
  // expected-error @+1 {{'ukernel.unary' op expected f32 in and out, got '!ukernel.buffer<4xui8>' and '!ukernel.buffer<4xui8>'}}
  %y = ukernel.unary %x {function = "exp"} : !ukernel.buffer<4xui8> -> !ukernel.buffer<4xui8>
  return
}

// -----
func.func @unary_c2_function(%x: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{'ukernel.unary' op unknown function 'cube'}}
  %y = ukernel.unary %x {function = "cube"} : !ukernel.buffer<4xf32> -> !ukernel.buffer<4xf32>
  return
}

// -----
func.func @unary_c2_parameters(%x: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{'ukernel.unary' op expected 1 values in 'parameters', got 0}}
  %y = ukernel.unary %x {function = "elu"} : !ukernel.buffer<4xf32> -> !ukernel.buffer<4xf32>
  return
}

// -----
func.func @lookup_c1_float(%x: !ukernel.buffer<4xf32>, %t: !ukernel.buffer<256xui8>) {
  // expected-error @+1 {{'ukernel.lookup' op expected bytes in and out, got '!ukernel.buffer<4xf32>' and '!ukernel.buffer<4xui8>'}}
  %y = ukernel.lookup %x, %t : !ukernel.buffer<4xf32>, !ukernel.buffer<256xui8> -> !ukernel.buffer<4xui8>
  return
}

// -----
func.func @lookup_c1_entries(%x: !ukernel.buffer<4xui8>, %t: !ukernel.buffer<128xui8>) {
  // expected-error @+1 {{'ukernel.lookup' op expected a table of 256 elements of the result's type, got '!ukernel.buffer<128xui8>' and '!ukernel.buffer<4xui8>'}}
  %y = ukernel.lookup %x, %t : !ukernel.buffer<4xui8>, !ukernel.buffer<128xui8> -> !ukernel.buffer<4xui8>
  return
}

// -----
func.func @lookup_c1_type(%x: !ukernel.buffer<4xui8>, %t: !ukernel.buffer<256xi8>) {
  // expected-error @+1 {{'ukernel.lookup' op expected a table of 256 elements of the result's type, got '!ukernel.buffer<256xi8>' and '!ukernel.buffer<4xui8>'}}
  %y = ukernel.lookup %x, %t : !ukernel.buffer<4xui8>, !ukernel.buffer<256xi8> -> !ukernel.buffer<4xui8>
  return
}

// -----
func.func @quantize_c1_types(%x: !ukernel.buffer<4xui8>) {
  // expected-error @+1 {{'ukernel.quantize' op expected f32 in and bytes or i16 out, got '!ukernel.buffer<4xui8>' and '!ukernel.buffer<4xui8>'}}
  %y = ukernel.quantize %x {scale = 0.5 : f32, zero_point = 128 : i32, clamp = array<i32: 0, 255>} : !ukernel.buffer<4xui8> -> !ukernel.buffer<4xui8>
  return
}

// -----
func.func @quantize_c1_permutation(%x: !ukernel.buffer<2x4xf32>) {
  // expected-error @+1 {{'ukernel.quantize' op expected the result's shape to be the input's permuted, got '!ukernel.buffer<2x4xf32>' and '!ukernel.buffer<2x4xui8>'}}
  %y = ukernel.quantize %x {scale = 0.5 : f32, zero_point = 128 : i32, clamp = array<i32: 0, 255>, permutation = array<i64: 1, 0>} : !ukernel.buffer<2x4xf32> -> !ukernel.buffer<2x4xui8>
  return
}

// -----
func.func @quantize_c2_clamp(%x: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{'ukernel.quantize' op expected 2 values in 'clamp', got 0}}
  %y = ukernel.quantize %x {scale = 0.5 : f32, zero_point = 128 : i32, clamp = array<i32>} : !ukernel.buffer<4xf32> -> !ukernel.buffer<4xui8>
  return
}

// -----
func.func @dequantize_c1_types(%x: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{'ukernel.dequantize' op expected bytes or i16 in and f32 out, got '!ukernel.buffer<4xf32>' and '!ukernel.buffer<4xf32>'}}
  %y = ukernel.dequantize %x {scale = 0.5 : f32, zero_point = 128 : i32} : !ukernel.buffer<4xf32> -> !ukernel.buffer<4xf32>
  return
}

// -----
func.func @requantize_c1_types(%x: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{'ukernel.requantize' op expected bytes or i16 in and out, got '!ukernel.buffer<4xf32>' and '!ukernel.buffer<4xui8>'}}
  %y = ukernel.requantize %x {scale = 0.5 : f32, zero_points = array<i32: 3, 0>, clamp = array<i32: 0, 255>} : !ukernel.buffer<4xf32> -> !ukernel.buffer<4xui8>
  return
}

// -----
func.func @requantize_c2_zero_points(%x: !ukernel.buffer<4xui8>) {
  // expected-error @+1 {{'ukernel.requantize' op expected 2 values in 'zero_points', got 1}}
  %y = ukernel.requantize %x {scale = 0.5 : f32, zero_points = array<i32: 3>, clamp = array<i32: 0, 255>} : !ukernel.buffer<4xui8> -> !ukernel.buffer<4xui8>
  return
}

// -----
func.func @requantize_c2_clamp(%x: !ukernel.buffer<4xui8>) {
  // expected-error @+1 {{'ukernel.requantize' op expected 2 values in 'clamp', got 1}}
  %y = ukernel.requantize %x {scale = 0.5 : f32, zero_points = array<i32: 3, 0>, clamp = array<i32: 0>} : !ukernel.buffer<4xui8> -> !ukernel.buffer<4xui8>
  return
}

// -----
func.func @row_scale_c1_rank(%x: !ukernel.buffer<2x4xf32>) {
  // expected-error @+1 {{'ukernel.row_scale' op expected a result of rank 2, got '!ukernel.buffer<2xf32>'}}
  %y = ukernel.row_scale %x {row_dims = 2 : i64, levels = 127 : i32} : !ukernel.buffer<2x4xf32> -> !ukernel.buffer<2xf32>
  return
}

// -----
func.func @row_scale_c1_extents(%x: !ukernel.buffer<2x4xf32>) {
  // expected-error @+1 {{'ukernel.row_scale' op expected f32 rows, and plain f32 scales of their leading extents, got '!ukernel.buffer<2x4xf32>' and '!ukernel.buffer<3xf32>'}}
  %y = ukernel.row_scale %x {row_dims = 1 : i64, levels = 127 : i32} : !ukernel.buffer<2x4xf32> -> !ukernel.buffer<3xf32>
  return
}

// -----
func.func @row_scale_c2_levels(%x: !ukernel.buffer<2x4xf32>) {
  // expected-error @+1 {{'ukernel.row_scale' op expected 127 or 255 levels, got 7}}
  %y = ukernel.row_scale %x {row_dims = 1 : i64, levels = 7 : i32} : !ukernel.buffer<2x4xf32> -> !ukernel.buffer<2xf32>
  return
}

// -----
func.func @row_quantize_c1_scale(%x: !ukernel.buffer<2x4xf32>, %s: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{'ukernel.row_quantize' op expected f32 rows, and plain f32 scales of their leading extents, got '!ukernel.buffer<2x4xf32>' and '!ukernel.buffer<4xf32>'}}
  %q = ukernel.row_quantize %x, %s : !ukernel.buffer<2x4xf32>, !ukernel.buffer<4xf32> -> !ukernel.buffer<2x4xi8>
  return
}

// -----
func.func @row_quantize_c3_signed(%x: !ukernel.buffer<2x4xf32>, %s: !ukernel.buffer<2xf32>) {
  // expected-error @+1 {{'ukernel.row_quantize' op expected a centered result of ui8 without an encoding, got '!ukernel.buffer<2x4xi8>'}}
  %q = ukernel.row_quantize %x, %s {centered} : !ukernel.buffer<2x4xf32>, !ukernel.buffer<2xf32> -> !ukernel.buffer<2x4xi8>
  return
}

// -----
func.func @row_quantize_c3_halo(%x: !ukernel.buffer<1x4x4x3xf32>, %s: !ukernel.buffer<1xf32>) {
  // expected-error @+1 {{'ukernel.row_quantize' op expected a plain buffer, got '!ukernel.buffer<1x4x4x3xui8, halo = [1, 1, 1, 1], fill = 0>'}}
  %q = ukernel.row_quantize %x, %s {centered} : !ukernel.buffer<1x4x4x3xf32>, !ukernel.buffer<1xf32> -> !ukernel.buffer<1x4x4x3xui8, halo = [1, 1, 1, 1], fill = 0>
  return
}

// -----
func.func @row_quantize_c1_bytes(%x: !ukernel.buffer<2x4xf32>, %s: !ukernel.buffer<2xf32>) {
  // expected-error @+1 {{'ukernel.row_quantize' op expected bytes out, got '!ukernel.buffer<2x4xf32>'}}
  %q = ukernel.row_quantize %x, %s : !ukernel.buffer<2x4xf32>, !ukernel.buffer<2xf32> -> !ukernel.buffer<2x4xf32>
  return
}

// -----
func.func @max_pool_c1_elements(%x: !ukernel.buffer<1x8x8x3xui8>) {
  // expected-error @+1 {{'ukernel.max_pool' op expected input and result of one element type, got '!ukernel.buffer<1x8x8x3xui8>' and '!ukernel.buffer<1x4x4x3xi8>'}}
  %y = ukernel.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : !ukernel.buffer<1x8x8x3xui8> -> !ukernel.buffer<1x4x4x3xi8>
  return
}

// -----
func.func @max_pool_c2_kernel(%x: !ukernel.buffer<1x8x8x3xui8>) {
  // expected-error @+1 {{'ukernel.max_pool' op expected 2 values in 'kernel', got 1}}
  %y = ukernel.max_pool %x {kernel = array<i64: 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : !ukernel.buffer<1x8x8x3xui8> -> !ukernel.buffer<1x4x4x3xui8>
  return
}

// -----
func.func @avg_pool_c1_image(%x: !ukernel.buffer<8x3xui8>) {
  // expected-error @+1 {{'ukernel.avg_pool' op expected an input of four dimensions, got '!ukernel.buffer<8x3xui8>'}}
  %y = ukernel.avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>} : !ukernel.buffer<8x3xui8> -> !ukernel.buffer<1x4x4x3xui8>
  return
}

// -----
func.func @avg_pool_c1_words(%x: !ukernel.buffer<1x8x8x3xi32>) {
  // expected-error @+1 {{'ukernel.avg_pool' op expected f32 or integers, one of them in and out, got '!ukernel.buffer<1x8x8x3xi32>' and '!ukernel.buffer<1x4x4x3xi32>'}}
  %y = ukernel.avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>} : !ukernel.buffer<1x8x8x3xi32> -> !ukernel.buffer<1x4x4x3xi32>
  return
}

// -----
func.func @avg_pool_c2_zero_points(%x: !ukernel.buffer<1x8x8x3xui8>) {
  // expected-error @+1 {{'ukernel.avg_pool' op expected 2 values in 'zero_points', got 1}}
  %y = ukernel.avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, zero_points = array<i32: 0>} : !ukernel.buffer<1x8x8x3xui8> -> !ukernel.buffer<1x4x4x3xui8>
  return
}

// -----
func.func @softmax_c1_axis(%x: !ukernel.buffer<2x10xf32>) {
  // expected-error @+1 {{'ukernel.softmax' op expected an axis in [0, 2), got 2}}
  %y = ukernel.softmax %x {axis = 2 : i64} : (!ukernel.buffer<2x10xf32>) -> !ukernel.buffer<2x10xf32>
  return
}

// -----
func.func @softmax_c1_words(%x: !ukernel.buffer<2x10xi32>) {
  // expected-error @+1 {{'ukernel.softmax' op expected f32, bytes or i16, got '!ukernel.buffer<2x10xi32>'}}
  %y = ukernel.softmax %x {axis = 1 : i64} : (!ukernel.buffer<2x10xi32>) -> !ukernel.buffer<2x10xf32>
  return
}

// -----
func.func @softmax_c2_mask(%x: !ukernel.buffer<2x10xf32>, %m: !ukernel.buffer<2x5xf32>) {
  // expected-error @+1 {{'ukernel.softmax' op expected a plain f32 mask that broadcasts to '!ukernel.buffer<2x10xf32>', got '!ukernel.buffer<2x5xf32>'}}
  %y = ukernel.softmax %x mask %m {axis = 1 : i64} : (!ukernel.buffer<2x10xf32>, !ukernel.buffer<2x5xf32>) -> !ukernel.buffer<2x10xf32>
  return
}

// -----
func.func @softmax_c3_scales(%x: !ukernel.buffer<2x10xf32>) {
  // expected-error @+1 {{'ukernel.softmax' op expected 2 values in 'scales', got 1}}
  %y = ukernel.softmax %x {axis = 1 : i64, scales = array<f32: 1.0>} : (!ukernel.buffer<2x10xf32>) -> !ukernel.buffer<2x10xf32>
  return
}

// -----
func.func @norm_c1_axis(%x: !ukernel.buffer<2x10xf32>) {
  // expected-error @+1 {{'ukernel.norm' op expected an axis in [0, 2), got 2}}
  %y = ukernel.norm %x {axis = 2 : i64, epsilon = 0.0 : f32} : (!ukernel.buffer<2x10xf32>) -> !ukernel.buffer<2x10xf32>
  return
}

// -----
func.func @norm_c2_capacity(%x: !ukernel.buffer<2x10xf32, capacity = 16, axis = 1>) {
  // expected-error @+1 {{'ukernel.norm' op expected a plain buffer, got '!ukernel.buffer<2x10xf32, capacity = 16, axis = 1>'}}
  %y = ukernel.norm %x {axis = 0 : i64, epsilon = 0.0 : f32} : (!ukernel.buffer<2x10xf32, capacity = 16, axis = 1>) -> !ukernel.buffer<2x10xf32>
  return
}

// -----
func.func @norm_c3_bias(%x: !ukernel.buffer<2x10xf32>, %b: !ukernel.buffer<2xf32>) {
  // expected-error @+1 {{'ukernel.norm' op expected plain f32 of the elements of a row of '!ukernel.buffer<2x10xf32>', got '!ukernel.buffer<2xf32>'}}
  %y = ukernel.norm %x bias %b {axis = 1 : i64, epsilon = 0.0 : f32} : (!ukernel.buffer<2x10xf32>, !ukernel.buffer<2xf32>) -> !ukernel.buffer<2x10xf32>
  return
}

// -----
func.func @norm_c4_clamp(%x: !ukernel.buffer<2x10xf32>) {
  // expected-error @+1 {{'ukernel.norm' op expected 2 values in 'clamp', got 1}}
  %y = ukernel.norm %x {axis = 1 : i64, epsilon = 0.0 : f32, clamp = array<i32: 1>} : (!ukernel.buffer<2x10xf32>) -> !ukernel.buffer<2x10xf32>
  return
}

// -----
func.func @gather_rows_c1_shape(%t: !ukernel.buffer<7x4xf32>, %i: !ukernel.buffer<2x3xi32>) {
  // expected-error @+1 {{'ukernel.gather_rows' op expected the indices' extents and a row's, got '!ukernel.buffer<6x4xf32>'}}
  %y = ukernel.gather_rows %t, %i : (!ukernel.buffer<7x4xf32>, !ukernel.buffer<2x3xi32>) -> !ukernel.buffer<6x4xf32>
  return
}

// -----
func.func @gather_rows_c2_elements(%t: !ukernel.buffer<7x4xi8>, %i: !ukernel.buffer<3xi32>) {
  // expected-error @+1 {{'ukernel.gather_rows' op expected}}
  %y = ukernel.gather_rows %t, %i : (!ukernel.buffer<7x4xi8>, !ukernel.buffer<3xi32>) -> !ukernel.buffer<3x4xf32>
  return
}

// -----
func.func @gather_rows_c3_scale(%t: !ukernel.buffer<7x4xi8>, %i: !ukernel.buffer<3xi32>, %s: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{'ukernel.gather_rows' op expected rows of i8, an f32 scale for each, and f32 out, got '!ukernel.buffer<7x4xi8>', '!ukernel.buffer<4xf32>' and '!ukernel.buffer<3x4xf32>'}}
  %y = ukernel.gather_rows %t, %i scale %s : (!ukernel.buffer<7x4xi8>, !ukernel.buffer<3xi32>, !ukernel.buffer<4xf32>) -> !ukernel.buffer<3x4xf32>
  return
}

// -----
func.func @reduce_c1_rank(%x: !ukernel.buffer<4x2xf32>) {
  // expected-error @+1 {{'ukernel.reduce' op expected input and result of one rank, got '!ukernel.buffer<4x2xf32>' and '!ukernel.buffer<2xf32>'}}
  %y = ukernel.reduce %x {kind = "sum", axes = array<i64: 0>} : !ukernel.buffer<4x2xf32> -> !ukernel.buffer<2xf32>
  return
}

// -----
func.func @reduce_c1_extent(%x: !ukernel.buffer<4x2xf32>) {
  // expected-error @+1 {{'ukernel.reduce' op expected extent 1 of dimension 0, got 4}}
  %y = ukernel.reduce %x {kind = "sum", axes = array<i64: 0>} : !ukernel.buffer<4x2xf32> -> !ukernel.buffer<4x2xf32>
  return
}

// -----
func.func @reduce_c2_kind(%x: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{'ukernel.reduce' op expected kind sum, mean, max, min or prod, got median}}
  %y = ukernel.reduce %x {kind = "median", axes = array<i64: 0>} : !ukernel.buffer<4xf32> -> !ukernel.buffer<1xf32>
  return
}

// -----
func.func @transpose_c1_permutation(%x: !ukernel.buffer<2x2xf32>) {
  // expected-error @+1 {{'ukernel.transpose' op expected the result's shape to be the input's permuted, got '!ukernel.buffer<2x2xf32>' and '!ukernel.buffer<2x2xf32>'}}
  %y = ukernel.transpose %x {permutation = array<i64: 0, 0>} : !ukernel.buffer<2x2xf32> -> !ukernel.buffer<2x2xf32>
  return
}

// -----
func.func @slice_c1_inside(%x: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{'ukernel.slice' op expected indices in [0, 4) of dimension 0, got [2, 4]}}
  %y = ukernel.slice %x {starts = array<i64: 2>, steps = array<i64: 1>} : !ukernel.buffer<4xf32> -> !ukernel.buffer<3xf32>
  return
}

// -----
func.func @slice_c1_steps(%x: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{'ukernel.slice' op expected 1 values in 'steps', got 0}}
  %y = ukernel.slice %x {starts = array<i64: 2>, steps = array<i64>} : !ukernel.buffer<4xf32> -> !ukernel.buffer<1xf32>
  return
}

// -----
func.func @slice_c1_rank(%x: !ukernel.buffer<2x4xf32>) {
  // expected-error @+1 {{'ukernel.slice' op expected input and result of one rank, got '!ukernel.buffer<2x4xf32>' and '!ukernel.buffer<4xf32>'}}
  %y = ukernel.slice %x {starts = array<i64: 0, 0>, steps = array<i64: 1, 1>} : !ukernel.buffer<2x4xf32> -> !ukernel.buffer<4xf32>
  return
}

// -----
func.func @pad_c1_rank(%x: !ukernel.buffer<3xf32>) {
  // expected-error @+1 {{'ukernel.pad' op expected input and result of one rank, got '!ukernel.buffer<3xf32>' and '!ukernel.buffer<1x6xf32>'}}
  %y = ukernel.pad %x {low = array<i64: 0>} : !ukernel.buffer<3xf32> -> !ukernel.buffer<1x6xf32>
  return
}

// -----
func.func @pad_c1_low(%x: !ukernel.buffer<3xf32>) {
  // expected-error @+1 {{'ukernel.pad' op expected 1 values in 'low', got 2}}
  %y = ukernel.pad %x {low = array<i64: 0, 1>} : !ukernel.buffer<3xf32> -> !ukernel.buffer<6xf32>
  return
}

// -----
func.func @gather_c1_rank(%x: !ukernel.buffer<2xf32>, %i: !ukernel.buffer<4xi32>) {
  // expected-error @+1 {{'ukernel.gather' op expected input and result of one rank, got '!ukernel.buffer<2xf32>' and '!ukernel.buffer<1x4xf32>'}}
  %y = ukernel.gather %x, %i {axes = array<i64: 1>} : !ukernel.buffer<2xf32>, !ukernel.buffer<4xi32> -> !ukernel.buffer<1x4xf32>
  return
}

// -----
func.func @gather_c1_extent(%x: !ukernel.buffer<2x2xf32>, %i: !ukernel.buffer<4xi32>) {
  // expected-error @+1 {{'ukernel.gather' op expected extent 2 of dimension 0, got 3}}
  %y = ukernel.gather %x, %i {axes = array<i64: 1>} : !ukernel.buffer<2x2xf32>, !ukernel.buffer<4xi32> -> !ukernel.buffer<3x4xf32>
  return
}

// -----
func.func @gather_c2_axis(%x: !ukernel.buffer<1x2xf32>, %i: !ukernel.buffer<4xi32>) {
  // expected-error @+1 {{'ukernel.gather' op expected axes in [0, 2), got 2}}
  %y = ukernel.gather %x, %i {axes = array<i64: 2>} : !ukernel.buffer<1x2xf32>, !ukernel.buffer<4xi32> -> !ukernel.buffer<1x4xf32>
  return
}

// -----
func.func @gather_c2_count(%x: !ukernel.buffer<1x2xf32>, %i: !ukernel.buffer<3xi32>) {
  // expected-error @+1 {{'ukernel.gather' op expected 4 indices of type i32, got '!ukernel.buffer<3xi32>'}}
  %y = ukernel.gather %x, %i {axes = array<i64: 1>} : !ukernel.buffer<1x2xf32>, !ukernel.buffer<3xi32> -> !ukernel.buffer<1x4xf32>
  return
}

// -----
func.func @view_c2_capacity(%x: !ukernel.buffer<4x[d0]x8xf32, capacity = 64, axis = 1>) {
  // expected-error @+1 {{'ukernel.view' op expected plain buffers, or such with one capacity, got '!ukernel.buffer<4x[d0]x8xf32, capacity = 64, axis = 1>' and '!ukernel.buffer<2x[d0]x16xf32, capacity = 64, axis = 1>'}}
  %y = ukernel.view %x : !ukernel.buffer<4x[d0]x8xf32, capacity = 64, axis = 1> -> !ukernel.buffer<2x[d0]x16xf32, capacity = 64, axis = 1>
  return
}

// -----
func.func @append_c1_sum(%p: !ukernel.buffer<4x2xf32, capacity = 8, axis = 0>, %b: !ukernel.buffer<4x2xf32>) {
  // expected-error @+1 {{'ukernel.append' op expected extents that add up to 7, got 8}}
  %y = ukernel.append %p, %b {axis = 0 : i64} : !ukernel.buffer<4x2xf32, capacity = 8, axis = 0>, !ukernel.buffer<4x2xf32>
      -> !ukernel.buffer<7x2xf32, capacity = 8, axis = 0>
  return
}

// -----
func.func @append_c2_capacity(%p: !ukernel.buffer<4x2xf32, capacity = 8, axis = 0>, %b: !ukernel.buffer<4x2xf32>) {
  // expected-error @+1 {{'ukernel.append' op expected one capacity along dimension 0, got '!ukernel.buffer<4x2xf32, capacity = 8, axis = 0>' and '!ukernel.buffer<8x2xf32, capacity = 9, axis = 0>'}}
  %y = ukernel.append %p, %b {axis = 0 : i64} : !ukernel.buffer<4x2xf32, capacity = 8, axis = 0>, !ukernel.buffer<4x2xf32>
      -> !ukernel.buffer<8x2xf32, capacity = 9, axis = 0>
  return
}

// -----
func.func @concat_c1_axis(%a: !ukernel.buffer<4xf32>, %b: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{'ukernel.concat' op expected an axis in [0, 1), got 1}}
  %y = ukernel.concat %a, %b {axis = 1 : i64} : !ukernel.buffer<4xf32>, !ukernel.buffer<4xf32> -> !ukernel.buffer<8xf32>
  return
}

// -----
func.func @concat_c1_extent(%a: !ukernel.buffer<2x4xf32>, %b: !ukernel.buffer<3x4xf32>) {
  // expected-error @+1 {{'ukernel.concat' op expected inputs that agree with the result but along the axis, got '!ukernel.buffer<3x4xf32>' and '!ukernel.buffer<2x8xf32>'}}
  %y = ukernel.concat %a, %b {axis = 1 : i64} : !ukernel.buffer<2x4xf32>, !ukernel.buffer<3x4xf32> -> !ukernel.buffer<2x8xf32>
  return
}

// -----
func.func @concat_c1_sum(%a: !ukernel.buffer<4xf32>, %b: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{'ukernel.concat' op expected extents that add up to 9, got 8}}
  %y = ukernel.concat %a, %b {axis = 0 : i64} : !ukernel.buffer<4xf32>, !ukernel.buffer<4xf32> -> !ukernel.buffer<9xf32>
  return
}

// -----
// expected-error @+1 {{expected a fill that 'i16' holds, got 32768}}
func.func private @buffer_c4_fill_of_words(!ukernel.buffer<1x2x2x1xi16, halo = [1, 1, 1, 1], fill = 32768>)

// -----
func.func @lookup_c1_words(%x: !ukernel.buffer<4xi16>, %t: !ukernel.buffer<256xi8>) {
  // expected-error @+1 {{'ukernel.lookup' op expected bytes in and out, got '!ukernel.buffer<4xi16>' and '!ukernel.buffer<4xi8>'}}
  %y = ukernel.lookup %x, %t : !ukernel.buffer<4xi16>, !ukernel.buffer<256xi8> -> !ukernel.buffer<4xi8>
  return
}

// -----

func.func @int_softmax_c1_axis(%x: !ukernel.buffer<2x4xui8>, %t: !ukernel.buffer<256xi32>) {
  // expected-error @+1 {{expected an axis in [0, 2), got 2}}
  %y = ukernel.int_softmax %x, %t {axis = 2 : i64, scale = 256.0 : f32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>} : !ukernel.buffer<2x4xui8>, !ukernel.buffer<256xi32> -> !ukernel.buffer<2x4xui8>
  return
}

// -----
func.func @requantize_c1_i32(%x: !ukernel.buffer<4xi32>) {
  // expected-error @+1 {{'ukernel.requantize' op expected bytes or i16 in and out, got '!ukernel.buffer<4xi32>' and '!ukernel.buffer<4xi16>'}}
  %y = ukernel.requantize %x {scale = 0.5 : f32, zero_points = array<i32: 3, 0>, clamp = array<i32: 0, 255>}
      : !ukernel.buffer<4xi32> -> !ukernel.buffer<4xi16>
  return
}

// -----

func.func @int_softmax_c2_table(%x: !ukernel.buffer<2x4xui8>, %t: !ukernel.buffer<255xi32>) {
  // expected-error @+1 {{expected a table of 256 integers of 32 bits, got '!ukernel.buffer<255xi32>'}}
  %y = ukernel.int_softmax %x, %t {axis = 1 : i64, scale = 256.0 : f32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>} : !ukernel.buffer<2x4xui8>, !ukernel.buffer<255xi32> -> !ukernel.buffer<2x4xui8>
  return
}

// -----

func.func @int_softmax_c1_bytes(%x: !ukernel.buffer<2x4xf32>, %t: !ukernel.buffer<256xi32>) {
  // expected-error @+1 {{expected bytes in and out, got '!ukernel.buffer<2x4xf32>' and '!ukernel.buffer<2x4xui8>'}}
  %y = ukernel.int_softmax %x, %t {axis = 1 : i64, scale = 256.0 : f32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>} : !ukernel.buffer<2x4xf32>, !ukernel.buffer<256xi32> -> !ukernel.buffer<2x4xui8>
  return
}

// -----

func.func @row_scale_c1_encoding(%x: !ukernel.buffer<2x4xf32>) {
  // expected-error @+1 {{expected an encoding of two f32, got '!ukernel.buffer<3xf32>'}}
  %e = ukernel.row_scale %x {row_dims = 0 : i64, levels = 255 : i32} : !ukernel.buffer<2x4xf32> -> !ukernel.buffer<3xf32>
  return
}

// -----

func.func @row_quantize_c2_capacity(%x: !ukernel.buffer<2x4xf32, capacity = 5, axis = 1>, %e: !ukernel.buffer<2xf32>) {
  // expected-error @+1 {{expected a plain buffer, got '!ukernel.buffer<2x4xf32, capacity = 5, axis = 1>'}}
  %q = ukernel.row_quantize %x, %e {affine} : !ukernel.buffer<2x4xf32, capacity = 5, axis = 1>, !ukernel.buffer<2xf32> -> !ukernel.buffer<2x4xui8>
  return
}

// -----

func.func @matmul_c4_encoding(%a: !ukernel.buffer<2x4xf32>, %b: !ukernel.buffer<4x2xf32>, %e: !ukernel.buffer<2xf32>) {
  // expected-error @+1 {{expected encodings of sums alone, got '!ukernel.buffer<2x2xf32>'}}
  %y = ukernel.matmul %a, %b lhs_encoding %e : (!ukernel.buffer<2x4xf32>, !ukernel.buffer<4x2xf32>, !ukernel.buffer<2xf32>)
      -> !ukernel.buffer<2x2xf32>
  return
}

// -----

func.func @conv_c6_sums(%x: !ukernel.buffer<1x4x4x4xui8>, %w: !ukernel.buffer<256xi8>, %b: !ukernel.buffer<64xi8>) {
  // expected-error @+1 {{expected bytes in and i32 out where there are sums, got '!ukernel.buffer<1x4x4x4xui8>' and '!ukernel.buffer<1x4x4x4xf32>'}}
  %y = ukernel.conv %x, %w, %b {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>,
      pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, sums}
      : (!ukernel.buffer<1x4x4x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<64xi8>) -> !ukernel.buffer<1x4x4x4xf32>
  return
}

// -----

func.func @conv_c7_weight_bits(%x: !ukernel.buffer<1x4x4x4xui8>, %w: !ukernel.buffer<256xi8>, %b: !ukernel.buffer<64xi8>) {
  // expected-error @+1 {{expected weights of 8, 4 or 2 bits, got 3}}
  %y = ukernel.conv %x, %w, %b {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>,
      pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, weight_bits = 3 : i64}
      : (!ukernel.buffer<1x4x4x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<64xi8>) -> !ukernel.buffer<1x4x4x4xui8>
  return
}

// -----

func.func @conv_c8_paired_steps(%x: !ukernel.buffer<1x4x4x4xf32>, %w: !ukernel.buffer<256xi8>, %b: !ukernel.buffer<64xi8>) {
  // expected-error @+1 {{expected bytes for steps in pairs, got 'f32'}}
  %y = ukernel.conv %x, %w, %b {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>,
      pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, paired_steps}
      : (!ukernel.buffer<1x4x4x4xf32>, !ukernel.buffer<256xi8>, !ukernel.buffer<64xi8>) -> !ukernel.buffer<1x4x4x4xf32>
  return
}

// -----

func.func @conv_c7_weight_group(%x: !ukernel.buffer<1x4x4x4xui8>, %w: !ukernel.buffer<256xi8>, %b: !ukernel.buffer<64xi8>) {
  // expected-error @+1 {{expected no groups of weights of 8 bits, got 16}}
  %y = ukernel.conv %x, %w, %b {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>,
      pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, weight_group = 16 : i64}
      : (!ukernel.buffer<1x4x4x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<64xi8>) -> !ukernel.buffer<1x4x4x4xui8>
  return
}

// -----
func.func @generate_c1_arguments(%x: !ukernel.buffer<4xi32>) -> !ukernel.buffer<4xi32> {
  // expected-error @+1 {{expected a body with the arguments ('index', 'tensor<4xi32>'), got ('index', 'tensor<5xi32>')}}
  %y = ukernel.generate (%x : !ukernel.buffer<4xi32>) {
  ^bb0(%i: index, %t: tensor<5xi32>):
    %e = nibble.read %t[%i] : tensor<5xi32> -> i32
    nibble.yield %e : i32
  } -> !ukernel.buffer<4xi32>
  return %y : !ukernel.buffer<4xi32>
}

// -----
func.func @generate_c2_body(%x: !ukernel.buffer<4xi32>) -> !ukernel.buffer<4xf32> {
  // expected-error @+1 {{expected a body that yields 'f32'}}
  %y = ukernel.generate (%x : !ukernel.buffer<4xi32>) {
  ^bb0(%i: index, %t: tensor<4xi32>):
    %e = nibble.read %t[%i] : tensor<4xi32> -> i32
    nibble.yield %e : i32
  } -> !ukernel.buffer<4xf32>
  return %y : !ukernel.buffer<4xf32>
}

// -----
func.func @pack_columns_c1_input(%x: !ukernel.buffer<2x4xi8>) {
  // expected-error @+1 {{'ukernel.pack_columns' op expected f32 of two dimensions or more, got '!ukernel.buffer<2x4xi8>'}}
  %p = ukernel.pack_columns %x : !ukernel.buffer<2x4xi8> -> !ukernel.buffer<1x192xi8>
  return
}

// -----
func.func @pack_columns_c1_result(%x: !ukernel.buffer<2x4xf32>) {
  // expected-error @+1 {{'ukernel.pack_columns' op expected a result of '!ukernel.buffer<1x192xi8>', got '!ukernel.buffer<1x128xi8>'}}
  %p = ukernel.pack_columns %x : !ukernel.buffer<2x4xf32> -> !ukernel.buffer<1x128xi8>
  return
}

// -----
func.func @packed_matmul_c1_floats(%q: !ukernel.buffer<3x2xf32>, %p: !ukernel.buffer<1x192xi8>, %s: !ukernel.buffer<3xf32>) {
  // expected-error @+1 {{'ukernel.packed_matmul' op expected bytes and f32 of two dimensions or more, got '!ukernel.buffer<3x2xf32>' and '!ukernel.buffer<3x4xf32>'}}
  %y = ukernel.packed_matmul %q, %p, %s : (!ukernel.buffer<3x2xf32>, !ukernel.buffer<1x192xi8>, !ukernel.buffer<3xf32>) -> !ukernel.buffer<3x4xf32>
  return
}

// -----
func.func @packed_matmul_c1_columns(%q: !ukernel.buffer<3x5xi8>, %p: !ukernel.buffer<1x192xi8>, %s: !ukernel.buffer<3xf32>) {
  // expected-error @+1 {{'ukernel.packed_matmul' op expected packed columns of '!ukernel.buffer<1x256xi8>', got '!ukernel.buffer<1x192xi8>'}}
  %y = ukernel.packed_matmul %q, %p, %s : (!ukernel.buffer<3x5xi8>, !ukernel.buffer<1x192xi8>, !ukernel.buffer<3xf32>) -> !ukernel.buffer<3x4xf32>
  return
}

// -----
func.func @packed_matmul_c1_result(%q: !ukernel.buffer<3x2xi8>, %p: !ukernel.buffer<1x192xi8>, %s: !ukernel.buffer<3xf32>) {
  // expected-error @+1 {{'ukernel.packed_matmul' op expected a result of the operands' rows, columns and leading dimensions, got '!ukernel.buffer<3x2xi8>', '!ukernel.buffer<1x192xi8>' and '!ukernel.buffer<4x4xf32>'}}
  %y = ukernel.packed_matmul %q, %p, %s : (!ukernel.buffer<3x2xi8>, !ukernel.buffer<1x192xi8>, !ukernel.buffer<3xf32>) -> !ukernel.buffer<4x4xf32>
  return
}

// -----
func.func @packed_matmul_c2_rows(%q: !ukernel.buffer<3x2xi8>, %p: !ukernel.buffer<1x192xi8>, %s: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{'ukernel.packed_matmul' op expected plain f32 scales of the rows of '!ukernel.buffer<3x2xi8>', got '!ukernel.buffer<4xf32>'}}
  %y = ukernel.packed_matmul %q, %p, %s : (!ukernel.buffer<3x2xi8>, !ukernel.buffer<1x192xi8>, !ukernel.buffer<4xf32>) -> !ukernel.buffer<3x4xf32>
  return
}
