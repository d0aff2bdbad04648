# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Softmax in integers: in the middle of an attention, imported, exported, and as the plan chooses."""

import json
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from conftest import SATURATES
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import nibble

onnxruntime = pytest.importorskip("onnxruntime")
NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"
TOKENS, WIDTH = 12, 16


def make_model(name, nodes, inputs, outputs, weights, domains=()):
    def value(of):
        return helper.make_tensor_value_info(*of)
    graph = helper.make_graph(nodes, name, [value(i) for i in inputs], [value(o) for o in outputs],
                              [numpy_helper.from_array(array, key) for key, array in weights.items()])
    opsets = [helper.make_opsetid("", 17), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


@pytest.fixture(scope="module")
def attention(tmp_path_factory):
    """One head: softmax(x Q (x K)^T / 4) x V W; the nodes have their outputs' names."""
    rng = np.random.default_rng(8)
    weights = {key: rng.normal(0, 0.5, (WIDTH, WIDTH)).astype(np.float32) for key in ("Q", "K", "V", "W")}
    weights["quarter"] = np.float32(0.25).reshape(())
    steps = [("MatMul", ["x", "Q"], "q"), ("MatMul", ["x", "K"], "k"), ("MatMul", ["x", "V"], "v"),
             ("Transpose", ["k"], "t"), ("MatMul", ["q", "t"], "scores"), ("Mul", ["scores", "quarter"], "scaled"),
             ("Softmax", ["scaled"], "parts"), ("MatMul", ["parts", "v"], "mixed"), ("MatMul", ["mixed", "W"], "y")]
    nodes = [helper.make_node(op, operands, [result], name=result,
                              **({"perm": [0, 2, 1]} if op == "Transpose" else {})) for op, operands, result in steps]
    shape = ("batch", TOKENS, WIDTH)
    path = tmp_path_factory.mktemp("attention") / "attention.onnx"
    onnx.save(make_model("attention", nodes, [("x", TensorProto.FLOAT, shape)], [("y", TensorProto.FLOAT, shape)],
                         weights), path)
    return path


def feeds(count, batch=1):
    rng = np.random.default_rng(4)
    return [{"x": rng.normal(0, 1, (batch, TOKENS, WIDTH)).astype(np.float32)} for _ in range(count)]


def run(model, feed):
    source = model.SerializeToString() if isinstance(model, onnx.ModelProto) else str(model)
    return onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"]).run(None, feed)


def sqnr(expected, actual):
    error = np.sum((expected - actual).astype(np.float64) ** 2)
    return 10 * np.log10(np.sum(expected.astype(np.float64) ** 2) / error) if error else np.inf


def total_sqnr(path, model):
    expected, actual = zip(*((run(path, feed)[0], model.run(feed)[0]) for feed in feeds(4)), strict=True)
    return sqnr(np.stack(expected), np.stack(actual))


@pytest.mark.parametrize("activations", ["uint8", "int8", "int16"])
def test_attention_equals_the_interpreter(attention, activations):
    model = nibble.compile(attention, feeds(32), activations=activations)
    for feed in feeds(2, batch=3):
        assert model.run(feed)[0].tobytes() == model.reference(feed)[0].tobytes()
    assert total_sqnr(attention, model) > 25


def explain(path, *arguments):
    done = subprocess.run([NIBBLE, "explain", path, *arguments, "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_explain_names_kernel_and_precision(attention, tmp_path):
    model = nibble.compile(attention, feeds(32))
    model.save(tmp_path / "attention.so")
    summary = explain(tmp_path / "attention.so")
    index, node = next((i, n) for i, n in enumerate(summary["nodes"]) if n["node"] == "parts")
    assert node["precision"] == "int8"
    kernels = [call["kernel"] for call in summary["calls"] if call["node"] == index]
    assert len(kernels) == 1 and kernels[0].startswith("u8_u8_softmax_")


def test_plan_keeps_it_in_float(attention, tmp_path):
    (tmp_path / "plan.json").write_text(json.dumps({"schema": 1, "nodes": {"parts": {"activations": "float"}}}))
    integers = nibble.compile(attention, feeds(32))
    planned = nibble.compile(attention, feeds(32), plan=tmp_path / "plan.json")
    feed = feeds(1)[0]
    assert planned.run(feed)[0].tobytes() == planned.reference(feed)[0].tobytes()
    # As near to float as that.
    assert total_sqnr(attention, integers) > total_sqnr(attention, planned) - 1


def test_export_reads_back_to_the_byte(attention, tmp_path):
    direct = nibble.compile(attention, feeds(32))
    nibble.quantize(attention, feeds(32), tmp_path / "qdq.onnx")
    again = nibble.compile(tmp_path / "qdq.onnx")
    assert "Softmax" in [node.op_type for node in onnx.load(tmp_path / "qdq.onnx").graph.node]
    for feed in feeds(4):
        assert direct.run(feed)[0].tobytes() == again.run(feed)[0].tobytes()
        exact = ReferenceEvaluator(str(tmp_path / "qdq.onnx")).run if SATURATES else lambda _, f: run(tmp_path / "qdq.onnx", f)
        assert sqnr(exact(None, feed)[0], again.run(feed)[0]) > 30


@pytest.mark.parametrize("dtype, zero, result_zero", [(np.uint8, 100, 0), (np.int8, -7, -128)])
@pytest.mark.parametrize("shape, axis", [((2, 10), -1), ((1, 3, 300), 2), ((1, 7, 5), 1)])
def test_qlinear_softmax_is_onnxruntimes(tmp_path, dtype, zero, result_zero, shape, axis):
    weights = {"s": np.float32(0.05), "z": np.array(zero, dtype), "t": np.float32(1 / 256),
               "o": np.array(result_zero, dtype)}
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    node = helper.make_node("QLinearSoftmax", ["x", "s", "z", "t", "o"], ["y"], name="soft", domain="com.microsoft",
                            axis=axis, opset=13)
    model = make_model("soft", [node], [("x", kind, shape)], [("y", kind, shape)], weights, ["com.microsoft"])
    onnx.save(model, tmp_path / "soft.onnx")
    ours = nibble.compile(tmp_path / "soft.onnx")
    limits = np.iinfo(dtype)
    for seed in range(3):
        x = np.random.default_rng(seed).integers(limits.min, limits.max + 1, shape).astype(dtype)
        want, got = run(model, {"x": x})[0], ours.run({"x": x})[0]
        assert got.dtype == want.dtype and got.tobytes() == ours.reference({"x": x})[0].tobytes()
        assert np.abs(got.astype(int) - want.astype(int)).max() <= 1
        real = np.exp(0.05 * (x.astype(np.float64) - x.max(axis, keepdims=True)))
        real = np.minimum(real / real.sum(axis, keepdims=True) * 256, 255) + result_zero
        assert np.abs(got - real).max() < 0.501


def test_a_classifiers_softmax_stays_in_float(attention, tmp_path):
    rng = np.random.default_rng(1)
    nodes = [helper.make_node("MatMul", ["x", "W"], ["m"], name="dense"),
             helper.make_node("Softmax", ["m"], ["y"], name="soft")]
    model = make_model("classifier", nodes, [("x", TensorProto.FLOAT, ("batch", 8))],
                       [("y", TensorProto.FLOAT, ("batch", 10))], {"W": rng.normal(0, 1, (8, 10)).astype(np.float32)})
    onnx.save(model, tmp_path / "classifier.onnx")
    data = [{"x": rng.normal(0, 1, (1, 8)).astype(np.float32)} for _ in range(16)]
    np.savez(tmp_path / "data.npz", x=np.concatenate([feed["x"] for feed in data]))
    nodes = {n["node"]: n for n in explain(tmp_path / "classifier.onnx", "--calib", tmp_path / "data.npz")["nodes"]}
    assert nodes["dense"]["precision"] == "int8" and nodes["soft"]["precision"] == "float32"
    # Unless the plan asks for it.
    (tmp_path / "plan.json").write_text(json.dumps({"schema": 1, "nodes": {"soft": {"activations": "uint8"}}}))
    planned = nibble.compile(tmp_path / "classifier.onnx", data, plan=tmp_path / "plan.json")
    values = planned.run(data[0])[0]
    assert len(np.unique(np.round(values / values[values > 0].min() * 1e3))) <= 256
    assert values.tobytes() == planned.reference(data[0])[0].tobytes()
