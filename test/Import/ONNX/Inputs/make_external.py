# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes FOLDER/model.onnx, whose weight of 32x32 floats lies in LOCATION: make_external.py FOLDER LOCATION [OFFSET]."""
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

folder, location = Path(sys.argv[1]), sys.argv[2]
weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[32, 32], data_location=TensorProto.EXTERNAL)
entries = {"location": location, **({"offset": sys.argv[3]} if len(sys.argv) > 3 else {})}
for key, value in entries.items():
    weight.external_data.add(key=key, value=value)
if not (folder / location).exists():
    np.full((32, 32), 2, np.float32).tofile(folder / location)
info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 32]) for name in "xy"]
graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", info[:1], info[1:], [weight])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
(folder / "model.onnx").write_bytes(model.SerializeToString())
