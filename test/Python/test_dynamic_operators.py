# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators whose windows, parts and samples depend on dynamic extents: one library for every size."""
import re

import numpy as np
import onnx
import pytest

import nibble

onnxruntime = pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.filterwarnings("ignore:.* are taken to be equal")
KINDS = {"float": {"weights": "float"}, "static": {"mode": "static"}, "dynamic": {"mode": "dynamic"}}


def normal(*shape, seed=1, scale=1.0):
    return np.random.default_rng(seed).normal(0, scale, shape).astype(np.float32)


def build(path, text, weights=(), opset=17):
    """A model in ONNX's text form, `weights` among its initializers."""
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : {opset}]>\n{text}')
    model.graph.initializer.extend(onnx.numpy_helper.from_array(array, name) for name, array in dict(weights).items())
    for index, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{index}"
    onnx.save(model, path)
    return path


def expect(path, feeds):
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, feeds)


def check(path, kind, sizes, feed, worst=20, **options):
    """At each size, up and down: the interpreter's bits, and onnxruntime's values, exactly or but for `worst` dB of noise."""
    # What is run among them: values beyond the ranges would be clipped, which is no error of the operator.
    seeds = [*range(40, 44), 7]
    samples = [feed(size, seed=seed) for size in sizes for seed in seeds] if kind == "static" else None
    model = nibble.compile(path, samples, **KINDS[kind], **options)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for size in [*sizes, *sizes[::-1]]:
        feeds = feed(size, seed=7)
        for got, exact, want in zip(model.run(feeds), model.reference(feeds), session.run(None, feeds), strict=True):
            assert got.shape == exact.shape == want.shape and got.tobytes() == exact.tobytes()
            if kind == "float":
                np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)
            elif want.size > 16:
                assert np.square(got - want).mean() * 10 ** (worst / 10) < np.square(want).mean() + 1e-9, size
    return model


def image(*channels):
    return lambda size, seed: {"x": normal(2, *channels, *size, seed=seed)}


SIZES = [(1, 1), (1, 6), (5, 3), (8, 8), (7, 16), (33, 10)]
# Of convolutions before and behind an operator, so that it lies between values that are quantized.
AROUND = {"c": normal(6, 4, 1, 1, seed=2, scale=0.5), "d": normal(5, 6, 1, 1, seed=3, scale=0.5)}


def around(lines, before="a", behind="b", tail=""):
    """`lines` between two convolutions, in a graph of images of any size."""
    return f"""g (float[2,4,H,W] x) => (float[2,5,P,Q] y) {tail} {{
        {before} = Conv<kernel_shape=[1,1]>(x, c)
        {lines}
        y = Conv<kernel_shape=[1,1]>({behind}, d) }}"""


# -- Split and Slice ---------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", KINDS)
def test_split_in_halves(tmp_path, kind):
    """The second part begins where the extent says."""
    path = build(tmp_path / "m.onnx", around("""
        l, r = Split<axis=3, num_outputs=2>(a)
        s = Shape<start=3, end=4>(r) w = Slice(l, zero, s, axis)
        b = Add(w, r)""", tail="<int64[1] zero = {0}, int64[1] axis = {3}>"), AROUND, opset=18)
    check(path, kind, [(1, 2), (3, 7), (5, 16), (2, 33)], image(4))


@pytest.mark.parametrize("kind", KINDS)
def test_split_by_sizes(tmp_path, kind):
    """The sizes are computed from the shape: all but the last three rows, and these."""
    path = build(tmp_path / "m.onnx", around("""
        h = Shape<start=2, end=3>(a) n = Sub(h, three) sizes = Concat<axis=0>(n, three)
        u, v = Split<axis=2>(a, sizes)
        b = Concat<axis=2>(v, u)""", tail="<int64[1] three = {3}>"), AROUND)
    model = check(path, kind, [(3, 1), (4, 5), (17, 3)], image(4))
    with pytest.raises(nibble.Error, match="the model refuses the dimensions 'H' = 2, 'W' = 5"):
        model.run(image(4)((2, 5), 1))


@pytest.mark.parametrize("kind", KINDS)
def test_slice_from_the_middle(tmp_path, kind):
    path = build(tmp_path / "m.onnx", around("""
        h = Shape<start=2, end=3>(a) half = Div(h, two) b = Slice(a, half, h, axis)""",
        tail="<int64[1] two = {2}, int64[1] axis = {2}>"), AROUND)
    check(path, kind, SIZES, image(4))


# -- Resize ------------------------------------------------------------------------------------------

RESIZE = "b = Resize<{attributes}>(a, , scales)"
MODES = {"nearest-asymmetric": 'mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"',
         "nearest": 'mode="nearest"', "nearest-ceil": 'mode="nearest", nearest_mode="ceil"',
         "nearest-align": 'mode="nearest", coordinate_transformation_mode="align_corners"',
         "linear": 'mode="linear"', "linear-asymmetric": 'mode="linear", coordinate_transformation_mode="asymmetric"',
         "linear-align": 'mode="linear", coordinate_transformation_mode="align_corners"',
         "linear-pytorch": 'mode="linear", coordinate_transformation_mode="pytorch_half_pixel"',
         "cubic": 'mode="cubic", coordinate_transformation_mode="half_pixel"'}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["nearest-asymmetric", "nearest", "linear"])
def test_resize_by_two(tmp_path, mode, kind):
    path = build(tmp_path / "m.onnx", around(RESIZE.format(attributes=MODES[mode]), tail="<float[4] scales = {1.0,1.0,2.0,2.0}>"),
                 AROUND)
    check(path, kind, SIZES, image(4))


@pytest.mark.parametrize("mode", MODES)
def test_resize_modes(tmp_path, mode):
    path = build(tmp_path / "m.onnx", around(RESIZE.format(attributes=MODES[mode]), tail="<float[4] scales = {1.0,1.0,3.0,2.0}>"),
                 AROUND)
    check(path, "float", SIZES, image(4))


@pytest.mark.parametrize("scales", ["0.5,1.5", "2.5,1.0", "0.6,1.3333334", "0.75,0.25"])
def test_resize_by_fractions(tmp_path, scales):
    """The extents are those that floats make of the product, rounded down."""
    path = build(tmp_path / "m.onnx", around(RESIZE.format(attributes=MODES["nearest-asymmetric"]),
                                             tail=f"<float[4] scales = {{1.0,1.0,{scales}}}>"), AROUND)
    check(path, "float", [(4, 4), (5, 9), (10, 30), (33, 15)], image(4))


@pytest.mark.parametrize("kind", ["float", "static"])
@pytest.mark.parametrize("mode", ["nearest-asymmetric", "nearest", "linear", "linear-align"])
def test_resize_to_another(tmp_path, mode, kind):
    """To the size of another value, as feature pyramids do: no scale is known."""
    path = build(tmp_path / "m.onnx", f"""g (float[2,4,H,W] x) => (float[2,5,P,Q] y) {{
        a = Conv<kernel_shape=[1,1]>(x, c)
        small = MaxPool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(a)
        whole = Shape<start=2, end=4>(a) first = Shape<start=0, end=2>(a) sizes = Concat<axis=0>(first, whole)
        up = Resize<{MODES[mode]}>(small, , , sizes)
        b = Add(up, a)
        y = Conv<kernel_shape=[1,1]>(b, d) }}""", AROUND)
    check(path, kind, SIZES, image(4))


@pytest.mark.parametrize("kind", ["float", "static"])
@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_resize_to_fixed_size(tmp_path, mode, kind):
    path = build(tmp_path / "m.onnx", around(f"b = Resize<{MODES[mode]}>(a, , , sizes)", tail="<int64[4] sizes = {2,6,5,7}>"), AROUND)
    check(path, kind, SIZES, image(4))


@pytest.mark.parametrize("line, message", [
    ("b = Resize<mode=\"nearest\">(a, , scales)",
     "scale 1.234567 of axis 2, whose extent is dynamic, is no quotient of integers up to 64"),
    ("b = Resize<mode=\"linear\", coordinate_transformation_mode=\"align_corners\">(a, , scales)",
     "scale 1.234567 of axis 2, whose extent is dynamic, is no quotient of integers up to 64"),
    ("b = Resize<mode=\"linear\", keep_aspect_ratio_policy=\"not_larger\", axes=[2,3]>(a, , , sizes)",
     "attribute 'keep_aspect_ratio_policy' is not 'stretch', and axis 2 has an extent that is unknown at compile time"),
    ("b = Resize<mode=\"linear\", antialias=1, axes=[2,3]>(a, , , sizes)",
     "attribute 'antialias' is set, and the scale of axis 2 depends on dynamic extents"),
    ("b = Resize<mode=\"linear\", axes=[2,3]>(a, , , none)", "resizes axis 2 to 0 elements"),
    ("b = Resize<mode=\"nearest\">(a, , more)",
     "scale 1.300000 of axis 2, whose extent is dynamic, gives 90 elements another number of them in floats than in fractions"),
    ("b = Resize<mode=\"linear\", coordinate_transformation_mode=\"align_corners\">(a, , half)",
     "scale 0.500000 gives axis 2 a fraction of an element")])
def test_resize_refusals(tmp_path, line, message):
    path = build(tmp_path / "m.onnx", around(line, tail="<float[4] scales = {1.0,1.0,1.234567,1.0}, int64[2] sizes = {5,7}, "
                                                   "float[4] half = {1.0,1.0,0.5,1.0}, float[4] more = {1.0,1.0,1.3,1.0}, int64[2] none = {0,7}>"), AROUND, opset=19)
    with pytest.raises(nibble.Error, match=re.escape(message)) as caught:
        nibble.compile(path, weights="float")
    if "no quotient" in message:
        assert "give sizes in the place of scales, or the input a fixed shape" in str(caught.value)


# -- convolutions ------------------------------------------------------------------------------------

WEIGHTS = {"w": normal(6, 4, 3, 3, seed=4, scale=0.3), "v": normal(6, 4, 3, seed=4, scale=0.3), "u": normal(6, 4, 3, 2, 3, seed=4, scale=0.3),
           "p": normal(4, 6, 3, 3, seed=5, scale=0.3), "q": normal(4, 6, 3, seed=5, scale=0.3), "r": normal(4, 6, 2, 3, 2, seed=5, scale=0.3),
           "b": normal(6, seed=6)}
CONVOLUTIONS = {
    "same-upper": ("Conv", "w", 'auto_pad="SAME_UPPER", strides=[2,2]', 2), "same-lower": ("Conv", "w", 'auto_pad="SAME_LOWER", strides=[2,3]', 2),
    "same-1-D": ("Conv", "v", 'auto_pad="SAME_UPPER", strides=[3]', 1), "same-3-D": ("Conv", "u", 'auto_pad="SAME_LOWER", strides=[2,1,2]', 3),
    "valid": ("Conv", "w", 'auto_pad="VALID", strides=[2,2]', 2), "1-D": ("Conv", "v", "pads=[1,2], strides=[2]", 1),
    "1-D-dilated": ("Conv", "v", "pads=[4,4], dilations=[4]", 1), "3-D": ("Conv", "u", "pads=[1,0,1,1,1,1], strides=[2,1,2]", 3),
    "transposed": ("ConvTranspose", "p", "strides=[2,2], pads=[1,1,1,1]", 2),
    "transposed-padded": ("ConvTranspose", "p", "strides=[2,2], pads=[1,1,1,1], output_padding=[1,1]", 2),
    "transposed-same": ("ConvTranspose", "p", 'strides=[2,3], auto_pad="SAME_UPPER"', 2),
    "transposed-1-D": ("ConvTranspose", "q", "strides=[3], output_padding=[2]", 1),
    "transposed-3-D": ("ConvTranspose", "r", "strides=[2,1,2], pads=[1,1,0,0,1,0], output_padding=[1,0,1]", 3)}
SPATIAL = {1: [(3,), (4,), (5,), (16,), (33,)], 2: [(3, 3), (3, 8), (5, 3), (8, 8), (7, 16), (33, 10)], 3: [(3, 3, 3), (4, 5, 6), (7, 3, 9)]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", CONVOLUTIONS)
def test_convolutions(tmp_path, form, kind):
    op, weight, attributes, rank = CONVOLUTIONS[form]
    dims = ",".join("DHW"[3 - rank:])
    path = build(tmp_path / "m.onnx", f"""g (float[2,4,{dims}] x) => (float[2,6,{dims.lower()}] y) {{
        before = Relu(x) behind = {op}<{attributes}>(before, {weight}, b) y = Relu(behind) }}""", {name: WEIGHTS[name] for name in (weight, "b")})
    check(path, kind, SPATIAL[rank], image(4))


def test_volumes_of_open_channels(tmp_path):
    path = build(tmp_path / "m.onnx", "g (float[2,C,4,H,W] x) => (float[2,6,P,Q,R] y) { y = Conv(x, u) }", {"u": WEIGHTS["u"]})
    with pytest.raises(nibble.Error, match="a convolution of volumes needs a known number of channels"):
        nibble.compile(path, weights="float")


def test_resize_of_nothing(tmp_path):
    path = build(tmp_path / "m.onnx", """g (float[2,0,W] x) => (float[2,P,Q] y) <float[3] scales = {1.0,2.0,2.0}> {
        y = Resize<mode="linear">(x, , scales) }""")
    with pytest.raises(nibble.Error, match="resizes axis 1, which has no elements"):
        nibble.compile(path, weights="float")


def test_output_shape_of_an_open_image(tmp_path):
    """The pads depend on the image, the shape does not: element by element."""
    path = build(tmp_path / "m.onnx", """g (float[2,4,H,W] x) => (float[2,6,9,12] y) {
        y = ConvTranspose<strides=[2,2], output_shape=[9,12]>(x, p, b) }""", {name: WEIGHTS[name] for name in "pb"})
    check(path, "float", [(4, 6), (5, 6), (7, 9)], image(4))


# -- pools -------------------------------------------------------------------------------------------

POOLS = {"plain": "kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]", "ceil": "kernel_shape=[3,3], strides=[2,2], ceil_mode=1",
         "ceil-padded": "kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1], ceil_mode=1",
         "ceil-cropped": "kernel_shape=[2,2], strides=[3,3], ceil_mode=1",
         "same-upper": 'kernel_shape=[3,3], strides=[2,2], auto_pad="SAME_UPPER"',
         "same-lower": 'kernel_shape=[2,3], strides=[2,2], auto_pad="SAME_LOWER"'}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("op", ["MaxPool", "AveragePool", "AveragePool-counted"])
@pytest.mark.parametrize("form", POOLS)
def test_pools(tmp_path, form, op, kind):
    counted = ", count_include_pad=1" if op.endswith("counted") else ""
    path = build(tmp_path / "m.onnx", around(f"b = {op.removesuffix('-counted')}<{POOLS[form]}{counted}>(a)"), AROUND)
    check(path, kind, SPATIAL[2], image(4))


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize("rank, attributes", [
    (1, "kernel_shape=[4], strides=[3], pads=[1,2]"), (1, "kernel_shape=[3], strides=[2], ceil_mode=1"),
    (1, 'kernel_shape=[3], strides=[2], auto_pad="SAME_UPPER"'), (3, "kernel_shape=[2,3,2], strides=[2,1,3], pads=[1,0,1,0,2,0]"),
    (3, "kernel_shape=[2,3,3], strides=[2,2,3], ceil_mode=1"), (3, 'kernel_shape=[2,3,2], strides=[2,2,2], auto_pad="SAME_LOWER"')])
def test_pools_of_other_ranks(tmp_path, op, rank, attributes):
    dims = ",".join("DHW"[3 - rank:])
    path = build(tmp_path / "m.onnx", f"g (float[2,4,{dims}] x) => (float[2,4,{dims.lower()}] y) {{ y = {op}<{attributes}>(x) }}")
    check(path, "float", SPATIAL[rank], image(4))


@pytest.mark.parametrize("line", [
    'y = LpPool<kernel_shape=[2,3], strides=[2,2], auto_pad="SAME_UPPER">(x)', "y = GlobalMaxPool(x)", "y = GlobalLpPool<p=2>(x)",
    "y = GlobalLpPool<p=3>(x)", "y = GlobalAveragePool(x)",
    "m, i = MaxPool<kernel_shape=[2,2], strides=[2,2]>(x) y = MaxUnpool<kernel_shape=[2,2], strides=[2,2]>(m, i)"])
def test_other_pools(tmp_path, line):
    """Those of whole images, and what only programs compute; of even sizes, which are what a pool's indices count in."""
    path = build(tmp_path / "m.onnx", f"g (float[2,4,H,W] x) => (float[2,4,P,Q] y) {{ {line} }}", opset=18)
    check(path, "float", [(2, 2), (4, 8), (16, 6)] + ([] if "Unpool" in line else [(3, 3), (5, 8)]), image(4))


# -- Pad ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["constant", "reflect", "edge"])
def test_pads(tmp_path, mode, kind):
    """By what stands at the edges: from tables of indices."""
    path = build(tmp_path / "m.onnx", around(f'b = Pad<mode="{mode}">(a, pads)', tail="<int64[8] pads = {0,0,2,1,0,0,1,3}>"), AROUND)
    model = check(path, kind, [(4, 4), (5, 9), (16, 33)], image(4))
    if mode == "reflect":
        with pytest.raises(nibble.Error, match="the model refuses the dimensions 'H' = 4, 'W' = 3"):
            model.run(image(4)((4, 3), 1))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["constant", "edge", "reflect"])
def test_pads_to_a_multiple(tmp_path, mode, kind):
    """As many rows and columns as are missing to multiples of 4, on both sides."""
    path = build(tmp_path / "m.onnx", around(f"""
        size = Shape<start=2, end=4>(a) rest = Mod(size, four) missing = Sub(four, rest) all = Mod(missing, four)
        low = Div(all, two) high = Sub(all, low) pads = Concat<axis=0>(none, low, none, high)
        b = Pad<mode="{mode}">(a, pads)""", tail="<int64[2] none = {0,0}, int64[1] two = {2}, int64[1] four = {4}>"), AROUND)
    check(path, kind, [(3, 4), (5, 9), (16, 33)], image(4))


@pytest.mark.parametrize("kind", KINDS)
def test_crops_by_half(tmp_path, kind):
    """Negative pads that the extents decide of leave out elements; with others together."""
    path = build(tmp_path / "m.onnx", around("""
        h = Shape<start=2, end=3>(a) half = Div(h, two) low = Sub(zero, half) pads = Concat<axis=0>(none, low, one, none, half, one)
        b = Pad(a, pads)""", tail="<int64[2] none = {0,0}, int64[1] two = {2}, int64[1] one = {1}, int64[1] zero = {0}>"), AROUND)
    check(path, kind, [(1, 4), (5, 9), (16, 33)], image(4))


def test_pads_that_elements_decide_of(tmp_path):
    path = build(tmp_path / "m.onnx", """g (float[2,4,H,W] x, int64[8] pads) => (float[2,4,P,Q] y) { y = Pad(x, pads) }""")
    with pytest.raises(nibble.Error, match=re.escape("pads (input 1, 'pads') is not known at compile time")):
        nibble.compile(path, weights="float")


def test_wrapped_pads(tmp_path):
    path = build(tmp_path / "m.onnx", around('b = Pad<mode="wrap">(a, pads)', tail="<int64[8] pads = {0,0,2,1,0,0,1,3}>"), AROUND, opset=19)
    check(path, "float", [(3, 3), (5, 9), (16, 33)], image(4))


# -- rows of bytes -----------------------------------------------------------------------------------

def test_integer_softmax(tmp_path):
    """Lines of any length, in integers: those of 160 and more by a table."""
    path = build(tmp_path / "m.onnx", """g (float[N,L] x) => (float[N,L] y) { y = Softmax<axis=1>(x) }""")
    check(path, "static", [(3, 1), (2, 31), (4, 159), (2, 160), (3, 517)], lambda size, seed: {"x": normal(*size, seed=seed, scale=2)},
          worst=10, requant="fixed")


# -- names -------------------------------------------------------------------------------------------

TWO = """g (float[a,4] x, float[b,4] z) => (float[c,8] y) {
    s = Add(x, z) t = Mul(s, z) p = Concat<axis=1>(t, x) y = Relu(p) }"""


@pytest.mark.parametrize("kind", KINDS)
def test_dimensions_that_must_be_equal(tmp_path, kind):
    """Two names for one dimension: taken to be one, once, and checked by a run."""
    path = build(tmp_path / "m.onnx", TWO)

    def feed(size, seed):
        return {"x": normal(size, 4, seed=seed), "z": normal(size, 4, seed=seed + 1)}
    warning = ("node 'Add_0': the extents a and b are taken to be equal, and a run refuses inputs where they are not; give them one "
               "name in the model, or fix one of them")
    with pytest.warns(UserWarning, match=re.escape(warning)) as warned:
        model = check(path, kind, [1, 3, 17], feed)
    assert sum("are taken to be equal" in str(each.message) for each in warned) == 1
    unequal = {"x": normal(3, 4), "z": normal(2, 4)}
    with pytest.raises(nibble.Error, match="the model refuses the dimensions 'a' = 3, 'b' = 2"):
        model.run(unequal)
    with pytest.raises(nibble.Error, match="expected inputs for which the extent a is 2, got 3"):
        model.reference(unequal)


def test_extents_that_must_be_equal(tmp_path):
    path = build(tmp_path / "m.onnx", """g (float[a,2,4] x, float[b,4] z) => (float[c,4] y) <int64[2] flat = {-1, 4}> {
        r = Reshape(x, flat) y = Add(r, z) }""")
    with pytest.warns(UserWarning, match=re.escape("the extents 2 * a and b are taken to be equal")):
        model = nibble.compile(path, weights="float")
    feeds = {"x": normal(3, 2, 4), "z": normal(6, 4)}
    np.testing.assert_array_equal(model.run(feeds)[0], feeds["x"].reshape(6, 4) + feeds["z"])
    with pytest.raises(nibble.Error, match="the model refuses the dimensions 'a' = 3, 'b' = 5"):
        model.run({"x": feeds["x"], "z": normal(5, 4)})


def test_dimensions_that_a_program_repeats(tmp_path):
    """Where a program chooses elements, an extent may still turn out to be 1."""
    path = build(tmp_path / "m.onnx", "g (float[a,4] x, float[b,4] z) => (float[c,4] y) { m = Greater(x, z) y = Where(m, x, z) }")
    model = nibble.compile(path, weights="float")
    for a, b in [(3, 3), (3, 1), (1, 4)]:
        feeds = {"x": normal(a, 4), "z": normal(b, 4, seed=2)}
        np.testing.assert_array_equal(model.run(feeds)[0], np.maximum(feeds["x"], feeds["z"]))


def test_strict_dimensions(tmp_path):
    with pytest.raises(nibble.Error, match="are taken to be equal"):
        nibble.compile(build(tmp_path / "m.onnx", TWO), weights="float", strict=True)
