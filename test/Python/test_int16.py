# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""16-bit activations by 8-bit weights: exact on every instruction set, at the border, as QDQ, by plan, as a fallback."""

import json
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import nibble

NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"
NAMES = ["dense", "conv_dense", "depthwise", "residual", "digits"]


def sqnr(expected, actual):
    error = np.sum((expected - actual).astype(np.float64) ** 2)
    return 10 * np.log10(np.sum(expected.astype(np.float64) ** 2) / error) if error else np.inf


def save(path, nodes, constants, x, y, opset=17):
    """A model from x to y of these shapes."""
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node(kind, ins, [out], name=out, **attributes) for kind, out, ins, attributes in nodes], "g",
        [info("x", TensorProto.FLOAT, x)], [info("y", TensorProto.FLOAT, y)],
        [numpy_helper.from_array(np.asarray(array, np.float32), name) for name, array in constants.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), path)
    return path


def nodes_of(model):
    """Each node's precision and reason."""
    return {n["node"]: (n["precision"], n.get("reason", "")) for n in model.summary["nodes"]
            if n["operation"] not in ("nibble.int_quantize", "nibble.int_dequantize")}


@pytest.mark.parametrize("name", NAMES)
def test_equal_to_the_interpreter_and_nearer_to_float(name, paths, feeds, onnxruntime_run):
    samples = feeds(name, 16)
    wide = nibble.compile(paths[name], calibration=samples, activations="int16")
    narrow = nibble.compile(paths[name], calibration=samples)
    expected, results = [], {wide: [], narrow: []}
    for feed in feeds(name, 6, seed=1):
        expected += [e.ravel() for e in onnxruntime_run(name, feed)]
        for model, result in results.items():
            result += [a.ravel() for a in model.run(feed)]
        for got, want in zip(wide.run(feed), wide.reference(feed), strict=True):
            assert got.tobytes() == want.tobytes()
    ratios = {model: sqnr(np.concatenate(expected), np.concatenate(result)) for model, result in results.items()}
    assert ratios[wide] > ratios[narrow] + 1, ratios.values()
    assert any(precision == "int16" for precision, _ in nodes_of(wide).values())


@pytest.mark.parametrize("name", NAMES)
def test_every_instruction_set_gives_the_same_bytes(name, paths, feeds):
    samples, feed = feeds(name, 8), feeds(name, 1, batch=3, seed=2)[0]
    made = [nibble.compile(paths[name], calibration=samples, activations="int16", target=target).run(feed)[0].tobytes()
            for target in ("generic", "avx2", "host")]
    assert made[0] == made[1] == made[2]


def test_border_of_16_bits(paths, feeds, tmp_path):
    samples, feed = feeds("digits", 8), feeds("digits", 1, seed=3)[0]
    plain = nibble.compile(paths["digits"], calibration=samples, activations="int16")
    model = nibble.compile(paths["digits"], calibration=samples, activations="int16", io="quantized")
    value, result = model.inputs[0], model.outputs[0]
    assert value.dtype == result.dtype == np.int16 and value.zero_point == 0
    q = np.clip(np.rint(feed["image"] / np.float32(value.scale)), -32767, 32767).astype(np.int16)
    y, = model.run({"image": q})
    assert y.dtype == np.int16 and y.tobytes() == model.run(feed)[0].tobytes()
    assert (y.astype(np.float32) * np.float32(result.scale)).tobytes() == plain.run(feed)[0].tobytes()
    # The same through files, of a library and of an executable that needs nothing else.
    np.savez(tmp_path / "in.npz", image=q)
    np.savez(tmp_path / "calib.npz", image=np.concatenate([s["image"] for s in samples]))
    for emit, name in (("so", "m.so"), ("exe", "m")):
        subprocess.run([NIBBLE, "compile", paths["digits"], "--calib", tmp_path / "calib.npz", "--activations", "int16",
                        "--io", "quantized", "--emit", emit, "-o", tmp_path / name], check=True, capture_output=True)
        run = [NIBBLE, "run", tmp_path / name] if emit == "so" else [tmp_path / name]
        subprocess.run([*run, "--inputs", tmp_path / "in.npz", "--outputs", tmp_path / "out.npz"], check=True)
        out, = np.load(tmp_path / "out.npz").values()
        assert out.dtype == np.int16 and out.tobytes() == y.tobytes(), emit
    told = subprocess.run([NIBBLE, "inspect", tmp_path / "m.so", "--json"], check=True, capture_output=True, text=True)
    assert json.loads(told.stdout)["inputs"][0]["dtype"] == "int16"


@pytest.mark.parametrize("name", NAMES)
def test_qdq(name, paths, feeds, tmp_path):
    """What is written runs in onnxruntime, and read back it gives the same bytes."""
    onnxruntime = pytest.importorskip("onnxruntime")
    samples = feeds(name, 8)
    direct = nibble.compile(paths[name], calibration=samples, activations="int16")
    nibble.quantize(paths[name], samples, tmp_path / "q.onnx", activations="int16")
    exported = onnx.load(tmp_path / "q.onnx")
    zeros = {t.name: t.data_type for t in exported.graph.initializer if t.name.endswith("_zero_point")}
    assert TensorProto.INT16 in zeros.values() and TensorProto.UINT8 not in zeros.values()
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(exported.SerializeToString(), options, providers=["CPUExecutionProvider"])
    again = nibble.compile(tmp_path / "q.onnx")
    for feed in feeds(name, 4, seed=5):
        for want, got, theirs in zip(direct.run(feed), again.run(feed), session.run(None, feed), strict=True):
            assert want.tobytes() == got.tobytes()
            assert sqnr(theirs, got) > 70


def test_16_bits_in_and_out_of_models_of_others(tmp_path):
    """A model that comes with int16 inputs and outputs keeps them."""
    text = """<ir_version: 10, opset_import: ["" : 21]> g (int16[N,8] x) => (int16[N,4] y)
      <float sx = {0.001}, int16 zx = {0}, float sw = {0.01}, int8 zw = {0}, float sy = {0.0004}, int16 zy = {0}> {
      d = DequantizeLinear(x, sx, zx)
      v = DequantizeLinear(w, sw, zw)
      g = MatMul(d, v)
      y = QuantizeLinear(g, sy, zy)
    }"""
    model = onnx.parser.parse_model(text)
    rng = np.random.default_rng(0)
    w = rng.integers(-127, 128, (8, 4)).astype(np.int8)
    model.graph.initializer.append(numpy_helper.from_array(w, "w"))
    onnx.save(model, tmp_path / "m.onnx")
    made = nibble.compile(tmp_path / "m.onnx")
    x = rng.integers(-32768, 32768, (5, 8)).astype(np.int16)
    y, = made.run({"x": x})
    assert y.tobytes() == made.reference({"x": x})[0].tobytes()
    exact = np.clip(np.rint(x.astype(np.int64) @ w.astype(np.int64) * 0.025), -32768, 32767)
    assert np.abs(y - exact).max() <= 1


def test_accumulators_have_room(tmp_path):
    """Weights that 16 bits would overflow 32 with: the input is narrowed, which is said, and nothing overflows."""
    rng = np.random.default_rng(0)
    weights = rng.uniform(0.9, 1, (2000, 3)) * np.array([1, -1, 1])
    model = save(tmp_path / "m.onnx", [("MatMul", "m", ["x", "w"], {}), ("Add", "y", ["m", "b"], {})],
                 {"w": weights, "b": [500, 0, -1000]}, ["batch", 2000], ["batch", 3])
    x = rng.uniform(-1, 1, (16, 2000)).astype(np.float32)
    x[0] = 1
    np.savez(tmp_path / "x.npz", x=x)
    done = subprocess.run([NIBBLE, "compile", model, "--calib", tmp_path / "x.npz", "--activations", "int16", "-o",
                           tmp_path / "m.so"], check=True, capture_output=True, text=True)
    assert "so that the 32-bit accumulators of node 'y' cannot overflow" in done.stderr
    made = nibble.compile(model, calibration=[{"x": row[None]} for row in x], activations="int16")
    for feed in (x, np.ones_like(x), -np.ones_like(x), 100 * x):
        y, = made.run({"x": feed})
        assert y.tobytes() == made.reference({"x": feed})[0].tobytes()
    y, = made.run({"x": x})
    assert sqnr(x @ weights.astype(np.float32) + [500, 0, -1000], y) > 45
    assert nodes_of(made)["y"][0] == "int16"


def test_two_activations(tmp_path):
    """Both operands of a product are narrowed to what its depth leaves."""
    model = save(tmp_path / "m.onnx",
                 [("Reshape", "a", ["x", "shape"], {}), ("Transpose", "t", ["a"], {"perm": [0, 2, 1]}),
                  ("MatMul", "y", ["a", "t"], {})], {}, [1, 4, 32], [1, 4, 4])
    proto = onnx.load(model)
    proto.graph.initializer.append(numpy_helper.from_array(np.array([1, 4, 32]), "shape"))
    onnx.save(proto, model)
    samples = [{"x": row} for row in np.random.default_rng(0).normal(size=(16, 1, 4, 32)).astype(np.float32)]
    made = nibble.compile(model, calibration=samples, activations="int16")
    y, = made.run(samples[0])
    x = samples[0]["x"][0]
    assert nodes_of(made)["y"][0] == "int16"
    assert y.tobytes() == made.reference(samples[0])[0].tobytes() and sqnr(x @ x.T, y[0]) > 60


def test_plan_of_nodes_and_values(paths, feeds, tmp_path):
    samples, feed = feeds("residual", 8), feeds("residual", 1, seed=4)[0]
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"schema": 1, "nodes": {"sum_relu": {"activations": "int16"}}}))
    made = nibble.compile(paths["residual"], calibration=samples, plan=plan)
    assert nodes_of(made)["sum_relu"] == ("int16", "the plan says so")
    assert "int8" in {precision for precision, _ in nodes_of(made).values()}
    assert made.run(feed)[0].tobytes() == made.reference(feed)[0].tobytes()
    # All but a convolution, whose result goes by the name of the relu behind it.
    plan.write_text(json.dumps({"schema": 1, "default": {"activations": "int16"},
                                "nodes": {"left_conv": {"activations": "uint8"}}}))
    made = nibble.compile(paths["residual"], calibration=samples, plan=plan)
    kernels = {n["node"]: n.get("kernel", "") for n in made.summary["nodes"]}
    assert kernels["left"].startswith("u8_s8pc_s16_") and kernels["sum_relu"].startswith("s16_s8pc_s16_")
    assert made.run(feed)[0].tobytes() == made.reference(feed)[0].tobytes()


#===--- What comes in the place of int8 ---===#

def outlier(shape, seed=0):
    """Ordinary samples, and behind them one a million times as large: no fixed scale holds both."""
    samples = np.random.default_rng(seed).normal(size=(32, 1, *shape)).astype(np.float32)
    samples[-1] *= 1e6
    return [{"x": sample} for sample in samples]


def test_falls_back_to_a_dynamic_range(tmp_path):
    rng = np.random.default_rng(1)
    model = save(tmp_path / "m.onnx", [("MatMul", "y", ["x", "w"], {})], {"w": rng.normal(size=(16, 4))},
                 ["batch", 16], ["batch", 4])
    made = nibble.compile(model, calibration=outlier([16]))
    precision, reason = nodes_of(made)["y"]
    assert precision == "dynamic int8"
    assert reason.startswith("int8 gives ") and "; int16 gives " in reason and "; a dynamic range gives " in reason
    assert nodes_of(made)["y/quantize"] == (precision, reason)
    feed = outlier([16], seed=2)[0]
    assert made.run(feed)[0].tobytes() == made.reference(feed)[0].tobytes()
    # QDQ has no dynamic ranges with the same results: there it is float.
    report = nibble.quantize(model, outlier([16]), tmp_path / "q.onnx")
    exported = onnx.load(tmp_path / "q.onnx")
    assert [node.op_type for node in exported.graph.node] == ["MatMul"], report


def test_falls_back_to_float_where_nothing_else_holds(tmp_path):
    # One huge weight of an input that is always 0 takes all eight bits from the others.
    weights = np.full((16, 4), 0.01)
    weights[1::2] = -0.013
    weights[0] = 1000
    model = save(tmp_path / "m.onnx", [("MatMul", "y", ["x", "w"], {})], {"w": weights}, ["batch", 16], ["batch", 4])
    samples = np.random.default_rng(0).normal(size=(32, 1, 16)).astype(np.float32)
    samples[..., 0] = 0
    made = nibble.compile(model, calibration=[{"x": sample} for sample in samples])
    precision, reason = nodes_of(made)["y"]
    assert precision == "float32"
    assert reason.startswith("int8 gives ") and "; int16 gives " in reason and "; a dynamic range gives " in reason
    y, = made.run({"x": samples[0]})
    assert sqnr(samples[0] @ weights.astype(np.float32), y) > 100


def test_an_operation_without_dynamic_form_stays_in_float(tmp_path):
    model = save(tmp_path / "m.onnx", [("AveragePool", "y", ["x"], {"kernel_shape": [2, 2], "strides": [2, 2]})], {},
                 [1, 2, 4, 4], [1, 2, 2, 2])
    made = nibble.compile(model, calibration=outlier([2, 4, 4]))
    precision, reason = nodes_of(made)["y"]
    assert precision == "float32" and "; int16 gives " in reason and "dynamic" not in reason


def test_activations_that_were_asked_for_are_not_widened(tmp_path):
    rng = np.random.default_rng(0)
    constants = {"wa": rng.normal(size=(4, 4)), "wb": rng.normal(size=(4, 4)), "wc": rng.normal(size=(4, 4)),
                 "ba": np.full(4, 1000), "bb": np.full(4, 1000)}
    model = save(tmp_path / "m.onnx",
                 [("Gemm", "a", ["x", "wa", "ba"], {}), ("Gemm", "b", ["x", "wb", "bb"], {}),
                  ("Sub", "d", ["a", "b"], {}), ("MatMul", "y", ["d", "wc"], {})], constants, ["batch", 4], ["batch", 4])
    samples = [{"x": row[None]} for row in rng.normal(size=(32, 4)).astype(np.float32)]
    asked = nibble.compile(model, calibration=samples, activations="uint8")
    assert nodes_of(asked)["d"][0] == "float32"
    found = nibble.compile(model, calibration=samples, mode="static")
    assert nodes_of(found)["d"][0] == nodes_of(found)["a"][0] == "int16"
    again = nibble.compile(model, calibration=samples, mode="static")
    assert found.summary["nodes"] == again.summary["nodes"]
