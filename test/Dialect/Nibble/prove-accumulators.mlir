// RUN: nibble-opt %s --nibble-prove-accumulators --split-input-file --verify-diagnostics -o /dev/null

// 66311 * 127 * 255 = 2147481735 < 2^31 = 2147483648.
func.func @safe(%x: tensor<1x66311xui8>, %m: tensor<1xf32>) -> tensor<1x1xui8> {
  %w = nibble.constant dense<127> : tensor<66311x1xi8> -> tensor<66311x1xi8>
  %b = nibble.constant dense<0> : tensor<1xi32> -> tensor<1xi32>
  %y = nibble.int_matmul %x, %w, %b, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x66311xui8>, tensor<66311x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1xui8>
  return %y : tensor<1x1xui8>
}

// -----

// The bias is one too much.
func.func @bias(%x: tensor<1x66311xui8>, %m: tensor<1xf32>) -> tensor<1x1xui8> {
  %w = nibble.constant dense<127> : tensor<66311x1xi8> -> tensor<66311x1xi8>
  %b = nibble.constant dense<1914> : tensor<1xi32> -> tensor<1xi32>
  // expected-error @+1 {{node '': the 32-bit accumulator of output channel 0 can overflow: it reaches [0, 2147483649]; keep this node in float by a plan}}
  %y = nibble.int_matmul %x, %w, %b, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x66311xui8>, tensor<66311x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1xui8>
  return %y : tensor<1x1xui8>
}

// -----

// Positive and negative products are bounded apart: a partial sum may hold only one kind.
func.func @conv(%x: tensor<1x1x1x40000xi8>, %m: tensor<1xf32>) -> tensor<1x1x1x1xui8> {
  %w = nibble.constant dense<-127> : tensor<1x1x1x40000xi8> -> tensor<1x1x1x40000xi8>
  %b = nibble.constant dense<-1600000000> : tensor<1xi32> -> tensor<1xi32>
  // expected-error @+1 {{node '': the 32-bit accumulator of output channel 0 can overflow: it reaches [-2245160000, 650240000]; keep this node in float by a plan}}
  %y = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 5 : i32,
      clamp = array<i32: 0, 255>}
      : tensor<1x1x1x40000xi8>, tensor<1x1x1x40000xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1x1x1xui8>
  return %y : tensor<1x1x1x1xui8>
}

// -----

// Two activations: depth * 255 * 255.
func.func @activations(%x: tensor<1x40000xui8>, %z: tensor<40000x1xui8>, %b: tensor<1xi32>, %m: tensor<1xf32>) -> tensor<1x1xui8> {
  // expected-error @+1 {{node '': the 32-bit accumulator of output channel 0 can overflow: it reaches [0, 2601000000]; keep this node in float by a plan}}
  %y = nibble.int_matmul %x, %z, %b, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x40000xui8>, tensor<40000x1xui8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1xui8>
  return %y : tensor<1x1xui8>
}

// -----

// A dynamic depth is 4096 at most: a run refuses more.
func.func @dynamic(%x: tensor<1x?xui8>, %z: tensor<?x1xui8>, %b: tensor<1xi32>, %m: tensor<1xf32>) -> tensor<1x1xui8> {
  %y = nibble.int_matmul %x, %z, %b, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x?xui8>, tensor<?x1xui8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1xui8>
  return %y : tensor<1x1xui8>
}

// -----

func.func @dynamic_words(%x: tensor<1x?xi16>, %z: tensor<?x1xui8>, %b: tensor<1xi32>, %m: tensor<1xf32>) -> tensor<1x1xui8> {
  // expected-error @+1 {{node '': the 32-bit accumulator of output channel 0 can overflow: it reaches [-34225520640, 34224476160]; keep this node in float by a plan}}
  %y = nibble.int_matmul %x, %z, %b, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x?xi16>, tensor<?x1xui8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1xui8>
  return %y : tensor<1x1xui8>
}

// -----

func.func @unknown(%x: tensor<1x4xi8>, %w: tensor<4x1xi8>, %m: tensor<1xf32>, %b: tensor<1xf32>, %s: tensor<1xf32>) -> tensor<1x1xf32> {
  // expected-error @+1 {{node '': cannot prove that the accumulator does not overflow, as the weights are not constant}}
  %y = nibble.scaled_matmul %x, %w, %m bias %b rows %s
      : (tensor<1x4xi8>, tensor<4x1xi8>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

// Bytes by i8 weights with a float result; the bias is not in the sum.
func.func @scaled_matmul(%x: tensor<1x66312xui8>, %m: tensor<1xf32>, %b: tensor<1xf32>, %s: tensor<1xf32>) -> tensor<1x1xf32> {
  %w = nibble.constant dense<127> : tensor<66312x1xi8> -> tensor<66312x1xi8>
  // expected-error @+1 {{node '': the 32-bit accumulator of output channel 0 can overflow: it reaches [0, 2147514120]; keep this node in float by a plan}}
  %y = nibble.scaled_matmul %x, %w, %m bias %b rows %s
      : (tensor<1x66312xui8>, tensor<66312x1xi8>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

// Of floats there is nothing to prove.
func.func @scaled_conv(%x: tensor<1x1x1x66312xf32>, %y: tensor<1x1x1x66312xui8>, %m: tensor<1xf32>, %s: tensor<1xf32>) {
  %w = nibble.constant dense<127> : tensor<1x1x1x66312xi8> -> tensor<1x1x1x66312xi8>
  %a = nibble.scaled_conv %x, %w, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (tensor<1x1x1x66312xf32>, tensor<1x1x1x66312xi8>, tensor<1xf32>) -> tensor<1x1x1x1xf32>
  // expected-error @+1 {{node '': the 32-bit accumulator of output channel 0 can overflow: it reaches [0, 2147514120]; keep this node in float by a plan}}
  %b = nibble.scaled_conv %y, %w, %m rows %s {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
      : (tensor<1x1x1x66312xui8>, tensor<1x1x1x66312xi8>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x1xf32>
  return
}

// -----

// 1000 weights of 127 and 16 bits overflow; what a clamp before leaves, behind data movement too, does not. A caller may
// pass -32768 for a value that is -32767 at least.
func.func @wide(%x: tensor<1x1000xf32>, %q: tensor<1x1000xi16>, %m: tensor<1xf32>) {
  %w = nibble.constant dense<127> : tensor<1000x1xi8> -> tensor<1000x1xi8>
  %c = nibble.constant dense<127> : tensor<1x1x1x1000xi8> -> tensor<1x1x1x1000xi8>
  %b = nibble.constant dense<0> : tensor<1xi32> -> tensor<1xi32>
  %n = nibble.int_quantize %x {scale = 0.5 : f32, zero_point = 0 : i32, clamp = array<i32: -16909, 16909>} : tensor<1x1000xf32> -> tensor<1x1000xi16>
  %r = nibble.reshape %n : tensor<1x1000xi16> -> tensor<1x1x1x1000xi16>
  %p = nibble.max_pool %r {kernel = array<i64: 1, 3>, strides = array<i64: 1, 1>, pads = array<i64: 0, 1, 0, 1>,
      dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>} : tensor<1x1x1x1000xi16> -> tensor<1x1x1x1000xi16>
  %t = nibble.reshape %p : tensor<1x1x1x1000xi16> -> tensor<1x1000xi16>
  %0 = nibble.int_matmul %t, %w, %b, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x1000xi16>, tensor<1000x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1xui8>
  // expected-error @+1 {{node '': the 32-bit accumulator of output channel 0 can overflow: it reaches [-4161536000, 4161409000]; keep this node in float by a plan}}
  %1 = nibble.int_matmul %q, %w, %b, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x1000xi16>, tensor<1000x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1xui8>
  %u = nibble.int_quantize %x {scale = 0.5 : f32, zero_point = 0 : i32, clamp = array<i32: -32767, 32767>} : tensor<1x1000xf32> -> tensor<1x1000xi16>
  // expected-error @+1 {{node '': the 32-bit accumulator of output channel 0 can overflow: it reaches [-4161536000, 4161409000]; keep this node in float by a plan}}
  %2 = nibble.int_matmul %u, %w, %b, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x1000xi16>, tensor<1000x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1xui8>
  // expected-error @+1 {{node '': the 32-bit accumulator of output channel 0 can overflow: it reaches [-4161536000, 2147443000]; keep this node in float by a plan}}
  %3 = nibble.int_conv %r, %c, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64,
      pad_value = -32768 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
      : tensor<1x1x1x1000xi16>, tensor<1x1x1x1000xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<1x1x1x1xui8>
  return
}

// -----
// q - z lies in [-255, 255] for a zero point that is found at run time.
func.func @sum_matmul_c4_encoded(%x: tensor<1x66400xui8>, %e: tensor<2xf32>) -> tensor<1x1xi32> {
  %w = nibble.constant dense<127> : tensor<66400x1xi8> -> tensor<66400x1xi8>
  // expected-error @+1 {{node '': the 32-bit accumulator of output channel 0 can overflow: it reaches [-2150364000, 2150364000]; keep this node in float by a plan}}
  %y = nibble.sum_matmul %x, %w lhs_encoding %e : (tensor<1x66400xui8>, tensor<66400x1xi8>, tensor<2xf32>) -> tensor<1x1xi32>
  return %y : tensor<1x1xi32>
}

// -----

func.func @sum_matmul_c4_values(%x: tensor<1x40000xui8>, %z: tensor<40000x1xui8>) -> tensor<1x1xi32> {
  // expected-error @+1 {{node '': the 32-bit accumulator of output channel 0 can overflow: it reaches [0, 2601000000]; keep this node in float by a plan}}
  %y = nibble.sum_matmul %x, %z : (tensor<1x40000xui8>, tensor<40000x1xui8>) -> tensor<1x1xi32>
  return %y : tensor<1x1xi32>
}

// -----

func.func @sum_conv_c4_overflow(%x: tensor<1x1x1x70000xui8>) -> tensor<1x1x1x1xi32> {
  %w = nibble.constant dense<-127> : tensor<1x1x1x70000xi8> -> tensor<1x1x1x70000xi8>
  // expected-error @+1 {{node '': the 32-bit accumulator of output channel 0 can overflow: it reaches [-2266950000, 0]; keep this node in float by a plan}}
  %y = nibble.sum_conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      groups = 1 : i64, layout = #nibble.layout<nhwc>}
      : (tensor<1x1x1x70000xui8>, tensor<1x1x1x70000xi8>) -> tensor<1x1x1x1xi32>
  return %y : tensor<1x1x1x1xi32>
}

// -----
// A dynamic depth is 66311 at most: a run refuses more.
func.func @dynamic_matmul_of_dynamic_depth(%q: tensor<1x?xui8>, %v: tensor<?x1xf32>, %s: tensor<1xf32>) -> tensor<1x1xf32> {
  %y = nibble.dynamic_matmul %q, %v rows %s : (tensor<1x?xui8>, tensor<?x1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @dynamic_matmul_too_deep(%q: tensor<1x66312xui8>, %v: tensor<66312x1xf32>, %s: tensor<1xf32>) -> tensor<1x1xf32> {
  // expected-error @+1 {{node '': the 32-bit accumulator of output channel 0 can overflow: it reaches [-2147514120, 2147514120]; keep this node in float by a plan}}
  %y = nibble.dynamic_matmul %q, %v rows %s : (tensor<1x66312xui8>, tensor<66312x1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}
