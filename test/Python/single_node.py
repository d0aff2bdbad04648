# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One node as a model: compiled, interpreted, and in onnxruntime or ONNX's own reference."""
import numpy as np
import onnx.reference
from onnx import helper, numpy_helper

import nibble


def make(op, feeds, shapes, types, constant=(), domain="", opset=22, **attributes):
    """A model of one node, whose inputs (None where it lacks one) are the model's, or weights where `constant` says so."""
    names = ["" if feed is None else f"x{i}" for i, feed in enumerate(feeds)]
    given = [(name, feed, i in constant) for i, (name, feed) in enumerate(zip(names, feeds)) if feed is not None]
    value = helper.make_tensor_value_info
    inputs = [value(name, helper.np_dtype_to_tensor_dtype(feed.dtype), feed.shape) for name, feed, fixed in given if not fixed]
    weights = [numpy_helper.from_array(feed, name) for name, feed, fixed in given if fixed]
    outputs = [value(f"y{i}", helper.np_dtype_to_tensor_dtype(np.dtype(type)), shape)
               for i, (shape, type) in enumerate(zip(shapes, types))]
    node = helper.make_node(op, names, [output.name for output in outputs], "tested", domain=domain, **attributes)
    graph = helper.make_graph([node], "g", inputs, outputs, weights)
    opsets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 5)] if domain else [])
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    return model, {name: feed for name, feed, fixed in given if not fixed}


def check(folder, op, feeds, reference="onnxruntime", rtol=1e-4, atol=1e-5, outputs=1, want=None, **options):
    """The compiled node gives the interpreter's bytes, and nearly the values of `reference`, or `want`."""
    model, feed = make(op, feeds, [None] * outputs, [np.float32] * outputs, **options)
    if want is None:
        want = evaluate(model, feed, reference)
    shapes, types = [array.shape for array in want], [array.dtype for array in want]
    model, feed = make(op, feeds, shapes, types, **options)
    path = folder / "model.onnx"
    onnx.save(model, path)
    compiled = nibble.compile(path, weights="float")
    for array, got, exact in zip(want, compiled.run(feed), compiled.reference(feed), strict=True):
        assert got.tobytes() == exact.tobytes()
        assert got.dtype == array.dtype and got.shape == array.shape
        np.testing.assert_allclose(got.astype(np.float64), array.astype(np.float64), rtol=rtol, atol=atol)
    return compiled


def evaluate(model, feed, reference):
    """The results of a model whose outputs' types are not known."""
    if reference == "onnx":
        return [np.asarray(array) for array in onnx.reference.ReferenceEvaluator(model).run(None, feed)]
    import onnxruntime

    for output in model.graph.output:
        output.ClearField("type")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, feed)
