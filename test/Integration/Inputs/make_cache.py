# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a model that keeps the rows of `new` behind those of `past`, and sums all of them: make_cache.py OUT.onnx."""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

nodes = [helper.make_node("Concat", ["past", "new"], ["present"], axis=1),
         helper.make_node("ReduceSum", ["present", "axis"], ["sum"], keepdims=0)]
value = helper.make_tensor_value_info
graph = helper.make_graph(nodes, "g", [value("past", TensorProto.FLOAT, ["batch", "past", 4]),
                                       value("new", TensorProto.FLOAT, ["batch", "sequence", 4])],
                          [value("sum", TensorProto.FLOAT, ["batch", 4]), value("present", TensorProto.FLOAT, ["batch", None, 4])],
                          [numpy_helper.from_array(np.array([1], np.int64), "axis")])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), sys.argv[1])
