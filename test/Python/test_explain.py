# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What nibble explain tells: text, JSON, and a page, which a browser opens."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

import nibble

NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"
BROWSER = next(filter(None, map(shutil.which, ["chromium", "chromium-headless-shell", "google-chrome"])), None)


def nibble_tool(*arguments):
    done = subprocess.run([NIBBLE, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A folder with the compiled digits model, its calibration data, and the page of the library."""
    folder = tmp_path_factory.mktemp("explain")
    images = np.load(ROOT / "examples/digits/digits.npz")["calibration"].astype(np.float32) / 16
    np.savez(folder / "calib.npz", image=images)
    nibble_tool("compile", ROOT / "examples/digits/digits.onnx", "--calib", folder / "calib.npz", "-o", folder / "d.so")
    nibble_tool("explain", folder / "d.so", "--html", folder / "page.html")
    return folder


def test_library_and_model_tell_the_same(digits):
    of_library = json.loads(nibble_tool("explain", digits / "d.so", "--json"))
    of_model = json.loads(nibble_tool("explain", ROOT / "examples/digits/digits.onnx", "--calib", digits / "calib.npz",
                                      "--json"))

    def timeless(summary):
        return {key: [{k: v for k, v in entry.items() if k != "ms"} for entry in summary[key]]
                for key in ("nodes", "calls", "buffers")}
    assert timeless(of_library) == timeless(of_model)
    assert of_library["output_bytes"] == (digits / "d.so").stat().st_size


def test_every_call_is_measured_and_belongs_to_a_node(digits):
    summary = json.loads(nibble_tool("explain", digits / "d.so", "--json"))
    assert len(summary["calls"]) >= 8
    assert all(call["ms"] > 0 and call["node"] >= 0 for call in summary["calls"])
    total = sum(node.get("ms", 0) for node in summary["nodes"])
    assert total == pytest.approx(sum(call["ms"] for call in summary["calls"]))
    assert sum("sqnr_db" in node for node in summary["nodes"]) >= 5


def test_buffers_that_live_together_do_not_overlap(digits):
    summary = json.loads(nibble_tool("explain", digits / "d.so", "--json"))
    buffers = summary["buffers"]
    assert buffers and max(b["offset"] + b["bytes"] for b in buffers) <= summary["arena_bytes"]
    for i, a in enumerate(buffers):
        for b in buffers[i + 1:]:
            apart = a["offset"] + a["bytes"] <= b["offset"] or b["offset"] + b["bytes"] <= a["offset"]
            assert apart or a["last_call"] <= b["first_call"] or b["last_call"] <= a["first_call"]


def test_text(digits):
    text = nibble_tool("explain", digits / "d.so")
    assert "kernel" in text and "SQNR" in text and "u8_s8pc_u8" in text


def test_stripped_files_say_so(digits, tmp_path):
    nibble_tool("compile", ROOT / "examples/digits/digits.onnx", "--float", "--strip", "-o", tmp_path / "d.so")
    done = subprocess.run([NIBBLE, "explain", tmp_path / "d.so"], capture_output=True, text=True)
    assert done.returncode == 1 and "it was compiled with --strip" in done.stderr
    assert b"nibble.explanation" not in (tmp_path / "d.so").read_bytes()


def test_explanation_takes_no_memory_and_little_space(digits):
    """The section is in the file alone, and a node costs some dozen bytes."""
    nibble_tool("compile", ROOT / "examples/digits/digits.onnx", "--calib", digits / "calib.npz", "--strip", "-o",
                digits / "stripped.so")
    assert (digits / "d.so").stat().st_size - (digits / "stripped.so").stat().st_size < 3000


class Counter(HTMLParser):
    """Counts elements by tag, and by tag and class."""

    def __init__(self):
        super().__init__()
        self.counts = {}

    def handle_starttag(self, tag, attrs):
        for key in {tag, *(f"{tag}.{c}" for c in (dict(attrs).get("class") or "").split())}:
            self.counts[key] = self.counts.get(key, 0) + 1


@pytest.fixture(scope="module")
def rendered(digits):
    """What the page becomes in a browser, and what the browser said of it."""
    if not BROWSER:
        pytest.skip("there is no browser: apt-get install chromium")
    done = subprocess.run([BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                           "--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom",
                           f"--user-data-dir={digits / 'profile'}", f"file://{digits / 'page.html'}"],
                          capture_output=True, text=True, timeout=120)
    if done.returncode:
        pytest.skip(f"the browser does not start: {done.stderr[-500:]}")
    return done.stdout, done.stderr


def test_page_in_a_browser(digits, rendered):
    dom, log = rendered
    assert "CONSOLE" not in log, log
    summary = json.loads(nibble_tool("explain", digits / "d.so", "--json"))
    counter = Counter()
    counter.feed(dom)
    counts = counter.counts
    assert counts["tr"] == 1 + len(summary["nodes"])
    assert counts["th"] == 9
    assert counts["rect.buffer"] == len(summary["buffers"])
    measured = sum("sqnr_db" in node for node in summary["nodes"])
    assert counts["rect.bar-mark"] == len(summary["calls"]) + measured
    assert counts["div.tile"] >= 4


def test_page_loads_nothing(digits):
    text = (digits / "page.html").read_text()
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:)|url\(|@import|fetch\(|XMLHttpRequest""", text)


def test_names_cannot_break_out_of_the_page(tmp_path):
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    evil = "</script><script>document.title='bad'</script>"
    x, y = (helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1, 4]) for n in ("x", "y"))
    graph = helper.make_graph([helper.make_node("Tanh", ["x"], ["y"], name=evil)], "g", [x], [y])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), tmp_path / "m.onnx")
    nibble_tool("explain", tmp_path / "m.onnx", "--float", "--html", tmp_path / "page.html")
    assert evil not in (tmp_path / "page.html").read_text()
