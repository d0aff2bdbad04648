// RUN: nibble-opt %s --ukernel-from-nibble --ukernel-plan-memory --split-input-file --verify-diagnostics | FileCheck %s

// New rows go behind those that the caller's buffer holds; products and transposes read it by its strides, views leave
// the gaps where they are.
// CHECK-LABEL: func.func @attention
// CHECK-SAME: %arg0: !ukernel.buffer<1x4x[d0]x8xf32, capacity = 80, axis = 2>
// CHECK: %[[P:.*]] = ukernel.append %arg0, %arg1 {axis = 2 : i64, output = 0 : i64} : <1x4x[d0]x8xf32, capacity = 80, axis = 2>, !ukernel.buffer<1x4x[d1]x8xf32> -> <1x4x[d0 + d1]x8xf32, capacity = 80, axis = 2>
// CHECK: %[[V:.*]] = ukernel.view %[[P]] : <1x4x[d0 + d1]x8xf32, capacity = 80, axis = 2> -> <1x4x1x[d0 + d1]x8xf32, capacity = 80, axis = 3>
// CHECK: ukernel.transpose %[[V]]
// CHECK: return %[[P]], %{{.*}} : !ukernel.buffer<1x4x[d0 + d1]x8xf32, capacity = 80, axis = 2>, !ukernel.buffer<1x4x1x[d1]x[d0 + d1]xf32>
func.func @attention(%past: tensor<1x4x?x8xf32> {nibble.dims = ["", "", "past", ""], nibble.name = "past", nibble.state = 0 : i64},
                     %new: tensor<1x4x?x8xf32> {nibble.dims = ["", "", "new", ""]},
                     %q: tensor<1x4x1x?x8xf32> {nibble.dims = ["", "", "", "new", ""]})
    -> (tensor<1x4x?x8xf32> {nibble.name = "present"}, tensor<1x4x1x?x?xf32>) attributes {nibble.bounds = array<i64: 64, 16>} {
  %present = nibble.concat %past, %new {axis = 2 : i64} : tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32> -> tensor<1x4x?x8xf32>
  %v = nibble.reshape %present {extents = #nibble.extents<[1, 4, 1, d0 + d1, 8]>} : tensor<1x4x?x8xf32> -> tensor<1x4x1x?x8xf32>
  %t = nibble.transpose %v {permutation = array<i64: 0, 1, 2, 4, 3>} : tensor<1x4x1x?x8xf32> -> tensor<1x4x1x8x?xf32>
  %s = nibble.matmul %q, %t : tensor<1x4x1x?x8xf32>, tensor<1x4x1x8x?xf32> -> tensor<1x4x1x?x?xf32>
  return %present, %s : tensor<1x4x?x8xf32>, tensor<1x4x1x?x?xf32>
}

// -----
// The new value is written where the old one lies when that is read no more: the sum, not the product that reads it.
// CHECK-LABEL: func.func @cell
// CHECK: ukernel.matmul {{.*}}offset = 0
// CHECK: ukernel.binary {{.*}}output = 0
func.func @cell(%h: tensor<1x4xf32> {nibble.name = "h", nibble.state = 0 : i64}, %r: tensor<4x4xf32>, %x: tensor<1x4xf32>)
    -> (tensor<1x4xf32> {nibble.name = "g"}) {
  %m = nibble.matmul %h, %r : tensor<1x4xf32>, tensor<4x4xf32> -> tensor<1x4xf32>
  %g = nibble.add %m, %x : tensor<1x4xf32>, tensor<1x4xf32> -> tensor<1x4xf32>
  return %g : tensor<1x4xf32>
}

// -----
// What reads it last may write over it, element by element.
// CHECK-LABEL: func.func @in_place
// CHECK: ukernel.unary %arg0 {function = "exp", output = 0 : i64}
func.func @in_place(%h: tensor<1x4xf32> {nibble.name = "h", nibble.state = 0 : i64}) -> (tensor<1x4xf32> {nibble.name = "g"}) {
  %g = nibble.exp %h : tensor<1x4xf32> -> tensor<1x4xf32>
  return %g : tensor<1x4xf32>
}

// -----
// expected-error @+1 {{state 'h=g' cannot be one buffer: node 'change' still reads the old value when the new one is written over it}}
func.func @read_later(%h: tensor<1x4xf32> {nibble.name = "h", nibble.state = 0 : i64}, %x: tensor<1x4xf32>)
    -> (tensor<1x4xf32> {nibble.name = "g"}, tensor<1x4xf32>) {
  %g = nibble.exp %h : tensor<1x4xf32> -> tensor<1x4xf32>
  %d = nibble.sub %g, %h : tensor<1x4xf32>, tensor<1x4xf32> -> tensor<1x4xf32> loc("change"("d"))
  return %g, %d : tensor<1x4xf32>, tensor<1x4xf32>
}

// -----
// expected-error @+1 {{state 'h=g' cannot be one buffer: a copy to an output still reads the old value when the new one is written over it}}
func.func @given_too(%h: tensor<4xf32> {nibble.name = "h", nibble.state = 0 : i64}, %x: tensor<4xf32>)
    -> (tensor<4xf32> {nibble.name = "g"}, tensor<4xf32>) {
  %g = nibble.add %h, %x : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %g, %h : tensor<4xf32>, tensor<4xf32>
}

// -----
// expected-error @+1 {{state 'past' would be copied: node 'flatten' needs it without the gaps that memory for more rows leaves in it}}
func.func @flatten(%past: tensor<2x?x4xf32> {nibble.dims = ["", "past", ""], nibble.name = "past", nibble.state = 0 : i64},
                   %new: tensor<2x1x4xf32>) -> (tensor<2x?x4xf32> {nibble.name = "present"}, tensor<?xf32>)
    attributes {nibble.bounds = array<i64: 63>} {
  %present = nibble.concat %past, %new {axis = 1 : i64} : tensor<2x?x4xf32>, tensor<2x1x4xf32> -> tensor<2x?x4xf32>
  %flat = nibble.reshape %present : tensor<2x?x4xf32> -> tensor<?xf32> loc("flatten"("f"))
  %y = nibble.exp %flat : tensor<?xf32> -> tensor<?xf32>
  return %present, %y : tensor<2x?x4xf32>, tensor<?xf32>
}

// -----
// expected-error @+1 {{state 'past' would be copied: another output needs it without the gaps that memory for more rows leaves in it}}
func.func @twice(%past: tensor<2x?x4xf32> {nibble.dims = ["", "past", ""], nibble.name = "past", nibble.state = 0 : i64},
                 %new: tensor<2x1x4xf32>) -> (tensor<2x?x4xf32> {nibble.name = "present"}, tensor<2x?x4xf32>)
    attributes {nibble.bounds = array<i64: 63>} {
  %present = nibble.concat %past, %new {axis = 1 : i64} : tensor<2x?x4xf32>, tensor<2x1x4xf32> -> tensor<2x?x4xf32>
  return %present, %present : tensor<2x?x4xf32>, tensor<2x?x4xf32>
}

// -----
func.func @pool(%past: tensor<1x?x4x8xf32> {nibble.dims = ["", "past", "", ""], nibble.name = "past", nibble.state = 0 : i64},
                %new: tensor<1x1x4x8xf32>) -> (tensor<1x?x4x8xf32> {nibble.name = "present"}, tensor<1x?x4x8xf32>)
    attributes {nibble.bounds = array<i64: 63>} {
  %present = nibble.concat %past, %new {axis = 1 : i64} : tensor<1x?x4x8xf32>, tensor<1x1x4x8xf32> -> tensor<1x?x4x8xf32>
  // expected-error @unknown {{node 'pool' reads state 'past' as memory without the gaps that room for more rows leaves in it}}
  %y = nibble.max_pool %present {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>} : tensor<1x?x4x8xf32> -> tensor<1x?x4x8xf32> loc("pool"("y"))
  return %present, %y : tensor<1x?x4x8xf32>, tensor<1x?x4x8xf32>
}

// -----
// expected-error @+1 {{the buffer of a state is too large: expected a buffer of at most 2^47 bytes, got one of more}}
func.func @huge(%past: tensor<1048576x?x64xf32> {nibble.dims = ["", "past", ""], nibble.name = "past", nibble.state = 0 : i64},
                %new: tensor<1048576x1x64xf32>) -> (tensor<1048576x?x64xf32> {nibble.name = "present"})
    attributes {nibble.bounds = array<i64: 2147483647>} {
  %present = nibble.concat %past, %new {axis = 1 : i64} : tensor<1048576x?x64xf32>, tensor<1048576x1x64xf32> -> tensor<1048576x?x64xf32>
  return %present : tensor<1048576x?x64xf32>
}
