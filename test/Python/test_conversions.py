# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cast, CastLike, BitCast, QuantizeLinear and DequantizeLinear of any type, and constants that nodes make, as onnx's own
evaluator computes them."""
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.ops.op_cast import cast_to
from test_types import TYPES, accepts, dtype_of, ints, random_array, save

import nibble


def check(path, feed, exact=True, wants=None):
    """Compiled code gives the interpreter's bits, and onnx's results."""
    if wants is None:
        wants = ReferenceEvaluator(str(path)).run(None, feed)
    model = nibble.compile(path, weights="float")
    got = model.run(feed)
    assert [each.tobytes() for each in got] == [each.tobytes() for each in model.reference(feed)]
    for value, each, want in zip(model.outputs, got, wants, strict=True):
        assert each.dtype == want.dtype and each.shape == want.shape, value.name
        compare = np.testing.assert_array_equal if exact else np.testing.assert_allclose
        compare(each.astype(np.float64), np.asarray(want).astype(np.float64), err_msg=value.name)


def type_number(name):
    return TensorProto.DataType.Value(name)


def cast(x, name):
    """As onnx's evaluator, or by way of another type where numpy has no conversion."""
    try:
        return cast_to(x, type_number(name), True, "up")
    except TypeError:
        wide = x.astype(np.float32)
        return (wide.astype(np.int32) if "INT" in name else wide).astype(dtype_of(name))


def casts(name):
    return [other for other in TYPES if other != name and accepts("Cast", other)]


@pytest.mark.parametrize("name", [name for name in TYPES if accepts("Cast", name)])
def test_casts(name, tmp_path):
    """To each other type, as onnx's own evaluator converts."""
    x = random_array(name, (64,), seed=5)
    if "FLOAT" in name or name == "DOUBLE":
        x = np.concatenate([x.astype(np.float64) % 3, np.array([0, 1, 2, 1.5, 0.25])]).astype(x.dtype)
    targets = casts(name)
    nodes = [helper.make_node("Cast", ["x"], [f"y{i}"], to=type_number(other))
             for i, other in enumerate(targets)]
    outputs = [(f"y{i}", other, x.shape) for i, other in enumerate(targets)]
    path = save(tmp_path / "m.onnx", nodes, [("x", name, x.shape)], outputs)
    check(path, {"x": x}, wants=[cast(x, other) for other in targets])


SMALL_FLOATS = [name for name in TYPES if name.startswith("FLOAT8") and name != "FLOAT8E8M0"]
EDGES = np.array([0, -0.0, 1, -1, 1e-8, -1e-8, 448, 464, 465, 480, 240, 248, 57344, 61440, 65536, 1e6, -1e6, np.inf,
                  -np.inf, np.nan, 0.0009765625, 2.0 ** -17, 3 * 2.0 ** -18], np.float32)


@pytest.mark.parametrize("saturate", [0, 1])
@pytest.mark.parametrize("name", SMALL_FLOATS)
def test_saturation(name, saturate, tmp_path):
    node = helper.make_node("Cast", ["x"], ["y"], to=type_number(name), saturate=saturate)
    check(save(tmp_path / "m.onnx", [node], [("x", "FLOAT", EDGES.shape)], [("y", name, EDGES.shape)]), {"x": EDGES})


@pytest.mark.parametrize("mode", ["up", "down", "nearest"])
@pytest.mark.parametrize("saturate", [0, 1])
def test_powers_of_two(mode, saturate, tmp_path):
    x = np.concatenate([EDGES, np.float32(2) ** np.arange(-149, 128, dtype=np.float32),
                        np.array([1.4, 1.5, 1.6, 3e38, 2.0 ** -127 * 1.5, 1.17e-38], np.float32)]).astype(np.float32)
    node = helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT8E8M0, saturate=saturate, round_mode=mode)
    check(save(tmp_path / "m.onnx", [node], [("x", "FLOAT", x.shape)], [("y", "FLOAT8E8M0", x.shape)]), {"x": x})


def test_cast_like(tmp_path):
    targets = [name for name in TYPES if accepts("CastLike", name)]
    nodes = [helper.make_node("CastLike", ["x", f"t{name}"], [f"y{name}"]) for name in targets]
    likes = [numpy_helper.from_array(np.zeros(1, dtype_of(name)), f"t{name}") for name in targets]
    x = np.array([0, 1, 0.5, 2.5, 6], np.float32)
    outputs = [(f"y{name}", name, [5]) for name in targets]
    check(save(tmp_path / "m.onnx", nodes, [("x", "FLOAT", [5])], outputs, likes), {"x": x})


@pytest.mark.parametrize("name,other", [
    ("FLOAT", "INT32"), ("INT64", "DOUBLE"), ("BFLOAT16", "UINT16"), ("FLOAT16", "INT16"), ("UINT8", "INT8"), ("BOOL", "UINT8"),
    ("FLOAT8E5M2", "UINT8"), ("DOUBLE", "UINT64")])
def test_bit_cast(name, other, tmp_path):
    if not (accepts("BitCast", name) and accepts("BitCast", other)):
        pytest.skip("not among ONNX's types")
    x = random_array(name, (3, 5))
    node = helper.make_node("BitCast", ["x"], ["y"], to=type_number(other))
    path = save(tmp_path / "m.onnx", [node], [("x", name, [3, 5])], [("y", other, [3, 5])])
    assert nibble.compile(path, weights="float").run({"x": x})[0].tobytes() == x.tobytes()


@pytest.mark.parametrize("name", [name for name in TYPES if accepts("ConstantOfShape", name)])
@pytest.mark.parametrize("shape", [(2, 3), (50, 60), ()])
def test_constant_of_shape(name, shape, tmp_path):
    value = numpy_helper.from_array(np.ones(1, dtype_of(name)), "v")
    node = helper.make_node("ConstantOfShape", ["s"], ["y"], value=value)
    path = save(tmp_path / "m.onnx", [node], [], [("y", name, shape)], [ints("s", list(shape))])
    assert nibble.compile(path, weights="float").run({})[0].tobytes() == np.ones(shape, dtype_of(name)).tobytes()


@pytest.mark.parametrize("name", ["FLOAT", "BOOL", "INT64", "FLOAT16", "DOUBLE", "UINT8"])
@pytest.mark.parametrize("k", [0, 1, -2, 9])
def test_eye_like(name, k, tmp_path):
    nodes = [helper.make_node("EyeLike", ["x"], ["y"], k=k, dtype=type_number(name)),
             helper.make_node("EyeLike", ["x"], ["z"], k=k)]
    path = save(tmp_path / "m.onnx", nodes, [("x", "INT32", [4, 3])], [("y", name, [4, 3]), ("z", "INT32", [4, 3])])
    got = nibble.compile(path, weights="float").run({"x": np.zeros((4, 3), np.int32)})
    for each, dtype in zip(got, (dtype_of(name), np.int32), strict=True):
        assert each.dtype == dtype and each.tobytes() == np.eye(4, 3, k, dtype).tobytes()


QUANTIZED = ["INT2", "UINT2", "INT4", "UINT4", "INT8", "UINT8", "INT16", "UINT16"]


@pytest.mark.parametrize("name", QUANTIZED)
@pytest.mark.parametrize("grid", ["tensor", "axis", "block"])
@pytest.mark.parametrize("scales", ["input", "constant"])
def test_quantization(name, grid, scales, tmp_path):
    rng = np.random.default_rng(2)
    x = (rng.standard_normal((4, 6)) * 5).astype(np.float32)
    shape, attributes = {"tensor": ((), {}), "axis": ((6,), {"axis": 1}),
                         "block": ((4, 2), {"axis": 1, "block_size": 3})}[grid]
    s = rng.uniform(0.5, 1.5, shape).astype(np.float32)
    z = random_array(name, shape, seed=1)
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], **attributes),
             helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"], **attributes)]
    inputs, initializers, feed = [("x", "FLOAT", [4, 6])], [], {"x": x}
    if scales == "input":
        inputs += [("s", "FLOAT", shape), ("z", name, shape)]
        feed |= {"s": s, "z": z}
    else:
        initializers = [numpy_helper.from_array(s, "s"), numpy_helper.from_array(z, "z")]
    path = save(tmp_path / "m.onnx", nodes, inputs, [("q", name, [4, 6]), ("y", "FLOAT", [4, 6])], initializers)
    check(path, feed, exact=False)


@pytest.mark.parametrize("name", [*SMALL_FLOATS, "FLOAT4E2M1"])
def test_quantization_to_floats(name, tmp_path):
    x = np.concatenate([EDGES[:18], np.linspace(-7, 7, 29)]).astype(np.float32)
    x = x[np.isfinite(x)]
    z = numpy_helper.from_array(np.zeros((), dtype_of(name)), "z")
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
             helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"])]
    path = save(tmp_path / "m.onnx", nodes, [("x", "FLOAT", x.shape), ("s", "FLOAT", [])],
                [("q", name, x.shape), ("y", "FLOAT", x.shape)], [z])
    check(path, {"x": x, "s": np.float32(0.5)})


def test_blocked_weights_multiply(tmp_path):
    """A matrix of 4 bits with a scale for each block of 8 rows."""
    rng = np.random.default_rng(4)
    x, w = rng.standard_normal((3, 16)).astype(np.float32), random_array("INT4", (16, 5))
    s = rng.uniform(0.1, 0.2, (2, 5)).astype(np.float32)
    nodes = [helper.make_node("DequantizeLinear", ["w", "s"], ["d"], axis=0, block_size=8),
             helper.make_node("MatMul", ["x", "d"], ["y"])]
    path = save(tmp_path / "m.onnx", nodes, [("x", "FLOAT", [3, 16])], [("y", "FLOAT", [3, 5])],
                [numpy_helper.from_array(w, "w"), numpy_helper.from_array(s, "s")])
    y, = nibble.compile(path, weights="float").run({"x": x})
    np.testing.assert_allclose(y, x @ (w.astype(np.float32) * np.repeat(s, 8, axis=0)), rtol=1e-5, atol=1e-5)


def test_half_scales(tmp_path):
    """DequantizeLinear's result has its scale's type."""
    q, s = random_array("INT8", (7,)), np.float16(0.125)
    node = helper.make_node("DequantizeLinear", ["q", "s"], ["y"])
    path = save(tmp_path / "m.onnx", [node], [("q", "INT8", [7])], [("y", "FLOAT16", [7])],
                [numpy_helper.from_array(np.array(s), "s")])
    y, = nibble.compile(path, weights="float").run({"q": q})
    assert y.dtype == np.float16 and y.tobytes() == (q.astype(np.float16) * s).tobytes()
