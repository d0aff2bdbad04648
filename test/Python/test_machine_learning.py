# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators of ai.onnx.ml on numbers, and n-grams of integers."""
import numpy as np
import pytest
from onnx import helper
from single_node import check

ort = pytest.importorskip("onnxruntime")
ML = "ai.onnx.ml"


def values(*shape, dtype=np.float32):
    return np.random.default_rng(sum(shape)).integers(-3, 4, shape).astype(dtype)


@pytest.mark.parametrize("shape, indices", [((3, 4), [1, 3, 0]), ((2, 3, 5), [[4, 0]]), ((6,), [5])])
def test_array_feature_extractor(shape, indices, tmp_path):
    check(tmp_path, "ArrayFeatureExtractor", [values(*shape), np.array(indices, np.int64)], domain=ML)


@pytest.mark.parametrize("dtype", ["float32"])
def test_binarizer(dtype, tmp_path):
    check(tmp_path, "Binarizer", [values(3, 5, dtype=dtype)], domain=ML, threshold=1.0)


LABELS = {
    "ints": (np.int64, {"keys_int64s": [-3, 0, 2], "values_int64s": [7, 8, 9], "default_int64": 42}),
    "to-floats": (np.int64, {"keys_int64s": [-3, 0, 2], "values_floats": [0.5, 1.5, 2.5], "default_float": -7.5}),
    "floats": (np.float32, {"keys_floats": [-1.0, 0.0, np.nan], "values_int64s": [1, 2, 3]}),
    "floats-both": (np.float32, {"keys_floats": [3.0, 1.0], "values_floats": [0.25, 4.0]}),
}


@pytest.mark.parametrize("form", LABELS)
def test_label_encoder(form, tmp_path):
    dtype, attributes = LABELS[form]
    x = values(4, 5, dtype=dtype)
    if dtype == np.float32:
        x[0, 0] = np.nan
    check(tmp_path, "LabelEncoder", [x], domain=ML, **attributes)


def forest(dtype, **attributes):
    """Two trees of all modes but membership, and one that is a leaf."""
    tensor = lambda name, type, array: helper.make_tensor(name, helper.np_dtype_to_tensor_dtype(np.dtype(type)),
                                                          [len(array)], np.array(array, type))
    return {
        "nodes_modes": tensor("nodes_modes", np.uint8, [0, 1, 3, 2, 4, 5]), "nodes_featureids": [0, 1, 0, 1, 2, 2],
        "nodes_splits": tensor("nodes_splits", dtype, [0.5, -1.0, 2.0, 0.0, 1.0, -2.0]),
        "nodes_truenodeids": [1, 0, 2, 4, 4, 6], "nodes_trueleafs": [0, 1, 1, 0, 1, 1],
        "nodes_falsenodeids": [2, 1, 3, 5, 5, 6], "nodes_falseleafs": [0, 1, 1, 0, 1, 1],
        "leaf_targetids": [0, 1, 0, 1, 1, 0, 0], "tree_roots": [0, 3], "n_targets": 2,
        "leaf_weights": tensor("leaf_weights", dtype, [1.5, -2.0, 3.25, 4.0, -5.5, 6.0, 0.75]), **attributes}


@pytest.mark.parametrize("aggregate", [0, 1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tree_ensemble(dtype, aggregate, tmp_path):
    x = values(7, 3, dtype=dtype)
    x[0, 0] = np.nan
    check(tmp_path, "TreeEnsemble", [x], reference="onnx", domain=ML, **forest(dtype, aggregate_function=aggregate))


def test_missing_values(tmp_path):
    x = np.array([[np.nan, 0.0, np.nan], [1.0, np.nan, 2.0]], np.float32)
    check(tmp_path, "TreeEnsemble", [x], reference="onnx", domain=ML,
          **forest(np.float32, nodes_missing_value_tracks_true=[1, 0, 1, 1, 0, 1]))


@pytest.mark.parametrize("mode", ["TF", "IDF", "TFIDF"])
@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("shape, least, most, skips", [((12,), 1, 2, 5), ((2, 9), 2, 3, 0), ((3, 1), 1, 3, 1)])
def test_ngrams(shape, least, most, skips, dtype, mode, tmp_path):
    x = np.random.default_rng(1).integers(2, 6, shape).astype(dtype)
    check(tmp_path, "TfIdfVectorizer", [x], mode=mode, min_gram_length=least, max_gram_length=most, max_skip_count=skips,
          ngram_counts=[0, 3, 9], ngram_indexes=[0, 4, 2, 1, 6, 3, 5],
          pool_int64s=[2, 3, 5, 2, 3, 4, 5, 5, 2, 2, 3, 4], weights=[1.5, 2.0, 0.5, 3.0, -1.0, 0.25, 4.0])
