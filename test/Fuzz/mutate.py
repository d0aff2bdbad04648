# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Damages files: bytes, tokens of MLIR, fields of an ONNX model, headers of numpy arrays. All from one random.Random."""
import io
import random
import re
import zipfile

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto

EXTREMES = [0, -1, 1, 2, 3, 7, 255, 65536, 2**31 - 1, -(2**31), 2**31, 2**32, 2**62, 2**63 - 1, -(2**63)]
REALS = ["0.0", "-0.0", "1.0e38", "1.0e-45", "0x7F800000", "0xFFC00000", "-3.5"]


def damage_bytes(data: bytes, rng: random.Random) -> bytes:
    """Flips, overwrites, removes, repeats or cuts off."""
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5])):
        at, length = rng.randrange(len(data) + 1), rng.choice([1, 1, 2, 4, 8, 33])
        kind = rng.randrange(6)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at:at + length] = bytes([rng.choice([0, 1, 0x7F, 0x80, 0xFF])]) * length
        elif kind == 2:
            del data[at:at + length]
        elif kind == 3:
            data[at:at] = data[at:at + length]
        elif kind == 4:
            data[at:at + length] = rng.randbytes(length)
        elif rng.random() < 0.3:
            del data[at:]
    return bytes(data)


def damage_mlir(text: str, rng: random.Random) -> str:
    """Changes tokens: numbers to extremes, names and types to others of the same text."""
    tokens = re.findall(r"\s+|-?\d+\.\d+(?:e[+-]?\d+)?|-?\d+|[%@#!]?[\w$.]+|->|.", text)
    words = [i for i, token in enumerate(tokens) if not token.isspace()]
    for _ in range(rng.choice([1, 1, 2, 4])):
        i = rng.choice(words)
        if re.fullmatch(r"-?\d+", tokens[i]):
            tokens[i] = str(rng.choice(EXTREMES))
        elif re.fullmatch(r"-?\d+\.\d+.*", tokens[i]):
            tokens[i] = rng.choice(REALS)
        elif (sizes := re.findall(r"\d+x", tokens[i])) and rng.random() < 0.7:
            tokens[i] = tokens[i].replace(rng.choice(sizes), rng.choice(["0x", "?x", "1x", "", "3x3x", "4294967296x"]), 1)
        else:
            tokens[i] = rng.choice(["", tokens[i] * 2, tokens[rng.choice(words)], tokens[rng.choice(words)]])
    return "".join(tokens)


def damage_attribute(attribute: AttributeProto, rng: random.Random) -> None:
    if attribute.ints and rng.random() < 0.8:
        attribute.ints[rng.randrange(len(attribute.ints))] = rng.choice(EXTREMES)
    elif attribute.ints:
        del attribute.ints[rng.randrange(len(attribute.ints)):]
    elif attribute.type == AttributeProto.INT:
        attribute.i = rng.choice(EXTREMES)
    elif attribute.type == AttributeProto.FLOAT:
        attribute.f = rng.choice([0.0, float("nan"), float("inf"), -1.0])
    else:
        attribute.type = rng.randrange(12)


def damage_tensor(tensor: TensorProto, rng: random.Random) -> None:
    kind = rng.randrange(5)
    if kind == 0 and tensor.dims:
        tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(EXTREMES)
    elif kind == 1:
        tensor.dims.append(rng.choice([0, 1, 2**40]))
    elif kind == 2 and tensor.dims:
        del tensor.dims[0]
    elif kind == 3:
        tensor.data_type = rng.randrange(24)
    else:
        tensor.raw_data = damage_bytes(tensor.raw_data, rng)


def damage_node(node: onnx.NodeProto, graph: onnx.GraphProto, rng: random.Random) -> None:
    kind = rng.randrange(5)
    if kind == 0 and node.attribute:
        damage_attribute(rng.choice(node.attribute), rng)
    elif kind == 1 and node.attribute:
        del node.attribute[rng.randrange(len(node.attribute))]
    elif kind == 2 and node.input:
        names = [t.name for t in graph.initializer] + [i for n in graph.node for i in n.input] + ["", "nothing"]
        node.input[rng.randrange(len(node.input))] = rng.choice(names)
    elif kind == 3 and node.input:
        del node.input[rng.randrange(len(node.input)):]
    else:
        node.op_type = rng.choice(["Add", "Concat", "Conv", "Gather", "Gemm", "Loop", "MatMul", "MaxPool", "Pad", "Reshape",
                                   "Resize", "Slice", "Softmax", "Split", "Squeeze", "Transpose", "Unsqueeze", "Where"])


def damage_onnx(data: bytes, rng: random.Random) -> bytes:
    """Mostly changes fields, which gets further than changing bytes."""
    if rng.random() < 0.25:
        return damage_bytes(data, rng)
    model = onnx.load_from_string(data)
    graph = model.graph
    for _ in range(rng.choice([1, 1, 2, 3])):
        kind = rng.randrange(7)
        if kind <= 2 and graph.node:
            damage_node(rng.choice(graph.node), graph, rng)
        elif kind <= 4 and graph.initializer:
            damage_tensor(rng.choice(graph.initializer), rng)
        elif kind == 5 and graph.input:
            shape = rng.choice(graph.input).type.tensor_type.shape
            if shape.dim:
                rng.choice(shape.dim).dim_value = rng.choice(EXTREMES)
        elif model.opset_import:
            model.opset_import[0].version = rng.choice([0, 1, 6, 9, 13, 17, 99, -1])
    return model.SerializeToString()


def damage_npz(data: bytes, rng: random.Random) -> bytes:
    """Mostly writes a valid archive round a damaged array, as an archive's own checks stop the rest."""
    if rng.random() < 0.4:
        return damage_bytes(data, rng)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            array = source.read(name)
            header, _, content = array.partition(b"\n")
            if rng.random() < 0.5:
                shape = tuple(rng.choice(EXTREMES) for _ in range(rng.randrange(5)))
                header = re.sub(rb"\(.*\)", repr(shape).encode(), header)
            elif rng.random() < 0.5:
                kind = rng.choice([b"<f8", b">f4", b"|O", b"|V4", b"<U3", b"|b1", b"<c8", b"|u1"])
                header = re.sub(rb"[<|>][a-z]\d", kind, header)
            else:
                array = damage_bytes(array, rng)
                header, _, content = array.partition(b"\n")
            target.writestr(name, header + b"\n" + content, rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    return out.getvalue()


def example_npz() -> bytes:
    out = io.BytesIO()
    np.savez(out, x=np.arange(26, dtype=np.float32).reshape(2, 13), mask=np.zeros((), np.uint8))
    return out.getvalue()
