# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""RNN, GRU and LSTM, unrolled or looped over: what onnxruntime computes, and the interpreter's bits."""
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import nibble

ort = pytest.importorskip("onnxruntime")
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
STEPS, BATCH, DEPTH, HIDDEN = 5, 3, 4, 6


def model(op, given=(), seed=0, steps=STEPS, batch=BATCH, lengths=None, dynamic=False, **attributes):
    """A model of one node with the operands `given`, of B, initial_h, initial_c and P; and what to feed it."""
    rng = np.random.default_rng(seed)
    count = 2 if attributes.get("direction") == "bidirectional" else 1
    first = attributes.get("layout", 0)

    def draw(*shape):
        return rng.uniform(-1, 1, shape).astype(np.float32)

    rows = GATES[op] * HIDDEN
    state = (batch, count, HIDDEN) if first else (count, batch, HIDDEN)
    weights = {"W": draw(count, rows, DEPTH), "R": draw(count, rows, HIDDEN)}
    weights |= {"B": draw(count, 2 * rows)} if "B" in given else {}
    weights |= {"P": draw(count, 3 * HIDDEN)} if "P" in given else {}
    feed = {"X": draw(batch, steps, DEPTH) if first else draw(steps, batch, DEPTH)}
    feed |= {name: draw(*state) for name in ("initial_h", "initial_c") if name in given}
    if isinstance(lengths, list):
        weights["lengths"] = np.array(lengths, np.int32)
    elif lengths is not None:
        feed["lengths"] = lengths
    known = feed.keys() | weights.keys()
    names = ["X", "W", "R", "B", "lengths", "initial_h", *(["initial_c", "P"] if op == "LSTM" else [])]
    results = ["Y", "Y_h", *(["Y_c"] if op == "LSTM" else [])]
    node = helper.make_node(op, [name if name in known else "" for name in names], results, "cell", hidden_size=HIDDEN,
                            **attributes)
    axis = 0 if first else 1

    def shape(name, array):
        return ["N" if dynamic and name == "X" and i == axis else extent for i, extent in enumerate(array.shape)]

    inputs = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), shape(name, array))
              for name, array in feed.items()]
    outputs = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in results]
    graph = helper.make_graph([node], "g", inputs, outputs, [numpy_helper.from_array(a, n) for n, a in weights.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8), feed


def expect(made, folder, tolerance=1e-5, **options):
    proto, feed = made
    onnx.save(proto, folder / "model.onnx")
    want = ort.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"]).run(None, feed)
    compiled = nibble.compile(folder / "model.onnx", weights="float", **options)
    for expected, got, exact in zip(want, compiled.run(feed), compiled.reference(feed), strict=True):
        assert got.tobytes() == exact.tobytes()
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


STATES = {"RNN": ("B", "initial_h"), "GRU": ("B", "initial_h"), "LSTM": ("B", "initial_h", "initial_c")}


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("op", GATES)
def test_directions(op, direction, tmp_path):
    expect(model(op, STATES[op], direction=direction), tmp_path)
    expect(model(op, direction=direction, steps=1), tmp_path)


@pytest.mark.parametrize("op", GATES)
def test_clip(op, tmp_path):
    expect(model(op, STATES[op], clip=0.3), tmp_path)


@pytest.mark.parametrize("op", GATES)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_lengths(op, direction, tmp_path):
    """Behind a sequence's end outputs are zeros, and its last state stays; a constant, and an input."""
    expect(model(op, STATES[op], direction=direction, lengths=[2, 5, 1]), tmp_path)
    expect(model(op, direction=direction, lengths=np.array([4, 1, 5], np.int32)), tmp_path)


def test_peepholes(tmp_path):
    expect(model("LSTM", (*STATES["LSTM"], "P"), direction="bidirectional"), tmp_path)


def test_input_forget(tmp_path):
    expect(model("LSTM", STATES["LSTM"], input_forget=1), tmp_path)


@pytest.mark.parametrize("given", [(), ("B",), ("B", "initial_h")])
def test_reset_behind_the_product(given, tmp_path):
    expect(model("GRU", given, linear_before_reset=1), tmp_path)


@pytest.mark.parametrize("op, activations, more", [
    ("RNN", ["Relu"], {}), ("RNN", ["LeakyRelu"], {"activation_alpha": [0.3]}), ("RNN", ["Softsign"], {}),
    ("RNN", ["Softplus"], {}), ("RNN", ["Elu"], {"activation_alpha": [0.7]}),
    ("RNN", ["ThresholdedRelu"], {"activation_alpha": [0.2]}),
    ("RNN", ["Affine"], {"activation_alpha": [0.5], "activation_beta": [0.1]}),
    ("RNN", ["ScaledTanh"], {"activation_alpha": [0.5], "activation_beta": [1.5]}),
    ("GRU", ["HardSigmoid", "Softsign"], {"activation_alpha": [0.3], "activation_beta": [0.4]}),
    ("LSTM", ["HardSigmoid", "Tanh", "Relu"], {"activation_alpha": [0.25], "activation_beta": [0.45]}),
])
def test_activations(op, activations, more, tmp_path):
    expect(model(op, STATES[op], activations=activations, **more), tmp_path)


def test_activations_of_each_direction(tmp_path):
    expect(model("RNN", ("B",), direction="bidirectional", activations=["Tanh", "Relu"]), tmp_path)


@pytest.mark.parametrize("op", GATES)
def test_batch_first(op, tmp_path):
    """onnxruntime has no such layout: the same numbers as the other one, transposed."""
    plain, feed = model(op, STATES[op], direction="bidirectional")
    first, other = model(op, STATES[op], direction="bidirectional", layout=1)
    names = [value.name for value in plain.graph.output]
    onnx.save(plain, tmp_path / "plain.onnx")
    onnx.save(first, tmp_path / "first.onnx")
    swapped = {name: np.ascontiguousarray(array.swapaxes(0, 1)) for name, array in feed.items()}
    weights = {tensor.name: tensor for tensor in plain.graph.initializer}
    for tensor in first.graph.initializer:
        tensor.CopyFrom(weights[tensor.name])
    onnx.save(first, tmp_path / "first.onnx")
    want = nibble.compile(tmp_path / "plain.onnx", weights="float").run(feed)
    got = nibble.compile(tmp_path / "first.onnx", weights="float").run(swapped)
    order = {"Y": (2, 0, 1, 3), "Y_h": (1, 0, 2), "Y_c": (1, 0, 2)}
    for name, a, b in zip(names, want, got, strict=True):
        assert a.transpose(order[name]).tobytes() == b.tobytes()


def opened(op, given, folder, **more):
    """A model whose sequence has any length, and whose batch any size."""
    proto, _ = model(op, given, **more)
    for value in proto.graph.input:
        for axis, name in {"X": ((0, "steps"), (1, "N")), "lengths": ((0, "N"),)}.get(value.name, ((1, "N"),)):
            value.type.tensor_type.shape.dim[axis].dim_param = name
    onnx.save(proto, folder / "model.onnx")
    return folder / "model.onnx"


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("op", GATES)
def test_any_length(op, direction, tmp_path):
    """One library for every length and batch."""
    for given, more in [(STATES[op], {}), ((), {"lengths": np.array([1, 1, 1], np.int32)})]:
        path = opened(op, given, tmp_path, direction=direction, **more)
        session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        compiled = nibble.compile(path, weights="float")
        for steps, batch in [(1, 1), (4, 2), (37, 1), (5, 7)]:
            own = {"lengths": np.array([(3 * i) % steps + 1 for i in range(batch)], np.int32)} if more else {}
            _, feed = model(op, given, steps=steps, batch=batch, direction=direction, **own)
            for expected, got, exact in zip(session.run(None, feed), compiled.run(feed), compiled.reference(feed), strict=True):
                assert got.tobytes() == exact.tobytes()
                np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("op", GATES)
def test_long_sequences(op, tmp_path):
    """Beyond 32 steps a loop, with the same numbers as its unrolled beginning."""
    expect(model(op, STATES[op], steps=33, direction="bidirectional"), tmp_path)
    expect(model(op, ("B",), steps=100, lengths=[100, 50, 1]), tmp_path)
    if op == "LSTM":
        expect(model(op, ("P",), steps=40, clip=0.4), tmp_path)
    if op == "GRU":
        expect(model(op, ("B",), steps=40, linear_before_reset=1), tmp_path)


def test_loop_and_unrolled_steps_have_the_same_bits(tmp_path):
    """A sequence's beginning does not depend on what follows, however it is compiled."""
    outputs = []
    for steps in (32, 64):
        proto, feed = model("LSTM", STATES["LSTM"], steps=steps)
        rng = np.random.default_rng(3)
        for name in ("initial_h", "initial_c"):
            feed[name] = rng.uniform(-1, 1, feed[name].shape).astype(np.float32)
        feed["X"] = rng.uniform(-1, 1, (64, BATCH, DEPTH)).astype(np.float32)[:steps]
        onnx.save(proto, tmp_path / "model.onnx")
        outputs.append(nibble.compile(tmp_path / "model.onnx", weights="float").run(feed)[0][:32])
    assert outputs[0].tobytes() == outputs[1].tobytes()


def sqnr(expected, actual):
    noise = np.sum((np.float64(expected) - actual) ** 2)
    return 10 * np.log10(np.sum(np.float64(expected) ** 2) / noise)


@pytest.mark.parametrize("options", [{"mode": "static", "min_sqnr": 0}, {"mode": "dynamic"}, {"mode": "static", "activations": "int16"}],
                         ids=["static", "dynamic", "int16"])
@pytest.mark.parametrize("op", GATES)
def test_quantized_for_any_length(op, options, tmp_path):
    """Products are integers in the loop too: the interpreter's bits, and near what the unrolled form gives, whose steps have ranges of their own."""
    path = opened(op, STATES[op], tmp_path, seed=1)
    feeds = [model(op, STATES[op], seed=1, steps=12)[1] for _ in range(8)]
    for i, feed in enumerate(feeds):
        feed["X"] = np.random.default_rng(i).uniform(-1, 1, feed["X"].shape).astype(np.float32)
    exact = nibble.compile(path, weights="float")
    looped = nibble.compile(path, calibration=feeds, **options)
    unrolled = nibble.compile(path, calibration=feeds, dims={"steps": 12}, **options)
    assert not any(node["operation"] == "nibble.loop" for node in looped.summary["nodes"])
    products = [node["precision"] for node in looped.summary["nodes"] if "matmul" in node["operation"]]
    assert len(products) == (3 if op == "GRU" else 2) and not any("float" in precision for precision in products)
    distances = [np.concatenate([sqnr(exact.run(feed)[0], m.run(feed)[0])[None] for feed in feeds]).min() for m in (looped, unrolled)]
    assert distances[0] > max(20, distances[1] - 3)
    for steps, batch in [(1, 1), (40, 2)]:
        _, feed = model(op, STATES[op], steps=steps, batch=batch)
        for got, want in zip(looped.run(feed), looped.reference(feed), strict=True):
            assert got.tobytes() == want.tobytes()


def test_extents_by_name(tmp_path):
    """A sequence of unknown length has a known one once it is given."""
    proto, feed = model("LSTM", STATES["LSTM"])
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "steps"
    onnx.save(proto, tmp_path / "model.onnx")
    with pytest.raises(nibble.Error, match="(?s)no input has an unknown extent 'step'.*the unknown extents are 'steps'"):
        nibble.compile(tmp_path / "model.onnx", weights="float", dims={"step": 3})
    expect((proto, feed), tmp_path, dims={"steps": STEPS})


@pytest.mark.parametrize("op, attributes, text", [
    ("RNN", {"direction": "backward"}, "attribute 'direction' is 'backward', expected 'forward', 'reverse' or 'bidirectional'"),
    ("RNN", {"activations": ["Tanh", "Tanh"]}, "attribute 'activations' has 2 entries, expected 1"),
    ("RNN", {"activations": ["Sine"]}, "activation 'Sine' is not supported"),
    ("RNN", {"steps": 0}, "has a sequence of 0 elements, expected 1 or more"),
    ("RNN", {"batch": 1, "state": 2}, r"an operand has shape \[1x2x6\], expected \[1x1x6\]"),
    ("RNN", {"rank": 2}, "input 0 has rank 2, expected 3"),
    ("RNN", {"kind": np.int64}, "input 4 is not of type INT32"),
])
def test_refused(op, attributes, text, tmp_path):
    attributes = dict(attributes)
    state, rank, kind = (attributes.pop(name, None) for name in ("state", "rank", "kind"))
    lengths = {"lengths": np.array([1, 1, 1], kind)} if kind else {}
    proto, _ = model(op, STATES[op], **lengths, **attributes)
    if state:
        proto.graph.input[1].type.tensor_type.shape.dim[1].dim_value = state
    if rank:
        del proto.graph.input[0].type.tensor_type.shape.dim[rank:]
    onnx.save(hide(proto), tmp_path / "model.onnx")
    with pytest.raises(nibble.Error, match=text):
        nibble.compile(tmp_path / "model.onnx", weights="float")


def hide(proto):
    """The model with its node in a branch: ONNX does not refuse there what the importer shall."""
    outputs = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in proto.graph.node[0].output]
    results = [onnx.NodeProto.FromString(node.SerializeToString()) for node in proto.graph.node]
    branch = helper.make_graph(results, "branch", [], outputs)
    names = [f"{value.name}_out" for value in outputs]
    node = helper.make_node("If", ["true"], names, then_branch=branch, else_branch=branch)
    proto.graph.initializer.append(numpy_helper.from_array(np.array(True), "true"))
    del proto.graph.node[:]
    proto.graph.node.append(node)
    for value, name in zip(proto.graph.output, names, strict=True):
        value.name = name
    return proto
