# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small generated models, and the digits example."""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nibble

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["dense", "conv_dense", "depthwise", "residual", "bn_shape"]
ISAS = ["generic", "avx2", "avxvnni", "avx512vnni"]
# Without VNNI, onnxruntime's sums of pairs of u8 by s8 products saturate at 16 bits: its results are no measure then.
SATURATES = platform.machine() == "x86_64" and not {"avx512_vnni", "avx_vnni"} & set(
    Path("/proc/cpuinfo").read_text().split())
# An option of its session: it computes them as products of u8 by u8 then, whose sums do not saturate.
EXACT_PRODUCTS = ("session.x64quantprecision", "1")
# With them, onnxruntime adds quantized tensors by the sums that Nibble's are defined by.
FUSES = platform.machine() == "x86_64" and {"avx2", "fma"} <= set(Path("/proc/cpuinfo").read_text().split())
EMULATOR = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")


def compile_for(isa, path, feed, **options):
    """Compiles for `isa`, or skips where this machine cannot run it."""
    model = nibble.compile(path, target=isa, **options)
    try:
        model.run(feed)
    except nibble.Error as error:
        if "this machine has none of the instruction sets" in str(error):
            pytest.skip(str(error))
        raise
    return model


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """The folder of the generated models."""
    folder = tmp_path_factory.mktemp("models")
    subprocess.run([sys.executable, ROOT / "test/Inputs/make_models.py", folder], check=True)
    return folder


@pytest.fixture(scope="session")
def paths(models):
    """Path of each model by its name."""
    return {name: models / f"{name}.onnx" for name in NAMES} | {"digits": ROOT / "examples/digits/digits.onnx"}


@pytest.fixture(scope="session")
def feeds(paths):
    """feeds(name, count, batch=1): seeded inputs of a model."""
    import onnx

    def make(name, count, batch=1, seed=0):
        value = onnx.load(paths[name]).graph.input[0]
        shape = [d.dim_value or batch for d in value.type.tensor_type.shape.dim]
        rng = np.random.default_rng(seed)
        low = 0 if name == "digits" else -1
        return [{value.name: rng.uniform(low, 1, shape).astype(np.float32)} for _ in range(count)]
    return make


@pytest.fixture(scope="session")
def onnxruntime_run(paths):
    """onnxruntime_run(name, feed): the outputs of the float model."""
    onnxruntime = pytest.importorskip("onnxruntime")
    sessions = {}

    def run(name, feed):
        if name not in sessions:
            sessions[name] = onnxruntime.InferenceSession(str(paths[name]), providers=["CPUExecutionProvider"])
        return sessions[name].run(None, feed)
    return run
