// RUN: nibble-opt %s --pass-pipeline="builtin.module(nibble-phase-normalize,nibble-phase-calibrate)" | FileCheck %s --check-prefix=OBSERVE
// RUN: nibble-opt %s --pass-pipeline="builtin.module(nibble-phase-normalize,nibble-phase-calibrate,nibble-phase-plan{calibration=%S/Inputs/phases.calib.json},nibble-phase-quantize,nibble-phase-fold)" 2>/dev/null | FileCheck %s

// OBSERVE: nibble.observe {{.*}} name "x"
// OBSERVE: nibble.conv {{.*}}layout = #nibble.layout<nhwc>
// OBSERVE: nibble.observe {{.*}} name "r"
// OBSERVE: nibble.observe {{.*}} name "y"

// From float to bytes and back once; no quantized type, no cast, no float operation but the softmax.
// CHECK: nibble.int_quantize %arg0
// CHECK-NOT: unrealized
// CHECK: nibble.int_conv
// CHECK-NOT: nibble.relu
// CHECK: nibble.max_pool {{.*}}ui8
// CHECK: nibble.reshape {{.*}}ui8
// CHECK: nibble.int_matmul
// CHECK-NEXT: nibble.int_dequantize
// CHECK-NEXT: nibble.softmax
// CHECK-NEXT: return
module attributes {nibble.model = "tiny"} {
func.func @main(%x: tensor<?x1x4x4xf32> {nibble.name = "x"}) -> tensor<?x3xf32> {
  %w = nibble.constant dense<0.5> : tensor<2x1x3x3xf32> -> tensor<2x1x3x3xf32>
  %v = nibble.constant dense<0.25> : tensor<8x3xf32> -> tensor<8x3xf32>
  %b = nibble.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32> -> tensor<3xf32>
  %c = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nchw>}
      : tensor<?x1x4x4xf32>, tensor<2x1x3x3xf32> -> tensor<?x2x4x4xf32> loc("Conv_0"("c"))
  %r = nibble.relu %c : tensor<?x2x4x4xf32> -> tensor<?x2x4x4xf32> loc("Relu_1"("r"))
  %p = nibble.max_pool %r {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, layout = #nibble.layout<nchw>}
      : tensor<?x2x4x4xf32> -> tensor<?x2x2x2xf32> loc("MaxPool_2"("p"))
  %f = nibble.reshape %p : tensor<?x2x2x2xf32> -> tensor<?x8xf32> loc("Flatten_3"("f"))
  %m = nibble.matmul %f, %v : tensor<?x8xf32>, tensor<8x3xf32> -> tensor<?x3xf32> loc("MatMul_4"("m"))
  %y = nibble.add %m, %b : tensor<?x3xf32>, tensor<3xf32> -> tensor<?x3xf32> loc("Add_5"("y"))
  %z = nibble.softmax %y {axis = 1 : i64} : tensor<?x3xf32> -> tensor<?x3xf32> loc("Softmax_6"("z"))
  return %z : tensor<?x3xf32>
}
}
