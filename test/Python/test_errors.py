# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every mistake is a nibble.Error that says what is wrong."""

import numpy as np
import pytest

import nibble


@pytest.fixture(scope="session")
def path(paths):
    return paths["dense"]


@pytest.mark.parametrize("options, message", [
    ({"weights": "int5"}, "weights 'int5' is not supported, expected auto, int8, int4, int2 or float"),
    ({"activations": "int4"}, "activations 'int4' is not supported"),
    ({"mode": "lazy"}, "mode 'lazy' is not supported, expected auto, static, dynamic or weight-only"),
    ({"mode": "dynamic", "weights": "float"}, "weights 'float' leave nothing to quantize in mode 'dynamic'"),
    ({"mode": "dynamic", "activations": "uint8"},
     "mode 'dynamic' needs activations 'auto' or 'int8', whose zero point is 0, not 'uint8'"),
    ({"mode": "weight-only", "activations": "int8"}, "mode 'weight-only' needs activations 'auto' or 'float', not 'int8'"),
    ({"mode": "static", "weights": "int8", "activations": "float"},
     "mode 'static' needs activations in 8 bits, not 'float'"),
    ({"mode": "dynamic", "min_sqnr": 20.0}, "min_sqnr is for nodes whose mode is 'static', not 'dynamic'"),
    ({"group": 32}, "group is for weights of 4 and 2 bits: ask for them by weights or a plan"),
    ({"weights": "float", "activations": "uint8"}, "weights 'float' need activations 'float', not 'uint8'"),
    ({"threads": 0}, "threads is 0, expected 1 to 1024"),
    ({"min_sqnr": -1.0}, "min_sqnr is -1.0+ dB, expected 0 or more"),
    ({"target": "z80"}, "z80"),
])
def test_options(path, options, message):
    with pytest.raises(nibble.Error, match=message):
        nibble.compile(path, calibration=[], **options)


def test_no_calibration(path):
    with pytest.raises(nibble.Error, match="calibration data is needed"):
        nibble.compile(path)


@pytest.mark.parametrize("feed, message", [
    ({}, "calibration sample 0: input 'x' is missing"),
    ({"x": np.zeros((1, 13))}, r"calibration sample 0: input 'x' is float64\[1x13\], expected float32\[batch x 13\]"),
    ({"x": np.zeros((1, 12), np.float32)}, r"input 'x' is float32\[1x12\]"),
    ({"x": np.full((1, 13), np.nan, np.float32)}, "calibration sample 0: input 'x' is NaN at element 0"),
    ({"x": np.full((1, 13), np.inf, np.float32)}, "calibration sample 0: input 'x' is infinite at element 0"),
    ({"x": np.zeros((1, 13), np.float32), "y": np.zeros(1)}, "'y' is not an input of the model, expected 'x'"),
])
def test_calibration_data(path, feed, message):
    with pytest.raises(nibble.Error, match=message):
        nibble.compile(path, calibration=[feed])


def test_no_samples(path):
    with pytest.raises(nibble.Error, match="the calibration data has no samples"):
        nibble.compile(path, calibration=[])


def test_what_the_data_raises_comes_through(path):
    def samples():
        yield {"x": np.zeros((1, 13), np.float32)}
        raise KeyError("mine")
    with pytest.raises(KeyError, match="mine"):
        nibble.compile(path, calibration=samples())


def test_missing_model(tmp_path):
    with pytest.raises(nibble.Error, match="no.onnx"):
        nibble.compile(tmp_path / "no.onnx", weights="float")


def test_truncated_model(tmp_path, path):
    content = path.read_bytes()
    for size in (0, 1, 100, len(content) // 2, len(content) - 1):
        (tmp_path / "cut.onnx").write_bytes(content[:size])
        with pytest.raises(nibble.Error, match="cut.onnx"):
            nibble.compile(tmp_path / "cut.onnx", weights="float")


def test_run(path):
    model = nibble.compile(path, weights="float")
    with pytest.raises(nibble.Error, match="input 'x' is missing, expected float32"):
        model.run({})
    with pytest.raises(nibble.Error, match=r"input 'x' is float64\[1x13\]"):
        model.run({"x": np.zeros((1, 13))})


def test_save(path, tmp_path):
    model = nibble.compile(path, weights="float")
    with pytest.raises(nibble.Error, match="cannot write '.*no/such/model.so': No such file or directory"):
        model.save(tmp_path / "no/such/model.so")


def test_load(tmp_path):
    with pytest.raises(nibble.Error, match="no.so"):
        nibble.load(tmp_path / "no.so")
    (tmp_path / "text.so").write_text("hello")
    with pytest.raises(nibble.Error, match="text.so"):
        nibble.load(tmp_path / "text.so")


def test_opt():
    with pytest.raises(nibble.Error, match="error"):
        nibble.opt("nonsense")
