# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every type of elements that ONNX has: at the borders of a model, in each field of a file, moved, and in .npz files."""
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import nibble

NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"
OPSET = 28
TYPES = ["BOOL", "INT2", "UINT2", "INT4", "UINT4", "INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64",
         "UINT64", "FLOAT4E2M1", "FLOAT6E2M3", "FLOAT6E3M2", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ",
         "FLOAT8E8M0", "FLOAT16", "BFLOAT16", "FLOAT", "DOUBLE"]
# Of which numpy knows nothing.
UNNAMED = ["BFLOAT16", "INT2", "UINT2", "INT4", "UINT4",
           *(name for name in TYPES if name.startswith(("FLOAT4", "FLOAT6", "FLOAT8")))]


def accepts(op, name):
    """Whether the operator takes the type: those of 6 bits only conversions."""
    schema = onnx.defs.get_schema(op, OPSET)
    wanted = f"tensor({name.lower()})"
    return any(wanted in constraint.allowed_type_strs for constraint in schema.type_constraints)


def dtype_of(name):
    return helper.tensor_dtype_to_np_dtype(TensorProto.DataType.Value(name))


def random_array(name, shape, seed=0):
    """Any bits, but those of floats that are no numbers; a boolean is 0 or 1."""
    dtype, rng = dtype_of(name), np.random.default_rng(seed)
    bits = {"BOOL": 1, "FLOAT4E2M1": 4, "FLOAT6E2M3": 6, "FLOAT6E3M2": 6, "INT2": 2, "UINT2": 2, "INT4": 4, "UINT4": 4}
    array = np.frombuffer(rng.bytes(int(np.prod(shape)) * dtype.itemsize), np.uint8)
    array = (array & (2 ** bits.get(name, 8) - 1)).view(dtype).reshape(shape)
    if "FLOAT" in name or name == "DOUBLE":
        with np.errstate(invalid="ignore"):
            array = np.where(np.isfinite(array.astype(np.float64)), array, np.ones((), dtype))
    return array.astype(dtype)


def save(path, nodes, inputs, outputs, initializers=()):
    """A model of `nodes`; inputs and outputs are (name, type, shape)."""
    infos = [[helper.make_tensor_value_info(n, TensorProto.DataType.Value(t), s) for n, t, s in group]
             for group in (inputs, outputs)]
    graph = helper.make_graph(nodes, "types", *infos, list(initializers))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)]), path)
    return path


def ints(name, values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def assert_same(got, want):
    assert got.dtype == want.dtype and got.shape == want.shape
    assert got.tobytes() == want.tobytes()


@pytest.mark.parametrize("name", [name for name in TYPES if accepts("Identity", name)])
def test_borders(name, tmp_path):
    path = save(tmp_path / "m.onnx", [helper.make_node("Identity", ["x"], ["y"])], [("x", name, [2, 3])],
                [("y", name, [2, 3])])
    model = nibble.compile(path, weights="float")
    x = random_array(name, (2, 3))
    assert model.inputs[0].dtype == model.outputs[0].dtype == x.dtype
    assert_same(model.run({"x": x})[0], x)
    assert_same(model.reference({"x": x})[0], x)
    with pytest.raises(nibble.Error, match=rf"input 'x' is complex|no model takes|input 'x' is .*\[2x3\], expected"):
        model.run({"x": np.zeros((2, 3), np.float32 if name != "FLOAT" else np.float64)})


def field_of(name, array):
    """A tensor whose values lie in the field for its type."""
    tensor = TensorProto(name="w", data_type=TensorProto.DataType.Value(name), dims=array.shape)
    raw = numpy_helper.from_array(array, "w").raw_data
    if name in ("FLOAT", "DOUBLE", "INT64", "UINT64", "UINT32"):
        field = {"FLOAT": "float", "DOUBLE": "double", "INT64": "int64"}.get(name, "uint64") + "_data"
        getattr(tensor, field).extend(array.flatten().tolist())
    elif name.startswith("FLOAT6"):
        tensor.int32_data.extend(array.view(np.uint8).flatten().tolist())
    elif array.dtype.itemsize == 1 and name != "INT8":
        tensor.int32_data.extend(raw)  # of types below 8 bits packed too
    elif "FLOAT" in name:
        tensor.int32_data.extend(array.view(np.uint16).flatten().tolist())
    else:
        tensor.int32_data.extend(array.flatten().tolist())
    return tensor


def external(array, folder):
    tensor = numpy_helper.from_array(array, "w")
    (folder / "w.bin").write_bytes(b"123" + tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": "w.bin", "offset": "3"}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


@pytest.mark.parametrize("shape", [(3, 5), (40, 131), ()])
@pytest.mark.parametrize("name", TYPES)
def test_constants(name, shape, tmp_path):
    """An initializer in `raw_data`, in its field and in another file, and a Constant node."""
    array = random_array(name, shape)
    raw = numpy_helper.from_array(array, "w")
    tensors = [raw, field_of(name, array), external(array, tmp_path), *([None] if accepts("Constant", name) else [])]
    for number, tensor in enumerate(tensors):
        node = helper.make_node("Constant", [], ["w"], value=raw)
        path = save(tmp_path / f"m{number}.onnx", [] if tensor else [node], [], [("w", name, shape)],
                    [tensor] if tensor else [])
        assert_same(nibble.compile(path, weights="float").run({})[0], array)


X = (4, 6)
# Operator, operands behind the tensor, attributes, what it computes.
MOVES = [
    ("Reshape", [ints("r", [3, 8])], {}, lambda x: x.reshape(3, 8)),
    ("Flatten", [], {"axis": 0}, lambda x: x.reshape(1, 24)),
    ("Transpose", [], {"perm": [1, 0]}, lambda x: x.T.copy()),
    ("Slice", [ints("b", [3, 1]), ints("e", [-9, 6]), ints("a", [0, 1]), ints("s", [-2, 2])], {},
     lambda x: x[::-2, 1::2]),
    ("Gather", [ints("g", [3, 0, 3])], {"axis": 1}, lambda x: x[:, [3, 0, 3]]),
    ("Pad", [ints("p", [0, 1, 2, 0])], {}, lambda x: np.concatenate(
        [np.zeros((6, 1), x.dtype), np.concatenate([x, np.zeros((2, 6), x.dtype)])], axis=1)),
    ("Pad", [ints("q", [1, 0, 0, 2])], {"mode": "edge"}, lambda x: x[[0, 0, 1, 2, 3]][:, [0, 1, 2, 3, 4, 5, 5, 5]]),
    ("Expand", [ints("o", [2, 4, 6])], {}, lambda x: np.broadcast_to(x, (2, 4, 6))),
    ("Tile", [ints("t", [2, 3])], {}, lambda x: np.tile(x, (2, 3))),
    ("Unsqueeze", [ints("u", [1])], {}, lambda x: x.reshape(4, 1, 6)),
    ("Squeeze", [], {}, lambda x: x),
    ("Concat", ["x"], {"axis": 1}, lambda x: np.concatenate([x, x], axis=1)),
    ("Split", [ints("n", [2, 4])], {"axis": 1}, lambda x: x[:, 2:]),
]


@pytest.mark.parametrize("name", [name for name in TYPES if accepts("Reshape", name)])
def test_movement(name, tmp_path):
    x = random_array(name, X)
    nodes, outputs, initializers, expected = [], [], [], []
    for number, (op, operands, attributes, compute) in enumerate(MOVES):
        if not accepts(op, name) or (name == "FLOAT8E8M0" and op == "Pad" and not attributes):  # it has no zero
            continue
        want = compute(x)
        names = [tensor if isinstance(tensor, str) else tensor.name for tensor in operands]
        initializers += [tensor for tensor in operands if not isinstance(tensor, str)]
        results = [f"y{number}"] if op != "Split" else [f"y{number}a", f"y{number}"]
        nodes.append(helper.make_node(op, ["x", *names], results, **attributes))
        outputs.append((f"y{number}", name, want.shape))
        expected.append(want)
    assert len(nodes) >= 2
    model = nibble.compile(save(tmp_path / "m.onnx", nodes, [("x", name, X)], outputs, initializers), weights="float")
    for got in (model.run({"x": x}), model.reference({"x": x})):
        for each, want in zip(got, expected, strict=True):
            assert_same(each, np.ascontiguousarray(want))


@pytest.mark.parametrize("name", ["BOOL", "INT64", "UINT16", "FLOAT16", "DOUBLE", "INT4", "FLOAT8E5M2"])
def test_dynamic_batch(name, tmp_path):
    nodes = [helper.make_node("Transpose", ["x"], ["y"], perm=[0, 2, 1])]
    model = nibble.compile(save(tmp_path / "m.onnx", nodes, [("x", name, ["N", 3, 5])], [("y", name, ["N", 5, 3])]),
                           weights="float")
    for count in (1, 3):
        x = random_array(name, (count, 3, 5))
        assert_same(model.run({"x": x})[0], np.ascontiguousarray(x.transpose(0, 2, 1)))


@pytest.mark.parametrize("name", [name for name in TYPES if accepts("Flatten", name)])
@pytest.mark.parametrize("emit", ["so", "exe"])
def test_files(name, emit, tmp_path):
    """The command line and executables read and write .npz as numpy does: of types that it does not know, bytes."""
    path = save(tmp_path / "m.onnx", [helper.make_node("Flatten", ["x"], ["y"])], [("x", name, [2, 3, 2])],
                [("y", name, [2, 6])])
    compiled, x = tmp_path / f"m.{emit}", random_array(name, (2, 3, 2))
    subprocess.run([NIBBLE, "compile", path, "--float", "--emit", emit, "-o", compiled], check=True, capture_output=True)
    np.savez(tmp_path / "in.npz", x=x)
    program = [NIBBLE, "run", compiled] if emit == "so" else [compiled]
    subprocess.run([*program, "--inputs", tmp_path / "in.npz", "--outputs", tmp_path / "out.npz"], check=True)
    y = np.load(tmp_path / "out.npz")["y"]
    assert y.dtype == (x.dtype if name not in UNNAMED else np.dtype(f"V{x.dtype.itemsize}"))
    assert_same(y.view(x.dtype), x.reshape(2, 6))
    described = [NIBBLE, "inspect", compiled] if emit == "so" else [compiled, "--describe"]
    told = subprocess.run(described, check=True, capture_output=True, text=True).stdout
    assert f"{x.dtype.name}[2 x 3 x 2]" in told
    if emit == "so":
        compared = subprocess.run([NIBBLE, "compare", path, compiled, "--inputs", tmp_path / "in.npz"], check=True,
                                  capture_output=True, text=True).stdout
        assert "exact" in compared and "100.00 %" in compared
    subprocess.run([NIBBLE, "bench", compiled, "--seconds", "0.01"] if emit == "so" else [compiled, "--bench", "2"],
                   check=True, capture_output=True)


def test_compare_sees_what_doubles_do_not(tmp_path):
    """Integers that differ by less than a double tells."""
    for number, value in enumerate([2 ** 60, 2 ** 60 + 1]):
        save(tmp_path / f"m{number}.onnx", [], [("x", "FLOAT", [1])], [("w", "INT64", [1])], [ints("w", [value])])
    np.savez(tmp_path / "in.npz", x=np.zeros(1, np.float32))
    told = subprocess.run([NIBBLE, "compare", tmp_path / "m0.onnx", tmp_path / "m1.onnx", "--inputs", tmp_path / "in.npz"],
                          check=True, capture_output=True, text=True).stdout
    assert "exact" not in told and "0.00 %" in told


@pytest.mark.parametrize("name", ["STRING", "COMPLEX64", "COMPLEX128"])
def test_refused(name, tmp_path):
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    path = save(tmp_path / "m.onnx", nodes, [("x", name, [2])], [("y", name, [2])])
    with pytest.raises(nibble.Error, match=f"element type {name} is not supported(?s:.*)tensors hold booleans, integers "
                                           "and floats"):
        nibble.compile(path, weights="float")


WIDE = ["FLOAT16", "BFLOAT16", "DOUBLE"]


def test_complex_constant_is_refused(tmp_path):
    path = save(tmp_path / "m.onnx", [helper.make_node("Identity", ["w"], ["y"])], [], [("y", "COMPLEX64", [1])],
                [helper.make_tensor("w", TensorProto.COMPLEX64, [1], [1 + 2j])])
    with pytest.raises(nibble.Error, match="tensor 'w' has element type COMPLEX64, which is not supported"):
        nibble.compile(path, weights="float")


@pytest.mark.parametrize("name", WIDE)
def test_floats_compute_in_float32(name, tmp_path):
    """Results have their type; between nodes they keep float32's precision."""
    dtype, rng = dtype_of(name), np.random.default_rng(1)
    x, w, b = (rng.standard_normal(shape).astype(dtype) for shape in ((3, 8), (8, 4), (4,)))
    nodes = [helper.make_node("MatMul", ["x", "w"], ["m"]), helper.make_node("Add", ["m", "b"], ["a"]),
             helper.make_node("Reshape", ["a", "s"], ["r"]), helper.make_node("Relu", ["r"], ["y"])]
    path = save(tmp_path / "m.onnx", nodes, [("x", name, ["N", 8])], [("y", name, ["N", 2, 2]), ("a", name, ["N", 4])],
                [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b"), ints("s", [0, 2, 2])])
    model = nibble.compile(path, weights="float")
    y, a = model.run({"x": x})
    exact = x.astype(np.float32) @ w.astype(np.float32) + b.astype(np.float32)
    assert y.dtype == a.dtype == dtype
    epsilon = 1e-6 if name == "DOUBLE" else float(np.finfo(np.float16).eps) if name == "FLOAT16" else 2.0 ** -7
    np.testing.assert_allclose(a.astype(np.float64), exact, rtol=epsilon, atol=epsilon)
    np.testing.assert_allclose(y.astype(np.float64), np.maximum(exact, 0).reshape(3, 2, 2), rtol=epsilon, atol=epsilon)
    assert [each.tobytes() for each in model.reference({"x": x})] == [y.tobytes(), a.tobytes()]


def test_doubles_are_remarked_once(tmp_path):
    nodes = [helper.make_node("Exp", ["x"], ["h"], name="first"), helper.make_node("Log", ["h"], ["y"], name="second")]
    path = save(tmp_path / "m.onnx", nodes, [("x", "DOUBLE", [3])], [("y", "DOUBLE", [3])])
    told = subprocess.run([NIBBLE, "compile", path, "--float", "-o", tmp_path / "m.so"], check=True, capture_output=True,
                          text=True)
    text = told.stdout + told.stderr
    assert text.count("node 'first' computes in float32 of operands of type double, and so may others") == 1
    assert "node 'second' computes" not in text


def test_mixed_precision(tmp_path):
    """What was computed in float32 meets values of float16 as one of them."""
    x = random_array("FLOAT16", (2, 3)) / np.float16(64)
    nodes = [helper.make_node("Exp", ["x"], ["e"]), helper.make_node("Concat", ["e", "x"], ["c"], axis=1),
             helper.make_node("Less", ["e", "x"], ["l"]), helper.make_node("Where", ["l", "x", "e"], ["y"])]
    x = np.clip(x, -4, 4)
    path = save(tmp_path / "m.onnx", nodes, [("x", "FLOAT16", [2, 3])],
                [("c", "FLOAT16", [2, 6]), ("y", "FLOAT16", [2, 3])])
    c, y = nibble.compile(path, weights="float").run({"x": x})
    e = np.exp(x.astype(np.float32)).astype(np.float16)
    np.testing.assert_allclose(c, np.concatenate([e, x], axis=1), rtol=1e-3)
    np.testing.assert_allclose(y, np.where(e < x, x, e), rtol=1e-3)
    assert c[:, 3:].tobytes() == x.tobytes()


def test_float16_model_is_quantized(tmp_path):
    rng = np.random.default_rng(3)
    w = rng.standard_normal((16, 8)).astype(np.float16)
    path = save(tmp_path / "m.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], [("x", "FLOAT16", ["N", 16])],
                [("y", "FLOAT16", ["N", 8])], [numpy_helper.from_array(w, "w")])
    samples = [{"x": rng.standard_normal((1, 16)).astype(np.float16)} for _ in range(8)]
    model = nibble.compile(path, calibration=samples)
    y, = model.run(samples[0])
    assert y.dtype == np.float16
    np.testing.assert_allclose(y, samples[0]["x"].astype(np.float32) @ w.astype(np.float32), atol=0.3)
