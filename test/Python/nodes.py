# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models of one node, for tests of what the importer makes of it."""
import numpy as np
import onnx
import onnx.reference
from onnx import helper

import nibble


def write(path, op, feeds, results, opset, constants=(), **attributes):
    """A model of one node with the operands `feeds`, None for one that is missing; those of `constants` are initializers. `results`
    are (dtype, shape) each."""
    names = ["" if feed is None else f"x{i}" for i, feed in enumerate(feeds)]
    typed = [(name, np.asarray(feed)) for name, feed in zip(names, feeds) if feed is not None]
    inputs = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(feed.dtype), feed.shape)
              for name, feed in typed if int(name[1:]) not in constants]
    outputs = [helper.make_tensor_value_info(f"y{i}", helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), list(map(int, shape)))
               for i, (dtype, shape) in enumerate(results)]
    weights = [onnx.numpy_helper.from_array(feed, name) for name, feed in typed if int(name[1:]) in constants]
    node = helper.make_node(op, names, [output.name for output in outputs], "tested", **attributes)
    graph = helper.make_graph([node], "g", inputs, outputs, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9), path)
    return {name: feed for name, feed in typed if int(name[1:]) not in constants}


def check(folder, op, feeds, results, opset=19, constants=(), rtol=0, atol=0, reference=False, **attributes):
    """The compiled node gives the interpreter's bytes, and onnxruntime's values or those of ONNX's own reference."""
    path = folder / "node.onnx"
    feed = write(path, op, feeds, results, opset, constants, **attributes)
    if reference:
        want = onnx.reference.ReferenceEvaluator(str(path)).run(None, feed)
    else:
        import onnxruntime
        want = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, feed)
    compiled = nibble.compile(path, weights="float")
    for wanted, got, exact in zip(want, compiled.run(feed), compiled.reference(feed), strict=True):
        assert got.dtype == wanted.dtype and got.tobytes() == exact.tobytes()
        np.testing.assert_allclose(got, wanted, rtol=rtol, atol=atol)
