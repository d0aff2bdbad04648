# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Movement by operands of the run time, where the model declares the result's shape; paddings of all modes."""
import numpy as np
import pytest
from nodes import check

pytest.importorskip("onnxruntime")
X = np.arange(60, dtype=np.float32).reshape(3, 4, 5)


@pytest.mark.parametrize("op,operand,shape", [
    ("Reshape", [5, -1], (5, 12)), ("Reshape", [0, 20], (3, 20)), ("Expand", [2, 1, 1, 1], (2, 3, 4, 5)),
    ("Tile", [2, 1, 3], (6, 4, 15)), ("Unsqueeze", [1, -1], (3, 1, 4, 5, 1))])
@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "float16"])
def test_shapes(op, operand, shape, dtype, tmp_path):
    check(tmp_path, op, [X.astype(dtype), np.array(operand)], [(dtype, shape)])


def test_squeeze(tmp_path):
    check(tmp_path, "Squeeze", [X[:, None, :, :, None], np.array([-1, 1])], [("float32", (3, 4, 5))])


def test_split(tmp_path):
    check(tmp_path, "Split", [X, np.array([1, 3])], [("float32", (3, 1, 5)), ("float32", (3, 3, 5))], axis=1)


@pytest.mark.parametrize("dtype,value", [("float32", 1.5), ("int64", -3), ("bool", True), ("float16", 2)])
def test_constant_of_shape(dtype, value, tmp_path):
    from onnx import numpy_helper
    fill = numpy_helper.from_array(np.array([value], dtype))
    check(tmp_path, "ConstantOfShape", [np.array([2, 3])], [(dtype, (2, 3))], value=fill)


@pytest.mark.parametrize("starts,ends,axes,steps", [
    ([1, 0], [3, 4], None, None), ([-1], [-100], [1], [-1]), ([100, -3], [1, 100], [2, -2], [-2, 1]),
    ([0], [3], [-1], [2]), ([1, 1, 1], [2, 3, 4], None, [1, 1, 2])])
def test_slice(starts, ends, axes, steps, tmp_path):
    cut = [slice(None)] * 3
    for i, (start, end) in enumerate(zip(starts, ends)):
        cut[axes[i] if axes else i] = slice(start, end, steps[i] if steps else 1)
    operands = [None if part is None else np.array(part) for part in (starts, ends, axes, steps)]
    check(tmp_path, "Slice", [X, *operands], [("float32", X[tuple(cut)].shape)])


PADS = [[0, 2, 1, 0, 1, 3], [1, 0, -1, 0, -2, 2], [-1, -1, -1, 0, 0, -1]]


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "wrap"])
@pytest.mark.parametrize("pads", PADS)
@pytest.mark.parametrize("constants", [(), (1,)])
def test_pad(mode, pads, constants, tmp_path):
    shape = np.array(X.shape) + pads[:3] + pads[3:]
    check(tmp_path, "Pad", [X, np.array(pads)], [("float32", shape)], constants=constants, mode=mode)


@pytest.mark.parametrize("dtype", ["int64", "bool", "float16", "int8"])
def test_pad_of_any_type(dtype, tmp_path):
    value = np.array(1, dtype)
    check(tmp_path, "Pad", [X.astype(dtype), np.array([1, 2]), value, np.array([-1])], [(dtype, (3, 4, 8))], constants=(2,),
          mode="constant")


@pytest.mark.parametrize("extents,axes", [((2, 6, 5), None), ((7, 2), [-1, 0]), ((3, 9), [0, 1])])
@pytest.mark.parametrize("constants", [(), (1,)])
def test_center_crop_pad(extents, axes, constants, tmp_path):
    shape = list(X.shape)
    for axis, extent in zip(axes or range(3), extents):
        shape[axis] = extent
    attributes = {} if axes is None else {"axes": axes}
    check(tmp_path, "CenterCropPad", [X, np.array(extents)], [("float32", shape)], opset=18, constants=constants,
          reference=True, **attributes)
