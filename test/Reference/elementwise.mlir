// RUN: nibble-interpret %s | FileCheck %s

// CHECK-LABEL: @piecewise
// CHECK-NEXT: [5] f32 = [0, -0, 2, inf, nan]
// CHECK-NEXT: [5] f32 = [0, 0, 2, 6, nan]
// CHECK-NEXT: [5] f32 = [-0.375, -0, 2, inf, nan]
// CHECK-NEXT: [5] f32 = [0, 0.5, 0.899999976, 1, nan]
// CHECK-NEXT: [5] f32 = [-0.375, -0, 1.66666675, inf, nan]
func.func @piecewise() -> (tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>) {
  %x = nibble.constant dense<[-1.5, -0.0, 2.0, 0x7F800000, 0x7FC00000]> : tensor<5xf32> -> tensor<5xf32>
  %x2 = nibble.constant dense<[-3.0, 0.0, 2.0, 9.0, 0x7FC00000]> : tensor<5xf32> -> tensor<5xf32>
  %a = nibble.relu %x : tensor<5xf32> -> tensor<5xf32>
  %b = nibble.clip %x2 {min = 0.0 : f32, max = 6.0 : f32} : tensor<5xf32> -> tensor<5xf32>
  %c = nibble.leaky_relu %x {alpha = 0.25 : f32} : tensor<5xf32> -> tensor<5xf32>
  %d = nibble.hard_sigmoid %x2 {alpha = 0.2 : f32, beta = 0.5 : f32} : tensor<5xf32> -> tensor<5xf32>
  %e = nibble.hard_swish %x : tensor<5xf32> -> tensor<5xf32>
  return %a, %b, %c, %d, %e : tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>
}

// CHECK-LABEL: @exact
// CHECK-NEXT: [5] f32 = [-2, -3, 2, 4, nan]
// CHECK-NEXT: [5] f32 = [-1, -2, 3, 4, nan]
// CHECK-NEXT: [5] f32 = [-2, -2, 2, 4, nan]
// CHECK-NEXT: [5] f32 = [1.5, 2.5, 2.5, 4, nan]
// CHECK-NEXT: [5] f32 = [1.5, 2.5, -2.5, -4, nan]
// CHECK-NEXT: [5] f32 = [nan, nan, 1.58113885, 2, nan]
// CHECK-NEXT: [5] f32 = [-0.666666687, -0.400000006, 0.400000006, 0.25, nan]
func.func @exact() -> (tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>) {
  %x = nibble.constant dense<[-1.5, -2.5, 2.5, 4.0, 0x7FC00000]> : tensor<5xf32> -> tensor<5xf32>
  %a = nibble.floor %x : tensor<5xf32> -> tensor<5xf32>
  %b = nibble.ceil %x : tensor<5xf32> -> tensor<5xf32>
  %c = nibble.round %x : tensor<5xf32> -> tensor<5xf32>
  %d = nibble.abs %x : tensor<5xf32> -> tensor<5xf32>
  %e = nibble.neg %x : tensor<5xf32> -> tensor<5xf32>
  %f = nibble.sqrt %x : tensor<5xf32> -> tensor<5xf32>
  %g = nibble.reciprocal %x : tensor<5xf32> -> tensor<5xf32>
  return %a, %b, %c, %d, %e, %f, %g : tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>
}

// Values from a table of the true functions, within the errors that Functions.h states.
// CHECK-LABEL: @transcendental
// CHECK-NEXT: [3] f32 = [0.3678794{{[0-9]*}}, 1, 7.389056{{[0-9]*}}]
// CHECK-NEXT: [3] f32 = [nan, -inf, 0.693147182]
// CHECK-NEXT: [3] f32 = [-0.761594{{[0-9]*}}, 0, 0.964027{{[0-9]*}}]
// CHECK-NEXT: [3] f32 = [-0.842700{{[0-9]*}}, 0, 0.995322{{[0-9]*}}]
// CHECK-NEXT: [3] f32 = [0.268941{{[0-9]*}}, 0.5, 0.880797{{[0-9]*}}]
// CHECK-NEXT: [3] f32 = [-0.268941{{[0-9]*}}, 0, 1.761594{{[0-9]*}}]
// CHECK-NEXT: [3] f32 = [0.313261{{[0-9]*}}, 0.693147{{[0-9]*}}, 2.126928{{[0-9]*}}]
// CHECK-NEXT: [3] f32 = [-0.158655{{[0-9]*}}, 0, 1.954499{{[0-9]*}}]
// CHECK-NEXT: [3] f32 = [-1.264241{{[0-9]*}}, 0, 2]
func.func @transcendental() -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>,
                                tensor<3xf32>, tensor<3xf32>) {
  %x = nibble.constant dense<[-1.0, 0.0, 2.0]> : tensor<3xf32> -> tensor<3xf32>
  %a = nibble.exp %x : tensor<3xf32> -> tensor<3xf32>
  %b = nibble.log %x : tensor<3xf32> -> tensor<3xf32>
  %c = nibble.tanh %x : tensor<3xf32> -> tensor<3xf32>
  %d = nibble.erf %x : tensor<3xf32> -> tensor<3xf32>
  %e = nibble.sigmoid %x : tensor<3xf32> -> tensor<3xf32>
  %f = nibble.silu %x : tensor<3xf32> -> tensor<3xf32>
  %g = nibble.softplus %x : tensor<3xf32> -> tensor<3xf32>
  %h = nibble.gelu %x : tensor<3xf32> -> tensor<3xf32>
  %i = nibble.elu %x {alpha = 2.0 : f32} : tensor<3xf32> -> tensor<3xf32>
  return %a, %b, %c, %d, %e, %f, %g, %h, %i : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>,
      tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

// The stored values 0, 128 and 255 are -64, 0 and 63.5.
// CHECK-LABEL: @quantized_unary
// CHECK-NEXT: [3] {{.*}} = [0, 128, 255]
// CHECK-NEXT: [3] {{.*}} = [0, 0, 12]
func.func @quantized_unary() -> (tensor<3x!quant.uniform<u8:f32, 0.00390625:0>>, tensor<3x!quant.uniform<i8:f32, 0.5:0>>) {
  %x = nibble.constant dense<[0, 128, 255]> : tensor<3xui8> -> tensor<3x!quant.uniform<u8:f32, 0.5:128>>
  %a = nibble.sigmoid %x : tensor<3x!quant.uniform<u8:f32, 0.5:128>> -> tensor<3x!quant.uniform<u8:f32, 0.00390625:0>>
  %b = nibble.clip %x {min = 0.0 : f32, max = 6.0 : f32} : tensor<3x!quant.uniform<u8:f32, 0.5:128>> -> tensor<3x!quant.uniform<i8:f32, 0.5:0>>
  return %a, %b : tensor<3x!quant.uniform<u8:f32, 0.00390625:0>>, tensor<3x!quant.uniform<i8:f32, 0.5:0>>
}

// CHECK-LABEL: @binary
// CHECK-NEXT: [2, 2] f32 = [11, 22, 13, 24]
// CHECK-NEXT: [2, 2] f32 = [-9, -18, -7, -16]
// CHECK-NEXT: [2, 2] f32 = [10, 40, 30, 80]
// CHECK-NEXT: [2, 2] f32 = [0.100000001, 0.100000001, 0.300000012, 0.200000003]
// CHECK-NEXT: [2, 2] f32 = [1, 4, 9, 16]
// CHECK-NEXT: [2, 2] f32 = [1, 2, 3, 4]
// CHECK-NEXT: [2, 2] f32 = [10, 20, 10, 20]
func.func @binary() -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %x = nibble.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> -> tensor<2x2xf32>
  %y = nibble.constant dense<[10.0, 20.0]> : tensor<2xf32> -> tensor<2xf32>
  %two = nibble.constant dense<2.0> : tensor<f32> -> tensor<f32>
  %a = nibble.add %x, %y : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  %b = nibble.sub %x, %y : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  %c = nibble.mul %x, %y : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  %d = nibble.div %x, %y : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  %e = nibble.pow %x, %two : tensor<2x2xf32>, tensor<f32> -> tensor<2x2xf32>
  %f = nibble.min %x, %y : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  %g = nibble.max %x, %y : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  return %a, %b, %c, %d, %e, %f, %g : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>,
      tensor<2x2xf32>
}

// Both operands broadcast; extents of 0 stay empty.
// CHECK-LABEL: @broadcast
// CHECK-NEXT: [2, 3] f32 = [11, 12, 13, 21, 22, 23]
// CHECK-NEXT: [0, 3] f32 = []
func.func @broadcast() -> (tensor<2x3xf32>, tensor<0x3xf32>) {
  %x = nibble.constant dense<[[10.0], [20.0]]> : tensor<2x1xf32> -> tensor<2x1xf32>
  %y = nibble.constant dense<[[1.0, 2.0, 3.0]]> : tensor<1x3xf32> -> tensor<1x3xf32>
  %z = nibble.constant dense<1.0> : tensor<0x1xf32> -> tensor<0x1xf32>
  %a = nibble.add %x, %y : tensor<2x1xf32>, tensor<1x3xf32> -> tensor<2x3xf32>
  %b = nibble.add %z, %y : tensor<0x1xf32>, tensor<1x3xf32> -> tensor<0x3xf32>
  return %a, %b : tensor<2x3xf32>, tensor<0x3xf32>
}

// The reals are -127.5, 0.5, 0 and 127.5, -0.5, 63.5: sums 0, 0, 63.5; halves of the result's step to even, or up in mode fixed.
// The half of mode float is 70.5, zero point and all.
// CHECK-LABEL: @quantized_add
// CHECK-NEXT: [3] {{.*}} = [7, 7, 70]
// CHECK-NEXT: [3] {{.*}} = [7, 7, 71]
// CHECK-NEXT: [3] {{.*}} = [0, 8, 0]
func.func @quantized_add() -> (tensor<3x!quant.uniform<u8:f32, 1.0:7>>, tensor<3x!quant.uniform<u8:f32, 1.0:7>>, tensor<3x!quant.uniform<u8:f32, 1.0:7>>) {
  %x = nibble.constant dense<[0, 255, 254]> : tensor<3xui8> -> tensor<3x!quant.uniform<u8:f32, 0.5:254>>
  %y = nibble.constant dense<[255, 0, 128]> : tensor<3xui8> -> tensor<3x!quant.uniform<u8:f32, 0.5:1>>
  %a = nibble.add %x, %y : tensor<3x!quant.uniform<u8:f32, 0.5:254>>, tensor<3x!quant.uniform<u8:f32, 0.5:1>> -> tensor<3x!quant.uniform<u8:f32, 1.0:7>>
  %b = nibble.add %x, %y {requant = #nibble.requant<fixed>}
      : tensor<3x!quant.uniform<u8:f32, 0.5:254>>, tensor<3x!quant.uniform<u8:f32, 0.5:1>> -> tensor<3x!quant.uniform<u8:f32, 1.0:7>>
  %c = nibble.sub %x, %y : tensor<3x!quant.uniform<u8:f32, 0.5:254>>, tensor<3x!quant.uniform<u8:f32, 0.5:1>> -> tensor<3x!quant.uniform<u8:f32, 1.0:7>>
  return %a, %b, %c : tensor<3x!quant.uniform<u8:f32, 1.0:7>>, tensor<3x!quant.uniform<u8:f32, 1.0:7>>, tensor<3x!quant.uniform<u8:f32, 1.0:7>>
}

// -128 * -128 * 0.25 / 64 = 64; 127 * -128 ... = -63.5 to even -64, or up to -63.
// CHECK-LABEL: @quantized_mul
// CHECK-NEXT: [2] {{.*}} = [64, -64]
// CHECK-NEXT: [2] {{.*}} = [64, -63]
// CHECK-NEXT: [2] {{.*}} = [0, 0]
// CHECK-NEXT: [2] {{.*}} = [-1, -1]
func.func @quantized_mul() -> (tensor<2x!quant.uniform<i8:f32, 64.0>>, tensor<2x!quant.uniform<i8:f32, 64.0>>, tensor<2x!quant.uniform<i8:f32, 64.0>>,
                               tensor<2x!quant.uniform<i8:f32, 64.0>>) {
  %x = nibble.constant dense<[-128, 127]> : tensor<2xi8> -> tensor<2x!quant.uniform<i8:f32, 0.5>>
  %y = nibble.constant dense<-128> : tensor<1xi8> -> tensor<1x!quant.uniform<i8:f32, 0.5>>
  %a = nibble.mul %x, %y : tensor<2x!quant.uniform<i8:f32, 0.5>>, tensor<1x!quant.uniform<i8:f32, 0.5>> -> tensor<2x!quant.uniform<i8:f32, 64.0>>
  %b = nibble.mul %x, %y {requant = #nibble.requant<fixed>}
      : tensor<2x!quant.uniform<i8:f32, 0.5>>, tensor<1x!quant.uniform<i8:f32, 0.5>> -> tensor<2x!quant.uniform<i8:f32, 64.0>>
  %c = nibble.div %x, %y : tensor<2x!quant.uniform<i8:f32, 0.5>>, tensor<1x!quant.uniform<i8:f32, 0.5>> -> tensor<2x!quant.uniform<i8:f32, 64.0>>
  %d = nibble.min %x, %y : tensor<2x!quant.uniform<i8:f32, 0.5>>, tensor<1x!quant.uniform<i8:f32, 0.5>> -> tensor<2x!quant.uniform<i8:f32, 64.0>>
  return %a, %b, %c, %d : tensor<2x!quant.uniform<i8:f32, 64.0>>, tensor<2x!quant.uniform<i8:f32, 64.0>>, tensor<2x!quant.uniform<i8:f32, 64.0>>,
      tensor<2x!quant.uniform<i8:f32, 64.0>>
}
