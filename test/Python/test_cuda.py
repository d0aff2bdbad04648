# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""CUDA: libraries made on any machine give the interpreter's bits, in an emulator of the PTX or on a GPU."""

import json
import subprocess
import sys

import gpu
import numpy as np
import onnx
import pytest
from conftest import ROOT
from onnx import helper

import nibble

DIGITS = ROOT / "examples/digits/digits.onnx"
PRECISIONS = {"uint8": [], "int8": ["--activations", "int8"], "int16": ["--activations", "int16"], "float": ["--float"],
              "fixed": ["--requant", "fixed"], "dynamic": ["--mode", "dynamic"], "weight-only": ["--mode", "weight-only"]}
emulated = pytest.mark.skipif(gpu.ON_DEVICE, reason="a real GPU cannot be told how to fail")


def nibble_run(*arguments):
    subprocess.run([gpu.NIBBLE, *map(str, arguments)], check=True, capture_output=True)


TENSOR_CORES = [name for name in ("sm_80",) if name in gpu.TARGETS] or gpu.TARGETS[-1:]
BOTH = [*dict.fromkeys([gpu.TARGETS[0], *TENSOR_CORES])]  # products by dp4a, and by tensor cores


def check(path, feed, folder, *options, targets=tuple(TENSOR_CORES), calibration=None):
    """Compiles for the targets and compares outputs with the interpreter's, bit by bit."""
    if calibration is not None:
        np.savez(folder / "calib.npz", **calibration)
        options = [*options, "--calib", folder / "calib.npz"]
    phase = "fold" if "--float" not in options else "normalize"
    np.savez(folder / "feed.npz", **feed)
    nibble_run("compile", path, *options, "--stop-after", phase, "-o", folder / "m.mlir")
    nibble_run("run", folder / "m.mlir", "--reference", "--inputs", folder / "feed.npz", "--outputs", folder / "ref.npz")
    expected = np.load(folder / "ref.npz")
    for target in targets:
        nibble_run("compile", path, *options, "--target", target, "-o", folder / "m.so")
        actual = gpu.run_feed(folder / "m.so", feed, folder)
        for key in expected.files:
            assert actual[key].shape == expected[key].shape and actual[key].dtype == expected[key].dtype
            assert actual[key].tobytes() == expected[key].tobytes(), (target, key)


@pytest.fixture(scope="module")
def digits():
    data = np.load(ROOT / "examples/digits/digits.npz")
    return {key: data[key].astype(np.float32)[:, None].reshape(-1, 1, 8, 8) / 16 for key in ("calibration", "test")}


@pytest.mark.parametrize("precision", PRECISIONS)
def test_same_bits(precision, digits, tmp_path):
    """Five images at once, on every kind of device."""
    calibration = None if precision in ("float", "dynamic", "weight-only") else {"image": digits["calibration"]}
    check(DIGITS, {"image": digits["test"][:5]}, tmp_path, "--dim", "batch=5", *PRECISIONS[precision],
          targets=gpu.TARGETS if precision == "uint8" else BOTH, calibration=calibration)


@pytest.mark.parametrize("options", [[], ["--activations", "int8"], ["--weights", "int4"], ["--weights", "int2"],
                                     ["--weights", "int4", "--group", "16"], ["--mode", "dynamic"], ["--float"]], ids=" ".join)
@pytest.mark.parametrize("rows, depth, columns", [(1, 8, 16), (2, 4, 3), (5, 20, 40), (7, 29, 33), (13, 64, 48),
                                                  (70, 100, 130)])
def test_tails_of_products(options, rows, depth, columns, tmp_path):
    """Odd rows, odd steps and columns that do not fill a tile, by a matrix product and by a convolution in groups."""
    random = np.random.default_rng(rows)
    w = random.normal(0, 1, (depth, columns)).astype(np.float32)
    v = random.normal(0, 1, (6, 3, 3, 3)).astype(np.float32)
    tensor = helper.make_tensor_value_info
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], name="product"),
             helper.make_node("Conv", ["image", "v"], ["z"], name="groups", group=2)]
    graph = helper.make_graph(nodes, "g", [tensor("x", 1, [1, rows, depth]), tensor("image", 1, [1, 6, rows + 2, 5])],
                              [tensor("y", 1, [1, rows, columns]), tensor("z", 1, [1, 6, rows, 3])],
                              [onnx.numpy_helper.from_array(w, "w"), onnx.numpy_helper.from_array(v, "v")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "m.onnx")
    data = {"x": random.normal(0, 1, (4, rows, depth)), "image": random.normal(0, 1, (4, 6, rows + 2, 5))}
    data = {key: value.astype(np.float32) for key, value in data.items()}
    check(tmp_path / "m.onnx", {key: value[:1] for key, value in data.items()}, tmp_path, *options,
          calibration=None if options in (["--mode", "dynamic"], ["--float"]) else data)


def test_products_of_two_values(tmp_path):
    """Attention's: odd rows, depths and columns, of signed bytes and of a softmax's."""
    values = [helper.make_tensor_value_info(name, 1, shape) for name, shape in
              {"x": [2, 35, 37], "y": [2, 35, 37], "p": [2, 35, 35]}.items()]
    nodes = [helper.make_node("Tanh", ["x"], ["k"]), helper.make_node("Transpose", ["k"], ["t"], perm=[0, 2, 1]),
             helper.make_node("MatMul", ["x", "t"], ["s"], name="scores"),
             helper.make_node("Softmax", ["s"], ["p"], axis=2),
             helper.make_node("MatMul", ["p", "k"], ["y"], name="mixed")]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "m.onnx")
    x = np.random.default_rng(3).normal(0, 1, (2, 35, 37)).astype(np.float32)
    check(tmp_path / "m.onnx", {"x": x}, tmp_path, "--mode", "dynamic", targets=BOTH)


@pytest.fixture(scope="module")
def library(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cuda")
    np.savez(folder / "calib.npz", image=digits["calibration"])
    np.savez(folder / "in.npz", image=digits["test"][:1])
    nibble_run("compile", DIGITS, "--calib", folder / "calib.npz", "--dim", "batch=1", "--target", TENSOR_CORES[0], "-o",
               folder / "digits.so")
    return folder / "digits.so"


@emulated
@pytest.mark.parametrize("settings, message", [
    ({"devices": 0}, "no CUDA device"),
    ({"sm": 75}, "sm_80"),
    ({"driver": 10020}, "driver"),
    ({"memory": 16384}, "memory"),
    ({"fail_launch": 1}, "failed"),
])
def test_what_a_machine_lacks(library, settings, message):
    """An error that says so, exit code 1, no output."""
    out = library.parent / "none.npz"
    done = gpu.run(library, library.parent / "in.npz", out, **settings)
    assert done.returncode == 1 and not out.exists()
    errors = [line for line in done.stderr.splitlines() if line.startswith("nibble: error: ")]
    assert len(errors) == 1 and message in errors[0], done.stderr


MANY_RUNS = """
import sys, numpy as np, nibble
model = nibble.load(sys.argv[1])
feed = dict(np.load(sys.argv[2]))
first = [output.copy() for output in model.run(feed)]
for _ in range(int(sys.argv[3])):
    assert all(a.tobytes() == b.tobytes() for a, b in zip(model.run(feed), first))
other = nibble.load(sys.argv[1])
assert all(a.tobytes() == b.tobytes() for a, b in zip(other.run(feed), first))
del model, other
print("done")
"""


def test_a_thousand_runs_leave_nothing(library):
    settings = {} if gpu.ON_DEVICE else {"races": 0, "report": True}
    done = gpu.run_python(MANY_RUNS, library, library.parent / "in.npz", 1000 if gpu.ON_DEVICE else 100, **settings)
    assert done.returncode == 0 and done.stdout == "done\n", done.stderr
    assert "not freed" not in done.stderr and "leak" not in done.stderr, done.stderr


def test_without_a_driver(library, monkeypatch, tmp_path):
    """On a machine with a driver a library path hides none: there is nothing to see there."""
    if gpu.ON_DEVICE:
        pytest.skip("this machine has a driver")
    with pytest.raises(nibble.Error, match="no CUDA device.*install NVIDIA's driver"):
        nibble.load(library).run({"image": np.zeros((1, 1, 8, 8), np.float32)})


def test_bench_gpu(tmp_path):
    """The command runs, and writes what it prints; of an emulator its times say nothing."""
    done = subprocess.run([sys.executable, ROOT / "benchmarks/gpu.py", "--small", "--seconds", "0", "--json",
                           tmp_path / "rows.json"], capture_output=True, text=True, env=gpu.environment())
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    assert len(rows) == 3 and all(row["nibble_ms"] > 0 and row["equal"] and row["case"] in done.stdout for row in rows)
    done = subprocess.run([sys.executable, ROOT / "benchmarks/gpu.py", "none"], capture_output=True, text=True,
                          env=gpu.environment())
    assert done.returncode == 1 and done.stderr == "error: no case has one of the words ['none'] in its name\n"


def test_more_operands_than_a_kernel_takes(tmp_path):
    inputs = [helper.make_tensor_value_info(f"x{i}", 1, [2]) for i in range(600)]
    graph = helper.make_graph([helper.make_node("Concat", [value.name for value in inputs], ["y"], name="all", axis=0)], "g",
                              inputs, [helper.make_tensor_value_info("y", 1, [1200])])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "m.onnx")
    done = subprocess.run([gpu.NIBBLE, "compile", tmp_path / "m.onnx", "--float", "--target", "sm_80", "-o", tmp_path / "m.so"],
                          capture_output=True, text=True)
    assert done.returncode == 1 and not (tmp_path / "m.so").exists()
    assert "node 'all'" in done.stderr and ("has 601 operands and results, more than the 512 that a kernel of a GPU takes; "
                                            "split it") in done.stderr
