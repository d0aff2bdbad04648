# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The documentation for users runs as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

import nibble

NIBBLE = Path(nibble.__file__).parent / "bin"


def blocks(path):
    return re.findall(r"^```(sh|python)\n(.*?)^```", path.read_text(), re.M | re.S)


def test_getting_started(tmp_path):
    path = os.pathsep.join([str(NIBBLE), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"NIBBLE": str(ROOT), "PATH": path}
    found = blocks(ROOT / "docs/getting-started.md")
    assert len(found) >= 10
    for language, text in found:
        command = ["bash", "-eux", "-c", text] if language == "sh" else [sys.executable, "-c", text]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        assert "warning" not in done.stderr.lower(), f"{text}\n{done.stderr}"


@pytest.mark.parametrize("command", ["compile", "quantize", "run", "compare", "bench", "inspect", "explain"])
def test_help_teaches(command):
    """Each command's help has examples, and only options that exist."""
    text = subprocess.run([NIBBLE / "nibble", command, "--help"], capture_output=True, text=True, check=True).stdout
    examples = re.findall(rf"^  nibble {command} .*", text, re.M)
    assert examples
    options = set(re.findall(r"^  (--?[\w-]+)", text, re.M))
    for option in re.findall(r" (--?[a-z][\w-]*)", " ".join(re.split(r"\s{3,}", e.strip())[0] for e in examples)):
        assert option in options, f"{option} is no option of {command}: {sorted(options)}"
