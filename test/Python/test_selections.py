# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators whose results' extents depend on data, where the model declares them."""
import numpy as np
import pytest
from nodes import check

pytest.importorskip("onnxruntime")


@pytest.mark.parametrize("dtype", ["float32", "bool", "int64", "int32", "uint8"])
@pytest.mark.parametrize("shape", [(7,), (3, 4, 5), (1, 1)])
def test_non_zero(dtype, shape, tmp_path):
    x = np.random.default_rng(1).integers(0, 2, shape).astype(dtype)
    x.flat[-1] = 1
    check(tmp_path, "NonZero", [x], [("int64", (len(shape), np.count_nonzero(x)))])


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_compress(axis, tmp_path):
    x, condition = np.arange(24, dtype=np.float32).reshape(2, 3, 4), np.array([False, True, True])[:2 if axis == 0 else 3]
    shape = np.compress(condition, x, axis).shape
    attributes = {} if axis is None else {"axis": axis}
    check(tmp_path, "Compress", [x, condition], [("float32", shape)], **attributes)


@pytest.mark.parametrize("is_sorted", [0, 1])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_unique(is_sorted, axis, tmp_path):
    x = np.random.default_rng(2).integers(0, 3, (6, 5, 2) if axis is None else (6, 6, 1)).astype(np.float32)
    if axis in (0, 1):
        x = np.concatenate([x, x[::-1]], axis)
    count = len(np.unique(x)) if axis is None else np.unique(x, axis=axis).shape[axis]
    shape = [count] if axis is None else list(x.shape)
    if axis is not None:
        shape[axis] = count
    total = x.size if axis is None else x.shape[axis]
    attributes = {} if axis is None else {"axis": axis}
    results = [("float32", shape), ("int64", (count,)), ("int64", (total,)), ("int64", (count,))]
    check(tmp_path, "Unique", [x], results, sorted=is_sorted, **attributes)
