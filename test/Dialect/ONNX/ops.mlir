// Generated operations print, parse and keep their attributes.
//
// RUN: nibble-opt %s | nibble-opt | FileCheck %s

// CHECK-LABEL: func.func @ops
func.func @ops(%x: tensor<2x4xf32>, %i: tensor<3xi64>) -> tensor<2x3xf32> {
  // CHECK: onnx.Einsum %{{.*}}, %{{.*}} {equation = "ij,kj->ik"} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x2xf32>
  %e = onnx.Einsum %x, %x {equation = "ij,kj->ik"} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x2xf32>
  // CHECK: %[[V:.*]], %{{.*}} = onnx.TopK %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<2x4xf32>, tensor<3xi64>) -> (tensor<2x3xf32>, tensor<2x3xi64>)
  %v, %k = onnx.TopK %x, %i {axis = 1 : i64} : (tensor<2x4xf32>, tensor<3xi64>) -> (tensor<2x3xf32>, tensor<2x3xi64>)
  // CHECK: onnx.Resize %{{.*}}, %{{.*}} {operandSegmentSizes = array<i32: 1, 0, 0, 1>}
  %r = onnx.Resize %x, %i {operandSegmentSizes = array<i32: 1, 0, 0, 1>} : (tensor<2x4xf32>, tensor<3xi64>) -> tensor<4x8xf32>
  // CHECK: onnx.custom "Fused" of "com.microsoft"(%[[V]]) {values = {alpha = 5.000000e-01 : f32}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %y = onnx.custom "Fused" of "com.microsoft"(%v) {values = {alpha = 0.5 : f32}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
