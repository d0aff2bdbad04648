// RUN: nibble-opt %s | nibble-opt | FileCheck %s

// What the printer makes of elementwise functions, it reads again.

// CHECK-LABEL: func.func @relu(
// CHECK: nibble.relu %{{.*}} : tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>> -> tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @relu(%x: tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>) {
  %y = nibble.relu %x : tensor<?x4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @sigmoid(
// CHECK: nibble.sigmoid %{{.*}} : tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>> -> tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @sigmoid(%x: tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>) {
  %y = nibble.sigmoid %x : tensor<?x4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @tanh(
// CHECK: nibble.tanh %{{.*}} : tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>> -> tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @tanh(%x: tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>) {
  %y = nibble.tanh %x : tensor<?x4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @hard_swish(
// CHECK: nibble.hard_swish %{{.*}} : tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>> -> tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @hard_swish(%x: tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>) {
  %y = nibble.hard_swish %x : tensor<?x4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @gelu(
// CHECK: nibble.gelu %{{.*}} : tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>> -> tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @gelu(%x: tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>) {
  %y = nibble.gelu %x : tensor<?x4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @silu(
// CHECK: nibble.silu %{{.*}} : tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>> -> tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @silu(%x: tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>) {
  %y = nibble.silu %x : tensor<?x4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @softplus(
// CHECK: nibble.softplus %{{.*}} : tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>> -> tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @softplus(%x: tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>) {
  %y = nibble.softplus %x : tensor<?x4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @erf(
// CHECK: nibble.erf %{{.*}} : tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>> -> tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @erf(%x: tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>) {
  %y = nibble.erf %x : tensor<?x4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<?x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @exp(
// CHECK: nibble.exp %{{.*}} : tensor<?x4xf32> -> tensor<?x4xf32>
func.func @exp(%x: tensor<?x4xf32>) {
  %y = nibble.exp %x : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: func.func @log(
// CHECK: nibble.log %{{.*}} : tensor<?x4xf32> -> tensor<?x4xf32>
func.func @log(%x: tensor<?x4xf32>) {
  %y = nibble.log %x : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: func.func @sqrt(
// CHECK: nibble.sqrt %{{.*}} : tensor<?x4xf32> -> tensor<?x4xf32>
func.func @sqrt(%x: tensor<?x4xf32>) {
  %y = nibble.sqrt %x : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: func.func @reciprocal(
// CHECK: nibble.reciprocal %{{.*}} : tensor<?x4xf32> -> tensor<?x4xf32>
func.func @reciprocal(%x: tensor<?x4xf32>) {
  %y = nibble.reciprocal %x : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: func.func @neg(
// CHECK: nibble.neg %{{.*}} : tensor<?x4xf32> -> tensor<?x4xf32>
func.func @neg(%x: tensor<?x4xf32>) {
  %y = nibble.neg %x : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: func.func @abs(
// CHECK: nibble.abs %{{.*}} : tensor<?x4xf32> -> tensor<?x4xf32>
func.func @abs(%x: tensor<?x4xf32>) {
  %y = nibble.abs %x : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: func.func @floor(
// CHECK: nibble.floor %{{.*}} : tensor<?x4xf32> -> tensor<?x4xf32>
func.func @floor(%x: tensor<?x4xf32>) {
  %y = nibble.floor %x : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: func.func @ceil(
// CHECK: nibble.ceil %{{.*}} : tensor<?x4xf32> -> tensor<?x4xf32>
func.func @ceil(%x: tensor<?x4xf32>) {
  %y = nibble.ceil %x : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: func.func @round(
// CHECK: nibble.round %{{.*}} : tensor<?x4xf32> -> tensor<?x4xf32>
func.func @round(%x: tensor<?x4xf32>) {
  %y = nibble.round %x : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: func.func @leaky_relu(
// CHECK: nibble.leaky_relu %{{.*}} {alpha = 1.000000e-01 : f32} : tensor<4xf32> -> tensor<4xf32>
func.func @leaky_relu(%x: tensor<4xf32>) {
  %y = nibble.leaky_relu %x {alpha = 0.1 : f32} : tensor<4xf32> -> tensor<4xf32>
  return
}

// CHECK-LABEL: func.func @elu(
// CHECK: nibble.elu %{{.*}} {alpha = 1.000000e+00 : f32} : tensor<4xf32> -> tensor<4xf32>
func.func @elu(%x: tensor<4xf32>) {
  %y = nibble.elu %x {alpha = 1.0 : f32} : tensor<4xf32> -> tensor<4xf32>
  return
}

// CHECK-LABEL: func.func @hard_sigmoid(
// CHECK: nibble.hard_sigmoid %{{.*}} {alpha = 2.000000e-01 : f32, beta = 5.000000e-01 : f32} : tensor<4xf32> -> tensor<4xf32>
func.func @hard_sigmoid(%x: tensor<4xf32>) {
  %y = nibble.hard_sigmoid %x {alpha = 0.2 : f32, beta = 0.5 : f32} : tensor<4xf32> -> tensor<4xf32>
  return
}

// CHECK-LABEL: func.func @clip(
// CHECK: nibble.clip %{{.*}} {max = 6.000000e+00 : f32, min = 0.000000e+00 : f32} : tensor<4x!quant.uniform<u8:f32, 5.000000e-01:128>> -> tensor<4x!quant.uniform<i8:f32, 6.250000e-02>>
func.func @clip(%x: tensor<4x!quant.uniform<u8:f32, 0.5:128>>) {
  %y = nibble.clip %x {min = 0.0 : f32, max = 6.0 : f32} : tensor<4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<4x!quant.uniform<i8:f32, 0.0625>>
  return
}

// CHECK-LABEL: func.func @add(
// CHECK: nibble.add %{{.*}}, %{{.*}} : tensor<?x2x4xf32>, tensor<2x1xf32> -> tensor<?x2x4xf32>
func.func @add(%a: tensor<?x2x4xf32>, %b: tensor<2x1xf32>) {
  %y = nibble.add %a, %b : tensor<?x2x4xf32>, tensor<2x1xf32> -> tensor<?x2x4xf32>
  return
}

// CHECK-LABEL: func.func @sub(
// CHECK: nibble.sub %{{.*}}, %{{.*}} : tensor<?x2x4xf32>, tensor<2x1xf32> -> tensor<?x2x4xf32>
func.func @sub(%a: tensor<?x2x4xf32>, %b: tensor<2x1xf32>) {
  %y = nibble.sub %a, %b : tensor<?x2x4xf32>, tensor<2x1xf32> -> tensor<?x2x4xf32>
  return
}

// CHECK-LABEL: func.func @mul(
// CHECK: nibble.mul %{{.*}}, %{{.*}} : tensor<?x2x4xf32>, tensor<2x1xf32> -> tensor<?x2x4xf32>
func.func @mul(%a: tensor<?x2x4xf32>, %b: tensor<2x1xf32>) {
  %y = nibble.mul %a, %b : tensor<?x2x4xf32>, tensor<2x1xf32> -> tensor<?x2x4xf32>
  return
}

// CHECK-LABEL: func.func @div(
// CHECK: nibble.div %{{.*}}, %{{.*}} : tensor<?x2x4xf32>, tensor<2x1xf32> -> tensor<?x2x4xf32>
func.func @div(%a: tensor<?x2x4xf32>, %b: tensor<2x1xf32>) {
  %y = nibble.div %a, %b : tensor<?x2x4xf32>, tensor<2x1xf32> -> tensor<?x2x4xf32>
  return
}

// CHECK-LABEL: func.func @pow(
// CHECK: nibble.pow %{{.*}}, %{{.*}} : tensor<?x2x4xf32>, tensor<2x1xf32> -> tensor<?x2x4xf32>
func.func @pow(%a: tensor<?x2x4xf32>, %b: tensor<2x1xf32>) {
  %y = nibble.pow %a, %b : tensor<?x2x4xf32>, tensor<2x1xf32> -> tensor<?x2x4xf32>
  return
}

// CHECK-LABEL: func.func @min(
// CHECK: nibble.min %{{.*}}, %{{.*}} : tensor<?x2x4xf32>, tensor<2x1xf32> -> tensor<?x2x4xf32>
func.func @min(%a: tensor<?x2x4xf32>, %b: tensor<2x1xf32>) {
  %y = nibble.min %a, %b : tensor<?x2x4xf32>, tensor<2x1xf32> -> tensor<?x2x4xf32>
  return
}

// CHECK-LABEL: func.func @max(
// CHECK: nibble.max %{{.*}}, %{{.*}} : tensor<?x2x4xf32>, tensor<2x1xf32> -> tensor<?x2x4xf32>
func.func @max(%a: tensor<?x2x4xf32>, %b: tensor<2x1xf32>) {
  %y = nibble.max %a, %b : tensor<?x2x4xf32>, tensor<2x1xf32> -> tensor<?x2x4xf32>
  return
}

// CHECK-LABEL: func.func @add_quantized(
// CHECK: nibble.add %{{.*}}, %{{.*}} {requant = #nibble.requant<fixed>} : tensor<2x4x!quant.uniform<u8:f32, 5.000000e-01:128>>, tensor<4x!quant.uniform<i8:f32, 2.500000e-01>> -> tensor<2x4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @add_quantized(%a: tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, %b: tensor<4x!quant.uniform<i8:f32, 0.25>>) {
  %y = nibble.add %a, %b {requant = #nibble.requant<fixed>} : tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x!quant.uniform<i8:f32, 0.25>> -> tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @sub_quantized(
// CHECK: nibble.sub %{{.*}}, %{{.*}} {requant = #nibble.requant<fixed>} : tensor<2x4x!quant.uniform<u8:f32, 5.000000e-01:128>>, tensor<4x!quant.uniform<i8:f32, 2.500000e-01>> -> tensor<2x4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @sub_quantized(%a: tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, %b: tensor<4x!quant.uniform<i8:f32, 0.25>>) {
  %y = nibble.sub %a, %b {requant = #nibble.requant<fixed>} : tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x!quant.uniform<i8:f32, 0.25>> -> tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}

// CHECK-LABEL: func.func @mul_quantized(
// CHECK: nibble.mul %{{.*}}, %{{.*}} {requant = #nibble.requant<fixed>} : tensor<2x4x!quant.uniform<u8:f32, 5.000000e-01:128>>, tensor<4x!quant.uniform<i8:f32, 2.500000e-01>> -> tensor<2x4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @mul_quantized(%a: tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, %b: tensor<4x!quant.uniform<i8:f32, 0.25>>) {
  %y = nibble.mul %a, %b {requant = #nibble.requant<fixed>} : tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>, tensor<4x!quant.uniform<i8:f32, 0.25>> -> tensor<2x4x!quant.uniform<u8:f32, 0.5:128>>
  return
}
