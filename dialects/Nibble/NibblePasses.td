// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes over the nibble dialect, in the order in which the pipelines run them.

#ifndef NIBBLE_PASSES
#define NIBBLE_PASSES

include "mlir/Pass/PassBase.td"

def FoldBatchNorm : Pass<"nibble-fold-batch-norm"> {
  let summary = "Fold batch normalization into the convolution or matmul before it";
  let description = [{
    Scales a constant filter and bias by the normalization's affine function. A batch
    normalization without such a producer becomes a multiplication and an addition.

    ```mlir
    %w = nibble.constant dense<1.0> : tensor<4x3xf32> -> tensor<4x3xf32>
    %s = nibble.constant dense<4.0> : tensor<3xf32> -> tensor<3xf32>
    %b = nibble.constant dense<0.5> : tensor<3xf32> -> tensor<3xf32>
    %m = nibble.matmul %x, %w : tensor<2x4xf32>, tensor<4x3xf32> -> tensor<2x3xf32>
    %y = nibble.batch_norm %m, %s, %b, %b, %s {epsilon = 0.0 : f32}
        : tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<2x3xf32>
    // becomes
    %w = nibble.constant dense<2.0> : tensor<4x3xf32> -> tensor<4x3xf32>
    %b = nibble.constant dense<-0.5> : tensor<3xf32> -> tensor<3xf32>
    %y = nibble.matmul %x, %w bias %b : tensor<2x4xf32>, tensor<4x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
    ```
  }];
  let statistics = [Statistic<"folded", "folded", "batch normalizations folded into a producer">,
                    Statistic<"expanded", "expanded", "batch normalizations turned into mul and add">];
}

def FuseActivations : Pass<"nibble-fuse-activations"> {
  let summary = "Recognize activation functions that are spelled out";
  let description = [{
    * x * sigmoid(x) is silu;
    * x * hard_sigmoid(x, 1/6, 1/2), or x * clip(x + 3, 0, 6) / 6 in any order, is hard_swish;
    * x / 2 * (1 + erf(x / sqrt(2))), in any order, is gelu;
    * max and min with a constant are clips, a clip of a clip is one clip, clip(x, 0, inf) is relu.

    One operation is one table of 256 entries later, and an activation that a
    convolution can absorb is seen as such.

    ```mlir
    %s = nibble.sigmoid %x : tensor<4xf32> -> tensor<4xf32>
    %y = nibble.mul %x, %s : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
    // becomes
    %y = nibble.silu %x : tensor<4xf32> -> tensor<4xf32>
    ```
  }];
  let statistics = [Statistic<"fused", "fused", "activation functions recognized">];
}

def FoldAffine : Pass<"nibble-fold-affine"> {
  let summary = "Fold products and sums with constants into the weights before them";
  let description = [{
    A mul, div, add or sub with one constant number an output channel behind a
    conv, conv_transpose or matmul goes into its weights and bias, computed in f64 and
    rounded once. So a MatMul and an Add become one matmul with a bias.

    ```mlir
    %w = nibble.constant dense<2.0> : tensor<4x3xf32> -> tensor<4x3xf32>
    %b = nibble.constant dense<0.5> : tensor<3xf32> -> tensor<3xf32>
    %m = nibble.matmul %x, %w : tensor<2x4xf32>, tensor<4x3xf32> -> tensor<2x3xf32>
    %y = nibble.add %m, %b : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
    // becomes
    %w = nibble.constant dense<2.0> : tensor<4x3xf32> -> tensor<4x3xf32>
    %b = nibble.constant dense<0.5> : tensor<3xf32> -> tensor<3xf32>
    %y = nibble.matmul %x, %w bias %b : tensor<2x4xf32>, tensor<4x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
    ```
  }];
  let statistics = [Statistic<"folded", "folded", "elementwise operations folded into weights">];
}

def FoldPads : Pass<"nibble-fold-pads"> {
  let summary = "Fold padding with zeros into the convolution behind it";
  let description = [{
    ```mlir
    %p = nibble.pad %x {low = array<i64: 0, 0, 1, 1>, high = array<i64: 0, 0, 1, 1>, mode = #nibble.pad_mode<constant>}
        : tensor<1x3x8x8xf32> -> tensor<1x3x10x10xf32>
    %y = nibble.conv %p, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
        groups = 1 : i64, layout = #nibble.layout<nchw>}
        : tensor<1x3x10x10xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
    // becomes
    %y = nibble.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
        groups = 1 : i64, layout = #nibble.layout<nchw>}
        : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<1x4x8x8xf32>
    ```
  }];
  let statistics = [Statistic<"folded", "folded", "pads folded into convolutions">];
}

def ReduceToPool : Pass<"nibble-reduce-to-pool"> {
  let summary = "Turn the mean over rows and columns into an average pool";
  let description = [{
    A pool has an integer form and a fast kernel.

    ```mlir
    %y = nibble.reduce %x {kind = #nibble.reduce_kind<mean>, axes = array<i64: 2, 3>, keep_dims}
        : tensor<1x3x8x8xf32> -> tensor<1x3x1x1xf32>
    // becomes
    %y = nibble.avg_pool %x {kernel = array<i64: 8, 8>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
        layout = #nibble.layout<nchw>} : tensor<1x3x8x8xf32> -> tensor<1x3x1x1xf32>
    ```
  }];
  let statistics = [Statistic<"converted", "converted", "reductions turned into pools">];
}

def ConvertLayout : Pass<"nibble-convert-layout"> {
  let summary = "Make convolutions and pools NHWC";
  let description = [{
    Each NCHW operation with a window becomes NHWC between two transposes;
    constant filters are transposed at compile time to O, KH, KW, I/groups.
    `--nibble-sink-transposes` then cancels what it can.

    ```mlir
    %y = nibble.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
        dilations = array<i64: 1, 1>, layout = #nibble.layout<nchw>} : tensor<1x3x8x8xf32> -> tensor<1x3x4x4xf32>
    // becomes
    %a = nibble.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : tensor<1x3x8x8xf32> -> tensor<1x8x8x3xf32>
    %b = nibble.max_pool %a {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
        dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>} : tensor<1x8x8x3xf32> -> tensor<1x4x4x3xf32>
    %y = nibble.transpose %b {permutation = array<i64: 0, 3, 1, 2>} : tensor<1x4x4x3xf32> -> tensor<1x3x4x4xf32>
    ```
  }];
  let statistics = [Statistic<"converted", "converted", "operations turned into NHWC">];
}

def SinkTransposes : Pass<"nibble-sink-transposes"> {
  let summary = "Move transposes to NCHW down until they cancel";
  let description = [{
    A transpose from NHWC to NCHW moves below elementwise functions, concat,
    softmax, pad, slice, reduce and resize_nearest, whose axes are renumbered; other
    operands are transposed to NHWC, constants at compile time. Transposes behind
    transposes become one or vanish.

    ```mlir
    %t = nibble.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : tensor<1x8x8x3xf32> -> tensor<1x3x8x8xf32>
    %y = nibble.relu %t : tensor<1x3x8x8xf32> -> tensor<1x3x8x8xf32>
    // becomes
    %t = nibble.relu %x : tensor<1x8x8x3xf32> -> tensor<1x8x8x3xf32>
    %y = nibble.transpose %t {permutation = array<i64: 0, 3, 1, 2>} : tensor<1x8x8x3xf32> -> tensor<1x3x8x8xf32>
    ```
  }];
  let statistics = [Statistic<"sunk", "sunk", "operations that transposes moved below">,
                    Statistic<"cancelled", "cancelled", "pairs of transposes made one or none">];
}

def AbsorbTransposes : Pass<"nibble-absorb-transposes"> {
  let summary = "Absorb transposes in reshapes and constant matrices";
  let description = [{
    A transpose that moves only dimensions of extent 1 is a reshape. Where a
    transposed image is flattened for a matmul with a constant matrix, the rows of
    the matrix are permuted instead.

    ```mlir
    %w = nibble.constant dense<[[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]]> : tensor<6x1xf32> -> tensor<6x1xf32>
    %t = nibble.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : tensor<1x1x2x3xf32> -> tensor<1x3x1x2xf32>
    %f = nibble.reshape %t : tensor<1x3x1x2xf32> -> tensor<1x6xf32>
    %y = nibble.matmul %f, %w : tensor<1x6xf32>, tensor<6x1xf32> -> tensor<1x1xf32>
    // becomes
    %w = nibble.constant dense<[[0.0], [2.0], [4.0], [1.0], [3.0], [5.0]]> : tensor<6x1xf32> -> tensor<6x1xf32>
    %f = nibble.reshape %x : tensor<1x1x2x3xf32> -> tensor<1x6xf32>
    %y = nibble.matmul %f, %w : tensor<1x6xf32>, tensor<6x1xf32> -> tensor<1x1xf32>
    ```
  }];
  let statistics = [Statistic<"absorbed", "absorbed", "transposes absorbed">];
}

#endif // NIBBLE_PASSES
