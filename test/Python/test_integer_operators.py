# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""DynamicQuantizeLinear, MatMulInteger and ConvInteger: what onnxruntime's quantize_dynamic writes, and alone."""

import json
import os
import re
import subprocess
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
from conftest import ROOT, SATURATES
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import nibble

onnxruntime = pytest.importorskip("onnxruntime")
quantization = pytest.importorskip("onnxruntime.quantization")
MODELS = ROOT.parent / "shared" / "models"
TOOLS = Path(os.environ.get("NIBBLE_BUILD_DIR", ROOT / "build")) / "bin"
F32, U8, I8, I32 = TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT8, TensorProto.INT32


def make_model(nodes, inputs, outputs, weights):
    graph = helper.make_graph([helper.make_node(op, operands, results, name=f"{op}_{i}", **attributes)
                               for i, (op, operands, results, attributes) in enumerate(nodes)], "model",
                              [helper.make_tensor_value_info(*value) for value in inputs],
                              [helper.make_tensor_value_info(*value) for value in outputs],
                              [numpy_helper.from_array(array, key) for key, array in weights.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def run(path, feed):
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, feed)


def run_exactly(path, feed):
    return ReferenceEvaluator(str(path)).run(None, feed) if SATURATES else run(path, feed)


def mlp(batch=1):
    rng = np.random.default_rng(2)
    weights = {"w1": rng.normal(0, 0.3, (20, 33)), "b1": rng.normal(0, 1, 33), "w2": rng.normal(0, 0.3, (33, 7))}
    nodes = [("MatMul", ["x", "w1"], ["m"], {}), ("Add", ["m", "b1"], ["a"], {}), ("Relu", ["a"], ["r"], {}),
             ("MatMul", ["r", "w2"], ["y"], {})]
    return make_model(nodes, [("x", F32, (batch, 20))], [("y", F32, (batch, 7))],
                      {k: v.astype(np.float32) for k, v in weights.items()})


def cnn(batch=1):
    rng = np.random.default_rng(3)
    weights = {"w1": rng.normal(0, 0.3, (8, 3, 3, 3)), "b1": rng.normal(0, 1, 8), "w2": rng.normal(0, 0.3, (8, 1, 3, 3)),
               "w3": rng.normal(0, 0.3, (10, 8)), "b3": rng.normal(0, 1, 10)}
    nodes = [("Conv", ["x", "w1", "b1"], ["c"], {"pads": [1, 1, 1, 1], "strides": [2, 1]}), ("Relu", ["c"], ["r"], {}),
             ("Conv", ["r", "w2"], ["d"], {"group": 8, "pads": [0, 1, 1, 0]}),
             ("GlobalAveragePool", ["d"], ["g"], {}), ("Flatten", ["g"], ["f"], {}),
             ("Gemm", ["f", "w3", "b3"], ["y"], {"transB": 1})]
    return make_model(nodes, [("x", F32, (batch, 3, 12, 9))], [("y", F32, (batch, 10))],
                      {k: v.astype(np.float32) for k, v in weights.items()})


def quantize(model, folder, **options):
    onnx.save(model, folder / "float.onnx")
    quantization.quantize_dynamic(folder / "float.onnx", folder / "dynamic.onnx", **options)
    return folder / "dynamic.onnx"


def random_feeds(path, count=4):
    rng = np.random.default_rng(5)
    inputs = [i for i in onnx.load(path).graph.input]
    shapes = {i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in inputs}
    return [{name: (rng.normal(rng.normal(), 2, shape)).astype(np.float32) for name, shape in shapes.items()}
            for _ in range(count)]


def check_like_onnxruntime(path, feeds):
    """Up to the rounding of products of scales: a byte of the next layer's may be another at a tie."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = nibble.compile(path)
    for feed in feeds:
        for want, got, again in zip(run_exactly(path, feed), model.run(feed), model.reference(feed), strict=True):
            assert got.tobytes() == again.tobytes()
            np.testing.assert_allclose(got, want, rtol=1e-5, atol=2e-3 * np.abs(want).max())
            assert np.sqrt(np.mean((got - want) ** 2)) < 3e-4 * np.abs(want).max()


OPTIONS = [{}, {"weight_type": quantization.QuantType.QUInt8}, {"per_channel": True}]
IDS = ["int8", "uint8", "per-channel"]


@pytest.mark.parametrize("options", OPTIONS, ids=IDS)
@pytest.mark.parametrize("batch", [1, 5])
def test_mlp(tmp_path, options, batch):
    path = quantize(mlp(batch), tmp_path, **options)
    assert {"DynamicQuantizeLinear", "MatMulInteger"} <= {node.op_type for node in onnx.load(path).graph.node}
    check_like_onnxruntime(path, random_feeds(path))


@pytest.mark.parametrize("options", [OPTIONS[0], OPTIONS[2]], ids=[IDS[0], IDS[2]])
@pytest.mark.parametrize("batch", [1, 3])
def test_cnn(tmp_path, options, batch):
    path = quantize(cnn(batch), tmp_path, **options)
    assert "ConvInteger" in {node.op_type for node in onnx.load(path).graph.node}
    check_like_onnxruntime(path, random_feeds(path))


def test_products_run_in_integers(tmp_path):
    path = quantize(cnn(), tmp_path)
    model = nibble.compile(path)
    model.save(tmp_path / "cnn.so")
    done = subprocess.run([TOOLS / "nibble", "explain", tmp_path / "cnn.so", "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    kernels = [call["kernel"] for call in json.loads(done.stdout)["calls"]]
    assert sum("_s8pc_i32_" in kernel for kernel in kernels) == 3
    assert not any(kernel.startswith("f32_f32_") and ("conv" in kernel or "gemm" in kernel) for kernel in kernels)


def test_dynamic_batch(tmp_path):
    """Whose samples share a scale and zero point."""
    path = quantize(mlp("batch"), tmp_path)
    rng = np.random.default_rng(7)
    check_like_onnxruntime(path, [{"x": rng.normal(0, 1, (batch, 20)).astype(np.float32)} for batch in (1, 2, 5, 17)])


@pytest.mark.parametrize("name", ["kws_dscnn", "ad_autoencoder"])
def test_zoo(tmp_path, name):
    source = MODELS / name / "model.onnx"
    if not source.exists():
        pytest.skip(f"there are no models in {MODELS}")
    model = onnx.load(source)
    for value in [*model.graph.input, *model.graph.output]:
        dims = value.type.tensor_type.shape.dim
        dims[0].ClearField("dim_param")
        dims[0].dim_value = 1
    del model.graph.value_info[:]
    path = quantize(model, tmp_path)
    check_like_onnxruntime(path, random_feeds(path, 3))


# Alone: constant zero points and integers in, 32-bit sums out.
MATRICES = {
    "constant": ((5, 7), U8, (7, 4), I8, [3, 0], True),
    "nine-bits": ((5, 7), I8, (7, 4), U8, [-100, 3], True),
    "columns": ((2, 5, 7), U8, (7, 4), I8, [255, [1, -2, 3, 127]], True),
    "values": ((3, 5, 7), U8, (3, 7, 4), U8, [17, 200], False),
    "no-zero-points": ((5, 7), I8, (7, 4), I8, [], False),
}
DTYPES = {U8: np.uint8, I8: np.int8}


def random_bytes(rng, shape, kind):
    limits = np.iinfo(DTYPES[kind])
    return rng.integers(limits.min, limits.max + 1, shape).astype(DTYPES[kind])


@pytest.mark.parametrize("name", MATRICES)
def test_matmul_integer(tmp_path, name):
    a, kind, b, other, zeros, is_constant = MATRICES[name]
    rng = np.random.default_rng(9)
    weights = {f"z{i}": np.array(zero, DTYPES[k]) for i, (zero, k) in enumerate(zip(zeros, (kind, other), strict=False))}
    inputs = [("a", kind, a)]
    if is_constant:
        weights["b"] = random_bytes(rng, b, other)
    else:
        inputs.append(("b", other, b))
    shape = (*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1])
    model = make_model([("MatMulInteger", ["a", "b", *(f"z{i}" for i in range(len(zeros)))], ["y"], {})], inputs,
                       [("y", I32, shape)], weights)
    onnx.save(model, tmp_path / "model.onnx")
    compiled = nibble.compile(tmp_path / "model.onnx")
    for _ in range(3):
        feed = {"a": random_bytes(rng, a, kind)} | ({} if is_constant else {"b": random_bytes(rng, b, other)})
        right = (weights["b"] if is_constant else feed["b"]).astype(np.int32)
        want = (feed["a"].astype(np.int32) - (zeros[0] if zeros else 0)) @ (right - (np.array(zeros[1]) if zeros else 0))
        got = compiled.run(feed)[0]
        assert got.dtype == np.int32
        np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(compiled.reference(feed)[0], want)


@pytest.mark.parametrize("zeros", [(), (77,), (77, 3), (200, (1, 2, 3, 4))], ids=str)
def test_conv_integer(tmp_path, zeros):
    rng = np.random.default_rng(10)
    weights = {"w": random_bytes(rng, (4, 3, 3, 2), U8)} | {f"z{i}": np.array(z, np.uint8) for i, z in enumerate(zeros)}
    model = make_model([("ConvInteger", ["x", "w", *(f"z{i}" for i in range(len(zeros)))], ["y"],
                         {"pads": [1, 0, 1, 1], "strides": [1, 2]})], [("x", U8, (1, 3, 8, 9))],
                       [("y", I32, (1, 4, 8, 5))], weights)
    onnx.save(model, tmp_path / "model.onnx")
    compiled = nibble.compile(tmp_path / "model.onnx")
    feed = {"x": random_bytes(rng, (1, 3, 8, 9), U8)}
    zero = np.array(zeros[1] if len(zeros) > 1 else 0).reshape(-1, 1, 1, 1)
    real = {"x": feed["x"].astype(np.float32) - (zeros[0] if zeros else 0)}
    float_model = make_model([("Conv", ["x", "w"], ["y"], {"pads": [1, 0, 1, 1], "strides": [1, 2]})],
                             [("x", F32, (1, 3, 8, 9))], [("y", F32, (1, 4, 8, 5))],
                             {"w": (weights["w"].astype(np.float32) - zero).astype(np.float32)})
    onnx.save(float_model, tmp_path / "float.onnx")
    want = run(tmp_path / "float.onnx", real)[0].astype(np.int32)
    np.testing.assert_array_equal(compiled.run(feed)[0], want)
    np.testing.assert_array_equal(compiled.reference(feed)[0], want)


def test_dynamic_quantize_linear_alone(tmp_path):
    model = make_model([("DynamicQuantizeLinear", ["x"], ["y", "s", "z"], {})], [("x", F32, (3, 7))],
                       [("y", U8, (3, 7)), ("s", F32, ()), ("z", U8, ())], {})
    onnx.save(model, tmp_path / "model.onnx")
    compiled = nibble.compile(tmp_path / "model.onnx")
    rng = np.random.default_rng(11)
    for x in [rng.normal(1, 2, (3, 7)), rng.uniform(1, 2, (3, 7)), -rng.uniform(1, 2, (3, 7)), np.zeros((3, 7))]:
        feed = {"x": x.astype(np.float32)}
        for want, got in zip(run(tmp_path / "model.onnx", feed), compiled.run(feed), strict=True):
            assert got.dtype == want.dtype
            np.testing.assert_array_equal(got, want)


def test_zero_points_that_are_inputs(tmp_path):
    model = make_model([("MatMulInteger", ["a", "b", "z"], ["y"], {})], [("a", U8, (2, 3)), ("z", U8, ())],
                       [("y", I32, (2, 4))], {"b": np.arange(12, dtype=np.int8).reshape(3, 4)})
    onnx.save(model, tmp_path / "model.onnx")
    feed = {"a": np.arange(6, dtype=np.uint8).reshape(2, 3), "z": np.array(200, np.uint8)}
    got = nibble.compile(tmp_path / "model.onnx").run(feed)[0]
    np.testing.assert_array_equal(got, run(tmp_path / "model.onnx", feed)[0])


# What is not supported is named, with what would be.
BYTES, VECTOR = np.ones((3, 4), np.int8), np.array([1, 2], np.uint8)
DYNAMIC = ("DynamicQuantizeLinear", ["f"], ["q", "s", "z"], {})
# The node's name begins the message. Inputs are a and f (floats), weights b, v and w.
REFUSED = {
    "has 2 zero points, expected 1 or 4": [("MatMulInteger", ["a", "b", "", "i"], ["y"], {})],
    "pads bytes that are not DynamicQuantizeLinear's own, with a zero point that is": [
        DYNAMIC, ("ConvInteger", ["x", "w", "z"], ["y"], {"pads": [1, 1, 1, 1]})],
    "input 0 ('q') holds no bytes": [
        ("QuantizeLinear", ["f", "one", "wide"], ["q"], {"domain": "com.microsoft"}), ("MatMulInteger", ["q", "b"], ["y"], {})],
    "input 0 is quantized already": [
        ("QLinearAdd", ["a", "one", "", "a", "one", "", "one", ""], ["q"], {"domain": "com.microsoft"}),
        ("DynamicQuantizeLinear", ["q"], ["y", "s", "z"], {})],
}


@pytest.mark.parametrize("message", REFUSED, ids=lambda message: message.split()[-1])
def test_refused_by_name(tmp_path, message):
    nodes = REFUSED[message]
    weights = {"b": BYTES, "v": VECTOR, "i": np.array([1, 2], np.int8), "w": np.ones((1, 2, 3, 3), np.uint8),
               "g": np.full((2, 1, 3, 3), 200, np.uint8), "n": np.array(3, np.uint8), "wide": np.array(0, np.int16), "one": np.float32(1).reshape(())}
    used = {name for _, operands, _, _ in nodes for name in operands}
    inputs = [v for v in [("a", U8, (2, 3)), ("c", U8, (3, 2)), ("x", U8, (1, 2, 4, 4)), ("f", F32, (2, 3))]
              if v[0] in used]
    result = ("y", U8 if nodes[-1][0].startswith("Dynamic") else I32, "klmn"[:4 if "Conv" in nodes[-1][0] else 2])
    model = make_model(nodes, inputs, [result], {k: v for k, v in weights.items() if k in used})
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(nibble.Error, match=f"node '{nodes[-1][0]}_{len(nodes) - 1}'.*{re.escape(message)}"):
        nibble.compile(tmp_path / "model.onnx")


def test_quantize_linears_bytes(tmp_path):
    """Static scales before, the sums behind."""
    nodes = [("QuantizeLinear", ["f", "s", "z"], ["q"], {}), ("MatMulInteger", ["q", "b", "z"], ["y"], {})]
    model = make_model(nodes, [("f", F32, (2, 3))], [("y", I32, (2, 4))],
                       {"s": np.float32(0.1).reshape(()), "z": np.array(7, np.uint8), "b": BYTES})
    onnx.save(model, tmp_path / "model.onnx")
    compiled = nibble.compile(tmp_path / "model.onnx")
    feed = {"f": np.random.default_rng(0).normal(0, 1, (2, 3)).astype(np.float32)}
    np.testing.assert_array_equal(compiled.run(feed)[0], run(tmp_path / "model.onnx", feed)[0])
