# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantized models as ONNX: what Nibble writes, Nibble reads back to the byte, and onnxruntime computes to the step."""
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import pytest
from conftest import EXACT_PRODUCTS, FUSES, SATURATES
from onnx import TensorProto, numpy_helper

import nibble

onnxruntime = pytest.importorskip("onnxruntime")
ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(os.environ.get("NIBBLE_BUILD_DIR", ROOT / "build")) / "bin"
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


@pytest.mark.filterwarnings("ignore:.*weights less their zero point do not fit 8 bits")
@pytest.mark.parametrize("name,least", [("coral_mobilenetv2_qdq", 0.866), ("tinycnn_qoperator", 0.687)])
def test_models_that_others_quantized(name, least):
    """On every image of the zoo, outputs are those of onnxruntime's integer operators, to the bit."""
    if not (MODELS / "zoo.py").exists():
        pytest.skip(f"there are no models in {MODELS}")
    if not FUSES:
        pytest.skip("onnxruntime rounds sums otherwise on this processor")
    sys.path.insert(0, str(MODELS))
    model = pytest.importorskip("zoo").get(name)
    compiled = nibble.compile(model.path)
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry(*EXACT_PRODUCTS)
    theirs = onnxruntime.InferenceSession(str(model.path), options, providers=["CPUExecutionProvider"])
    different = []

    def predict(feed):
        (ours,), (want,) = compiled.run(feed), theirs.run(None, feed)
        different.append(np.count_nonzero(ours != want))
        return [ours]
    found = model.evaluate(predict)
    assert len(different) == found["n"] and not any(different)
    assert found["score"] >= least


PARAMETERS = """<float sx = {{0.02}}, {kind} zx = {{{x}}}, float sw = {{0.01}}, int8 zw = {{0}}, float sc = {{0.0517}}, {kind} zc = {{{c}}},
 float sa = {{0.0823}}, {kind} za = {{{a}}}, float sp = {{0.0311}}, {kind} zp = {{{c}}}, float sy = {{0.0437}}, {kind} zy = {{{a}}},
 float sb = {{0.0002}}, float sg = {{0.000311}}>"""
FORMS = {
    "QDQ": """{
      d = DequantizeLinear(x, sx, zx)
      wd = DequantizeLinear(w, sw, zw)
      bd = DequantizeLinear(b, sb)
      r = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (d, wd, bd)
      c = QuantizeLinear(r, sc, zc)
      cd = DequantizeLinear(c, sc, zc)
      s = Add(cd, cd)
      a = QuantizeLinear(s, sa, za)
      ad = DequantizeLinear(a, sa, za)
      m = GlobalAveragePool(ad)
      p = QuantizeLinear(m, sp, zp)
      f = Flatten(p)
      fd = DequantizeLinear(f, sp, zp)
      vd = DequantizeLinear(v, sw, zw)
      ud = DequantizeLinear(u, sg)
      g = Gemm <transB = 1> (fd, vd, ud)
      y = QuantizeLinear(g, sy, zy)
    }""",
    "QOperator": """{
      c = QLinearConv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, sx, zx, w, sw, zw, sc, zc, b)
      a = com.microsoft.QLinearAdd(c, sc, zc, c, sc, zc, sa, za)
      p = com.microsoft.QLinearGlobalAveragePool(a, sa, za, sp, zp)
      f = Flatten(p)
      y = com.microsoft.QGemm <transB = 1> (f, sp, zp, v, sw, zw, u, sy, zy)
    }""",
}


@pytest.mark.parametrize("kind", ["uint8", "int8"])
@pytest.mark.parametrize("form", FORMS)
def test_integers_in_and_out(form, kind, tmp_path):
    """Models that others quantized, down to the graph's inputs and outputs, keep their integers."""
    rng = np.random.default_rng(4)
    low = -128 if kind == "int8" else 0
    header = '<ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1]>'
    signature = f"g ({kind}[N,3,9,9] x) => ({kind}[N,10] y)"
    parameters = PARAMETERS.format(kind=kind, x=low + 120, c=low + 128, a=low + 100)
    model = onnx.parser.parse_model(header + signature + parameters + FORMS[form])
    weights = {"w": rng.integers(-128, 128, (8, 3, 3, 3)), "v": rng.integers(-127, 128, (10, 8))}
    biases = {"b": rng.integers(-2000, 2000, 8), "u": rng.integers(-2000, 2000, 10)}
    model.graph.initializer.extend(numpy_helper.from_array(value.astype(np.int8), name) for name, value in weights.items())
    model.graph.initializer.extend(numpy_helper.from_array(value.astype(np.int32), name) for name, value in biases.items())
    onnx.save(model, tmp_path / "model.onnx")
    compiled = nibble.compile(tmp_path / "model.onnx")
    (source,), (result,) = compiled.inputs, compiled.outputs
    assert source.dtype == result.dtype == np.dtype(kind)
    assert (source.scale, source.zero_point) == (np.float32(0.02), low + 120)
    assert (result.scale, result.zero_point) == (np.float32(0.0437), low + 100)
    feed = {"x": rng.integers(low, low + 256, (5, 3, 9, 9)).astype(kind)}
    (ours,), (exact,), (theirs,) = compiled.run(feed), compiled.reference(feed), session(model).run(None, feed)
    assert ours.tobytes() == exact.tobytes()
    if not (SATURATES and form == "QOperator"):
        assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1
        assert np.count_nonzero(ours != theirs) <= 1


@pytest.mark.parametrize("zero", [0, 100, 255])
def test_unsigned_weights_of_nine_bits(zero, tmp_path):
    """Grouped and dense products whose weights less their zero point leave int8: a warning, and no other numbers."""
    rng = np.random.default_rng(5)
    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["" : 17]>
      g (uint8[N,4,7,7] x) => (uint8[N,6,5,5] y, uint8[N,196] f, uint8[N,5] z)
      <float s = {{0.01}}, uint8 zx = {{90}}, uint8 zw = {{{zero}}}, float sy = {{0.0713}}, float sz = {{0.1713}}> {{
        d = DequantizeLinear(x, s, zx)
        wd = DequantizeLinear(w, s, zw)
        c = Conv <group = 2> (d, wd)
        y = QuantizeLinear(c, sy, zx)
        f = Flatten(x)
        fd = DequantizeLinear(f, s, zx)
        vd = DequantizeLinear(v, s, zw)
        m = MatMul(fd, vd)
        z = QuantizeLinear(m, sz, zx)
      }}""")
    weights = {"w": (6, 2, 3, 3), "v": (196, 5)}
    model.graph.initializer.extend(numpy_helper.from_array(rng.integers(0, 256, shape).astype(np.uint8), name)
                                   for name, shape in weights.items())
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.warns(UserWarning, match="weights less their zero point do not fit 8 bits: they are split into"):
        compiled = nibble.compile(tmp_path / "model.onnx")
    feed = {"x": rng.integers(0, 256, (3, 4, 7, 7)).astype(np.uint8)}
    for ours, exact, theirs in zip(compiled.run(feed), compiled.reference(feed), session(model).run(None, feed), strict=True):
        assert ours.tobytes() == exact.tobytes()
        assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1 and np.count_nonzero(ours != theirs) <= 1


def test_narrow_ranges_are_clips(tmp_path):
    """ONNX quantizes to all of a storage type: what Nibble's types leave out is clipped."""
    narrow = "!quant.uniform<u8<10:200>:f32, 0.5:20>"
    (tmp_path / "narrow.mlir").write_text(f"""
      func.func @main(%x: tensor<4xf32> {{nibble.name = "x"}}) -> (tensor<4xf32> {{nibble.name = "y"}}) {{
        %q = nibble.quantize %x : tensor<4xf32> to tensor<4x{narrow}>
        %y = nibble.dequantize %q : tensor<4x{narrow}> to tensor<4xf32>
        return %y : tensor<4xf32>
      }}""")
    subprocess.run([TOOLS / "nibble-translate", "--export-onnx", tmp_path / "narrow.mlir", "-o", tmp_path / "narrow.onnx"], check=True)
    feed = {"x": np.array([-100, -1, 3, 100], np.float32)}
    expected = np.array([-5, -1, 3, 90], np.float32)
    assert (session(tmp_path / "narrow.onnx").run(None, feed)[0] == expected).all()
    assert (nibble.compile(tmp_path / "narrow.onnx").run(feed)[0] == expected).all()
