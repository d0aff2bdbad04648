# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Inputs and outputs as files declare them: missing shapes, initializers, bytes, passed through, mixed batches."""
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import nibble

TOOLS = Path(os.environ.get("NIBBLE_BUILD_DIR", Path(__file__).resolve().parents[2] / "build")) / "bin"
WEIGHTS = np.random.default_rng(0).normal(0, 0.1, (4, 3, 3, 3)).astype(np.float32)


def save(path, nodes, inputs, outputs, constants=(), ir_version=8):
    def info(values):
        return [helper.make_tensor_value_info(*value) for value in values]
    initializers = [numpy_helper.from_array(np.asarray(array, dtype), name) for name, array, dtype in constants]
    graph = helper.make_graph(nodes, "g", info(inputs), info(outputs), initializers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=ir_version), path)
    return path


def relu(path, declared, shape=("N", 3, 8, 8)):
    return save(path, [helper.make_node("Relu", ["x"], ["y"], name="relu")], [("x", TensorProto.FLOAT, shape)],
                [("y", TensorProto.FLOAT, declared)])


def run(*arguments):
    return subprocess.run([TOOLS / "nibble", *arguments], capture_output=True, text=True)


def ports(library):
    return json.loads(run("inspect", library, "--json").stdout)


@pytest.mark.parametrize("declared", [None, ("M", 3, 8, 8), (None, None, 8, 8)])
def test_declared_shape_may_say_less(tmp_path, declared):
    done = run("compile", relu(tmp_path / "m.onnx", declared), "--float", "-o", tmp_path / "m.so")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert ports(tmp_path / "m.so")["outputs"][0]["shape"][1:] == [3, 8, 8]


@pytest.mark.parametrize("declared, text", [(("N", 3, 8, 9), "[Nx3x8x9]"), (("N", 3), "[Nx3]"), ((), "[]")])
def test_declared_shape_contradicts(tmp_path, declared, text):
    done = run("compile", relu(tmp_path / "m.onnx", declared), "--float", "-o", tmp_path / "m.so")
    assert done.returncode == 1
    assert f"output 'y' is declared with shape {text}, but the graph computes [Nx3x8x8]" in done.stderr


def test_declared_extent_of_a_batch(tmp_path):
    path = relu(tmp_path / "m.onnx", (1, 3, 8, 8))
    text = "output 'y' is declared with shape [1x3x8x8], but the graph computes [Nx3x8x8], which is taken"
    done = run("compile", path, "--float", "-o", tmp_path / "m.so")
    assert done.returncode == 0 and text in done.stderr
    assert run("compile", path, "--float", "--strict", "-o", tmp_path / "m.so").returncode == 1
    model = nibble.load(tmp_path / "m.so")
    assert model.run({"x": np.ones((2, 3, 8, 8), np.float32)})[0].shape == (2, 3, 8, 8)


@pytest.mark.parametrize("ir_version", [3, 8])
def test_inputs_with_initializers(tmp_path, ir_version):
    node = helper.make_node("Add", ["x", "offset"], ["y"], name="add")
    path = save(tmp_path / "m.onnx", [node], [("x", TensorProto.FLOAT, (2,)), ("offset", TensorProto.FLOAT, (2,))],
                [("y", TensorProto.FLOAT, (2,))], [("offset", [1, 2], np.float32)], ir_version)
    done = run("compile", path, "--float", "-o", tmp_path / "m.so")
    text = "input 'offset' has an initializer, which is taken as its constant value"
    assert done.returncode == 0 and (text in done.stderr) == (ir_version >= 4), done.stderr
    assert nibble.load(tmp_path / "m.so").run({"x": np.ones(2, np.float32)})[0].tolist() == [2, 3]


# Images as cameras give them, and what networks do with them first.
IMAGES = {
    "scaled": ((1, 3, 8, 8), [helper.make_node("Cast", ["image"], ["f"], to=TensorProto.FLOAT, name="cast"),
                              helper.make_node("Div", ["f", "c255"], ["d"], name="div")]),
    "rearranged": ((1, 8, 8, 3), [helper.make_node("Transpose", ["image"], ["t"], perm=[0, 3, 1, 2], name="t"),
                                  helper.make_node("Cast", ["t"], ["f"], to=TensorProto.FLOAT, name="cast"),
                                  helper.make_node("Sub", ["f", "mean"], ["s"], name="sub"),
                                  helper.make_node("Mul", ["s", "c58"], ["d"], name="mul")]),
    "measured": ((1, 3, 8, 8), [helper.make_node("Shape", ["image"], ["size"], name="shape"),
                                helper.make_node("Cast", ["image"], ["f"], to=TensorProto.FLOAT, name="cast"),
                                helper.make_node("Div", ["f", "c255"], ["g"], name="div"),
                                helper.make_node("Reshape", ["g", "size"], ["d"], name="reshape")]),
}
CONSTANTS = [("c255", 255, np.float32), ("c58", 1 / 58, np.float32), ("w", WEIGHTS, np.float32),
             ("mean", np.reshape([120, 110, 100], (1, 3, 1, 1)), np.float32)]


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("kind, dtype", [(TensorProto.UINT8, np.uint8), (TensorProto.INT8, np.int8)])
def test_images_of_bytes(tmp_path, name, kind, dtype):
    onnxruntime = pytest.importorskip("onnxruntime")
    shape, nodes = IMAGES[name]
    nodes = [*nodes, helper.make_node("Conv", ["d", "w"], ["c"], pads=[1] * 4, name="conv"),
             helper.make_node("Relu", ["c"], ["y"], name="relu")]
    path = save(tmp_path / "m.onnx", nodes, [("image", kind, shape)], [("y", TensorProto.FLOAT, (1, 4, 8, 8))], CONSTANTS)
    limits = np.iinfo(dtype)
    samples = [{"image": array.astype(dtype)}
               for array in np.random.default_rng(1).integers(limits.min, limits.max + 1, (8, *shape))]
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    expected = [session.run(None, feed)[0] for feed in samples]
    exact, quantized = nibble.compile(path, weights="float"), nibble.compile(path, calibration=samples)
    assert exact.inputs[0].dtype == quantized.inputs[0].dtype == dtype
    for feed, y in zip(samples, expected):
        np.testing.assert_allclose(exact.run(feed)[0], y, rtol=1e-4, atol=1e-5)
        assert quantized.run(feed)[0].tobytes() == quantized.reference(feed)[0].tobytes()
        assert np.abs(quantized.run(feed)[0] - y).max() < 0.05 * np.abs(y).max()


def test_other_integers_become_floats(tmp_path):
    path = save(tmp_path / "m.onnx", [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT, name="cast")],
                [("x", TensorProto.INT64, (4,))], [("y", TensorProto.FLOAT, (4,))])
    x = np.array([0, -1, 2**53 + 1, np.iinfo(np.int64).min])
    np.testing.assert_array_equal(nibble.compile(path, weights="float").run({"x": x})[0], x.astype(np.float32))


def test_outputs_that_are_inputs_are_not_rounded(tmp_path):
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], pads=[1] * 4, name="conv"),
             helper.make_node("Relu", ["c"], ["y"], name="relu"),
             helper.make_node("Transpose", ["x"], ["moved"], perm=[0, 2, 3, 1], name="transpose"),
             helper.make_node("Identity", ["x"], ["same"], name="identity")]
    image = ("b", 3, 8, 8)
    path = save(tmp_path / "m.onnx", nodes, [("x", TensorProto.FLOAT, image)],
                [("y", TensorProto.FLOAT, ("b", 4, 8, 8)), ("moved", TensorProto.FLOAT, ("b", 8, 8, 3)),
                 ("same", TensorProto.FLOAT, image)], [("w", WEIGHTS, np.float32)])
    samples = [{"x": array} for array in np.random.default_rng(2).normal(size=(8, 1, 3, 8, 8)).astype(np.float32)]
    model = nibble.compile(path, calibration=samples)
    assert {"int8"} <= set(model.summary["precisions"])
    for feed in samples:
        outputs, references = model.run(feed), model.reference(feed)
        assert [o.tobytes() for o in outputs] == [r.tobytes() for r in references]
        assert np.array_equal(outputs[1], feed["x"].transpose(0, 2, 3, 1)) and np.array_equal(outputs[2], feed["x"])


@pytest.mark.parametrize("options", [{"weights": "float"}, {}, {"mode": "dynamic"}, {"mode": "weight-only"}], ids=str)
def test_fixed_batch_whose_samples_mix(tmp_path, options):
    """The mean over the batch keeps its samples together: convolutions see four images at a time."""
    onnxruntime = pytest.importorskip("onnxruntime")
    up = np.random.default_rng(3).normal(0, 0.3, (4, 4, 2, 2)).astype(np.float32)
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], pads=[1] * 4, name="conv"),
             helper.make_node("Relu", ["c"], ["r"], name="relu"),
             helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2], name="max"),
             helper.make_node("ConvTranspose", ["p", "up"], ["u"], strides=[2, 2], name="up"),
             helper.make_node("AveragePool", ["u"], ["a"], kernel_shape=[2, 2], strides=[2, 2], name="average"),
             helper.make_node("Resize", ["a", "", "scales"], ["z"], mode="nearest",
                              coordinate_transformation_mode="asymmetric", nearest_mode="floor", name="resize"),
             helper.make_node("ReduceMean", ["z"], ["m"], axes=[0], keepdims=1, name="mean"),
             helper.make_node("Sub", ["z", "m"], ["y"], name="sub")]
    path = save(tmp_path / "m.onnx", nodes, [("x", TensorProto.FLOAT, (4, 3, 8, 8))],
                [("y", TensorProto.FLOAT, (4, 4, 8, 8))],
                [("w", WEIGHTS, np.float32), ("up", up, np.float32), ("scales", [1, 1, 2, 2], np.float32)])
    samples = [{"x": array} for array in np.random.default_rng(4).normal(size=(6, 4, 3, 8, 8)).astype(np.float32)]
    needs = options.get("weights") != "float" and "mode" not in options
    model = nibble.compile(path, calibration=samples if needs else None, **options)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for feed in samples:
        y, expected = model.run(feed)[0], session.run(None, feed)[0]
        assert y.tobytes() == model.reference(feed)[0].tobytes()
        tolerance = 1e-5 if options.get("weights") == "float" else 0.05
        assert np.abs(y - expected).max() < tolerance * np.abs(expected).max()


def test_outputs_that_are_no_numbers_any_more(tmp_path):
    """log(sigmoid(x)) is finite in float; in int8 the sigmoid may be 0."""
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], pads=[1] * 4, name="conv"),
             helper.make_node("Sigmoid", ["c"], ["s"], name="sigmoid"), helper.make_node("Log", ["s"], ["y"], name="log")]
    path = save(tmp_path / "m.onnx", nodes, [("x", TensorProto.FLOAT, (1, 3, 8, 8))],
                [("y", TensorProto.FLOAT, (1, 4, 8, 8))], [("w", 8 * WEIGHTS, np.float32)])
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(5).normal(size=(4, 3, 8, 8)).astype(np.float32))
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"schema": 1, "nodes": {"log": {"weights": "float", "activations": "float"}}}))
    compile = ["compile", path, "--calib", tmp_path / "x.npz", "--min-sqnr", "0", "--plan", plan]
    done = run(*compile, "-o", tmp_path / "m.so")
    assert done.returncode == 0
    assert "output 'y' is infinite at element " in done.stderr and " in float, on calibration inputs" in done.stderr
    assert run(*compile, "--strict", "-o", tmp_path / "m.so").returncode == 1
    compared = run("compare", path, tmp_path / "m.so", "--inputs", tmp_path / "x.npz")
    assert compared.returncode == 1
    assert f"sample 0: output 'y' of '{tmp_path / 'm.so'}' is infinite at element " in compared.stderr
    same = run("compare", path, path, "--inputs", tmp_path / "x.npz")
    assert same.returncode == 0 and "exact" in same.stdout
    record = json.loads(run("compare", path, path, "--inputs", tmp_path / "x.npz", "--json").stdout)
    assert record["outputs"][0]["sqnr_db"] is None


def test_nodes_are_those_of_the_model(tmp_path):
    """Operations that a node became, and conversions, are no nodes."""
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], pads=[1] * 4, name="conv"),
             helper.make_node("Relu", ["c"], ["r"], name="relu"),
             helper.make_node("GlobalAveragePool", ["r"], ["g"], name="pool"),
             helper.make_node("Flatten", ["g"], ["f"], name="flatten"),
             helper.make_node("Softmax", ["f"], ["y"], name="softmax")]
    path = save(tmp_path / "m.onnx", nodes, [("x", TensorProto.FLOAT, (1, 3, 8, 8))], [("y", TensorProto.FLOAT, (1, 4))],
                [("w", WEIGHTS, np.float32)])
    samples = [{"x": array} for array in np.random.default_rng(6).normal(size=(4, 1, 3, 8, 8)).astype(np.float32)]
    summary = nibble.compile(path, calibration=samples).summary
    assert len(summary["nodes"]) > sum(summary["precisions"].values()) >= 3 # the relu is part of its convolution
    assert sum(summary["precisions"].values()) <= len(nodes)


def test_library_of_another_architecture(tmp_path):
    path = relu(tmp_path / "m.onnx", ("N", 3, 8, 8))
    other = "generic" if os.uname().machine == "aarch64" else "neon"
    library = tmp_path / "other.so"
    assert run("compile", path, "--float", "--target", other, "-o", library).returncode == 0
    np.savez(tmp_path / "x.npz", x=np.ones((1, 3, 8, 8), np.float32))
    text = f"'{library}' was compiled for {'x86_64' if other == 'generic' else 'aarch64'}, and this machine is "
    for command in (["bench"], ["inspect"], ["run", "--inputs", tmp_path / "x.npz", "--outputs", tmp_path / "y.npz"]):
        done = run(command[0], library, *command[1:])
        assert done.returncode == 1 and text in done.stderr, done.stderr
    with pytest.raises(nibble.Error, match="was compiled for"):
        nibble.load(library)
    explained = run("explain", library)
    assert explained.returncode == 0 and "there are no times: " + text in explained.stderr
    assert f"relu_{other}" in explained.stdout


def test_stripped_library(tmp_path):
    """What is stripped off is what explain reads; the model still runs."""
    path = relu(tmp_path / "m.onnx", ("N", 3, 8, 8))
    run("compile", path, "--float", "-o", tmp_path / "m.so")
    subprocess.run(["/usr/lib/llvm-22/bin/llvm-strip", "--strip-all", tmp_path / "m.so"], check=True)
    explained = run("explain", tmp_path / "m.so")
    assert explained.returncode == 1
    assert ("' does not tell of itself: it was compiled with --strip, or stripped since; "
            "explain its model, with the same options") in explained.stderr
    assert run("inspect", tmp_path / "m.so").returncode == 0
    assert run("bench", tmp_path / "m.so").returncode == 0
