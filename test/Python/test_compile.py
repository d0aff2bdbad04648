# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whole models: float against onnxruntime, int8 bit for bit against the interpreter."""

import numpy as np
import pytest
from conftest import ISAS, NAMES, compile_for

import nibble

MODELS = [*NAMES, "digits"]


@pytest.mark.parametrize("name", MODELS)
def test_float_is_close_to_onnxruntime(name, paths, feeds, onnxruntime_run):
    model = nibble.compile(paths[name], weights="float")
    for feed in feeds(name, 4) + feeds(name, 1, batch=3):
        for actual, expected in zip(model.run(feed), onnxruntime_run(name, feed), strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("name", MODELS)
def test_float_equals_the_interpreter(name, paths, feeds):
    model = nibble.compile(paths[name], weights="float")
    for feed in feeds(name, 2):
        for actual, expected in zip(model.run(feed), model.reference(feed), strict=True):
            assert actual.tobytes() == expected.tobytes()


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("name", MODELS)
def test_int8_equals_the_interpreter(name, isa, paths, feeds):
    model = compile_for(isa, paths[name], feeds(name, 1)[0], calibration=feeds(name, 8))
    for feed in feeds(name, 4, seed=1) + feeds(name, 1, batch=3):
        for actual, expected in zip(model.run(feed), model.reference(feed), strict=True):
            assert actual.tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", MODELS)
def test_int8_is_close_to_float(name, paths, feeds, onnxruntime_run):
    model = nibble.compile(paths[name], calibration=feeds(name, 16))
    signal = noise = 0.0
    for feed in feeds(name, 8, seed=1):
        for actual, expected in zip(model.run(feed), onnxruntime_run(name, feed), strict=True):
            signal += np.sum(expected ** 2)
            noise += np.sum((actual - expected) ** 2)
    assert 10 * np.log10(signal / noise) > 20


def test_saved_models_load(tmp_path, paths, feeds):
    model = nibble.compile(paths["conv_dense"], calibration=feeds("conv_dense", 4))
    model.save(tmp_path / "model.so")
    loaded = nibble.load(tmp_path / "model.so")
    feed = feeds("conv_dense", 1)[0]
    assert loaded.run(feed)[0].tobytes() == model.run(feed)[0].tobytes()
    assert loaded.inputs == model.inputs and loaded.outputs == model.outputs
    with pytest.raises(nibble.Error, match="holds machine code alone"):
        loaded.reference(feed)


def test_threads_give_the_same_bits(tmp_path, paths, feeds):
    model = nibble.compile(paths["depthwise"], calibration=feeds("depthwise", 4))
    model.save(tmp_path / "model.so")
    feed = feeds("depthwise", 1, batch=2)[0]
    for threads in (2, 3):
        assert nibble.load(tmp_path / "model.so", threads=threads).run(feed)[0].tobytes() == model.run(feed)[0].tobytes()


def test_compilation_is_deterministic(tmp_path, paths, feeds):
    for name in ("a.so", "b.so"):
        nibble.compile(paths["residual"], calibration=feeds("residual", 4)).save(tmp_path / name)
    assert (tmp_path / "a.so").read_bytes() == (tmp_path / "b.so").read_bytes()
