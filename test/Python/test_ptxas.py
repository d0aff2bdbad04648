# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""NVIDIA's assembler takes the kernels of whole models for every target: no spills, the instructions that were meant."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT
from gpu import ALL, NIBBLE, run_feed

SCRIPT = ROOT / "benchmarks/ptxas.py"
spec = importlib.util.spec_from_file_location("ptxas", SCRIPT)
ptxas = importlib.util.module_from_spec(spec)
sys.modules["ptxas"] = ptxas
spec.loader.exec_module(ptxas)

ZOO = ROOT.parent / "shared" / "models"
needs_ptxas = pytest.mark.skipif(ptxas.find_tool("ptxas") is None, reason="ptxas is not installed")
MODELS = {"digits": ["--dim", "batch=1"], "mobilenetv2": ["--dim", "N=1"], "ic_resnet8": ["--dim", "unk__126=1"],
          "minilm": ["--mode", "dynamic", "--dim", "batch=1", "--dim", "sequence=128"]}


@pytest.fixture(scope="module")
def ranges(tmp_path_factory):
    """Measured ranges of a model, which all targets share."""
    folder = tmp_path_factory.mktemp("ptxas")
    made = {}

    def get(name):
        if name not in made:
            made[name] = ["--calib-file", folder / f"{name}.json", "--calib-method", "minmax"]
            path, feeds = load(name)
            np.savez(folder / "calib.npz", **{key: np.concatenate([feed[key] for feed in feeds]) for key in feeds[0]})
            subprocess.run([NIBBLE, "compile", path, *made[name], "--calib", folder / "calib.npz", "--stop-after", "calibrate",
                            "-o", folder / "m.mlir"], check=True, capture_output=True)
        return made[name]

    return get


def load(name):
    if name == "digits":
        return ROOT / "examples/digits/digits.onnx", [
            {"image": np.load(ROOT / "examples/digits/digits.npz")["calibration"].astype(np.float32) / 16}]
    sys.path.insert(0, str(ZOO))
    import zoo
    model = zoo.get(name)
    return model.path, model.calibration(4)


@needs_ptxas
@pytest.mark.parametrize("target", ALL)
@pytest.mark.parametrize("name", MODELS)
def test_the_assembler_takes_whole_models(name, target, ranges, tmp_path):
    if name != "digits" and not (ZOO / name).exists():
        pytest.skip(f"there is no {ZOO / name}")
    path = ZOO / name / "model.onnx" if name != "digits" else ROOT / "examples/digits/digits.onnx"
    options = [*MODELS[name], *([] if "--mode" in MODELS[name] else ranges(name))]
    subprocess.run([NIBBLE, "compile", path, *options, "--target", target, "-o", tmp_path / "m.so"], check=True,
                   capture_output=True)
    kernels = ptxas.assemble(ptxas.read_ptx(tmp_path / "m.so"), target)
    assert kernels and all(kernel.threads and kernel.registers for kernel in kernels)
    assert not [kernel.name for kernel in kernels if kernel.spill_bytes or kernel.stack_bytes]
    # At least eight warps of a multiprocessor have registers.
    assert not [kernel.name for kernel in kernels if kernel.blocks_by_registers() * kernel.threads < 256]
    for kernel in kernels:
        if "_mma_" in kernel.name and kernel.mix:
            assert kernel.mix["IMMA"] and target != "sm_75", kernel
        elif any(word in kernel.name for word in ("s8pc_u8_conv", "s8pc_u8_gemm", "s8pc_u8_dwconv")) and kernel.mix:
            assert kernel.mix["IDP"], kernel


def run(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True)


@needs_ptxas
def test_bad_files(tmp_path):
    done = run(tmp_path / "none.so")
    assert done.returncode == 1 and "error: " in done.stderr and "Traceback" not in done.stderr
    (tmp_path / "text.so").write_text("no model")
    done = run(tmp_path / "text.so")
    assert done.returncode == 1 and "has no PTX: compile it with --target sm_80" in done.stderr


@needs_ptxas
def test_machine_code_in_a_library(tmp_path):
    """The library holds both; a driver that refuses the machine code, as the emulator's does, takes the PTX."""
    image = np.load(ROOT / "examples/digits/digits.npz")["test"][:1].astype(np.float32) / 16
    libraries = [tmp_path / "with.so", tmp_path / "without.so"]
    for library, options in zip(libraries, (["--ptxas", ptxas.find_tool("ptxas")], [])):
        subprocess.run([NIBBLE, "compile", ROOT / "examples/digits/digits.onnx", "--float", "--dim", "batch=1", "--target", "sm_80",
                        *options, "-o", library], check=True, capture_output=True)
    assert [library.read_bytes().count(b"\x7fELF") for library in libraries] == [2, 1]
    outputs = [run_feed(library, {"image": image}, tmp_path, sm=80)["logits"] for library in libraries]
    assert outputs[0].tobytes() == outputs[1].tobytes()
