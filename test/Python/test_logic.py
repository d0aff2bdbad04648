# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Comparisons, logic, choices and conversions of all element types: compiled, interpreted, and in onnxruntime."""
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import nibble

ort = pytest.importorskip("onnxruntime")
INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]


def operand(dtype, shape, seed):
    """Values that are often equal, and the extremes."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    values = rng.integers(-3 if dtype[0] != "u" else 0, 4, shape).astype(dtype)
    flat = values.reshape(-1)
    if dtype.startswith("float"):
        flat[:4] = [np.nan, np.inf, -np.inf, -0.0][:flat.size]
    elif flat.size > 1:
        flat[:2] = np.iinfo(dtype).min, np.iinfo(dtype).max
    return values


def check(tmp_path, op, feeds, result, opset=19, **attributes):
    """The compiled node gives onnxruntime's bytes, and the interpreter's."""
    names = [f"x{i}" for i in range(len(feeds))]
    inputs = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(feed.dtype), feed.shape)
              for name, feed in zip(names, feeds)]
    shape = np.broadcast_shapes(*[feed.shape for feed in feeds])
    graph = helper.make_graph([helper.make_node(op, names, ["y"], "tested", **attributes)], "g", inputs,
                              [helper.make_tensor_value_info("y", result, shape)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    feed = dict(zip(names, feeds))
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    compiled = nibble.compile(path, weights="float")
    for want, got, exact in zip(session.run(None, feed), compiled.run(feed), compiled.reference(feed), strict=True):
        assert got.tobytes() == exact.tobytes()
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("op", ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"])
@pytest.mark.parametrize("dtype", ["int32", "int64", "float32"])
def test_comparisons(op, dtype, tmp_path):
    check(tmp_path, op, [operand(dtype, (3, 1, 7), 1), operand(dtype, (5, 7), 2)], TensorProto.BOOL)


@pytest.mark.parametrize("op", ["And", "Or", "Xor"])
def test_logic(op, tmp_path):
    check(tmp_path, op, [operand("bool", (3, 5), 1), operand("bool", (5,), 2)], TensorProto.BOOL)


def test_not(tmp_path):
    check(tmp_path, "Not", [operand("bool", (3, 5), 1)], TensorProto.BOOL)


@pytest.mark.parametrize("dtype", ["float32", "int64", "uint8", "int32"])
def test_where(dtype, tmp_path):
    feeds = [operand("bool", (4, 1, 3), 1), operand(dtype, (2, 1), 2), operand(dtype, (1, 3), 3)]
    check(tmp_path, "Where", feeds, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


@pytest.mark.parametrize("source", [*INTEGERS, "bool"])
@pytest.mark.parametrize("target", [*INTEGERS, "bool", "float32", "float64"])
def test_cast_of_integers(source, target, tmp_path):
    to = helper.np_dtype_to_tensor_dtype(np.dtype(target))
    check(tmp_path, "Cast", [operand(source, (3, 7), 1)], to, to=to)


@pytest.mark.parametrize("target", ["int32", "int64", "bool", "float64"])
def test_cast_of_floats(target, tmp_path):
    to = helper.np_dtype_to_tensor_dtype(np.dtype(target))
    values = np.float32([[-2.5, -1.0, -0.5, 0.0, 0.75, 1e6, 3.99]])
    check(tmp_path, "Cast", [values], to, to=to)
