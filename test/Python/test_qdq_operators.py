# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators between QuantizeLinear and DequantizeLinear: within a step of onnxruntime's, over all of the bytes' range.

onnxruntime computes such a model in two ways: by default its optimizer makes integer operators of it, without optimizations
it dequantizes, computes in float and quantizes. Nibble is held to both."""
import numpy as np
import onnx
import pytest
from conftest import EXACT_PRODUCTS, FUSES
from onnx import numpy_helper

import nibble

onnxruntime = pytest.importorskip("onnxruntime")
LEVELS = onnxruntime.GraphOptimizationLevel
HEADER = '<ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1]>'
LOW = {"uint8": 0, "int8": -128}


def session(model, level):
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry(*EXACT_PRODUCTS)
    options.graph_optimization_level = level
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def build(kind, inputs, result, body, parameters, initializers):
    """A model of `kind` bytes: each of `inputs` (a shape by name) is dequantized into `<name>d`, and `r` quantized into y.
    `parameters`: scale and offset of the zero point from the lowest byte, of each input and of y."""
    signature = ", ".join(f"{kind}[{','.join(map(str, shape))}] {name}" for name, shape in inputs.items())
    constants = ", ".join(f"float s{name} = {{{scale!r}}}, {kind} z{name} = {{{LOW[kind] + zero}}}"
                          for name, (scale, zero) in parameters.items())
    before = " ".join(f"{name}d = DequantizeLinear({name}, s{name}, z{name})" for name in inputs)
    model = onnx.parser.parse_model(f"{HEADER} g ({signature}) => ({kind}[{','.join(map(str, result))}] y) <{constants}> {{"
                                    f"{before} {body} y = QuantizeLinear(r, sy, zy) }}")
    model.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in initializers.items())
    onnx.checker.check_model(model)
    return model


def extremes(kind, shape, rng):
    """Bytes of all values, of the ends of the range alone, and of each end alone."""
    low, count = LOW[kind], int(np.prod(shape))
    sweep = np.resize(rng.permutation(np.arange(low, low + 256)), count)
    return [array.reshape(shape).astype(kind) for array in (
        sweep, rng.choice([low, low + 255], count), np.full(count, low), np.full(count, low + 255))]


def check(model, feeds, tmp_path, steps=1):
    """Nibble's bytes are the interpreter's, and within `steps` of onnxruntime's, whose integer and float way are returned."""
    onnx.save(model, tmp_path / "model.onnx")
    compiled = nibble.compile(tmp_path / "model.onnx")
    sessions = [session(model, level) for level in (LEVELS.ORT_ENABLE_ALL, LEVELS.ORT_DISABLE_ALL)]
    different = [0, 0]
    for feed in feeds:
        (ours,), (exact,) = compiled.run(feed), compiled.reference(feed)
        assert ours.tobytes() == exact.tobytes()
        for i, theirs in enumerate(sessions):
            difference = np.abs(ours.astype(int) - theirs.run(None, feed)[0].astype(int))
            assert difference.max(initial=0) <= steps, ["integers", "float"][i]
            different[i] += np.count_nonzero(difference)
    return different


def quantized(rng, shape, most, kind=np.int8):
    return rng.integers(-most, most + 1, shape).astype(kind)


PRODUCTS = {
    "conv": ("Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (xd, wd, bd)", (1, 5, 9, 9), (12, 5, 3, 3), (1, 12, 5, 5), 12),
    "pointwise": ("Conv (xd, wd, bd)", (1, 33, 7, 5), (20, 33, 1, 1), (1, 20, 7, 5), 20),
    "depthwise": ("Conv <group = 24, pads = [1, 1, 1, 1]> (xd, wd, bd)", (1, 24, 9, 9), (24, 1, 3, 3), (1, 24, 9, 9), 24),
    "grouped": ("Conv <group = 2> (xd, wd, bd)", (1, 8, 6, 6), (6, 4, 2, 3), (1, 6, 5, 4), 6),
    "gemm": ("Gemm <transB = 1> (xd, wd, bd)", (7, 130), (11, 130), (7, 11), 11),
}


@pytest.mark.parametrize("channels", ["scale", "scales"])
@pytest.mark.parametrize("kind", LOW)
@pytest.mark.parametrize("name", PRODUCTS)
def test_products(name, kind, channels, tmp_path):
    rng = np.random.default_rng(1)
    operator, shape, filter_shape, result, outputs = PRODUCTS[name]
    count = outputs if channels == "scales" else 1
    depth = int(np.prod(filter_shape[1:]))
    scales = rng.uniform(0.002, 0.004, count).astype(np.float32)
    scale = np.float32(0.0213)
    constants = {"w": quantized(rng, filter_shape, 127), "b": rng.integers(-9000, 9001, outputs).astype(np.int32),
                 "sw": scales if count > 1 else scales[0], "zw": np.zeros(count if count > 1 else (), np.int8),
                 "sb": scale * (scales if count > 1 else scales[0]), "zb": np.zeros(count if count > 1 else (), np.int32)}
    body = f"wd = DequantizeLinear <axis = 0> (w, sw, zw) bd = DequantizeLinear <axis = 0> (b, sb, zb) r = {operator}"
    # Results of typical inputs fill the range, those of extreme ones saturate.
    parameters = {"x": (float(scale), 120), "y": (0.022 * depth ** 0.5, 131)}
    model = build(kind, {"x": shape}, result, body, parameters, constants)
    different = check(model, [{"x": x} for x in extremes(kind, shape, rng)], tmp_path)
    assert different[0] == 0


@pytest.mark.parametrize("kind", LOW)
def test_matmul(kind, tmp_path):
    rng = np.random.default_rng(2)
    model = build(kind, {"x": (3, 5, 96)}, (3, 5, 17), "wd = DequantizeLinear(w, sw, zw) r = MatMul(xd, wd)",
                  {"x": (0.0213, 120), "y": (0.1, 100)},
                  {"w": quantized(rng, (96, 17), 127), "sw": np.float32(0.0015), "zw": np.int8(0)})
    assert check(model, [{"x": x} for x in extremes(kind, (3, 5, 96), rng)], tmp_path)[0] == 0


def pairs(kind):
    """All pairs of two bytes."""
    values = np.arange(LOW[kind], LOW[kind] + 256).astype(kind)
    return {"a": np.repeat(values, 256).reshape(1, 256, 16, 16), "b": np.tile(values, 256).reshape(1, 256, 16, 16)}


BINARY = [  # scale and zero point of a, b and the result
    ((0.0371, 120), (0.0193, 3), (0.0457, 90)), ((0.386, 13), (0.411, 0), (0.264, 12)), ((0.51, 196), (0.509, 3), (0.474, 80)),
    ((0.02, 255), (0.02, 0), (0.02, 128)), ((0.8, 96), (0.0041, 40), (0.572, 204)), ((0.0711, 0), (0.0324, 0), (0.0391, 1)),
]


@pytest.mark.parametrize("kind", LOW)
@pytest.mark.parametrize("parameters", BINARY)
@pytest.mark.parametrize("operator", ["Add", "Mul"])
def test_pairs(operator, parameters, kind, tmp_path):
    """Of sums all 65,536 bytes are those of onnxruntime's integer operator where it adds by fused multiply-adds."""
    named = dict(zip("aby", parameters, strict=True))
    if operator == "Mul":
        named["y"] = (named["y"][0] * 8, named["y"][1])
    shape = (1, 256, 16, 16)
    model = build(kind, {"a": shape, "b": shape}, shape, f"r = {operator}(ad, bd)", named, {})
    different = check(model, [pairs(kind)], tmp_path)
    if operator == "Add" and FUSES:
        assert different[0] == 0


@pytest.mark.parametrize("order", ["cd, ad", "ad, cd"])
@pytest.mark.parametrize("kind", LOW)
def test_residual(kind, order, tmp_path):
    """An addition behind a convolution, which takes it up: the order of its operands counts at ties."""
    rng = np.random.default_rng(3)
    scales = {"c": (0.51, 196), "a": (0.509, 3), "y": (0.474, 80), "x": (0.0213, 128)}
    shape = (1, 32, 32, 32)
    if order.startswith("ad"):
        scales["a"], scales["c"] = scales["c"], scales["a"]
    body = f"""wd = DequantizeLinear(w, sw, zw) v = Conv(xd, wd) c = QuantizeLinear(v, sc, zc) cd = DequantizeLinear(c, sc, zc)
               r = Add({order})"""
    model = build(kind, {"x": shape, "a": shape}, shape, body, scales,
                  {"w": quantized(rng, (32, 32, 1, 1), 63), "sw": np.float32(0.37), "zw": np.int8(0)})
    feeds = [{"x": rng.permutation(np.resize(x, x.size)).reshape(shape), "a": a}
             for x in extremes(kind, shape, rng)[:1] for a in extremes(kind, shape, rng)[:2]]
    different = check(model, feeds, tmp_path)
    if FUSES and kind == "uint8":  # of signed bytes, onnxruntime leaves this addition in float
        assert different[0] == 0


ONE = {  # operator, the input's and the result's shape and parameters
    "average pool": ("AveragePool <kernel_shape = [3, 3], pads = [1, 1, 1, 1], strides = [2, 2]> (xd)", (1, 9, 9, 9),
                     (1, 9, 5, 5), (0.037, 120), (0.031, 90)),
    "average pool of padding": ("AveragePool <kernel_shape = [2, 3], pads = [1, 0, 0, 2], count_include_pad = 1> (xd)",
                                (1, 9, 9, 9), (1, 9, 9, 9), (0.037, 120), (0.037, 120)),
    "global average pool": ("GlobalAveragePool(xd)", (1, 40, 7, 7), (1, 40, 1, 1), (0.0235, 0), (0.0117, 3)),
    "global average pool of even size": ("GlobalAveragePool(xd)", (1, 40, 8, 8), (1, 40, 1, 1), (0.0235, 9), (0.0235, 9)),
    "max pool": ("MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (xd)", (1, 9, 9, 9), (1, 9, 4, 4), (0.03, 7), (0.03, 7)),
    "softmax": ("Softmax <axis = 1> (xd)", (5, 100), (5, 100), (0.0836, 120), (1 / 256, 0)),
    "steep softmax": ("Softmax <axis = 1> (xd)", (5, 100), (5, 100), (0.5, 55), (1 / 256, 0)),
    "sigmoid": ("Sigmoid(xd)", (4, 256), (4, 256), (0.047, 120), (1 / 256, 0)),
    "leaky relu": ("LeakyRelu <alpha = 0.1> (xd)", (4, 256), (4, 256), (0.047, 120), (0.031, 90)),
    "relu": ("Relu(xd)", (4, 256), (4, 256), (0.047, 120), (0.0235, 0)),
    "relu6": ("Clip(xd, zero, six)", (4, 256), (4, 256), (0.047, 120), (6 / 255, 0)),
    "clip within the range": ("Clip(xd, zero, six)", (4, 256), (4, 256), (0.047, 120), (0.051, 30)),
    "linear": ("Resize <mode = \"linear\"> (xd, , sizes)", (1, 3, 5, 7), (1, 3, 10, 21), (0.03, 9), (0.03, 9)),
    "nearest": ("Resize <mode = \"nearest\"> (xd, , sizes)", (1, 3, 5, 7), (1, 3, 10, 21), (0.03, 9), (0.03, 9)),
}


@pytest.mark.parametrize("kind", LOW)
@pytest.mark.parametrize("name", ONE)
def test_operators_of_one_input(name, kind, tmp_path):
    rng = np.random.default_rng(4)
    operator, shape, result, x, y = ONE[name]
    constants = {"zero": np.float32(0), "six": np.float32(6), "sizes": np.float32([1, 1, 2, 3])}
    model = build(kind, {"x": shape}, result, f"r = {operator}", {"x": x, "y": y},
                  {key: value for key, value in constants.items() if key in operator})
    check(model, [{"x": array} for array in extremes(kind, shape, rng)], tmp_path)


@pytest.mark.parametrize("kind", LOW)
def test_concat(kind, tmp_path):
    """Operands of unlike scales are requantized, one of the result's scale is not."""
    rng = np.random.default_rng(5)
    shapes = {"a": (1, 3, 8, 32), "b": (1, 4, 8, 32), "c": (1, 1, 8, 32)}
    model = build(kind, shapes, (1, 8, 8, 32), "r = Concat <axis = 1> (ad, bd, cd)",
                  {"a": (0.037, 120), "b": (0.0519, 20), "c": (0.0457, 90), "y": (0.0457, 90)}, {})
    arrays = {name: extremes(kind, shape, rng) for name, shape in shapes.items()}
    check(model, [{name: arrays[name][i] for name in shapes} for i in range(4)], tmp_path)
