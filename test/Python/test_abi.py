# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the descriptor of a library tells, and the floating-point state of the thread that calls it."""
import ctypes
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import nibble

TOOLS = Path(os.environ.get("NIBBLE_BUILD_DIR", Path(__file__).resolve().parents[2] / "build")) / "bin"


@pytest.fixture
def compile(paths, feeds, tmp_path):
    def run(*options, name="digits", data=True):
        if data:
            feed = feeds(name, 8)
            key = next(iter(feed[0]))
            np.savez(tmp_path / "data.npz", **{key: np.concatenate([f[key] for f in feed])})
            options = ("--calib", tmp_path / "data.npz", *options)
        output = tmp_path / "model.so"
        subprocess.run([TOOLS / "nibble", "compile", paths[name], *options, "-o", output], check=True,
                       stdout=subprocess.DEVNULL)
        return json.loads(subprocess.run([TOOLS / "nibble", "inspect", output, "--json"], check=True,
                                         capture_output=True, text=True).stdout)
    return run


def test_plan_hash_tells_what_is_computed(compile):
    plain = compile("--target", "generic", "--calib-method", "minmax", "--bias-correction", "on")
    assert len(plain["plan_hash"]) == len(plain["hash"]) == 64 and plain["plan_hash"] != plain["hash"]
    # Neither the instruction set nor the name matters, nor who chose.
    same = compile("--target", "generic,avx2", "--calib-method", "minmax", "--bias-correction", "on", "--name", "other")
    assert (same["plan_hash"], same["hash"]) == (plain["plan_hash"], plain["hash"])
    others = [compile("--target", "generic", "--calib-method", "minmax", "--bias-correction", "off"),
              compile("--target", "generic", "--calib-method", "mse", "--bias-correction", "on"),
              compile("--target", "generic", "--activations", "int8"),
              compile("--target", "generic", "--mode", "dynamic", data=False),
              compile("--target", "generic", "--float", data=False)]
    assert len({plain["plan_hash"], *(other["plan_hash"] for other in others)}) == 6
    assert {other["hash"] for other in others} == {plain["hash"]}


def test_plan_hash_of_another_architecture(compile, paths, tmp_path):
    """The library cannot be loaded here, but names its plan in its read-only data."""
    expected = compile("--float", data=False, name="conv_dense")["plan_hash"]
    compiled = tmp_path / "arm.so"
    subprocess.run([TOOLS / "nibble", "compile", paths["conv_dense"], "--float", "--target", "neon", "-o", compiled],
                   check=True, stdout=subprocess.DEVNULL)
    assert expected.encode() in compiled.read_bytes()


def test_python_sets_the_float_state(paths, feeds):
    """Other modules of a Python program may change how its threads round; results are the same bits all the same."""
    libm = ctypes.CDLL("libm.so.6")
    upward = 0x800
    feed = feeds("conv_dense", 1)[0]
    model = nibble.compile(paths["conv_dense"], weights="float")
    expected = model.run(feed)[0].tobytes()
    saved = libm.fegetround()
    libm.fesetround(upward)
    try:
        again = nibble.compile(paths["conv_dense"], weights="float")
        results = [model.run(feed)[0], model.reference(feed)[0], again.run(feed)[0]]
        assert libm.fegetround() == upward
    finally:
        libm.fesetround(saved)
    assert [result.tobytes() for result in results] == [expected] * 3
