#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes FOLDER/model.onnx, LAYERS products of WIDTHxWIDTH floats with a relu between two, whose weights lie beside it in
weights.bin, and a calibration sample, data.npz: make_large.py FOLDER LAYERS WIDTH."""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

folder, layers, width = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
rng = np.random.default_rng(0)
nodes, weights = [], []
with open(folder / "weights.bin", "wb") as data:
    for layer in range(layers):
        weight = TensorProto(name=f"w{layer}", data_type=TensorProto.FLOAT, dims=[width, width],
                             data_location=TensorProto.EXTERNAL)
        for key, value in {"location": "weights.bin", "offset": data.tell(), "length": 4 * width * width}.items():
            weight.external_data.add(key=key, value=str(value))
        weights.append(weight)
        # What keeps the variance behind a relu.
        data.write((rng.standard_normal((width, width), np.float32) * np.float32(np.sqrt(2 / width))).tobytes())
        nodes.append(helper.make_node("MatMul", ["x" if layer == 0 else f"relu{layer - 1}", f"w{layer}"],
                                      [f"product{layer}"], name=f"product{layer}"))
        nodes.append(helper.make_node("Relu", [f"product{layer}"], [f"relu{layer}"], name=f"relu{layer}"))
nodes[-1].output[0] = "y"
x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, width]) for name in "xy")
graph = helper.make_graph(nodes, "large", [x], [y], weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "model.onnx")
np.savez(folder / "data.npz", x=rng.standard_normal((1, width)).astype(np.float32))
