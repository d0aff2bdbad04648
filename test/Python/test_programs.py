# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models with scalar programs among other operations: quantized, with a batch, explained."""
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import nibble

ort = pytest.importorskip("onnxruntime")
ROOT = Path(__file__).resolve().parents[2]
NIBBLE = Path(os.environ.get("NIBBLE_BUILD_DIR", ROOT / "build")) / "bin/nibble"


@pytest.fixture
def model(tmp_path):
    """Two convolutions, and between them a choice that no operation of its own makes."""
    rng = np.random.default_rng(5)
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], "first", pads=[1] * 4),
             helper.make_node("Less", ["c", "limit"], ["less"], "less"),
             helper.make_node("Not", ["less"], ["more"], "not"),
             helper.make_node("Where", ["more", "c", "limit"], ["chosen"], "where"),
             helper.make_node("Conv", ["chosen", "v"], ["y"], "second", pads=[1] * 4)]
    weights = [numpy_helper.from_array(rng.standard_normal((8, 3, 3, 3)).astype(np.float32) / 5, "w"),
               numpy_helper.from_array(rng.standard_normal((4, 8, 3, 3)).astype(np.float32) / 9, "v"),
               numpy_helper.from_array(np.float32([[[[-0.25]]]]), "limit")]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("N", 3, 8, 9))],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ("N", 4, 8, 9))], weights)
    path = tmp_path / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def images(count, batch=1):
    rng = np.random.default_rng(6)
    return [{"x": rng.standard_normal((batch, 3, 8, 9)).astype(np.float32)} for _ in range(count)]


def test_float_with_a_batch(model):
    compiled = nibble.compile(model, weights="float")
    session = ort.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    for batch in (1, 3):
        feed = images(1, batch)[0]
        got, = compiled.run(feed)
        assert got.tobytes() == compiled.reference(feed)[0].tobytes()
        np.testing.assert_allclose(got, session.run(None, feed)[0], rtol=1e-4, atol=1e-5)


def test_quantized(model):
    compiled = nibble.compile(model, calibration=images(8))
    session = ort.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    for feed in images(2):
        got, = compiled.run(feed)
        assert got.tobytes() == compiled.reference(feed)[0].tobytes()
        want = session.run(None, feed)[0]
        assert np.abs(got - want).max() < 0.05 * np.abs(want).max()


def test_explained(model, tmp_path):
    """Each node is there once, whatever its program consists of."""
    nibble.compile(model, calibration=images(8)).save(tmp_path / "m.so")
    done = subprocess.run([NIBBLE, "explain", tmp_path / "m.so", "--json"], capture_output=True, text=True, check=True)
    nodes = [node["node"] for node in json.loads(done.stdout)["nodes"]]
    assert [nodes.count(name) for name in ("less", "not")] == [1, 1]
    assert nodes.count("where") == 2  # and the quantization of its result
