# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the importer refuses of windows, signals, trees and n-grams: as test_import_errors.py."""
import pytest
from test_import_errors import IMAGE, refusal

COLUMNS = "float[1,8,9] x"
SIGNAL = "float[2,20,1] x"
TOKENS = "float[1,2,6] x"
ROWS = "float[2,3] x"
TREE = """nodes_modes=uint8[2] {{{modes}, 0}}, nodes_featureids=[{feature}, 1], nodes_splits=float[{splits}] {{1.0, 2.0}},
    nodes_truenodeids=[{true}, 0], nodes_trueleafs=[{leaf}, 1], nodes_falsenodeids=[1, 1], nodes_falseleafs=[0, 1],
    leaf_targetids=[0, {target}], leaf_weights=float[2] {{1.0, 2.0}}, tree_roots=[{root}], n_targets=1{more}"""
GRAMS = """mode="TF", min_gram_length={least}, max_gram_length=2, max_skip_count=0, ngram_counts=[{counts}],
    ngram_indexes=[{indexes}], pool_int64s=[2, 3, 5, {last}]{more}"""


def tree(modes=0, feature=0, splits=2, true=0, leaf=1, target=0, root=0, more=""):
    return f"y = ai.onnx.ml.TreeEnsemble<{TREE.format(**locals())}>(x)"


def grams(least=1, counts="0, 2", indexes="0, 1, 2", last=4, more=""):
    return f"y = TfIdfVectorizer<{GRAMS.format(**locals())}>(x)"


NODES = [
    # Convolutions and pools.
    ("y = Conv(x, w)", "input 1 has rank 3, expected 4", "hidden[1,4,8,8] x", "float[4,4,1] w = {}"),
    ("y = DeformConv<group=3>(x, w, o)", "attribute 'group' is 3, which does not fit the channels", "hidden[1,4,8,8] x",
     "float[4,4,1,1] w = {}, float[1,2,8,8] o = {}", 19),
    ("y = DeformConv<offset_group=3>(x, w, o)", "attribute 'offset_group' is 3, which does not divide the channels",
     "hidden[1,4,8,8] x", "float[4,4,1,1] w = {}, float[1,2,8,8] o = {}", 19),
    ("y = DeformConv(x, w, o)", "input 2 has 3 channels, expected 2", "hidden[1,4,8,8] x",
     "float[4,4,1,1] w = {}, float[1,3,8,8] o = {}", 19),
    ("y = DeformConv(x, w, o)", "the filter's shape is not known at compile time, or the operands' ranks differ",
     "float[1,4,8,8] x, float[4,4,K,1] w, float[1,2,8,8] o", "", 19),
    ("y = ConvInteger(x, w)", "the filter's shape is not known at compile time, or has another rank than the image's",
     "uint8[1,4,8,8] x, uint8[4,4,K,1] w"),
    ("y = ConvInteger<group=3>(x, w)", "attribute 'group' is 3, which does not fit the channels",
     "uint8[1,4,8,8] x, uint8[4,4,1,1] w"),
    ("q = com.microsoft.QLinearConv(x, s, z, w, s, z, s, z) y = DequantizeLinear(q, s, z)", "input 3 has rank 3, expected 4 and known extents",
     "uint8[1,4,8,8] x", "float s = {1}, uint8 z = {0}, uint8[4,4,1] w = {}"),
    ("y = MaxUnpool<kernel_shape=[2, 2]>(x, i)", "inputs 0 and 1 have shapes [1x4x8x8] and [1x4x8x1], expected one shape", IMAGE,
     "int64[1,4,8,1] i = {}"),
    ("y = MaxUnpool<kernel_shape=[2, 2]>(x, i, s)", "the result's shape has 3 extents, expected 4", "hidden[1,4,8,8] x",
     "int64[1,4,8,8] i = {}, int64[3] s = {1, 4, 9}"),
    ("y = Col2Im(x, i, b)", "the block's shape (input 2) has shape [1x2], expected one dimension of known extent",
     "hidden[1,8,9] x", "int64[2] i = {4, 4}, int64[1,2] b = {2, 2}", 18),
    ("y = Col2Im(x, i, b)", "input 0 has 8 rows, expected a multiple of the block's 3 elements", "hidden[1,8,9] x",
     "int64[2] i = {4, 4}, int64[2] b = {1, 3}", 18),
    ("y = Col2Im(x, i, b)", "the image's shape has another rank than the block's 2", "hidden[1,8,9] x",
     "int64[1] i = {4}, int64[2] b = {2, 2}", 18),
    ("y = Col2Im(x, i, b)", "is not known at compile time | where it decides of an output of the model, the output's declared shape is taken, if that is fixed",
     "float[1,8,9] x, int64[2] i, int64[2] b", "", 18),
    # Signals.
    ("y = DFT(x, n)", "a transform of length 100000000 is not supported, expected 1 to", SIGNAL, "int64 n = {100000000}", 20),
    ("y = DFT(x)", "the last dimension has extent 3, expected 1 or 2 (real and imaginary part)", "hidden[2,20,3] x", "", 20),
    ("y = DFT(x)", "the signal's extents are not known at compile time", "float[2,A,1] x", "", 20),
    ("y = DFT(x, n)", "the signal's extents are not known at compile time", "float[2,A,1] x", "int64 n = {8}", 20),
    ("y = DFT(x, n)", "the transform's length has 2 elements, expected 1", "hidden[2,20,1] x", "int64[2] n = {8, 8}", 20),
    ("y = DFT(x, , a)", "the axis has 2 elements, expected 1", "hidden[2,20,1] x", "int64[2] a = {0, 1}", 20),
    ("y = DFT(x, , a)", "axis 2 is that of real and imaginary parts", "hidden[2,20,1] x", "int64 a = {2}", 20),
    ("y = STFT(x, s, , n)", "the frames do not fit the signal [2x20x1]", SIGNAL, "int64 s = {2}, int64 n = {21}"),
    ("y = STFT(x, s, , n)", "the frames' step is not one positive integer", SIGNAL, "int64 s = {0}, int64 n = {8}"),
    ("y = HannWindow(n)", "the window's size (input 0) is not one number from 0 to", ROWS, "int64 n = {4294967296}"),
    ("y = HannWindow<output_datatype=7>(n)", "attribute 'output_datatype' is 7, expected a float of 16, 32 or 64 bits", ROWS,
     "int64 n = {4}"),
    ("y, s = LinearAttention<q_num_heads=2, kv_num_heads=2, update_rule=\"linear\">(x, k, x)",
     "query, key and value must have rank 3 and known extents, all but the batch", "float[1,2,6] x, float[1,A,6] k", "", 27),
    ("y, s = LinearAttention<q_num_heads=4, kv_num_heads=4, update_rule=\"linear\">(x, x, x)",
     "attributes 'q_num_heads' and 'kv_num_heads' are 4 and 4, which do not fit the inputs", "hidden[1,2,6] x", "", 27),
    ("y, s = LinearAttention<q_num_heads=2, kv_num_heads=2, update_rule=\"linear\">(x, x, x)", "has 5000 tokens, expected 1 to 4096",
     "float[1,5000,6] x", "", 27),
    ("y, s = LinearAttention<q_num_heads=2, kv_num_heads=2, update_rule=\"gated\">(x, x, x, , d)",
     "input 4 has shape [1x2], expected rank 3 and known extents", "hidden[1,2,6] x", "float[1,2] d = {}", 27),
    ("y, s = CausalConvWithState(x, w)", "inputs 0 and 1 have shapes [1x3x5] and [3x2x2], expected a sequence and a filter of each of "
     "its channels", "hidden[1,3,5] x", "float[3,2,2] w = {}", 27),
    ("y, s = CausalConvWithState<activation=\"tanh\">(x, w)", "attribute 'activation' is 'tanh', expected 'none', 'silu' or 'swish'",
     "hidden[1,3,5] x", "float[3,1,2] w = {}", 27),
    ("y, s = CausalConvWithState(x, w)", "the sequence's length is not known at compile time", "float[1,3,A] x",
     "float[3,1,2] w = {}", 27),
    # Numbers of ai.onnx.ml.
    ("y = ai.onnx.ml.LabelEncoder<keys_int64s=[1], values_strings=[\"a\"]>(x)",
     "works on strings, which a compiled model does not have | do it before the model is run", "int64[2,6] x"),
    ("y = ai.onnx.ml.LabelEncoder<keys_int64s=[1], values_int64s=[2]>(x)",
     "the type of input 'x' is not known | state the type of what the operator of another domain before it computes", "hidden[2,6] x"),
    ("r = Relu(x) y = ai.onnx.ml.Binarizer(r)", "the type of input 'r' is not known", "hidden[2,6] x"),
    (tree(modes=9), "attribute 'nodes_modes' holds no modes of nodes", ROWS),
    (tree(modes=6), "attribute 'membership_values' has too few values, expected those of each node that tests members", ROWS),
    (tree(true=7), "a node names leaf 7, which there is not", ROWS),
    (tree(true=7, leaf=0), "a node names node 7, which there is not", ROWS),
    (tree(feature=3), "a node reads feature 3 of 3", ROWS),
    (tree(root=2), "attribute 'tree_roots' names node 2, which there is not", ROWS),
    (tree(leaf=0), "the nodes form a cycle", ROWS),
    (tree(target=1), "attributes 'leaf_targetids', 'n_targets', 'tree_roots' and 'aggregate_function' do not fit each other", ROWS),
    (tree(more=", post_transform=2"), "attribute 'post_transform' is 2, expected 0 | do it by nodes of its own behind this one", ROWS),
    (tree(), "input 0 has shape [2xA], expected rows of floats", "float[2,A] x"),
    (grams(counts="1, 0"), "attribute 'ngram_counts' does not fit the pool", "int64[6] x"),
    (grams(indexes="0"), "attribute 'ngram_indexes' has 1 entries, expected one for each n-gram", "int64[6] x"),
    (grams(indexes="0, 0, 1"), "attributes 'pool_int64s' and 'ngram_indexes' have n-gram 1 twice", "int64[6] x"),
    (grams(indexes="0, 16777216, 1"), "attribute 'ngram_indexes' does not fit the pool", "int64[6] x"),
    (grams(least=3), "attributes 'min_gram_length', 'max_gram_length' and 'max_skip_count' are 3, 2 and 0", "int64[6] x"),
    (grams(more=", weights=[1.0]"), "attribute 'weights' has 1 entries, expected 3", "int64[6] x"),
    # What no compiled model can do.
    ("y = RandomNormalLike(x)", "the result is random | a compiled model gives the same result each time; make the values an input"),
    ("y = ImageDecoder(x)", "decodes a file | a compiled model takes the decoded image; do it before the model is run", "uint8[9] x",
     "", 20),
]


@pytest.mark.parametrize("case", NODES, ids=lambda case: case[1][:60])
def test_node(case, tmp_path):
    body, message, *rest = case
    error = refusal(tmp_path, body, *rest)
    assert all(part in error for part in message.split(" | ")), error
