# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Imported models compute, in the reference interpreter, what onnxruntime computes, and exported ones likewise."""
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import nibble

ort = pytest.importorskip("onnxruntime")
ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(os.environ.get("NIBBLE_BUILD_DIR", ROOT / "build")) / "bin"
GENERATED = ["dense", "conv_dense", "depthwise", "residual", "bn_shape"]


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    subprocess.run([sys.executable, ROOT / "test/Inputs/make_models.py", folder], check=True)
    return {name: folder / f"{name}.onnx" for name in GENERATED} | {"digits": ROOT / "examples/digits/digits.onnx"}


def feeds(model, batch=2):
    rng = np.random.default_rng(7)
    weights = {tensor.name for tensor in model.graph.initializer}
    shapes = {value.name: [dim.dim_value or batch for dim in value.type.tensor_type.shape.dim]
              for value in model.graph.input if value.name not in weights}
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def run(path, feed):
    return ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, feed)


def translate(*arguments):
    subprocess.run([TOOLS / "nibble-translate", *arguments], check=True)


def interpret(model, feed, folder):
    """The results of a model whose inputs have become constants."""
    for name, array in feed.items():
        model.graph.input.remove(next(value for value in model.graph.input if value.name == name))
        model.graph.initializer.append(numpy_helper.from_array(array, name))
    onnx.save(model, folder / "constant.onnx")
    translate("--import-onnx", folder / "constant.onnx", "-o", folder / "constant.mlir")
    out = subprocess.run([TOOLS / "nibble-interpret", folder / "constant.mlir"], check=True, capture_output=True, text=True)
    lists = [line.split(" = [")[1].rstrip("]") for line in out.stdout.splitlines() if " = [" in line]
    return [np.array(text.split(","), np.float32) for text in lists]


@pytest.mark.parametrize("name", GENERATED + ["digits"])
def test_import_computes_what_onnxruntime_does(models, name, tmp_path):
    model = onnx.load(models[name])
    feed = feeds(model)
    for want, got in zip(run(models[name], feed), interpret(model, feed, tmp_path), strict=True):
        np.testing.assert_allclose(got, want.ravel(), rtol=1e-4, atol=1e-4 * np.abs(want).max())


@pytest.mark.parametrize("name", GENERATED + ["digits"])
def test_export_computes_what_the_model_did(models, name, tmp_path):
    translate("--import-onnx", models[name], "-o", tmp_path / "model.mlir")
    translate("--export-onnx", tmp_path / "model.mlir", "-o", tmp_path / "model.onnx")
    feed = feeds(onnx.load(models[name]))
    for want, got in zip(run(models[name], feed), run(tmp_path / "model.onnx", feed), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4 * np.abs(want).max())


def quantized(folder):
    """A small QDQ model: a convolution of bytes and a sum, as quantizers write them."""
    rng = np.random.default_rng(3)
    weight = rng.integers(-127, 128, (4, 3, 3, 3)).astype(np.int8)
    bias = rng.integers(-500, 500, 4).astype(np.int32)
    scales = np.array([0.01, 0.02, 0.005, 0.015], np.float32)
    text = """<ir_version: 8, opset_import: ["" : 13]>
    g (float[N,3,8,8] x) => (float[N,4,8,8] y)
    <float sx = {0.03}, uint8 zx = {120}, int8[4] zw = {0,0,0,0}, float sc = {0.05}, uint8 zc = {128},
     float sy = {0.1}, uint8 zy = {100}> {
      q = QuantizeLinear(x, sx, zx)
      d = DequantizeLinear(q, sx, zx)
      wd = DequantizeLinear <axis = 0> (w, sw, zw)
      bd = DequantizeLinear <axis = 0> (b, sb)
      c = Conv <pads = [1, 1, 1, 1]> (d, wd, bd)
      cq = QuantizeLinear(c, sc, zc)
      cd = DequantizeLinear(cq, sc, zc)
      s = Add(cd, cd)
      sq = QuantizeLinear(s, sy, zy)
      y = DequantizeLinear(sq, sy, zy)
    }"""
    model = onnx.parser.parse_model(text)
    model.graph.initializer.extend([numpy_helper.from_array(weight, "w"), numpy_helper.from_array(bias, "b"),
                                    numpy_helper.from_array(scales, "sw"),
                                    numpy_helper.from_array(scales * np.float32(0.03), "sb")])
    onnx.save(model, folder / "qdq.onnx")
    return folder / "qdq.onnx"


def test_quantized_graph_survives_export(tmp_path):
    """import, quantize (NHWC inside), export: no transposes, the same bytes; and once more, the same graph."""
    source = quantized(tmp_path)
    feed = feeds(onnx.load(source))
    graphs = []
    for stage in range(2):
        translate("--import-onnx", source, "-o", tmp_path / "model.mlir", "--mlir-print-debuginfo")
        subprocess.run([TOOLS / "nibble-opt", "--nibble-phase-normalize", "--nibble-phase-quantize",
                        tmp_path / "model.mlir", "-o", tmp_path / "quantized.mlir", "--mlir-print-debuginfo"], check=True)
        plain = subprocess.run([TOOLS / "nibble-opt", tmp_path / "quantized.mlir"], check=True, capture_output=True, text=True)
        graphs.append(plain.stdout.split("func.func")[1])
        translate("--export-onnx", tmp_path / "quantized.mlir", "-o", tmp_path / f"again{stage}.onnx")
        exported = tmp_path / f"again{stage}.onnx"
        assert not any(node.op_type == "Transpose" for node in onnx.load(exported).graph.node)
        want, got = run(source, feed)[0], run(exported, feed)[0]
        assert np.abs(want - got).max() <= 0.1001 and (want != got).mean() < 1e-3
        source = exported
    assert graphs[0] == graphs[1]


# One row an operator: what is fed, or held as weights, and the attributes. Shapes are those of graph inputs ("N" is a
# batch of 2), arrays are weights.
def ints(*values):
    return np.array(values, np.int64)


def floats(*shape, low=-1.0, high=1.0):
    return np.random.default_rng(1).uniform(low, high, shape).astype(np.float32)


MATRIX, IMAGE = ("N", 5), ("N", 4, 6, 7)
OPERATORS = {
    # functions of one tensor
    **{op: (op, [MATRIX], {}) for op in (
        "Abs", "Ceil", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Mish", "Neg",
        "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Softplus", "Softsign", "Tanh")},
    "Celu": ("Celu", [MATRIX], {"alpha": 0.7}),
    "Clip": ("Clip", [MATRIX, np.float32(-0.5), np.float32(0.25)], {}),
    "Clip-between": ("Clip", [MATRIX, (), ()], {}),
    "Clip-6": ("Clip", [MATRIX], {"min": -0.5, "max": 0.25}, 6),
    **{op: (op, [MATRIX], {}) for op in (
        "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh")},
    "Gelu": ("Gelu", [MATRIX], {}, 20),
    "Gelu-tanh": ("Gelu", [MATRIX], {"approximate": "tanh"}, 20),
    "PRelu": ("PRelu", [IMAGE, floats(4, 1, 1)], {}),
    "Shrink": ("Shrink", [MATRIX], {"lambd": 0.4, "bias": 0.1}),
    "ThresholdedRelu": ("ThresholdedRelu", [MATRIX], {"alpha": 0.3}),
    "ThresholdedRelu-negative": ("ThresholdedRelu", [MATRIX], {"alpha": -0.3}),
    # functions of two and more, broadcast
    **{op: (op, [MATRIX, MATRIX], {}) for op in ("Add", "Sub", "Mul", "Div", "Min", "Max", "Sum", "Mean")},
    **{f"{op}-constant": (op, [IMAGE, floats(4, 1, 1, low=0.5)], {}) for op in ("Add", "Sub", "Mul", "Div")},
    "Add-7": ("Add", [IMAGE, IMAGE], {}, 7),
    "Pow": ("Pow", [MATRIX, np.float32(2)], {}),
    "Max-3": ("Max", [MATRIX, MATRIX, MATRIX], {}),
    "Sum-3": ("Sum", [MATRIX, MATRIX, MATRIX], {}),
    # products
    "MatMul": ("MatMul", [MATRIX, floats(5, 3)], {}),
    "MatMul-vector": ("MatMul", [MATRIX, floats(5)], {}),
    "MatMul-stack": ("MatMul", [("N", 3, 4, 5), ("N", 3, 5, 6)], {}),
    "Gemm": ("Gemm", [MATRIX, floats(3, 5), floats(3)], {"transB": 1, "alpha": 0.5, "beta": 2.0}),
    "Conv": ("Conv", [IMAGE, floats(6, 2, 3, 3), floats(6)], {"group": 2, "strides": [2, 1], "pads": [1, 0, 1, 2]}),
    "Conv-flat": ("Conv", [("N", 4, 9), floats(6, 4, 3)], {"pads": [1, 1], "dilations": [2]}),
    "Conv-same": ("Conv", [IMAGE, floats(6, 4, 3, 3)], {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "ConvTranspose-larger": ("ConvTranspose", [IMAGE, floats(4, 3, 3, 3), floats(3)], {
        "strides": [2, 2], "output_shape": [14, 16]}),
    "ConvTranspose": ("ConvTranspose", [IMAGE, floats(4, 3, 3, 3)], {"strides": [2, 2], "output_padding": [1, 1]}),
    # pools
    "MaxPool": ("MaxPool", [IMAGE], {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 0, 1, 1]}),
    "MaxPool-ceil": ("MaxPool", [IMAGE], {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}),
    "MaxPool-dilated": ("MaxPool", [IMAGE], {"kernel_shape": [2, 2], "dilations": [2, 3]}),
    "AveragePool": ("AveragePool", [IMAGE], {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    "AveragePool-padded": ("AveragePool", [IMAGE], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}),
    "AveragePool-flat": ("AveragePool", [("N", 4, 9)], {"kernel_shape": [2], "strides": [2]}),
    "LpPool": ("LpPool", [IMAGE], {"kernel_shape": [2, 2], "strides": [2, 2]}),
    "GlobalAveragePool": ("GlobalAveragePool", [IMAGE], {}),
    "GlobalMaxPool": ("GlobalMaxPool", [IMAGE], {}),
    "GlobalLpPool": ("GlobalLpPool", [IMAGE], {"p": 1}),
    # reductions
    **{op: (op, [IMAGE, ints(1, 3)], {}, 18) for op in (
        "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare",
        "ReduceLogSumExp")},
    "ReduceMean-dropped": ("ReduceMean", [IMAGE], {"axes": [-1], "keepdims": 0}, 13),
    "ReduceMean-image": ("ReduceMean", [IMAGE], {"axes": [2, 3], "keepdims": 0}, 11),
    "ReduceSum-all": ("ReduceSum", [(3, 4)], {"keepdims": 0}),
    # normalizations
    "BatchNormalization": ("BatchNormalization", [IMAGE, floats(4), floats(4), floats(4), floats(4, low=0.1)], {}),
    "InstanceNormalization": ("InstanceNormalization", [IMAGE, floats(4), floats(4)], {}),
    "LayerNormalization": ("LayerNormalization", [MATRIX, floats(5), floats(5)], {}),
    "GroupNormalization": ("GroupNormalization", [IMAGE, floats(4), floats(4)], {"num_groups": 2}, 21),
    "LpNormalization": ("LpNormalization", [MATRIX], {"axis": 1, "p": 1}),
    "LpNormalization-2": ("LpNormalization", [MATRIX], {"axis": 1}),
    "LRN": ("LRN", [IMAGE], {"size": 3, "alpha": 0.2, "beta": 0.5, "bias": 1.5}),
    "MeanVarianceNormalization": ("MeanVarianceNormalization", [IMAGE], {"axes": [2, 3]}),
    "Softmax": ("Softmax", [MATRIX], {}),
    "Softmax-inner": ("Softmax", [IMAGE], {"axis": 1}),
    "Softmax-11": ("Softmax", [IMAGE], {"axis": 1}, 11),
    "LogSoftmax": ("LogSoftmax", [MATRIX], {"axis": 1}),
    # data movement
    "CenterCropPad": ("CenterCropPad", [IMAGE, ints(3, 9)], {"axes": [2, 3]}, 18),  # ONNX defines it by others
    "Concat": ("Concat", [IMAGE, IMAGE], {"axis": 1}),
    "Concat-last": ("Concat", [MATRIX, MATRIX, MATRIX], {"axis": -1}),
    "DepthToSpace": ("DepthToSpace", [IMAGE], {"blocksize": 2}),
    "DepthToSpace-crd": ("DepthToSpace", [IMAGE], {"blocksize": 2, "mode": "CRD"}),
    "Dropout": ("Dropout", [MATRIX], {}),
    "Expand": ("Expand", [("N", 1, 5), ints(1, 3, 1)], {}),
    "Flatten": ("Flatten", [IMAGE], {}),
    "Gather": ("Gather", [IMAGE, ints(3, 0, -2)], {"axis": 2}),
    "Gather-scalar": ("Gather", [IMAGE, np.int64(1)], {"axis": 1}),
    "Pad": ("Pad", [IMAGE, ints(0, 0, 1, 2, 0, 0, 2, 0), np.float32(0.5)], {}),
    "Pad-edge": ("Pad", [IMAGE, ints(0, 0, 1, 2, 0, 0, 2, 0)], {"mode": "edge"}),
    "Pad-reflect": ("Pad", [IMAGE, ints(0, 0, 1, 2, 0, 0, 2, 0)], {"mode": "reflect"}),
    "Pad-shift": ("Pad", [IMAGE, ints(0, 0, 1, 0, 0, 0, -1, 0)], {}),
    "Pad-2": ("Pad", [IMAGE], {"pads": [0, 0, 1, 1, 0, 0, 0, 0], "value": 1.0}, 2),
    "Pad-crop": ("Pad", [IMAGE, ints(0, 0, -1, 0, 0, 0, 0, -2)], {}),
    "Reshape": ("Reshape", [IMAGE, ints(0, -1)], {}),
    "Resize": ("Resize", [IMAGE, "", np.float32([1, 1, 2, 2])], {"mode": "nearest"}),
    "Resize-floor": ("Resize", [IMAGE, "", np.float32([1, 1, 2, 3])], {
        "mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}),
    **{f"Resize-{start}-{end}": ("Resize", [(1, 2, start, 4), "", "", ints(1, 2, end, 4)], {
        "mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"})
       for start, end in [(6, 2), (36, 12), (24, 4), (48, 16), (7, 3), (5, 11), (10, 30)]},
    "Resize-half": ("Resize", [(1, 4, 6, 7), "", "", ints(1, 4, 9, 5)], {"mode": "nearest", "nearest_mode": "round_prefer_ceil"}),
    "Upsample": ("Upsample", [IMAGE, np.float32([1, 1, 2, 2])], {"mode": "nearest"}, 9),
    "Slice": ("Slice", [IMAGE, ints(1, -1), ints(4, -6), ints(2, 3), ints(1, -2)], {}),
    "Slice-1": ("Slice", [IMAGE], {"axes": [1], "starts": [1], "ends": [3]}, 9),
    "SpaceToDepth": ("SpaceToDepth", [("N", 3, 4, 6)], {"blocksize": 2}),
    "Split": ("Split", [IMAGE, ints(1, 3)], {"axis": 1}),
    "Squeeze": ("Squeeze", [("N", 1, 5), ints(1)], {}),
    "Tile": ("Tile", [("N", 3, 2), ints(1, 2, 3)], {}),
    "Transpose": ("Transpose", [IMAGE], {"perm": [0, 2, 3, 1]}),
    "Transpose-swap": ("Transpose", [IMAGE], {"perm": [0, 3, 1, 2]}),
    "Unsqueeze": ("Unsqueeze", [MATRIX, ints(1, 3)], {}),
}
ADDED = {"Mish": 18, "Split": 13}  # opsets of operators that are younger than the table's 17, or changed


def operator_model(op, operands, attributes, opset=17):
    """A model of one node, and what to feed it."""
    rng = np.random.default_rng(2)
    inputs, weights, names, feed = [], [], [], {}
    for i, operand in enumerate(operands):
        names.append("" if isinstance(operand, str) else f"x{i}")
        if isinstance(operand, tuple):
            inputs.append(helper.make_tensor_value_info(f"x{i}", onnx.TensorProto.FLOAT, operand))
            shape = [2 if extent == "N" else extent for extent in operand]
            feed[f"x{i}"] = rng.uniform(-2, 2, shape).astype(np.float32)
        elif not isinstance(operand, str):
            weights.append(numpy_helper.from_array(np.asarray(operand), f"x{i}"))
    results = {"Split": ["y", "z"], "LayerNormalization": ["y", "mean", "inverse"]}.get(op, ["y"])
    node = helper.make_node(op, names, results, "tested", **attributes)
    outputs = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in results]
    graph = helper.make_graph([node], "g", inputs, outputs, weights)
    opsets = [helper.make_opsetid("", opset)]
    model = onnx.shape_inference.infer_shapes(helper.make_model(graph, opset_imports=opsets, ir_version=8))
    for value in model.graph.output:
        if not value.type.tensor_type.HasField("shape"):  # ONNX infers none for GroupNormalization
            value.type.CopyFrom(model.graph.input[0].type)
    return model, feed


@pytest.mark.parametrize("name", OPERATORS)
def test_operator(name, tmp_path):
    """Compiled, interpreted and in onnxruntime: the same numbers, the first two to the bit."""
    op, operands, attributes, *opset = OPERATORS[name]
    model, feed = operator_model(op, operands, attributes, *(opset or [ADDED.get(op, 17)]))
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    compiled = nibble.compile(path, weights="float")
    for want, got, exact in zip(run(path, feed), compiled.run(feed), compiled.reference(feed), strict=True):
        assert got.tobytes() == exact.tobytes()
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def values(*shapes):
    return [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in shapes]


def save(path, nodes, inputs, outputs, weights=()):
    graph = helper.make_graph(nodes, "g", values(*inputs), values(*outputs), list(weights))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_batch_without_a_name(tmp_path):
    path = save(tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"])], [("x", [None, 4])], [("y", [None, 4])])
    array = np.arange(-6, 6, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(nibble.compile(path, weights="float").run({"x": array})[0], np.maximum(array, 0))


def test_batches_that_may_differ(tmp_path):
    nodes = [helper.make_node("Relu", ["a"], ["y"]), helper.make_node("Relu", ["b"], ["z"])]
    path = save(tmp_path / "m.onnx", nodes, [("a", ["N", 4]), ("b", [None, 4])], [("y", ["N", 4]), ("z", [None, 4])])
    model = nibble.compile(path, weights="float")
    for n, m in (1, 1), (3, 2), (0, 5):
        a, b = np.linspace(-1, 1, 4 * n, dtype=np.float32).reshape(n, 4), np.linspace(-2, 1, 4 * m, dtype=np.float32).reshape(m, 4)
        for actual, expected in zip(model.run({"a": a, "b": b}), (np.maximum(a, 0), np.maximum(b, 0)), strict=True):
            np.testing.assert_array_equal(actual, expected)


def test_scalar_beside_a_batch(tmp_path):
    path = save(tmp_path / "m.onnx", [helper.make_node("Mul", ["x", "s"], ["y"])], [("x", ["N", 4]), ("s", [])],
                [("y", ["N", 4])])
    x, s = np.arange(8, dtype=np.float32).reshape(2, 4), np.float32(3)
    np.testing.assert_array_equal(nibble.compile(path, weights="float").run({"x": x, "s": s})[0], x * s)
