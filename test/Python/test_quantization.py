# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What quantization checks and says, nodes that int8 would harm, and calibration in bounded memory."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from conftest import SATURATES
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import nibble

NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"


def save(path, nodes, constants, inputs=4, outputs=3):
    """A model from x of [batch, inputs] to y of [batch, outputs]."""
    value = lambda name, size: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])
    graph = helper.make_graph(
        [helper.make_node(kind, ins, [out], name=out, **attributes) for kind, out, ins, attributes in nodes], "g",
        [value("x", inputs)], [value("y", outputs)],
        [numpy_helper.from_array(np.asarray(array, np.float32), name) for name, array in constants.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def compile_gemm(folder, weights, bias, x, *arguments):
    """Compiles y = x weights^T + bias and returns what is said."""
    model = save(folder / "m.onnx", [("Gemm", "y", ["x", "w", "b"], {"transB": 1})], {"w": weights, "b": bias})
    np.savez(folder / "x.npz", x=np.asarray(x, np.float32))
    command = [NIBBLE, "compile", model, "--calib", folder / "x.npz", "-o", folder / "m.so", *arguments]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


WEIGHTS = np.array([[1, 2, 3, 4], [4, 3, 2, 1], [1, -1, 1, -1]], np.float32)
INPUT = np.linspace(-1, 1, 64, dtype=np.float32).reshape(16, 4)


def test_nothing_to_report(tmp_path):
    assert compile_gemm(tmp_path, WEIGHTS, [0, 1, 2], INPUT) == []


@pytest.mark.parametrize("scales, bias, x, arguments, text", [
    ([1, 0, 1], [0, 1, 2], INPUT, [], "note: node 'y': all weights of output channel 1 are zero"),
    ([1, 1e-6, 1], [0, 1e6, 2], INPUT, [],
     "warning: node 'y': bias of output channel 1 does not fit 32 bits with this channel's weights: "
     "their scale is raised"),
    ([1, 1, 1e-20], [0, 0, 0], INPUT, [],
     "note: node 'y': weights of output channel 2 are so small that their scale is raised to 2^-60"),
    ([1, 1, 100], [0, 0, 0], INPUT, ["--per-tensor"],
     "note: node 'y': weights of output channel 2 are over 8 times larger than the median channel's: "
     "quantize per channel"),
    ([1, 1, 1], [0, 1, 2], INPUT * 0, [], "value 'x' was 0 in all calibration samples: scale 1 is assumed"),
    ([1, 1, 1], [0, 1, 2], INPUT * 1e-12, [],
     "value 'x' has the tiny range [-1.000000e-12, 1.000000e-12]: its scale is raised to 2^-40"),
], ids=["dead", "bias", "underflow", "outlier", "zeros", "tiny"])
def test_report(tmp_path, scales, bias, x, arguments, text):
    said = compile_gemm(tmp_path, WEIGHTS * np.array(scales, np.float32)[:, None], bias, x, *arguments)
    assert [line for line in said if text.removeprefix("note: ") in line], said


def test_dead_channels_are_removed(tmp_path):
    hidden = np.ones((8, 4), np.float32)
    hidden[2:] = 0
    model = save(tmp_path / "m.onnx",
                 [("Gemm", "h", ["x", "w", "b"], {"transB": 1}), ("Relu", "r", ["h"], {}),
                  ("Gemm", "y", ["r", "v"], {"transB": 1})],
                 {"w": hidden, "b": [0, 1, -1, -2, 0, -3, -4, 5], "v": np.arange(24).reshape(3, 8) / 8})
    compiled = nibble.compile(model, weights="float")
    assert "x3xf32" in subprocess.run([NIBBLE, "compile", model, "--float", "--stop-after", "normalize", "-o", "-"],
                                      capture_output=True, text=True).stdout
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    expected = np.maximum(x @ hidden.T + [0, 1, -1, -2, 0, -3, -4, 5], 0) @ (np.arange(24).reshape(3, 8) / 8).T
    np.testing.assert_allclose(compiled.run({"x": x})[0], expected, rtol=1e-5)


@pytest.fixture
def cancelling(tmp_path):
    """Two values near 1000 whose difference is what matters: 8 bits hold neither of them well enough."""
    rng = np.random.default_rng(0)
    constants = {name: rng.normal(size=(4, 4)) for name in ("wa", "wb", "wc")}
    constants |= {"ba": np.full(4, 1000), "bb": np.full(4, 1000)}
    return save(tmp_path / "m.onnx",
                [("Gemm", "a", ["x", "wa", "ba"], {}), ("Gemm", "b", ["x", "wb", "bb"], {}),
                 ("Sub", "d", ["a", "b"], {}), ("MatMul", "y", ["d", "wc"], {})], constants, outputs=4)


def test_nodes_that_int8_harms_have_16_bits(cancelling):
    samples = [{"x": row[None]} for row in np.random.default_rng(1).normal(size=(32, 4)).astype(np.float32)]
    harmed = nibble.compile(cancelling, calibration=samples, min_sqnr=0)
    kept = nibble.compile(cancelling, calibration=samples, mode="static")
    assert harmed.summary["sqnr_db"] < 10 and kept.summary["sqnr_db"] > 30
    nodes = {node["node"]: node for node in kept.summary["nodes"]
             if node["operation"] not in ("nibble.int_quantize", "nibble.int_dequantize")}
    assert nodes["d"]["precision"] == "int16"
    assert re.fullmatch(r"int8 gives -?\d\.\d dB, below 10\.0; int16 gives [3-6]\d\.\d dB", nodes["d"]["reason"])
    assert nodes["a"]["precision"] == "int16"
    assert re.fullmatch(r"node 'd' needs more than 8 bits of its result; int16 gives [6-9]\d\.\d dB|"
                        r"node 'd' needs more than 8 bits of its result; int16 gives 1\d\d\.\d dB", nodes["a"]["reason"])
    assert (nodes["y"]["precision"], nodes["y"]["reason"]) == ("int16", "a node beside it has 16 bits")
    for sample in samples[:4]:
        assert kept.run(sample)[0].tobytes() == kept.reference(sample)[0].tobytes()


STREAM = """
import json, resource, sys
import numpy as np, nibble
model, kind, folder = sys.argv[1:]
def samples(count):
    for i in range(count):
        yield {"x": np.full((100_000, 4), i + 1, np.float32)}
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
nibble.compile(model, calibration=samples(2), min_sqnr=0, calib_method="minmax", bias_correction="off")
before = peak()
data = samples(250) if kind == "iterable" else folder
compiled = nibble.compile(model, calibration=data, min_sqnr=0, calib_method="minmax", bias_correction="off")
print(json.dumps([peak() - before, compiled.summary["calibration_samples"]]))
"""


@pytest.mark.parametrize("kind", ["iterable", "folder"])
def test_calibration_streams(kind, tmp_path):
    """250 samples of 1.6 MB each are never in memory together; the 48 MB that are kept for comparisons are."""
    model = save(tmp_path / "m.onnx", [("Gemm", "y", ["x", "w", "b"], {"transB": 1})], {"w": WEIGHTS, "b": [0, 1, 2]})
    folder = tmp_path / "data"
    folder.mkdir()
    if kind == "folder":
        for i in range(25):
            np.savez(folder / f"{i:03}.npz", x=np.full((10, 100_000, 4), i + 1, np.float32))
    done = subprocess.run([sys.executable, "-c", STREAM, model, kind, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    grown, count = json.loads(done.stdout.splitlines()[-1])
    assert count == 250
    assert grown < 150_000 # KB; all samples are 400 MB


def narrow_model(folder):
    rng = np.random.default_rng(7)
    model = save(folder / "m.onnx",
                 [("Gemm", "h", ["x", "w", "b"], {"transB": 1}), ("Relu", "r", ["h"], {}),
                  ("Gemm", "y", ["r", "v"], {"transB": 1})],
                 {"w": rng.normal(size=(48, 35)), "b": rng.normal(size=48), "v": rng.normal(size=(5, 48))}, 35, 5)
    return model, {"x": rng.normal(size=(64, 35)).astype(np.float32)}


@pytest.mark.parametrize("weights", ["int8", "int4", "int2"])
def test_narrow_weights(tmp_path, weights):
    """The compiled model has the interpreter's bits, and the integers in ONNX's form give the same numbers."""
    model, feed = narrow_model(tmp_path)
    options = {"weights": weights, "activations": "uint8", "calib_method": "minmax", "bias_correction": "off"}
    compiled = nibble.compile(model, calibration=[feed], **options)
    result = compiled.run(feed)[0]
    assert result.tobytes() == compiled.reference(feed)[0].tobytes()
    products = [node for node in compiled.summary["nodes"] if "_gemm_" in node["kernel"]]
    assert {(node["precision"], node["kernel"][:10]) for node in products} == {(weights, f"u8_s{weights[3:]}pc_u8")}
    assert compiled.summary["precisions"][weights] >= 2
    nibble.quantize(model, [feed], tmp_path / "q.onnx", **options)
    written = onnx.load(tmp_path / "q.onnx")
    kinds = {tensor.data_type for tensor in written.graph.initializer if len(tensor.dims) == 2}
    assert kinds == {TensorProto.INT4 if weights == "int4" else TensorProto.INT8}
    if SATURATES:
        expected = ReferenceEvaluator(str(tmp_path / "q.onnx")).run(None, feed)[0]
    else:
        expected = pytest.importorskip("onnxruntime").InferenceSession(str(tmp_path / "q.onnx")).run(None, feed)[0]
    step = np.ptp(expected) / 255
    assert np.abs(result - expected).max() <= 1.01 * step


def test_narrow_weights_of_a_node(tmp_path):
    """A plan narrows one node, which nothing widens again unless a threshold asks for it."""
    model, feed = narrow_model(tmp_path)
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"schema": 1, "nodes": {"h": {"weights": "int2"}}}))
    sqnr = [nibble.compile(model, calibration=[feed], **options).summary["sqnr_db"]
            for options in ({}, {"plan": plan}, {"weights": "int2"})]
    assert sqnr[0] > sqnr[1] + 10 > sqnr[2] + 10
    kept = nibble.compile(model, calibration=[feed], plan=plan, min_sqnr=20)
    assert kept.summary["sqnr_db"] > sqnr[1] + 10


@pytest.mark.parametrize("weights", ["int4", "int2"])
@pytest.mark.parametrize("activations", ["int8", "int8-symmetric", "int16"])
@pytest.mark.parametrize("mode", ["static", "dynamic", "weight-only"])
def test_narrow_weights_everywhere(tmp_path, weights, activations, mode):
    """Convolutions of all sorts, and products of all modes: packed or not, the bits are the interpreter's."""
    rng = np.random.default_rng(3)
    constants = {name: rng.normal(size=shape).astype(np.float32) for name, shape in
                 {"w": (20, 3, 3, 3), "d": (20, 1, 3, 3), "g": (12, 5, 1, 1), "b": (12,), "t": (12, 7, 2, 2)}.items()}
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], name="c", strides=[2, 2], pads=[1, 1, 1, 1]),
             helper.make_node("Relu", ["c"], ["r"], name="r"),
             helper.make_node("Conv", ["r", "d"], ["e"], name="e", group=20, pads=[1, 1, 1, 1]),
             helper.make_node("Conv", ["e", "g", "b"], ["h"], name="h", group=4),
             helper.make_node("ConvTranspose", ["h", "t"], ["y"], name="y", strides=[2, 2])]
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "g", [value("x", [1, 3, 9, 9])], [value("y", [1, 7, 10, 10])],
                              [numpy_helper.from_array(array, name) for name, array in constants.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "m.onnx")
    feed = {"x": rng.normal(size=(1, 3, 9, 9)).astype(np.float32)}
    options = {"weights": weights, "mode": mode}
    if mode == "static":
        options["activations"] = activations
    elif activations != "int8":
        pytest.skip("activations of one kind")
    compiled = nibble.compile(tmp_path / "m.onnx", calibration=[feed], **options)
    assert compiled.run(feed)[0].tobytes() == compiled.reference(feed)[0].tobytes()
    nodes = compiled.summary["nodes"]
    reasons = lambda name: [node.get("reason") for node in nodes if node["node"] == name]
    if mode == "static" and activations != "int16":
        assert any(f"_s{weights[3:]}pc_" in node.get("kernel", "") for node in nodes if node["node"] in ("c", "r"))
        assert "its weights are stored as bytes: depthwise kernels unpack none" in reasons("e")
        assert "its weights are stored as bytes: its kernel unpacks none" in reasons("y")
