# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Values of 16 bits where the outputs need them, though each node by itself is exact enough."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import nibble


LAYERS, WIDTH = 14, 32


@pytest.fixture
def chain(tmp_path):
    """Rotations; between the first, features have scales from 1 to 60, which 8 bits hold worse from layer to layer."""
    rng = np.random.default_rng(0)
    spread = np.geomspace(1, 60, WIDTH)
    scales = [spread if 0 < i < LAYERS // 2 else np.ones(WIDTH) for i in range(LAYERS + 1)]  # of the operands
    rotations = []  # of four features each, whose scales are alike: 8 bits are enough for the weights
    for _ in range(LAYERS):
        rotations.append(np.zeros((WIDTH, WIDTH)))
        for at in range(0, WIDTH, 4):
            rotations[-1][at:at + 4, at:at + 4] = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    weights = [rotation / scales[i][:, None] * scales[i + 1] for i, rotation in enumerate(rotations)]
    names = ["x", *(f"v{i}" for i in range(LAYERS - 1)), "y"]
    nodes = [helper.make_node("MatMul", [names[i], f"w{i}"], [names[i + 1]], f"M{i}") for i in range(LAYERS)]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "chain", [info("x", TensorProto.FLOAT, ["rows", WIDTH])],
                              [info("y", TensorProto.FLOAT, ["rows", WIDTH])],
                              [numpy_helper.from_array(w.astype(np.float32), f"w{i}") for i, w in enumerate(weights)])
    path = tmp_path / "chain.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    samples = [{"x": rng.normal(0, 1, (4, WIDTH)).astype(np.float32)} for _ in range(8)]
    return path, samples, rotations


def sqnr(expected, actual):
    return 10 * np.log10(np.sum(np.square(expected)) / np.sum(np.square(expected - actual)))


def nodes_of(model):
    return {node["node"]: node for node in model.summary["nodes"]}


def test_values_that_cost_the_outputs_most_have_16_bits(chain):
    path, samples, rotations = chain
    model = nibble.compile(path, calibration=samples, mode="static")
    narrow = nibble.compile(path, calibration=samples, mode="static", min_sqnr=0)
    feed = {"x": np.random.default_rng(1).normal(0, 1, (64, WIDTH)).astype(np.float32)}
    expected = feed["x"]
    for rotation in rotations:
        expected = expected @ rotation
    y, = model.run(feed)
    before, after = sqnr(expected, narrow.run(feed)[0]), sqnr(expected, y)
    assert before < 15 < 18 < after, (before, after)
    assert y.tobytes() == model.reference(feed)[0].tobytes()
    nodes = nodes_of(model)
    wide = [node for node in nodes.values() if node["precision"] == "int16"]
    assert any("has 16 bits: rounded to 8 it costs the outputs much" in node["reason"] for node in wide)
    # What is behind them is exact enough.
    assert all(nodes[f"M{i}"]["precision"] == "int8" for i in range(LAYERS // 2, LAYERS)), [n["node"] for n in wide]


@pytest.mark.parametrize("options", [{"activations": "uint8"}, {"min_sqnr": 0}, {"requant": "fixed"}])
def test_what_was_asked_for_is_not_widened(chain, options):
    path, samples, _ = chain
    model = nibble.compile(path, calibration=samples, mode="static", **options)
    assert all(node["precision"] != "int16" for node in model.summary["nodes"])
