// RUN: nibble-opt %s --ukernel-plan-memory --split-input-file --verify-diagnostics

func.func @halo(%x: !ukernel.buffer<1x4x4x4xf32>) -> !ukernel.buffer<1x4x4x4xf32, halo = [1, 1, 1, 1], fill = 0> {
  %y = ukernel.transpose %x {permutation = array<i64: 0, 1, 2, 3>}
      : !ukernel.buffer<1x4x4x4xf32> -> !ukernel.buffer<1x4x4x4xf32, halo = [1, 1, 1, 1], fill = 0>
  // expected-error @+1 {{result 0 needs a plain buffer of its own, got '!ukernel.buffer<1x4x4x4xf32, halo = [1, 1, 1, 1], fill = 0>'}}
  return %y : !ukernel.buffer<1x4x4x4xf32, halo = [1, 1, 1, 1], fill = 0>
}

// -----
// Where new rows go is the caller's memory, which argument and result share.
func.func @append_elsewhere(%p: !ukernel.buffer<4x2xf32, capacity = 8, axis = 0>, %b: !ukernel.buffer<1x2xf32>)
    -> !ukernel.buffer<5x2xf32> {
  // expected-error @+1 {{'ukernel.append' op appends to what is no argument in one buffer with this result}}
  %y = ukernel.append %p, %b {axis = 0 : i64} : !ukernel.buffer<4x2xf32, capacity = 8, axis = 0>, !ukernel.buffer<1x2xf32>
      -> !ukernel.buffer<5x2xf32, capacity = 8, axis = 0>
  %z = ukernel.transpose %y {permutation = array<i64: 0, 1>} : !ukernel.buffer<5x2xf32, capacity = 8, axis = 0> -> !ukernel.buffer<5x2xf32>
  return %z : !ukernel.buffer<5x2xf32>
}

// -----
// expected-error @+1 {{argument 0 is the state of result 2, of 1}}
func.func @no_such_result(%h: !ukernel.buffer<4xf32> {nibble.state = 2 : i64}) -> !ukernel.buffer<4xf32> {
  %y = ukernel.unary %h {function = "exp"} : !ukernel.buffer<4xf32> -> !ukernel.buffer<4xf32>
  return %y : !ukernel.buffer<4xf32>
}
