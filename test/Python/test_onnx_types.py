# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators on integers, booleans and f64, with run-time parameters and exotic attributes: compiled, interpreted, and in
onnxruntime or, where that has no kernel, in ONNX's own reference, the same numbers."""
import numpy as np
import onnx
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

import nibble

ort = pytest.importorskip("onnxruntime")
INTEGERS = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
INDEX = np.array


def extremes(dtype, shape=(3, 5), seed=0, least=None):
    """Random values, the type's limits among them."""
    rng = np.random.default_rng(seed)
    if np.issubdtype(dtype, np.integer):
        info = np.iinfo(dtype)
        array = rng.integers(max(info.min, -9) if least is None else least, 10, shape).astype(dtype)
        array.flat[:2] = [info.max, info.min if least is None else least]
        return array
    return rng.uniform(-3, 3, shape).astype(dtype)


def node_model(op, inputs, attributes=None, opset=23, outputs=1, shapes=None):
    """A model of one node, and what to feed it. `shapes` declares the results' where ONNX infers none. Integers without
    elements are constants."""
    names = [f"x{i}" if array is not None else "" for i, array in enumerate(inputs)]
    results = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, names, results, "tested", **(attributes or {}))
    feed = {name: array for name, array in zip(names, inputs) if name and (array.size or array.dtype.kind == "f")}
    values = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
              for name, array in feed.items()]
    weights = [onnx.numpy_helper.from_array(array, name) for name, array in zip(names, inputs)
               if name and name not in feed]
    infos = [onnx.ValueInfoProto(name=name) for name in results]
    graph = helper.make_graph([node], "g", values, infos, weights)
    opsets = [helper.make_opsetid("", opset)]
    model = onnx.shape_inference.infer_shapes(helper.make_model(graph, opset_imports=opsets, ir_version=10))
    for info, shape in zip(model.graph.output, shapes or []):
        element = info.type.tensor_type.elem_type or helper.np_dtype_to_tensor_dtype(inputs[0].dtype)
        info.type.CopyFrom(helper.make_tensor_type_proto(element, shape))
    return model, feed


def expected(model, feed):
    try:
        options = ort.SessionOptions()
        options.log_severity_level = 4
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception:  # noqa: BLE001: it has classes of its own for a kernel that is missing
        return ReferenceEvaluator(model).run(None, feed)
    return session.run(None, feed)


def check(folder, op, inputs, attributes=None, want=None, rtol=1e-5, **options):
    model, feed = node_model(op, inputs, attributes, **options)
    onnx.save(model, folder / "model.onnx")
    compiled = nibble.compile(folder / "model.onnx", weights="float")
    with np.errstate(all="ignore"):
        wants = want or expected(model, feed)
    for want, got, exact in zip(wants, compiled.run(feed), compiled.reference(feed), strict=True):
        assert got.tobytes() == exact.tobytes() or np.isnan(exact).any()
        assert got.dtype == want.dtype and got.shape == np.shape(want)
        np.testing.assert_allclose(got, want, rtol=rtol, atol=1e-6)


# Arithmetic, modulo 2^width.

BINARY = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply}


@pytest.mark.parametrize("dtype", [*INTEGERS, np.float64], ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("op", BINARY)
def test_arithmetic(op, dtype, tmp_path):
    x, y = extremes(dtype), extremes(dtype, (5,), 1)
    with np.errstate(all="ignore"):
        check(tmp_path, op, [x, y], want=[BINARY[op](x, y)], rtol=1e-15)


@pytest.mark.parametrize("dtype", INTEGERS, ids=lambda dtype: dtype.__name__)
def test_division_of_integers(dtype, tmp_path):
    x, y = extremes(dtype, (40,)), extremes(dtype, (40,), 1)
    y[y == 0] = 3
    want = (np.abs(x.astype(object)) // np.abs(y.astype(object)) * np.sign(x) * np.sign(y)).astype(dtype)
    check(tmp_path, "Div", [x, y], want=[want])
    check(tmp_path, "Mod", [x, y], want=[np.mod(x, y)])
    check(tmp_path, "Mod", [x, y], {"fmod": 1}, want=[np.fmod(x, y)])


@pytest.mark.parametrize("dtype", INTEGERS, ids=lambda dtype: dtype.__name__)
def test_division_by_zero_is_zero(dtype, tmp_path):
    x, zero = extremes(dtype), np.zeros(1, dtype)
    for op in ("Div", "Mod"):
        check(tmp_path, op, [x, zero], want=[np.zeros_like(x)])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64], ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("fmod", [0, 1])
def test_remainder_of_floats_is_exact(dtype, fmod, tmp_path):
    info, rng = np.finfo(dtype), np.random.default_rng(3)
    special = [0.0, -0.0, 1.0, -1.0, 5.3, -5.3, float(info.max), float(info.tiny), float(info.smallest_subnormal),
               np.inf, -np.inf, np.nan, 3e4, -2.5]
    x = np.array(special * len(special), dtype)
    y = np.repeat(np.array(special, dtype), len(special))
    wide = rng.uniform(-1, 1, 200) * np.exp2(rng.integers(-12, 12, 200))
    x, y = np.concatenate([x, wide.astype(dtype)]), np.concatenate([y, wide[::-1].astype(dtype)])
    with np.errstate(all="ignore"):
        want = (np.fmod if fmod else np.mod)(x, y)
    model, feed = node_model("Mod", [x, y], {"fmod": fmod})
    onnx.save(model, tmp_path / "model.onnx")
    got, = nibble.compile(tmp_path / "model.onnx", weights="float").run(feed)
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(np.signbit(got)[~np.isnan(want)], np.signbit(want)[~np.isnan(want)])


@pytest.mark.parametrize("dtype", [*INTEGERS, np.float64, np.float16], ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("op", ["Min", "Max"])
def test_extremes_of_three(op, dtype, tmp_path):
    check(tmp_path, op, [extremes(dtype), extremes(dtype, (5,), 1), extremes(dtype, (1, 1), 2)])


@pytest.mark.parametrize("op", ["Sum", "Mean"])
def test_sums_of_doubles(op, tmp_path):
    inputs = [extremes(np.float64, seed=seed) for seed in range(3)]
    check(tmp_path, op, inputs, want=[sum(inputs) / (3 if op == "Mean" else 1)], rtol=1e-15)


@pytest.mark.parametrize("op,dtypes", [
    ("Neg", [np.int8, np.int16, np.int32, np.int64, np.float64]), ("Abs", [*INTEGERS, np.float64]),
    ("Sign", [*INTEGERS, np.float64]), ("Relu", [np.int8, np.int16, np.int32, np.int64, np.float64]),
    ("Sqrt", [np.float64]), ("Floor", [np.float64]), ("Ceil", [np.float64]), ("Round", [np.float64]),
    ("Reciprocal", [np.float64])])
def test_functions_of_one(op, dtypes, tmp_path):
    for dtype in dtypes:
        x = extremes(dtype, least=1 if op == "Sqrt" else None)
        check(tmp_path, op, [np.abs(x) if op == "Sqrt" else x], rtol=1e-15)


@pytest.mark.parametrize("base,exponent", [
    ("int32", "int32"), ("int64", "int64"), ("int64", "uint8"), ("int32", "float32"), ("int64", "float64"),
    ("float32", "int32"), ("float32", "int64"), ("float32", "uint64"), ("float64", "int64"), ("float64", "float64"),
    ("float32", "float64"), ("float64", "float32")])
def test_power(base, exponent, tmp_path):
    x = np.array([1, 2, 3, -7, 5, 10, -1, -1], base)
    y = np.array([4, 5, 6, 3, 10, 9, 7, 8], exponent)
    rtol = 1e-15 if base == "float64" else 1e-6
    check(tmp_path, "Pow", [x, y], want=[np.power(x.astype(np.float64), y.astype(np.float64)).astype(base)], rtol=rtol)


def test_power_by_negative_and_odd_integers(tmp_path):
    x, y = np.array([1, -1, -1, 2, 0, 3], np.int64), np.array([-3, -3, -2, -1, -1, 0], np.int64)
    check(tmp_path, "Pow", [x, y], want=[np.array([1, -1, 1, 0, 0, 1], np.int64)])
    x = np.array([-1, -1, -2, 2], np.float32)
    y = np.array([2**24 + 1, 2**24 + 2, -3, -3], np.int64)
    check(tmp_path, "Pow", [x, y], want=[np.array([-1, 1, -0.125, 0.125], np.float32)])
    x, y = np.array([2.0, 0.5, 4.0], np.float64), np.array([0.5, -1.5, 1.5], np.float64)
    check(tmp_path, "Pow", [x, y], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, np.uint64, np.float64],
                         ids=lambda dtype: dtype.__name__)
def test_clip(dtype, tmp_path):
    x = extremes(dtype)
    check(tmp_path, "Clip", [x, np.array(2, dtype), np.array(5, dtype)])
    check(tmp_path, "Clip", [x, np.array(5, dtype), np.array(2, dtype)], want=[np.full_like(x, 2)])
    check(tmp_path, "Clip", [x, None, np.array(5, dtype)])
    check(tmp_path, "Clip", [x, np.array(2, dtype)])


def test_activations_of_integers(tmp_path):
    x = extremes(np.int32, least=-9)
    check(tmp_path, "PRelu", [x, np.array([2, 3, 1, 0, -1], np.int32)], want=[
        np.where(x < 0, x * np.array([2, 3, 1, 0, -1], np.int32), x)])
    small = np.arange(-5, 6, dtype=np.int8)
    check(tmp_path, "Shrink", [small], {"lambd": 2.5, "bias": 1.0})
    check(tmp_path, "Shrink", [small.astype(np.float64)], {"lambd": 2.5, "bias": 0.5})


# Bits and classes.

@pytest.mark.parametrize("dtype", INTEGERS, ids=lambda dtype: dtype.__name__)
def test_bits(dtype, tmp_path):
    x, y = extremes(dtype), extremes(dtype, (5,), 1)
    for op, function in [("And", np.bitwise_and), ("Or", np.bitwise_or), ("Xor", np.bitwise_xor)]:
        check(tmp_path, f"Bitwise{op}", [x, y], want=[function(x, y)])
    check(tmp_path, "BitwiseNot", [x], want=[~x])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64], ids=lambda dtype: dtype.__name__)
def test_shifts(dtype, tmp_path):
    x, bits = extremes(dtype, (4, 3)), np.iinfo(dtype).bits
    y = np.array([0, 3, bits - 1], dtype)
    check(tmp_path, "BitShift", [x, y], {"direction": "LEFT"}, want=[np.left_shift(x, y)])
    check(tmp_path, "BitShift", [x, y], {"direction": "RIGHT"}, want=[np.right_shift(x, y)])
    check(tmp_path, "BitShift", [x, np.array([bits], dtype)], {"direction": "RIGHT"}, want=[np.zeros_like(x)])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64], ids=lambda dtype: dtype.__name__)
def test_classes_of_floats(dtype, tmp_path):
    x = np.array([0, 1, np.inf, -np.inf, np.nan, np.finfo(dtype).max], dtype)
    check(tmp_path, "IsNaN", [x], want=[np.isnan(x)])
    for positive, negative in [(1, 1), (1, 0), (0, 1), (0, 0)]:
        want = (np.isposinf(x) & bool(positive)) | (np.isneginf(x) & bool(negative))
        check(tmp_path, "IsInf", [x], {"detect_positive": positive, "detect_negative": negative}, want=[want])


# Reductions.

REDUCTIONS = {"ReduceSum": np.sum, "ReduceMean": np.mean, "ReduceMax": np.max, "ReduceMin": np.min, "ReduceProd": np.prod,
              "ReduceL1": lambda x, **k: np.sum(np.abs(x), **k), "ReduceSumSquare": lambda x, **k: np.sum(x * x, **k),
              "ReduceL2": lambda x, **k: np.sqrt(np.sum(x * x, **k)), "ReduceLogSum": lambda x, **k: np.log(np.sum(x, **k)),
              "ReduceLogSumExp": lambda x, **k: np.log(np.sum(np.exp(x), **k))}


def data(dtype, shape=(2, 3, 4)):
    return np.random.default_rng(5).uniform(1, 4, shape).astype(dtype)


@pytest.mark.parametrize("op", REDUCTIONS)
@pytest.mark.parametrize("axes,keep", [([1], 1), ([-1, 0], 1), ([1], 0), ([0, -1], 0), ([0, 1, 2], 0), ([], 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32], ids=lambda dtype: dtype.__name__)
def test_reduction_along_axes_of_a_run(op, axes, keep, dtype, tmp_path):
    """The axes are an input: the result's shape is declared."""
    if "Log" in op and dtype is np.int32:
        return
    x = data(dtype)
    want = REDUCTIONS[op](x, axis=tuple(axes) or None, keepdims=bool(keep)).astype(dtype)
    check(tmp_path, op, [x, np.array(axes, np.int64)], {"keepdims": keep}, want=[np.asarray(want)], shapes=[want.shape],
          rtol=1e-5)


@pytest.mark.parametrize("op", REDUCTIONS)
@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.uint32, np.int64], ids=lambda dtype: dtype.__name__)
def test_reduction_of_all(op, dtype, tmp_path):
    if "Log" in op and not issubclass(dtype, np.floating):
        return
    x = data(dtype, (3, 2, 2))
    want = np.asarray(REDUCTIONS[op](x.astype(np.float64)).astype(dtype))
    check(tmp_path, op, [x], {"keepdims": 0}, want=[want], rtol=1e-2 if dtype is np.float16 else 1e-6)


@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint8], ids=lambda dtype: dtype.__name__)
def test_extremes_of_small_types(dtype, tmp_path):
    x = np.array([[1, 0, 1], [1, 1, 1], [0, 0, 0]], dtype)
    for op in ("ReduceMax", "ReduceMin"):
        check(tmp_path, op, [x, np.array([1])], {"keepdims": 0}, want=[REDUCTIONS[op](x, axis=1)], shapes=[(3,)])


@pytest.mark.parametrize("op,value", [("ReduceSum", 0), ("ReduceProd", 1), ("ReduceMax", -np.inf), ("ReduceMin", np.inf),
                                      ("ReduceL1", 0), ("ReduceL2", 0), ("ReduceLogSum", -np.inf), ("ReduceLogSumExp", -np.inf)])
def test_reduction_of_nothing(op, value, tmp_path):
    for axes in (np.array([1]), np.array([], np.int64)):
        shape = (2, 1, 3) if len(axes) else (1, 1, 1)
        check(tmp_path, op, [np.zeros((2, 0, 3), np.float32), axes], want=[np.full(shape, value, np.float32)], shapes=[shape])


def test_reduction_of_no_axes(tmp_path):
    x = data(np.float32)
    for op in REDUCTIONS:
        want = x * x if op == "ReduceSumSquare" else np.log(x) if op == "ReduceLogSum" else x
        check(tmp_path, op, [x, np.array([], np.int64)], {"noop_with_empty_axes": 1}, want=[want], shapes=[x.shape])


def test_reduction_of_infinities(tmp_path):
    x = np.array([[-np.inf, -np.inf], [np.inf, 1], [-np.inf, 2]], np.float32)
    check(tmp_path, "ReduceLogSumExp", [x, np.array([1])], {"keepdims": 0}, want=[np.array([-np.inf, np.inf, 2], np.float32)],
          shapes=[(3,)])
    check(tmp_path, "ReduceLogSumExp", [x], {"keepdims": 0}, want=[np.array(np.inf, np.float32)])


# Along an axis.

@pytest.mark.parametrize("op", ["ArgMax", "ArgMin"])
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("attributes", [{}, {"keepdims": 0}, {"select_last_index": 1}, {"keepdims": 0, "select_last_index": 1}])
def test_positions_of_extremes(op, axis, attributes, tmp_path):
    for dtype in (np.float32, np.int8, np.float64):
        x = np.random.default_rng(0).integers(0, 3, (4, 5, 3)).astype(dtype)
        check(tmp_path, op, [x], {"axis": axis, **attributes})


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_hardmax(axis, tmp_path):
    for dtype in (np.float32, np.float64):
        x = np.random.default_rng(0).integers(0, 3, (4, 5, 3)).astype(dtype)
        check(tmp_path, "Hardmax", [x], {"axis": axis})


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_hardmax_before_opset_13(axis, tmp_path):
    """Along all dimensions from the axis on."""
    x = np.random.default_rng(0).integers(0, 3, (4, 5, 3)).astype(np.float32)
    check(tmp_path, "Hardmax", [x], {"axis": axis}, opset=11)


@pytest.mark.parametrize("op,function", [("CumSum", np.cumsum), ("CumProd", np.cumprod)])
@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("exclusive", [0, 1])
@pytest.mark.parametrize("reverse", [0, 1])
def test_cumulative(op, function, axis, exclusive, reverse, tmp_path):
    for dtype in (np.float32, np.float64, np.int32, np.int64):
        x = np.random.default_rng(0).integers(1, 4, (3, 4)).astype(dtype)
        want = np.flip(x, axis) if reverse else x
        if exclusive:
            first = np.full_like(np.take(want, [0], axis), op == "CumProd")
            want = np.concatenate([first, np.take(want, range(want.shape[axis] - 1), axis)], axis)
        want = function(want, axis=axis, dtype=dtype)
        want = np.flip(want, axis) if reverse else want
        check(tmp_path, op, [x, np.array(axis, np.int64)], {"exclusive": exclusive, "reverse": reverse}, want=[want],
              opset=26 if op == "CumProd" else 23)


# Products.

@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64, np.uint64, np.float64], ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("a,b", [((2, 3), (3, 4)), ((3,), (3, 4)), ((2, 3), (3,)), ((3,), (3,)), ((2, 1, 2, 3), (5, 3, 4))])
def test_matrix_product(dtype, a, b, tmp_path):
    x, y = extremes(dtype, a), extremes(dtype, b, 1)
    check(tmp_path, "MatMul", [x, y], want=[np.asarray(np.matmul(x, y))], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.int32, np.uint64, np.float64], ids=lambda dtype: dtype.__name__)
def test_gemm(dtype, tmp_path):
    a, b, c = extremes(dtype, (3, 2)), extremes(dtype, (4, 3), 1), extremes(dtype, (4,), 2)
    with np.errstate(all="ignore"):
        want = (a.T @ b.T) * dtype(3) + c * dtype(2)
    check(tmp_path, "Gemm", [a, b, c], {"transA": 1, "transB": 1, "alpha": 3.0, "beta": 2.0}, want=[want], rtol=1e-14)
    check(tmp_path, "Gemm", [a.T, b.T], want=[a.T.T.T @ b.T], rtol=1e-14)


EQUATIONS = {
    "ij,jk->ik": [(2, 3), (3, 4)], "bij,bjk->bik": [(2, 3, 4), (2, 4, 5)], "bhqd,bhkd->bhqk": [(2, 2, 3, 4), (2, 2, 5, 4)],
    "i,j->ij": [(3,), (4,)], "i,i": [(3,), (3,)], "ij->ji": [(2, 3)], "ij->i": [(2, 3)], "ii->i": [(3, 3)], "ii": [(3, 3)],
    "...ij,...jk->...ik": [(2, 3, 4), (1, 4, 5)], "...i->...": [(2, 3)], "ij,jk,kl->il": [(2, 3), (3, 4), (4, 2)],
    "bqhd,bkhd->bhqk": [(2, 3, 2, 4), (2, 5, 2, 4)], " i j , j -> i ": [(2, 3), (3,)], "->": [()], "ab,cd->": [(2, 3), (4, 2)],
    "aij,bij->ab": [(2, 3, 4), (5, 3, 4)], "b...,b...->...": [(2, 3, 1), (2, 1, 4)], "ba,cb": [(2, 3), (4, 2)],
}


@pytest.mark.parametrize("equation", EQUATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32], ids=lambda dtype: dtype.__name__)
def test_einsum(equation, dtype, tmp_path):
    inputs = [extremes(dtype, shape, seed) if shape else np.array(3, dtype)
              for seed, shape in enumerate(EQUATIONS[equation])]
    if np.issubdtype(dtype, np.integer):
        inputs = [np.clip(array, -9, 9) for array in inputs]
    want = np.asarray(np.einsum(equation, *inputs))
    check(tmp_path, "Einsum", inputs, {"equation": equation}, want=[want], shapes=[want.shape])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_determinant(size, tmp_path):
    for dtype in (np.float32, np.float64):
        x = np.random.default_rng(size).uniform(-2, 2, (2, 3, size, size)).astype(dtype)
        x[0, 0, :, 0] = 0
        x[0, 1, 0, 0] = 0
        check(tmp_path, "Det", [x], want=[np.linalg.det(x)], rtol=1e-4)
        check(tmp_path, "Det", [x[1, 0]], want=[np.asarray(np.linalg.det(x[1, 0]))], rtol=1e-4)


# Layers.

def test_dropout_with_mask(tmp_path):
    x = data(np.float32)
    check(tmp_path, "Dropout", [x], want=[x, np.ones(x.shape, bool)], outputs=2)


@pytest.mark.parametrize("shape", [(3, 4, 5, 2), (4, 3), (2, 3, 4)])
def test_batch_normalization_of_run_time_parameters(shape, tmp_path):
    x = extremes(np.float32, shape)
    scale, bias, mean, variance = (np.random.default_rng(i).uniform(0.5, 2, shape[1]).astype(np.float32) for i in range(4))
    check(tmp_path, "BatchNormalization", [x, scale, bias, mean, variance], {"epsilon": 0.01}, rtol=1e-4)
    axes = tuple(axis for axis in range(len(shape)) if axis != 1)
    now, spread = x.mean(axes), x.var(axes)
    wide = [1, -1] + [1] * (len(shape) - 2)
    y = (x - now.reshape(wide)) / np.sqrt(spread.reshape(wide) + 0.01) * scale.reshape(wide) + bias.reshape(wide)
    want = [y, mean * np.float32(0.8) + now * np.float32(0.2), variance * np.float32(0.8) + spread * np.float32(0.2)]
    check(tmp_path, "BatchNormalization", [x, scale, bias, mean, variance],
          {"epsilon": 0.01, "momentum": 0.8, "training_mode": 1}, want=want, outputs=3, rtol=1e-4)


@pytest.mark.parametrize("p", [1, 2, 3])
def test_lp_normalization(p, tmp_path):
    x = extremes(np.float32, (3, 4))
    x[1] = 0
    size = (np.abs(x) ** p).sum(0, keepdims=True) ** (1 / p)
    check(tmp_path, "LpNormalization", [x], {"axis": 0, "p": p}, want=[x / size], rtol=1e-4)
