# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Imported models compute, in the reference interpreter, what onnxruntime computes, and exported ones likewise."""
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

ort = pytest.importorskip("onnxruntime")
ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(os.environ.get("NIBBLE_BUILD_DIR", ROOT / "build")) / "bin"
GENERATED = ["dense", "conv_dense", "depthwise", "residual", "bn_shape"]


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    subprocess.run([sys.executable, ROOT / "test/Inputs/make_models.py", folder], check=True)
    return {name: folder / f"{name}.onnx" for name in GENERATED} | {"digits": ROOT / "examples/digits/digits.onnx"}


def feeds(model, batch=2):
    rng = np.random.default_rng(7)
    weights = {tensor.name for tensor in model.graph.initializer}
    shapes = {value.name: [dim.dim_value or batch for dim in value.type.tensor_type.shape.dim]
              for value in model.graph.input if value.name not in weights}
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def run(path, feed):
    return ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, feed)


def translate(*arguments):
    subprocess.run([TOOLS / "nibble-translate", *arguments], check=True)


def interpret(model, feed, folder):
    """The results of a model whose inputs have become constants."""
    for name, array in feed.items():
        model.graph.input.remove(next(value for value in model.graph.input if value.name == name))
        model.graph.initializer.append(numpy_helper.from_array(array, name))
    onnx.save(model, folder / "constant.onnx")
    translate("--import-onnx", folder / "constant.onnx", "-o", folder / "constant.mlir")
    out = subprocess.run([TOOLS / "nibble-interpret", folder / "constant.mlir"], check=True, capture_output=True, text=True)
    lists = [line.split(" = [")[1].rstrip("]") for line in out.stdout.splitlines() if " = [" in line]
    return [np.array(text.split(","), np.float32) for text in lists]


@pytest.mark.parametrize("name", GENERATED + ["digits"])
def test_import_computes_what_onnxruntime_does(models, name, tmp_path):
    model = onnx.load(models[name])
    feed = feeds(model)
    for want, got in zip(run(models[name], feed), interpret(model, feed, tmp_path), strict=True):
        np.testing.assert_allclose(got, want.ravel(), rtol=1e-4, atol=1e-4 * np.abs(want).max())


@pytest.mark.parametrize("name", GENERATED + ["digits"])
def test_export_computes_what_the_model_did(models, name, tmp_path):
    translate("--import-onnx", models[name], "-o", tmp_path / "model.mlir")
    translate("--export-onnx", tmp_path / "model.mlir", "-o", tmp_path / "model.onnx")
    feed = feeds(onnx.load(models[name]))
    for want, got in zip(run(models[name], feed), run(tmp_path / "model.onnx", feed), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4 * np.abs(want).max())


def quantized(folder):
    """A small QDQ model: a convolution of bytes and a sum, as quantizers write them."""
    rng = np.random.default_rng(3)
    weight = rng.integers(-127, 128, (4, 3, 3, 3)).astype(np.int8)
    bias = rng.integers(-500, 500, 4).astype(np.int32)
    scales = np.array([0.01, 0.02, 0.005, 0.015], np.float32)
    text = """<ir_version: 8, opset_import: ["" : 13]>
    g (float[N,3,8,8] x) => (float[N,4,8,8] y)
    <float sx = {0.03}, uint8 zx = {120}, int8[4] zw = {0,0,0,0}, float sc = {0.05}, uint8 zc = {128},
     float sy = {0.1}, uint8 zy = {100}> {
      q = QuantizeLinear(x, sx, zx)
      d = DequantizeLinear(q, sx, zx)
      wd = DequantizeLinear <axis = 0> (w, sw, zw)
      bd = DequantizeLinear <axis = 0> (b, sb)
      c = Conv <pads = [1, 1, 1, 1]> (d, wd, bd)
      cq = QuantizeLinear(c, sc, zc)
      cd = DequantizeLinear(cq, sc, zc)
      s = Add(cd, cd)
      sq = QuantizeLinear(s, sy, zy)
      y = DequantizeLinear(sq, sy, zy)
    }"""
    model = onnx.parser.parse_model(text)
    model.graph.initializer.extend([numpy_helper.from_array(weight, "w"), numpy_helper.from_array(bias, "b"),
                                    numpy_helper.from_array(scales, "sw"),
                                    numpy_helper.from_array(scales * np.float32(0.03), "sb")])
    onnx.save(model, folder / "qdq.onnx")
    return folder / "qdq.onnx"


def test_quantized_graph_survives_export(tmp_path):
    """import, quantize (NHWC inside), export: no transposes, the same bytes; and once more, the same graph."""
    source = quantized(tmp_path)
    feed = feeds(onnx.load(source))
    graphs = []
    for stage in range(2):
        translate("--import-onnx", source, "-o", tmp_path / "model.mlir", "--mlir-print-debuginfo")
        subprocess.run([TOOLS / "nibble-opt", "--nibble-phase-normalize", "--nibble-phase-quantize",
                        tmp_path / "model.mlir", "-o", tmp_path / "quantized.mlir", "--mlir-print-debuginfo"], check=True)
        plain = subprocess.run([TOOLS / "nibble-opt", tmp_path / "quantized.mlir"], check=True, capture_output=True, text=True)
        graphs.append(plain.stdout.split("func.func")[1])
        translate("--export-onnx", tmp_path / "quantized.mlir", "-o", tmp_path / f"again{stage}.onnx")
        exported = tmp_path / f"again{stage}.onnx"
        assert not any(node.op_type == "Transpose" for node in onnx.load(exported).graph.node)
        want, got = run(source, feed)[0], run(exported, feed)[0]
        assert np.abs(want - got).max() <= 0.1001 and (want != got).mean() < 1e-3
        source = exported
    assert graphs[0] == graphs[1]
