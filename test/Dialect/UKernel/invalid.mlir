// RUN: nibble-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{expected positive extents, got 0}}
func.func private @f(!ukernel.buffer<1x0xui8>)

// -----

// expected-error @+1 {{expected elements of type i8, ui8, i32 or f32, got 'f64'}}
func.func private @f(!ukernel.buffer<4xf64>)

// -----

// expected-error @+1 {{expected four dimensions beside a halo, got 2}}
func.func private @f(!ukernel.buffer<4x4xui8, halo = [1, 1, 1, 1], fill = 0>)

// -----

// expected-error @+1 {{expected a pitch of at least the last extent 4, got 3}}
func.func private @f(!ukernel.buffer<4x4xui8, pitch = 3>)

// -----

// expected-error @+1 {{expected a fill that 'ui8' holds, got 256}}
func.func private @f(!ukernel.buffer<1x4x4x4xui8, halo = [1, 1, 1, 1], fill = 256>)

// -----

// expected-error @+1 {{expected halo, fill or pitch, got stride}}
func.func private @f(!ukernel.buffer<4x4xui8, stride = 3>)

// -----

func.func @constant_elided() {
  // expected-error @+1 {{'ukernel.constant' op expected the bytes of '__elided__', got none: weights were left out in printing}}
  %t = ukernel.constant dense_resource<__elided__> : tensor<2xui8> -> !ukernel.buffer<2xui8>
  return
}

// -----

func.func @constant() {
  // expected-error @+1 {{expected a plain buffer of 2 bytes, got '!ukernel.buffer<3xui8>'}}
  %t = ukernel.constant dense<0> : tensor<2xui8> -> !ukernel.buffer<3xui8>
  return
}

// -----

func.func @view(%x: !ukernel.buffer<4x4xui8>) {
  // expected-error @+1 {{expected as many elements in input and result, got 16 and 8}}
  %y = ukernel.view %x : !ukernel.buffer<4x4xui8> -> !ukernel.buffer<8xui8>
  return
}

// -----

func.func @conv(%x: !ukernel.buffer<1x4x4x4xui8>, %w: !ukernel.buffer<256xi8>) {
  // expected-error @+1 {{expected the input's halo to hold the padding, got 0 for a padding of 1}}
  %y = ukernel.conv %x, %w, %w {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>,
      pads = array<i64: 1, 1, 1, 1>, groups = 1 : i64}
      : (!ukernel.buffer<1x4x4x4xui8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>) -> !ukernel.buffer<1x4x4x4xui8>
  return
}

// -----

func.func @unary(%x: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{unknown function 'cube'}}
  %y = ukernel.unary %x {function = "cube"} : !ukernel.buffer<4xf32> -> !ukernel.buffer<4xf32>
  return
}

// -----

func.func @slice(%x: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{expected indices in [0, 4) of dimension 0, got [2, 4]}}
  %y = ukernel.slice %x {starts = array<i64: 2>, steps = array<i64: 1>} : !ukernel.buffer<4xf32> -> !ukernel.buffer<3xf32>
  return
}

// -----

func.func @concat(%x: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{expected extents that add up to 9, got 8}}
  %y = ukernel.concat %x, %x {axis = 0 : i64} : !ukernel.buffer<4xf32>, !ukernel.buffer<4xf32> -> !ukernel.buffer<9xf32>
  return
}

// -----

func.func @binary(%x: !ukernel.buffer<4xui8>) {
  // expected-error @+1 {{expected bytes to be added or multiplied, got div}}
  %y = ukernel.binary %x, %x {kind = #ukernel.binary_kind<div>} : !ukernel.buffer<4xui8>, !ukernel.buffer<4xui8> -> !ukernel.buffer<4xui8>
  return
}

// -----

func.func @parameters(%x: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{expected 1 values in 'parameters', got 0}}
  %y = ukernel.unary %x {function = "elu"} : !ukernel.buffer<4xf32> -> !ukernel.buffer<4xf32>
  return
}

// -----

func.func @reduce(%x: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{expected kind sum, mean, max, min or prod, got median}}
  %y = ukernel.reduce %x {kind = "median", axes = array<i64: 0>} : !ukernel.buffer<4xf32> -> !ukernel.buffer<1xf32>
  return
}

// -----

func.func @matmul(%x: !ukernel.buffer<4x4xui8>, %b: !ukernel.buffer<4xi32>) {
  // expected-error @+1 {{expected a bias and multipliers for a result of bytes, got no multipliers}}
  %y = ukernel.matmul %x, %x bias %b : (!ukernel.buffer<4x4xui8>, !ukernel.buffer<4x4xui8>, !ukernel.buffer<4xi32>)
      -> !ukernel.buffer<4x4xui8>
  return
}

// -----

func.func @conv_transpose(%x: !ukernel.buffer<1x4x4x4xf32>, %w: !ukernel.buffer<64xi8>) {
  // expected-error @+1 {{expected 2 values in 'kernel', got 1}}
  %y = ukernel.conv_transpose %x, %w {kernel = array<i64: 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (!ukernel.buffer<1x4x4x4xf32>, !ukernel.buffer<64xi8>) -> !ukernel.buffer<1x4x4x4xf32>
  return
}

// -----

func.func @row_scale_levels(%x: !ukernel.buffer<2x4xf32>) {
  // expected-error @+1 {{expected 127 or 255 levels, got 7}}
  %s = ukernel.row_scale %x {row_dims = 1 : i64, levels = 7 : i32} : !ukernel.buffer<2x4xf32> -> !ukernel.buffer<2xf32>
  return
}

// -----

func.func @row_scale_rank(%x: !ukernel.buffer<2x4xf32>) {
  // expected-error @+1 {{expected a result of rank 2, got '!ukernel.buffer<2xf32>'}}
  %s = ukernel.row_scale %x {row_dims = 2 : i64, levels = 127 : i32} : !ukernel.buffer<2x4xf32> -> !ukernel.buffer<2xf32>
  return
}

// -----

func.func @row_quantize_scale(%x: !ukernel.buffer<2x4xf32>, %s: !ukernel.buffer<4xf32>) {
  // expected-error @+1 {{expected f32 rows, and plain f32 scales of their leading extents, got '!ukernel.buffer<2x4xf32>' and '!ukernel.buffer<4xf32>'}}
  %q = ukernel.row_quantize %x, %s : !ukernel.buffer<2x4xf32>, !ukernel.buffer<4xf32> -> !ukernel.buffer<2x4xi8>
  return
}

// -----

func.func @row_quantize_bytes(%x: !ukernel.buffer<2x4xf32>, %s: !ukernel.buffer<2xf32>) {
  // expected-error @+1 {{expected bytes out, got '!ukernel.buffer<2x4xf32>'}}
  %q = ukernel.row_quantize %x, %s : !ukernel.buffer<2x4xf32>, !ukernel.buffer<2xf32> -> !ukernel.buffer<2x4xf32>
  return
}

// -----

func.func @conv_scaled_rows(%x: !ukernel.buffer<1x4x4x4xi8>, %w: !ukernel.buffer<256xi8>) {
  // expected-error @+1 {{expected 'rows' exactly where the input holds bytes, got '!ukernel.buffer<1x4x4x4xi8>'}}
  %y = ukernel.conv %x, %w, %w multiplier %w {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, scaled}
      : (!ukernel.buffer<1x4x4x4xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>)
      -> !ukernel.buffer<1x4x4x4xf32>
  return
}

// -----

func.func @conv_scaled_count(%x: !ukernel.buffer<1x4x4x4xi8>, %w: !ukernel.buffer<256xi8>, %s: !ukernel.buffer<3xf32>) {
  // expected-error @+1 {{expected 1 scale or 16 in 'rows', got 3}}
  %y = ukernel.conv %x, %w, %w multiplier %w rows %s {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, scaled}
      : (!ukernel.buffer<1x4x4x4xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>,
         !ukernel.buffer<3xf32>) -> !ukernel.buffer<1x4x4x4xf32>
  return
}

// -----

func.func @conv_scaled_result(%x: !ukernel.buffer<1x4x4x4xi8>, %w: !ukernel.buffer<256xi8>, %s: !ukernel.buffer<1xf32>) {
  // expected-error @+1 {{expected a scaled result of f32 without an addend, got '!ukernel.buffer<1x4x4x4xi8>'}}
  %y = ukernel.conv %x, %w, %w multiplier %w rows %s {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>,
      dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, scaled}
      : (!ukernel.buffer<1x4x4x4xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>, !ukernel.buffer<256xi8>,
         !ukernel.buffer<1xf32>) -> !ukernel.buffer<1x4x4x4xi8>
  return
}
