# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""AArch64: executables made on any machine, run by an emulator of several processors, give the interpreter's bits."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import EMULATOR, ROOT

import nibble

NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"
DIGITS = ROOT / "examples/digits/digits.onnx"

pytestmark = pytest.mark.skipif(EMULATOR is None, reason="qemu-aarch64-static is not installed")

PRECISIONS = {"uint8": [], "int8": ["--activations", "int8"], "int16": ["--activations", "int16"], "float": ["--float"]}


@pytest.fixture(scope="module", params=PRECISIONS)
def model(request, tmp_path_factory):
    """A folder with digits.exe for AArch64 and in.npz, and the outputs expected of it."""
    folder = tmp_path_factory.mktemp("aarch64")
    data = np.load(ROOT / "examples/digits/digits.npz")
    np.savez(folder / "calib.npz", image=data["calibration"].astype(np.float32) / 16)
    np.savez(folder / "in.npz", image=data["test"][:5].astype(np.float32) / 16)
    options = PRECISIONS[request.param]
    if request.param != "float":
        options = [*options, "--calib", folder / "calib.npz"]

    def run(*arguments):
        subprocess.run([NIBBLE, *map(str, arguments)], check=True, capture_output=True)

    def compile(target):
        run("compile", DIGITS, *options, "--target", target, "--emit", "exe", "-o", folder / "digits.exe")
        return folder

    phase = "normalize" if request.param == "float" else "fold"
    run("compile", DIGITS, *options, "--stop-after", phase, "-o", folder / "digits.mlir")
    run("run", folder / "digits.mlir", "--reference", "--inputs", folder / "in.npz", "--outputs", folder / "ref.npz")
    return compile, np.load(folder / "ref.npz")["logits"]


def emulate(cpu, folder):
    return subprocess.run([EMULATOR, "-cpu", cpu, folder / "digits.exe", "--inputs", folder / "in.npz",
                           "--outputs", folder / "out.npz"], capture_output=True, text=True)


@pytest.mark.parametrize("target, cpus", [("neon", ["cortex-a53"]), ("dotprod", ["cortex-a76"]),
                                          ("neon,dotprod", ["cortex-a53", "cortex-a76", "max"])])
def test_same_bits(model, target, cpus):
    compile, expected = model
    folder = compile(target)
    for cpu in cpus:
        done = emulate(cpu, folder)
        assert done.returncode == 0 and done.stderr == "", done.stderr
        result = np.load(folder / "out.npz")["logits"]
        assert result.shape == expected.shape and result.tobytes() == expected.tobytes(), cpu


def test_processor_without_the_instructions(model):
    folder = model[0]("dotprod")
    done = emulate("cortex-a53", folder)
    assert done.returncode == 1
    assert done.stderr.endswith("error: this machine has none of the instruction sets that the model was compiled for\n")
