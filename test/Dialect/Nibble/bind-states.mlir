// RUN: nibble-opt %s --nibble-bind-states --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @grows
// CHECK: nibble.concat %arg0, %arg1 {axis = 1 : i64, nibble.state}
// CHECK: nibble.concat %arg1, %arg1 {axis = 1 : i64} :
func.func @grows(%past: tensor<2x?x4xf32> {nibble.dims = ["", "past", ""], nibble.name = "past", nibble.state = 0 : i64},
                 %new: tensor<2x1x4xf32>) -> (tensor<2x?x4xf32> {nibble.name = "present"}, tensor<2x2x4xf32>)
    attributes {nibble.bounds = array<i64: 63>} {
  %present = nibble.concat %past, %new {axis = 1 : i64} : tensor<2x?x4xf32>, tensor<2x1x4xf32> -> tensor<2x?x4xf32>
  %twice = nibble.concat %new, %new {axis = 1 : i64} : tensor<2x1x4xf32>, tensor<2x1x4xf32> -> tensor<2x2x4xf32>
  return %present, %twice : tensor<2x?x4xf32>, tensor<2x2x4xf32>
}

// CHECK-LABEL: func.func @one_shape
func.func @one_shape(%h: tensor<2x4xf32> {nibble.name = "h", nibble.state = 0 : i64}) -> (tensor<2x4xf32> {nibble.name = "g"}) {
  %g = nibble.exp %h : tensor<2x4xf32> -> tensor<2x4xf32>
  return %g : tensor<2x4xf32>
}

// -----
// expected-error @+1 {{state 'past=present' needs to know how long it gets: give a bound of 'past' and 'new' (--bound past=N)}}
func.func @bound(%past: tensor<?x4xf32> {nibble.dims = ["past", ""], nibble.name = "past", nibble.state = 0 : i64},
                 %new: tensor<?x4xf32> {nibble.dims = ["new", ""]}) -> (tensor<?x4xf32> {nibble.name = "present"}) {
  %present = nibble.concat %past, %new {axis = 0 : i64} : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %present : tensor<?x4xf32>
}

// -----
// expected-error @+1 {{state 'past=present' needs to know how long it gets: give a bound of 'new' (--bound new=N)}}
func.func @other_bound(%past: tensor<?x4xf32> {nibble.dims = ["past", ""], nibble.name = "past", nibble.state = 0 : i64},
                       %new: tensor<?x4xf32> {nibble.dims = ["new", ""]}) -> (tensor<?x4xf32> {nibble.name = "present"})
    attributes {nibble.bounds = array<i64: 64, 0>} {
  %present = nibble.concat %past, %new {axis = 0 : i64} : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %present : tensor<?x4xf32>
}

// -----
// expected-error @+1 {{state 'past=present' is no concatenation of the input and new rows behind it: node 'join' has them in another order}}
func.func @order(%past: tensor<?x4xf32> {nibble.dims = ["past", ""], nibble.name = "past", nibble.state = 0 : i64},
                 %new: tensor<1x4xf32>) -> (tensor<?x4xf32> {nibble.name = "present"}) attributes {nibble.bounds = array<i64: 63>} {
  %present = nibble.concat %new, %past {axis = 0 : i64} : tensor<1x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32> loc("join"("y"))
  return %present : tensor<?x4xf32>
}

// -----
// expected-error @+1 {{state 'past=present' is no concatenation of the input and new rows behind it, but nibble.exp (node 'map')}}
func.func @kind(%past: tensor<?x4xf32> {nibble.dims = ["past", ""], nibble.name = "past", nibble.state = 0 : i64},
                %new: tensor<1x4xf32>) -> (tensor<?x4xf32> {nibble.name = "present"}) attributes {nibble.bounds = array<i64: 63>} {
  %present = nibble.concat %past, %new {axis = 0 : i64} : tensor<?x4xf32>, tensor<1x4xf32> -> tensor<?x4xf32>
  %other = nibble.exp %present : tensor<?x4xf32> -> tensor<?x4xf32> loc("map"("y"))
  return %other : tensor<?x4xf32>
}

// -----
// expected-error @+1 {{state 'a=b' has an input of 'f32' and an output of 'i32', which cannot be one buffer}}
func.func @types(%a: tensor<4xf32> {nibble.name = "a", nibble.state = 0 : i64}, %b: tensor<4xi32>) -> (tensor<4xi32> {nibble.name = "b"}) {
  return %b : tensor<4xi32>
}

// -----
// expected-error @+1 {{state 'a=b' has an input of 1 dimensions and an output of 2}}
func.func @ranks(%a: tensor<4xf32> {nibble.name = "a", nibble.state = 0 : i64}, %b: tensor<4x1xf32>) -> (tensor<4x1xf32> {nibble.name = "b"}) {
  return %b : tensor<4x1xf32>
}

// -----
// expected-error @+1 {{state 'a=b' has shapes that differ along dimensions 0 and 1, expected one along which rows are appended}}
func.func @shapes(%a: tensor<4x2xf32> {nibble.name = "a", nibble.state = 0 : i64}, %b: tensor<5x3xf32>) -> (tensor<5x3xf32> {nibble.name = "b"}) {
  return %b : tensor<5x3xf32>
}

// -----
// expected-error @+1 {{argument 0 is the state of result 3, of 1}}
func.func @number(%a: tensor<4xf32> {nibble.state = 3 : i64}) -> tensor<4xf32> {
  return %a : tensor<4xf32>
}

// -----
// expected-error @+1 {{result 0 is the state of two arguments}}
func.func @twice(%a: tensor<4xf32> {nibble.state = 0 : i64}, %b: tensor<4xf32> {nibble.state = 0 : i64}) -> tensor<4xf32> {
  %c = nibble.add %a, %b : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %c : tensor<4xf32>
}

// -----
// expected-error @+1 {{state 'a=b' has unlike scales, zero points or layouts in the input and in the output, which cannot be one buffer; inputs and outputs of the model's own types have none (--io model)}}
func.func @scales(%a: tensor<4xui8> {nibble.name = "a", nibble.state = 0 : i64, nibble.scale = 0.5 : f32, nibble.zero_point = 0 : i64},
                  %b: tensor<4xui8>) -> (tensor<4xui8> {nibble.name = "b", nibble.scale = 0.25 : f32, nibble.zero_point = 0 : i64}) {
  return %b : tensor<4xui8>
}

// -----
// expected-error @+1 {{state 'past=present' gets 64 long, more than its 'nibble.capacity', 2}}
func.func @short_capacity(%past: tensor<?x4xf32> {nibble.capacity = 2 : i64, nibble.dims = ["past", ""], nibble.name = "past", nibble.state = 0 : i64},
                          %new: tensor<1x4xf32>) -> (tensor<?x4xf32> {nibble.name = "present"})
    attributes {nibble.bounds = array<i64: 63>} {
  %present = nibble.concat %past, %new {axis = 0 : i64} : tensor<?x4xf32>, tensor<1x4xf32> -> tensor<?x4xf32>
  return %present : tensor<?x4xf32>
}

// -----
// expected-error @+1 {{argument 0: expected the number of a result as 'nibble.state', got "b"}}
func.func @not_a_number(%a: tensor<4xf32> {nibble.state = "b"}) -> tensor<4xf32> {
  %b = nibble.relu %a : tensor<4xf32> -> tensor<4xf32>
  return %b : tensor<4xf32>
}
