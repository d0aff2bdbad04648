# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators that read and write by indices of the run time: compiled, interpreted, and in onnxruntime."""
import numpy as np
import pytest
from nodes import check

pytest.importorskip("onnxruntime")
REDUCTIONS = ["none", "add", "mul", "max", "min"]


def values(shape, dtype="float32", seed=1):
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    return (rng.standard_normal(shape) * 20).astype(dtype) if dtype[0] == "f" else rng.integers(0, 100, shape).astype(dtype)


def indices(shape, extent, dtype="int64", seed=2):
    return np.random.default_rng(seed).integers(-extent, extent, shape).astype(dtype)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("dtype", ["float32", "int64", "uint8", "float16", "bool"])
def test_gather(axis, dtype, tmp_path):
    data, picked = values((3, 5, 7), dtype), indices((2, 3), (3, 5, 7)[axis], "int32")
    shape = np.take(data, picked, axis).shape
    check(tmp_path, "Gather", [data, picked], [(dtype, shape)], axis=axis)


def test_gather_by_a_scalar(tmp_path):
    check(tmp_path, "Gather", [values((3, 5)), np.array(-2)], [("float32", (3,))], axis=1)


@pytest.mark.parametrize("axis", [0, 2, -2])
def test_gather_elements(axis, tmp_path):
    check(tmp_path, "GatherElements", [values((3, 4, 3)), indices((2, 4, 3), 3)], [("float32", (2, 4, 3))], axis=axis)


@pytest.mark.parametrize("batch,shape,result", [(0, (2, 2), (2, 5)), (0, (4, 3), (4,)), (1, (3, 6, 1), (3, 6, 5)),
                                                (2, (3, 4, 1), (3, 4)), (1, (3, 2), (3,))])
def test_gather_nd(batch, shape, result, tmp_path):
    picked = indices(shape, 3)
    check(tmp_path, "GatherND", [values((3, 4, 5), "int32"), picked], [("int32", result)], batch_dims=batch)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("dtype", ["float32", "int64", "int32"])
def test_scatter_elements(reduction, dtype, tmp_path):
    operands = [values((3, 5), dtype), indices((2, 4), 5), values((2, 4), dtype, 3)]
    check(tmp_path, "ScatterElements", operands, [(dtype, (3, 5))], axis=1, reduction=reduction, rtol=1e-6)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_scatter_nd_with_doubles(reduction, tmp_path):
    operands = [values((4, 5, 3)), indices((9, 2), 4), values((9, 3), seed=3)]
    if reduction == "none":
        operands[1] = np.unique(operands[1] % 4, axis=0)
        operands[2] = operands[2][:len(operands[1])]
    check(tmp_path, "ScatterND", operands, [("float32", (4, 5, 3))], reduction=reduction, rtol=1e-5)


def test_scatter_nd_of_many(tmp_path):
    """Thousands of updates, of which each place takes its last."""
    rows = np.random.default_rng(4).permutation(6000)[:5000].reshape(-1, 1)
    check(tmp_path, "ScatterND", [values((6000, 2)), rows, values((5000, 2), seed=3)], [("float32", (6000, 2))])


@pytest.mark.parametrize("mode,starts", [("linear", [1, 0, 3]), ("circular", [4, 2, 5]), ("linear", None)])
def test_tensor_scatter(mode, starts, tmp_path):
    starts = None if starts is None else np.array(starts)
    check(tmp_path, "TensorScatter", [values((3, 2, 6, 4)), values((3, 2, 3, 4), seed=2), starts],
          [("float32", (3, 2, 6, 4))], opset=24, reference=True, mode=mode)


@pytest.mark.parametrize("axis", [-1, 0, 1])
@pytest.mark.parametrize("dtype", ["int64", "int32", "float32"])
def test_one_hot(axis, dtype, tmp_path):
    hot = np.array([[0, 3, -1], [-5, 5, 2]]).astype(dtype)
    if dtype == "int32" and axis != -1:
        pytest.skip("onnxruntime has no kernel")
    shape = {-1: (2, 3, 5), 0: (5, 2, 3), 1: (2, 5, 3)}[axis]
    off_on = np.array([2, 7]).astype("float32" if dtype == "float32" else "int64")
    check(tmp_path, "OneHot", [hot, np.array(5, dtype), off_on], [(off_on.dtype, shape)], constants=(1,), axis=axis,
          reference=dtype == "int32")


@pytest.mark.parametrize("time,batch", [(0, 1), (1, 0)])
def test_reverse_sequence(time, batch, tmp_path):
    check(tmp_path, "ReverseSequence", [values((4, 4, 3)), np.array([1, 4, 2, 3])], [("float32", (4, 4, 3))],
          time_axis=time, batch_axis=batch)


@pytest.mark.parametrize("upper", [0, 1])
@pytest.mark.parametrize("k", [None, 0, 2, -1, 9, -9])
def test_trilu(upper, k, tmp_path):
    operands = [values((2, 3, 5), "int64")] + ([] if k is None else [np.array(k)])
    check(tmp_path, "Trilu", operands, [("int64", (2, 3, 5))], upper=upper)


@pytest.mark.parametrize("k", [0, 1, -2, 7])
def test_eye_like(k, tmp_path):
    check(tmp_path, "EyeLike", [values((3, 5), "int32")], [("float32", (3, 5))], k=k, dtype=1)


@pytest.mark.parametrize("dtype", ["float32", "int32", "int64", "float64", "int16"])
def test_range_of_the_run_time(dtype, tmp_path):
    operands = [np.array(x, dtype) for x in (10, -3, -2)]
    check(tmp_path, "Range", operands, [(dtype, (7,))], rtol=1e-6)


def test_range_of_floats_known_at_compile_time(tmp_path):
    operands = [np.array(x, "float32") for x in (1, 2.1, 0.25)]
    check(tmp_path, "Range", operands, [("float32", (5,))], constants=(1, 2))


@pytest.mark.parametrize("largest", [0, 1])
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("dtype", ["float32", "int64", "int32"])
def test_top_k(largest, axis, dtype, tmp_path):
    data = (values((5, 6, 7), dtype) / 10).round().astype(dtype)  # with ties
    shape = list(data.shape)
    shape[axis] = 4
    check(tmp_path, "TopK", [data, np.array([4])], [(dtype, shape), ("int64", shape)], constants=(1,), axis=axis,
          largest=largest)


def test_top_k_of_a_dynamic_batch(tmp_path):
    import onnx
    import nibble
    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
        g (float[N,9] x) => (float[N,3] y, int64[N,3] i) <int64[1] k = {3}> { y, i = TopK(x, k) }""")
    onnx.save(model, tmp_path / "model.onnx")
    x = values((4, 9))
    y, i = nibble.compile(tmp_path / "model.onnx", weights="float").run({"x": x})
    np.testing.assert_array_equal(i, np.argsort(-x, 1, kind="stable")[:, :3])
    np.testing.assert_array_equal(y, np.take_along_axis(x, i, 1))


def test_top_k_puts_nan_last(tmp_path):
    x = np.array([np.nan, 1, np.nan, -np.inf, 3], np.float32)
    order = [4, 1, 3, 0, 2]
    import onnx
    import nibble
    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
        g (float[5] x) => (float[5] y, int64[5] i) <int64[1] k = {5}> { y, i = TopK(x, k) }""")
    onnx.save(model, tmp_path / "model.onnx")
    y, i = nibble.compile(tmp_path / "model.onnx", weights="float").run({"x": x})
    np.testing.assert_array_equal(i, order)
    np.testing.assert_array_equal(y, x[order])
