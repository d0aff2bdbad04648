# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""./dev bench MODEL: contenders in turns; what is not installed or cannot run says so in its row."""
import json
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT

pytest.importorskip("onnxruntime")


def bench(*arguments, cwd=None):
    return subprocess.run([sys.executable, ROOT / "benchmarks/models.py", *map(str, arguments)], cwd=cwd,
                          capture_output=True, text=True, timeout=600)


def test_a_model_with_data(paths, feeds, tmp_path):
    np.savez(tmp_path / "data.npz", **{name: np.concatenate([feed[name] for feed in feeds("digits", 4)])
                                       for name in feeds("digits", 1)[0]})
    done = bench(paths["digits"], "--calib", tmp_path / "data.npz", "--json", tmp_path / "bench.json",
                 "--chart", tmp_path / "bench.svg")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "bench.json").read_text())
    rows = report["models"][0]["rows"]
    assert {"onnxruntime float", "onnxruntime int8", "OpenVINO int8", "Nibble float", "Nibble int8"} <= set(rows)
    assert all(("ms" in row) != ("error" in row) for row in rows.values())
    assert rows["Nibble int8"]["ms"] > 0 and rows["Nibble float"]["sqnr_db"] > 90 > rows["Nibble int8"]["sqnr_db"] > 15
    assert report["models"][0]["gmacs_per_second"] > 1
    assert "<svg" in (tmp_path / "bench.svg").read_text()
    assert "Nibble int8" in done.stdout
    np.savez(tmp_path / "data.npz", other=np.zeros((1, 1, 8, 8), np.float32))
    done = bench(paths["digits"], "--calib", tmp_path)
    assert done.returncode == 1 and "has arrays ['other'], expected one for each input, ['image']" in done.stderr


def test_a_model_without_data(paths, tmp_path):
    done = bench(paths["dense"], "--json", tmp_path / "bench.json")
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "bench.json").read_text())["models"][0]["rows"]
    assert "onnxruntime int8" not in rows and rows["Nibble int8"]["ms"] > 0


@pytest.mark.parametrize("arguments, message", [
    (["none.onnx"], "error: no file 'none.onnx'"),
    (["examples/digits/digits.onnx", "--calib", "none.npz"], "no file 'none.npz'"),
    (["examples/digits/digits.onnx", "--dim", "batch"], "'batch' is not NAME=N"),
    (["examples/digits/digits.onnx", "--dim", "batch=2", "--calib", "examples"], "the first sample of DATA"),
    (["examples/digits/digits.onnx", "--calib", "examples"], "error: 'examples' has no samples"),
    (["examples/digits/digits.onnx", "--calib", "README.md"], "error: cannot read 'README.md'"),
    (["examples/digits/digits.onnx", "--dim", "nope=3"], "error: --dim: no input has a dynamic dimension 'nope', expected one of"),
])
def test_errors(arguments, message):
    done = bench(*arguments, cwd=ROOT)
    assert done.returncode != 0 and message in done.stderr and "Traceback" not in done.stderr


def test_results_that_are_no_numbers_are_worth_nothing(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import models

    exact = [np.ones(4, np.float32)]
    assert models.sqnr(exact, [np.array([1, np.nan, 1, 1], np.float32)]) == -np.inf
    assert models.sqnr(exact, exact) == np.inf


def test_a_contender_that_ends_its_process(monkeypatch):
    """The others go on, and its row says by what."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import os
    import signal

    from contender import Contender

    def build():
        return lambda feed: os.kill(os.getpid(), signal.SIGKILL) if feed["x"] else [1]

    contender = Contender(build, lambda predict: predict({"x": 0})[0])
    assert contender.do("run", {"x": 0}) == [1] and contender.do("score") == 1
    assert contender.do("time", {"x": 0}, 3, 1.0) >= 0
    with pytest.raises(RuntimeError, match="its process ended with SIGKILL"):
        contender.do("run", {"x": 1})
    with pytest.raises(RuntimeError, match="its process ended with SIGKILL"):
        contender.do("run", {"x": 0})
    contender.close()
    other = Contender(lambda: 1 / 0)
    with pytest.raises(RuntimeError, match="division by zero"):
        other.do("run", {})
    other.close()
