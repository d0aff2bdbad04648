// RUN: nibble-opt %s --load-dialect-plugin=%plugin --split-input-file --verify-diagnostics -o - | nibble-opt --load-dialect-plugin=%plugin --split-input-file -o /dev/null
// RUN: not nibble-opt %s -o /dev/null

func.func @result(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = nibble.relu %x : tensor<4xf32> -> tensor<4xf32>
  %z = "probe.tap"(%y) : (tensor<4xf32>) -> tensor<4xf32>
  return %z : tensor<4xf32>
}

// -----

func.func @argument(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'probe.tap' op expected the result of a nibble operation}}
  %z = "probe.tap"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %z : tensor<4xf32>
}
