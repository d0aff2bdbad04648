# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Executables that need nothing: no Nibble, no C library."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

import nibble

NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"


@pytest.fixture(scope="module", params=["host", "generic,avx2"])
def program(request, tmp_path_factory):
    """The digits model as an executable, its inputs, and the expected outputs."""
    folder = tmp_path_factory.mktemp("exe")
    data = np.load(ROOT / "examples/digits/digits.npz")
    np.savez(folder / "calib.npz", image=data["calibration"].astype(np.float32) / 16)
    for emit in ("exe", "so"):
        subprocess.run([NIBBLE, "compile", ROOT / "examples/digits/digits.onnx", "--calib", folder / "calib.npz",
                        "--target", request.param, "--emit", emit, "-o", folder / f"digits.{emit}"], check=True,
                       capture_output=True)
    images = data["test"][:7].astype(np.float32) / 16
    expected, = nibble.load(folder / "digits.so").run({"image": images})
    return folder / "digits.exe", images, expected


def run(program, *arguments):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, errors="replace", env={})


def succeed(*arguments):
    done = run(*arguments)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


def fail(program, *arguments):
    done = run(program, *arguments)
    assert done.returncode == 1 and done.stdout == "" and done.stderr.startswith(f"{program}: error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_needs_no_library(program):
    content = program[0].read_bytes()
    assert content[:4] == b"\x7fELF" and b"ld-linux" not in content and b"libc.so" not in content


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(program, save, tmp_path):
    path, images, expected = program
    save(tmp_path / "in.npz", image=images)
    succeed(path, "--inputs", tmp_path / "in.npz", "--outputs", tmp_path / "out.npz")
    result = np.load(tmp_path / "out.npz")["logits"]
    assert result.dtype == np.float32 and result.shape == expected.shape and result.tobytes() == expected.tobytes()


def test_raw_and_npy(program, tmp_path):
    path, images, expected = program
    images.tofile(tmp_path / "in.bin")
    np.save(tmp_path / "in.npy", images)
    for name in ("in.bin", "in.npy"):
        succeed(path, "--input", f"image={tmp_path / name}", "--output", f"logits={tmp_path / 'o.npy'}",
                "--output", f"logits={tmp_path / 'o.bin'}")
        assert np.load(tmp_path / "o.npy").tobytes() == expected.tobytes() == (tmp_path / "o.bin").read_bytes()


def test_describe_bench_help(program):
    path, *_ = program
    assert "input     image  float32[batch x 1 x 8 x 8]" in succeed(path, "--describe")
    assert "of 20 runs on 1 thread" in succeed(path, "--bench", 20)
    assert "--inputs in.npz" in succeed(path, "--help")


@pytest.mark.parametrize("arguments, message", [
    ([], "nothing to do: give --outputs"),
    (["--nonsense"], "unknown option '--nonsense'"),
    (["--bench"], "--bench needs a value"),
    (["--bench", "0"], "--bench is '0', expected a number of runs"),
    (["--bench", "5x"], "--bench is '5x'"),
    (["--outputs", "out.npz"], "input 'image' is missing, expected float32[batch x 1 x 8 x 8]"),
    (["--inputs", "no.npz", "--outputs", "out.npz"], "cannot read 'no.npz': No such file or directory"),
    (["--inputs", "good.npz", "--outputs", "no/out.npz"], "cannot write 'no/out.npz': No such file or directory"),
    (["--inputs", "good.npz", "--outputs", "."], "cannot write '.': Is a directory"),
    (["--inputs", "good.npz", "--outputs", "/dev/full"], "cannot write '/dev/full': No space left on device"),
    (["--inputs", "text", "--outputs", "out.npz"], "'text' is not a .npz file"),
    (["--inputs", "cut.npz", "--outputs", "out.npz"], "'cut.npz' is not a .npz file"),
    (["--inputs", "double.npz", "--outputs", "out.npz"], "input 'image' is float64[2x1x8x8], expected float32[batch x 1"),
    (["--inputs", "narrow.npz", "--outputs", "out.npz"], "input 'image' is float32[2x1x8x7], expected float32"),
    (["--inputs", "fortran.npz", "--outputs", "out.npz"], "entry 'image' is in Fortran's order"),
    (["--inputs", "other.npz", "--outputs", "out.npz"], "'x' is not an input of the model"),
    (["--input", "x=text", "--outputs", "out.npz"], "--input is 'x=text', expected NAME=FILE"),
    (["--input", "image=text", "--outputs", "out.npz"], "input 'image' has 5 bytes, expected a multiple of 256"),
    (["--inputs", "good.npz", "--output", "x=y"], "--output is 'x=y', expected NAME=FILE"),
])
def test_mistakes(program, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    good = program[1][:2]
    np.savez("good.npz", image=good)
    np.savez("double.npz", image=good.astype(np.float64))
    np.savez("narrow.npz", image=good[..., :7])
    np.savez("fortran.npz", image=np.asfortranarray(good.repeat(2, axis=1)))
    np.savez("other.npz", x=good)
    Path("cut.npz").write_bytes(Path("good.npz").read_bytes()[:-40])
    Path("text").write_text("hello")
    before = {p.name for p in tmp_path.iterdir()}
    assert message in fail(program[0], *arguments)
    assert {p.name for p in tmp_path.iterdir()} == before


def test_damaged_files_never_crash(program, tmp_path):
    """Any byte of a compressed file may be wrong: the run ends with 0 or 1."""
    np.savez_compressed(tmp_path / "in.npz", image=program[1][:1])
    content = bytearray((tmp_path / "in.npz").read_bytes())
    for position in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[position] ^= 0xff
        (tmp_path / "bad.npz").write_bytes(damaged)
        done = run(program[0], "--inputs", tmp_path / "bad.npz", "--outputs", tmp_path / "out.npz")
        assert done.returncode in (0, 1), f"byte {position}: exit code {done.returncode}"
