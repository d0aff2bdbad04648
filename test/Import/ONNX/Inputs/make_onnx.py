# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a model that a test spells: make_onnx.py TEST MODEL OUTPUT.

A test holds models in ONNX's text format, in comments:

    # MODEL: name
    #   <ir_version: 10, opset_import: ["" : 21]>
    #   g (float[N,2] x) => (float[N,2] y) { [relu] y = Relu(x) }
    # WEIGHT: w float32 4x3x3x3

A weight's elements count up from -n/2 in steps of 1/8 (integers: of 1).
"""
import re
import sys

import numpy as np
import onnx
from onnx import numpy_helper


def weight(name, dtype, shape):
    shape = [int(extent) for extent in shape.split("x")] if shape != "scalar" else []
    count = int(np.prod(shape))
    values = (np.arange(count) - count // 2) * (1 if np.issubdtype(np.dtype(dtype), np.integer) else 0.125)
    return numpy_helper.from_array(values.astype(dtype).reshape(shape), name)


def main():
    test, wanted, output = sys.argv[1:]
    text, weights, current = [], [], None
    for line in open(test):
        if match := re.match(r"(?:#|//) MODEL: (\S+)", line):
            current = match[1]
        elif match := re.match(r"(?:#|//) WEIGHT: (\S+) (\S+) (\S+)", line):
            if current == wanted:
                weights.append(weight(*match.groups()))
        elif match := re.match(r"(?:#|//)   (.*)", line):
            if current == wanted:
                text.append(match[1])
        else:
            current = None
    model = onnx.parser.parse_model("\n".join(text))
    model.graph.initializer.extend(weights)
    onnx.save(model, output)


if __name__ == "__main__":
    main()
