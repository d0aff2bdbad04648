# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""If, Loop, Scan, sequences and optionals, resolved at import or run by the model: what onnxruntime computes."""
import re
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest

import nibble

ort = pytest.importorskip("onnxruntime")


def build(text, folder, opset=18, ir=8):
    proto = onnx.parser.parse_model(f'<ir_version: {ir}, opset_import: ["" : {opset}]>\n{text}')
    onnx.save(proto, folder / "model.onnx")
    return folder / "model.onnx"


def expect(path, **feed):
    feed = {name: np.asarray(array, np.float32) for name, array in feed.items()}
    want = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, feed)
    compiled = nibble.compile(path, weights="float")
    for expected, got in zip(want, compiled.run(feed), strict=True):
        assert got.shape == expected.shape
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def draw(*shape):
    return np.random.default_rng(5).uniform(-1, 1, shape).astype(np.float32)


BRANCHES = """g (float[%s,3] x) => (float[%s,3] y) {
    shape = Shape(x)
    zero = Constant<value_int = 0>()
    two = Constant<value_int = 2>()
    rows = Gather(shape, zero)
    is_two = Equal(rows, two)
    r = If (is_two) <then_branch = yes () => (float[A,3] a) { w = Relu(x) a = Add(w, x) },
                     else_branch = no () => (float[B,3] a) { w = Neg(x) a = Mul(w, x) }>
    y = Identity(r)
}"""


@pytest.mark.parametrize("rows", [2, 4])
def test_if(rows, tmp_path):
    """Both branches name their values alike; one is taken."""
    expect(build(BRANCHES % (rows, rows), tmp_path), x=draw(rows, 3))


OPEN = """g (float[A,3] x) => (float[A,3] y) {
    shape = Shape(x)
    zero = Constant<value_int = 0>()
    one = Constant<value_int = 1>()
    rows = Gather(shape, zero)
    is_one = Equal(rows, one)
    r = If (is_one) <then_branch = yes () => (float[A,3] a) { a = Relu(x) },
                     else_branch = no () => (float[A,3] a) { a = Neg(x) }>
    y = Add(r, x)
}"""


def test_equality_that_the_inputs_decide(tmp_path):
    """The extent is taken to be 1, and a run checks that it is."""
    path = build(OPEN, tmp_path)
    warning = ("node 'r': the extent A is taken to be 1, and a run refuses inputs where it is not; fix the inputs' extents "
               "for another branch")
    with pytest.warns(UserWarning, match=re.escape(warning)):
        model = nibble.compile(path, weights="float")
    x = draw(1, 3)
    for got in (*model.run({"x": x}), *model.reference({"x": x})):
        np.testing.assert_array_equal(got, np.maximum(x, 0) + x)
    with pytest.raises(nibble.Error, match="the model refuses the dimensions 'A' = 4: one is larger than it takes, or it cannot "
                                           "be computed with them"):
        model.run({"x": draw(4, 3)})
    with pytest.raises(nibble.Error, match="expected inputs for which the extent A is 1, got 4"):
        model.reference({"x": draw(4, 3)})


@pytest.mark.filterwarnings("ignore:node 'r'. the extent A is taken to be 1")
def test_dropped_extent(tmp_path):
    """As exporters write squeeze()."""
    text = OPEN.replace("yes () => (float[A,3] a) { a = Relu(x) }", "yes () => (float[3] a) { a = Squeeze(x, zero1) }")
    text = text.replace("    one = ", "    zero1 = Constant<value_ints = [0]>()\n    one = ")
    model = nibble.compile(build(text, tmp_path), weights="float")
    x = draw(1, 3)
    for got in (*model.run({"x": x}), *model.reference({"x": x})):
        np.testing.assert_array_equal(got, x + x)


@pytest.mark.filterwarnings("error")
def test_other_branch_of_fixed_extents(tmp_path):
    path, x = build(OPEN, tmp_path), draw(4, 3)
    model = nibble.compile(path, weights="float", dims={"A": 4})
    np.testing.assert_array_equal(model.run({"x": x})[0], np.zeros((4, 3)))


def test_branch_that_does_not_fit_is_not_looked_at(tmp_path):
    text = """g (float[2,3] x) => (float[K,3] y) {
        no = Constant<value = bool {0}>()
        axis = Constant<value_ints = [0]>()
        r = If (no) <then_branch = yes () => (float[3] a) { a = Squeeze(x, axis) },
                     else_branch = no () => (float[2,3] a) { a = Relu(x) }>
        y = Identity(r)
    }"""
    compiled = nibble.compile(build(text, tmp_path), weights="float")
    x = draw(2, 3)
    np.testing.assert_array_equal(compiled.run({"x": x})[0], np.maximum(x, 0))


def test_initializers_of_branches(tmp_path):
    """Each branch has weights of its own under one name, and the graph round them others."""
    text = """g (float[2,3] x) => (float[2,3] y) <float[3] w = {1, 2, 3}, bool c = {0}> {
        r = If (c) <then_branch = yes () => (float[2,3] a) <float[3] w = {10, 20, 30}> { a = Mul(x, w) },
                    else_branch = no () => (float[2,3] a) <float[3] w = {-1, -2, -3}> {
                        i = Add(x, w)
                        a = If (c) <then_branch = t () => (float[2,3] b) { b = Neg(i) },
                                    else_branch = e () => (float[2,3] b) { b = Mul(i, w) }>
                    }>
        y = Mul(r, w)
    }"""
    x = draw(2, 3)
    got = nibble.compile(build(text, tmp_path), weights="float").run({"x": x})[0]
    w = np.array([1, 2, 3], np.float32)
    np.testing.assert_allclose(got, (x - w) * -w * w, rtol=1e-6)


LOOP = """g (float[2,3] x) => (float[2,3] y, float[%d,2,3] all) <int64 count = {%d}, bool true = {1}> {
    y, all = Loop (count, true, x) <body = b (int64 i, bool c, float[2,3] s) => (bool d, float[2,3] t, float[2,3] u) {
        d = Identity(c)
        half = Constant<value_float = 0.5>()
        m = Mul(s, half)
        t = Add(m, x)
        u = Neg(m)
    }>
}"""


@pytest.mark.parametrize("count", [1, 5])
def test_loop(count, tmp_path):
    expect(build(LOOP % (count, count), tmp_path), x=draw(2, 3))


def test_loop_that_ends_by_its_condition(tmp_path):
    """The counter is computed at import."""
    text = """g (float[2,3] x) => (float[2,3] y) <int64 start = {1}, bool true = {1}, int64 limit = {20}> {
        n, y = Loop (, true, start, x) <body = b (int64 i, bool c, int64 k, float[2,3] s) => (bool d, int64 l, float[2,3] t) {
            l = Add(k, k)
            d = Less(l, limit)
            t = Add(s, x)
        }>
    }"""
    expect(build(text, tmp_path), x=draw(2, 3))


def test_loop_whose_index_picks(tmp_path):
    text = """g (float[4,3] x) => (float[4,3] y) <int64 count = {4}, bool true = {1}> {
        y = Loop (count, true) <body = b (int64 i, bool c) => (bool d, float[3] t) { d = Identity(c) t = Gather(x, i) }>
    }"""
    expect(build(text, tmp_path), x=draw(4, 3))


def test_loop_of_no_iteration(tmp_path):
    text = """g (float[2,3] x) => (float[2,3] y) <int64 count = {0}, bool true = {1}> {
        s = Loop (count, true, x) <body = b (int64 i, bool c, float[2,3] s) => (bool d, float[2,3] t) { d = Identity(c) t = Neg(s) }>
        y = Relu(s)
    }"""
    expect(build(text, tmp_path), x=draw(2, 3))


SCAN = """g (float[3] s, %s x, float[4,3] w) => (float[3] t, %s y) {
    t, y = Scan (s, x, w) <num_scan_inputs = 2, %s body = b (float[3] a, float[3] e, float[3] f) => (float[3] c, float[3] d) {
        c = Add(a, e)
        d = Mul(c, f)
    }>
}"""


@pytest.mark.parametrize("inner, result, attributes", [
    ("float[4,3]", "float[4,3]", ""),
    ("float[4,3]", "float[4,3]", "scan_input_directions = [1, 0], scan_output_directions = [1],"),
    ("float[3,4]", "float[3,4]", "scan_input_axes = [1, 0], scan_output_axes = [1],"),
    ("float[3,4]", "float[3,4]", "scan_input_axes = [-1, 0], scan_output_axes = [-1], scan_input_directions = [0, 1],"),
])
def test_scan(inner, result, attributes, tmp_path):
    shape = [int(extent) for extent in inner[6:-1].split(",")]
    expect(build(SCAN % (inner, result, attributes), tmp_path), s=draw(3), x=draw(*shape), w=draw(4, 3))


def test_scan_of_opset_8(tmp_path):
    """Each sample of the batch is scanned for itself."""
    text = """g (float[2,3] s, float[2,4,3] x) => (float[2,3] t, float[2,4,3] y) {
        t, y = Scan ("", s, x) <num_scan_inputs = 1, body = b (float[3] a, float[3] e) => (float[3] c, float[3] d) {
            c = Add(a, e)
            d = Identity(c)
        }>
    }"""
    path = build(text.replace('"", ', ", "), tmp_path, opset=8, ir=4)
    s, x = draw(2, 3), draw(2, 4, 3)
    t, y = nibble.compile(path, weights="float").run({"s": s, "x": x})
    want = s[:, None] + np.cumsum(x, axis=1)
    np.testing.assert_allclose(y, want, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(t, want[:, -1], rtol=1e-5, atol=1e-6)


SEQUENCES = {
    "construct and at": "q = SequenceConstruct(a, b, a) i = Constant<value_int = -2>() y = SequenceAt(q, i)",
    "insert": "e = SequenceEmpty() f = SequenceInsert(e, a) z = Constant<value_int = 0>() h = SequenceInsert(f, b, z) "
              "y = ConcatFromSequence<axis = 0>(h)",
    "erase": "q = SequenceConstruct(a, b, a) z = Constant<value_int = 0>() h = SequenceErase(q, z) "
             "y = ConcatFromSequence<axis = 1, new_axis = 1>(h)",
    "erase the last": "q = SequenceConstruct(a, b) h = SequenceErase(q) y = ConcatFromSequence<axis = -1>(h)",
    "split": "q = SplitToSequence<axis = 1>(a) z = Constant<value_int = 1>() y = SequenceAt(q, z)",
    "split flat": "q = SplitToSequence<axis = 1, keepdims = 0>(a) z = Constant<value_int = 1>() y = SequenceAt(q, z)",
    "split by two": "s = Constant<value_int = 2>() q = SplitToSequence<axis = 1>(a, s) z = Constant<value_int = 1>() "
                    "y = SequenceAt(q, z)",
    "split by parts": "s = Constant<value_ints = [1, 2]>() q = SplitToSequence<axis = 1>(a, s) "
                      "z = Constant<value_int = 1>() y = SequenceAt(q, z)",
    "length": "q = SequenceConstruct(a, b, a) n = SequenceLength(q) f = Cast<to = 1>(n) y = Mul(a, f)",
    "identity": "q = SequenceConstruct(a, b) p = Identity(q) y = ConcatFromSequence<axis = 0>(p)",
    "map": "q = SequenceConstruct(a, b) p = SequenceMap(q, a) <body = m (float[2,3] e, float[2,3] f) => (float[2,3] g) "
           "{ g = Add(e, f) }> y = ConcatFromSequence<axis = 0>(p)",
    "loop": "e = SequenceEmpty() n = Constant<value_int = 3>() t = Constant<value = bool {1}>() "
            "q = Loop(n, t, e) <body = m (int64 i, bool c, seq(float[2,3]) s) => (bool d, seq(float[2,3]) u) "
            "{ d = Identity(c) u = SequenceInsert(s, a) }> y = ConcatFromSequence<axis = 0>(q)",
    "optional": "o = Optional(a) h = OptionalHasElement(o) y = If(h) <then_branch = t () => (float[2,3] g) "
                "{ g = OptionalGetElement(o) }, else_branch = f () => (float[2,3] g) { g = Neg(b) }>",
    "optional of a sequence": "q = SequenceConstruct(a, b) o = Optional(q) p = OptionalGetElement(o) "
                              "y = ConcatFromSequence<axis = 0>(p)",
    "no optional": "h = OptionalHasElement() y = If(h) <then_branch = t () => (float[2,3] g) { g = Neg(a) }, "
                   "else_branch = f () => (float[2,3] g) { g = Relu(b) }>",
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_sequence(name, tmp_path):
    path = build(f"g (float[2,3] a, float[2,3] b) => (float[K,L] out) {{ {SEQUENCES[name]} out = Identity(y) }}", tmp_path)
    proto = onnx.load(path)
    proto.graph.output[0].type.tensor_type.ClearField("shape")
    onnx.save(proto, path)
    expect(path, a=draw(2, 3), b=-draw(2, 3))


def test_optional_input_is_taken_as_given(tmp_path):
    text = """g (optional(float[2,3]) o) => (float[2,3] y) {
        h = OptionalHasElement(o)
        y = If(h) <then_branch = t () => (float[2,3] v) { v = OptionalGetElement(o) },
                   else_branch = f () => (float[2,3] v) { v = Constant<value = float[2,3] {0, 0, 0, 0, 0, 0}>() }>
    }"""
    x = draw(2, 3)
    np.testing.assert_array_equal(nibble.compile(build(text, tmp_path), weights="float").run({"o": x})[0], x)


BODY = "body = b (int64 i, bool c, float[2,3] s) => (bool d, float[2,3] t) { d = Identity(c) t = Neg(s) }"
REFUSED = {
    "condition": ("y = If (c) <then_branch = t () => (float[2,3] v) { v = Relu(x) }, else_branch = e () => (float[3,2] v) { "
                  "v = Transpose(x) }>", "the branches give output 0 the shapes [2x3] and [3x2]",
                  "a condition that is known only when the model runs needs one shape"),
    "types of branches": ("y = If (c) <then_branch = t () => (float[2,3] v) { v = Relu(x) }, else_branch = e () => (bool[2,3] v) { "
                          "v = Less(x, x) }>", "the branches give output 0 elements of different types"),
    "sequence of a branch": ("q = If (c) <then_branch = t () => (seq(float[2,3]) v) { v = SequenceConstruct(x) }, else_branch = e () "
                             "=> (seq(float[2,3]) v) { v = SequenceConstruct(x) }> y = ConcatFromSequence<axis = 0>(q)",
                             "has a sequence or an empty optional where the compiled model decides, expected tensors",
                             "what is known at compile time may be any of them"),
    "run-time scan": ("on = Constant<value = bool {1}>() y = Loop (n, on) <body = b (int64 i, bool c) => (bool d, float[2,3] t) "
                      "{ d = Identity(c) t = Neg(x) }>", "output 0 has an element for each iteration, and how many there are is known "
                      "only when the loop has run", "an extent or a constant as the trip count, without another condition, tells it before"),
    "first condition": ("m = Constant<value_int = 2>() on = Constant<value = bool {1}>() y = Loop (m, on, x) <body = b (int64 i, bool c, "
                        "float[2,3] s) => (bool d, float[2,3] t) { f = Cast<to = 1>(i) e = Erf(f) two = Constant<value = float {2.0}>() "
                        "d = Less(e, two) t = Neg(s) }>", "the condition of iteration 1 is not known at compile time", "loops are unrolled"),
    "always false": ("on = Constant<value = bool {1}>() y = Loop (n, on, x) <body = b (int64 i, bool c, float[2,3] s) => (bool d, "
                     "float[2,3] t) { d = Constant<value = bool {0}>() t = Neg(s) }>",
                     "ends behind the first iteration, as its condition is always false"),
    "retyped": ("on = Constant<value = bool {1}>() z = Loop (n, on, x) <body = b (int64 i, bool c, float[2,3] s) => (bool d, int64[2,3] t) "
                "{ d = Identity(c) t = Cast<to = 7>(s) }> y = Cast<to = 1>(z)", "carried value 0 is of type tensor<2x3xf32> before an "
                "iteration and tensor<2x3xi64> behind it", "a loop that is not unrolled carries values of one type"),
    "growing": ("on = Constant<value = bool {1}>() y = Loop (n, on, x) <body = b (int64 i, bool c, float[K,3] s) => (bool d, float[L,3] t) "
                "{ d = Identity(c) t = Concat<axis = 0>(s, x) }>", "carried value 0 has shape [2x3] before an iteration and [4x3] behind it",
                "a loop that is not unrolled carries values of one shape"),
    "trip counts": (f"on = Constant<value = bool {{1}}>() m = Constant<value_ints = [1, 2]>() y = Loop (m, on, x) <{BODY}>",
                    "the trip count (input 0) has shape [2], expected one element"),
    "endless": (f"on = Constant<value = bool {{1}}>() y = Loop (, on, x) <{BODY}>", "has more than 4096 iterations", "loops are unrolled"),
    "huge": ("on = Constant<value = bool {1}>() m = Constant<value_int = 4000>() y = Loop (m, on, x) <body = b (int64 i, bool c, "
             "float[2,3] s) => (bool d, float[2,3] t) { d = Identity(c) " + " ".join(f"a{i} = Neg(s)" for i in range(30)) +
             " t = Neg(s) }>", "the unrolled loops have more than 100000 nodes"),
    "wrong body": ("on = Constant<value = bool {1}>() m = Constant<value_int = 2>() y = Loop (m, on, x) <body = b (int64 i, bool c) "
                   "=> (bool d, float[2,3] t) { d = Identity(c) t = Neg(x) }>", "attribute 'body' has 2 inputs, expected 3"),
    "wrong outputs": ("on = Constant<value = bool {1}>() y = If (on) <then_branch = t () => (float[2,3] v, float[2,3] u) "
                      "{ v = Relu(x) u = Neg(x) }, else_branch = e () => (float[2,3] v) { v = Relu(x) }>",
                      "attribute 'then_branch' has 2 outputs, expected 1"),
    "no iteration": ("on = Constant<value = bool {1}>() m = Constant<value_int = 0>() y = Loop (m, on) <body = b (int64 i, bool c) "
                     "=> (bool d, float[2,3] t) { d = Identity(c) t = Neg(x) }>", "has no iteration, so that output 0 is empty"),
    "sequences joined": ("on = Constant<value = bool {1}>() m = Constant<value_int = 2>() y = Loop (m, on) <body = b (int64 i, bool c) "
                         "=> (bool d, seq(float[2,3]) t) { d = Identity(c) t = SequenceConstruct(x) }>", "joins what are no tensors"),
    "scan counts": ("y = Scan (x) <num_scan_inputs = 3, body = b (float[3] e) => (float[3] f) { f = Neg(e) }>",
                    "attribute 'num_scan_inputs' is 3, but the node has 1 inputs and 1 outputs"),
    "scan entries": ("y = Scan (x) <num_scan_inputs = 1, scan_input_axes = [0, 1], body = b (float[3] e) => (float[3] f) { f = Neg(e) }>",
                     "attribute 'scan_input_axes' has 2 entries, expected 1"),
    "scan lengths": ("y = Scan (x, x) <num_scan_inputs = 2, scan_input_axes = [0, 1], body = b (float[3] e, float[2] f) => (float[3] g) "
                     "{ g = Neg(e) }>", "scans axes of unlike extents, 2 and 3"),
    "scan empty": ("y = Scan (o) <num_scan_inputs = 1, body = b (float[3] e) => (float[3] f) { f = Neg(e) }>",
                   "has no iteration, so that a scanned output is empty"),
    "no sequence": ("z = Constant<value_int = 0>() y = SequenceAt(x, z)", "input 0 ('x') is a tensor, expected a sequence"),
    "no tensor": ("q = SequenceConstruct(x) y = Relu(q)", "input 0 ('q') is a sequence, expected a tensor"),
    "empty optional": ("p = Optional<type = float[2,3]>() y = OptionalGetElement(p)", "input 0 ('p') is an empty optional"),
    "an empty optional": ("p = Optional<type = seq(float[2,3])>() z = Constant<value_int = 0>() y = SequenceAt(p, z)",
                          "input 0 ('p') is an empty optional, expected a sequence"),
    "an optional's function": ("p = Optional<type = float[2,3]>() y = Relu(p)", "input 0 ('p') is an empty optional, expected a tensor"),
    "outside": ("q = SequenceConstruct(x) z = Constant<value_int = 1>() y = SequenceAt(q, z)",
                "position 1 lies outside a sequence of 1 elements"),
    "nothing there": ("q = SequenceEmpty() z = Constant<value_int = 0>() y = SequenceAt(q, z)", "the sequence is empty"),
    "nothing to join": ("q = SequenceEmpty() y = ConcatFromSequence<axis = 0>(q)", "the sequence has no tensors to join"),
    "parts of nothing": ("s = Constant<value_int = 0>() q = SplitToSequence(x, s) y = ConcatFromSequence<axis = 0>(q)",
                         "splits into parts of 0 elements, expected at least 1"),
    "parts": ("s = Constant<value_ints = [1, 2]>() q = SplitToSequence(x, s) y = ConcatFromSequence<axis = 0>(q)",
              "the parts do not add up to the axis' extent, 2"),
    "open parts": ("q = SplitToSequence(w) y = ConcatFromSequence<axis = 0>(q)",
                   "axis 0 has an extent that is unknown at compile time"),
    "output": ("y = SequenceConstruct(x)", "output 'y' is not a tensor", "a compiled model has tensors alone"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name, tmp_path):
    """In a branch, where ONNX lets pass what it would refuse itself."""
    body, *texts = REFUSED[name]
    if name == "output":
        result, body = "seq(float[2,3]) y", body
    else:
        result = "float[K,L] out"
        body = f"""on_ = Constant<value = bool {{1}}>() out = If (on_) <then_branch = yes () => (float[K,L] y) {{ {body} }},
            else_branch = no () => (float[2,3] y) {{ y = Relu(x) }}>"""
    text = f"g (float[2,3] x, float[W,3] w, float[0,3] o, bool c, int64 n) => ({result}) {{ {body} }}"
    proto = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 18]>\n{text}')
    onnx.save(proto, tmp_path / "model.onnx")
    with pytest.raises(nibble.Error) as error:
        nibble.compile(tmp_path / "model.onnx", weights="float")
    for part in texts:
        assert part in str(error.value)


@pytest.mark.parametrize("state, body, text", [
    ("float[0,3] s, float[0,4,3] x", "c = Add(a, e)", "joins no tensors at all"),
    ("float[2,3] s, float[3,4,3] x", "c = Add(a, e)", "scans axes of unlike extents, 2 and 3"),
    ("float s, float[2,4,3] x", "c = Add(a, e)", "an input has rank 0, expected a batch"),
    ("float[N,3] s, float[N,4,3] x", "c = Add(a, e)", "(?s)axis 0 of input 0 has an extent that is unknown at compile time.*"
                                                      "give it a fixed extent by --dim"),
])
def test_refused_of_opset_8(state, body, text, tmp_path):
    path = build(f"""g ({state}) => (float[2,3] t) {{
        t = Scan (, s, x) <num_scan_inputs = 1, body = b (float[3] a, float[3] e) => (float[3] c) {{ {body} }}> }}""",
                 tmp_path, opset=8, ir=4)
    with pytest.raises(nibble.Error, match=text):
        nibble.compile(path, weights="float")


def test_sequence_as_an_input(tmp_path):
    path = build("g (seq(float[2,3]) q) => (float[K,3] y) { y = ConcatFromSequence<axis = 0>(q) }", tmp_path)
    with pytest.raises(nibble.Error, match="(?s)input 'q' is not a tensor.*a compiled model has tensors alone"):
        nibble.compile(path, weights="float")


# -- decided when the model runs -----------------------------------------------------------------------

def expect_runs(path, feeds):
    """One library for all feeds: onnxruntime's numbers, and the interpreter's bits."""
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    compiled = nibble.compile(path, weights="float")
    for feed in feeds:
        for expected, got, exact in zip(session.run(None, feed), compiled.run(feed), compiled.reference(feed), strict=True):
            assert got.shape == expected.shape and got.tobytes() == exact.tobytes()
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


LENGTHS = [1, 2, 5, 40]


@pytest.mark.parametrize("shape, result, attributes", [
    ("float[T,3]", "float[T,3]", ""),
    ("float[T,3]", "float[T,3]", "scan_input_directions = [1, 0], scan_output_directions = [1],"),
    ("float[3,T]", "float[3,T]", "scan_input_axes = [1, 0], scan_output_axes = [1],"),
    ("float[3,T]", "float[3,T]", "scan_input_axes = [-1, 0], scan_output_axes = [-1], scan_input_directions = [0, 1],"),
])
def test_scan_of_any_length(shape, result, attributes, tmp_path):
    path = build((SCAN % (shape, result, attributes)).replace("float[4,3] w", "float[T,3] w"), tmp_path)
    expect_runs(path, [{"s": draw(3), "w": draw(n, 3), "x": draw(n, 3) if shape == "float[T,3]" else draw(3, n)} for n in LENGTHS])


def test_long_scan_is_not_unrolled(tmp_path):
    """The code does not grow with the length."""
    sizes = []
    for length in (100, 3000):
        text = SCAN.replace("4,3", f"{length},3") % (f"float[{length},3]", f"float[{length},3]", "")
        path = build(text, tmp_path)
        expect_runs(path, [{"s": draw(3), "x": draw(length, 3), "w": draw(length, 3)}])
        nibble.compile(path, weights="float").save(tmp_path / "model.so")
        sizes.append((tmp_path / "model.so").stat().st_size)
    assert sizes[1] < sizes[0] + 1024


def test_states_that_change_places(tmp_path):
    """A body may hand on what it got, in another order, or a value from outside."""
    text = """g (float[3] s, float[3] r, float[T,3] x) => (float[3] t, float[3] u, float[T,3] y) {
        n = Neg(r)
        t, u, y = Scan (s, r, x) <num_scan_inputs = 1, body = b (float[3] a, float[3] c, float[3] e)
            => (float[3] d, float[3] f, float[3] o) { d = Identity(c) f = Identity(a) z = Add(e, n) o = Sub(z, a) }>
    }"""
    path = build(text, tmp_path)
    expect_runs(path, [{"s": draw(3), "r": -2 * draw(3), "x": draw(n, 3)} for n in LENGTHS])


def test_scan_in_a_scan(tmp_path):
    text = """g (float[3] s, float[T,N,3] x) => (float[3] t, float[T,N,3] y) {
        t, y = Scan (s, x) <num_scan_inputs = 1, body = b (float[3] a, float[N,3] e) => (float[3] c, float[N,3] d) {
            c, d = Scan (a, e) <num_scan_inputs = 1, body = i (float[3] k, float[3] l) => (float[3] m, float[3] o) {
                m = Sub(l, k) o = Relu(m) }>
        }>
    }"""
    expect_runs(build(text, tmp_path), [{"s": draw(3), "x": draw(n, m, 3)} for n, m in [(1, 1), (3, 4), (5, 2)]])


def test_loop_of_as_many_iterations_as_an_extent(tmp_path):
    """Scanned outputs too; the body reads the iteration's number."""
    text = """g (float[T,3] x) => (float[3] y, float[T,3] z) <bool on = {1}, int64 zero = {0}, float[3] none = {0, 0, 0}> {
        shape = Shape(x)
        count = Gather(shape, zero)
        y, z = Loop (count, on, none) <body = b (int64 i, bool c, float[3] s) => (bool d, float[3] t, float[3] e) {
            d = Identity(c) row = Gather<axis = 0>(x, i) t = Add(s, row) f = Cast<to = 1>(i) e = Mul(t, f) }>
    }"""
    expect_runs(build(text, tmp_path), [{"x": draw(n, 3)} for n in LENGTHS])


COUNTED = """g (float[2,3] x, int64 n, bool go) => (float[2,3] y) {
    y = Loop (%s, %s, x) <body = b (int64 i, bool c, float[2,3] s) => (bool d, float[2,3] t) {
        half = Constant<value = float {0.75}>() least = Constant<value = float {0.2}>()
        t = Mul(s, half) big = ReduceMax<keepdims = 0>(t) %s }>
}"""


@pytest.mark.parametrize("count, go, condition", [
    ("n", "go", "d = Identity(c)"), ("n", "go", "d = Greater(big, least)"), ("", "go", "d = Greater(big, least)"),
])
def test_loop_that_the_run_ends(count, go, condition, tmp_path):
    path = build(COUNTED % (count, go, condition), tmp_path)
    expect_runs(path, [{"x": np.abs(draw(2, 3)), "n": np.array(n), "go": np.array(go)} for n in (0, 1, 7, -2) for go in (True, False)])


def test_loop_whose_values_end_it(tmp_path):
    """The condition is computed from a carried value, the trip count is a constant."""
    text = COUNTED.replace("=> (float[2,3] y) {", "=> (float[2,3] y) <int64 most = {100}, bool on = {1}> {").replace(", int64 n, bool go", "")
    path = build(text % ("most", "on", "d = Greater(big, least)"), tmp_path)
    expect_runs(path, [{"x": scale * np.abs(draw(2, 3))} for scale in (0.1, 1, 50)])


CHOICE = """g (float[N,3] x, bool c, float[3] w) => (float[N,3] y) {
    h = Neg(x)
    r = If (c) <then_branch = yes () => (float[N,3] a) { p = Add(x, w) a = Mul(p, h) }, else_branch = no () => (float[N,3] a) { %s }>
    y = Add(r, x)
}"""


@pytest.mark.parametrize("branch", ["a = Relu(h)", "a = Identity(x)"])
def test_if_that_the_run_decides(branch, tmp_path):
    path = build(CHOICE % branch, tmp_path)
    expect_runs(path, [{"x": draw(n, 3), "w": draw(3), "c": np.array(c)} for n in (1, 4) for c in (True, False)])


def test_if_in_a_loop(tmp_path):
    text = """g (float[T,3] x, float[3] s) => (float[3] t, float[T,3] y) <float zero = {0}> {
        t, y = Scan (s, x) <num_scan_inputs = 1, body = b (float[3] a, float[3] e) => (float[3] c, float[3] d) {
            sum = ReduceSum<keepdims = 0>(e) above = Greater(sum, zero)
            c = If (above) <then_branch = yes () => (float[3] v) { v = Add(a, e) }, else_branch = no () => (float[3] v) { v = Sub(a, s) }>
            d = Neg(c) }>
    }"""
    expect_runs(build(text, tmp_path), [{"s": draw(3), "x": draw(n, 3)} for n in LENGTHS])


NIBBLE = Path(nibble.__file__).parent / "bin/nibble"


@pytest.mark.parametrize("flags, text", [
    (["--dim", "n"], "--dim is 'n', expected a name and an extent, as in batch=1"),
    (["--dim", "N=1", "--dim", "N=2"], "--dim gives 'N' twice"),
    (["--dim", "M=1"], "the unknown extents are 'N'"),
    (["--dim", "N=x"], "--dim is 'N=x', expected a name and an extent, as in batch=1"),
    (["--dim", "N=-1"], "input 'x' has extent -1, expected 0 to 2147483647"),
])
def test_flags_that_are_wrong(flags, text, tmp_path):
    path = build("g (float[N,3] x) => (float[N,3] y) { y = Relu(x) }", tmp_path)
    done = subprocess.run([NIBBLE, "inspect", path, *flags], capture_output=True, text=True)
    assert done.returncode == 1 and text in done.stderr


def test_extents_are_fixed_by_flags(tmp_path):
    path = build("g (float[N,3] x) => (float[N,3] y) { y = Relu(x) }", tmp_path)
    fixed = subprocess.run([NIBBLE, "inspect", path, "--dim", "N=5"], capture_output=True, text=True, check=True)
    assert "float32[5 x 3]" in fixed.stdout
    path = build("g (float[5,3] x) => (float[5,3] y) { y = Relu(x) }", tmp_path)
    done = subprocess.run([NIBBLE, "inspect", path, "--dim", "N=5"], capture_output=True, text=True)
    assert "all extents of the inputs are fixed" in done.stderr
    (tmp_path / "model.mlir").write_text("func.func @main() { return }")
    done = subprocess.run([NIBBLE, "inspect", tmp_path / "model.mlir", "--dim", "N=5"], capture_output=True, text=True)
    assert "' is no ONNX model: its extents cannot be fixed by --dim" in done.stderr
