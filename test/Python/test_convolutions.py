# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Convolutions of all ranks, with weights of the model and with weights that are inputs; products of integers."""
import numpy as np
import onnx.reference
import pytest
from single_node import check

import nibble

pytest.importorskip("onnxruntime")


def floats(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def integers(dtype, *shape):
    info = np.iinfo(dtype)
    return np.random.default_rng(sum(shape)).integers(info.min, info.max, shape, dtype=dtype, endpoint=True)


FORMS = {
    "1-D": ((2, 3, 11), (5, 3, 4), {"pads": [2, 1], "strides": [2]}),
    "1-D-same": ((1, 3, 11), (5, 3, 4), {"auto_pad": "SAME_UPPER", "strides": [3]}),
    "2-D-groups": ((2, 4, 7, 9), (6, 2, 3, 2), {"group": 2, "dilations": [2, 3], "pads": [1, 0, 2, 4]}),
    "2-D-depthwise": ((1, 4, 5, 5), (4, 1, 3, 3), {"group": 4, "auto_pad": "SAME_LOWER"}),
    "2-D-one": ((1, 1, 1, 1), (1, 1, 1, 1), {}),
    "3-D": ((2, 3, 5, 6, 7), (4, 3, 2, 3, 2), {"pads": [1, 0, 2, 0, 1, 1], "strides": [2, 1, 3]}),
    "3-D-dilated": ((1, 4, 7, 5, 6), (6, 2, 3, 2, 2), {"group": 2, "dilations": [3, 2, 1]}),
    "3-D-depthwise": ((1, 3, 4, 4, 4), (3, 1, 3, 3, 3), {"group": 3, "auto_pad": "SAME_UPPER"}),
    "3-D-flat": ((1, 2, 4, 4, 4), (3, 2, 1, 1, 1), {}),
}


@pytest.mark.parametrize("constant", [(1, 2), (2,), ()], ids=["weights", "filter", "inputs"])
@pytest.mark.parametrize("form", FORMS)
def test_conv(form, constant, tmp_path):
    image, weights, attributes = FORMS[form]
    check(tmp_path, "Conv", [floats(*image), floats(*weights), floats(weights[0])], constant=constant, **attributes)


TRANSPOSED = {
    "1-D": ((2, 3, 5), (3, 4, 3), {"strides": [2], "output_padding": [1], "pads": [1, 0]}),
    "2-D": ((1, 4, 3, 5), (4, 2, 3, 2), {"group": 2, "strides": [3, 2], "dilations": [2, 1], "pads": [0, 1, 2, 0]}),
    "2-D-shape": ((1, 2, 3, 3), (2, 3, 3, 3), {"strides": [3, 2], "output_shape": [10, 8], "output_padding": [1, 1]}),
    "3-D": ((2, 2, 3, 2, 4), (2, 3, 2, 3, 2), {"strides": [2, 1, 3], "pads": [0, 1, 0, 1, 0, 1]}),
    "3-D-groups": ((1, 4, 2, 3, 2), (4, 1, 3, 2, 2), {"group": 4, "dilations": [1, 2, 1]}),
}


@pytest.mark.parametrize("constant", [(1, 2), ()], ids=["weights", "inputs"])
@pytest.mark.parametrize("form", TRANSPOSED)
def test_conv_transpose(form, constant, tmp_path):
    image, weights, attributes = TRANSPOSED[form]
    outputs = weights[1] * attributes.get("group", 1)
    check(tmp_path, "ConvTranspose", [floats(*image), floats(*weights), floats(outputs)], constant=constant, **attributes)


DEFORMED = {
    "plain": ((1, 2, 5, 6), (3, 2, 2, 3), 1, {"pads": [1, 0, 0, 2]}),
    "groups": ((2, 4, 6, 5), (4, 2, 3, 2), 2, {"group": 2, "offset_group": 2, "strides": [2, 1], "dilations": [1, 2]}),
}


@pytest.mark.parametrize("form", DEFORMED)
def test_deform_conv(form, tmp_path):
    image, weights, offset_groups, attributes = DEFORMED[form]
    pads, strides, dilations = (attributes.get(name, [other] * count) for name, other, count in
                                (("pads", 0, 4), ("strides", 1, 2), ("dilations", 1, 2)))
    extents = [(image[2 + i] + pads[i] + pads[2 + i] - (weights[2 + i] - 1) * dilations[i] - 1) // strides[i] + 1
               for i in range(2)]
    taps = weights[2] * weights[3] * offset_groups
    feeds = [floats(*image), floats(*weights), 2 * floats(image[0], 2 * taps, *extents), floats(weights[0]),
             floats(image[0], taps, *extents)]
    check(tmp_path, "DeformConv", feeds, reference="onnx", **attributes)


@pytest.mark.parametrize("constant", [(), (1, 2, 3)], ids=["inputs", "weights"])
@pytest.mark.parametrize("zero", [(), (4,)], ids=["one", "channels"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_conv_integer(dtype, zero, constant, tmp_path):
    feeds = [integers(np.uint8, 1, 4, 5, 6), integers(dtype, 4, 2, 3, 2), np.uint8(131), integers(dtype, *zero)]
    model = [feeds[0].astype(np.int64) - 131, feeds[1].astype(np.int64) - feeds[3].reshape(-1, 1, 1, 1)]
    want = np.zeros((1, 4, 5, 5), np.int32)
    padded = np.pad(model[0], ((0, 0), (0, 0), (1, 1), (0, 0)))
    for o, y, x in np.ndindex(4, 5, 5):
        group = o // 2 * 2
        want[0, o, y, x] = (padded[0, group:group + 2, y:y + 3, x:x + 2] * model[1][o]).sum()
    check(tmp_path, "ConvInteger", [np.asarray(feed) for feed in feeds], want=[want], constant=constant, pads=[1, 0, 1, 0], group=2)


MATRICES = {
    "plain": ((3, 7), (7, 5), (), ()),
    "vectors": ((7,), (7,), (), ()),
    "rows": ((3, 7), (7, 5), (3,), (5,)),
    "stacks": ((2, 1, 3, 7), (4, 7, 5), (2, 1, 3, 1), (4, 1, 5)),
}


@pytest.mark.parametrize("form", MATRICES)
def test_matmul_integer(form, tmp_path):
    left, right, left_zero, right_zero = MATRICES[form]
    feeds = [integers(np.uint8, *left), integers(np.int8, *right), integers(np.uint8, *left_zero),
             integers(np.int8, *right_zero)]
    a, b, za, zb = (feed.astype(np.int32) for feed in feeds)
    za = za[:, None] if za.ndim == 1 else za
    check(tmp_path, "MatMulInteger", feeds, want=[np.matmul(a - za, b - zb).astype(np.int32)])


@pytest.mark.parametrize("form", ["plain", "stacks"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_qlinear_matmul(form, dtype, tmp_path):
    left, right, _, _ = MATRICES[form]
    feeds = [integers(dtype, *left), np.float32(0.013), integers(dtype), integers(dtype, *right), np.float32(0.021),
             integers(dtype), np.float32(0.5), integers(dtype)]
    check(tmp_path, "QLinearMatMul", [np.asarray(feed) for feed in feeds])


@pytest.mark.parametrize("constant", [(), (1, 2, 6, 7), (1, 2, 3, 4, 5, 6, 7, 8)], ids=["inputs", "parameters", "weights"])
@pytest.mark.parametrize("scales", [1, 3])
def test_qlinear_conv(scales, constant, tmp_path):
    feeds = [integers(np.uint8, 1, 2, 5, 4), np.float32(0.01), np.uint8(7), integers(np.uint8, 3, 2, 3, 2),
             np.float32([0.02, 0.01, 0.03][:scales]), np.uint8([99, 99, 99][:scales]), np.float32(0.4), np.uint8(120),
             integers(np.int16, 3).astype(np.int32)]
    check(tmp_path, "QLinearConv", [np.asarray(feed) for feed in feeds], constant=constant, strides=[2, 1],
          pads=[1, 1, 0, 2], atol=1)


def test_conv_of_dynamic_batch(tmp_path):
    """Volumes and filters that are inputs, of any number of samples."""
    for text, shapes in (("y = Conv(x, w)", {"x": (3, 2, 4, 5), "w": (3, 2, 3, 3)}),
                         ("y = MaxPool<kernel_shape=[2, 2, 2]>(x)", {"x": (3, 2, 4, 5, 3)})):
        inputs = ", ".join(f"float[{','.join(['N' if name == 'x' else str(shape[0]), *map(str, shape[1:])])}] {name}"
                           for name, shape in shapes.items())
        outputs = ",".join(["N"] + ["?"] * (len(shapes["x"]) - 1))
        model = onnx.parser.parse_model(
            f'<ir_version: 8, opset_import: ["" : 17]> g ({inputs}) => (float[{outputs}] y) {{ {text} }}')
        onnx.save(model, tmp_path / "model.onnx")
        feed = {name: floats(*shape) for name, shape in shapes.items()}
        want = onnx.reference.ReferenceEvaluator(model).run(None, feed)
        got = nibble.compile(tmp_path / "model.onnx", weights="float").run(feed)
        np.testing.assert_allclose(got[0], want[0], rtol=1e-4, atol=1e-5)
