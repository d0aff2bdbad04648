# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dynamic quantization and weight-only int8: without data, by plan, row by row."""

import json

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import nibble

MODES = ["dynamic", "weight-only"]


def sqnr(expected, actual):
    error = np.sum((expected - actual).astype(np.float64) ** 2)
    return 10 * np.log10(np.sum(expected.astype(np.float64) ** 2) / error) if error else np.inf


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    """A model of tokens, [batch, 5, 16]: Gemm would be 2-D, MatMul takes any rank. Its node names are fc1 and fc2."""
    import onnx
    rng = np.random.default_rng(3)
    shapes = {"w1": (16, 40), "b1": (40,), "w2": (40, 8)}
    weights = [numpy_helper.from_array(rng.normal(0, 0.3, s).astype(np.float32), n) for n, s in shapes.items()]
    nodes = [helper.make_node("MatMul", ["x", "w1"], ["m"], name="fc1"),
             helper.make_node("Add", ["m", "b1"], ["a"], name="bias"),
             helper.make_node("Relu", ["a"], ["r"], name="relu"),
             helper.make_node("MatMul", ["r", "w2"], ["y"], name="fc2")]
    graph = helper.make_graph(nodes, "tokens", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 5, 16])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 5, 8])], weights)
    path = tmp_path_factory.mktemp("tokens") / "tokens.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def float_tokens(x, path):
    import onnx
    w = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    return np.maximum(x @ w["w1"] + w["b1"], 0) @ w["w2"]


@pytest.mark.parametrize("mode, least", [("dynamic", 28), ("weight-only", 33)])
@pytest.mark.parametrize("name", ["dense", "conv_dense", "depthwise", "residual", "digits"])
def test_close_to_float_and_equal_to_the_interpreter(paths, feeds, onnxruntime_run, name, mode, least):
    model = nibble.compile(paths[name], mode=mode)
    expected, actual = [], []
    for feed in feeds(name, 4):
        results = model.run(feed)
        for result, reference in zip(results, model.reference(feed), strict=True):
            assert result.tobytes() == reference.tobytes()
        expected += [e.ravel() for e in onnxruntime_run(name, feed)]
        actual += [a.ravel() for a in results]
    assert sqnr(np.concatenate(expected), np.concatenate(actual)) > least


@pytest.mark.parametrize("mode", MODES)
def test_every_instruction_set_gives_the_same_bytes(tokens, mode):
    x = np.random.default_rng(0).normal(0, 1, (3, 5, 16)).astype(np.float32)
    bytes_of = lambda target: nibble.compile(tokens, mode=mode, target=target).run({"x": x})[0].tobytes()  # noqa: E731
    assert bytes_of("generic") == bytes_of("avx2") == bytes_of("host")


def test_rows_do_not_depend_on_each_other(tokens):
    model = nibble.compile(tokens, mode="dynamic")
    x = np.random.default_rng(1).normal(0, 1, (4, 5, 16)).astype(np.float32)
    y, = model.run({"x": x})
    assert sqnr(float_tokens(x, tokens), y) > 30
    changed = x.copy()
    changed[2, 1] *= 1e6  # one token, huge
    changed[3, 4, 0] = np.nan
    z, = model.run({"x": changed})
    same = np.ones((4, 5), bool)
    same[2, 1] = same[3, 4] = False
    assert z[same].tobytes() == y[same].tobytes()
    assert np.isnan(z[3, 4]).all() and not np.isnan(z[2, 1]).any()
    alone, = model.run({"x": x[1:2]})
    assert alone.tobytes() == y[1:2].tobytes()


def test_images_do_not_depend_on_each_other(paths, feeds):
    model = nibble.compile(paths["conv_dense"], mode="dynamic")
    (name, x), = feeds("conv_dense", 1, batch=3)[0].items()
    y, = model.run({name: x})
    if len(x) < 3:
        pytest.skip("the model has a fixed batch")
    x = x.copy()
    x[1] *= 100
    z, = model.run({name: x})
    assert z[[0, 2]].tobytes() == y[[0, 2]].tobytes()


@pytest.mark.parametrize("mode", MODES)
def test_weights_are_bytes(tmp_path, mode):
    import onnx
    weight = np.random.default_rng(0).normal(0, 1, (256, 512)).astype(np.float32)
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "big",
                              [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 256])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 512])],
                              [numpy_helper.from_array(weight, "w")])
    path = tmp_path / "big.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    summary = nibble.compile(path, mode=mode).summary
    # A byte a weight; a scale, a bias and the sums' start a column.
    assert weight.size <= summary["weight_bytes"] <= weight.size + 3 * 4 * 512 + 256
    assert nibble.compile(path, weights="float").summary["weight_bytes"] >= 4 * weight.size


def test_summary_says_the_mode_of_each_node(tokens):
    nodes = nibble.compile(tokens, mode="dynamic").summary["nodes"]
    products = [n for n in nodes if n["operation"] == "nibble.scaled_matmul"]
    assert [(n["precision"], n["reason"]) for n in products] == [("dynamic int8", "mode 'dynamic'")] * 2
    kernels = [n.get("kernel", "") for n in nodes]
    assert sum("row_scale" in k for k in kernels) == sum("row_quantize" in k for k in kernels) == 2
    # Behind the relu nothing is negative.
    assert any(k.startswith("u8_s8pc_f32_gemm") for k in kernels)


def test_plan_chooses_for_each_node(tokens, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"schema": 1, "default": {"mode": "dynamic"},
                                "nodes": {"fc2": {"mode": "weight-only"}}}))
    nodes = nibble.compile(tokens, plan=plan).summary["nodes"]
    assert [n["precision"] for n in nodes if n["operation"] == "nibble.scaled_matmul"] == \
        ["dynamic int8", "weight-only int8"]
    assert all(n["reason"] == "the plan says so" for n in nodes if n["operation"] == "nibble.scaled_matmul")


def test_plan_mixes_static_and_dynamic(tokens, tmp_path):
    rng = np.random.default_rng(2)
    samples = [{"x": rng.normal(0, 1, (1, 5, 16)).astype(np.float32)} for _ in range(8)]
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"schema": 1, "default": {"mode": "dynamic"}, "nodes": {"bias": {"mode": "static"}}}))
    with pytest.raises(nibble.Error, match="calibration data is needed"):
        nibble.compile(tokens, plan=plan)
    plan.write_text(json.dumps({"schema": 1, "nodes": {"fc2": {"mode": "dynamic"}}}))
    model = nibble.compile(tokens, calibration=samples, plan=plan)
    precisions = {n["operation"]: n["precision"] for n in model.summary["nodes"]}
    assert precisions["nibble.int_matmul"] == "int8" and precisions["nibble.scaled_matmul"] == "dynamic int8"
    for feed in samples[:2]:
        assert model.run(feed)[0].tobytes() == model.reference(feed)[0].tobytes()
        assert sqnr(float_tokens(feed["x"], tokens), model.run(feed)[0]) > 28


def test_int8_with_float_activations_is_weight_only(tokens):
    x = {"x": np.random.default_rng(5).normal(0, 1, (2, 5, 16)).astype(np.float32)}
    named = nibble.compile(tokens, mode="weight-only").run(x)[0]
    assert nibble.compile(tokens, weights="int8", activations="float").run(x)[0].tobytes() == named.tobytes()


def test_data_does_not_change_the_result(tokens):
    samples = [{"x": np.full((1, 5, 16), 0.5, np.float32)}]
    x = {"x": np.random.default_rng(5).normal(0, 1, (2, 5, 16)).astype(np.float32)}
    with_data = nibble.compile(tokens, mode="dynamic", calibration=samples)
    assert with_data.run(x)[0].tobytes() == nibble.compile(tokens, mode="dynamic").run(x)[0].tobytes()
    assert with_data.summary["sqnr_db"] > 25


def test_quantize_refuses(tokens, tmp_path):
    with pytest.raises(nibble.Error, match="mode 'dynamic' has no form in QuantizeLinear and DequantizeLinear"):
        nibble.quantize(tokens, None, tmp_path / "q.onnx", mode="dynamic")


def test_strict_names_the_product_without_the_mode(tmp_path):
    import onnx
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [4, 4])  # noqa: E731
    graph = helper.make_graph([helper.make_node("MatMul", ["a", "b"], ["y"], name="both")], "two", [value("a"), value("b")],
                              [value("y")])
    path = tmp_path / "two.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    node, = (n for n in nibble.compile(path, mode="dynamic").summary["nodes"] if n["operation"] == "nibble.matmul")
    assert node["reason"] == "mode 'dynamic' was planned, but its right-hand side is an input or continues one, " \
        "as caches do: a run would quantize all of it for the rows that are new"
    with pytest.raises(nibble.Error, match="node 'both' .* stays in float: mode 'dynamic' was planned"):
        nibble.compile(path, mode="dynamic", strict=True)


def test_chosen_where_it_is_much_more_exact(tmp_path):
    """Rows of all sizes, each normalized behind the product: one range leaves nothing of the small ones."""
    import onnx
    rng = np.random.default_rng(5)
    weights = {"w": rng.normal(0, 0.3, (16, 24)), "s": np.ones(24), "b": np.zeros(24)}
    nodes = [helper.make_node("MatMul", ["x", "w"], ["m"], name="fc"),
             helper.make_node("LayerNormalization", ["m", "s", "b"], ["y"], name="norm", epsilon=1e-12)]
    graph = helper.make_graph(nodes, "rows", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 16])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 24])],
                              [numpy_helper.from_array(v.astype(np.float32), k) for k, v in weights.items()])
    path = tmp_path / "rows.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    feeds = [{"x": (rng.normal(0, 1, (12, 16)) * 10.0 ** rng.uniform(-3, 3, (12, 1))).astype(np.float32)} for _ in range(4)]
    summary = nibble.compile(path, calibration=feeds).summary
    fc = next(node for node in summary["nodes"] if node["node"] == "fc")
    assert fc["precision"] == "dynamic int8" and "ranges found at run time" in fc["reason"]
    assert summary["sqnr_db"] > 25
    kept = nibble.compile(path, calibration=feeds, mode="static", min_sqnr=0).summary
    assert next(node for node in kept["nodes"] if node["node"] == "fc")["precision"] == "int8" and kept["sqnr_db"] < 15
