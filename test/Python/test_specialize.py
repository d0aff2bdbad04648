# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One library for every size, with code of its own for some: the same bits on all paths."""
import json
import re
import subprocess
import warnings as python_warnings

import numpy as np
import onnx
import pytest
from conftest import EMULATOR
from test_dynamic_extents import KINDS, LENGTHS, MODELS, OPTIONS, WIDTH, call, feed, files, make, node, normal  # noqa: F401
from test_state import STATE, attention, walk  # noqa: F401

import nibble

# Numbers of samples alone are among what is specialized.
pytestmark = pytest.mark.filterwarnings("ignore:specialize 'batch=.' makes nothing faster")
# Of each model: sizes (batch, n) of `feed`, and what is specialized: some of all dimensions, some of one.
SPECIALIZED = {
    "encoder": [{"batch": 1, "seq": 7}, {"batch": 3, "seq": 16}, {"seq": 5}, {"batch": 2}],
    "heads": [{"batch": 2, "seq": 7}, {"batch": 3}, {"seq": 16}],
    "join": [{"batch": 2, "past": 5, "seq": 7}, {"batch": 1, "past": 10, "seq": 16}, {"past": 4}, {"seq": 5}],
    "cnn": [{"batch": 1, "height": 7, "width": 5}, {"batch": 3, "height": 16, "width": 10}, {"height": 5}, {"width": 6}]}
SIZES = [(1, 7), (2, 7), (3, 16), (1, 16), (2, 5), (4, 8), (3, 9), (1, 4)]
# Static ranges are one and the same plan only if nothing is chosen by trying.
FIXED = OPTIONS | {"static": {"calib_method": "minmax", "bias_correction": "off", "min_sqnr": 0}}


def build(path, kind, name, tmp_path, **options):
    """Static ranges once measured, by samples of several lengths."""
    if kind != "static":
        return nibble.compile(path, **FIXED[kind], **options)
    ranges = tmp_path / f"{name}.calib.json"
    if not ranges.exists():
        nibble.compile(path, [feed(name, n, batch=1, seed=50 + n) for n in LENGTHS], calib_file=ranges, **FIXED[kind])
    return nibble.compile(path, calib_file=ranges, **FIXED[kind], **options)


def bits(results):
    return [(result.shape, result.tobytes()) for result in results]


def dims_of(name, feeds):
    shape = {key: array.shape for key, array in feeds.items()}
    return {"encoder": lambda: dict(zip(("batch", "seq"), shape["x"], strict=False)),
            "heads": lambda: dict(zip(("batch", "seq"), shape["x"], strict=False)),
            "join": lambda: {"batch": shape["new"][0], "past": shape["past"][1], "seq": shape["new"][1]},
            "cnn": lambda: {"batch": shape["image"][0], "height": shape["image"][2], "width": shape["image"][3]}}[name]()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", MODELS)
def test_same_bits(files, tmp_path, name, kind):
    """As without specializations, as with fixed extents and as in the interpreter, at all sizes in any order."""
    path = files / f"{name}.onnx"
    dynamic = build(path, kind, name, tmp_path)
    special = build(path, kind, name, tmp_path, specialize=SPECIALIZED[name])
    assert len(special.summary["specializations"]) == len(SPECIALIZED[name])
    for batch, n in SIZES + SIZES[::-1]:
        feeds = feed(name, n, batch=batch, seed=n)
        want = bits(dynamic.run(feeds))
        assert bits(special.run(feeds)) == want
        assert bits(special.reference(feeds)) == want
    # Known extents may change the plan: a mean over an image becomes a pool, products of few rows stay in float.
    for batch, n in [] if kind == "dynamic" or (name == "cnn" and kind != "static") else [(3, 16), (1, 16)]:
        feeds = feed(name, n, batch=batch, seed=n)
        fixed = build(path, kind, name, tmp_path, dims=dims_of(name, feeds))
        assert bits(fixed.run(feeds)) == bits(special.run(feeds))


def test_threads_and_saved_library(files, tmp_path):
    model = nibble.compile(files / "encoder.onnx", mode="dynamic", specialize=SPECIALIZED["encoder"], threads=3)
    model.save(tmp_path / "m.so")
    for threads in (1, 3):
        loaded = nibble.load(tmp_path / "m.so", threads=threads)
        for batch, n in SIZES:
            feeds = feed("encoder", n, batch=batch)
            assert bits(loaded.run(feeds)) == bits(model.run(feeds)) == bits(model.reference(feeds))


def test_several_instruction_sets(files):
    """One library with each of them, and each by itself."""
    results = set()
    for target in ("generic,avx2,avx512vnni", "generic", "avx2", "avx512vnni"):
        try:
            model = nibble.compile(files / "cnn.onnx", weights="float", target=target, specialize=SPECIALIZED["cnn"])
            results.add(b"".join(a.tobytes() for batch, n in SIZES for a in model.run(feed("cnn", n, batch=batch))))
        except nibble.Error as error:
            if "this machine has none of the instruction sets" not in str(error):
                raise
    assert len(results) == 1


@pytest.mark.skipif(EMULATOR is None, reason="qemu-aarch64-static is not installed")
def test_aarch64(files, tmp_path):
    call("compile", files / "join.onnx", "--mode", "dynamic", "--target", "aarch64-linux-gnu", "--emit", "exe", "--specialize",
         "batch=2,past=5,seq=7", "--specialize", "seq=16", "-o", tmp_path / "m")
    model = nibble.compile(files / "join.onnx", mode="dynamic")
    for batch, n in SIZES[1:4]:
        feeds = feed("join", n, batch=batch)
        np.savez(tmp_path / "in.npz", **feeds)
        for cpu in ("cortex-a72", "max"):
            subprocess.run([EMULATOR, "-cpu", cpu, tmp_path / "m", "--inputs", "in.npz", "--outputs", "out.npz"], check=True, cwd=tmp_path)
            outputs = np.load(tmp_path / "out.npz")
            assert bits([outputs[port.name] for port in model.outputs]) == bits(model.run(feeds))


def test_from_ir(files, tmp_path):
    """The graph keeps what is specialized, as it keeps bounds."""
    call("compile", files / "heads.onnx", "--float", "--specialize", "batch=1,seq=7", "--stop-after", "fold", "-o", tmp_path / "m.mlirbc")
    call("compile", tmp_path / "m.mlirbc", "--float", "-o", tmp_path / "m.so")
    assert json.loads(call("inspect", tmp_path / "m.so", "--json"))["specializations"][0]["dims"] == {"batch": 1, "seq": 7}


@pytest.mark.parametrize("name", ["encoder", "join"])
def test_executable(files, tmp_path, name):
    flags = [flag for values in SPECIALIZED[name] for flag in ("--specialize", ",".join(f"{k}={v}" for k, v in values.items()))]
    call("compile", files / f"{name}.onnx", "--float", "--emit", "exe", *flags, "-o", tmp_path / "m")
    model = nibble.compile(files / f"{name}.onnx", weights="float")
    for batch, n in SIZES:
        feeds = feed(name, n, batch=batch)
        np.savez(tmp_path / "in.npz", **feeds)
        subprocess.run([tmp_path / "m", "--inputs", "in.npz", "--outputs", "out.npz"], check=True, cwd=tmp_path)
        outputs = np.load(tmp_path / "out.npz")
        assert bits([outputs[port.name] for port in model.outputs]) == bits(model.run(feeds))


def test_extents_and_masks_that_become_constants(tmp_path):
    """What depends on the dimensions alone is computed at compile time, as a run would."""
    text = """<ir_version: 8, opset_import: ["" : 18]>
        g (float[batch, length, 4] x) => (float[batch, length, 4] y, int64[n] positions)
          <int64 one = {1}, int64 zero = {0}, float fill = {-2.5}> {
            shape = Shape(x) n = Gather(shape, one) positions = Range(zero, n, one)
            p = Cast<to = 1>(positions) q = Cos(p) r = Unsqueeze(q, one) s = Mul(r, fill) y = Add(x, s) }"""
    onnx.save(onnx.parser.parse_model(text), tmp_path / "m.onnx")
    model = nibble.compile(tmp_path / "m.onnx", weights="float")
    special = nibble.compile(tmp_path / "m.onnx", weights="float", specialize={"length": 6})
    code, = special.summary["specializations"]
    assert code["weight_bytes"] > 0 and len(code["calls"]) < len(special.summary["calls"])
    for batch, length in [(1, 6), (3, 6), (2, 5)]:
        feeds = {"x": normal(batch, length, 4)}
        assert bits(special.run(feeds)) == bits(model.run(feeds)) == bits(special.reference(feeds))


def test_recurrent_network(tmp_path):
    """The loop over the steps has as many as it is told."""
    length, width, hidden = "length", 6, 5
    nodes = [node("LSTM", "x w r", "y h", hidden_size=hidden)]
    model = make(nodes, {"x": [length, "batch", width]}, {"y": [length, 1, "batch", hidden], "h": [1, "batch", hidden]},
                 {"w": normal(1, 4 * hidden, width, seed=1), "r": normal(1, 4 * hidden, hidden, seed=2)})
    onnx.save(model, tmp_path / "m.onnx")
    for options in (OPTIONS["float"], OPTIONS["dynamic"]):
        dynamic = nibble.compile(tmp_path / "m.onnx", **options)
        special = nibble.compile(tmp_path / "m.onnx", **options, specialize=[{"length": 4, "batch": 1}, {"length": 3}])
        for shape in [(4, 1), (3, 2), (3, 1), (4, 2), (7, 1)]:
            feeds = {"x": normal(*shape, width)}
            assert bits(special.run(feeds)) == bits(dynamic.run(feeds)) == bits(special.reference(feeds))


@pytest.mark.parametrize("specialize", [{"B": 2, "S": 1}, [{"P": 6, "S": 1}, {"S": 3}, {"P": 5}]])
def test_states(attention, specialize):
    """Every code finds the caller's buffers as long as the others do."""
    plain = nibble.compile(attention, weights="float")
    kept = nibble.compile(attention, weights="float", bounds={"P": 40, "S": 7}, state=STATE, specialize=specialize)
    empty = {"past_k": (2, 8, 0), "past_v": (2, 0, 8)}
    state = walk(plain, kept, [5, 1, 1, 3, 7, *[1] * 20], 2, lambda at, count: {"x": normal(2, count, 8, seed=at)}, empty, {"B": 2})
    assert (state.length, state.capacity) == (37, 47)


# -- what is told of them ----------------------------------------------------------------------------

def test_most_particular_first(files):
    """Of several that fit, a run takes that which fixes most."""
    model = nibble.compile(files / "join.onnx", weights="float", specialize=[{"seq": 7}, {"batch": 2, "past": 5, "seq": 7}])
    assert [code["dims"] for code in model.summary["specializations"]] == [{"batch": 2, "past": 5, "seq": 7}, {"seq": 7}]


def test_commands(files, tmp_path):
    library, source = tmp_path / "m.so", files / "encoder.onnx"
    flags = ["--specialize", "batch=1,seq=128", "--specialize", "seq=32"]
    text = call("compile", source, "--mode", "dynamic", *flags, "-o", library)
    assert re.search(r"code for batch = 1, seq = 128: arena of [\d,]+ bytes", text) and "code for seq = 32: arena of" in text
    text = call("inspect", library)
    assert re.search(r"code for\s+batch = 1, seq = 128: arena of [\d,]+ bytes.*; kernels .*gemm", text)
    full, part = json.loads(call("inspect", library, "--json"))["specializations"]
    assert full["dims"] == {"batch": 1, "seq": 128} and part["dims"] == {"seq": 32}
    explained = json.loads(call("explain", library, "--json"))
    # The usual dimensions are those of the first: the nodes' times are its.
    assert explained["timed_dims"] == full["dims"]
    for code in explained["specializations"]:
        assert code["calls"] and all(kernel["ms"] >= 0 for kernel in code["calls"])
        assert {explained["nodes"][kernel["node"]]["value"] for kernel in code["calls"] if kernel["node"] >= 0} >= {"p", "y"}
    text = call("explain", library)
    assert "times are those of the code for batch = 1, seq = 128" in text and "\ncode for seq = 32: arena of" in text
    assert "code for seq = 32" in call("explain", source, "--float", *flags)
    for dims in (["seq=128"], ["seq=32"], ["seq=9"]):
        assert json.loads(call("bench", library, "--dim", *dims, "--seconds", 0.01, "--json"))["runs"] > 0
    call("compile", source, "--mode", "dynamic", "--strip", *flags, "-o", library)
    assert "specializations" not in json.loads(call("inspect", library, "--json"))


def test_times_where_the_usual_dimensions_are_refused(tmp_path):
    model = make([node("Conv", "x w", "y", kernel_shape=[1, 200])], {"x": [1, 1, 2, "width"]}, {"y": [1, 1, 2, None]},
                 {"w": normal(1, 1, 1, 200)})
    onnx.save(model, tmp_path / "m.onnx")
    call("compile", tmp_path / "m.onnx", "--float", "--specialize", "width=201", "-o", tmp_path / "m.so")
    explained = json.loads(call("explain", tmp_path / "m.so", "--json"))
    assert all("ms" not in kernel for kernel in explained["calls"])
    assert all(kernel["ms"] >= 0 for kernel in explained["specializations"][0]["calls"])


def test_run_chooses(files, tmp_path):
    """One run function with the code for each; what they have in common is there once."""
    call("compile", files / "heads.onnx", "--float", "--specialize", "seq=7", "--specialize", "batch=1,seq=16",
         "--emit", "vector-mlir", "-o", tmp_path / "m.mlir")
    text = (tmp_path / "m.mlir").read_text()
    run = text[text.index("@heads_run"):]
    calls = [run.index(f"call @heads_sample{suffix}(") for suffix in ("_0", "_1", "")]
    assert calls == sorted(calls)
    weights = nibble.compile(files / "heads.onnx", weights="float", specialize={"seq": 7}).summary["specializations"]
    assert weights[0]["weight_bytes"] == 0


def test_bounds_and_header(files, tmp_path):
    """The arena that the header promises is enough for each of them."""
    bounds = {"batch": 4, "seq": 16}
    model = nibble.compile(files / "encoder.onnx", weights="float", bounds=bounds, specialize=[{"seq": 16}, {"batch": 1, "seq": 3}])
    summary = model.summary
    assert "arena_dimension" not in summary
    assert all(0 < code["arena_bytes"] <= summary["arena_bytes"] for code in summary["specializations"])
    for batch, n in [(4, 16), (1, 3), (4, 3), (2, 16)]:
        feeds = feed("encoder", n, batch=batch)
        assert bits(model.run(feeds)) == bits(model.reference(feeds))
    with pytest.raises(nibble.Error, match=r"'seq'.* 17\b"):
        model.run(feed("encoder", 17))
    call("compile", files / "encoder.onnx", "--float", "--emit", "a", "--bound", "batch=4,seq=16", "--specialize", "seq=16",
         "-o", tmp_path / "m.a")
    assert "#define ENCODER_ARENA_BYTES" in (tmp_path / "m.h").read_text()


def test_refused_dimensions(files):
    """What a run refuses it refuses beside specializations too."""
    model = nibble.compile(files / "join.onnx", weights="float", specialize={"seq": 7})
    feeds = {"past": normal(2, 3, WIDTH), "new": normal(3, 7, WIDTH)}
    with pytest.raises(nibble.Error, match="dimension 'batch' is 3 in input 'new' and 2 in input 'past'"):
        model.run(feeds)


def test_samples_run_one_by_one(tmp_path):
    """A model whose code takes one sample gains nothing by a number of them."""
    onnx.save(make([node("MatMul", "x w", "y")], {"x": ["batch", 8]}, {"y": ["batch", 4]}, {"w": normal(8, 4)}), tmp_path / "m.onnx")
    with pytest.warns(UserWarning, match="specialize 'batch=1' makes nothing faster: samples run one by one, whatever their number"):
        model = nibble.compile(tmp_path / "m.onnx", weights="float", specialize={"batch": 1})
    for batch in (0, 1, 3):
        feeds = {"x": normal(batch, 8)}
        assert bits(model.run(feeds)) == bits(model.reference(feeds))
    # A known number of samples of a multi-layer perceptron run together.
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("error")
        model = nibble.compile(tmp_path / "m.onnx", weights="float", specialize={"batch": 3})
    for batch in (1, 3):
        feeds = {"x": normal(batch, 8)}
        assert bits(model.run(feeds)) == bits(model.reference(feeds))
    with pytest.raises(nibble.Error, match="makes nothing faster"):
        nibble.compile(tmp_path / "m.onnx", weights="float", specialize={"batch": 1}, strict=True)


# -- mistakes ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("specialize, message", [
    ({"sequence": 4}, "specialize: no input has a dynamic dimension 'sequence'; the dynamic dimensions are 'batch', 'seq'"),
    ({"seq": 0}, "specialize of 'seq' is 0, expected 1 to 2147483647"),
    ({"batch": 1, "seq": -3}, "specialize of 'seq' is -3, expected 1 to 2147483647"),
    ([{"seq": 4}, {"seq": 5}, {"seq": 4}], "specialize gives 'seq=4' twice"),
    ([{"batch": 1, "seq": 4}, {"seq": 4, "batch": 1}], "specialize gives 'batch=1, seq=4' twice"),
    ([{}], "specialize names no dimension, expected values as in batch=1,sequence=128")])
def test_wrong_values(files, specialize, message):
    with pytest.raises(nibble.Error, match=re.escape(message)):
        nibble.compile(files / "encoder.onnx", weights="float", specialize=specialize)


def test_more_than_the_bound(files):
    message = "specialize of 'seq' is 17, more than its bound 16, so that no run has it"
    with pytest.raises(nibble.Error, match=re.escape(message)):
        nibble.compile(files / "encoder.onnx", weights="float", bounds={"seq": 16}, specialize={"seq": 17})


def test_no_dynamic_dimensions(files):
    with pytest.raises(nibble.Error, match="specialize: no input has a dynamic dimension 'seq'; all extents are known"):
        nibble.compile(files / "encoder.onnx", weights="float", dims={"batch": 1, "seq": 4}, specialize={"seq": 4})


def test_bare_metal(files):
    message = "target 'cortex-m4' has no code for dynamic dimensions, which specialize is for: fix their extents, with --dim or in the model"
    with pytest.raises(nibble.Error, match=re.escape(message)):
        nibble.compile(files / "encoder.onnx", target="cortex-m4", specialize={"seq": 4})


def test_size_without_a_meaning(tmp_path):
    """A window larger than the image; operands that do not match."""
    model = make([node("Conv", "x w", "y", kernel_shape=[3, 3])], {"x": [1, 2, "height", 8]}, {"y": [1, 4, None, 6]},
                 {"w": normal(4, 2, 3, 3)})
    onnx.save(model, tmp_path / "m.onnx")
    message = "node 'Conv_0' cannot be computed at height=2 (specialize): it needs min(height, 3) = 3, got 2 and 3"
    with pytest.raises(nibble.Error, match=re.escape(message)):
        nibble.compile(tmp_path / "m.onnx", weights="float", specialize={"height": 2})
    compiled = nibble.compile(tmp_path / "m.onnx", weights="float", specialize={"height": 3})
    feeds = {"x": normal(1, 2, 3, 8)}
    assert bits(compiled.run(feeds)) == bits(compiled.reference(feeds))
    with pytest.raises(nibble.Error, match="the model refuses the dimensions 'height' = 1"):
        compiled.run({"x": normal(1, 2, 1, 8)})


def test_size_that_runs_refuse(files, tmp_path):
    """Sums of products as deep as a dimension are proved for 4096 and fewer."""
    message = ("specialize 'batch=1, seq=4097' is of no use: a run of any size refuses these dimensions, as memory or the sums of a "
               "product get too large; code for them alone (--dim) may not")
    with pytest.raises(nibble.Error, match=re.escape(message)):
        build(files / "encoder.onnx", "static", "encoder", tmp_path, specialize={"batch": 1, "seq": 4097})


@pytest.mark.parametrize("flag, message", [
    ("seq", "--specialize is 'seq', expected a name and an extent, as in batch=1,sequence=128"),
    ("seq=1.5", "--specialize is 'seq=1.5', expected a name and an extent"), ("", "--specialize is '', expected a name"),
    ("seq=1,seq=2", "--specialize gives 'seq' twice")])
def test_wrong_flags(files, tmp_path, flag, message):
    assert message in call("compile", files / "encoder.onnx", "--float", "--specialize", flag, "-o", tmp_path / "m.so", code=1)
