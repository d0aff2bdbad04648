# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One compiled model for every batch, sequence length and image size."""
import json
import re
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import nibble

onnxruntime = pytest.importorskip("onnxruntime")
NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"
WIDTH = 16
SIZES = [1, 2, 3, 7, 16, 33]
LENGTHS = [1, 5, 8, 20]  # of calibration samples
KINDS = ["float", "static", "dynamic", "weight-only"]
OPTIONS = {"float": {"weights": "float"}, "static": {}, "dynamic": {"mode": "dynamic"}, "weight-only": {"mode": "weight-only"}}


def normal(*shape, seed=1, scale=1.0):
    return np.random.default_rng(seed).normal(0, scale, shape).astype(np.float32)


def make(nodes, inputs, outputs, weights):
    """A model of float inputs and outputs with these shapes, whose strings name dynamic dimensions."""
    ports = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in side.items()]
             for side in (inputs, outputs)]
    graph = helper.make_graph(nodes, "g", *ports, [numpy_helper.from_array(array, name) for name, array in weights.items()])
    for index, node in enumerate(graph.node):
        node.name = node.name or f"{node.op_type}_{index}"
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


# -- models: how each is built, and a feed of size n -------------------------------------------------

def encoder():
    """A multilayer perceptron, LayerNormalization, attention: products of two activations, Softmax along a dynamic axis."""
    nodes = [node("MatMul", "x w1", "h0"), node("Add", "h0 b1", "h1"), node("Relu", "h1", "h2"), node("MatMul", "h2 w2", "h3"),
             node("Add", "h3 x", "h4"), node("LayerNormalization", "h4 s b", "n", axis=-1, epsilon=1e-5),
             node("MatMul", "n wq", "q"), node("MatMul", "n wk", "k"), node("MatMul", "n wv", "v"),
             node("Transpose", "k", "kt", perm=[0, 2, 1]), node("MatMul", "q kt", "a0"), node("Mul", "a0 quarter", "a1"),
             node("Softmax", "a1", "p", axis=-1), node("MatMul", "p v", "y")]
    weights = {"w1": normal(WIDTH, 32, seed=2, scale=0.3), "b1": normal(32, seed=3), "w2": normal(32, WIDTH, seed=4, scale=0.3),
               "s": normal(WIDTH, seed=5), "b": normal(WIDTH, seed=6), "quarter": np.array(0.25, np.float32)}
    weights |= {name: normal(WIDTH, WIDTH, seed=7 + i, scale=0.3) for i, name in enumerate(["wq", "wk", "wv"])}
    return make(nodes, {"x": ["batch", "seq", WIDTH]}, {"y": ["batch", "seq", WIDTH], "p": ["batch", "seq", "seq"]}, weights)


def heads():
    """Reshapes with two dynamic extents: as attributes copy them, and computed of the shape, as PyTorch exports them."""
    nodes = [node("MatMul", "x w", "h"), node("Reshape", "h copied", "r"), node("Transpose", "r", "t", perm=[0, 2, 1, 3]),
             node("Softmax", "t", "heads", axis=-1),
             node("Shape", "x", "shape"), node("Gather", "shape zero", "n"), node("Gather", "shape one", "l"),
             node("Mul", "l width", "e"), node("Unsqueeze", "n first", "n1"), node("Unsqueeze", "e first", "e1"),
             node("Concat", "n1 e1", "target", axis=0), node("Relu", "h", "positive"),
             node("Reshape", "positive target", "flat")]
    integers = {"copied": [0, 0, 4, 4], "zero": 0, "one": 1, "width": WIDTH, "first": [0]}
    weights = {"w": normal(WIDTH, WIDTH, seed=2, scale=0.3)} | {name: np.array(v, np.int64) for name, v in integers.items()}
    return make(nodes, {"x": ["batch", "seq", WIDTH]}, {"heads": ["batch", 4, "seq", 4], "flat": ["batch", None]}, weights)


def join():
    """Attention of new tokens over those of the past and themselves."""
    nodes = [node("MatMul", "new w", "added"), node("Concat", "past added", "all", axis=1), node("MatMul", "new wq", "q"),
             node("Transpose", "all", "kt", perm=[0, 2, 1]), node("MatMul", "q kt", "a"), node("Softmax", "a", "p", axis=-1),
             node("MatMul", "p all", "y")]
    weights = {name: normal(WIDTH, WIDTH, seed=2 + i, scale=0.2) for i, name in enumerate(["w", "wq"])}
    return make(nodes, {"past": ["batch", "past", WIDTH], "new": ["batch", "seq", WIDTH]},
                {"y": ["batch", "seq", WIDTH], "all": ["batch", None, WIDTH]}, weights)


def cnn():
    """Convolutions of stride 1 and 2, pooling, and a mean over images of any size."""
    conv = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    nodes = [node("Conv", "image c1 d1", "h0", **conv), node("Relu", "h0", "h1"),
             node("Conv", "h1 c2 d2", "h2", strides=[2, 2], **conv), node("Relu", "h2", "h3"),
             node("MaxPool", "h3", "m", strides=[2, 2], **conv), node("Conv", "m c3 d3", "map", kernel_shape=[1, 1]),
             node("GlobalAveragePool", "map", "g"), node("Flatten", "g", "f"), node("Gemm", "f w d4", "y")]
    weights = {"c1": normal(8, 3, 3, 3, seed=2, scale=0.3), "c2": normal(16, 8, 3, 3, seed=3, scale=0.2),
               "c3": normal(16, 16, 1, 1, seed=4, scale=0.3), "w": normal(16, 5, seed=5, scale=0.3)}
    weights |= {f"d{i}": normal(n, seed=10 + i) for i, n in enumerate([8, 16, 16, 5], 1)}
    return make(nodes, {"image": ["batch", 3, "height", "width"]}, {"y": ["batch", 5], "map": ["batch", 16, None, None]}, weights)


MODELS = {"encoder": encoder, "heads": heads, "join": join, "cnn": cnn}


def feed(name, n, batch=2, seed=0):
    """Inputs of size n; of two dynamic extents the other is n // 2 + 2."""
    other = n // 2 + 2
    shapes = {"encoder": {"x": (batch, n, WIDTH)}, "heads": {"x": (batch, n, WIDTH)},
              "join": {"past": (batch, other, WIDTH), "new": (batch, n, WIDTH)}, "cnn": {"image": (batch, 3, n, other)}}
    return {key: normal(*shape, seed=seed + i) for i, (key, shape) in enumerate(shapes[name].items())}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dynamic")
    for name, build in MODELS.items():
        onnx.save(build(), folder / f"{name}.onnx")
    return folder


@pytest.fixture(scope="module")
def compiled(files):
    """compiled(name, kind): each model once."""
    known = {}

    def get(name, kind):
        if (name, kind) not in known:
            samples = [feed(name, n, batch=1 + n % 2, seed=50 + n) for n in LENGTHS] if kind == "static" else None
            known[name, kind] = nibble.compile(files / f"{name}.onnx", samples, **OPTIONS[kind])
        return known[name, kind]
    return get


@pytest.fixture(scope="module")
def expected(files):
    sessions = {name: onnxruntime.InferenceSession(str(files / f"{name}.onnx"), providers=["CPUExecutionProvider"])
                for name in MODELS}
    return lambda name, feeds: sessions[name].run(None, feeds)


def check_bits(model, feeds):
    results = model.run(feeds)
    for got, exact in zip(results, model.reference(feeds), strict=True):
        assert got.shape == exact.shape and got.tobytes() == exact.tobytes()
    return results


# -- any size ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", MODELS)
def test_sizes(compiled, expected, name, kind):
    """Up and down, so that nothing of a larger run may stay."""
    model = compiled(name, kind)
    for n in SIZES + SIZES[::-1]:
        feeds = feed(name, n, batch=1 + n % 3, seed=n)
        for got, want in zip(check_bits(model, feeds), expected(name, feeds), strict=True):
            assert got.shape == want.shape and got.dtype == want.dtype
            if kind == "float":
                np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)
            else:
                noise = np.square(got - want).mean() / max(np.square(want).mean(), 1e-12)
                assert noise < 0.1, f"{name} {kind} of size {n}"


@pytest.mark.parametrize("height,width", [(1, 1), (1, 9), (9, 1), (2, 31), (17, 16), (32, 5)])
def test_images(compiled, expected, height, width):
    feeds = {"image": normal(1, 3, height, width, seed=height)}
    for got, want in zip(check_bits(compiled("cnn", "float"), feeds), expected("cnn", feeds), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)
    check_bits(compiled("cnn", "static"), feeds)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name,feeds,shapes", [
    ("encoder", {"x": (0, 3, WIDTH)}, [(0, 3, WIDTH), (0, 3, 3)]), ("encoder", {"x": (2, 0, WIDTH)}, [(2, 0, WIDTH), (2, 0, 0)]),
    ("heads", {"x": (2, 0, WIDTH)}, [(2, 4, 0, 4), (2, 0)]), ("cnn", {"image": (0, 3, 5, 6)}, [(0, 5), (0, 16, 2, 2)]),
    ("join", {"past": (2, 0, WIDTH), "new": (2, 3, WIDTH)}, [(2, 3, WIDTH), (2, 3, WIDTH)]),
    ("join", {"past": (2, 3, WIDTH), "new": (2, 0, WIDTH)}, [(2, 0, WIDTH), (2, 3, WIDTH)])])
def test_dimension_of_zero(compiled, kind, name, feeds, shapes):
    feeds = {key: normal(*shape) for key, shape in feeds.items()}
    assert [got.shape for got in check_bits(compiled(name, kind), feeds)] == shapes


def test_threads_and_saved_library(compiled, tmp_path):
    model = compiled("encoder", "static")
    model.save(tmp_path / "m.so")
    for threads in (1, 3):
        loaded = nibble.load(tmp_path / "m.so", threads=threads)
        for n in (33, 2):
            feeds = feed("encoder", n)
            assert [a.tobytes() for a in loaded.run(feeds)] == [a.tobytes() for a in model.run(feeds)]


def test_targets(files):
    """All levels that this machine has give the same bits."""
    results = set()
    for target in ("generic", "avx2", "avx512vnni"):
        try:
            model = nibble.compile(files / "encoder.onnx", [feed("encoder", n) for n in LENGTHS], target=target,
                                   calib_method="minmax", bias_correction="off")
            results.add(b"".join(a.tobytes() for n in SIZES for a in check_bits(model, feed("encoder", n))))
        except nibble.Error as error:
            if "this machine has none of the instruction sets" not in str(error):
                raise
    assert len(results) == 1


def test_shapes_of_outputs(compiled):
    """The descriptor names dimensions, or has expressions of the inputs'."""
    y, joined = compiled("join", "float").outputs
    assert y.shape == ("batch", "seq", WIDTH)
    assert joined.shape[::2] == ("batch", WIDTH) and set(joined.shape[1].split(" + ")) == {"past", "seq"}
    assert compiled("encoder", "float").outputs[1].shape == ("batch", "seq", "seq")


def test_calibration_of_files(files, tmp_path):
    """A folder of files, each with samples of its own length."""
    for n in LENGTHS:
        np.savez(tmp_path / f"{n:02}.npz", **feed("join", n, batch=3, seed=n))
    model = nibble.compile(files / "join.onnx", tmp_path)
    assert model.summary["calibration_samples"] == 3 * len(LENGTHS) and model.summary["sqnr_db"] > 10
    check_bits(model, feed("join", 13))


# -- bounds ------------------------------------------------------------------------------------------

def test_bounds(files):
    model = nibble.compile(files / "encoder.onnx", weights="float", bounds={"batch": 4, "seq": 16})
    summary = model.summary
    assert summary["arena_bytes"] > 0 and "arena_dimension" not in summary
    for n in (1, 16):
        check_bits(model, feed("encoder", n, batch=4))
    for dims, name, value in [((4, 17), "seq", 17), ((5, 16), "batch", 5)]:
        feeds = {"x": normal(*dims, WIDTH)}
        with pytest.raises(nibble.Error, match=rf"'{name}'.* {value}\b"):
            model.run(feeds)
        with pytest.raises(nibble.Error, match=rf"dimension '{name}' is {value} in input 'x', the model takes \d+ at most"):
            model.reference(feeds)


def test_bound_of_one_dimension(files):
    model = nibble.compile(files / "encoder.onnx", weights="float", bounds={"seq": 16})
    check_bits(model, feed("encoder", 16, batch=9))
    with pytest.raises(nibble.Error, match=r"'seq'.* 40\b"):
        model.run(feed("encoder", 40))


def test_arena_grows(compiled):
    assert compiled("encoder", "float").summary["arena_dimension"] == 128


@pytest.mark.parametrize("bounds, message", [
    ({"sequence": 4}, "bound: no input has a dynamic dimension 'sequence'; the dynamic dimensions are 'batch', 'seq'"),
    ({"seq": 0}, "bound of 'seq' is 0, expected 1 to 2147483647"), ({"seq": 2**31}, "bound of 'seq' is 2147483648, expected 1 to")])
def test_wrong_bounds(files, bounds, message):
    with pytest.raises(nibble.Error, match=re.escape(message)):
        nibble.compile(files / "encoder.onnx", weights="float", bounds=bounds)


def test_bound_of_a_fixed_dimension(files):
    """What --dim fixes is no dynamic dimension any more."""
    fixed = {"dims": {"batch": 1, "seq": 4}, "weights": "float"}
    with pytest.raises(nibble.Error, match="no input has a dynamic dimension 'seq'; all extents are known"):
        nibble.compile(files / "encoder.onnx", bounds={"seq": 8}, **fixed)


# -- mistakes ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["float", "static"])
def test_inputs_disagree(compiled, kind):
    feeds = {"past": normal(2, 3, WIDTH), "new": normal(3, 4, WIDTH)}
    model = compiled("join", kind)
    for run in (model.run, model.reference):
        with pytest.raises(nibble.Error, match="dimension 'batch' is 3 in input 'new' and 2 in input 'past'"):
            run(feeds)


def test_value_without_elements_in_all_samples(files):
    """The past is empty whenever a text begins: it has no range, and stays in float."""
    samples = [{"past": normal(1, 0, WIDTH), "new": normal(1, length, WIDTH, seed=length)} for length in LENGTHS]
    model = nibble.compile(files / "join.onnx", calibration=samples, mode="static")
    for past in (0, 3, 17):
        values = {"past": normal(2, past, WIDTH, seed=1), "new": normal(2, 5, WIDTH, seed=2)}
        for actual, expected in zip(model.run(values), model.reference(values), strict=True):
            assert actual.tobytes() == expected.tobytes()


def test_calibration_samples_disagree(files):
    samples = [feed("join", 3), {"past": normal(2, 3, WIDTH), "new": normal(3, 4, WIDTH)}]
    with pytest.raises(nibble.Error, match="calibration sample 1: dimension 'batch' is 3 in input 'new' and 2 in input 'past'"):
        nibble.compile(files / "join.onnx", samples)


def test_other_static_extent(compiled):
    with pytest.raises(nibble.Error, match=re.escape(f"input 'x' is float32[2x3x5], expected float32[batch x seq x {WIDTH}]")):
        compiled("encoder", "float").run({"x": normal(2, 3, 5)})


def test_window_larger_than_image(tmp_path):
    """Without padding, a window of 3 needs 3 rows: the run says so, and computes nothing."""
    model = make([node("Conv", "x w", "y", kernel_shape=[3, 3])], {"x": [1, 2, "height", 8]}, {"y": [1, 4, None, 6]},
                 {"w": normal(4, 2, 3, 3)})
    onnx.save(model, tmp_path / "m.onnx")
    compiled = nibble.compile(tmp_path / "m.onnx", weights="float")
    assert check_bits(compiled, {"x": normal(1, 2, 3, 8)})[0].shape == (1, 4, 1, 6)
    message = "the model refuses the dimensions 'height' = 1: one is larger than it takes, or it cannot be computed with them"
    with pytest.raises(nibble.Error, match=re.escape(message)):
        compiled.run({"x": normal(1, 2, 1, 8)})


def test_negative_extent(tmp_path):
    """As many as the input has more than 5."""
    text = """<ir_version: 8, opset_import: ["" : 18]>
        g (float[length] x) => (float[more] y) <float one = {1}, int64[1] five = {5}> {
            n = Shape(x) more = Sub(n, five) y = Expand(one, more) }"""
    onnx.save(onnx.parser.parse_model(text), tmp_path / "m.onnx")
    model = nibble.compile(tmp_path / "m.onnx", weights="float")
    assert [check_bits(model, {"x": normal(n)})[0].shape for n in (5, 8)] == [(0,), (3,)]
    feeds = {"x": normal(3)}
    with pytest.raises(nibble.Error, match="the model refuses the dimensions 'length' = 3: one is larger than it takes, or it"):
        model.run(feeds)
    with pytest.raises(nibble.Error, match=re.escape("node 'y' (nibble.generate): expected 'extents' of 0 or more, got [-2]")):
        model.reference(feeds)


# -- the command line --------------------------------------------------------------------------------

def call(*arguments, code=0):
    done = subprocess.run([NIBBLE, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout


def test_commands(files, tmp_path):
    library, source = tmp_path / "m.so", files / "encoder.onnx"
    assert "arena at dynamic dimensions of 128" in call("compile", source, "--float", "-o", library)
    dims = json.loads(call("inspect", library, "--json"))["dims"]
    assert dims == {"batch": 1, "seq": 128}
    assert "at batch = 1, seq = 128" in call("inspect", library)
    assert "multiplications of convolutions and matrices at batch = 1, seq = 128" in call("inspect", source)
    assert json.loads(call("inspect", source, "--json"))["multiplications"] == 128 * (2 * 16 * 32 + 3 * 16 * 16 + 2 * 128 * 16)
    explained = json.loads(call("explain", library, "--json"))
    assert explained["dims"] == dims
    assert next(n for n in explained["nodes"] if n["value"] == "p")["output_bytes"] == 4 * 128 * 128
    assert "bytes of outputs are those at batch = 1, seq = 128" in call("explain", library)
    assert json.loads(call("bench", library, "--dim", "seq=7", "--seconds", 0.01, "--json"))["runs"] > 0
    np.savez(tmp_path / "in.npz", **feed("encoder", 5))
    call("run", library, "--inputs", tmp_path / "in.npz", "--outputs", tmp_path / "out.npz")
    assert np.load(tmp_path / "out.npz")["p"].shape == (2, 5, 5)


def test_bound_options(files, tmp_path):
    """Several with commas, or the option again; then the memory can be promised."""
    library, source = tmp_path / "m.so", files / "encoder.onnx"
    for bounds in (["--bound", "batch=2,seq=8"], ["--bound", "batch=2", "--bound", "seq=8"]):
        text = call("compile", source, "--float", "--max-ram", 10**6, *bounds, "-o", library)
        assert "arena at" not in text and json.loads(call("inspect", library, "--json"))["arena_bytes"] > 0
    header = tmp_path / "m.h"
    for bounds, has in (["--bound", "batch=2,seq=8"], True), ([], False):
        call("compile", source, "--float", "--emit", "a", *bounds, "-o", tmp_path / "m.a")
        text = header.read_text()
        assert ("#define ENCODER_ARENA_BYTES" in text) == has
        assert "#define ENCODER_DIM_COUNT 2u" in text and "int32_t encoder_shape(" in text


@pytest.mark.parametrize("arguments, message", [
    (["compile", "{source}", "--float", "--bound", "seq", "-o", "{out}"],
     "--bound is 'seq', expected a name and an extent, as in sequence=512"),
    (["compile", "{source}", "--float", "--bound", "seq=1,seq=2", "-o", "{out}"], "--bound gives 'seq' twice"),
    (["compile", "{source}", "--float", "--max-ram", "1000", "-o", "{out}"],
     "max-ram has no meaning where the arena depends on the dynamic dimensions batch, seq: fix them (--dim) or bound all of them "
     "(--bound)"),
    (["bench", "{library}", "--dim", "n=3"], "no input has a dynamic dimension 'n'; the dynamic dimensions are 'batch', 'seq'"),
    (["bench", "{library}", "--dim", "seq=3", "--inputs", "{out}"],
     "--dim is for numbers that are made up: the dimensions of --inputs are those of its arrays")])
def test_wrong_options(compiled, files, tmp_path, arguments, message):
    names = {"source": files / "encoder.onnx", "out": tmp_path / "out", "library": tmp_path / "m.so"}
    compiled("encoder", "float").save(names["library"])
    assert message in call(*(argument.format(**names) for argument in arguments), code=1)


# -- executables -------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def program(files, tmp_path_factory):
    path = tmp_path_factory.mktemp("exe") / "join"
    call("compile", files / "join.onnx", "--float", "--emit", "exe", "-o", path)
    return path


def execute(program, *arguments, code=0):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, env={})
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout


def test_executable(program, compiled, tmp_path):
    for n in (1, 9):
        feeds = feed("join", n)
        np.savez(tmp_path / "in.npz", **feeds)
        execute(program, "--inputs", tmp_path / "in.npz", "--outputs", tmp_path / "out.npz")
        outputs = np.load(tmp_path / "out.npz")
        for value, want in zip(compiled("join", "float").outputs, compiled("join", "float").run(feeds), strict=True):
            assert outputs[value.name].shape == want.shape and outputs[value.name].tobytes() == want.tobytes()


def test_executable_of_raw_numbers(program, compiled, tmp_path):
    """They tell one dimension, if an array or an option tells the others."""
    feeds = feed("join", 4)
    for name, array in feeds.items():
        array.tofile(tmp_path / f"{name}.bin")
        np.save(tmp_path / f"{name}.npy", array)
    want = compiled("join", "float").run(feeds)[0]
    raw, saved = (f"new={tmp_path}/new.bin", f"past={tmp_path}/past.bin"), f"past={tmp_path}/past.npy"
    for arguments in (["--input", raw[0], "--input", saved], ["--input", raw[0], "--input", raw[1], "--dim", "batch=2"]):
        execute(program, *arguments, "--output", f"y={tmp_path}/y.npy")
        assert np.load(tmp_path / "y.npy").tobytes() == want.tobytes()
    text = execute(program, "--input", raw[0], "--input", raw[1], "--output", f"y={tmp_path}/y.npy", code=1)
    assert "is raw numbers, which do not tell 'batch' and 'seq' of float32[batch x seq x 16]: give an .npy file, or --dim" in text


def test_executable_describes_and_benches(program):
    assert "arena     of as many bytes as the dynamic dimensions need" in execute(program, "--describe")
    assert "of 3 runs on 1 thread" in execute(program, "--bench", 3, "--dim", "past=5")


@pytest.mark.parametrize("arguments, message", [
    (["--inputs", "bad.npz"], "dimension 'batch' is 3 in input 'new' and 2 in input 'past'"),
    (["--inputs", "good.npz", "--dim", "batch=5"], "dimension 'batch' is 2 in input 'past', and --dim says 5"),
    (["--inputs", "good.npz", "--dim", "n=5"], "--dim is 'n=5', expected NAME=N with the name of a dynamic dimension"),
    (["--inputs", "good.npz", "--dim", "seq=x"], "--dim is 'seq=x', expected NAME=N"),
    (["--inputs", "good.npz", "--dim", "seq=5", "--dim", "seq=5"], "--dim gives 'seq' twice"),
    (["--bench", "1", "--dim", "seq=9000000"], "the model refuses the dimensions batch = 1, past = 128, seq = 9000000")])
def test_mistakes_of_executables(program, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    np.savez("good.npz", **feed("join", 3))
    np.savez("bad.npz", past=normal(2, 3, WIDTH), new=normal(3, 4, WIDTH))
    assert message in execute(program, *arguments, "--outputs", "out.npz", code=1)


@pytest.mark.parametrize("target", ["cortex-m4", "rv32imc"])
def test_microcontrollers_have_no_code(target, tmp_path):
    """Whose extents are fixed in their code; fixed by --dim, there is code."""
    onnx.save(make([node("MatMul", "x w", "y")], {"x": ["batch", "seq", WIDTH]}, {"y": ["batch", "seq", 8]},
                   {"w": normal(WIDTH, 8)}), tmp_path / "m.onnx")
    np.savez(tmp_path / "calibration.npz", x=normal(2, 3, WIDTH))
    arguments = ["compile", tmp_path / "m.onnx", "--calib", tmp_path / "calibration.npz", "--target", target, "--emit", "a",
                 "-o", tmp_path / "m.a"]
    text = call(*arguments, code=1)
    assert f"the model has dynamic dimensions ('batch', 'seq'), which {target} has no code for" in text
    assert "give them fixed extents, with --dim or in the model" in text
    call(*arguments, "--dim", "batch=1", "--dim", "seq=3")
