# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""./dev verify-targets in short: one small model for every target, and that a wrong byte is found."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

import nibble

NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"
SCRIPT = ROOT / "benchmarks/verify_targets.py"

spec = importlib.util.spec_from_file_location("verify_targets", SCRIPT)
verify_targets = importlib.util.module_from_spec(spec)
spec.loader.exec_module(verify_targets)


def run(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True)


def test_all_targets_give_the_same_bytes():
    done = run("--models", "digits", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    targets = json.loads(subprocess.run([NIBBLE, "targets", "--json"], check=True, capture_output=True).stdout)
    assert [row["target"] for row in rows] == [target["name"] for target in targets]
    ran = [row for row in rows if "note" not in row]
    assert len({row["hash"] for row in ran}) == 1 and all(row["equal"] for row in ran)
    assert {target["name"] for target in targets if target["runs_here"]} <= {row["target"] for row in ran}
    for row in rows:
        if "note" in row:
            assert "is not installed" in row["note"] or "this machine lacks" in row["note"]
        assert "note" in row or row["library_bytes"] > 40_000 and row["ram_bytes"] > 4_000
        if row.get("instructions"):
            assert 0.2 < row["instructions_per_mac"] < 10


def test_a_wrong_byte_is_found(monkeypatch, capsys):
    right = verify_targets.run_native

    def wrong(*arguments):
        result = right(*arguments)
        return result | {"output": bytes([result["output"][0] ^ 1]) + result["output"][1:]}

    monkeypatch.setattr(verify_targets, "run_native", wrong)
    monkeypatch.setattr(sys, "argv", ["verify_targets.py", "--models", "digits", "--targets", "generic"])
    with pytest.raises(SystemExit) as ended:
        verify_targets.main()
    assert ended.value.code == 1
    out, err = capsys.readouterr()
    assert "NO" in out and "error: digits for generic gives other bytes than the interpreter" in err


@pytest.mark.parametrize("arguments, message", [
    (["--models", "dogits"], "there is no model 'dogits', expected digits"),
    (["--targets", "cortex-m5"], "there is no target 'cortex-m5', expected generic, avx2"),
])
def test_bad_options(arguments, message):
    done = run(*arguments)
    assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr
