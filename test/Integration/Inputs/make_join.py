# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a model that joins `past` and `new` along their rows: make_join.py OUT.onnx."""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

wide, narrow = np.eye(4, 64, dtype=np.float32), np.eye(64, 4, dtype=np.float32)
nodes = [helper.make_node("Concat", ["past", "new"], ["joined"], axis=1), helper.make_node("MatMul", ["joined", "wide"], ["h"]),
         helper.make_node("Relu", ["h"], ["r"]), helper.make_node("MatMul", ["r", "narrow"], ["all"]),
         helper.make_node("Relu", ["new"], ["last"])]
value = helper.make_tensor_value_info
graph = helper.make_graph(nodes, "g", [value("past", TensorProto.FLOAT, ["batch", "past", 4]),
                                       value("new", TensorProto.FLOAT, ["batch", "sequence", 4])],
                          [value("all", TensorProto.FLOAT, ["batch", None, 4]),
                           value("last", TensorProto.FLOAT, ["batch", "sequence", 4])],
                          [numpy_helper.from_array(wide, "wide"), numpy_helper.from_array(narrow, "narrow")])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), sys.argv[1])
