# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models of many weights: what compiling takes of memory.

NIBBLE_TEST_LARGE=1 also compiles 3 GB (about 10 minutes, 15 GB on the disk that holds temporary files)."""
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nibble

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(os.environ.get("NIBBLE_BUILD_DIR", ROOT / "build")) / "bin"
needs_time = pytest.mark.skipif(not os.environ.get("NIBBLE_TEST_LARGE"), reason="10 minutes: NIBBLE_TEST_LARGE=1 runs it")
OPTIONS = {"float": ["--float"], "int8": ["--calib", "data.npz"], "dynamic": ["--mode", "dynamic"],
           "weight-only": ["--mode", "weight-only"]}

# A process's peak counts what its parent held when it was started: so a small parent starts it.
MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def make(folder, layers, width):
    subprocess.run([sys.executable, ROOT / "test/Inputs/make_large.py", folder, str(layers), str(width)], check=True)
    return folder


def size_of(folder):
    return sum((folder / name).stat().st_size for name in ("model.onnx", "weights.bin"))


def peak(folder, options, output="model.so"):
    """The memory that compiling takes at most, pages of mapped files included, in bytes."""
    command = [sys.executable, "-S", "-c", MEASURE, TOOLS / "nibble", "compile", "model.onnx", *options, "-o", output]
    return 1024 * int(subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """What any model of this kind takes, by mode: code, the libraries of LLVM, a few kernels."""
    folder = make(tmp_path_factory.mktemp("tiny"), 2, 64)
    return {name: peak(folder, options) for name, options in OPTIONS.items()}


@pytest.fixture(scope="module")
def medium(tmp_path_factory):
    """128 MB of weights."""
    return make(tmp_path_factory.mktemp("medium"), 32, 1024)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """3 GB of weights, a gigabyte more than an offset of 32 bits reaches."""
    return make(tmp_path_factory.mktemp("large"), 48, 4096)


@pytest.mark.parametrize("mode", OPTIONS)
def test_medium(tiny, medium, mode):
    taken = peak(medium, OPTIONS[mode])
    assert taken <= tiny[mode] + 1.3 * size_of(medium)
    # What it really is: some layers of 4 MB, not the model; but where the float model's time is taken, all of it is read.
    part = 1.15 if mode == "int8" else 0.5
    assert taken <= tiny[mode] + part * size_of(medium), f"{taken / 2**20:.0f} MB, tiny {tiny[mode] / 2**20:.0f} MB"


@needs_time
@pytest.mark.parametrize("mode", ["float", "int8"])
def test_large(large, mode):
    assert peak(large, OPTIONS[mode], f"{mode}.so") <= 1.3 * size_of(large)
    run(large / f"{mode}.so", large)


def run(library, folder):
    x = np.load(folder / "data.npz")["x"]
    y, = nibble.load(str(library)).run({"x": x})
    assert y.shape == x.shape and np.isfinite(y).all() and y.any()
    return y


@pytest.mark.parametrize("mode", ["float", "int8", "dynamic"])
def test_bits(medium, mode):
    """The library computes what the interpreter does."""
    x = np.load(medium / "data.npz")["x"]
    options = {"float": {"weights": "float"}, "int8": {"calibration": [{"x": x}]}, "dynamic": {"mode": "dynamic"}}[mode]
    model = nibble.compile(str(medium / "model.onnx"), **options)
    np.testing.assert_array_equal(model.run({"x": x})[0], model.reference({"x": x})[0])
    assert model.summary["model_bytes"] == size_of(medium)
    model.save(str(medium / "saved.so"))
    np.testing.assert_array_equal(run(medium / "saved.so", medium), model.run({"x": x})[0])
