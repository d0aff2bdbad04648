// RUN: nibble-opt %s --nibble-insert-observers 2>%t | FileCheck %s
// RUN: FileCheck %s --check-prefix=WARNING < %t

// One node became two operations: the last computes its value.
// WARNING: warning: {{.*}}value is only a step towards 'y' and has no ONNX name of its own, so that calibration cannot measure it
// CHECK: %[[S:.*]] = nibble.sigmoid
// CHECK-NEXT: %[[T:.*]] = nibble.tanh %[[S]]
// CHECK-NEXT: nibble.observe %[[T]] name "y"
func.func @steps(%x: tensor<2x2xf32> {nibble.name = "x"}) -> tensor<2x2xf32> {
  %s = nibble.sigmoid %x : tensor<2x2xf32> -> tensor<2x2xf32> loc("A"("y"))
  %t = nibble.tanh %s : tensor<2x2xf32> -> tensor<2x2xf32> loc("A"("y"))
  return %t : tensor<2x2xf32>
}
