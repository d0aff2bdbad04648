// RUN: nibble-opt %s --ukernel-from-nibble='dot-input=u8' | FileCheck %s --check-prefixes=CHECK,U8
// RUN: nibble-opt %s --ukernel-from-nibble='dot-input=s8' | FileCheck %s --check-prefixes=CHECK,S8

// Where dot products read unsigned bytes, signed rows lie in memory with a zero point of 128.
// CHECK-LABEL: func.func @product
// U8: ukernel.row_quantize {{.*}} {centered} {{.*}} -> <3x16xui8>
// S8: ukernel.row_quantize {{.*}} -> <3x16xi8>
func.func @product(%x: tensor<3x16xf32>) -> tensor<3x16xf32> {
  %w = nibble.constant dense<1> : tensor<16x16xi8> -> tensor<16x16xi8>
  %scale = nibble.constant dense<0.5> : tensor<16xf32> -> tensor<16xf32>
  %s = nibble.dynamic_scale %x {levels = 127 : i32, row_dims = 1 : i64} : tensor<3x16xf32> -> tensor<3xf32>
  %q = nibble.dynamic_quantize %x, %s : tensor<3x16xf32>, tensor<3xf32> -> tensor<3x16xi8>
  %y = nibble.scaled_matmul %q, %w, %scale rows %s
      : (tensor<3x16xi8>, tensor<16x16xi8>, tensor<16xf32>, tensor<3xf32>) -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}

// Where something else reads them, they are as they are.
// CHECK-LABEL: func.func @moved
// CHECK: ukernel.row_quantize {{.*}} -> <3x16xi8>
func.func @moved(%x: tensor<3x16xf32>) -> tensor<3x16xi8> {
  %s = nibble.dynamic_scale %x {levels = 127 : i32, row_dims = 1 : i64} : tensor<3x16xf32> -> tensor<3xf32>
  %q = nibble.dynamic_quantize %x, %s : tensor<3x16xf32>, tensor<3xf32> -> tensor<3x16xi8>
  return %q : tensor<3x16xi8>
}
