# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Inputs and outputs as the plan's integers, and images in another order: the same numbers in another form."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import nibble

NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"


def quantize(array, value):
    low, high = (0, 255) if value.dtype == np.uint8 else (-128, 127)
    return np.clip(np.rint(array / np.float32(value.scale)) + value.zero_point, low, high).astype(value.dtype)


def dequantize(array, value):
    return (array.astype(np.int32) - value.zero_point).astype(np.float32) * np.float32(value.scale)


@pytest.fixture(scope="module")
def forms(paths, feeds):
    """Digits compiled in every form, and an input."""
    samples = feeds("digits", 8)
    made = {(io, layout): nibble.compile(paths["digits"], calibration=samples, io=io, io_layout=layout)
            for io in ("model", "quantized") for layout in ("model", "nchw", "nhwc")}
    return made, feeds("digits", 1, batch=3)[0]["image"]


def test_forms_agree(forms):
    made, image = forms
    expected, = made["model", "model"].run({"image": image})
    for (io, layout), model in made.items():
        value, result = model.inputs[0], model.outputs[0]
        fed = image.transpose(0, 2, 3, 1).copy() if layout == "nhwc" else image
        assert value.layout == ("nhwc" if layout == "nhwc" else "nchw")
        assert value.dtype == (np.uint8 if io == "quantized" else np.float32)
        logits, = model.run({"image": fed})
        if io == "quantized":
            assert model.run({"image": quantize(fed, value)})[0].tobytes() == logits.tobytes()
            logits = dequantize(logits, result)
        assert logits.tobytes() == expected.tobytes(), (io, layout)
        assert model.reference({"image": fed})[0].tobytes() == model.run({"image": fed})[0].tobytes()


def test_summary_is_of_the_same_model(forms):
    made, _ = forms
    assert len({round(model.summary["sqnr_db"], 6) for model in made.values()}) == 1


@pytest.mark.parametrize("name", ["conv_dense", "depthwise", "residual"])
def test_other_models(name, paths, feeds):
    samples = feeds(name, 6)
    plain = nibble.compile(paths[name], calibration=samples)
    turned = nibble.compile(paths[name], calibration=samples, io_layout="nhwc")
    feed = feeds(name, 1)[0]
    back = {v.name: feed[v.name].transpose(0, 2, 3, 1).copy() if v.layout == "nhwc" else feed[v.name]
            for v in turned.inputs}
    assert any(value.layout == "nhwc" for value in turned.inputs)
    for value, expected, actual in zip(turned.outputs, plain.run(feed), turned.run(back), strict=True):
        if value.layout == "nhwc":
            expected = expected.transpose(0, 2, 3, 1)
        assert np.ascontiguousarray(expected).tobytes() == actual.tobytes()


def test_float_models_too(paths, feeds):
    feed = feeds("conv_dense", 1)[0]
    plain = nibble.compile(paths["conv_dense"], weights="float")
    turned = nibble.compile(paths["conv_dense"], weights="float", io_layout="nhwc")
    assert turned.run({"x": feed["x"].transpose(0, 2, 3, 1).copy()})[0].tobytes() == plain.run(feed)[0].tobytes()
    with pytest.raises(nibble.Error, match="io 'quantized' needs integers"):
        nibble.compile(paths["conv_dense"], weights="float", io="quantized")


def test_command_line_takes_both(paths, feeds, tmp_path):
    np.savez(tmp_path / "data.npz", image=np.concatenate([feed["image"] for feed in feeds("digits", 8)]))

    def tool(*arguments):
        done = subprocess.run([NIBBLE, *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout
    tool("compile", paths["digits"], "--calib", tmp_path / "data.npz", "--io", "quantized", "--io-layout", "nhwc",
         "-o", tmp_path / "q.so")
    info = json.loads(tool("inspect", tmp_path / "q.so", "--json"))
    entry = info["inputs"][0]
    assert entry["dtype"] == "uint8" and entry["layout"] == "nhwc" and entry["shape"] == ["batch", 8, 8, 1]
    assert entry["scale"] > 0 and "zero_point" in entry
    compared = json.loads(tool("compare", paths["digits"], tmp_path / "q.so", "--inputs", tmp_path / "data.npz", "--json"))
    assert compared["outputs"][0]["sqnr_db"] > 20
    image = feeds("digits", 1)[0]["image"].transpose(0, 2, 3, 1)
    np.savez(tmp_path / "in.npz", image=np.ascontiguousarray(image))
    tool("run", tmp_path / "q.so", "--inputs", tmp_path / "in.npz", "--outputs", tmp_path / "out.npz")
    assert np.load(tmp_path / "out.npz")["logits"].dtype == np.uint8
    tool("compile", paths["digits"], "--calib", tmp_path / "data.npz", "--io", "quantized", "--io-layout", "nhwc",
         "--emit", "o", "-o", tmp_path / "q.o")
    header = (tmp_path / "q.h").read_text()
    assert "input 0 'image': uint8[batch x 8 x 8 x 1], nhwc, real = " in header
