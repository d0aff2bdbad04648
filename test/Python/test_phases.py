# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The IR behind each phase, and every intermediate form that can be asked for."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

import nibble

BIN = Path(nibble.__file__).parent / "bin"
MARKS = {"import": "nibble.conv ", "normalize": "layout = #nibble.layout<nhwc>", "calibrate": "nibble.observe",
         "plan": "nibble.dequantize", "quantize": "!quant.uniform", "fold": "nibble.int_conv",
         "lower": "ukernel.conv", "codegen": "func.func"}
EMITS = {"onnx-mlir": "import", "mlir": "fold", "ukernel-mlir": "lower", "vector-mlir": "codegen"}


def tool(name, *arguments, code=0):
    done = subprocess.run([BIN / name, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture(scope="module")
def model(tmp_path_factory, paths, feeds):
    """Arguments that compile the model `conv_dense`."""
    data = tmp_path_factory.mktemp("phases") / "data.npz"
    np.savez(data, x=np.concatenate([feed["x"] for feed in feeds("conv_dense", 8)]))
    return ["compile", paths["conv_dense"], "--calib", data]


@pytest.mark.parametrize("phase", MARKS)
def test_stop_after(model, phase, tmp_path):
    tool("nibble", *model, "--stop-after", phase, "-o", tmp_path / "ir.mlir")
    assert MARKS[phase] in (tmp_path / "ir.mlir").read_text()
    tool("nibble-opt", tmp_path / "ir.mlir", "-o", tmp_path / "again.mlir")


def test_stop_after_package_is_all(model, tmp_path):
    tool("nibble", *model, "--stop-after", "package", "-o", tmp_path / "m.so")
    nibble.load(tmp_path / "m.so")


@pytest.mark.parametrize("emit", EMITS)
def test_emits_are_phases(model, emit, tmp_path):
    tool("nibble", *model, "--emit", emit, "-o", tmp_path / "emit.mlir")
    tool("nibble", *model, "--stop-after", EMITS[emit], "-o", tmp_path / "phase.mlir")
    assert (tmp_path / "emit.mlir").read_bytes() == (tmp_path / "phase.mlir").read_bytes()


@pytest.mark.parametrize("emit, mark", [("ll", "define"), ("asm", ".text")])
def test_texts(model, emit, mark, tmp_path):
    tool("nibble", *model, "--emit", emit, "-o", tmp_path / "text")
    assert mark in (tmp_path / "text").read_text()


def test_dumps_are_readable_and_complete(model, tmp_path):
    tool("nibble", *model, "--dump-phases", tmp_path / "dump", "-o", tmp_path / "m.so")
    dumps = sorted(p.name for p in (tmp_path / "dump").iterdir())
    names = [f"{number}-{phase}" for number, phase in enumerate(MARKS)]
    assert dumps == sorted([f"{name}.mlir" for name in names] + [f"{name}.mlirbc" for name in names])
    for name in names:
        text = tmp_path / "dump" / f"{name}.mlir"
        assert text.stat().st_size < 200_000 and 'dense<"0x' not in text.read_text()
        tool("nibble-opt", tmp_path / "dump" / f"{name}.mlirbc", "-o", tmp_path / "whole.mlir")
    # The readable one has no weights, and no tool mistakes it for the model.
    readable = tmp_path / "dump/5-fold.mlir"
    if "__elided__" in readable.read_text():
        assert "got none: weights were left out in printing" in tool("nibble-opt", readable, code=1).stderr


def test_complete_dumps_run(model, feeds, tmp_path):
    tool("nibble", *model, "--dump-phases", tmp_path / "dump", "-o", tmp_path / "m.so")
    np.savez(tmp_path / "in.npz", **feeds("conv_dense", 1)[0])
    for name, flags in (("5-fold.mlirbc", ["--reference"]), ("5-fold.mlirbc", []), ("../m.so", [])):
        tool("nibble", "run", tmp_path / "dump" / name, *flags, "--inputs", tmp_path / "in.npz", "--outputs",
             tmp_path / f"{Path(name).stem}{len(flags)}.npz")
    outputs = [np.load(tmp_path / f"{name}.npz")["y"].tobytes() for name in ("5-fold1", "5-fold0", "m0")]
    assert outputs[0] == outputs[1] == outputs[2]


def test_bytecode_by_name(model, tmp_path):
    tool("nibble", *model, "--emit", "mlir", "-o", tmp_path / "m.mlirbc")
    assert (tmp_path / "m.mlirbc").read_bytes()[:4] == b"ML\xefR"


def test_float_has_fewer_phases(paths, tmp_path):
    compile_ = ["compile", paths["conv_dense"], "--float", "-o", tmp_path / "ir.mlir", "--stop-after"]
    for phase in ("import", "normalize", "fold", "lower", "codegen"):
        tool("nibble", *compile_, phase)
    for phase in ("calibrate", "plan", "quantize"):
        assert f"stop-after '{phase}' is a phase of quantization" in tool("nibble", *compile_, phase, code=1).stderr
