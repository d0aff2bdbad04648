// What is not computed on a GPU is refused before code is generated.

// RUN: rm -rf %t && mkdir %t
// RUN: not nibble compile %s --float --target sm_80 -o %t/x.so 2>&1 | FileCheck %s --check-prefix=LOOP
// LOOP: error: {{.*}}is computed in a loop or branch at run time, which sm_80 has no code for

// RUN: %python %nibble_src/test/Integration/Inputs/make_cache.py %t/cache.onnx
// RUN: not nibble compile %t/cache.onnx --float --dim batch=1 --dim past=4 --dim sequence=3 --state past=present --target sm_80 -o %t/x.so 2>&1 | FileCheck %s --check-prefix=STATE
// STATE: error: inputs and outputs that are one state (--state) stay in the caller's memory, which sm_80 does not reach

func.func @main(%x: tensor<3xf32> loc("x"), %zero: tensor<f32> loc("start")) -> (tensor<f32>, tensor<3xf32>) {
  %last, %all = nibble.loop (%zero : tensor<f32>) scan (%x : tensor<3xf32>) attributes {extents = #nibble.extents<[3]>, reversed = array<i1: false, false>} {
  ^bb0(%i: tensor<i64>, %sum: tensor<f32>, %element: tensor<f32>):
    %next = nibble.add %sum, %element : tensor<f32>, tensor<f32> -> tensor<f32>
    nibble.region_yield %next, %next : tensor<f32>, tensor<f32>
  } -> tensor<f32>, tensor<3xf32>
  return %last, %all : tensor<f32>, tensor<3xf32>
}
