# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `pip install .` gives works outside the checkout.

A wheel is the Python files and CMake's component NibblePython (pyproject.toml); the component is installed here from the
build at hand, so that nothing is compiled again. With NIBBLE_TEST_WHEEL=1 pip builds all of it as a user's does, in an
environment of its own (15 minutes, and it downloads what pyproject.toml requires)."""
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("NIBBLE_BUILD_DIR", ROOT / "build"))
PROGRAM = """
import pathlib, subprocess, sys
import numpy as np
import nibble

package = pathlib.Path(nibble.__file__).parent
assert package == pathlib.Path(sys.argv[1]) / "nibble", package
image = np.random.default_rng(0).random((4, 1, 8, 8), dtype=np.float32)
model = nibble.compile(sys.argv[2], calibration=[{"image": image}])
feed = {"image": image[:1]}
assert (model.run(feed)[0] == model.reference(feed)[0]).all()
model.save("digits.so")
assert (nibble.load("digits.so").run(feed)[0] == model.run(feed)[0]).all()
subprocess.run([sys.executable, "-m", "nibble", "inspect", "digits.so"], check=True)
"""


def run_program(python, directory, site):
    """PROGRAM without a trace of the checkout in the environment."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([python, "-c", PROGRAM, site, ROOT / "examples/digits/digits.onnx"], check=True, cwd=directory,
                   env=environment)


def site_of(python):
    return subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], check=True,
                          capture_output=True, text=True).stdout.strip()


def test_pip_install(tmp_path):
    pytest.importorskip("scikit_build_core", reason="pip cannot build offline without the build backend")
    pytest.importorskip("pip")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv/bin/python"
    site = site_of(python)
    subprocess.run([sys.executable, "-m", "pip", "install", ROOT, "--no-build-isolation", "--no-deps", "--no-index", "-q",
                    "--target", site, "--config-settings=wheel.cmake=false"], check=True, cwd=tmp_path)
    subprocess.run(["cmake", "--install", BUILD, "--component", "NibblePython", "--prefix", site], check=True,
                   stdout=subprocess.DEVNULL)
    # What the package depends on comes from here.
    Path(site, "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    run_program(python, tmp_path, site)


@pytest.mark.skipif(not os.environ.get("NIBBLE_TEST_WHEEL"), reason="15 minutes: NIBBLE_TEST_WHEEL=1 runs it")
def test_whole_pip_install(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv/bin/python"
    subprocess.run([python, "-m", "pip", "install", "-q", ROOT, f"--config-settings=build-dir={tmp_path}/wheel"], check=True)
    run_program(python, tmp_path, site_of(python))
