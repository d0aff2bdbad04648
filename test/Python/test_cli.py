# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command line, from a model and data to files, and every mistake on the way."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import nibble

SECTION = ".nibble.explanation"
NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"


def run(*arguments):
    """Runs the driver; exit codes other than 0 and 1 are crashes."""
    done = subprocess.run([NIBBLE, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode in (0, 1), f"exit code {done.returncode}: {done.stderr}"
    return done


def succeed(*arguments):
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fail(*arguments):
    done = run(*arguments)
    assert done.returncode == 1, done.stdout
    assert done.stderr.startswith("nibble: ") or "error: " in done.stderr
    return done.stderr


@pytest.fixture(scope="session")
def data(tmp_path_factory, feeds):
    """A .npz file of 12 samples for the model `conv_dense`."""
    path = tmp_path_factory.mktemp("data") / "data.npz"
    np.savez(path, x=np.concatenate([feed["x"] for feed in feeds("conv_dense", 12)]))
    return path


@pytest.fixture(scope="session")
def library(tmp_path_factory, paths, data):
    path = tmp_path_factory.mktemp("library") / "conv_dense.so"
    succeed("compile", paths["conv_dense"], "--calib", data, "-o", path)
    return path


def test_compile_prints_a_summary(paths, data, tmp_path):
    text = succeed("compile", paths["conv_dense"], "--calib", data, "-o", tmp_path / "m.so")
    for word in ("file", "weights", "arena", "peak memory", "latency", "SQNR", "int8", "float"):
        assert word in text
    summary = json.loads(succeed("compile", paths["conv_dense"], "--calib", data, "-o", tmp_path / "m.so", "--json"))
    assert summary["output_bytes"] == (tmp_path / "m.so").stat().st_size
    assert summary["sqnr_db"] > 20 and summary["calibration_samples"] == 12
    assert {step["step"]: step["seconds"] >= 0 for step in summary["steps"]}["calibrating"]


def test_ranges_are_chosen_by_what_they_give(paths, data, tmp_path):
    arguments = ["compile", paths["conv_dense"], "--calib", data, "-o", tmp_path / "m.so", "--json"]
    summary = json.loads(succeed(*arguments, "--calib-file", tmp_path / "x.calib.json"))
    tried = summary["methods"]
    assert {t["calib_method"] for t in tried} == {"minmax", "percentile:99.99", "mse"} and len(tried) == 4
    best = max(t["sqnr_db"] for t in tried)
    assert tried[0]["sqnr_db"] > best - 1 and (tried[0]["bias_correction"] or tried[0]["sqnr_db"] == summary["sqnr_db"])
    assert json.loads((tmp_path / "x.calib.json").read_text())["method"] == tried[0]["calib_method"]
    # The choice is the same as asking for it.
    chosen = (tmp_path / "m.so").read_bytes()
    switch = "on" if tried[0]["bias_correction"] else "off"
    asked = json.loads(succeed(*arguments, "--calib-method", tried[0]["calib_method"], "--bias-correction", switch))
    assert asked["methods"] == [] and (tmp_path / "m.so").read_bytes() == chosen
    assert "expected a percentile in [50, 100], got '3'" in fail(*arguments, "--calib-method", "percentile:3")
    assert "bias-correction 'x' is not supported, expected auto, on or off" in fail(*arguments, "--bias-correction", "x")


def test_merged_measurements_have_the_bytes_of_one_run(paths, feeds, tmp_path):
    samples = np.concatenate([feed["x"] for feed in feeds("conv_dense", 12)])
    parts = {"all": samples, "a": samples[:5], "b": samples[5:6], "c": samples[6:]}
    for name, part in parts.items():
        np.savez(tmp_path / f"{name}.npz", x=part)
        file = tmp_path / f"{name}.calib.json"
        succeed("calibrate", paths["conv_dense"], "--calib", tmp_path / f"{name}.npz", "-o", file)
    merged = tmp_path / "merged.calib.json"
    succeed("calibrate", *(tmp_path / f"{name}.calib.json" for name in "bca"), "-o", merged)
    assert merged.read_bytes() == (tmp_path / "all.calib.json").read_bytes()
    # In lines that a comparison of versions can tell apart; a file whose numbers stand on one line is the same.
    text = merged.read_text()
    assert max(line.count(",") for line in text.splitlines()) <= 17
    (tmp_path / "long.calib.json").write_text(json.dumps(json.loads(text)))
    succeed("calibrate", tmp_path / "long.calib.json", "-o", tmp_path / "again.calib.json")
    assert (tmp_path / "again.calib.json").read_text() == text
    succeed("compile", paths["conv_dense"], "--calib-file", merged, "-o", tmp_path / "m.so")

    succeed("calibrate", paths["dense"], "--calib", data_of(feeds, "dense", tmp_path), "-o", tmp_path / "d.calib.json")
    assert "cannot merge calibrations of different models" in fail(
        "calibrate", merged, tmp_path / "d.calib.json", "-o", tmp_path / "x.calib.json")
    assert "calibration data is needed: give some inputs (--calib)" in fail(
        "calibrate", paths["dense"], "-o", tmp_path / "x.calib.json")
    assert "unknown calibration method 'x'" in fail(
        "calibrate", merged, "-o", tmp_path / "x.calib.json", "--calib-method", "x")


def data_of(feeds, name, folder):
    feed = feeds(name, 1)[0]
    np.savez(folder / f"{name}-data.npz", **feed)
    return folder / f"{name}-data.npz"


def test_run(library, paths, feeds, tmp_path):
    feed = feeds("conv_dense", 1)[0]
    np.savez(tmp_path / "in.npz", **feed)
    succeed("run", library, "--inputs", tmp_path / "in.npz", "--outputs", tmp_path / "out.npz")
    assert np.load(tmp_path / "out.npz")["y"].tobytes() == nibble.load(library).run(feed)[0].tobytes()
    succeed("run", paths["conv_dense"], "--reference", "--inputs", tmp_path / "in.npz", "--outputs", tmp_path / "f.npz")
    expected = nibble.compile(paths["conv_dense"], weights="float").run(feed)[0]
    np.testing.assert_allclose(np.load(tmp_path / "f.npz")["y"], expected, rtol=1e-4, atol=1e-5)


def test_compare(library, paths, data):
    assert "12 samples" in succeed("compare", paths["conv_dense"], library, "--inputs", data)
    result = json.loads(succeed("compare", paths["conv_dense"], library, "--inputs", data, "--json"))
    assert result["outputs"][0]["name"] == "y" and result["outputs"][0]["sqnr_db"] > 20


def test_bench(library):
    assert json.loads(succeed("bench", library, "--seconds", "0.05", "--json"))["median_ms"] > 0
    assert "ms" in succeed("bench", library, "--seconds", "0.05", "--threads", "2")


def test_targets():
    targets = {target["name"]: target for target in json.loads(succeed("targets", "--json"))}
    assert targets["generic"]["features"] == "" and targets["avx512vnni"]["features"].startswith("avx2,bmi")
    assert targets["dotprod"]["features"] == "neon,dotprod" and targets["neon"]["triple"].startswith("aarch64")
    assert targets["i8mm"]["features"] == "neon,dotprod,i8mm" and targets["i8mm"]["cpu"] == "neoverse-n2"
    assert all(target["verified"] for target in targets.values())
    assert "runs_here" in targets["neon"]
    heading, *rows = succeed("targets").splitlines()
    assert heading.startswith("target ") and [row.split()[0] for row in rows] == list(targets)


def test_inspect(library, paths):
    info = json.loads(succeed("inspect", library, "--json"))
    assert info["inputs"][0]["name"] == "x" and info["arena_bytes"] > 0
    assert "nibble.conv" in succeed("inspect", paths["conv_dense"])


def test_explain(paths, data):
    nodes = json.loads(succeed("explain", paths["conv_dense"], "--calib", data, "--json"))["nodes"]
    assert [node["precision"] for node in nodes if node["operation"] == "nibble.int_conv"] == ["int8"]


def test_calibration_file(paths, data, tmp_path):
    """What a file holds gives the same bytes as the data it was measured on."""
    kept = tmp_path / "x.calib.json"
    # What explain reads differs: without data no error is measured.
    succeed("compile", paths["conv_dense"], "--calib", data, "--calib-file", kept, "--strip", "-o", tmp_path / "a.so")
    succeed("compile", paths["conv_dense"], "--calib-file", kept, "--strip", "-o", tmp_path / "b.so")
    assert (tmp_path / "a.so").read_bytes() == (tmp_path / "b.so").read_bytes()


def test_phases(paths, data, tmp_path):
    succeed("compile", paths["conv_dense"], "--calib", data, "--stop-after", "fold", "-o", tmp_path / "fold.mlir")
    assert "nibble.int_conv" in (tmp_path / "fold.mlir").read_text()
    succeed("compile", paths["conv_dense"], "--calib", data, "--dump-phases", tmp_path / "dump", "-o", tmp_path / "m.so")
    assert len(list((tmp_path / "dump").iterdir())) == 16


def test_quantize(paths, data, tmp_path):
    onnx = pytest.importorskip("onnx")
    succeed("quantize", paths["conv_dense"], "--calib", data, "-o", tmp_path / "q.onnx")
    kinds = {node.op_type for node in onnx.load(tmp_path / "q.onnx").graph.node}
    assert {"QuantizeLinear", "DequantizeLinear", "Conv"} <= kinds


@pytest.mark.parametrize("arrays, message", [
    ({}, "has no entry 'x', an input of the model"),
    ({"x": np.zeros((4, 3, 9, 7))}, "entry 'x' is float64[4x3x9x7], expected samples of float32[batch x 3 x 9 x 7]"),
    ({"x": np.zeros((4, 3, 9, 8), np.float32)}, "entry 'x' is float32[4x3x9x8]"),
    ({"x": np.full((4, 3, 9, 7), np.nan, np.float32)}, "sample 0: input 'x' is NaN at element 0"),
    ({"x": np.zeros((0, 3, 9, 7), np.float32)}, "the calibration data has no samples"),
    ({"x": np.zeros((1, 3, 9, 7), np.complex64)}, "entry 'x': has elements of type '<c8'"),
])
def test_bad_calibration_data(paths, tmp_path, arrays, message):
    np.savez(tmp_path / "bad.npz", **arrays)
    error = fail("compile", paths["conv_dense"], "--calib", tmp_path / "bad.npz", "-o", tmp_path / "m.so")
    assert message in error
    assert not (tmp_path / "m.so").exists()


@pytest.mark.parametrize("arguments, message", [
    (["--calib", "no.npz", "-o", "m.so"], "cannot read 'no.npz'"),
    (["-o", "m.so"], "calibration data is needed to quantize: give some inputs (--calib), measured ranges (--calib-file), "
     "or ask for a mode without ranges (--mode dynamic, --mode weight-only) or for float (--float)"),
    (["--float"], "-o"),
    (["--float", "-o", "no/such/m.so"], "cannot write 'no/such/m.so'"),
    (["--float", "--nonsense", "-o", "m.so"], "--nonsense"),
    (["--float", "--target", "avx2,", "-o", "m.so"], "target '' is unknown, the nearest is"),
    (["--float", "--target", "z80", "-o", "m.so"], "target 'z80' is unknown, the nearest is 'i8mm': expected host, | or several of them with commas between"),
    (["--float", "--emit", "tape", "-o", "m.so"], "emit 'tape' is not supported, expected so, exe, a, o"),
    (["--float", "--stop-after", "lunch", "-o", "m.so"], "stop-after 'lunch' is not a phase, expected import, "),
    (["--weights", "int3", "-o", "m.so"], "weights 'int3' is not supported"),
    (["--activations", "int3", "-o", "m.so"], "activations 'int3' is not supported"),
    (["--mode", "lazy", "-o", "m.so"], "mode 'lazy' is not supported"),
    (["--calib-method", "guess", "-o", "m.so"], "calib-method 'guess' is not supported"),
    (["--io", "strings", "--float", "-o", "m.so"], "io 'strings' is not supported, expected auto, model or quantized"),
    (["--io", "quantized", "--float", "-o", "m.so"], "io 'quantized' needs integers: it does not go with weights 'float'"),
    (["--io-layout", "chwn", "--float", "-o", "m.so"], "io-layout 'chwn' is not supported, expected model, nchw or nhwc"),
    (["--min-sqnr", "loud", "-o", "m.so"], "'loud' value invalid for floating point argument"),
    (["--min-sqnr", "nan", "-o", "m.so"], "min_sqnr is nan dB, expected 0 or more"),
    (["--min-sqnr", "5", "--float", "-o", "m.so"], "min-sqnr has no effect with weights 'float', which quantize nothing: leave one of them out"),
    (["--plan", "p.json", "--float", "-o", "m.so"], "plan has no effect with weights 'float'"),
    (["--calib", "d.npz", "--float", "-o", "m.so"], "--calib has no effect with --float, which quantizes nothing: leave one of them out"),
    (["--weights", "int8", "--float", "-o", "m.so"], "--float quantizes nothing, --weights int8 does: leave one of them out"),
    (["--stop-after", "fold", "--emit", "ll", "--float", "-o", "m.so"], "stop-after 'fold' writes IR: it does not go with emit 'll'"),
    (["--stop-after", "plan", "--float", "-o", "m.so"], "stop-after 'plan' is a phase of quantization, which weights 'float' leave out"),
    (["--mode", "dynamic", "--bias-correction", "on", "-o", "m.so"],
     "bias_correction is for nodes whose mode is 'static', not 'dynamic'"),
    (["--group", "32", "-o", "m.so"], "group is for weights of 4 and 2 bits: ask for them by weights or a plan"),
    (["--weights", "int4", "--group", "24", "-o", "m.so"], "group is 24, expected a multiple of 16"),
    (["--weights", "int4", "--group", "32", "--mode", "dynamic", "-o", "m.so"], "group is for mode 'static', not 'dynamic'"),
    (["--weights", "int4", "--group", "32", "--rounding", "nearest", "-o", "m.so"],
     "group is for rounding 'gptq' and 'adaround', not 'nearest'"),
    (["--weights", "int4", "--group", "32", "--avg-bits", "5", "-o", "m.so"], "a search for widths takes no group: leave it out"),
    (["--dump-phases", "/dev/full/phases", "--float", "-o", "m.so"], "cannot make the folder '/dev/full/phases': Not a directory"),
    (["--name", "1st", "--float", "-o", "m.so"], "name '1st' is not a C identifier"),
    (["--threads", "0", "--float", "-o", "m.so"], "threads is 0, expected 1 to 1024"),
    (["--threads", "many", "--float", "-o", "m.so"], "'many' value invalid for integer argument"),
    (["--float", "-o", ""], "the output file has no name"),
    (["--float", "-o", "/dev/full"], "cannot write '/dev/full': No space left on device"),
    (["--float", "-o", "."], "cannot write '.': Is a directory"),
])
def test_bad_options(paths, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    error = fail("compile", paths["conv_dense"], *arguments)
    assert all(part in error for part in message.split(" | ")), error
    assert list(tmp_path.iterdir()) == []
    assert Path("/dev/full").is_char_device()


FLAT = """func.func @main(%x: tensor<1x4xf32> {nibble.name = "x"}) -> (tensor<1x4xf32> {nibble.name = "y"}) {
  return %x : tensor<1x4xf32>
}
"""
ELSEWHERE = FLAT.replace("  return", "  %w = arith.constant dense_resource<w> : tensor<2xf32>\n  return")


@pytest.mark.parametrize("command, message", [
    (["bench", "{library}", "--seconds", "0"], "--seconds is 0.00, expected more than 0, up to 3600"),
    (["bench", "{library}", "--threads", "0"], "--threads is 0, expected 1 to 1024"),
    (["run", "{library}", "--inputs", "{model}", "--outputs", "o.npz"], "as .npz: not a zip archive, or cut off"),
    (["run", "{library}", "--inputs", "{data}", "--outputs", "/dev/full"], "cannot write '/dev/full'"),
    (["run", "{library}", "--reference", "--inputs", "{data}", "--outputs", "o.npz"], "' holds machine code alone: the reference interpreter needs the model"),
    (["run", "cut.so", "--inputs", "{data}", "--outputs", "o.npz"], "cannot read 'cut.so' as a compiled model"),
    (["run", "text.so", "--inputs", "{data}", "--outputs", "o.npz"], "cannot read 'text.so' as a compiled model"),
    (["run", "zeros.so", "--inputs", "{data}", "--outputs", "o.npz"], "'zeros.so' is not a compiled model: it has no symbol that ends in '_describe'"),
    (["run", "coff.so", "--inputs", "{data}", "--outputs", "o.npz"], "'coff.so' is not a shared library of this system"),
    (["run", "no.so", "--inputs", "{data}", "--outputs", "o.npz"], "cannot read 'no.so' as a compiled model: No such"),
    (["explain", "{library}", "--calib", "{data}"], "' is compiled already: --calib, --target, --bound, --state and --specialize are for models"),
    (["explain", "cut.so"], "cannot read 'cut.so' as a compiled model"),
    (["explain", "{model}", "--float", "--html", "no/page.html"], "cannot write 'no/page.html'"),
    (["compare", "{library}", "{model}", "--inputs", "{data}"], "' is compiled and ' | ' is a model: give the model first, then what is compared with it"),
    (["compare", "{other}", "{library}", "--inputs", "{data}"], "input 0 is 'x' float32[batch x 13] in ' | ': are these the same model?"),
    (["compare", "{model}", "{library}", "--inputs", "empty.npz"], "'empty.npz' has no samples"),
    (["compare", "{model}", "{library}", "--inputs", "folder"], "the folder 'folder' holds no .npz file"),
    (["calibrate", "{model}", "{other}", "--calib", "{data}", "-o", "m.json"], "expected one model to calibrate, got 2"),
    (["calibrate", "measured.json", "--calib", "{data}", "-o", "m.json"],
     "--calib measures a model (.onnx), but 'measured.json' holds measurements already"),
    (["calibrate", "flat.mlir", "--calib", "{data}", "-o", "m.json"], "the model has no values to calibrate"),
    (["compile", "elsewhere.mlir", "--float", "-o", "m.so"], "weights 'w' are not in the file"),
    (["quantize", "{model}", "--mode", "dynamic", "-o", "m.onnx"],
     "mode 'dynamic' has no form in QuantizeLinear and DequantizeLinear with the same results: compile the model instead"),
    (["compare", "{model}", "{library}", "--inputs", "no.npz"], "cannot read 'no.npz': No such file"),
    (["compile", "{model}", "--calib", "{data}", "--plan", "no.json", "-o", "m.so"], "cannot read 'no.json'"),
    (["quantize", "{model}", "--float", "-o", "m.onnx"], "leave nothing to quantize"),
    (["quantize", "{model}", "--calib", "{data}", "-o", "/dev/full"], "cannot write '/dev/full': No space left"),
])
def test_other_mistakes(library, paths, data, tmp_path, monkeypatch, command, message):
    monkeypatch.chdir(tmp_path)
    content = library.read_bytes()
    Path("cut.so").write_bytes(content[:len(content) // 2])
    Path("zeros.so").write_bytes(content[:200] + bytes(len(content) - 200))
    Path("text.so").write_text("hello")
    Path("coff.so").write_bytes(b"\x64\x86" + bytes(18))
    Path("measured.json").write_text("{}")
    Path("flat.mlir").write_text(FLAT)
    Path("elsewhere.mlir").write_text(ELSEWHERE)
    Path("folder").mkdir()
    np.savez("empty.npz", **{name: array[:0] for name, array in np.load(data).items()})
    before = set(tmp_path.iterdir())
    files = {"library": library, "model": paths["conv_dense"], "other": paths["dense"], "data": data}
    error = fail(*(argument.format(**files) for argument in command))
    assert all(part in error for part in message.split(" | ")), error
    assert "current operation" not in error
    assert set(tmp_path.iterdir()) == before


def test_full_disk(paths, tmp_path):
    """What does not fit is not there."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", disk], capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    try:
        error = fail("compile", paths["conv_dense"], "--float", "-o", disk / "m.so")
        assert f"cannot write '{disk / 'm.so'}': No space left on device" in error
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)


def test_truncated_model(paths, tmp_path):
    content = paths["conv_dense"].read_bytes()
    (tmp_path / "cut.onnx").write_bytes(content[:len(content) * 2 // 3])
    assert "cut.onnx" in fail("compile", tmp_path / "cut.onnx", "--float", "-o", tmp_path / "m.so")


def test_stripped_and_damaged(paths, tmp_path):
    """A library that tells nothing of itself, and one that tells nonsense."""
    stripped, damaged = tmp_path / "stripped.so", tmp_path / "damaged.so"
    succeed("compile", paths["dense"], "--float", "--strip", "-o", stripped)
    assert ("' does not tell of itself: it was compiled with --strip, or stripped since; "
            "explain its model, with the same options"
            in fail("explain", stripped))
    succeed("compile", paths["dense"], "--float", "-o", damaged)
    section = tmp_path / "section"
    subprocess.run(["/usr/lib/llvm-22/bin/llvm-objcopy", f"--dump-section={SECTION}={section}", damaged], check=True)
    content, told = damaged.read_bytes(), section.read_bytes()
    damaged.write_bytes(content.replace(told, bytes(len(told))))
    assert f"' is damaged: its section {SECTION} cannot be read" in fail("explain", damaged)


def test_no_room(paths, data, tmp_path):
    """For temporary files and for what is printed."""
    for arguments, message in ((["--float"], "cannot make a temporary folder: No such file"),
                               (["--calib", data], "cannot make a temporary file: No such file")):
        done = subprocess.run([NIBBLE, "compile", paths["conv_dense"], *arguments, "-o", tmp_path / "m.so"],
                              capture_output=True, text=True, env={"TMPDIR": "/nowhere"})
        assert done.returncode == 1 and message in done.stderr
    with open("/dev/full", "w") as full:
        done = subprocess.run([NIBBLE, "inspect", paths["dense"]], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "cannot write the standard output: No space left on device" in done.stderr
