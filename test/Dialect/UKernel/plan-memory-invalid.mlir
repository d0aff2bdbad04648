// RUN: nibble-opt %s --ukernel-plan-memory --split-input-file --verify-diagnostics

func.func @halo(%x: !ukernel.buffer<1x4x4x4xf32>) -> !ukernel.buffer<1x4x4x4xf32, halo = [1, 1, 1, 1], fill = 0> {
  %y = ukernel.transpose %x {permutation = array<i64: 0, 1, 2, 3>}
      : !ukernel.buffer<1x4x4x4xf32> -> !ukernel.buffer<1x4x4x4xf32, halo = [1, 1, 1, 1], fill = 0>
  // expected-error @+1 {{result 0 needs a plain buffer of its own, got '!ukernel.buffer<1x4x4x4xf32, halo = [1, 1, 1, 1], fill = 0>'}}
  return %y : !ukernel.buffer<1x4x4x4xf32, halo = [1, 1, 1, 1], fill = 0>
}
