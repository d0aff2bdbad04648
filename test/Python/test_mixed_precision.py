# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights of fewer than 8 bits: how they are rounded, and the search for the widths of each node."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import nibble

NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Two convolutions, one of them depthwise, and a product, on inputs that hang together."""
    random = np.random.RandomState(0)
    weight = lambda *shape: (random.randn(*shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
    constants = {"w1": weight(16, 3, 3, 3), "w2": weight(16, 1, 3, 3), "w3": weight(256, 10) * 4}
    nodes = [helper.make_node("Conv", ["x", "w1"], ["c1"], "first", pads=[1, 1, 1, 1], strides=[2, 2]),
             helper.make_node("Relu", ["c1"], ["r1"], "relu"),
             helper.make_node("Conv", ["r1", "w2"], ["c2"], "depthwise", pads=[1, 1, 1, 1], group=16),
             helper.make_node("Flatten", ["c2"], ["f"], "flatten"),
             helper.make_node("MatMul", ["f", "w3"], ["y"], "last")]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 10])],
                              [numpy_helper.from_array(array, name) for name, array in constants.items()])
    path = tmp_path_factory.mktemp("mixed") / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def samples(count=32, seed=1):
    random = np.random.RandomState(seed)
    smooth = np.cumsum(np.cumsum(random.randn(count, 1, 3, 8, 8), -1), -2)
    return [{"x": each.astype(np.float32) / 8} for each in smooth]


def sqnr(model, compiled):
    exact = nibble.compile(model, weights="float")
    pairs = [(exact.run(feed)[0], compiled.run(feed)[0]) for feed in samples(32, 2)]
    return 10 * np.log10(sum((a ** 2).sum() for a, _ in pairs) / sum(((a - b) ** 2).sum() for a, b in pairs))


@pytest.mark.parametrize("method", ["gptq", "adaround"])
def test_rounding_is_better_than_nearest(model, method):
    compile = lambda rounding: nibble.compile(model, samples(), weights="int4", rounding=rounding)
    assert sqnr(model, compile(method)) > sqnr(model, compile("nearest")) + 0.5


def test_gptq_is_the_default(model):
    auto, gptq = (nibble.compile(model, samples(), weights="int4", rounding=r, name="m") for r in ("auto", "gptq"))
    assert all((auto.run(feed)[0] == gptq.run(feed)[0]).all() for feed in samples(4, 2))


def test_a_file_of_ranges_is_not_enough(model, tmp_path):
    ranges = tmp_path / "m.calib.json"
    nibble.compile(model, samples(), calib_file=ranges)
    nibble.compile(model, calib_file=ranges, weights="int4")
    with pytest.raises(nibble.Error, match=r"group needs calibration data \(--calib\): a file of ranges does not tell enough of the inputs"):
        nibble.compile(model, calib_file=ranges, weights="int4", group=32)
    with pytest.raises(nibble.Error, match="group is for weights of 4 and 2 bits: ask for them by weights or a plan"):
        plan = tmp_path / "plan.json"
        plan.write_text(json.dumps({"schema": 1, "nodes": {"last": {"weights": "int8"}}}))
        nibble.compile(model, samples(), plan=plan, group=32)


@pytest.mark.parametrize("rounding", ["gptq", "adaround"])
@pytest.mark.parametrize("weights", ["int4", "int2"])
def test_groups_have_factors(model, weights, rounding):
    """Weights whose sizes vary along the input: groups follow them, and the bits are the interpreter's."""
    varied = onnx.load(model)
    last = next(w for w in varied.graph.initializer if w.name == "w3")
    sizes = np.geomspace(1, 20, 16).repeat(16)[:, None]
    last.CopyFrom(numpy_helper.from_array((numpy_helper.to_array(last) * sizes).astype(np.float32), "w3"))
    path = model.with_name("varied.onnx")
    onnx.save(varied, path)
    per_channel, grouped = (nibble.compile(path, samples(), weights=weights, rounding=rounding, group=group)
                            for group in (None, 16))
    for feed in samples(4, 2):
        assert grouped.run(feed)[0].tobytes() == grouped.reference(feed)[0].tobytes()
    kernel = next(node["kernel"] for node in grouped.summary["nodes"] if node["node"] == "last")
    assert f"_s{weights[3:]}g16_" in kernel
    sizes = [each.summary["weight_bytes"] for each in (per_channel, grouped)]
    assert sizes[0] < sizes[1] <= sizes[0] + 16 * 16 + 64 # a byte for each group and padded channel
    assert sqnr(path, grouped) > sqnr(path, per_channel)


def weight_bits(model, plan):
    """The bits of all weights by the plan."""
    sizes = {"first": 16 * 27, "depthwise": 16 * 9, "last": 2560}
    return sum(sizes[node] * int(entry["weights"][3:]) for node, entry in json.loads(plan.read_text())["nodes"].items())


def test_search_meets_its_budget(model, tmp_path):
    plan = tmp_path / "plan.json"
    found = nibble.compile(model, samples(), avg_bits=5, plan_out=plan)
    total = 16 * 27 + 16 * 9 + 2560
    assert weight_bits(model, plan) <= 5 * total
    search = found.summary["search"]
    assert {node["node"] for node in search["sensitivities"]} == {"first", "depthwise", "last"}
    assert all(set(node["sqnr_db"]) == {"4", "8"} for node in search["sensitivities"])
    assert search["sqnr_db"] <= search["bound_db"]
    front = search["front"]
    assert [p["bytes"] for p in front] == sorted(p["bytes"] for p in front)
    assert sum(p.get("chosen", False) for p in front) == 1
    nibble.compile(model, samples(), max_bytes=1500, plan_out=plan)
    assert weight_bits(model, plan) <= 8 * 1500


def test_search_reaches_an_accuracy(model, tmp_path):
    plan = tmp_path / "plan.json"
    found = nibble.compile(model, samples(), output_sqnr=18, plan_out=plan)
    assert weight_bits(model, plan) < 8 * (16 * 27 + 16 * 9 + 2560)
    assert found.summary["sqnr_db"] > 16


def test_a_plan_that_was_written_gives_the_same_bytes(model, tmp_path):
    command = [NIBBLE, "compile", model, "--calib", tmp_path / "x.npz"]
    np.savez(tmp_path / "x.npz", x=np.concatenate([feed["x"] for feed in samples()]))
    run = lambda *words: subprocess.run([str(w) for w in [*command, *words]], check=True, capture_output=True, text=True)
    told = run("--avg-bits", "5", "--plan-out", tmp_path / "plan.json", "-o", tmp_path / "a.so").stdout
    assert "bits on average; expected" in told and "depthwise" in told
    run("--avg-bits", "5", "--plan-out", tmp_path / "again.json", "-o", tmp_path / "b.so")
    run("--plan", tmp_path / "plan.json", "-o", tmp_path / "c.so")
    assert (tmp_path / "plan.json").read_text() == (tmp_path / "again.json").read_text()
    assert (tmp_path / "a.so").read_bytes() == (tmp_path / "b.so").read_bytes() == (tmp_path / "c.so").read_bytes()


def test_search_keeps_what_a_plan_says(model, tmp_path):
    given, found = tmp_path / "given.json", tmp_path / "found.json"
    given.write_text(json.dumps({"schema": 1, "nodes": {"last": {"weights": "int8"}}}))
    nibble.compile(model, samples(), max_bytes=2560 + 200, plan=given, plan_out=found)
    assert json.loads(found.read_text())["nodes"]["last"] == {"weights": "int8"}


@pytest.mark.parametrize("options, text", [
    ({"avg_bits": 1}, "avg-bits is 1.000000, expected 2 to 8"),
    ({"max_bytes": 10}, "max-bytes 10 is too few: the weights take 784 bytes in the narrowest form, of 2 bits where "
                        "there is a choice"),
    ({"max_bytes": 0}, "max-bytes is 0, expected more than 0"),
    ({"output_sqnr": 90}, "output-sqnr 90.0 dB cannot be reached by weights of 8 bits or fewer: 8 bits give"),
    ({"avg_bits": 5, "weights": "int4"}, "weights 'int4' leave nothing to search: leave them out beside max-bytes, avg-bits and output-sqnr"),
    ({"avg_bits": 5, "mode": "dynamic"}, "a search for widths of weights is for mode 'static', not 'dynamic'"),
    ({"plan_out": "p.json"}, "plan-out is the plan of a search: ask for one by max-bytes, avg-bits or output-sqnr"),
    ({"rounding": "gptq"}, "rounding 'gptq' is for weights of 4 and 2 bits: ask for them by weights, a plan or a search"),
    ({"weights": "int4", "rounding": "up"}, "rounding 'up' is not supported, expected auto, nearest, gptq or adaround"),
])
def test_errors(model, options, text):
    with pytest.raises(nibble.Error) as error:
        nibble.compile(model, samples(8), **options)
    assert text in str(error.value)


def test_search_needs_data_and_freedom(model, tmp_path):
    ranges, plan = tmp_path / "m.calib.json", tmp_path / "plan.json"
    nibble.compile(model, samples(8), calib_file=ranges)

    def fails(text, *data, fixed=(), **options):
        plan.write_text(json.dumps({"schema": 1, "nodes": {node: {"weights": "int8"} for node in fixed}}))
        with pytest.raises(nibble.Error) as error:
            nibble.compile(model, *data, plan=plan, **options)
        assert text in str(error.value)
    fails("rounding 'gptq' needs calibration data (--calib): a file of ranges does not tell enough of the inputs",
          calib_file=ranges, weights="int4", rounding="gptq")
    fails("a search for widths of weights needs calibration data (--calib), on which it measures each node",
          calib_file=ranges, avg_bits=5)
    fails("there is nothing to search: no node has weights whose width is free", samples(8), avg_bits=5,
          fixed=["first", "depthwise", "last"])
    fails("avg-bits 3.00 is too few: the weights have 6.90 bits on average in the narrowest form", samples(8), avg_bits=3,
          fixed=["last"])
    fails("output-sqnr 20.0 dB needs weights of ", samples(8), output_sqnr=20, max_bytes=800)
    fails(" bytes, more than was allowed", samples(8), output_sqnr=20, max_bytes=800)
    fails("output-sqnr 90.0 dB cannot be reached by weights of 8 bits or fewer: 8 bits give ", samples(8), output_sqnr=90)
    fails(" dB on the calibration inputs", samples(8), output_sqnr=90)


def test_a_score_of_ones_own(model, tmp_path):
    plan = tmp_path / "plan.json"
    score = lambda compiled: float(sqnr(model, compiled))
    best = score(nibble.compile(model, samples()))
    found = nibble.search(model, samples(), score, accuracy_drop=12, plan_out=plan)
    assert score(found) >= best - 13
    assert weight_bits(model, plan) < 8 * (16 * 27 + 16 * 9 + 2560)
    with pytest.raises(nibble.Error, match="accuracy_drop is -1, expected 0 or more"):
        nibble.search(model, samples(), score, accuracy_drop=-1)


def test_a_picture(model, tmp_path):
    pytest.importorskip("matplotlib")
    figure = nibble.plot_search(nibble.compile(model, samples(8), avg_bits=5), tmp_path / "search.png")
    bits, alone, _ = figure.axes
    assert len(bits.patches) == len(alone.patches) == 3 and all(bar.get_height() > 0 for bar in alone.patches)
    assert (tmp_path / "search.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(nibble.Error, match="was not compiled with a search"):
        nibble.plot_search(nibble.compile(model, samples(8)))


def test_a_plan_that_names_an_unknown_node(model, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"schema": 1, "nodes": {"frist": {"weights": "int4"}}}))
    with pytest.raises(nibble.Error, match="the nearest name is 'first'"):
        nibble.compile(model, samples(), plan=plan)


def test_explain_draws_the_search(model, tmp_path):
    np.savez(tmp_path / "x.npz", x=np.concatenate([feed["x"] for feed in samples()]))
    page = tmp_path / "page.html"
    subprocess.run([str(w) for w in [NIBBLE, "explain", model, "--calib", tmp_path / "x.npz", "--avg-bits", "5",
                                     "--html", page]], check=True, capture_output=True)
    text = page.read_text()
    assert '"sensitivities"' in text and 'id="front"' in text and re.search(r'"sqnr_db":\{"4":[0-9.]+,"8":', text)
