# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products of two values in mode dynamic: attention over any batch and sequence."""
import json

import numpy as np
import onnx
import pytest

import nibble

onnxruntime = pytest.importorskip("onnxruntime")
WIDTH, HEADS = 64, 2
LENGTHS = [1, 5, 16, 37]

ATTENTION = f"""g (float[batch,seq,{WIDTH}] x, float[batch,1,1,seq] mask) => (float[batch,seq,{WIDTH}] y)
  <float[{WIDTH},{WIDTH}] wq, float[{WIDTH},{WIDTH}] wk, float[{WIDTH},{WIDTH}] wv, float[{WIDTH},{WIDTH}] wo> {{
  split = Constant<value = int64[4] {{0, 0, {HEADS}, {WIDTH // HEADS}}}>()
  join = Constant<value = int64[3] {{0, 0, {WIDTH}}}>()
  eighth = Constant<value = float {{0.125}}>()
  q0 = MatMul(x, wq) k0 = MatMul(x, wk) v0 = MatMul(x, wv)
  q1 = Reshape(q0, split) k1 = Reshape(k0, split) v1 = Reshape(v0, split)
  q = Transpose<perm=[0,2,1,3]>(q1) k = Transpose<perm=[0,2,3,1]>(k1) v = Transpose<perm=[0,2,1,3]>(v1)
  s0 = MatMul(q, k) s1 = Mul(s0, eighth) s = Add(s1, mask)
  p = Softmax<axis=3>(s)
  m0 = MatMul(p, v)
  m1 = Transpose<perm=[0,2,1,3]>(m0) m = Reshape(m1, join)
  y = MatMul(m, wo)
}}"""

# New rows over a cache and themselves.
CACHE = """g (float[1,past,32] past, float[1,seq,32] x) => (float[1,seq,32] y, float[1,all,32] present) <float[32,32] w> {
  new = MatMul(x, w)
  present = Concat<axis=1>(past, new)
  t = Transpose<perm=[0,2,1]>(present)
  s = MatMul(new, t) p = Softmax<axis=2>(s)
  y = MatMul(p, present)
}"""


def build(path, text, *widths):
    """The network with random weights; nodes are called by their results."""
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')
    rng = np.random.default_rng(1)
    for value in list(model.graph.value_info):
        shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
        weights = rng.normal(0, 1.5 / np.sqrt(shape[0]), shape).astype(np.float32)
        model.graph.initializer.append(onnx.numpy_helper.from_array(weights, value.name))
    for node in model.graph.node:
        node.name = node.output[0]
    onnx.save(model, path)
    return path


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return build(tmp_path_factory.mktemp("attention") / "m.onnx", ATTENTION)


def feed(length, batch=2, seed=0, masked=-np.inf):
    rng = np.random.default_rng(seed)
    mask = np.where(rng.uniform(size=(batch, 1, 1, length)) < 0.2, masked, 0).astype(np.float32)
    mask[..., 0] = 0
    return {"x": rng.normal(0, 1, (batch, length, WIDTH)).astype(np.float32), "mask": mask}


def products(model):
    return {n["node"]: n for n in model.summary["nodes"] if "matmul" in n["operation"]}


def sqnr(expected, actual):
    return 10 * np.log10(np.sum(expected.astype(np.float64) ** 2) / np.sum((expected - actual).astype(np.float64) ** 2))


def test_products_of_two_values_are_integers(network):
    model = nibble.compile(network, mode="dynamic")
    for name in ("s0", "m0"):
        assert products(model)[name]["operation"] == "nibble.dynamic_matmul"
        assert products(model)[name]["precision"] == "dynamic int8" and products(model)[name]["reason"] == "mode 'dynamic'"
    session = onnxruntime.InferenceSession(str(network), providers=["CPUExecutionProvider"])
    others = [nibble.compile(network, mode="dynamic", target=target) for target in ("generic", "avx2")]
    for length in LENGTHS:
        x = feed(length)
        y, = model.run(x)
        assert sqnr(session.run(None, x)[0], y) > 28
        assert y.tobytes() == model.reference(x)[0].tobytes()
        for other in others:
            assert y.tobytes() == other.run(x)[0].tobytes()


def test_sequences_do_not_depend_on_each_other(network):
    model = nibble.compile(network, mode="dynamic")
    x = feed(21, batch=3)
    y, = model.run(x)
    changed = x["x"].copy()
    changed[0] *= 1000
    changed[2, 5, 7] = np.nan
    z, = model.run({"x": changed, "mask": x["mask"]})
    assert z[1].tobytes() == y[1].tobytes()
    # A token's NaN is in each sum of the others with it.
    assert np.isnan(z[2]).all() and not np.isnan(z[:2]).any()


def test_a_plan_decides_for_each_product(network, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"schema": 1, "default": {"mode": "dynamic"}, "nodes": {"s0": {"activations": "float"}}}))
    nodes = products(nibble.compile(network, plan=plan))
    assert nodes["s0"]["operation"] == "nibble.matmul" and "the plan says so" in nodes["s0"]["reason"]
    assert nodes["m0"]["operation"] == "nibble.dynamic_matmul"
    plan.write_text(json.dumps({"schema": 1, "nodes": {"m0": {"mode": "dynamic"}}}))
    model = nibble.compile(network, plan=plan, calibration=[feed(n, seed=n, masked=-9) for n in (3, 16)], min_sqnr=0)
    nodes = products(model)
    assert nodes["m0"]["operation"] == "nibble.dynamic_matmul" and nodes["m0"]["reason"] == "the plan says so"
    assert nodes["s0"]["operation"] == "nibble.int_matmul"
    x = feed(9)
    assert model.run(x)[0].tobytes() == model.reference(x)[0].tobytes()


def test_a_cache_stays_in_float(tmp_path):
    nodes = products(nibble.compile(build(tmp_path / "cache.onnx", CACHE), mode="dynamic"))
    assert nodes["new"]["precision"] == "dynamic int8"
    for name in ("s", "y"):
        assert nodes[name]["operation"] == "nibble.matmul"
        assert nodes[name]["reason"] == (
            "mode 'dynamic' was planned, but its right-hand side is an input or continues one, as caches do: a run would "
            "quantize all of it for the rows that are new")


def test_sums_that_could_overflow_are_refused(tmp_path):
    text = """g (float[32,depth] a, float[depth,32] b) => (float[32,32] y) { l = Tanh(a) r = Tanh(b) y = MatMul(l, r) }"""
    model = nibble.compile(build(tmp_path / "deep.onnx", text), mode="dynamic")
    assert products(model)["y"]["operation"] == "nibble.dynamic_matmul"
    values = lambda depth: {"a": np.ones((32, depth), np.float32), "b": np.ones((depth, 32), np.float32)}  # noqa: E731
    y, = model.run(values(66311))
    assert np.allclose(y, 66311 * np.tanh(1) ** 2, rtol=1e-5)
    with pytest.raises(nibble.Error, match="dimension 'depth' is 66312 in input 'a', the model takes 66311 at most"):
        model.run(values(66312))
