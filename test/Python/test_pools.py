# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pools of all ranks and types, their indices, and what puts maxima and columns back."""
import numpy as np
import pytest
from single_node import check

pytest.importorskip("onnxruntime")


def image(*shape, dtype=np.float32):
    values = np.random.default_rng(sum(shape)).permutation(int(np.prod(shape))).reshape(shape)
    return (values - values.size // 2).astype(dtype)


WINDOWS = {
    "1-D": ((2, 3, 11), {"kernel_shape": [4], "strides": [3], "pads": [1, 2]}),
    "1-D-ceil": ((1, 2, 10), {"kernel_shape": [3], "strides": [2], "ceil_mode": 1}),
    "2-D": ((1, 3, 7, 9), {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 2, 1]}),
    "2-D-ceil": ((2, 2, 6, 7), {"kernel_shape": [3, 3], "strides": [2, 3], "pads": [1, 1, 1, 1], "ceil_mode": 1}),
    "2-D-same": ((1, 2, 6, 7), {"kernel_shape": [3, 2], "strides": [2, 3], "auto_pad": "SAME_LOWER"}),
    "3-D": ((2, 2, 5, 6, 7), {"kernel_shape": [2, 3, 2], "strides": [2, 1, 3], "pads": [1, 0, 1, 0, 2, 0]}),
    "3-D-ceil": ((1, 2, 5, 6, 8), {"kernel_shape": [2, 3, 3], "strides": [2, 2, 3], "ceil_mode": 1}),
    "one": ((1, 1, 1, 1), {"kernel_shape": [1, 1]}),
}
DILATED = {
    "1-D-dilated": ((1, 2, 11), {"kernel_shape": [3], "dilations": [3], "pads": [2, 2]}),
    "2-D-dilated": ((1, 2, 9, 8), {"kernel_shape": [3, 2], "dilations": [2, 3], "strides": [2, 1], "ceil_mode": 1}),
    "3-D-dilated": ((1, 2, 5, 6, 7), {"kernel_shape": [2, 2, 2], "dilations": [2, 3, 1], "pads": [1, 0, 0, 0, 1, 1]}),
}


@pytest.mark.parametrize("form", [*WINDOWS, *DILATED])
def test_max_pool(form, tmp_path):
    shape, attributes = (WINDOWS | DILATED)[form]
    check(tmp_path, "MaxPool", [image(*shape)], **attributes)


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("form", ["1-D", "2-D", "2-D-ceil", "3-D"])
def test_max_pool_with_indices(form, order, tmp_path):
    shape, attributes = WINDOWS[form]
    check(tmp_path, "MaxPool", [image(*shape)], outputs=2, storage_order=order, **attributes)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "float64", "float16"])
def test_max_pool_of_other_types(dtype, tmp_path):
    shape, attributes = WINDOWS["2-D"]
    values = np.random.default_rng(3).integers(0, 100, shape).astype(dtype)
    check(tmp_path, "MaxPool", [values], reference="onnxruntime" if dtype != "float16" else "onnx", **attributes)


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("form", [*WINDOWS, *DILATED])
def test_average_pool(form, count, tmp_path):
    shape, attributes = (WINDOWS | DILATED)[form]
    check(tmp_path, "AveragePool", [image(*shape)], count_include_pad=count, **attributes)


def test_a_last_window_in_the_padding(tmp_path):
    attributes = {"kernel_shape": [3, 3], "strides": [3, 3], "pads": [1, 1, 1, 1], "ceil_mode": 1}
    values = image(1, 2, 2, 2)
    want = values.sum((2, 3), keepdims=True) / 9
    check(tmp_path, "AveragePool", [values], want=[want.astype(np.float32)], count_include_pad=1, **attributes)


@pytest.mark.parametrize("p", [1, 2, 3, 5])
@pytest.mark.parametrize("form", ["1-D", "2-D", "2-D-dilated", "3-D", "3-D-ceil"])
def test_lp_pool(form, p, tmp_path):
    shape, attributes = (WINDOWS | DILATED)[form]
    check(tmp_path, "LpPool", [image(*shape) / 7], opset=18, p=p, rtol=1e-3, **attributes)


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"])
@pytest.mark.parametrize("shape", [(2, 3, 11), (1, 3, 5, 7), (2, 2, 3, 4, 5), (1, 2, 2, 3, 2, 2)])
def test_global_pools(op, shape, tmp_path):
    values = image(*shape)
    axes = tuple(range(2, len(shape)))
    want = {"GlobalAveragePool": values.mean(axes, keepdims=True), "GlobalMaxPool": values.max(axes, keepdims=True),
            "GlobalLpPool": (np.abs(values) ** 3).sum(axes, keepdims=True) ** (1 / 3)}[op]
    attributes = {"p": 3} if op == "GlobalLpPool" else {}
    check(tmp_path, op, [values], want=[want.astype(np.float32)], **attributes)


@pytest.mark.parametrize("output", [None, (1, 2, 7, 8)])
@pytest.mark.parametrize("constant", [(2,), ()])
def test_max_unpool(output, constant, tmp_path):
    indices = np.random.default_rng(1).permutation(1 * 2 * 6 * 6)[:18].reshape(1, 2, 3, 3).astype(np.int64)
    feeds = [image(1, 2, 3, 3), indices] + ([np.array(output, np.int64)] if output else [])
    check(tmp_path, "MaxUnpool", feeds, reference="onnx", constant=constant, kernel_shape=[2, 2], strides=[2, 2])


BLOCKS = {
    "plain": ((5, 7), (2, 3), {}),
    "strided": ((9, 8), (3, 2), {"strides": [2, 3], "dilations": [2, 1], "pads": [1, 0, 2, 1]}),
    "3-D": ((3, 4, 5), (1, 2, 3), {"strides": [1, 2, 1]}),
}


@pytest.mark.parametrize("constant", [(1, 2), ()])
@pytest.mark.parametrize("form", BLOCKS)
def test_col2im(form, constant, tmp_path):
    extents, block, attributes = BLOCKS[form]
    rank = len(extents)
    count = 1
    for i, (extent, taps) in enumerate(zip(extents, block)):
        pads = attributes.get("pads", [0] * 2 * rank)
        reach = (taps - 1) * attributes.get("dilations", [1] * rank)[i] + 1
        count *= (extent + pads[i] + pads[rank + i] - reach) // attributes.get("strides", [1] * rank)[i] + 1
    columns = image(2, 3 * int(np.prod(block)), count)
    check(tmp_path, "Col2Im", [columns, np.array(extents, np.int64), np.array(block, np.int64)], reference="onnx",
          constant=constant, **attributes)
