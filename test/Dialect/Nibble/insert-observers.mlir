// RUN: nibble-opt %s --nibble-insert-observers --split-input-file --verify-diagnostics | FileCheck %s

// The relu that the convolution absorbs is observed, not the convolution; hard_swish is not absorbed. The reshape
// shares its input's range.
// CHECK-LABEL: @chain
// CHECK: %[[X:.*]] = nibble.observe %arg0 name "x"
// CHECK: %[[C:.*]] = nibble.conv %[[X]]
// CHECK-NEXT: %[[R:.*]] = nibble.relu %[[C]]
// CHECK-NEXT: %[[O:.*]] = nibble.observe %[[R]] name "relu"
// CHECK-NEXT: %[[F:.*]] = nibble.reshape %[[O]]
// CHECK-NEXT: %[[H:.*]] = nibble.hard_swish %[[F]]
// CHECK-NEXT: %[[P:.*]] = nibble.observe %[[H]] name "swish"
// CHECK-NEXT: %[[S:.*]] = nibble.softmax %[[P]]
// CHECK-NEXT: nibble.observe %[[S]] name "soft"
// CHECK-NEXT: return
func.func @chain(%x: tensor<?x1x1x4xf32> {nibble.name = "x"}) -> tensor<?x8xf32> {
  %w = nibble.constant dense<1.0> : tensor<8x1x1x4xf32> -> tensor<8x1x1x4xf32>
  %c = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : tensor<?x1x1x4xf32>, tensor<8x1x1x4xf32> -> tensor<?x1x1x8xf32> loc("Conv"("conv"))
  %r = nibble.relu %c : tensor<?x1x1x8xf32> -> tensor<?x1x1x8xf32> loc("Relu"("relu"))
  %f = nibble.reshape %r : tensor<?x1x1x8xf32> -> tensor<?x8xf32> loc("Flatten"("flat"))
  %h = nibble.hard_swish %f : tensor<?x8xf32> -> tensor<?x8xf32> loc("HardSwish"("swish"))
  %s = nibble.softmax %h {axis = 1 : i64} : tensor<?x8xf32> -> tensor<?x8xf32> loc("Softmax"("soft"))
  return %s : tensor<?x8xf32>
}

// -----

// A convolution that something else reads before the relu is observed too.
// CHECK-LABEL: @shared
// CHECK: %[[M:.*]] = nibble.matmul
// CHECK-NEXT: %[[O:.*]] = nibble.observe %[[M]] name "m"
// CHECK-NEXT: %[[R:.*]] = nibble.relu %[[O]]
// CHECK-NEXT: nibble.observe %[[R]] name "r"
func.func @shared(%x: tensor<2x2xf32> {nibble.name = "x"}) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %w = nibble.constant dense<1.0> : tensor<2x2xf32> -> tensor<2x2xf32>
  %m = nibble.matmul %x, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32> loc("Gemm"("m"))
  %r = nibble.relu %m : tensor<2x2xf32> -> tensor<2x2xf32> loc("Relu"("r"))
  return %m, %r : tensor<2x2xf32>, tensor<2x2xf32>
}

// -----

// CHECK-LABEL: @nothing
// CHECK-NOT: nibble.observe
func.func @nothing(%x: tensor<2x2xf32> {nibble.name = "x"}) -> tensor<2x1xf32> {
  %s = nibble.reduce %x {axes = array<i64: 1>, keep_dims, kind = #nibble.reduce_kind<sum>} : tensor<2x2xf32> -> tensor<2x1xf32> loc("Sum"("s"))
  return %s : tensor<2x1xf32>
}

// -----

// CHECK-LABEL: @unnamed
func.func @unnamed(%x: tensor<2x2xf32> {nibble.name = "x"}) -> tensor<2x2xf32> {
  // expected-warning @+1 {{value has no ONNX name, so that calibration cannot measure it}}
  %s = nibble.sigmoid %x : tensor<2x2xf32> -> tensor<2x2xf32>
  return %s : tensor<2x2xf32>
}
