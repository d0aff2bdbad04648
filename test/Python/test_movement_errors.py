# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the importer refuses of nodes that move elements by programs."""
import onnx
import pytest
from test_import_errors import DYNAMIC, HIDDEN, HIDDEN_IMAGE, IMAGE, complain, refusal

TAKEN = " | where it decides of an output of the model, the output's declared shape is taken, if that is fixed"
NODES = [
    # Results whose shape the model does not tell.
    ("y = Reshape(x, s)", "the shape (input 1, 's') is not known at compile time" + TAKEN, "float[2,6] x, int64[2] s"),
    ("y = NonZero(x)", "the number of elements that are not 0 (input 0, 'x') is not known at compile time", "float[2,6] x"),
    ("y = Compress<axis=1>(x, c)", "the number of chosen elements (input 1, 'c') is not known at compile time",
     "float[2,6] x, bool[6] c"),
    ("y = CenterCropPad(x, s)", "the shape (input 1, 's') is not known at compile time", "float[2,6] x, int64[2] s", "", 18),
    ("y = AffineGrid(t, s)", "the size (input 1, 's') is not known at compile time", "float[1,2,3] t, int64[4] s", "", 20),
    ("y = Tile(x, r)", "repeats (input 1, 'r') is not known at compile time", "float[2,6] x, int64[2] r"),
    ("y = Pad(x, p)", "pads (input 1, 'p') is not known at compile time", "float[2,6] x, int64[4] p"),
    ("y, i = TopK(x, k)", "k (input 1, 'k') is not known at compile time", "float[2,6] x, int64[1] k"),
    ("y = OneHot(x, d, v)", "the depth (input 1, 'd') is not known at compile time", "float[2,6] x, int64 d, float[2] v"),
    ("y, z = Split(x, p)", "split (input 1, 'p') is not known at compile time", "float[2,6] x, int64[2] p"),
    ("y = Range(a, b, c)", "the limit (input 1, 'b') is not known at compile time", "float a, float b, float c"),
    ("y = Unique(x)", "the number of unique elements (input 0, 'x') is not known at compile time", "float[2,6] x"),
    ("y = Unique(x)", "input 0 has shape [AxB], which is not known at compile time", DYNAMIC),
    ("y = ScatterElements<reduction=\"any\">(x, i, x)",
     "attribute 'reduction' is 'any', expected 'none', 'add', 'mul', 'max' or 'min'", "float[2,6] x, int64[2,6] i", "", 18),
    ("y = ScatterElements(x, i, u)", "indices and updates have shapes [2x6] and [2x5], expected equal ones of rank 2",
     "float[2,6] x, int64[2,6] i, float[2,5] u", "", 18),
    ("y = ScatterND(x, i, u)", "data, indices and updates have shapes [2x6], [2x3] and [2x5], which do not fit or are not known at "
     "compile time", "hidden[2,6] x", "int64[2,3] i = {}, float[2,5] u = {}", 18),
    # Operands whose shape is not known, or does not fit.
    ("y = NonZero(x)", "input 0 has shape [AxB], which is not known at compile time", DYNAMIC),
    ("y = GatherND(x, i)", "the indices have shape [2xK], expected a last extent that is known at compile time",
     "float[2,6] x, int64[2,K] i"),
    ("y = GatherND<batch_dims=1>(x, i)", "indices of 2 dimensions behind 1 of a batch, of a tensor of rank 2",
     HIDDEN, "int64[2,2] i = {}"),
    ("y = Range(a, b, c)", "goes from 0.000000 to 1.000000 by 0.000000", "float[1] x", "float a = {0}, float b = {1}, float c = {0}"),
    ("y = Trilu(x)", "input 0 has rank 1, expected at least 2", "hidden[6] x"),
    ("y, i = TopK(x, k)", "takes 7 of 6 elements along axis 1", HIDDEN, "int64[1] k = {7}"),
    ("y = GridSample<mode=\"any\">(x, g)", "attribute 'mode' is 'any', which is not supported",
     "float[1,4,8,8] x, float[1,2,2,2] g", "", 20),
    ("y = GridSample<padding_mode=\"any\">(x, g)", "attribute 'padding_mode' is 'any', which is not supported",
     "float[1,4,8,8] x, float[1,2,2,2] g", "", 20),
    ("y = GridSample(x, g)", "image and grid have shapes [1x4x8x8] and [1x2x2x3], which do not fit",
     HIDDEN_IMAGE, "float[1,2,2,3] g = {}", 20),
    ("y = AffineGrid(t, s)", "the size has 5 extents, expected 4", "float[1,2,3] t", "int64[5] s = {1, 1, 1, 1, 1}", 20),
    ("y = AffineGrid(x, s)", "input 0 has shape [6], expected [N, 2, 3] or [N, 3, 4]", "hidden[6] x", "int64[4] s = {1, 1, 1, 1}", 20),
    ("y = RoiAlign(x, r, n)", "image and regions have ranks 4 and 1, expected 4 and 2",
     HIDDEN_IMAGE, "float[4] r = {}, int64[1] n = {}", 16),
    ("y = RoiAlign<mode=\"any\">(x, r, n)", "attribute 'mode' is 'any', expected 'avg' or 'max'",
     "float[1,4,8,8] x, float[1,4] r, int64[1] n", "", 16),
    ("y = MaxRoiPool<pooled_shape=[2]>(x, r)", "attribute 'pooled_shape' has 1 extents, expected 2 of at least 1",
     HIDDEN_IMAGE, "float[1,5] r = {}"),
    ("y = Resize<mode=\"linear\", coordinate_transformation_mode=\"align_corners\">(x, , s)",
     "scale 0.700000 gives axis 2 a fraction of an element | runtimes do not agree on what that is with the corners aligned; "
     "give sizes in the place of scales", IMAGE, "float[4] s = {1, 1, 0.7, 2}"),
    ("y = CenterCropPad<axes=[0]>(x, s)", "has 2 extents of 1 axes", HIDDEN, "int64[2] s = {1, 1}", 18),
]


@pytest.mark.parametrize("case", NODES, ids=[f"{i}-{case[0].split(' = ')[1].split('(')[0]}" for i, case in enumerate(NODES)])
def test_node(case, tmp_path):
    body, message, *rest = case
    said = refusal(tmp_path, body, *rest)
    for part in message.split(" | "):
        assert part in said


@pytest.mark.parametrize("body,inputs,output,message", [
    ("y = Tile(x, r)", "float[2,6] x, int64[2] r", "float[3,6] y", "the declared shape [3x6] does not repeat [2x6]"),
    ("y = Pad(x, p)", "float[2,6] x, int64[4] p", "float[3] y", "output 0 is declared with rank 1, expected 2"),
    ("y = Reshape(x, s)", "float[2,6] x, int64[2] s", "float[5,3] y", "cannot reshape [2x6] to [5x3]"),
    ("y = Slice(x, s, e)", "float[2,6] x, int64[K] s, int64[K] e", "float[1,3] y",
     "the number of starts is not known at compile time"),
    ("y = Pad(x, p)", "float[2,6] x, int64[K] p", "float[1,3] y", "the number of pads is not known at compile time"),
])
def test_what_is_declared(body, inputs, output, message, tmp_path):
    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["" : 18]> g ({inputs}) => ({output}) {{ {body} }}""")
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    assert message in complain(tmp_path / "model.onnx")
