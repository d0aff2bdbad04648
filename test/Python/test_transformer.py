# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Norms, attention, embeddings and rotary embeddings: single nodes against ONNX, and a small encoder."""

import json
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import nibble

onnxruntime = pytest.importorskip("onnxruntime")
NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"
TOKENS, WIDTH, HEADS, WORDS = 12, 16, 2, 40


def make_model(nodes, feed, outputs, weights=None, opset=23, domains=()):
    def port(name, array):
        return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
    graph = helper.make_graph(nodes, "g", [port(name, array) for name, array in feed.items()],
                              [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
                              [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()])
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def check(model, feed, expected, folder):
    onnx.save(model, folder / "model.onnx")
    compiled = nibble.compile(folder / "model.onnx", weights="float")
    results = compiled.run(feed)
    for got, same, want in zip(results, compiled.reference(feed), expected, strict=True):
        assert got.tobytes() == same.tobytes()
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def normal(*shape, seed=1):
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


# -- norms -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("axis", [-1, 1, -3])
@pytest.mark.parametrize("bias", [True, False])
def test_layer_normalization(tmp_path, axis, bias):
    feed = {"x": normal(2, 3, 18)}
    row = feed["x"].shape[axis:]
    weights = {"s": normal(*row, seed=2)} | ({"b": normal(*row, seed=3)} if bias else {})
    node = helper.make_node("LayerNormalization", ["x", *weights], ["y", "mean", "inverse"], axis=axis, epsilon=1e-3)
    model = make_model([node], feed, ["y", "mean", "inverse"], weights, opset=17)
    check(model, feed, ReferenceEvaluator(model).run(None, feed), tmp_path)


def test_layer_normalization_of_one_scale(tmp_path):
    feed = {"x": normal(2, 3, 18)}
    weights = {"s": normal(1, seed=2), "b": normal(18, seed=3)}
    model = make_model([helper.make_node("LayerNormalization", ["x", "s", "b"], ["y"])], feed, ["y"], weights, opset=17)
    check(model, feed, ReferenceEvaluator(model).run(None, feed), tmp_path)


@pytest.mark.parametrize("axis", [-1, 1])
def test_rms_normalization(tmp_path, axis):
    feed = {"x": normal(2, 3, 18)}
    weights = {"s": normal(*feed["x"].shape[axis:], seed=2)}
    model = make_model([helper.make_node("RMSNormalization", ["x", "s"], ["y"], axis=axis)], feed, ["y"], weights)
    check(model, feed, ReferenceEvaluator(model).run(None, feed), tmp_path)


@pytest.mark.parametrize("operator, operands, outputs", [
    ("SkipLayerNormalization", ["x", "skip", "s", "b", "c"], ["y", "", "", "sum"]),
    ("SkipLayerNormalization", ["x", "skip", "s"], ["y"]),
    ("SkipSimplifiedLayerNormalization", ["x", "skip", "s", "c"], ["y", "", "", "sum"])])
def test_norms_of_sums(tmp_path, operator, operands, outputs):
    feed = {"x": normal(2, 3, 18), "skip": normal(2, 3, 18, seed=5)}
    weights = {name: normal(18, seed=ord(name)) for name in operands[2:]}
    node = helper.make_node(operator, operands, outputs, domain="com.microsoft", epsilon=1e-4)
    model = make_model([node], feed, [name for name in outputs if name], weights, opset=17, domains=["com.microsoft"])
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    check(model, feed, session.run(None, feed), tmp_path)


def test_statistics_of_a_skipped_rms_norm_are_refused(tmp_path):
    feed = {"x": normal(2, 3, 18), "skip": normal(2, 3, 18, seed=5)}
    node = helper.make_node("SkipSimplifiedLayerNormalization", ["x", "skip", "s"], ["y", "mean"],
                            domain="com.microsoft")
    onnx.save(make_model([node], feed, ["y", "mean"], {"s": normal(18)}, opset=17, domains=["com.microsoft"]),
              tmp_path / "model.onnx")
    with pytest.raises(nibble.Error, match=r"outputs 1 and 2 \(statistics\) are not supported"):
        nibble.compile(tmp_path / "model.onnx", weights="float")


# -- attention ---------------------------------------------------------------------------------------

def attend(tmp_path, feed, outputs=("y",), **attributes):
    names = ["q", "k", "v", "mask", "past_k", "past_v"]
    used = [name if name in feed else "" for name in names]
    node = helper.make_node("Attention", used[:max(i for i, name in enumerate(used) if name) + 1], list(outputs),
                            **attributes)
    model = make_model([node], feed, [name for name in outputs if name])
    check(model, feed, ReferenceEvaluator(model).run(None, feed), tmp_path)


def heads(queries=4, keys=4, rows=3, columns=5, size=8, value_size=8):
    return {"q": normal(2, queries, rows, size), "k": normal(2, keys, columns, size, seed=2),
            "v": normal(2, keys, columns, value_size, seed=3)}


@pytest.mark.parametrize("attributes", [{}, {"scale": 0.3}, {"softcap": 0.7}, {"is_causal": 1}])
@pytest.mark.parametrize("queries", [4, 8])
def test_attention(tmp_path, attributes, queries):
    attend(tmp_path, heads(queries, value_size=6), **attributes)


# With one row for all queries ONNX's reference lets every query see what the first one does.
@pytest.mark.parametrize("shape, causal", [((3, 5), 0), ((3, 5), 1), ((1, 5), 0), ((2, 1, 3, 5), 0), ((2, 1, 3, 5), 1),
                                           ((3, 4), 0), ((3, 4), 1)])
def test_attention_mask(tmp_path, shape, causal):
    mask = normal(*shape, seed=9)
    mask[..., 0] = 0
    attend(tmp_path, heads() | {"mask": mask}, is_causal=causal)


@pytest.mark.parametrize("causal", [0, 1])
def test_attention_mask_of_booleans(tmp_path, causal):
    mask = normal(2, 1, 3, 5, seed=9) > -0.3
    mask[..., 0] = True
    attend(tmp_path, heads() | {"mask": mask}, is_causal=causal)


def test_attention_of_flat_heads(tmp_path):
    feed = {"q": normal(2, 3, 32), "k": normal(2, 5, 16, seed=2), "v": normal(2, 5, 16, seed=3)}
    attend(tmp_path, feed, q_num_heads=4, kv_num_heads=2)


@pytest.mark.parametrize("mode", [0, 1, 2, 3])
def test_attention_shows_its_scores_and_what_it_saw(tmp_path, mode):
    feed = heads(columns=3) | {"mask": normal(3, 5, seed=9), "past_k": normal(2, 4, 2, 8), "past_v": normal(2, 4, 2, 8)}
    attend(tmp_path, feed, ["y", "present_k", "present_v", "scores"], qk_matmul_output_mode=mode)
    attend(tmp_path, feed, ["y", "present_k", "present_v"], is_causal=1)


def test_attention_where_a_query_sees_nothing(tmp_path):
    mask = normal(3, 5, seed=9)
    mask[1] = -np.inf
    attend(tmp_path, heads() | {"mask": mask})


@pytest.mark.parametrize("feed, attributes, message", [
    ({"q": normal(2, 3, 30), "k": normal(2, 5, 16), "v": normal(2, 5, 16)}, {"q_num_heads": 4, "kv_num_heads": 2},
     r"input 0 of shape .* has no 4 heads"),
    (heads(5, 4), {}, r"5 heads of queries cannot share 4 heads of keys")])
def test_attention_refuses(tmp_path, feed, attributes, message):
    onnx.save(make_model([helper.make_node("Attention", list(feed), ["y"], **attributes)], feed, ["y"]),
              tmp_path / "model.onnx")
    with pytest.raises(nibble.Error, match=message):
        nibble.compile(tmp_path / "model.onnx", weights="float")


def test_attention_refuses_numbers_of_keys(tmp_path):
    feed = heads() | {"keys": np.array([3, 5], np.int64)}
    node = helper.make_node("Attention", ["q", "k", "v", "", "", "", "keys"], ["y"])
    onnx.save(make_model([node], feed, ["y"], opset=24), tmp_path / "model.onnx")
    with pytest.raises(nibble.Error, match=r"input 6 \(numbers of keys\) is not supported"):
        nibble.compile(tmp_path / "model.onnx", weights="float")


def test_attention_refuses_extents_that_are_unknown(tmp_path):
    model = make_model([helper.make_node("Attention", ["q", "k", "v"], ["y"])], heads(), ["y"])
    for port in model.graph.input:
        port.type.tensor_type.shape.dim[3].dim_param = "size"
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(nibble.Error, match="the extent of a head is unknown at compile time") as caught:
        nibble.compile(tmp_path / "model.onnx", weights="float")
    assert "give it a fixed extent, with --dim or in the model" in str(caught.value)


@pytest.mark.parametrize("causal", [0, 1])
@pytest.mark.parametrize("rows, past", [("rows", None), ("rows", "past"), ("rows", 3), (2, "past")])
def test_attention_of_any_length(tmp_path, causal, rows, past):
    """Queries and a cache of any number of rows, in one library."""
    def make(rows, past):
        feed = heads(4, 2, rows, rows)
        return feed if past is None else feed | {"past_k": normal(2, 2, past, 8, seed=4),
                                                 "past_v": normal(2, 2, past, 8, seed=5)}

    names = ["q", "k", "v"] + ["", "past_k", "past_v"] * (past is not None)
    outputs = ["y"] + ["present_k", "present_v"] * (past is not None)
    model = make_model([helper.make_node("Attention", names, outputs, is_causal=causal)], make(2, past and 3), outputs)
    for port in model.graph.input:
        dim = port.type.tensor_type.shape.dim[2]
        extent = past if port.name.startswith("past") else rows
        if isinstance(extent, str):
            dim.dim_param = extent
    onnx.save(model, tmp_path / "model.onnx")
    compiled = nibble.compile(tmp_path / "model.onnx", weights="float")
    for own, before in [(1, 0), (1, 7), (2, 3), (5, 3), (17, 0)]:
        feed = make(own if rows == "rows" else 2, past and (before if past == "past" else 3))
        got = compiled.run(feed)
        assert [each.tobytes() for each in got] == [each.tobytes() for each in compiled.reference(feed)]
        for each, want in zip(got, ReferenceEvaluator(model).run(None, feed), strict=True):
            np.testing.assert_allclose(each, want, rtol=1e-5, atol=2e-6)


# -- rotary embeddings -------------------------------------------------------------------------------

@pytest.mark.parametrize("shape, attributes", [((2, 4, 3, 8), {}), ((2, 4, 3, 8), {"interleaved": 1}),
                                               ((2, 4, 3, 8), {"rotary_embedding_dim": 4}),
                                               ((2, 3, 32), {"num_heads": 4}),
                                               ((2, 3, 32), {"num_heads": 4, "interleaved": 1, "rotary_embedding_dim": 6})])
def test_rotary_embedding(tmp_path, shape, attributes):
    half = attributes.get("rotary_embedding_dim", 8) // 2
    feed = {"x": normal(*shape), "cos": normal(2, 3, half, seed=2), "sin": normal(2, 3, half, seed=3)}
    model = make_model([helper.make_node("RotaryEmbedding", list(feed), ["y"], **attributes)], feed, ["y"])
    check(model, feed, ReferenceEvaluator(model).run(None, feed), tmp_path)


@pytest.mark.parametrize("interleaved", [0, 1])
def test_rotary_embedding_of_positions(tmp_path, interleaved):
    positions = np.array([[0, 1, 2], [6, 3, 1]], np.int64)
    feed = {"x": normal(2, 4, 3, 8), "cos": normal(7, 4, seed=2), "sin": normal(7, 4, seed=3), "positions": positions}
    node = helper.make_node("RotaryEmbedding", list(feed), ["y"], interleaved=interleaved)
    model = make_model([node], feed, ["y"])
    check(model, feed, ReferenceEvaluator(model).run(None, feed), tmp_path)


def test_rotary_embedding_refuses_tables_without_positions(tmp_path):
    feed = {"x": normal(2, 4, 3, 8), "cos": normal(7, 4, seed=2), "sin": normal(7, 4, seed=3)}
    model = make_model([helper.make_node("RotaryEmbedding", list(feed), ["y"])], feed, ["y"])
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(nibble.Error, match="the angles of input 1 have rank 2, expected 3"):
        nibble.compile(tmp_path / "model.onnx", weights="float")


@pytest.mark.parametrize("shape, attributes, message", [
    ((2, 3, 30), {"num_heads": 4}, "attribute 'num_heads' is 4, which does not divide the input's last extent"),
    ((2, 4, 3, 8), {"rotary_embedding_dim": 10}, "cannot turn 10 of 8 elements in pairs")])
def test_rotary_embedding_refuses(tmp_path, shape, attributes, message):
    feed = {"x": normal(*shape), "cos": normal(2, 3, 4, seed=2), "sin": normal(2, 3, 4, seed=3)}
    onnx.save(make_model([helper.make_node("RotaryEmbedding", list(feed), ["y"], **attributes)], feed, ["y"]),
              tmp_path / "model.onnx")
    with pytest.raises(nibble.Error, match=message):
        nibble.compile(tmp_path / "model.onnx", weights="float")


# -- an encoder --------------------------------------------------------------------------------------

def layer(prefix, x, weights, rng):
    """One layer behind value `x`: self-attention with a padding mask, then a dense network, each with a residual and a norm."""
    def weight(name, *shape):
        weights[prefix + name] = rng.normal(0, 0.4, shape).astype(np.float32)
        return prefix + name
    nodes = []

    def add(op, operands, name, **attributes):
        nodes.append(helper.make_node(op, operands, [prefix + name], name=prefix + name, **attributes))
        return prefix + name

    def dense(value, name, rows, columns):
        return add("Add", [add("MatMul", [value, weight(name + "_w", rows, columns)], name + "_product"),
                           weight(name + "_b", columns)], name)

    def split(value, name, permutation):
        return add("Transpose", [add("Reshape", [value, "split"], name + "_heads")], name + "_t", perm=permutation)
    q, k, v = (dense(x, name, WIDTH, WIDTH) for name in "qkv")
    product = add("MatMul", [split(q, "q", [0, 2, 1, 3]), split(k, "k", [0, 2, 3, 1])], "scores")
    masked = add("Add", [add("Div", [product, "root"], "scaled"), "mask"], "masked")
    mixed = add("MatMul", [add("Softmax", [masked], "parts", axis=-1), split(v, "v", [0, 2, 1, 3])], "mixed")
    joined = add("Reshape", [add("Transpose", [mixed], "mixed_t", perm=[0, 2, 1, 3]), "join"], "joined")
    first = add("LayerNormalization", [add("Add", [dense(joined, "o", WIDTH, WIDTH), x], "sum"), weight("g", WIDTH),
                                       weight("c", WIDTH)], "norm", axis=-1)
    hidden = dense(first, "up", WIDTH, 4 * WIDTH)
    erf = add("Erf", [add("Div", [hidden, "root2"], "up_scaled")], "erf")
    gelu = add("Mul", [add("Mul", [hidden, add("Add", [erf, "one"], "erf1")], "twice"), "half"], "gelu")
    # One column far larger than the others: what a norm behind it has to make up for.
    down = dense(gelu, "down", 4 * WIDTH, WIDTH)
    weights[prefix + "down_w"][:, 3] *= 60
    last = add("LayerNormalization", [add("Add", [down, first], "sum2"), weight("g2", WIDTH), weight("c2", WIDTH)],
               "norm2", axis=-1)
    return nodes, last


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    rng = np.random.default_rng(8)
    weights = {"table": rng.normal(0, 1, (WORDS, WIDTH)).astype(np.float32),
               "split": np.array([0, TOKENS, HEADS, WIDTH // HEADS], np.int64), "join": np.array([0, TOKENS, WIDTH], np.int64),
               "root": np.float32(np.sqrt(WIDTH // HEADS)), "root2": np.float32(np.sqrt(2)), "one": np.float32(1),
               "half": np.float32(0.5), "far": np.float32(-10000)}
    nodes = [helper.make_node("Gather", ["table", "ids"], ["words"], name="words"),
             helper.make_node("Sub", ["one", "seen"], ["unseen"], name="unseen"),
             helper.make_node("Mul", ["unseen", "far"], ["mask"], name="mask")]
    value = "words"
    for prefix in ("a_", "b_"):
        more, value = layer(prefix, value, weights, rng)
        nodes += more
    nodes.append(helper.make_node("Identity", [value], ["y"], name="y"))
    path = tmp_path_factory.mktemp("encoder") / "encoder.onnx"
    onnx.save(make_model(nodes, feeds(1)[0], ["y"], weights, opset=17), path)
    return path


def feeds(count):
    rng = np.random.default_rng(4)
    made = []
    for _ in range(count):
        seen = np.ones((1, 1, 1, TOKENS), np.float32)
        seen[..., rng.integers(TOKENS // 2, TOKENS + 1):] = 0
        made.append({"ids": rng.integers(0, WORDS, (1, TOKENS)).astype(np.int32), "seen": seen})
    return made


def sqnr(path, model, feeds):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    expected, actual = (np.stack([run(feed)[0] for feed in feeds]).astype(np.float64)
                        for run in (lambda feed: session.run(None, feed), model.run))
    return 10 * np.log10(np.sum(expected ** 2) / np.sum((expected - actual) ** 2))


def test_encoder_in_float(encoder):
    model = nibble.compile(encoder, weights="float")
    feed = feeds(1)[0]
    assert model.run(feed)[0].tobytes() == model.reference(feed)[0].tobytes()
    assert sqnr(encoder, model, feeds(2)) > 90


def explain(model, path):
    model.save(path)
    done = subprocess.run([NIBBLE, "explain", path, "--json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_the_default_widens_what_an_encoder_needs_wide(encoder, tmp_path):
    model = nibble.compile(encoder, feeds(24))
    for feed in feeds(2):
        assert model.run(feed)[0].tobytes() == model.reference(feed)[0].tobytes()
    assert sqnr(encoder, model, feeds(8)) > 15
    precisions = {node["node"]: node["precision"] for node in explain(model, tmp_path / "encoder.so")["nodes"]}
    products = [f"{prefix}{name}" for prefix in ("a_", "b_")
                for name in ("q", "k", "v", "scores", "mixed", "o", "up", "down")]
    assert all("int" in precisions[name] for name in products), precisions


def test_one_kernel_a_norm_and_a_masked_softmax(encoder, tmp_path):
    model = nibble.compile(encoder, feeds(24), min_sqnr=0)
    kernels = [call["kernel"] for call in explain(model, tmp_path / "encoder.so")["calls"]]
    assert sum(kernel.startswith("u8_u8_masked_softmax_") for kernel in kernels) == 2
    assert sum(kernel.startswith("u8_u8_layer_norm_") for kernel in kernels) == 3
    assert sum("_layer_norm_" in kernel for kernel in kernels) == 4


def test_export_reads_back_to_the_byte(encoder, tmp_path):
    direct = nibble.compile(encoder, feeds(24), min_sqnr=0)
    nibble.quantize(encoder, feeds(24), tmp_path / "qdq.onnx", min_sqnr=0)
    operators = [node.op_type for node in onnx.load(tmp_path / "qdq.onnx").graph.node]
    assert operators.count("LayerNormalization") == 4 and operators.count("Softmax") == 2
    again = nibble.compile(tmp_path / "qdq.onnx")
    for feed in feeds(4):
        assert direct.run(feed)[0].tobytes() == again.run(feed)[0].tobytes()
