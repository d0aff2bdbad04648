// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes over the nibble dialect, in the order in which the pipelines run them.

#ifndef NIBBLE_PASSES
#define NIBBLE_PASSES

include "mlir/Pass/PassBase.td"

def FoldConstants : Pass<"nibble-fold-constants"> {
  let summary = "Compute operations on constants at compile time";
  let description = [{
    The reference interpreter executes each operation whose operands are all constant, so that
    the result is what it would be at run time. Results larger than `max-elements` and
    than all operands together are left, as storing them costs more than computing them. Weights that
    are quantized already stay so, unless `dequantize` is set.

    ```mlir
    %a = nibble.constant dense<4.0> : tensor<2xf32> -> tensor<2xf32>
    %y = nibble.sqrt %a : tensor<2xf32> -> tensor<2xf32>
    // becomes
    %y = nibble.constant dense<2.0> : tensor<2xf32> -> tensor<2xf32>
    ```
  }];
  let options = [Option<"maxElements", "max-elements", "int64_t", "16384", "largest result beyond the operands' size">,
                 Option<"dequantize", "dequantize", "bool", "false", "compute dequantized constants too">];
  let statistics = [Statistic<"folded", "folded", "operations computed">];
}

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

def FuseNorms : Pass<"nibble-fuse-norms"> {
  let summary = "Recognize layer and RMS normalizations that are spelled out";
  let description = [{
    * (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) is a `layer` norm, x / sqrt(mean(x^2) + epsilon) an `rms`
      norm, however squares, roots and reciprocals are written; the means are those of the last dimensions;
    * so is x * s + (b - mean(x) * s) with s = g / sqrt(variance + epsilon), TensorFlow's form;
    * products and sums with one number a column become the norm's scale and bias.

    Quantized step by step such a chain would lose what it is there to balance; one norm reads each row once
    and writes it once.

    ```mlir
    %square = nibble.mul %x, %x : tensor<2x8xf32>, tensor<2x8xf32> -> tensor<2x8xf32>
    %mean = nibble.reduce %square {kind = #nibble.reduce_kind<mean>, axes = array<i64: 1>, keep_dims} : tensor<2x8xf32> -> tensor<2x1xf32>
    %root = nibble.sqrt %mean : tensor<2x1xf32> -> tensor<2x1xf32>
    %y = nibble.div %x, %root : tensor<2x8xf32>, tensor<2x1xf32> -> tensor<2x8xf32>
    // becomes
    %y = nibble.norm %x {kind = #nibble.norm_kind<rms>, axis = 1 : i64, epsilon = 0.0 : f32} : (tensor<2x8xf32>) -> tensor<2x8xf32>
    ```
  }];
  let statistics = [Statistic<"fused", "fused", "normalizations recognized">,
                    Statistic<"absorbed", "absorbed", "scales and biases taken into norms">];
}

def FuseMasks : Pass<"nibble-fuse-masks"> {
  let summary = "Let softmax take the scale and the mask of its scores";
  let description = [{
    softmax(p * c + mask), p being a matrix product, or dequantized, and c a number, becomes one softmax with a scale and a mask. So the
    mask, whose large negative numbers would leave the scores of a quantized sum no steps, stays float, and neither
    product nor sum is computed for itself. A choice between such scores and a number of -1e8 or less, which no sum with a
    score changes, becomes a mask, too.

    ```mlir
    %p = nibble.matmul %q, %k : tensor<2x4x8xf32>, tensor<2x8x4xf32> -> tensor<2x4x4xf32>
    %c = nibble.constant dense<0.5> : tensor<f32> -> tensor<f32>
    %s = nibble.mul %p, %c : tensor<2x4x4xf32>, tensor<f32> -> tensor<2x4x4xf32>
    %m = nibble.add %s, %mask : tensor<2x4x4xf32>, tensor<2x1x4xf32> -> tensor<2x4x4xf32>
    %y = nibble.softmax %m {axis = 2 : i64} : tensor<2x4x4xf32> -> tensor<2x4x4xf32>
    // becomes
    %p = nibble.matmul %q, %k : tensor<2x4x8xf32>, tensor<2x8x4xf32> -> tensor<2x4x4xf32>
    %y = nibble.softmax %p mask %mask {axis = 2 : i64, scale = 0.5 : f32} : tensor<2x4x4xf32>, tensor<2x1x4xf32> -> tensor<2x4x4xf32>
    ```
  }];
  let statistics = [Statistic<"masks", "masks", "masks taken into softmaxes">,
                    Statistic<"scales", "scales", "scales taken into softmaxes">];
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

def BindStates : Pass<"nibble-bind-states", "mlir::func::FuncOp"> {
  let summary = "Check which inputs and outputs can be one buffer, and mark what appends";
  let description = [{
    An argument with the attribute `nibble.state` shares its buffer with the result of that number: both have one shape, or
    the result is the argument with other values behind it along one dimension, whose extent has a bound. The
    concatenation is marked, so that no later pass gives it other element types. What cannot be one buffer is an error.

    ```mlir
    func.func @main(%past: tensor<?x4xf32> {nibble.dims = ["past", ""], nibble.state = 0 : i64}, %new: tensor<1x4xf32>)
        -> tensor<?x4xf32> attributes {nibble.bounds = array<i64: 63>} {
      %present = nibble.concat %past, %new {axis = 0 : i64} : tensor<?x4xf32>, tensor<1x4xf32> -> tensor<?x4xf32>
      return %present : tensor<?x4xf32>
    }
    // becomes
    func.func @main(%past: tensor<?x4xf32> {nibble.dims = ["past", ""], nibble.state = 0 : i64}, %new: tensor<1x4xf32>)
        -> tensor<?x4xf32> attributes {nibble.bounds = array<i64: 63>} {
      %present = nibble.concat %past, %new {axis = 0 : i64, nibble.state} : tensor<?x4xf32>, tensor<1x4xf32> -> tensor<?x4xf32>
      return %present : tensor<?x4xf32>
    }
    ```
  }];
  let statistics = [Statistic<"bound", "bound", "states">];
}

def InsertObservers : Pass<"nibble-insert-observers"> {
  let summary = "Mark the values whose ranges calibration measures";
  let description = [{
    An observe is put behind each float value that a quantized operation reads or
    writes, graph inputs among them, named by its ONNX name. A relu or clip that its
    producer can absorb is observed, not the value before it; data movement
    shares its input's range. What the model quantizes itself needs no range. The steps of a
    node that became several operations stay in float: only the last of them has the node's name.

    ```mlir
    %y = nibble.relu %x : tensor<4xf32> -> tensor<4xf32> loc("Relu_1"("y"))
    %z = nibble.sigmoid %y : tensor<4xf32> -> tensor<4xf32> loc("Sigmoid_2"("z"))
    // becomes
    %r = nibble.relu %x : tensor<4xf32> -> tensor<4xf32>
    %y = nibble.observe %r name "y" : tensor<4xf32>
    %s = nibble.sigmoid %y : tensor<4xf32> -> tensor<4xf32>
    %z = nibble.observe %s name "z" : tensor<4xf32>
    ```
  }];
  let statistics = [Statistic<"inserted", "inserted", "values observed">];
}

def ReadCalibration : Pass<"nibble-read-calibration"> {
  let summary = "Give observes the ranges of a calibration file";
  let description = [{
    `file` is the `.calib.json` of a calibration run; `method` chooses ranges from the
    distributions in it, and is the file's own if empty: `minmax`, `percentile:P`,
    `mse` or `entropy`. The extremes, which 16-bit types cover, stand in `nibble.extremes`. A missing entry, an entry that no value has, and a file
    of another model are errors.

    ```mlir
    // nibble-opt --nibble-read-calibration=file=%S/relu.calib.json
    %y = nibble.observe %x name "y" : tensor<4xf32>
    // becomes
    %y = nibble.observe %x name "y" range [0.0, 6.0] {nibble.extremes = array<f32: 0.0, 6.0>} : tensor<4xf32>
    ```
  }];
  let options = [Option<"file", "file", "std::string", "", "path of the .calib.json">,
                 Option<"method", "method", "std::string", "", "minmax, percentile:P, mse or entropy">];
  let statistics = [Statistic<"read", "read", "ranges read">];
}

def ApplyPlan : Pass<"nibble-apply-plan"> {
  let summary = "Note the precision of nodes and values that a plan file chooses";
  let description = [{
    Operations that stay in float get the attribute `nibble.precision = "float"`, those that another mode than
    `static` quantizes `"dynamic"` or `"weight-only"`. Activations stand in `nibble.activations` of the observes and
    operations that have an entry, and of the module for the plan's default. Products whose weights get fewer than 8 bits
    say so in `nibble.weights`. A name that the model does not have is an
    error that says the nearest.

    ```mlir
    // nibble-opt --nibble-apply-plan=file=%S/float.plan.json
    // With {"schema": 1, "nodes": {"Relu_1": {"activations": "float"}}}:
    %y = nibble.relu %x : tensor<4xf32> -> tensor<4xf32> loc("Relu_1"("y"))
    // becomes
    %y = nibble.relu %x {nibble.activations = "float", nibble.precision = "float"} : tensor<4xf32> -> tensor<4xf32>
    ```
  }];
  let options = [Option<"file", "file", "std::string", "", "path of the plan">,
                 Option<"weights", "weights", "std::string", "\"int8\"",
                        "int8, int4, int2 or float, where the plan does not say">,
                 Option<"mode", "mode", "std::string", "\"static\"",
                        "static, dynamic or weight-only, where the plan does not say">];
  let statistics = [Statistic<"planned", "planned", "operations that stay in float">,
                    Statistic<"narrowed", "narrowed", "products with weights of fewer than 8 bits">];
}

def KeepTails : Pass<"nibble-keep-tails"> {
  let summary = "Keep arithmetic behind the last product or pool in float";
  let description = [{
    Additions, subtractions, multiplications and softmaxes with no product or pool behind them, and
    the functions that follow them, gain nothing from 8 bits and lose what a detector's
    box decoding, a classifier's probabilities or a regression's output scale needs. Operations that a plan file
    names are left as it says.

    ```mlir
    %m = nibble.matmul %x, %w : tensor<2x4xf32>, tensor<4x3xf32> -> tensor<2x3xf32>
    %s = nibble.sigmoid %m : tensor<2x3xf32> -> tensor<2x3xf32>
    %y = nibble.mul %s, %b : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
    // becomes
    %m = nibble.matmul %x, %w : tensor<2x4xf32>, tensor<4x3xf32> -> tensor<2x3xf32>
    %s = nibble.sigmoid %m : tensor<2x3xf32> -> tensor<2x3xf32>
    %y = nibble.mul %s, %b {nibble.precision = "float"} : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
    ```
  }];
  let statistics = [Statistic<"kept", "kept", "operations kept in float">];
}

def RemoveDeadChannels : Pass<"nibble-remove-dead-channels"> {
  let summary = "Remove channels that are always zero, and the weights that read them";
  let description = [{
    An output channel whose weights are zero is a constant: its bias. Where relus, clips, NHWC pools and depthwise
    convs make zero of it before the next conv or matmul reads it, the channel is taken out of all of them,
    and its weights out of the reader. Every operation between must have one use; one channel stays if all are zero.

    ```mlir
    %w = nibble.constant dense<[[1.0, 0.0], [2.0, 0.0]]> : tensor<2x2xf32> -> tensor<2x2xf32>
    %b = nibble.constant dense<[3.0, -1.0]> : tensor<2xf32> -> tensor<2xf32>
    %v = nibble.constant dense<[[4.0], [5.0]]> : tensor<2x1xf32> -> tensor<2x1xf32>
    %h = nibble.matmul %x, %w bias %b : tensor<8x2xf32>, tensor<2x2xf32>, tensor<2xf32> -> tensor<8x2xf32>
    %r = nibble.relu %h : tensor<8x2xf32> -> tensor<8x2xf32>
    %y = nibble.matmul %r, %v : tensor<8x2xf32>, tensor<2x1xf32> -> tensor<8x1xf32>
    // becomes
    %w = nibble.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32> -> tensor<2x1xf32>
    %b = nibble.constant dense<3.0> : tensor<1xf32> -> tensor<1xf32>
    %h = nibble.matmul %x, %w bias %b : tensor<8x2xf32>, tensor<2x1xf32>, tensor<1xf32> -> tensor<8x1xf32>
    %r = nibble.relu %h : tensor<8x1xf32> -> tensor<8x1xf32>
    %v = nibble.constant dense<4.0> : tensor<1x1xf32> -> tensor<1x1xf32>
    %y = nibble.matmul %r, %v : tensor<8x1xf32>, tensor<1x1xf32> -> tensor<8x1xf32>
    ```
  }];
  let statistics = [Statistic<"removed", "removed", "channels removed">];
}

def Gptq : Pass<"nibble-gptq"> {
  let summary = "Round weights by GPTQ, for the least error of what they compute";
  let description = [{
    For each conv and matmul with constant weights whose input's second moments calibration measured (attribute
    `nibble.moments`), rounds the weights to each of the widths `bits`, column by column, each time moving the error
    into the columns that are left (Frantar et al., "GPTQ", 2022, arXiv 2210.17323), and keeps the stored values and
    scales in the attribute `nibble.rounded` for `--nibble-correct-bias` and `--nibble-store-weights`. No output
    channel is worse than by round to nearest. With `centred`, errors of the mean do not count: the bias takes them up.
    With `group`, as many consecutive weights of an output channel share a factor, and the stored values are the bytes
    that factors, 1 to 127, and values of the width make: the scale is still one for each channel.

    ```mlir
    %w = nibble.constant dense<[[7.0], [0.4]]> : tensor<2x1xf32> -> tensor<2x1xf32>
    %y = nibble.matmul %x, %w {nibble.moments = dense<[[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]>
        : tensor<1x3x3xf32>} : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
    // becomes
    %w = nibble.constant dense<[[7.0], [0.4]]> : tensor<2x1xf32> -> tensor<2x1xf32>
    %y = nibble.matmul %x, %w {nibble.moments = dense<[[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]>
        : tensor<1x3x3xf32>, nibble.rounded = {int4 = [dense<[[7], [0]]> : tensor<2x1xi8>, array<f32: 1.0>]}}
        : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
    ```
  }];
  let options = [ListOption<"bits", "bits", "int64_t", "widths to round to, 2 to 8 (4)">,
                 Option<"damping", "damping", "double", "0.01", "share of the mean moment added to each">,
                 Option<"actOrder", "act-order", "bool", "true", "inputs of large moments first">,
                 Option<"centred", "centred", "bool", "true", "biases take up errors of the mean">,
                 Option<"group", "group", "int64_t", "0",
                        "weights of an output channel that share a factor of the scale (0: none)">];
  let statistics = [Statistic<"rounded", "rounded", "products rounded">];
}

def AdaRound : Pass<"nibble-ada-round"> {
  let summary = "Round weights by AdaRound, for the least error of what they compute";
  let description = [{
    As `--nibble-gptq` does, but learns for each weight whether to round up or down (Nagel et al., "Up or Down? Adaptive
    Rounding for Post-Training Quantization", 2020, arXiv 2004.10568). The layer's squared error is quadratic in the
    weights, so that the second moments stand for all samples: the result is a function of weights and moments.

    ```mlir
    %w = nibble.constant dense<[[7.0], [0.4]]> : tensor<2x1xf32> -> tensor<2x1xf32>
    %y = nibble.matmul %x, %w {nibble.moments = dense<[[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]>
        : tensor<1x3x3xf32>} : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
    // becomes
    %w = nibble.constant dense<[[7.0], [0.4]]> : tensor<2x1xf32> -> tensor<2x1xf32>
    %y = nibble.matmul %x, %w {nibble.moments = dense<[[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]>
        : tensor<1x3x3xf32>, nibble.rounded = {int4 = [dense<[[7], [0]]> : tensor<2x1xi8>, array<f32: 1.0>]}}
        : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
    ```
  }];
  let options = [ListOption<"bits", "bits", "int64_t", "widths to round to, 2 to 8 (4)">,
                 Option<"iterations", "iterations", "int64_t", "400", "steps of the optimizer">,
                 Option<"centred", "centred", "bool", "true", "biases take up errors of the mean">,
                 Option<"group", "group", "int64_t", "0",
                        "weights of an output channel that share a factor of the scale (0: none)">];
  let statistics = [Statistic<"rounded", "rounded", "products rounded">];
}

def StoreWeights : Pass<"nibble-store-weights"> {
  let summary = "Make weights that were rounded the constants of their products";
  let description = [{
    Where `nibble.rounded` holds the weights of a product that is to be quantized statically, in the width that the plan
    gives it, they take the place of the float weights, as stored integers behind a dequantize: `--nibble-quantize-ops`
    takes them as they are. The attribute goes in any case, and `nibble.moments` with it.

    ```mlir
    %w = nibble.constant dense<[[7.0], [0.4]]> : tensor<2x1xf32> -> tensor<2x1xf32>
    %y = nibble.matmul %x, %w {nibble.weights = "int4", nibble.rounded = {int4 = [dense<[[7], [0]]> : tensor<2x1xi8>,
        array<f32: 1.0>]}} : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
    // becomes
    %q = nibble.constant dense<[[7], [0]]> : tensor<2x1xi8> -> tensor<2x1x!quant.uniform<i4<-7:7>:f32:1, {1.0}>>
    %w = nibble.dequantize %q : tensor<2x1x!quant.uniform<i4<-7:7>:f32:1, {1.0}>> to tensor<2x1xf32>
    %y = nibble.matmul %x, %w {nibble.weights = "int4"} : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
    ```
  }];
  let statistics = [Statistic<"stored", "stored", "weights stored as they were rounded">];
}

def CorrectBias : Pass<"nibble-correct-bias"> {
  let summary = "Correct biases for what rounding the weights does to the mean";
  let description = [{
    The rounding of a conv's or matmul's constant weights shifts the mean of each output channel by the sum of
    (w - rounded w) * mean(x) over its weights, a conv's each times the share of positions at which it reads
    no padding. Where calibration measured the means of the input's channels, the bias gets that back (Nagel et al., "Data-free quantization through weight equalization and
    bias correction", 2019, arXiv 1906.04721, section 4.2).

    ```mlir
    %w = nibble.constant dense<[[127.0], [1.25]]> : tensor<2x1xf32> -> tensor<2x1xf32>
    %o = nibble.observe %x name "x" range [0.0, 4.0] {nibble.means = array<f32: 2.0, 4.0>} : tensor<4x2xf32>
    %y = nibble.matmul %o, %w : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
    // becomes
    %w = nibble.constant dense<[[127.0], [1.25]]> : tensor<2x1xf32> -> tensor<2x1xf32>
    %o = nibble.observe %x name "x" range [0.0, 4.0] {nibble.means = array<f32: 2.0, 4.0>} : tensor<4x2xf32>
    %b = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
    %y = nibble.matmul %o, %w bias %b : tensor<4x2xf32>, tensor<2x1xf32>, tensor<1xf32> -> tensor<4x1xf32>
    ```
  }];
  let options = [Option<"perTensor", "per-tensor", "bool", "false", "one scale for all weights of an operation">];
  let statistics = [Statistic<"corrected", "corrected", "biases corrected">];
}

def AssignTypes : Pass<"nibble-assign-types"> {
  let summary = "Choose the quantized type of each observed value";
  let description = [{
    An observe becomes a quantize and a dequantize, if an operation beside it computes on
    quantized values. Asymmetric types have scale = fl32((max - min) / 255) and zero point =
    rint(qmin - min / scale), the range extended to contain 0; symmetric ones
    scale = fl32(max(|min|, |max|) / 127). Behind a relu or clip the storage range is narrowed
    to what the clip leaves, where it does more than the range. A concat's operands
    that nothing else reads get its type. Of an input, or a value that is computed in float,
    only quantized operations read the rounded form.

    `int16` is symmetric, i16 in [-32767, 32767], over all that calibration saw. A value has 16 bits where an operation
    beside it wants them. Accumulators have 32 bits: where |bias| + sum |w| * 32768 of a reader would not fit (or the
    product of two activations), the value is stored in [-Q, Q] with the largest Q that leaves room, and a remark says
    so. Products and functions of 8 bits read a value that only others want in 16 through a conversion.

    ```mlir
    %a = nibble.observe %x name "a" range [0.0, 2.0] : tensor<4xf32>
    %y = nibble.sigmoid %a : tensor<4xf32> -> tensor<4xf32>
    // becomes
    %q = nibble.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.0078431377187371254>>
    %a = nibble.dequantize %q : tensor<4x!quant.uniform<u8:f32, 0.0078431377187371254>> to tensor<4xf32>
    %y = nibble.sigmoid %a : tensor<4xf32> -> tensor<4xf32>
    ```
  }];
  let options = [Option<"activations", "activations", "std::string", "\"uint8\"",
                        "uint8, int8, int8-symmetric, int16 or float">,
                 Option<"perTensor", "per-tensor", "bool", "false", "one scale for all weights of an operation">];
  let statistics = [Statistic<"assigned", "assigned", "values that got a type">,
                    Statistic<"narrowed", "narrowed", "16-bit values narrowed for their readers' accumulators">,
                    Statistic<"seams", "seams", "16-bit values that some read in 8 bits">,
                    Statistic<"unified", "unified", "values that share a concat's type">,
                    Statistic<"dropped", "dropped", "observes removed, as all around is float">];
}

def NarrowTypes : Pass<"nibble-narrow-types"> {
  let summary = "Turn clips before a quantize into narrower types";
  let description = [{
    A quantized model spells what its activations clip as relus and clips before the quantize. The stored
    values that remain make the type, as `--nibble-assign-types` does for calibrated ones, so
    that the clip costs nothing and the operation before it can be quantized.

    ```mlir
    %c = nibble.clip %x {min = 0.0 : f32, max = 6.0 : f32} : tensor<4xf32> -> tensor<4xf32>
    %q = nibble.quantize %c : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.5:4>>
    %y = nibble.dequantize %q : tensor<4x!quant.uniform<u8:f32, 0.5:4>> to tensor<4xf32>
    // becomes
    %q = nibble.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u8<4:16>:f32, 0.5:4>>
    %y = nibble.dequantize %q : tensor<4x!quant.uniform<u8<4:16>:f32, 0.5:4>> to tensor<4xf32>
    ```
  }];
  let statistics = [Statistic<"narrowed", "narrowed", "clips that became types">];
}

def QuantizeOps : Pass<"nibble-quantize-ops"> {
  let summary = "Turn float operations between dequantize and quantize into quantized ones";
  let description = [{
    Weights become symmetric i8 in [-127, 127], one scale fl32(max|w| / 127) an output channel
    (or a tensor, with `per-tensor`); a bias becomes i32 with scale fl32(sx * sw). Where `nibble.weights` says `"int4"` or
    `"int2"`, weights become i4 in [-7, 7] or i2 in [-1, 1], of the clipped scale with the least squared error. Weights that
    the model holds as integers stay what they are. Relus and
    clips are dropped where the result's type clips as much. Constants of elementwise
    operations become u8, or i16 beside 16-bit values. Data movement moves quantized values. A product whose 32-bit
    accumulators 16-bit operands could overflow stays in float. Reported are: dead
    channels, scales that underflow, biases that would overflow, and outlier channels
    that suffer from one scale a tensor.

    ```mlir
    %w = nibble.constant dense<[[127.0], [-63.5]]> : tensor<2x1xf32> -> tensor<2x1xf32>
    %d = nibble.dequantize %x : tensor<4x2x!quant.uniform<u8:f32, 0.5>> to tensor<4x2xf32>
    %m = nibble.matmul %d, %w : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
    %y = nibble.quantize %m : tensor<4x1xf32> to tensor<4x1x!quant.uniform<u8:f32, 0.25>>
    // becomes
    %w = nibble.constant dense<[[127], [-64]]> : tensor<2x1xi8>
        -> tensor<2x1x!quant.uniform<i8<-127:127>:f32:1, {1.0}>>
    %y = nibble.matmul %x, %w : tensor<4x2x!quant.uniform<u8:f32, 0.5>>,
        tensor<2x1x!quant.uniform<i8<-127:127>:f32:1, {1.0}>> -> tensor<4x1x!quant.uniform<u8:f32, 0.25>>
    ```
  }];
  let options = [Option<"perTensor", "per-tensor", "bool", "false", "one scale for all weights of an operation">,
                 Option<"requant", "requant", "::nibble::RequantMode", "::nibble::RequantMode::Float",
                        "arithmetic of requantization",
                        [{::llvm::cl::values(
                            clEnumValN(::nibble::RequantMode::Float, "float", "one f32 multiplication"),
                            clEnumValN(::nibble::RequantMode::Fixed, "fixed", "integers only"))}]>];
  let statistics = [Statistic<"quantized", "quantized", "operations quantized">,
                    Statistic<"absorbed", "absorbed", "relus and clips that a storage range does the work of">];
}

def QuantizeDynamic : Pass<"nibble-quantize-dynamic"> {
  let summary = "Quantize the inputs of planned products at run time";
  let description = [{
    Of a conv or matmul whose `nibble.precision` is `"dynamic"`. Constant weights become symmetric i8 in
    [-127, 127], one scale fl32(max|w| / 127) an output channel (or a tensor, with `per-tensor`); bias and result
    stay f32. A row is a token of a matmul and a sample of a conv. Bytes are `ui8` where the input cannot be negative
    (unless `signed`), else `i8`. A matmul of two values becomes a `nibble.dynamic_matmul`, unless fewer than 32
    rows or columns or 16 terms are known to be there, or its right-hand side is an input or continues one: then
    bytes would cost more than they save.

    ```mlir
    %w = nibble.constant dense<[[127.0], [-63.5]]> : tensor<2x1xf32> -> tensor<2x1xf32>
    %y = nibble.matmul %x, %w {nibble.precision = "dynamic"} : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
    // becomes
    %w = nibble.constant dense<[[127], [-64]]> : tensor<2x1xi8> -> tensor<2x1xi8>
    %m = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
    %s = nibble.dynamic_scale %x {row_dims = 1 : i64, levels = 127 : i32} : tensor<4x2xf32> -> tensor<4xf32>
    %q = nibble.dynamic_quantize %x, %s : tensor<4x2xf32>, tensor<4xf32> -> tensor<4x2xi8>
    %y = nibble.scaled_matmul %q, %w, %m rows %s
        : (tensor<4x2xi8>, tensor<2x1xi8>, tensor<1xf32>, tensor<4xf32>) -> tensor<4x1xf32>
    ```
  }];
  let options = [Option<"perTensor", "per-tensor", "bool", "false", "one scale for all weights of an operation">,
                 Option<"isSigned", "signed", "bool", "false", "i8 also where the input cannot be negative">];
  let statistics = [Statistic<"quantized", "quantized", "products quantized at run time">,
                    Statistic<"ofValues", "of-values", "products of two values among them">,
                    Statistic<"unsignedInputs", "unsigned", "inputs that cannot be negative">];
}

def QuantizeWeights : Pass<"nibble-quantize-weights"> {
  let summary = "Store the weights of planned products as i8";
  let description = [{
    Of a conv or matmul with constant weights whose `nibble.precision` is `"weight-only"`; weights as
    `--nibble-quantize-dynamic` quantizes them. Input, bias and result stay f32.

    ```mlir
    %w = nibble.constant dense<[[127.0], [-63.5]]> : tensor<2x1xf32> -> tensor<2x1xf32>
    %y = nibble.matmul %x, %w {nibble.precision = "weight-only"} : tensor<4x2xf32>, tensor<2x1xf32> -> tensor<4x1xf32>
    // becomes
    %w = nibble.constant dense<[[127], [-64]]> : tensor<2x1xi8> -> tensor<2x1xi8>
    %m = nibble.constant dense<1.0> : tensor<1xf32> -> tensor<1xf32>
    %y = nibble.scaled_matmul %x, %w, %m : (tensor<4x2xf32>, tensor<2x1xi8>, tensor<1xf32>) -> tensor<4x1xf32>
    ```
  }];
  let options = [Option<"perTensor", "per-tensor", "bool", "false", "one scale for all weights of an operation">];
  let statistics = [Statistic<"quantized", "quantized", "products with weights in i8">];
}

def QuantizeTables : Pass<"nibble-quantize-tables"> {
  let summary = "Store the tables of embeddings as i8";
  let description = [{
    Of a gather_rows with a constant f32 table of `least` elements or more: each row has a scale of its own, max|t| / 127, and
    the result stays f32. Tables of finite values only; smaller ones save nothing.

    ```mlir
    %t = nibble.constant dense<[[127.0, -63.5], [1.0, 0.5]]> : tensor<2x2xf32> -> tensor<2x2xf32>
    %y = nibble.gather_rows %t, %i : (tensor<2x2xf32>, tensor<3xi64>) -> tensor<3x2xf32>
    ```

    With `least=4` this table is [[127, -64], [127, 64]] in i8 with the scales [1, 1/127].
  }];
  let options = [Option<"least", "least", "int64_t", "16384", "elements of the smallest table">];
  let statistics = [Statistic<"quantized", "quantized", "tables in i8">];
}

def EliminateRequantize : Pass<"nibble-eliminate-requantize"> {
  let summary = "Remove conversions between quantized types";
  let description = [{
    A quantize behind a dequantize is a requantize, or nothing; a requantize goes into the
    operation before it, if nothing else reads that: rounded once instead of twice.

    ```mlir
    %a = nibble.relu %x : tensor<4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<4x!quant.uniform<u8:f32, 0.5>>
    %y = nibble.requantize %a : tensor<4x!quant.uniform<u8:f32, 0.5>> to tensor<4x!quant.uniform<u8:f32, 0.25>>
    // becomes
    %y = nibble.relu %x : tensor<4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<4x!quant.uniform<u8:f32, 0.25>>
    ```
  }];
  let options = [Option<"requant", "requant", "::nibble::RequantMode", "::nibble::RequantMode::Float",
                        "arithmetic of requantization",
                        [{::llvm::cl::values(
                            clEnumValN(::nibble::RequantMode::Float, "float", "one f32 multiplication"),
                            clEnumValN(::nibble::RequantMode::Fixed, "fixed", "integers only"))}]>];
  let statistics = [Statistic<"elided", "elided", "conversions to float and back removed">,
                    Statistic<"absorbed", "absorbed", "requantizations that a producer does">];
}

def ReportFloat : Pass<"nibble-report-float"> {
  let summary = "Name the operations that stay in float, and say why";
  let description = [{
    A remark for each, or with `strict` an error for each that the plan did not ask for: also for a product that was
    to be dynamic or weight-only and cannot be. The IR is not changed.

    ```mlir
    // remark: node 'Softmax_9' (nibble.softmax) stays in float: it has no quantized form
    %y = nibble.softmax %x {axis = 1 : i64} : tensor<2x10xf32> -> tensor<2x10xf32> loc("Softmax_9"("y"))
    ```
  }];
  let options = [Option<"strict", "strict", "bool", "false", "fail where the plan did not ask for float">];
  let statistics = [Statistic<"kept", "kept", "operations that stay in float">];
}

def BuildTables : Pass<"nibble-build-tables"> {
  let summary = "Turn functions of a quantized byte into tables of 256 entries";
  let description = [{
    Entry q of the table is quantize(f(dequantize(q))), computed at compile time by the
    definition that the interpreter has. Tables behind tables become one. Of 16-bit values, or to them, the same three
    steps are taken at run time: int_dequantize, f in float, int_quantize. So are those of a softmax of such values, of a masked softmax and of a norm.

    ```mlir
    // %y becomes an int_lookup of %x, between casts from quantized values to bytes and back.
    %y = nibble.sigmoid %x : tensor<4x!quant.uniform<u8:f32, 0.125:128>> -> tensor<4x!quant.uniform<u8:f32, 0.00390625>>
    ```
  }];
  let statistics = [Statistic<"built", "built", "functions turned into tables">,
                    Statistic<"composed", "composed", "pairs of tables made one">,
                    Statistic<"computed", "computed", "functions, softmaxes and norms computed in float">];
}

def SplitWeights : Pass<"nibble-split-weights"> {
  let summary = "Split weights of nine bits into sums of eight";
  let description = [{
    Unsigned weights of an imported model less their zero point may leave [-128, 127], which no integer
    operation takes. Each then becomes a sum of parts that fit, and the input's channels are repeated as
    often: the same accumulator, at the cost of as many products. A warning says so.

    ```mlir
    %w = nibble.constant dense<[[255], [0]]> : tensor<2x1xui8> -> tensor<2x1x!quant.uniform<u8:f32, 0.25:100>>
    %y = nibble.matmul %x, %w : tensor<3x2x!quant.uniform<u8:f32, 0.5>>, tensor<2x1x!quant.uniform<u8:f32, 0.25:100>>
        -> tensor<3x1x!quant.uniform<u8:f32, 8.0>>
    // becomes
    %p = nibble.resize_nearest %x {axes = array<i64: 1>, indices = array<i64: 0, 1, 0, 1>}
        : tensor<3x2x!quant.uniform<u8:f32, 0.5>> -> tensor<3x4x!quant.uniform<u8:f32, 0.5>>
    %w = nibble.constant dense<[[127], [-100], [28], [0]]> : tensor<4x1xi8> -> tensor<4x1x!quant.uniform<i8:f32, 0.25>>
    %y = nibble.matmul %p, %w : tensor<3x4x!quant.uniform<u8:f32, 0.5>>, tensor<4x1x!quant.uniform<i8:f32, 0.25>>
        -> tensor<3x1x!quant.uniform<u8:f32, 8.0>>
    ```
  }];
  let statistics = [Statistic<"divided", "divided", "operations whose weights were split">];
}

def FoldZeroPoints : Pass<"nibble-fold-zero-points"> {
  let summary = "Fold zero points of products into their biases, and scales into one multiplier";
  let description = [{
    conv, conv_transpose and matmul on quantized values become their integer forms:

    * bias'[o] = bias[o] - zx * sum w[o], so that the input's zero point vanishes from the inner loop; taps in the padding
      read zx. Not for conv_transpose and for weights that are not constant, which keep the zero point;
    * multiplier[o] = fl32(fl32(sx * sw[o]) / sy).

    ```mlir
    %w = nibble.constant dense<[[3], [-1]]> : tensor<2x1xi8> -> tensor<2x1x!quant.uniform<i8<-127:127>:f32:1, {0.5}>>
    %y = nibble.matmul %x, %w : tensor<4x2x!quant.uniform<u8:f32, 0.5:128>>,
        tensor<2x1x!quant.uniform<i8<-127:127>:f32:1, {0.5}>> -> tensor<4x1x!quant.uniform<u8:f32, 0.125:7>>
    // becomes
    %b = nibble.constant dense<-256> : tensor<1xi32> -> tensor<1xi32>
    %m = nibble.constant dense<2.0> : tensor<1xf32> -> tensor<1xf32>
    %c = builtin.unrealized_conversion_cast %x : tensor<4x2x!quant.uniform<u8:f32, 0.5:128>> to tensor<4x2xui8>
    %w = nibble.constant dense<[[3], [-1]]> : tensor<2x1xi8> -> tensor<2x1xi8>
    %i = nibble.int_matmul %c, %w, %b, %m {output_zero_point = 7 : i32, clamp = array<i32: 0, 255>}
        : tensor<4x2xui8>, tensor<2x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<4x1xui8>
    %y = builtin.unrealized_conversion_cast %i : tensor<4x1xui8> to tensor<4x1x!quant.uniform<u8:f32, 0.125:7>>
    ```
  }];
  let statistics = [Statistic<"converted", "converted", "products turned into integer products">,
                    Statistic<"folded", "folded", "zero points folded into a bias">];
}

def FoldScales : Pass<"nibble-fold-scales"> {
  let summary = "Fold scales of elementwise operations and pools into multipliers";
  let description = [{
    add, sub, mul, avg_pool, softmax, requantize and concat on quantized values become their
    integer forms, with one f32 multiplier an operand. A concat requantizes only the operands whose
    encoding differs from the result's.

    ```mlir
    %y = nibble.add %a, %b : tensor<4x!quant.uniform<u8:f32, 0.5:3>>, tensor<4x!quant.uniform<u8:f32, 0.25:4>>
        -> tensor<4x!quant.uniform<u8:f32, 1.0>>
    // becomes
    %l = builtin.unrealized_conversion_cast %a : tensor<4x!quant.uniform<u8:f32, 0.5:3>> to tensor<4xui8>
    %r = builtin.unrealized_conversion_cast %b : tensor<4x!quant.uniform<u8:f32, 0.25:4>> to tensor<4xui8>
    %i = nibble.int_add %l, %r {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 3 : i32,
        rhs_zero_point = 4 : i32, output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
        : tensor<4xui8>, tensor<4xui8> -> tensor<4xui8>
    %y = builtin.unrealized_conversion_cast %i : tensor<4xui8> to tensor<4x!quant.uniform<u8:f32, 1.0>>
    ```
  }];
  let statistics = [Statistic<"folded", "folded", "operations turned into integer operations">,
                    Statistic<"requantized", "requantized", "concat operands that need a conversion">];
}

def FoldStorage : Pass<"nibble-fold-storage"> {
  let summary = "Turn what remains of quantized types into bytes";
  let description = [{
    quantize and dequantize become int_quantize and int_dequantize, data movement moves bytes, a
    padding of zeros holds the zero point, and the casts that the passes before left vanish.
    Arguments and results become integers, whose scale and zero point stay as the attributes
    `nibble.scale` and `nibble.zero_point`. An operation that still has a quantized type is an error.

    ```mlir
    %q = nibble.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.5:128>>
    %y = nibble.dequantize %q : tensor<4x!quant.uniform<u8:f32, 0.5:128>> to tensor<4xf32>
    // becomes
    %q = nibble.int_quantize %x {scale = 0.5 : f32, zero_point = 128 : i32, clamp = array<i32: 0, 255>}
        : tensor<4xf32> -> tensor<4xui8>
    %y = nibble.int_dequantize %q {scale = 0.5 : f32, zero_point = 128 : i32} : tensor<4xui8> -> tensor<4xf32>
    ```
  }];
  let statistics = [Statistic<"folded", "folded", "operations turned into operations on bytes">];
}

def FuseEpilogues : Pass<"nibble-fuse-epilogues"> {
  let summary = "Fuse residual additions into the convolution before them";
  let description = [{
    The convolution's epilogue adds the other operand after its own requantization: the
    same bits, without writing and reading the sum's operand. The residual notes the order of the operands.

    ```mlir
    %c = nibble.int_conv %x, %w, %b, %m {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
        dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 5 : i32,
        clamp = array<i32: 0, 255>}
        : tensor<1x8x8x3xui8>, tensor<4x1x1x3xi8>, tensor<4xi32>, tensor<4xf32> -> tensor<1x8x8x4xui8>
    %y = nibble.int_add %c, %a {lhs_scale = 0.5 : f32, rhs_scale = 0.25 : f32, lhs_zero_point = 5 : i32,
        rhs_zero_point = 4 : i32, output_zero_point = 7 : i32, clamp = array<i32: 0, 255>}
        : tensor<1x8x8x4xui8>, tensor<1x8x8x4xui8> -> tensor<1x8x8x4xui8>
    // becomes
    %y = nibble.int_conv %x, %w, %b, %m add %a {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
        dilations = array<i64: 1, 1>, groups = 1 : i64, pad_value = 0 : i32, output_zero_point = 5 : i32,
        clamp = array<i32: 0, 255>, residual = #nibble.residual<scale = 0.5 : f32, addend_scale = 0.25 : f32,
        addend_zero_point = 4, zero_point = 7, min = 0, max = 255>}
        : tensor<1x8x8x3xui8>, tensor<4x1x1x3xi8>, tensor<4xi32>, tensor<4xf32>, tensor<1x8x8x4xui8>
        -> tensor<1x8x8x4xui8>
    ```
  }];
  let statistics = [Statistic<"fused", "fused", "additions fused">];
}

def ProveAccumulators : Pass<"nibble-prove-accumulators"> {
  let summary = "Prove from the weights that no 32-bit accumulator can overflow";
  let description = [{
    For each output channel the sums of positive and of negative products, over all
    values that the input can have, bound every partial sum in every order. These are the values in the `clamp` of
    what computes it, behind data movement, else all of its type. Where
    32 bits do not hold them, the pass fails and names the node. The IR is not changed.

    ```mlir
    // 127 * 255 a tap: 66311 taps would not fit, two do.
    %w = nibble.constant dense<127> : tensor<2x1xi8> -> tensor<2x1xi8>
    %b = nibble.constant dense<0> : tensor<1xi32> -> tensor<1xi32>
    %y = nibble.int_matmul %x, %w, %b, %m {output_zero_point = 0 : i32, clamp = array<i32: 0, 255>}
        : tensor<4x2xui8>, tensor<2x1xi8>, tensor<1xi32>, tensor<1xf32> -> tensor<4x1xui8>
    ```
  }];
  let statistics = [Statistic<"proved", "proved", "operations whose accumulators cannot overflow">,
                    Statistic<"largest", "largest", "greatest magnitude that an accumulator can reach">];
}

def ExposeIntegers : Pass<"nibble-expose-integers", "mlir::ModuleOp"> {
  let summary = "Make inputs and outputs the plan's integers";
  let description = [{
    An input that is quantized before anything reads it, and an output that is dequantized last, become bytes; the
    attributes `nibble.scale` and `nibble.zero_point` tell their meaning. An input or output that is computed with in
    float is left, with a warning that names it.

    ```mlir
    func.func @main(%x: tensor<4x2xf32> {nibble.name = "x"}) -> (tensor<8xf32> {nibble.name = "y"}) {
      %q = nibble.int_quantize %x {scale = 0.5 : f32, zero_point = 128 : i32, clamp = array<i32: 0, 255>} : tensor<4x2xf32> -> tensor<4x2xui8>
      %r = nibble.reshape %q : tensor<4x2xui8> -> tensor<8xui8>
      %y = nibble.int_dequantize %r {scale = 0.5 : f32, zero_point = 128 : i32} : tensor<8xui8> -> tensor<8xf32>
      return %y : tensor<8xf32>
    }
    // becomes
    func.func @main(%x: tensor<4x2xui8> {nibble.name = "x", nibble.scale = 0.5 : f32, nibble.zero_point = 128 : i32})
        -> (tensor<8xui8> {nibble.name = "y", nibble.scale = 0.5 : f32, nibble.zero_point = 128 : i32}) {
      %r = nibble.reshape %x : tensor<4x2xui8> -> tensor<8xui8>
      return %r : tensor<8xui8>
    }
    ```
  }];
  let statistics = [Statistic<"exposed", "exposed", "inputs and outputs made integers">];
}

def ArrangeImages : Pass<"nibble-arrange-images", "mlir::ModuleOp"> {
  let summary = "Choose the order of dimensions of images among inputs and outputs";
  let description = [{
    Tells of each input and output that is an image (a convolution or pool works on it) by the attribute
    `nibble.layout` in which order its dimensions lie, and with `layout` nchw or nhwc changes the order to that: the
    transposes at the border of the graph then go, or come.

    ```mlir
    // nibble-opt --nibble-arrange-images=layout=nhwc
    func.func @main(%x: tensor<1x3x8x8xf32>) -> tensor<1x4x4x3xf32> {
      %t = nibble.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : tensor<1x3x8x8xf32> -> tensor<1x8x8x3xf32>
      %y = nibble.max_pool %t {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
          dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>} : tensor<1x8x8x3xf32> -> tensor<1x4x4x3xf32>
      return %y : tensor<1x4x4x3xf32>
    }
    // becomes
    func.func @main(%x: tensor<1x8x8x3xf32> {nibble.layout = "nhwc"}) -> (tensor<1x4x4x3xf32> {nibble.layout = "nhwc"}) {
      %y = nibble.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
          dilations = array<i64: 1, 1>, layout = #nibble.layout<nhwc>} : tensor<1x8x8x3xf32> -> tensor<1x4x4x3xf32>
      return %y : tensor<1x4x4x3xf32>
    }
    ```
  }];
  let options = [Option<"layout", "layout", "std::string", "\"model\"", "model (as they are), nchw or nhwc">];
  let statistics = [Statistic<"arranged", "arranged", "inputs and outputs whose dimensions changed places">];
}

def HashPlan : Pass<"nibble-hash-plan", "mlir::ModuleOp"> {
  let summary = "Tell by a number which plan a module carries out";
  let description = [{
    Sets the module's `nibble.plan_hash`: the SHA-256, in hexadecimal, of operations, types and attributes in their
    order and of the contents of constants, but not of locations, of the names of resources or of other attributes of
    the module. Operations mean the same bits everywhere, so modules of equal hash give equal results on every target.
    A compiled model tells it as `plan_hash` of its description.

    ```mlir
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
      %y = nibble.relu %x : tensor<4xf32> -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
    // becomes
    module attributes {nibble.plan_hash = "dac92d9e70278a7f5c305095c916a43e3175d7fd75ec3b7f1d2b3de0c4101217"} {
      func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
        %y = nibble.relu %x : tensor<4xf32> -> tensor<4xf32>
        return %y : tensor<4xf32>
      }
    }
    ```
  }];
}

#endif // NIBBLE_PASSES
