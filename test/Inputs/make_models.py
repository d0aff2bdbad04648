#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes small ONNX models with seeded random weights for the tests: make_models.py DIRECTORY.

The seeds fix every weight, so nothing it writes is committed.
"""
import argparse
import functools
import math
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17


class Graph:
    """Collects nodes and seeded initializers; every node is named after its first output."""

    def __init__(self, name, opset=OPSET):
        self.name, self.opset = name, opset
        self.rng = np.random.default_rng(list(name.encode()))
        self.nodes, self.initializers = [], []

    def constant(self, name, array):
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weight(self, name, *shape):
        """Keeps activations near unit variance: the fan-in is all but the first dimension."""
        bound = math.sqrt(6 / math.prod(shape[1:]))
        return self.constant(name, self.rng.uniform(-bound, bound, shape).astype(np.float32))

    def uniform(self, name, size, low=-0.5, high=0.5):
        return self.constant(name, self.rng.uniform(low, high, size).astype(np.float32))

    def op(self, kind, name, *inputs, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def gemm(self, name, x, inputs, outputs):
        return self.op("Gemm", name, x, self.weight(f"{name}.weight", outputs, inputs),
                       self.uniform(f"{name}.bias", outputs), transB=1)

    def conv(self, name, x, inputs, outputs, size, bias=True, groups=1, stride=1):
        operands = [x, self.weight(f"{name}.weight", outputs, inputs // groups, size, size)]
        if bias:
            operands.append(self.uniform(f"{name}.bias", outputs))
        return self.op("Conv", name, *operands, kernel_shape=[size, size], group=groups,
                       strides=[stride, stride], pads=[size // 2] * 4)

    def batch_norm(self, name, x, channels):
        return self.op("BatchNormalization", name, x,
                       self.uniform(f"{name}.scale", channels, 0.5, 1.5),
                       self.uniform(f"{name}.bias", channels),
                       self.uniform(f"{name}.mean", channels),
                       self.uniform(f"{name}.var", channels, 0.5, 2.0), epsilon=1e-5)

    def finish(self, input_shape, output_shape):
        graph = helper.make_graph(
            self.nodes, self.name,
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, input_shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, output_shape)],
            self.initializers)
        opset = helper.make_opsetid("", self.opset)
        model = helper.make_model(graph, opset_imports=[opset], producer_name="nibble-test",
                                  ir_version=helper.find_min_ir_version_for([opset]))
        onnx.checker.check_model(model, full_check=True)
        return model


def dense():
    """Two fully connected layers."""
    g = Graph("dense")
    x = g.op("Relu", "relu", g.gemm("fc1", "x", 13, 37))
    g.gemm("y", x, 37, 5)
    return g.finish(["batch", 13], ["batch", 5])


def conv_dense():
    """A convolution on an odd-sized image, so that MaxPool drops a row and a column."""
    g = Graph("conv_dense")
    x = g.op("Relu", "relu", g.conv("conv", "x", 3, 11, 3))
    x = g.op("MaxPool", "pool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = g.op("Flatten", "flatten", x, axis=1)
    g.gemm("y", x, 11 * 4 * 3, 7)
    return g.finish(["batch", 3, 9, 7], ["batch", 7])


def depthwise():
    """Depthwise 3x3 with stride 1 and 2, and ReLU6 as exporters write it: Clip."""
    g = Graph("depthwise")
    low, high = g.constant("zero", np.float32(0)), g.constant("six", np.float32(6))
    x = g.conv("expand", "x", 3, 19, 1)
    x = g.op("Clip", "relu6_0", g.conv("dw_stride1", x, 19, 19, 3, groups=19), low, high)
    x = g.op("Clip", "relu6_1", g.conv("dw_stride2", x, 19, 19, 3, groups=19, stride=2), low, high)
    g.conv("y", x, 19, 6, 1)
    return g.finish(["batch", 3, 11, 10], ["batch", 6, 6, 5])


def residual():
    """Two branches that meet in Add, and both again in Concat."""
    g = Graph("residual")
    left = g.op("Relu", "left", g.conv("left_conv", "x", 5, 9, 3))
    right = g.conv("right_conv", "x", 5, 9, 1)
    total = g.op("Relu", "sum_relu", g.op("Add", "sum", left, right))
    joined = g.op("Concat", "concat", total, left, axis=1)
    g.op("AveragePool", "y", joined, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4,
         count_include_pad=0)
    return g.finish(["batch", 5, 8, 6], ["batch", 18, 4, 3])


def bn_shape():
    """BatchNormalization unfolded, and a flatten in the shape arithmetic PyTorch traces."""
    g = Graph("bn_shape", opset=9)
    x = g.batch_norm("bn1", g.conv("conv1", "x", 3, 14, 3, bias=False), 14)
    x = g.op("Relu", "relu1", x)
    x = g.batch_norm("bn2", g.conv("conv2", x, 14, 6, 3, stride=2), 6)
    sizes = [g.op("Gather", f"size{axis}", g.op("Shape", f"shape{axis}", x),
                  g.constant(f"axis{axis}", np.int64(axis)), axis=0) for axis in range(4)]
    features = functools.reduce(lambda a, b: g.op("Mul", f"{a}_{b}", a, b), sizes[1:])
    parts = [g.op("Unsqueeze", f"{size}_1d", size, axes=[0]) for size in (sizes[0], features)]
    x = g.op("Reshape", "view", x, g.op("Concat", "view_shape", *parts, axis=0))
    g.gemm("y", x, 6 * 4 * 4, 10)
    return g.finish(["batch", 3, 8, 8], ["batch", 10])


MODELS = [dense, conv_dense, depthwise, residual, bn_shape]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path, help="where to write; made if missing")
    directory = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    for make in MODELS:
        onnx.save(make(), directory / f"{make.__name__}.onnx")


if __name__ == "__main__":
    main()
