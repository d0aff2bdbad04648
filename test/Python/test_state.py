# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""States: inputs and outputs in one buffer, updated in place, with the bits that the plain model gives."""
import ctypes
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from conftest import ISAS, ROOT, compile_for
from onnx import TensorProto, helper, numpy_helper

import nibble

TOOL = ROOT / "build" / "bin" / "nibble"
STORIES = Path(__file__).resolve().parents[3] / "shared" / "models" / "stories260k" / "model.onnx"
FLOAT = TensorProto.FLOAT


def write(path, nodes, inputs, outputs, weights=()):
    value = lambda name, shape, kind=FLOAT: helper.make_tensor_value_info(name, kind, shape)  # noqa: E731
    graph = helper.make_graph(nodes, "state", [value(*i) for i in inputs], [value(*o) for o in outputs],
                              [numpy_helper.from_array(array, name) for name, array in dict(weights).items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


@pytest.fixture(scope="module")
def attention(tmp_path_factory):
    """One head of attention with a cache of keys, transposed, and one of values."""
    random = np.random.default_rng(0)
    weights = {name: random.normal(0, 0.3, (8, 8)).astype(np.float32) for name in ("wq", "wk", "wv")}
    node = helper.make_node
    nodes = [node("MatMul", ["x", "wq"], ["q"]), node("MatMul", ["x", "wk"], ["k"]), node("MatMul", ["x", "wv"], ["v"]),
             node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
             node("Concat", ["past_k", "kt"], ["present_k"], "join_k", axis=2),
             node("Concat", ["past_v", "v"], ["present_v"], "join_v", axis=1),
             node("MatMul", ["q", "present_k"], ["scores"]), node("Softmax", ["scores"], ["p"], axis=-1),
             node("MatMul", ["p", "present_v"], ["y"])]
    return write(tmp_path_factory.mktemp("state") / "attention.onnx", nodes,
                 [("x", ["B", "S", 8]), ("past_k", ["B", 8, "P"]), ("past_v", ["B", "P", 8])],
                 [("y", ["B", "S", 8]), ("present_k", ["B", 8, "T"]), ("present_v", ["B", "T", 8])], weights)


STATE = {"past_k": "present_k", "past_v": "present_v"}


def walk(plain, kept, steps, batch, feed, empty, dims=None):
    """Runs both side by side: all outputs and states are equal to the bit."""
    names = [value.name for value in plain.outputs]
    state = kept.state(dims)
    past = {name: np.zeros(shape, np.float32) for name, shape in empty.items()}
    pairs = dict(zip(empty, [n for n in names if n.startswith("present")], strict=True))
    for at, count in enumerate(steps):
        own = feed(at, count)
        expected = dict(zip(names, plain.run({**own, **past}), strict=True))
        results = kept.run(own, state=state)
        others = [name for name in names if name not in pairs.values()]
        for name, result in zip(others, results, strict=True):
            np.testing.assert_array_equal(result.view(np.uint32), expected[name].view(np.uint32))
        past = {name: expected[pairs[name]] for name in past}
        for name, value in past.items():
            np.testing.assert_array_equal(np.ascontiguousarray(state[name]).view(np.uint32), value.view(np.uint32))
    return state


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("batch", [1, 3])
def test_attention_step_by_step(attention, isa, batch):
    random = np.random.default_rng(1)
    feed = lambda at, count: {"x": random.normal(0, 1, (batch, count, 8)).astype(np.float32)}  # noqa: E731
    empty = {"past_k": (batch, 8, 0), "past_v": (batch, 0, 8)}
    first = {"x": np.zeros((batch, 1, 8), np.float32), **{n: np.zeros(s, np.float32) for n, s in empty.items()}}
    plain = compile_for(isa, attention, first, weights="float")
    # Single tokens have code of their own, which finds the rows where the other code puts them.
    kept = nibble.compile(attention, target=isa, weights="float", bounds={"P": 40, "S": 7}, state=STATE,
                          specialize={"B": 1, "S": 1})
    state = walk(plain, kept, [5, 1, 1, 3, 7, *[1] * 20], batch, feed, empty, {"B": batch})
    assert (state.length, state.capacity) == (37, 47)
    assert state["past_k"].shape == (batch, 8, 37) and state["past_v"].shape == (batch, 37, 8)


def test_threads_and_plain_feeds(attention):
    """Without a state object a model that keeps state takes and gives its values as any others."""
    random = np.random.default_rng(2)
    kept = nibble.compile(attention, weights="float", bounds={"P": 40, "S": 7}, state=STATE, threads=2)
    feed = {"x": random.normal(0, 1, (2, 3, 8)), "past_k": random.normal(0, 1, (2, 8, 9)),
            "past_v": random.normal(0, 1, (2, 9, 8))}
    feed = {name: array.astype(np.float32) for name, array in feed.items()}
    expected = kept.reference(feed)
    for result, value in zip(kept.run(feed), expected, strict=True):
        np.testing.assert_array_equal(result, value)
    state = kept.state({"B": 2})
    first = {"x": np.concatenate([feed["x"], feed["x"]], axis=1)}
    kept.run({"x": first["x"]}, state=state)
    with pytest.raises(nibble.Error, match="input 'past_k' is a state, and comes with what the model keeps: leave it out"):
        kept.run(feed, state=state)


def test_capacity_and_cuts(attention):
    kept = nibble.compile(attention, weights="float", bounds={"P": 4, "S": 2}, state=STATE)
    x = np.random.default_rng(3).normal(0, 1, (1, 12, 8)).astype(np.float32)
    state = kept.state()
    for at in range(4):
        kept.run({"x": x[:, at:at + 1]}, state=state)
    last, = kept.run({"x": x[:, 4:5]}, state=state)
    assert (state.length, state.capacity) == (5, 6) and "5 of 6 rows" in repr(state)
    with pytest.raises(nibble.Error, match="dimension 'P' is 5 in input 'past_k', the model takes 4 at most"):
        kept.run({"x": x[:, 5:6]}, state=state)
    with pytest.raises(nibble.Error, match="dimension 'S' is 3 in input 'x', the model takes 2 at most"):
        kept.run({"x": x[:, 5:8]}, state=kept.state())
    with pytest.raises(nibble.Error, match="the state has 5 rows, and cannot be cut to 6"):
        state.truncate(6)
    with pytest.raises(nibble.Error, match=r"no state has an open dimension 'P', those that are open are \['B'\]"):
        kept.state({"P": 3})
    with pytest.raises(nibble.Error, match="dimension 'B' is -1, expected 0 or more"):
        kept.state({"B": -1})
    with pytest.raises(TypeError):  # not a length that later runs would fail on
        state.truncate(1.5)
    assert state.length == 5
    state.truncate(4)
    again, = kept.run({"x": x[:, 4:5]}, state=state)
    np.testing.assert_array_equal(last, again)
    state.reset()
    assert state.length == 0 and state["past_v"].shape == (1, 0, 8)
    other = nibble.compile(attention, weights="float", bounds={"P": 9, "S": 2}, state=STATE)
    with pytest.raises(nibble.Error, match=r"state 'past_k' has a buffer of float32\[1x8x6\], the model's has \?x8x11"):
        other.run({"x": x[:, :1]}, state=state)


READERS = [("Exp", [], {}), ("Neg", [], {}), ("Mul", ["present"], {}), ("Add", ["row"], {}), ("Add", ["column"], {}),
           ("Transpose", [], {"perm": [0, 2, 1, 3]}), ("Transpose", [], {"perm": [3, 2, 1, 0]}),
           ("Transpose", [], {"perm": [0, 1, 3, 2]}), ("Slice", ["zero", "two", "last"], {}), ("Gather", ["picked"], {"axis": 1}),
           ("Softmax", [], {"axis": -1}), ("Softmax", [], {"axis": 2}), ("ReduceSum", ["axis"], {"keepdims": 0}),
           ("ReduceMax", [], {"axes": [3], "keepdims": 1}), ("ReduceMin", [], {"axes": [1, 2], "keepdims": 0}),
           ("Pad", ["pads"], {}), ("Concat", ["present"], {"axis": 3}), ("MatMul", ["turned"], {}), ("Clip", ["low"], {}),
           ("Cast", [], {"to": TensorProto.INT32}), ("Cast", [], {"to": TensorProto.FLOAT16}), ("Tile", ["tiles"], {}),
           ("Expand", ["wide"], {})]


@pytest.mark.parametrize("isa", ISAS)
def test_every_reader(isa, tmp_path):
    """What reads a buffer with room for more rows, where these are the inner or an outer dimension."""
    weights = {"row": np.arange(5, dtype=np.float32), "column": np.arange(3, dtype=np.float32).reshape(3, 1, 1),
               "zero": np.array([1], np.int64), "two": np.array([4], np.int64), "last": np.array([3], np.int64),
               "picked": np.array([2, 0, 0], np.int64), "axis": np.array([2], np.int64), "low": np.array(0.25, np.float32),
               "pads": np.array([0, 1, 0, 2, 0, 0, 1, 0], np.int64), "tiles": np.array([1, 2, 1, 1], np.int64),
               "wide": np.array([2, 1, 1, 1, 1], np.int64)}
    nodes = [helper.make_node("Concat", ["past", "new"], ["present"], axis=2),
             helper.make_node("Transpose", ["past"], ["turned_past"], perm=[0, 1, 3, 2]),
             helper.make_node("Transpose", ["present"], ["turned"], perm=[0, 1, 3, 2]),
             helper.make_node("MatMul", ["past", "turned_past"], ["products"])]
    outputs = [("products", [2, 3, "P", "P"], FLOAT), ("present", [2, 3, "T", 5], FLOAT)]
    for i, (op, others, attributes) in enumerate(READERS):
        nodes.append(helper.make_node(op, ["present", *others], [f"y{i}"], **attributes))
        outputs.append((f"y{i}", None, attributes.get("to", FLOAT)))
    value = helper.make_tensor_value_info
    inputs = [value("past", FLOAT, [2, 3, "P", 5]), value("new", FLOAT, [2, 3, "S", 5])]
    graph = helper.make_graph(nodes, "readers", inputs, [value(name, kind, shape) for name, shape, kind in outputs],
                              [numpy_helper.from_array(array, name) for name, array in weights.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "readers.onnx")
    random = np.random.default_rng(10)
    past, new = (random.normal(0, 1, (2, 3, rows, 5)).astype(np.float32) for rows in (11, 2))
    plain = compile_for(isa, tmp_path / "readers.onnx", {"past": past, "new": new}, weights="float")
    kept = nibble.compile(tmp_path / "readers.onnx", target=isa, weights="float", bounds={"P": 29, "S": 17},
                          state={"past": "present"})
    for rows, count in ((11, 2), (0, 1), (16, 17), (1, 0), (29, 16)):
        feed = {"past": random.normal(0, 1, (2, 3, rows, 5)).astype(np.float32),
                "new": random.normal(0, 1, (2, 3, count, 5)).astype(np.float32)}
        for output, result, expected in zip(outputs, kept.run(feed), plain.run(feed), strict=True):
            assert result.tobytes() == expected.tobytes(), (output[0], rows, count)


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    """A gated cell: the new state is a mean of the old one and another value."""
    random = np.random.default_rng(4)
    weights = {"w": random.normal(0, 0.5, (8, 8)).astype(np.float32), "one": np.array(1, np.float32)}
    node = helper.make_node
    nodes = [node("MatMul", ["h", "w"], ["m"]), node("Add", ["m", "x"], ["a"]), node("Sigmoid", ["a"], ["z"]),
             node("Tanh", ["a"], ["n"]), node("Mul", ["z", "h"], ["zh"]), node("Sub", ["one", "z"], ["u"]),
             node("Mul", ["u", "n"], ["un"]), node("Add", ["zh", "un"], ["present"], "mix")]
    return write(tmp_path_factory.mktemp("state") / "cell.onnx", nodes, [("x", ["B", 8]), ("h", ["B", 8])],
                 [("present", ["B", 8])], weights)


@pytest.mark.parametrize("isa", ISAS)
def test_a_value_of_one_shape(cell, isa):
    random = np.random.default_rng(5)
    feed = {"x": np.zeros((2, 8), np.float32), "h": np.zeros((2, 8), np.float32)}
    plain = compile_for(isa, cell, feed, weights="float")
    kept = nibble.compile(cell, target=isa, weights="float", state={"h": "present"})
    state, h = kept.state({"B": 2}), feed["h"]
    for _ in range(10):
        x = random.normal(0, 1, (2, 8)).astype(np.float32)
        h, = plain.run({"x": x, "h": h})
        assert kept.run({"x": x}, state=state) == []
        np.testing.assert_array_equal(state["h"], h)
    assert state.capacity is None and state.length == 0
    state.reset()
    assert not state["h"].any()


def test_unlike_scales(tmp_path):
    random = np.random.default_rng(11)
    node = helper.make_node
    path = write(tmp_path / "rnn.onnx", [node("MatMul", ["h", "w"], ["m"]), node("Add", ["m", "x"], ["a"]),
                                         node("Tanh", ["a"], ["present"])],
                 [("x", ["B", 8]), ("h", ["B", 8])], [("present", ["B", 8])],
                 {"w": random.normal(0, 0.5, (8, 8)).astype(np.float32)})
    calibration = [{"x": random.normal(0, 1, (4, 8)).astype(np.float32), "h": random.uniform(0, 9, (4, 8)).astype(np.float32)}
                   for _ in range(4)]
    with pytest.raises(nibble.Error, match="state 'h=present' has unlike scales, zero points or layouts"):
        nibble.compile(path, calibration, io="quantized", requant="fixed", state={"h": "present"})


def test_an_lstm(tmp_path):
    random = np.random.default_rng(6)
    weights = {name: random.normal(0, 0.4, shape).astype(np.float32)
               for name, shape in (("W", (1, 32, 4)), ("R", (1, 32, 8)))}
    path = write(tmp_path / "lstm.onnx",
                 [helper.make_node("LSTM", ["x", "W", "R", "", "", "h", "c"], ["y", "present_h", "present_c"], hidden_size=8)],
                 [("x", ["L", "B", 4]), ("h", [1, "B", 8]), ("c", [1, "B", 8])],
                 [("y", ["L", 1, "B", 8]), ("present_h", [1, "B", 8]), ("present_c", [1, "B", 8])], weights)
    plain = nibble.compile(path, weights="float")
    kept = nibble.compile(path, weights="float", state={"h": "present_h", "c": "present_c"})
    feed = lambda at, count: {"x": random.normal(0, 1, (count, 2, 4)).astype(np.float32)}  # noqa: E731
    walk(plain, kept, [5, 1, 40], 2, feed, {"h": (1, 2, 8), "c": (1, 2, 8)}, {"B": 2})


@pytest.mark.parametrize("options", [{"weights": "float"}, {"mode": "dynamic"}, {"mode": "weight-only"}, {}],
                         ids=["float", "dynamic", "weight-only", "static"])
def test_stories(options):
    """A prompt of several tokens, then single ones: each step has the bits of the model without a state."""
    if not STORIES.exists():
        pytest.skip(f"there is no {STORIES}")
    names = [f"past_{kind}_{layer}" for layer in range(5) for kind in "kv"]
    empty = {name: (1, 4, 0, 8) for name in names}
    random = np.random.default_rng(7)
    if not options:
        options = {"calibration": [{"input_ids": random.integers(3, 512, (1, 16)),
                                    **{n: np.zeros(s, np.float32) for n, s in empty.items()}} for _ in range(4)]}
    state = {name: name.replace("past", "present") for name in names}
    kept = nibble.compile(STORIES, bounds={"P": 255, "S": 16}, state=state, **options)
    if "calibration" not in options:
        plain = nibble.compile(STORIES, **options)
        feed = lambda at, count: {"input_ids": random.integers(3, 512, (1, count))}  # noqa: E731
        assert walk(plain, kept, [9, *[1] * 191], 1, feed, empty).length == 200
        return
    # The caches stay in float beside a state: the interpreter says what that gives.
    buffers, past = kept.state(), {name: np.zeros(shape, np.float32) for name, shape in empty.items()}
    for count in [9, 1, 1]:
        ids = random.integers(3, 512, (1, count))
        logits, *present = kept.reference({"input_ids": ids, **past})
        result, = kept.run({"input_ids": ids}, state=buffers)
        np.testing.assert_array_equal(result, logits)
        past = dict(zip(names, present, strict=True))
        for name, value in past.items():
            np.testing.assert_array_equal(buffers[name], value)


@pytest.mark.parametrize("state,bounds,match", [
    ({"past": "present_k"}, {}, "state: the model has no input 'past', expected one of 'x', 'past_k', 'past_v'"),
    ({"past_k": "present"}, {}, "state: the model has no output 'present', expected one of 'y', 'present_k', 'present_v'"),
    ({"past_k": "present_k"}, {"P": 9}, "needs to know how long it gets: give a bound of 'S' .--bound S=N"),
    ({"past_v": "y"}, {"P": 9, "S": 2}, "state 'past_v=y' is no concatenation of the input and new rows behind it")])
def test_refusals(attention, state, bounds, match):
    with pytest.raises(nibble.Error, match=match):
        nibble.compile(attention, weights="float", state=state, bounds=bounds)


def test_states_stay_in_float(attention):
    """Also where inputs and outputs are quantized, with a warning."""
    random = np.random.default_rng(8)
    calibration = [{"x": random.normal(0, 1, (1, 4, 8)).astype(np.float32),
                    "past_k": random.normal(0, 1, (1, 8, 3)).astype(np.float32),
                    "past_v": random.normal(0, 1, (1, 3, 8)).astype(np.float32)} for _ in range(4)]
    with pytest.warns(UserWarning, match="input 'past_k' stays in float: an operation reads it in float"):
        kept = nibble.compile(attention, calibration, state=STATE, bounds={"P": 9, "S": 4}, io="quantized")
    assert [value.dtype for value in kept.inputs[1:]] == [np.float32, np.float32]


def test_no_state(attention):
    plain = nibble.compile(attention, weights="float")
    with pytest.raises(nibble.Error, match="the model keeps no state: compile it with state="):
        plain.state()
    one = nibble.compile(attention, weights="float", bounds={"P": 9, "S": 4}, state={"past_v": "present_v"})
    feed = {"x": np.zeros((1, 1, 8), np.float32)}
    with pytest.raises(nibble.Error, match="the state is another model's: this one keeps no 'past_v'"):
        plain.run(feed, state=one.state())
    both = nibble.compile(attention, weights="float", bounds={"P": 9, "S": 4}, state=STATE)
    with pytest.raises(nibble.Error, match="the model keeps 2 states, got 1"):
        both.run(feed, state=one.state())
    with pytest.raises(nibble.Error, match="expected a state of Model.state, got dict"):
        both.run(feed, state={})


def nibble_tool(*arguments):
    return subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True)


def test_command_line(attention, tmp_path):
    library = tmp_path / "model.so"
    options = ("--float", "--bound", "P=20,S=4", "--state", "past_k=present_k,past_v=present_v")
    assert nibble_tool("compile", attention, *options, "-o", library).returncode == 0
    text = nibble_tool("inspect", library).stdout
    assert "state     past_k and present_k are one buffer with room for 24 along dimension 2\n" in text
    assert "state     past_v and present_v are one buffer with room for 24 along dimension 1\n" in text
    random = np.random.default_rng(9)
    feed = {"x": random.normal(0, 1, (1, 2, 8)).astype(np.float32), "past_k": np.ones((1, 8, 5), np.float32),
            "past_v": np.ones((1, 5, 8), np.float32)}
    np.savez(tmp_path / "in.npz", **feed)
    # As any other values: copied into a buffer, and out of it.
    assert nibble_tool("run", library, "--inputs", tmp_path / "in.npz", "--outputs", tmp_path / "out.npz").returncode == 0
    results = np.load(tmp_path / "out.npz")
    for name, value in zip(results.files, nibble.compile(attention, weights="float").run(feed), strict=True):
        np.testing.assert_array_equal(results[name], value)
    assert "exact" in nibble_tool("compare", attention, library, "--inputs", tmp_path / "in.npz").stdout
    assert nibble_tool("bench", library, "--seconds", "0.01").returncode == 0
    assert nibble_tool("bench", library, "--seconds", "0.01", "--inputs", tmp_path / "in.npz").returncode == 0
    failed = nibble_tool("bench", library, "--dim", "P=30")
    assert failed.returncode == 1 and "input 'past_k' has 30 rows, and its buffer room for 24" in failed.stderr
    assert nibble_tool("explain", library).returncode == 0
    for flags, message in ((("--state", "past_k"), "--state is 'past_k', expected an input and an output, as in past=present"),
                           (("--state", "a=b,a=c"), "--state gives 'a' twice"),
                           ((*options, "--emit", "exe"), "state keeps a buffer from run to run, and emit 'exe' is a program that runs once: expected so, a or o")):
        failed = nibble_tool("compile", attention, "--float", *flags, "-o", tmp_path / "none")
        assert failed.returncode == 1 and message in failed.stderr
    failed = nibble_tool("explain", library, "--state", "past_k=present_k")
    assert failed.returncode == 1
    assert f"'{library}' is compiled already: --calib, --target, --bound, --state and --specialize are for models" in failed.stderr


def test_unlike_buffers(attention, tmp_path):
    """The run function itself refuses two buffers, without computing anything."""
    kept = nibble.compile(attention, weights="float", bounds={"P": 20, "S": 4}, state=STATE, name="kept")
    kept.save(tmp_path / "kept.so")
    library = ctypes.CDLL(str(tmp_path / "kept.so"))
    library.kept_arena_bytes.restype = ctypes.c_uint64
    dims = (ctypes.c_int64 * 3)(1, 1, 0)
    arena = np.zeros(library.kept_arena_bytes(dims) + 64, np.uint8)
    arrays = [np.zeros((24, 8), np.float32) for _ in range(5)]
    pointers = lambda *chosen: (ctypes.c_void_p * 3)(*(a.ctypes.data for a in chosen))  # noqa: E731

    class Context(ctypes.Structure):
        _fields_ = [("version", ctypes.c_uint32), ("arena", ctypes.c_void_p), ("bytes", ctypes.c_uint64),
                    ("inputs", ctypes.c_void_p), ("outputs", ctypes.c_void_p), ("dims", ctypes.c_void_p),
                    ("parallel_for", ctypes.c_void_p), ("data", ctypes.c_void_p)]

    def run(inputs, outputs):
        start = -arena.ctypes.data % 64
        context = Context(1, arena.ctypes.data + start, arena.size - 64, ctypes.addressof(inputs), ctypes.addressof(outputs),
                          ctypes.addressof(dims))
        return library.kept_run(ctypes.byref(context))

    x, k, v, y, other = arrays
    assert run(pointers(x, k, v), pointers(y, k, v)) == 0
    assert run(pointers(x, k, v), pointers(y, k, other)) == 8  # NIBBLE_ERROR_STATE
    assert run(pointers(x, k, v), pointers(y, v, k)) == 8
