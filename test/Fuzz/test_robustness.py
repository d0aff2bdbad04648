# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Damaged files end in a diagnostic and exit code 1, never in a crash, a hang or a sanitizer's report.

The cases are the same in every run; NIBBLE_FUZZ_CASES asks for more than 200. A failure names the seed and keeps the
file in the test's folder. Bytecode is left out: upstream's reader trusts it.
"""
import os
import random
import re
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import mutate

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("NIBBLE_BUILD_DIR", ROOT / "build"))
CASES = int(os.environ.get("NIBBLE_FUZZ_CASES", "200"))
SANITIZED = b"__asan_init" in (BUILD / "bin/nibble-opt").read_bytes()
# Sanitizers exit with 1 unless told: that would pass for a diagnostic.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "exitcode=99:detect_leaks=0:allocator_may_return_null=1",
               "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1", "LLVM_DISABLE_CRASH_REPORT": "1"}


def limit_memory():
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(tool: str, *arguments) -> tuple[int, str]:
    command = [BUILD / "bin" / tool, *map(str, arguments)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=120, env=ENVIRONMENT, preexec_fn=limit_memory)
    except subprocess.TimeoutExpired:
        return -1, "took more than 120 s"
    return done.returncode, done.stderr.decode(errors="replace")


def survives(tool: str, *arguments) -> str:
    """Empty, or how the tool ended."""
    code, text = run(tool, *arguments)
    if code == 0 or (code == 1 and text.strip()):
        return ""
    return f"{tool} {' '.join(map(str, arguments))}\nexit code {code}\n{text[-3000:]}"


def each(cases: range, attempt) -> list[str]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [failure for failure in pool.map(attempt, cases) if failure]


def report(failures: list[str]) -> None:
    assert not failures, f"{len(failures)} failures; the first ones:\n\n" + "\n\n".join(failures[:5])


def passes() -> list[str]:
    """Flags of all passes of the project that need no option."""
    text = subprocess.run([BUILD / "bin/nibble-opt", "--help"], capture_output=True, text=True).stdout
    return sorted(set(re.findall(r"^\s+(--nibble-[\w-]+) ", text, re.M)))


def modules() -> list[str]:
    files = sorted(p for p in (ROOT / "test").rglob("*.mlir") if "Inputs" not in p.parts)
    parts = [part for p in files for part in re.split(r"^// -----.*$", p.read_text(), flags=re.M)]
    return [part for part in parts if part.strip() and len(part) < 20000]


def test_mlir(tmp_path):
    """Many modules a file, as they are small; only a file that fails is taken apart."""
    sources, per_file, wanted = modules(), 20, max(CASES * 6 // 10, 20)

    def write(seed: int, name: str) -> Path:
        rng = random.Random(f"mlir {seed}")
        path = tmp_path / name
        path.write_text(mutate.damage_mlir(rng.choice(sources), rng))
        return path

    def attempt(first: int) -> str:
        seeds = range(first * per_file, (first + 1) * per_file)
        texts = [write(seed, f"{seed}.mlir").read_text() for seed in seeds]
        together = tmp_path / f"all-{first}.mlir"
        together.write_text("\n// -----\n".join(texts))
        flags = [["--canonicalize", "--cse"]] + [[flag] for flag in passes()]
        for flag in flags:
            if survives("nibble-opt", "--split-input-file", *flag, together):
                for seed in seeds:
                    if failure := survives("nibble-opt", *flag, tmp_path / f"{seed}.mlir"):
                        return failure
        return ""

    report(each(range(wanted // per_file), attempt))


def test_driver_on_mlir(tmp_path):
    sources = modules()

    def attempt(seed: int) -> str:
        rng = random.Random(f"inspect {seed}")
        path = tmp_path / f"{seed}.mlir"
        path.write_text(mutate.damage_mlir(rng.choice(sources).replace("@", "@main"), rng))
        return survives("nibble", "inspect", path)

    report(each(range(CASES // 20), attempt))


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("models")
    subprocess.run([sys.executable, ROOT / "test/Inputs/make_models.py", folder], check=True)
    return [path.read_bytes() for path in sorted(folder.rglob("*.onnx"))]


def test_onnx(models, tmp_path):
    def attempt(seed: int) -> str:
        rng = random.Random(f"onnx {seed}")
        path = tmp_path / f"{seed}.onnx"
        path.write_bytes(mutate.damage_onnx(rng.choice(models), rng))
        return survives("nibble-translate", "--import-onnx", path, "-o", os.devnull)

    report(each(range(CASES // 4), attempt))


def test_npz(tmp_path):
    model = tmp_path / "model.mlir"
    model.write_text('func.func @main(%x: tensor<2x13xf32> {nibble.name = "x"}) -> (tensor<2x13xf32> {nibble.name = "y"}) {\n'
                     "  %y = nibble.relu %x : tensor<2x13xf32> -> tensor<2x13xf32>\n  return %y : tensor<2x13xf32>\n}\n")
    example = mutate.example_npz()

    def attempt(seed: int) -> str:
        rng = random.Random(f"npz {seed}")
        path = tmp_path / f"{seed}.npz"
        path.write_bytes(mutate.damage_npz(example, rng))
        return survives("nibble", "run", model, "--reference", "--inputs", path, "--outputs", tmp_path / f"{seed}.out.npz")

    report(each(range(CASES // 5), attempt))
