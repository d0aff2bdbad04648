# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How tests run models that were compiled for a GPU: in the emulator, or with NIBBLE_TEST_GPU=1 on this machine's own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import nibble
from conftest import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import cuda  # noqa: E402

NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"
ON_DEVICE = os.environ.get("NIBBLE_TEST_GPU", "") not in ("", "0")
ALL = ["sm_75", "sm_80", "sm_86", "sm_89", "sm_90"]
DEVICE = cuda.find_device() if ON_DEVICE else None
# Those that the device runs; all of them where it is emulated.
TARGETS = [name for name in ALL if DEVICE is None or DEVICE.runs(name)]


def environment(**settings):
    """Of a process that finds a GPU. `settings` are the emulator's, as in tools/cuda-emulator/README.md."""
    if ON_DEVICE:
        assert not settings, "a real GPU cannot be told how to fail"
        return dict(os.environ)
    text = ",".join(f"{key}={value}" if value is not True else key for key, value in ({"sm": 90} | settings).items())
    return cuda.emulated(text)


def run(library, inputs, outputs, **settings):
    """`nibble run`, as it ends."""
    return subprocess.run([NIBBLE, "run", library, "--inputs", inputs, "--outputs", outputs], capture_output=True, text=True,
                          env=environment(**settings))


def run_feed(library, feed, folder, **settings):
    """The outputs by their names."""
    np.savez(folder / "in.npz", **feed)
    done = run(library, folder / "in.npz", folder / "out.npz", **settings)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return dict(np.load(folder / "out.npz"))


def run_python(program, *arguments, **settings):
    """A Python program in a process that finds a GPU."""
    return subprocess.run([sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True,
                          env=environment(**settings))
