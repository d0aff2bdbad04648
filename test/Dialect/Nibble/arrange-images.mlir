// RUN: nibble-opt %s --nibble-arrange-images | FileCheck %s --check-prefix=MODEL
// RUN: nibble-opt %s --nibble-arrange-images=layout=nhwc | FileCheck %s --check-prefix=NHWC
// RUN: nibble-opt %s --nibble-arrange-images=layout=nhwc --nibble-arrange-images=layout=nchw --cse | FileCheck %s --check-prefix=NCHW
// RUN: not nibble-opt %s --nibble-arrange-images=layout=chwn 2>&1 | FileCheck %s --check-prefix=BAD

// BAD: error: layout is 'chwn', expected model, nchw or nhwc

// What is no image stays; a quantization at the border goes with its image.
// MODEL: %[[X:.*]]: tensor<?x3x8x8xf32> {nibble.dims = ["n", "", "", ""], nibble.layout = "nchw"}, %{{.*}}: tensor<1x2x3x4xf32>)
// MODEL-SAME: -> (tensor<?x3x4x4xui8> {nibble.layout = "nchw"}, tensor<1x2x3x4xf32>)


// NHWC: %[[X:.*]]: tensor<?x8x8x3xf32> {nibble.dims = ["n", "", "", ""], nibble.layout = "nhwc"}, %[[V:.*]]: tensor<1x2x3x4xf32>)
// NHWC-SAME: -> (tensor<?x4x4x3xui8> {nibble.layout = "nhwc"}, tensor<1x2x3x4xf32>)
// NHWC-NEXT: %[[Q:.*]] = nibble.int_quantize %[[X]] {{.*}} : tensor<?x8x8x3xf32> -> tensor<?x8x8x3xui8>
// NHWC-NEXT: %[[Y:.*]] = nibble.max_pool %[[Q]]
// NHWC-NEXT: %[[R:.*]] = nibble.relu %[[V]]
// NHWC-NEXT: return %[[Y]], %[[R]]

// NCHW: %[[X:.*]]: tensor<?x3x8x8xf32> {{.*}} -> (tensor<?x3x4x4xui8> {nibble.layout = "nchw"}
// NCHW: %[[Q:.*]] = nibble.int_quantize %[[X]]
// NCHW: %[[T:.*]] = nibble.transpose %[[Q]] {permutation = array<i64: 0, 2, 3, 1>} : tensor<?x3x8x8xui8> -> tensor<?x8x8x3xui8>
// NCHW: %[[P:.*]] = nibble.max_pool %[[T]]
// NCHW: %[[Y:.*]] = nibble.transpose %[[P]] {permutation = array<i64: 0, 3, 1, 2>}
// NCHW: return %[[Y]]
func.func @main(%x: tensor<?x3x8x8xf32> {nibble.dims = ["n", "", "", ""]}, %v: tensor<1x2x3x4xf32>) -> (tensor<?x3x4x4xui8>, tensor<1x2x3x4xf32>) {
  %q = nibble.int_quantize %x {scale = 0.5 : f32, zero_point = 0 : i32, clamp = array<i32: 0, 255>} : tensor<?x3x8x8xf32> -> tensor<?x3x8x8xui8>
  %t = nibble.transpose %q {permutation = array<i64: 0, 2, 3, 1>} : tensor<?x3x8x8xui8> -> tensor<?x8x8x3xui8>
  %p = nibble.max_pool %t {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>} : tensor<?x8x8x3xui8> -> tensor<?x4x4x3xui8>
  %y = nibble.transpose %p {permutation = array<i64: 0, 3, 1, 2>} : tensor<?x4x4x3xui8> -> tensor<?x3x4x4xui8>
  %r = nibble.relu %v : tensor<1x2x3x4xf32> -> tensor<1x2x3x4xf32>
  return %y, %r : tensor<?x3x4x4xui8>, tensor<1x2x3x4xf32>
}
