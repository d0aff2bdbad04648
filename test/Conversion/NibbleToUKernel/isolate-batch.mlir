// RUN: nibble-opt %s --ukernel-isolate-batch --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @dynamic(%{{.*}}: tensor<1x4xf32>) -> tensor<1x4xf32> attributes {nibble.batch_loop}
// CHECK: nibble.relu %{{.*}} : tensor<1x4xf32>
func.func @dynamic(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = nibble.relu %x : tensor<?x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @static
// CHECK-SAME: nibble.batch_loop, nibble.batch_size = 3
func.func @static(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %y = nibble.relu %x : tensor<3x4xf32> -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// -----

// One row a sample, so that each would read all weights: the rows of all samples stay together.
// CHECK-LABEL: func.func @rows(%{{.*}}: tensor<64x32xf32>) -> tensor<64x16xf32> {
func.func @rows(%x: tensor<64x32xf32>) -> tensor<64x16xf32> {
  %w = nibble.constant dense<0.5> : tensor<32x16xf32> -> tensor<32x16xf32>
  %y = nibble.matmul %x, %w : tensor<64x32xf32>, tensor<32x16xf32> -> tensor<64x16xf32>
  return %y : tensor<64x16xf32>
}

// -----

// Many rows a sample are enough by themselves.
// CHECK-LABEL: func.func @many_rows(%{{.*}}: tensor<1x64x32xf32>) -> tensor<1x64x16xf32>
// CHECK-SAME: nibble.batch_size = 2
func.func @many_rows(%x: tensor<2x64x32xf32>) -> tensor<2x64x16xf32> {
  %w = nibble.constant dense<0.5> : tensor<32x16xf32> -> tensor<32x16xf32>
  %y = nibble.matmul %x, %w : tensor<2x64x32xf32>, tensor<32x16xf32> -> tensor<2x64x16xf32>
  return %y : tensor<2x64x16xf32>
}

// -----

// A batch may be mixed: the function stays.
// CHECK-LABEL: func.func @mixed_static(%{{.*}}: tensor<3x4xf32>) -> tensor<1x4xf32> {
func.func @mixed_static(%x: tensor<3x4xf32>) -> tensor<1x4xf32> {
  %y = nibble.reduce %x {kind = #nibble.reduce_kind<sum>, axes = array<i64: 0>, keep_dims} : tensor<3x4xf32> -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}

// -----

// CHECK-LABEL: func.func @mixed(
// CHECK-NOT: nibble.batch_loop
// CHECK: return
func.func @mixed(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = nibble.softmax %x {axis = 0 : i64} : tensor<?x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// What is found over all samples depends on all of them; with a fixed batch the function stays.
// CHECK-LABEL: func.func @encoding(
// CHECK-NOT: nibble.batch_loop
// CHECK: return
func.func @encoding(%x: tensor<?x4xf32>) -> tensor<?x4xui8> {
  %e = nibble.dynamic_encoding %x : tensor<?x4xf32> -> tensor<2xf32>
  %q = nibble.dynamic_encode %x, %e : tensor<?x4xf32>, tensor<2xf32> -> tensor<?x4xui8>
  return %q : tensor<?x4xui8>
}

// -----

// CHECK-LABEL: func.func @encoding_static(%{{.*}}: tensor<3x4xf32>) -> tensor<3x4xui8> {
func.func @encoding_static(%x: tensor<3x4xf32>) -> tensor<3x4xui8> {
  %e = nibble.dynamic_encoding %x : tensor<3x4xf32> -> tensor<2xf32>
  %q = nibble.dynamic_encode %x, %e : tensor<3x4xf32>, tensor<2xf32> -> tensor<3x4xui8>
  return %q : tensor<3x4xui8>
}

// -----

// CHECK-LABEL: func.func @mixed_int_softmax(
// CHECK-NOT: nibble.batch_loop
// CHECK: return
func.func @mixed_int_softmax(%x: tensor<?x4xui8>) -> tensor<?x4xui8> {
  %y = nibble.int_softmax %x {axis = 0 : i64, input_scale = 0.1 : f32, scale = 256.0 : f32, output_zero_point = 0 : i32,
      clamp = array<i32: 0, 255>} : tensor<?x4xui8> -> tensor<?x4xui8>
  return %y : tensor<?x4xui8>
}

// -----

// Another dimension is no batch: all samples share what has it.
// CHECK-LABEL: func.func @different(%{{.*}}: tensor<1x4xf32> {{{.*}}}, %{{.*}}: tensor<?x4xf32> {{{.*}}nibble.shared}) -> tensor<1x4xf32>
// CHECK-SAME: nibble.batch_loop
func.func @different(%a: tensor<?x4xf32> {nibble.name = "a", nibble.dims = ["N", ""]},
                     %b: tensor<?x4xf32> {nibble.dims = ["M", ""]}) -> tensor<?x4xf32> {
  %y = nibble.relu %a : tensor<?x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// A scalar has no batch.
// CHECK-LABEL: func.func @scalar(%{{.*}}: tensor<f32> {nibble.shared}, %{{.*}}: tensor<1x4xf32>) -> tensor<1x4xf32>
func.func @scalar(%s: tensor<f32>, %x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = nibble.mul %x, %s : tensor<?x4xf32>, tensor<f32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @constant(
// CHECK-NOT: nibble.batch_loop
// CHECK: return
func.func @constant(%x: tensor<?x4xf32> {nibble.name = "x", nibble.dims = ["N", ""]}) -> tensor<1x4xf32> {
  %y = nibble.constant dense<1.0> : tensor<1x4xf32> -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}

// -----

// Programs that read their own sample alone.
// CHECK-LABEL: func.func @generate
// CHECK: nibble.generate (%{{.*}}, %{{.*}} : tensor<1x4xf32>, tensor<4xi64>) {
// CHECK-NEXT: ^bb0(%{{.*}}: index, %{{.*}}: index, %[[T:.*]]: tensor<1x4xf32>, %{{.*}}: tensor<4xi64>)
// CHECK: nibble.read %[[T]][%{{.*}}, %{{.*}}] : tensor<1x4xf32> -> f32
// CHECK: } -> tensor<1x4xf32>
func.func @generate(%x: tensor<?x4xf32> {nibble.name = "x", nibble.dims = ["N", ""]}) -> tensor<?x4xf32> {
  %p = nibble.constant dense<[3, 2, 1, 0]> : tensor<4xi64> -> tensor<4xi64>
  %y = nibble.generate (%x, %p : tensor<?x4xf32>, tensor<4xi64>) attributes {extents = #nibble.extents<[d0, 4]>} {
  ^bb0(%i: index, %j: index, %t: tensor<?x4xf32>, %s: tensor<4xi64>):
    %k = nibble.read %s[%j] : tensor<4xi64> -> i64
    %at = arith.index_cast %k : i64 to index
    %e = nibble.read %t[%i, %at] : tensor<?x4xf32> -> f32
    nibble.yield %e : f32
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @generate_reads_others(
// CHECK-NOT: nibble.batch_loop
// CHECK: return
func.func @generate_reads_others(%x: tensor<?x4xf32> {nibble.name = "x", nibble.dims = ["N", ""]}) -> tensor<?x4xf32> {
  %y = nibble.generate (%x : tensor<?x4xf32>) attributes {extents = #nibble.extents<[d0, 4]>} {
  ^bb0(%i: index, %j: index, %t: tensor<?x4xf32>):
    %e = nibble.read %t[%j, %j] : tensor<?x4xf32> -> f32
    nibble.yield %e : f32
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @generate_counts_samples(
// CHECK-NOT: nibble.batch_loop
// CHECK: return
func.func @generate_counts_samples(%x: tensor<?x4xf32> {nibble.name = "x", nibble.dims = ["N", ""]}) -> tensor<?x4xi64> {
  %y = nibble.generate (%x : tensor<?x4xf32>) attributes {extents = #nibble.extents<[d0, 4]>} {
  ^bb0(%i: index, %j: index, %t: tensor<?x4xf32>):
    %n = nibble.extent %t[0] : tensor<?x4xf32>
    %e = arith.index_cast %n : index to i64
    nibble.yield %e : i64
  } -> tensor<?x4xi64>
  return %y : tensor<?x4xi64>
}

// -----

// CHECK-LABEL: func.func @generate_numbers_samples(
// CHECK-NOT: nibble.batch_loop
// CHECK: return
func.func @generate_numbers_samples(%x: tensor<?x4xf32> {nibble.name = "x", nibble.dims = ["N", ""]}) -> tensor<?x4xi64> {
  %y = nibble.generate (%x : tensor<?x4xf32>) attributes {extents = #nibble.extents<[d0, 4]>} {
  ^bb0(%i: index, %j: index, %t: tensor<?x4xf32>):
    %e = arith.index_cast %i : index to i64
    nibble.yield %e : i64
  } -> tensor<?x4xi64>
  return %y : tensor<?x4xi64>
}

// -----

// The batch keeps its place among the dimensions, and extents by them are those of one sample.
// CHECK-LABEL: func.func @other_dims(%{{.*}}: tensor<1x?x8xf32> {nibble.dims = ["N", "L", ""]}) -> tensor<1x?x2x4xf32>
// CHECK-SAME: nibble.batch_loop
// CHECK: nibble.reshape {{.*}}extents = #nibble.extents<[1, d1, 2, 4]>
func.func @other_dims(%x: tensor<?x?x8xf32> {nibble.dims = ["N", "L", ""]}) -> tensor<?x?x2x4xf32> {
  %y = nibble.reshape %x {extents = #nibble.extents<[d0, d1, 2, 4]>} : tensor<?x?x8xf32> -> tensor<?x?x2x4xf32>
  return %y : tensor<?x?x2x4xf32>
}

// -----

// CHECK-LABEL: func.func @dynamic_matmul
// CHECK-SAME: nibble.batch_loop
func.func @dynamic_matmul(%q: tensor<?x4x8xi8> {nibble.dims = ["n", "", ""]}, %v: tensor<?x8x5xf32> {nibble.dims = ["n", "", ""]},
    %s: tensor<?x4xf32> {nibble.dims = ["n", ""]}) -> tensor<?x4x5xf32> {
  %y = nibble.dynamic_matmul %q, %v rows %s : (tensor<?x4x8xi8>, tensor<?x8x5xf32>, tensor<?x4xf32>) -> tensor<?x4x5xf32>
  return %y : tensor<?x4x5xf32>
}

// -----

// CHECK-LABEL: func.func @dynamic_matmul_mixed
// CHECK-NOT: nibble.batch_loop
func.func @dynamic_matmul_mixed(%q: tensor<?x8xi8> {nibble.dims = ["n", ""]}, %v: tensor<?x8x5xf32> {nibble.dims = ["n", "", ""]},
    %s: tensor<?xf32> {nibble.dims = ["n"]}) -> tensor<?x?x5xf32> {
  %y = nibble.dynamic_matmul %q, %v rows %s : (tensor<?x8xi8>, tensor<?x8x5xf32>, tensor<?xf32>) -> tensor<?x?x5xf32>
  return %y : tensor<?x?x5xf32>
}
