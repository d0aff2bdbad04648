# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fourier transforms, windows and mel weights, with constant arguments and with arguments that are inputs."""
import numpy as np
import onnx
import pytest
from single_node import check, make

import nibble


def signal(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def scalar(value, dtype=np.int64):
    return np.array(value, dtype)


@pytest.mark.parametrize("constant", [(1, 2), ()], ids=["constant", "inputs"])
@pytest.mark.parametrize("axis", [0, 1, -2])
@pytest.mark.parametrize("form", [{}, {"onesided": 1}, {"inverse": 1}, {"inverse": 1, "onesided": 1}], ids=str)
@pytest.mark.parametrize("length", [None, 5, 12, 9])
def test_dft(length, form, axis, constant, tmp_path):
    parts = 2 if form.get("inverse") else 1
    feeds = [signal(9, 7, 8, parts), None if length is None else scalar(length), scalar(axis)]
    check(tmp_path, "DFT", feeds, reference="onnx", constant=constant, atol=1e-4, **form)


def test_dft_of_complex_values(tmp_path):
    check(tmp_path, "DFT", [signal(3, 11, 2)], reference="onnx", atol=1e-4)
    check(tmp_path, "DFT", [signal(1, 1, 1)], reference="onnx")


@pytest.mark.parametrize("constant", [(1, 3), ()], ids=["constant", "inputs"])
@pytest.mark.parametrize("onesided", [0, 1])
@pytest.mark.parametrize("length", [16, 15])
def test_stft(length, onesided, constant, tmp_path):
    window = np.hanning(length).astype(np.float32)
    attributes = {"onesided": onesided, "reference": "onnx", "constant": constant, "atol": 1e-4}
    check(tmp_path, "STFT", [signal(2, 61, 1), scalar(7), window], **attributes)
    check(tmp_path, "STFT", [signal(2, 61, 1), scalar(7), None, scalar(length)], **attributes)


@pytest.mark.parametrize("constant", [(0,), ()], ids=["constant", "input"])
@pytest.mark.parametrize("size", [2, 10, 31])
@pytest.mark.parametrize("periodic", [0, 1])
@pytest.mark.parametrize("op", ["HannWindow", "HammingWindow", "BlackmanWindow"])
def test_windows(op, periodic, size, constant, tmp_path):
    n = np.arange(size) * 2 * np.pi / (size if periodic else size - 1)
    want = {"HannWindow": 0.5 - 0.5 * np.cos(n), "HammingWindow": 25 / 46 - 21 / 46 * np.cos(n),
            "BlackmanWindow": 0.42 - 0.5 * np.cos(n) + 0.08 * np.cos(2 * n)}[op]
    check(tmp_path, op, [scalar(size)], want=[want.astype(np.float32)], constant=constant, atol=1e-7, periodic=periodic)


@pytest.mark.parametrize("constant", [(0, 1, 2, 3, 4), ()], ids=["constant", "inputs"])
@pytest.mark.parametrize("bands, length, rate, edges", [(8, 16, 8192, (0, 4096)), (40, 400, 16000, (20, 7600))])
def test_mel_weights(bands, length, rate, edges, constant, tmp_path):
    feeds = [scalar(bands), scalar(length), scalar(rate), *(scalar(edge, np.float32) for edge in edges)]
    check(tmp_path, "MelWeightMatrix", feeds, reference="onnx", constant=constant)


@pytest.mark.parametrize("rule", ["linear", "gated", "delta", "gated_delta"])
@pytest.mark.parametrize("tokens, past", [(1, True), (3, False)])
def test_linear_attention(rule, tokens, past, tmp_path):
    """By numpy, straight from the definition: query heads in groups of two, decay a key's dimension, one beta."""
    heads, keys, values = 2, 3, 5
    q, k, v = signal(2, tokens, 4 * keys), signal(2, tokens, heads * keys), signal(2, tokens, heads * values)
    decay = -np.abs(signal(2, tokens, heads * keys)) if "gated" in rule else None
    beta = np.abs(signal(2, tokens, 1)) if "delta" in rule else None
    first = signal(2, heads, keys, values) if past else None
    state = np.zeros((2, heads, keys, values)) if first is None else first.astype(np.float64)
    out = np.zeros((2, tokens, 4 * values))
    for t in range(tokens):
        key, value = k[:, t].reshape(2, heads, keys), v[:, t].reshape(2, heads, values)
        if decay is not None:
            state = state * np.exp(decay[:, t].reshape(2, heads, keys, 1))
        if beta is not None:
            value = beta[:, t, :, None] * (value - np.einsum("bhkv,bhk->bhv", state, key))
        state = state + key[..., None] * value[:, :, None]
        query = q[:, t].reshape(2, heads, 2, keys)
        out[:, t] = (np.einsum("bhgk,bhkv->bhgv", query, state) / np.sqrt(keys)).reshape(2, -1)
    check(tmp_path, "LinearAttention", [q, k, v, first, decay, beta], outputs=2, opset=27, update_rule=rule, q_num_heads=4,
          kv_num_heads=heads, want=[out.astype(np.float32), state.astype(np.float32)])


@pytest.mark.parametrize("activation", ["none", "silu"])
@pytest.mark.parametrize("length, taps, past", [(6, 3, True), (1, 4, True), (2, 4, False)])
def test_causal_conv(length, taps, past, activation, tmp_path):
    x, w, bias = signal(2, 3, length), signal(3, 1, taps), signal(3)
    state = signal(2, 3, taps - 1) if past else None
    check(tmp_path, "CausalConvWithState", [x, w, bias, state], reference="onnx", outputs=2, opset=27, activation=activation)


def test_a_shape_that_no_axis_gives(tmp_path):
    model, _ = make("DFT", [signal(9, 7, 1), None, scalar(0)], [(8, 7, 2)], [np.float32], onesided=1)
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(nibble.Error, match=r"no axis gives the declared shape \[8x7x2\]"):
        nibble.compile(tmp_path / "model.onnx", weights="float")
