# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantized models as ONNX: what Nibble writes, Nibble reads back to the byte, and onnxruntime computes to the step."""
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

import nibble

onnxruntime = pytest.importorskip("onnxruntime")
ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT.parent / "shared" / "models"
ZOO = ["mobilenetv2", "ic_resnet8", "kws_dscnn", "ultraface", "ad_autoencoder"]
INTEGERS = (TensorProto.UINT8, TensorProto.INT8)


@dataclass
class Case:
    path: Path
    calibration: list
    samples: list
    score: object = None
    """score(predict) -> the score and how many samples it is of."""
    direct: object = None
    exported: Path = None
    cache: dict = field(default_factory=dict)


def digits():
    data = np.load(ROOT / "examples/digits/digits.npz")
    feeds = {key: [{"image": image[None].astype(np.float32) / 16} for image in data[key]]
             for key in ("calibration", "test")}

    def score(predict):
        right = [predict(feed)[0].argmax() == label for feed, label in zip(feeds["test"], data["labels"], strict=True)]
        return np.mean(right), len(right)
    return Case(ROOT / "examples/digits/digits.onnx", feeds["calibration"][:64], feeds["test"][:16], score)


def ad_autoencoder():
    model = onnx.load(MODELS / "ad_autoencoder/model.onnx")
    value = model.graph.input[0]
    shape = [dim.dim_value or 1 for dim in value.type.tensor_type.shape.dim]
    rng = np.random.default_rng(0)  # spectra of machine noise lie about there
    feeds = [{value.name: rng.normal(-20, 10, shape).astype(np.float32)} for _ in range(72)]
    return Case(MODELS / "ad_autoencoder/model.onnx", feeds[:64], feeds[64:])


def zoo(name):
    if not (MODELS / "zoo.py").exists():
        pytest.skip(f"there are no models in {MODELS}")
    if name == "ad_autoencoder":
        return ad_autoencoder()
    sys.path.insert(0, str(MODELS))
    model = pytest.importorskip("zoo").get(name)

    def score(predict):
        result = model.evaluate(predict)
        return result["score"], result["n"]
    feeds = model.calibration(20)
    return Case(model.path, feeds[:16], feeds[-4:], score)


@pytest.fixture(scope="module")
def quantized(tmp_path_factory):
    """quantized(name): the model compiled as it is, and its quantized export."""
    cases = {}

    def get(name):
        if name not in cases:
            case = digits() if name == "digits" else zoo(name)
            case.exported = tmp_path_factory.mktemp(name) / f"{name}.onnx"
            case.direct = nibble.compile(case.path, calibration=case.calibration)
            nibble.quantize(case.path, case.calibration, case.exported)
            cases[name] = case
        return cases[name]
    return get


def session(model):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    source = model.SerializeToString() if isinstance(model, onnx.ModelProto) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def integer_values(model):
    """The tensors of integers that nodes compute, with their types, by name."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    known = {value.name: value for value in [*graph.value_info, *graph.output]}
    names = [name for node in model.graph.node for name in node.output]
    return {name: known[name] for name in names if known[name].type.tensor_type.elem_type in INTEGERS}


def cut(model, values):
    """Each of `values` becomes an input to the nodes that read it, so that errors do not run on."""
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            if name in values:
                node.input[i] = f"{name}_fed"
    for name, value in values.items():
        model.graph.input.add(name=f"{name}_fed", type=value.type)


@pytest.mark.parametrize("name", ["digits", *ZOO])
def test_reads_back_to_the_byte(quantized, name):
    case = quantized(name)
    again = nibble.compile(case.exported)
    for feed in case.samples:
        for want, got in zip(case.direct.run(feed), again.run(feed), strict=True):
            assert want.tobytes() == got.tobytes()


@pytest.mark.parametrize("name", ["digits", *ZOO])
def test_nodes_differ_from_onnxruntime_by_a_step_at_ties(quantized, name, tmp_path):
    case = quantized(name)
    model = onnx.load(case.exported)
    values = integer_values(model)
    assert values
    observed = onnx.load(case.exported)
    outputs = {value.name for value in observed.graph.output}
    observed.graph.output.extend(value for name, value in values.items() if name not in outputs)
    onnx.save(observed, tmp_path / "observed.onnx")
    ours = nibble.compile(tmp_path / "observed.onnx")
    names = [value.name for value in ours.outputs]
    cut(observed, values)
    theirs = session(observed)
    wrong, count = dict.fromkeys(values, 0), dict.fromkeys(values, 0)
    for feed in case.samples:
        results = dict(zip(names, ours.run(feed), strict=True))
        fed = theirs.run(list(values), feed | {f"{value}_fed": results[value] for value in values})
        for value, want in zip(values, fed, strict=True):
            difference = np.abs(results[value].astype(int) - want.astype(int))
            assert difference.max(initial=0) <= 1, value
            wrong[value] += np.count_nonzero(difference)
            count[value] += difference.size
    for value in values:
        assert wrong[value] <= max(1, count[value] // 1000), f"{value}: {wrong[value]} of {count[value]}"


@pytest.mark.parametrize("name", ["digits", *ZOO])
def test_scores_like_onnxruntime(quantized, name):
    case = quantized(name)
    if not case.score:
        pytest.skip("there are no labelled inputs")
    theirs = session(case.exported)
    (ours, count), (other, _) = case.score(case.direct.run), case.score(lambda feed: theirs.run(None, feed))
    assert abs(ours - other) * count <= 2.001, f"{ours} and {other}"
