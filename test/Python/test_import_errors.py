# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the importer refuses: each message by a small model that earns it."""
import math
import os
import re
import subprocess
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

import nibble

ROOT = Path(__file__).resolve().parents[2]
TRANSLATE = Path(os.environ.get("NIBBLE_BUILD_DIR", ROOT / "build")) / "bin/nibble-translate"


def complain(path, *flags):
    run = subprocess.run([TRANSLATE, "--import-onnx", *flags, path], capture_output=True, text=True)
    assert run.returncode == 1, run.stdout or run.returncode
    return run.stderr


def fill(match):
    count = math.prod(int(extent) for extent in match[1].split(","))
    return f"[{match[1]}] {match[2]} = {{{', '.join(['1'] * count)}}}"


def refusal(folder, body, inputs="float[2,6] x", weights="", opset=17, ir=8):
    """The error of a graph that is `body`, in ONNX's own text. ONNX does not see the shape of a `hidden` input: it lets
    pass what it would refuse itself."""
    if inputs.startswith("hidden"):
        inputs = inputs.replace("hidden", "uint8") + "8"
        body = "x = com.microsoft.DequantizeLinear(x8, x_scale, x_zero) " + body
        weights = ", ".join(filter(None, [weights, "float x_scale = {1}, uint8 x_zero = {0}"]))
    weights = re.sub(r"\[([\d,]+)\] (\w+) = \{\}", fill, weights)
    text = f"""<ir_version: {ir}, opset_import: ["" : {opset}, "com.microsoft" : 1, "ai.onnx.ml" : 5]>
        g ({inputs}) => (int64[K] rank) <{weights}> {{ {body} rank = Shape(y) }}"""
    model = onnx.parser.parse_model(text)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    return complain(folder / "model.onnx")


FLOAT = TensorProto.FLOAT
IMAGE = "float[1,4,8,8] x"
DYNAMIC = "float[A,B] x"
HIDDEN = "hidden[2,6] x"
HIDDEN_IMAGE = "hidden[1,4,8,8] x"
NODES = [
    # Convolutions.
    ("y = Conv<group=0>(x, w)", "attribute 'group' is 0, expected at least 1", IMAGE, "float[4,4,1,1] w = {}"),
    ("y = Conv(x, w)", "the filter's shape is not known at compile time", "float[1,4,8,8] x, float[4,4,K,K] w"),
    ("y = ConvTranspose<group=3>(x, w)", "attribute 'group' is 3, which does not divide the input's channels", HIDDEN_IMAGE,
     "float[4,4,1,1] w = {}"),
    ("y = ConvTranspose<output_padding=[1]>(x, w)", "attribute 'output_padding' does not fit the image", HIDDEN_IMAGE,
     "float[4,4,1,1] w = {}"),
    ("y = ConvTranspose<output_shape=[-1, 3]>(x, w)", "attribute 'output_shape' does not fit the image", HIDDEN_IMAGE,
     "float[4,4,1,1] w = {}"),
    # Movement.
    ("y = Transpose<perm=[0, 0]>(x)", "attribute 'perm' is no permutation of 2 dimensions", HIDDEN),
    ("y = Concat<axis=0>(x, b)", "inputs have unlike element types", HIDDEN, "int64[2,6] b = {}"),
    ("y = Concat<axis=0>(x, b)", "inputs have ranks 2 and 1", HIDDEN, "float[6] b = {}"),
    ("y, z = Split<num_outputs=3>(x)", "attribute 'num_outputs' is 3, but the node has 2 outputs", HIDDEN, "", 18),
    ("y, z = Split<axis=1>(x, p)", "has 2 outputs, expected 3", HIDDEN, "int64[3] p = {2, 2, 2}"),
    ("y, z = Split<axis=1>(x, p)", "the parts exceed axis 1 of extent 6", HIDDEN, "int64[2] p = {4, 4}"),
    ("y = Slice(x, s, e)", "starts, ends, axes and steps have unlike lengths", HIDDEN,
     "int64[1] s = {0}, int64[2] e = {1, 1}"),
    ("y = Slice(x, s, e, a, t)", "step 0 along axis 0", HIDDEN,
     "int64[1] s = {0}, int64[1] e = {1}, int64[1] a = {0}, int64[1] t = {0}"),
    ("a = Shape<end=1>(x) b = Shape<start=1>(x) e = Sub(a, b) y = Slice(x, s, e)",
     "slices axis 0 from 1 to A - B, and which of them count from the end is not known", DYNAMIC, "int64[1] s = {1}"),
    ("y = Slice(x, s, e)", "ends (input 2, 'e') is not known at compile time", "float[2,6] x, int64[1] e", "int64[1] s = {1}"),
    ("y = Pad<mode=\"mirror\">(x, p)", "attribute 'mode' is 'mirror', expected 'constant', 'edge', 'reflect' or 'wrap'", "float[2,6] x",
     "int64[4] p = {0, 0, 0, 0}"),
    ("y = Pad(x, p)", "has 3 pads, expected 4", HIDDEN, "int64[3] p = {0, 0, 0}"),
    ("y = Pad(x, p)", "pads axis 1 by 0 and 4611686018427387904", "float[2,6] x", "int64[4] p = {0, 0, 0, 4611686018427387904}"),
    ("y = Pad(x, p)", "crops more of axis 1 than there is", "float[2,6] x", "int64[4] p = {0, -4, 0, -4}"),
    ("y = Gather<axis=1>(x, i)", "an index lies outside axis 1 of extent 6", "float[2,6] x", "int64[1] i = {6}"),
    ("y = DepthToSpace<blocksize=3>(x)", "attribute 'blocksize' is 3, which does not divide the channels", IMAGE),
    ("y = SpaceToDepth<blocksize=3>(x)", "attribute 'blocksize' is 3, which does not divide the image", IMAGE),
    ("y = Expand(x, s)", "the shape (input 1, 's') is not known at compile time", "float[1,6] x, int64[2] s"),
    ("y = Tile(x, r)", "has 1 repeats, expected 2", HIDDEN, "int64[1] r = {2}"),
    ("y = Tile(x, r)", "repeats an axis 0 times, expected at least once", "float[2,6] x", "int64[2] r = {0, 1}"),
    # Shapes.
    ("y = Reshape(x, s)", "the shape copies extent 2 of a tensor of rank 2", HIDDEN, "int64[3] s = {0, 0, 0}"),
    ("y = Reshape(x, s)", "the shape has more than one -1", HIDDEN, "int64[2] s = {-1, -1}"),
    ("y = Reshape(x, s)", "cannot reshape [2x6] to [-1x5]", HIDDEN, "int64[2] s = {-1, 5}"),
    ("y = Reshape(x, s)", "cannot reshape [2x6] to [2x5]", "float[2,6] x", "int64[2] s = {2, 5}"),
    ("a = Shape<end=1>(x) b = Sub(a, one) s = Concat<axis=0>(b, rest) y = Reshape(x, s)",
     "the shape of the result, [(A - 1)x?0], does not follow from the inputs' shapes | give the input a fixed shape", DYNAMIC,
     "int64[1] one = {1}, int64[1] rest = {-1}"),
    ("y = Flatten<axis=1>(x)", "the shape [2x2000000000x2000000000x2000000000] is too large",
     "hidden[2,2000000000,2000000000,2000000000] x"),
    ("y = Squeeze(x, a)", "cannot squeeze axis 1 of extent 6", HIDDEN, "int64[1] a = {1}"),
    ("y = Unsqueeze(x, a)", "the axes contain doubles", HIDDEN, "int64[2] a = {3, 3}"),
    ("y = Unsqueeze(x, a)", "axis 7 lies outside a tensor of rank 3", HIDDEN, "int64[1] a = {7}"),
    ("y = Dropout(x, r, t)", "training mode is set | export the model for inference", "float[2,6] x", "float r = {0.5}, bool t = {1}"),
    # Products.
    ("y = MatMul(x, b)", "contracted extents 6 and 5 differ", HIDDEN, "float[5,3] b = {}"),
    ("y = MatMul(x, b)", "inputs have ranks 2 and 0, expected at least 1", HIDDEN, "float b = {1}"),
    ("y = Gemm(x, b)", "inputs 0 and 1 must have rank 2", HIDDEN, "float[6] b = {}"),
    ("y = Add(x, b)", "shapes [2x6] and [2x5] do not broadcast", HIDDEN, "float[2,5] b = {}"),
    ("y = com.microsoft.QuantizeLinear(x, )", "input 1 is missing"),
    # Scalar programs.
    ("y = Gemm<alpha=0.5>(x, b)", "attributes 'alpha' and 'beta' must be whole for integers, got 0.5", "int32[2,6] x",
     "int32[6,3] b = {}"),
    ("y = Det(x)", "input 0 has shape [2x6], expected square matrices", HIDDEN),
    ("y = Det(x)", "the matrices have 65 rows, expected 1 to 64", "float[65,65] x"),
    ("y = Einsum<equation=\"ij->i?\">(x)", "attribute 'equation' is 'ij->i?', expected letters, ',', '->' and an ellipsis a term",
     HIDDEN),
    ("y = Einsum<equation=\"i,j\">(x)", "which has 2 terms for 1 inputs", HIDDEN),
    ("y = Einsum<equation=\"i\">(x)", "which has 1 indices for an input of rank 2", HIDDEN),
    ("y = Einsum<equation=\"ii\">(x)", "which gives an index the extents 2 and 6", HIDDEN),
    ("y = Einsum<equation=\"ij->ii\">(x)", "whose result has an index twice", HIDDEN),
    ("y = Einsum<equation=\"ij->k\">(x)", "whose result has an index that no input has", HIDDEN),
    # Integers, and what is along an axis.
    ("y = BitShift<direction=\"UP\">(x, x)", "attribute 'direction' is 'UP', expected 'LEFT' or 'RIGHT'", "uint8[2,6] x"),
    ("y = CumSum(x, a)", "input 0 has rank 0, expected at least 1", "hidden x", "int64 a = {0}"),
    ("y = ReduceSum(x, a)", "axes (input 1, 'a') is not known at compile time", "float[2,6] x, int64[1] a"),
    # Norms.
    ("y = BatchNormalization(x, s, s, s, s)", "input 0 has rank 1, expected at least 2", "hidden[6] x", "float[6] s = {}"),
    ("y = InstanceNormalization(x, s, s)", "input 0 has rank 2, expected at least 3", "float[2,6] x",
     "float[6] s = {}"),
    ("y = GroupNormalization<num_groups=4>(x, s, s)", "attribute 'num_groups' is 4, which does not divide the channels",
     "float[2,6,3] x", "float[6] s = {}", 21),
    ("y = LpNormalization<p=0>(x)", "attribute 'p' is 0, expected at least 1"),
    ("y = LRN<size=0>(x)", "has size 0 and rank 4, expected at least 1 and 3", IMAGE),
    # Windows.
    ("y = MaxPool<kernel_shape=[0, 2]>(x)", "attribute 'kernel_shape' does not fit the image", HIDDEN_IMAGE),
    ("y = LpPool<kernel_shape=[2, 2], p=0>(x)", "attribute 'p' is 0, expected at least 1", IMAGE),
    ("y = MaxPool<kernel_shape=[2, 2]>(x)", "input 0 has rank 2, expected at least 3 | images have a batch, channels and one or more spatial dimensions", HIDDEN),
    ("y = MaxPool<kernel_shape=[2, 2], strides=[1]>(x)", "attribute 'strides' has 1 entries, expected 2", HIDDEN_IMAGE),
    ("y = MaxPool<kernel_shape=[2, 2], strides=[0, 1]>(x)", "attribute 'strides' has entry 0, expected 1 to", HIDDEN_IMAGE),
    ("y = MaxPool<kernel_shape=[2, 2], pads=[0]>(x)", "attribute 'pads' has 1 entries, expected 4", HIDDEN_IMAGE),
    ("y = MaxPool<kernel_shape=[2, 2], pads=[-1, 0, 0, 0]>(x)", "attribute 'pads' has entry -1, expected 0 to", HIDDEN_IMAGE),
    ("y = MaxPool<kernel_shape=[9, 9]>(x)", "a window of 9 exceeds the padded image of 8", IMAGE),
    # Resizes.
    ("y = Resize<coordinate_transformation_mode=\"next\">(x, , s)",
     "attribute 'coordinate_transformation_mode' is 'next', which is not supported", IMAGE, "float[4] s = {1, 1, 2, 2}"),
    ("y = Resize<nearest_mode=\"next\">(x, , s)", "attribute 'nearest_mode' is 'next', which is not supported", IMAGE,
     "float[4] s = {1, 1, 2, 2}"),
    ("y = Resize(x, , s)", "scale 0.000000 along axis 2", IMAGE, "float[4] s = {1, 1, 0, 2}"),
    ("y = Resize(x, , s)", "scales (input 2, 's') is not known at compile time", "float[1,4,8,8] x, float[4] s"),
    ("y = Resize(x, , , z)", "sizes (input 3, 'z') is not known at compile time", "float[1,4,8,8] x, int64[4] z"),
    ("y = Resize(x, , s)", "scales or sizes do not fit 4 axes", HIDDEN_IMAGE, "float[3] s = {1, 1, 2}"),
    ("y = Resize<mode=\"area\">(x, , s)", "attribute 'mode' is 'area', expected 'nearest', 'linear' or 'cubic'",
     IMAGE, "float[4] s = {1, 1, 2, 2}"),
    ("y = Resize(x, , s)", "resizes axis 2 of extent 80 to 80000000", "float[1,1,80,8] x", "float[4] s = {1, 1, 1000000, 1}"),
    # Quantized values.
    ("q = QuantizeLinear(x, s, z) y = DequantizeLinear(q, s, z)", "has scale -1.000000, expected a positive number", "float[2,6] x",
     "float s = {-1}, uint8 z = {0}"),
    ("y = com.microsoft.DequantizeLinear(x, s)", "the scale (input 1, 's') is not of type FLOAT", "uint8[2,6] x", "int64 s = {1}"),
    ("y = com.microsoft.DequantizeLinear(x, s, s)", "the zero point (input 2, 's') is no integer", "uint8[2,6] x", "float s = {1}"),
    ("q = QuantizeLinear(w, s, z) y = DequantizeLinear(q, s, z)", "has 2 scales along axis 1 of extent 6", "float[2,6] x",
     "float[2,6] w = {}, float[2] s = {1, 1}, uint8[2] z = {0, 0}"),
    ("q = QuantizeLinear(w, s, z) y = DequantizeLinear(q, s, z)", "has 2 scales and 1 zero points", "float[2,6] x",
     "float[2,6] w = {}, float[2] s = {1, 1}, uint8[1] z = {0}"),
    ("q = com.microsoft.QuantizeLinear(x, s, z) y = com.microsoft.DequantizeLinear(q, s, z)", "quantized values of type INT64 are not supported",
     "float[2,6] x", "float s = {1}, int64 z = {0}"),
    ("y = com.microsoft.DequantizeLinear(w, s, z)", "input 0 and its zero point have unlike types", "float[2,6] x",
     "int8[2] w = {1, 2}, float s = {1}, uint8 z = {0}"),
    ("y = com.microsoft.DequantizeLinear<block_size=4, axis=0>(w, s)", "has scales of shape [3], expected [2]", "float[2,6] x",
     "int8[8] w = {}, float[3] s = {}"),
    ("y = com.microsoft.DequantizeLinear<block_size=-4, axis=0>(w, s)", "attribute 'block_size' is -4, expected 0 or more",
     "float[2,6] x", "int8[8] w = {}, float[2] s = {}"),
    ("q = QuantizeLinear(x, s, z) y = DequantizeLinear(q, t, z)",
     "input 0 ('q') was quantized by a scale that is constant, and this one is not", "float[2,6] x, float t",
     "float s = {1}, uint8 z = {0}"),
    ("q = QuantizeLinear(x, s) y = com.microsoft.QuantizeLinear(q, t)", "input 0 ('q') is quantized already",
     "float[2,6] x, float t", "float s = {1}"),
    ("t = Transpose(x8) y = com.microsoft.DequantizeLinear(t, s, z)", "input 0 and its zero point have unlike types",
     "uint8[2,6] x8, float s, int8 z"),
    ("t = Transpose(w) y = com.microsoft.DequantizeLinear(t, s, z)", "input 0 ('t') holds integers of no known scale",
     "float[2,6] x", "int8[1,2] w = {1, 2}, float s = {1}, uint8 z = {0}"),
    ("q = QLinearMatMul(a, s2, z2, w, s, z, s, z) y = DequantizeLinear(q, s, z)", "input 0 has 2 scales, expected 1",
     "uint8[2,6] a", "float[2] s2 = {}, uint8[2] z2 = {}, uint8 z = {0}, uint8[6,1] w = {}, float s = {1}"),
    ("q = QLinearMatMul(a, s, z, w, s, z, t, z2) y = DequantizeLinear(q, s, z)", "the result has 2 scales, expected 1",
     "uint8[2,6] a", "float[2] t = {}, uint8[2] z2 = {}, uint8 z = {0}, uint8[6,1] w = {}, float s = {1}"),
    ("q = QLinearMatMul(a, s, z, w, s, z, s, z) y = DequantizeLinear(q, s, z)", "inputs have ranks 1 and 2, expected at least 2",
     "uint8[6] a", "uint8 z = {0}, uint8[6,1] w = {}, float s = {1}"),
    ("q = com.microsoft.QGemm<alpha=2.0>(a, s, z, w, s, z, , s, z) y = DequantizeLinear(q, s, z)",
     "attribute 'alpha' other than 1 is not supported", "uint8[2,6] a",
     "uint8 z = {0}, uint8[6,1] w = {}, float s = {1}"),
    ("q = com.microsoft.QLinearSoftmax<axis=0, opset=12>(a, s, z, s, z) y = DequantizeLinear(q, s, z)",
     "attribute 'opset' below 13 is supported along the last axis only", "uint8[2,6] a", "uint8 z = {0}, float s = {1}"),
    ("q = com.microsoft.QLinearGlobalAveragePool<channels_last=1>(a, s, z, s, z) y = DequantizeLinear(q, s, z)",
     "attribute 'channels_last' is not supported", "uint8[1,4,8,8] a", "uint8 z = {0}, float s = {1}"),
    ("q = com.microsoft.QLinearGlobalAveragePool(a, s, z, s, z) y = DequantizeLinear(q, s, z)",
     "input 0 has rank 3, expected 4", "uint8[1,4,8] a", "uint8 z = {0}, float s = {1}"),
    ("q = com.microsoft.QLinearConcat(s, z) y = DequantizeLinear(q, s, z)", "has no inputs", "uint8[1,4] a",
     "uint8 z = {0}, float s = {1}"),
    ("q = QuantizeLinear<axis=0>(w, s, z) p = Reshape(q, r) y = DequantizeLinear<axis=0>(p, s, z)", "values quantized per axis cannot be reshaped",
     "float[2,6] x", "float[2,6] w = {}, float[2] s = {1, 2}, int8[2] z = {0, 0}, int64[3] r = {2, 2, 3}"),
    # Graphs.
    ("y = Flatten(x)", "the result would have shape [2x4000000000]", "hidden[2,2000000000,2] x"),
    ("q = QuantizeLinear(x, s, z) y = Cast<to=1>(q)", "conversion of !quant.uniform<u8:f32, 5.000000e-01> to f32 is not supported"
     " | bytes of an input become f32, where all that reads them are conversions and moves; give other integers as floats",
     "float[2,6] x", "float s = {0.5}, uint8 z = {0}"),
    ("y = EyeLike(x)", "input 0 has shape [AxB], expected two extents that are known at compile time", DYNAMIC),
    ("y = Relu(x)", "input 'x' has extent 4294967296, expected 0 to | an extent that is not known has a name in its place",
     "float[2,4294967296] x"),
    ("y = Neg(x)", "input 's' is not a tensor", "float[2,6] x, seq(float[2]) s"),
]


@pytest.mark.parametrize("case", NODES, ids=[f"{i}-{case[0].split(' = ')[1].split('(')[0]}" for i, case in enumerate(NODES)])
def test_node(case, tmp_path):
    body, message, inputs, weights, opset = (*case, *("float[2,6] x", "", 17)[len(case) - 2:])
    error = refusal(tmp_path, body, inputs, weights, opset)
    assert all(part in error for part in message.split(" | ")), error


def graph(nodes=(), inputs=(), outputs=(), weights=(), opsets=(("", 17), ("com.microsoft", 1))):
    if not nodes:
        nodes = [helper.make_node("Relu", ["x"], ["y"])]
        inputs = inputs or [helper.make_tensor_value_info("x", FLOAT, [2])]
        outputs = [helper.make_tensor_value_info("y", FLOAT, [2])]
    model = helper.make_model(helper.make_graph(nodes, "g", inputs, outputs, weights), ir_version=8,
                              opset_imports=[helper.make_opsetid(*opset) for opset in opsets])
    return model.SerializeToString()


def weight(data, shape=(2,), **external):
    """A weight whose bytes are `data`, or stand elsewhere."""
    tensor = TensorProto(name="w", data_type=FLOAT, dims=shape)
    if not external:
        tensor.raw_data = data
    else:
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in external.items():
            tensor.external_data.add(key=key, value=value)
    return [tensor]


FILES = [
    (lambda: graph(opsets=()), "the model declares no opset"),
    (lambda: graph(opsets=(("", 99),)), "the model has opset 99, expected at most"),
    (lambda: graph(weights=weight(b"123")), "tensor 'w' has 3 bytes of data, expected 8"),
    (lambda: graph(weights=weight(b"", (-1,))), "tensor 'w' has an impossible shape"),
    (lambda: graph(weights=weight(b"", location="/w", length="8")),
     "external data '/w' of tensor 'w' lies outside the model's folder | only relative paths without '..' are read"),
    (lambda: graph(weights=weight(b"", location="model.onnx", length="4")),
     "tensor 'w' has 4 bytes of external data, expected 8"),
    (lambda: graph(weights=weight(b"", location="model.onnx", length="many")),
     "tensor 'w' has external length 'many', expected a number"),
]


@pytest.mark.parametrize("make,message", FILES)
def test_file(make, message, tmp_path):
    (tmp_path / "model.onnx").write_bytes(make())
    error = complain(tmp_path / "model.onnx")
    assert all(part in error for part in message.split(" | ")), error


def test_training_operator(tmp_path):
    """Refused by its reason, unless it is kept."""
    names = ["r", "t", "x", "g", "h"]
    node = helper.make_node("Adagrad", names, ["y", "z"], "step", domain="ai.onnx.preview.training")
    value = helper.make_tensor_value_info
    inputs = [value("r", FLOAT, []), value("t", TensorProto.INT64, []), *(value(name, FLOAT, [2]) for name in names[2:])]
    (tmp_path / "train.onnx").write_bytes(graph([node], inputs, [value("y", FLOAT, [2])], opsets=[
        ("", 17), ("ai.onnx.preview.training", 1)]))
    error = complain(tmp_path / "train.onnx")
    assert "node 'step' (Adagrad" in error and "training operator: models are compiled for inference" in error


def test_what_cannot_be_read(tmp_path):
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(nibble.Error, match="cannot read the model: it is a directory"):
        nibble.compile(tmp_path / "folder.onnx", weights="float")
    with open(tmp_path / "large.onnx", "wb") as file:
        file.truncate(1 << 31)
    error = complain(tmp_path / "large.onnx")
    assert "the file has 2147483648 bytes, the format allows fewer than 2 GiB" in error
    assert "save the weights as external data beside the model" in error
    piped = subprocess.run([TRANSLATE, "--import-onnx"], input=b"", capture_output=True)
    assert b"--import-onnx needs a file name, since weights may lie beside the model" in piped.stderr


def test_what_cannot_be_kept(tmp_path):
    """Operations that --onnx-keep-unsupported cannot carry either."""
    value = helper.make_tensor_value_info
    inner = helper.make_graph([helper.make_node("Relu", ["x"], ["z"])], "inner", [], [value("z", FLOAT, [2])])
    strange = helper.make_node("Mystery", ["x"], ["y"], domain="com.microsoft", body=inner)
    (tmp_path / "body.onnx").write_bytes(graph([strange], [value("x", FLOAT, [2])], [value("y", FLOAT, [2])]))
    assert "attribute 'body' is of kind GRAPH, which is not supported" in complain(
        tmp_path / "body.onnx", "--onnx-keep-unsupported")
    nodes = [helper.make_node("Mystery", ["x"], ["z"], domain="com.microsoft"), helper.make_node("Relu", ["z"], ["y"])]
    (tmp_path / "mystery.onnx").write_bytes(graph(nodes, [value("x", FLOAT, [2])], [value("y", FLOAT, [2])]))
    assert "the shape of its result 'z' is not known, so that it cannot be kept as an onnx operation" in complain(
        tmp_path / "mystery.onnx", "--onnx-keep-unsupported")


@pytest.mark.parametrize("read, message", [
    ("y = Identity(s)", "value 'y' is computed from extents that are unknown at compile time"),
    ("y = Mul(s, factors)", "input 0 ('s') is computed from extents that are unknown at compile time"),
    ("y = Mul(s, factors)", "give the input a fixed shape")])
def test_extents_that_a_kept_operation_finds(read, message, tmp_path):
    """No input's shape tells how many elements its result has."""
    text = f"""<ir_version: 8, opset_import: ["" : 17, "other" : 1]>
        g (float[2] x, int64[1] factors) => (int64[1] y) <float[K] k> {{ k = other.Mystery(x) s = Shape(k) {read} }}"""
    onnx.save(onnx.parser.parse_model(text), tmp_path / "kept.onnx")
    assert message in complain(tmp_path / "kept.onnx", "--onnx-keep-unsupported")


def test_tensor_of_complex_numbers(tmp_path):
    weight = helper.make_tensor("w", TensorProto.COMPLEX64, [1], [1 + 2j])
    graph = helper.make_graph([helper.make_node("Identity", ["w"], ["y"])], "g", [],
                              [helper.make_tensor_value_info("y", TensorProto.COMPLEX64, [1])], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "m.onnx")
    assert "tensor 'w' has element type COMPLEX64, which is not supported" in complain(tmp_path / "m.onnx")
