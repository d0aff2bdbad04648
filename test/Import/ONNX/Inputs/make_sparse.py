# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a model whose weight is sparse: make_sparse.py initializer|constant OUTPUT."""
import sys

import onnx
from onnx import TensorProto, helper

kind, output = sys.argv[1:]
values = helper.make_tensor("w", TensorProto.FLOAT, [1], [2.0])
sparse = helper.make_sparse_tensor(values, helper.make_tensor("i", TensorProto.INT64, [1], [1]), [3])
info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [3]) for name in "xy"]
nodes = [helper.make_node("Add", ["x", "w"], ["y"])]
if kind == "constant":
    nodes.insert(0, helper.make_node("Constant", [], ["w"], "sparse", sparse_value=sparse))
graph = helper.make_graph(nodes, "g", info[:1], info[1:], sparse_initializer=[sparse] if kind == "initializer" else None)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), output)
