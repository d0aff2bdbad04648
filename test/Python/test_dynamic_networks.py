# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks as exporters write them, with every extent open that they leave open, in several opsets."""
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import nibble

onnxruntime = pytest.importorskip("onnxruntime")


class Network:
    """Writes nodes one after another; weights are random, and small enough that values stay near 1."""

    def __init__(self, opset, seed=0):
        self.opset, self.nodes, self.weights, self.random = opset, [], {}, np.random.default_rng(seed)

    def __call__(self, op, *inputs, outputs=1, **attributes):
        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, f"/{op.lower()}_{len(self.nodes)}/{op}", **attributes))
        return names[0] if outputs == 1 else names

    def add(self, array):
        name = f"w{len(self.weights)}"
        self.weights[name] = np.asarray(array)
        return name

    def real(self, *shape, scale=None):
        fan = np.prod(shape[1:]) if len(shape) > 1 else 1
        return self.add(self.random.normal(0, scale or 1.4 / np.sqrt(fan), shape).astype(np.float32))

    def ints(self, *values):
        return self.add(np.array(values, np.int64))

    def scalar(self, value):
        return self.add(np.array(value, np.float32))

    def conv(self, x, cin, cout, k=3, s=1, groups=1, rank=2, **attributes):
        pads = {} if "auto_pad" in attributes else {"pads": [k // 2] * 2 * rank}
        return self("Conv", x, self.real(cout, cin // groups, *[k] * rank), self.real(cout, scale=0.1), kernel_shape=[k] * rank,
                    strides=[s] * rank, group=groups, **pads, **attributes)

    def linear(self, x, cin, cout):
        return self("Add", self("MatMul", x, self.add(self.random.normal(0, 1 / np.sqrt(cin), (cin, cout)).astype(np.float32))),
                    self.real(cout, scale=0.1))

    def extent(self, x, axis):
        """One extent, as PyTorch's exporter takes it."""
        return self("Gather", self("Shape", x), self.add(np.array(axis, np.int64)), axis=0)

    def unsqueeze(self, x, *axes):
        if self.opset < 13:
            return self("Unsqueeze", x, axes=list(axes))
        return self("Unsqueeze", x, self.ints(*axes))

    def vector(self, *extents):
        """Extents and numbers in one shape."""
        parts = [self.ints(e) if isinstance(e, int) else self.unsqueeze(e, 0) for e in extents]
        return self("Concat", *parts, axis=0)

    def split(self, x, axis, *sizes):
        if self.opset < 13:
            return self("Split", x, outputs=len(sizes), axis=axis, split=list(sizes))
        return self("Split", x, self.ints(*sizes), outputs=len(sizes), axis=axis)

    def slice(self, x, axis, start, end, step=1):
        """Bounds are numbers or names of extents."""
        if self.opset < 10:
            return self("Slice", x, axes=[axis], starts=[start], ends=[end])
        bounds = [self.ints(b) if isinstance(b, int) else self.unsqueeze(b, 0) for b in (start, end)]
        return self("Slice", x, *bounds, self.ints(axis), self.ints(step))

    def resize(self, x, scales, mode="nearest"):
        if self.opset < 10:
            return self("Upsample", x, self.add(np.array(scales, np.float32)), mode=mode)
        if self.opset < 11:
            return self("Resize", x, self.add(np.array(scales, np.float32)), mode=mode)
        how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"} if mode == "nearest" else {
            "coordinate_transformation_mode": "half_pixel"}
        region = self.add(np.zeros(0, np.float32)) if self.opset < 13 else ""
        return self("Resize", x, region, self.add(np.array(scales, np.float32)), mode=mode, **how)

    def layer_norm(self, x, width):
        if self.opset >= 17:
            return self("LayerNormalization", x, self.add(np.ones(width, np.float32)), self.real(width, scale=0.1), epsilon=1e-5)
        axes = {"axes": [-1]}
        mean = self("ReduceMean", x, **axes)
        centred = self("Sub", x, mean)
        variance = self("ReduceMean", self("Pow", centred, self.scalar(2)), **axes)
        scaled = self("Div", centred, self("Sqrt", self("Add", variance, self.scalar(1e-5))))
        return self("Add", self("Mul", scaled, self.add(np.ones(width, np.float32))), self.real(width, scale=0.1))

    def silu(self, x):
        return self("Mul", x, self("Sigmoid", x))

    def model(self, inputs, outputs):
        """Outputs have so many dimensions, which no name tells."""
        ports = [[helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in side.items()]
                 for side in (inputs, {name: (TensorProto.FLOAT, [None] * rank) for name, rank in outputs.items()})]
        graph = helper.make_graph(self.nodes, "main", *ports, [numpy_helper.from_array(a, n) for n, a in self.weights.items()])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)
        onnx.checker.check_model(model)
        return model


def image(*shape):
    return {"image": (TensorProto.FLOAT, list(shape))}


# -- networks: a model, and the feed of a size -------------------------------------------------------

def unet(opset):
    """Two levels; the way up by a transposed convolution and by Resize, each beside what came down."""
    n = Network(opset)
    down1 = n("Relu", n.conv("image", 3, 8))
    down2 = n("Relu", n.conv(n("MaxPool", down1, kernel_shape=[2, 2], strides=[2, 2]), 8, 16))
    deep = n("Relu", n.conv(n("MaxPool", down2, kernel_shape=[2, 2], strides=[2, 2]), 16, 16))
    up2 = n("ConvTranspose", deep, n.real(16, 16, 2, 2, scale=0.2), n.real(16, scale=0.1), kernel_shape=[2, 2], strides=[2, 2])
    up2 = n("Relu", n.conv(n("Concat", up2, down2, axis=1), 32, 16))
    up1 = n("ConvTranspose", up2, n.real(16, 8, 3, 3, scale=0.2), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1],
            output_padding=[1, 1])
    up1 = n("Relu", n.conv(n("Concat", up1, down1, axis=1), 16, 8))
    mask = n("Sigmoid", n.conv(up1, 8, 2, k=1))
    return n.model(image("batch", 3, "height", "width"), {mask: 4}), {"image": lambda r, b, k: r.normal(0, 1, (b, 3, 4 * k, 8 * k + 4))}


def padded_unet(opset):
    """Of images of any size: what comes up is padded to what came down, by the difference of their extents."""
    n = Network(opset)
    down = n("Relu", n.conv("image", 3, 8))
    deep = n("Relu", n.conv(n("MaxPool", down, kernel_shape=[2, 2], strides=[2, 2]), 8, 8))
    up = n.resize(deep, [1, 1, 2, 2], mode="linear")
    two, pads = n.add(np.array(2, np.int64)), []
    for axis in (3, 2):
        difference = n("Sub", n.extent(down, axis), n.extent(up, axis))
        before = n("Div", difference, two)
        pads += [before, n("Sub", difference, before)]
    # As PyTorch's exporter turns its pads round.
    pairs = n("Reshape", n("Concat", n.vector(*pads), n.ints(0, 0, 0, 0), axis=0), n.ints(-1, 2))
    turned = n("Slice", pairs, n.ints(-1), n.ints(-(2 ** 63) + 1), n.ints(0), n.ints(-1))
    ordered = n("Cast", n("Reshape", n("Transpose", turned, perm=[1, 0]), n.ints(-1)), to=TensorProto.INT64)
    up = n("Pad", up, ordered, n.scalar(0), mode="constant")
    mask = n.conv(n("Relu", n.conv(n("Concat", down, up, axis=1), 16, 8)), 8, 2, k=1)
    return n.model(image("batch", 3, "height", "width"), {mask: 4}), {"image": lambda r, b, k: r.normal(0, 1, (b, 3, 5 * k, 3 * k + 7))}


def yolo(opset):
    """A backbone of three strides, SPPF, a pyramid up by Resize, and a head that splits boxes from classes."""
    n = Network(opset)
    x = n.silu(n.conv(n.silu(n.conv("image", 3, 8, s=2)), 8, 16, s=2))
    a, b = n.split(n.silu(n.conv(x, 16, 16, k=1)), 1, 8, 8)
    p3 = n.silu(n.conv(n("Concat", a, b, n("Add", b, n.silu(n.conv(b, 8, 8))), axis=1), 24, 16))
    p4 = n.silu(n.conv(p3, 16, 16, s=2))
    p5 = n.silu(n.conv(p4, 16, 16, s=2))
    pools = [n.silu(n.conv(p5, 16, 8, k=1))]
    for _ in range(3):
        pools.append(n("MaxPool", pools[-1], kernel_shape=[5, 5], strides=[1, 1], pads=[2, 2, 2, 2]))
    p5 = n.silu(n.conv(n("Concat", *pools, axis=1), 32, 16, k=1))
    up4 = n.silu(n.conv(n("Concat", n.resize(p5, [1, 1, 2, 2]), p4, axis=1), 32, 16))
    up3 = n.silu(n.conv(n("Concat", n.resize(up4, [1, 1, 2, 2]), p3, axis=1), 32, 16))
    flat = []
    for level in (up3, up4, p5):
        flat.append(n("Reshape", n.conv(level, 16, 12, k=1), n.vector(n.extent(level, 0), 12, -1)))
    boxes, classes = n.split(n("Concat", *flat, axis=2), 1, 8, 4)
    distances = n("Softmax", n("Transpose", n("Reshape", boxes, n.vector(n.extent(boxes, 0), 2, 4, -1)), perm=[0, 3, 1, 2]), axis=3)
    decoded = n("MatMul", distances, n.add(np.arange(4, dtype=np.float32).reshape(4, 1)))
    decoded = n("Reshape", decoded, n.vector(n.extent(boxes, 0), -1, 2))
    out = n("Concat", n("Transpose", decoded, perm=[0, 2, 1]), n("Sigmoid", classes), axis=1)
    return n.model(image("batch", 3, "height", "width"), {out: 3}), {"image": lambda r, b, k: r.normal(0, 1, (b, 3, 32 * k, 32 + 32 * k))}


def audio(opset):
    """Strided convolutions of sound, normalization, and a GRU over what a fixed number of frames becomes."""
    n = Network(opset)
    x = n("Relu", n.conv("sound", 1, 8, k=5, s=2, rank=1))
    x = n("Relu", n.conv(x, 8, 16, k=3, s=2, rank=1))
    x = n.layer_norm(n("Transpose", x, perm=[2, 0, 1]), 16)
    y, _ = n("GRU", x, n.real(1, 36, 16, scale=0.3), n.real(1, 36, 12, scale=0.3), n.real(1, 72, scale=0.1), hidden_size=12,
             linear_before_reset=1, outputs=2)
    y = n("Squeeze", y, axes=[1]) if opset < 13 else n("Squeeze", y, n.ints(1))
    y = n.linear(n("Transpose", y, perm=[1, 0, 2]), 12, 5)
    return n.model({"sound": (TensorProto.FLOAT, ["batch", 1, 64])}, {y: 3}), {"sound": lambda r, b, k: r.normal(0, 1, (b, 1, 64))}


def sound(opset):
    """The same without the GRU, of any length: causal pads by reflection, and a mean over time."""
    n = Network(opset)
    pads = [0, 0, 4, 0, 0, 0]
    x = n("Pad", "sound", mode="reflect", pads=pads) if opset < 11 else n("Pad", "sound", n.ints(*pads), mode="reflect")
    x = n("Relu", n("Conv", x, n.real(8, 1, 5), kernel_shape=[5], strides=[2]))
    x = n("Relu", n.conv(x, 8, 16, k=3, s=2, rank=1))
    x = n.layer_norm(n("Transpose", x, perm=[0, 2, 1]), 16)
    y = n.linear(x, 16, 5)
    up = n("ConvTranspose", n("Transpose", y, perm=[0, 2, 1]), n.real(5, 3, 4, scale=0.3), kernel_shape=[4], strides=[4])
    return n.model({"sound": (TensorProto.FLOAT, ["batch", 1, "samples"])}, {up: 3, n("ReduceMean", y, axes=[1], keepdims=0): 2}), {
        "sound": lambda r, b, k: r.normal(0, 1, (b, 1, 5 + 13 * k))}


def attention(n, x, width, heads, bias=None, mask=None):
    """Heads as PyTorch's exporter splits them: shapes computed of the input's."""
    batch, length, size = n.extent(x, 0), n.extent(x, 1), width // heads

    def head(value, perm):
        return n("Transpose", n("Reshape", value, n.vector(batch, length, heads, size)), perm=perm)
    q, k, v = (n.linear(x, width, width) for _ in range(3))
    scores = n("MatMul", n("Mul", head(q, [0, 2, 1, 3]), n.scalar(size ** -0.5)), head(k, [0, 2, 3, 1]))
    for addend in (bias, mask):
        if addend:
            scores = n("Add", scores, addend)
    mixed = n("Transpose", n("MatMul", n("Softmax", scores, axis=3), head(v, [0, 2, 1, 3])), perm=[0, 2, 1, 3])
    return n.linear(n("Reshape", mixed, n.vector(batch, length, width)), width, width)


def gelu(n, x):
    erf = n("Erf", n("Div", x, n.scalar(2 ** 0.5)))
    return n("Mul", n("Mul", x, n("Add", erf, n.scalar(1))), n.scalar(0.5))


def block(n, x, width, heads, **masks):
    x = n("Add", x, attention(n, n.layer_norm(x, width), width, heads, **masks))
    return n("Add", x, n.linear(gelu(n, n.linear(n.layer_norm(x, width), width, 2 * width)), 2 * width, width))


def vit(opset):
    """Patches of an image of any size, and a token before them."""
    n = Network(opset)
    x = n("Conv", "image", n.real(16, 3, 4, 4), n.real(16, scale=0.1), kernel_shape=[4, 4], strides=[4, 4])
    x = n("Transpose", n("Reshape", x, n.vector(n.extent("image", 0), 16, -1)), perm=[0, 2, 1])
    token = n("Expand", n.real(1, 1, 16), n.vector(n.extent("image", 0), 1, 16))
    x = n("Concat", token, x, axis=1)
    for _ in range(2):
        x = block(n, x, 16, 4)
    first = n("Gather", n.layer_norm(x, 16), n.add(np.array(0, np.int64)), axis=1)
    return n.model(image("batch", 3, "height", "width"), {n.linear(first, 16, 5): 2}), {
        "image": lambda r, b, k: r.normal(0, 1, (b, 3, 8 + 4 * k, 4 + 8 * k))}


def swin(opset):
    """Windows of 4 x 4 patches, shifted by half of one, and patches merged from each four."""
    n = Network(opset)
    w, width = 4, 16
    x = n("Conv", "image", n.real(width, 3, 2, 2), n.real(width, scale=0.1), kernel_shape=[2, 2], strides=[2, 2])
    x = n("Transpose", x, perm=[0, 2, 3, 1])
    batch, rows, columns = (n.extent(x, i) for i in range(3))
    four = n.add(np.array(w, np.int64))
    down, across = n("Div", rows, four), n("Div", columns, four)
    for shift in (0, 2):
        def roll(value, axis, by):
            return n("Concat", n.slice(value, axis, by, 2 ** 31 - 1), n.slice(value, axis, 0, by), axis=axis)
        y = roll(roll(x, 1, shift), 2, shift) if shift else x
        y = n("Reshape", y, n.vector(batch, down, w, across, w, width))
        y = n("Reshape", n("Transpose", y, perm=[0, 1, 3, 2, 4, 5]), n.ints(-1, w * w, width))
        y = block(n, y, width, 4)
        y = n("Reshape", y, n.vector(batch, down, across, w, w, width))
        y = n("Reshape", n("Transpose", y, perm=[0, 1, 3, 2, 4, 5]), n.vector(batch, rows, columns, width))
        y = roll(roll(y, 1, -shift), 2, -shift) if shift else y
        x = n("Add", x, y)
    parts = [n.slice(n.slice(x, 1, i, 2 ** 31 - 1, 2), 2, j, 2 ** 31 - 1, 2) for j in (0, 1) for i in (0, 1)]
    x = n("Reshape", n("Concat", *parts, axis=3), n.vector(batch, -1, 4 * width))
    x = n.linear(n.layer_norm(x, 4 * width), 4 * width, 8)
    return n.model(image("batch", 3, "height", "width"), {n("ReduceMean", x, axes=[1], keepdims=0): 2, x: 3}), {
        "image": lambda r, b, k: r.normal(0, 1, (b, 3, 8 * k, 8 + 8 * k))}


def t5(opset):
    """Relative positions in buckets, found of the length, and a mask."""
    n = Network(opset)
    length = n.extent("tokens", 1)
    zero, one = (n.add(np.array(i, np.int64)) for i in (0, 1))
    positions = n("Range", zero, length, one)
    relative = n("Sub", n.unsqueeze(positions, 0), n.unsqueeze(positions, 1))
    distance = n("Cast", n("Abs", relative), to=TensorProto.FLOAT)
    far = n("Mul", n("Log", n("Div", n("Max", distance, n.scalar(1)), n.scalar(4))), n.scalar(4 / np.log(16 / 4)))
    far = n("Min", n("Add", n("Cast", far, to=TensorProto.INT64), n.ints(4)), n.ints(7))
    near = n("Less", distance, n.scalar(4))
    bucket = n("Where", near, n("Abs", relative), far)
    after = n("Mul", n("Cast", n("Greater", relative, zero), to=TensorProto.INT64), n.ints(8))
    bias = n("Gather", n.real(16, 4, scale=0.5), n("Add", bucket, after), axis=0)
    bias = n.unsqueeze(n("Transpose", bias, perm=[2, 0, 1]), 0)
    mask = n.unsqueeze(n("Cast", "mask", to=TensorProto.FLOAT), 1, 2)
    mask = n("Mul", n("Sub", n.scalar(1), mask), n.scalar(-10000))
    x = n("Gather", n.real(32, 16, scale=1), "tokens", axis=0)
    for _ in range(2):
        x = block(n, x, 16, 4, bias=bias, mask=mask)
    inputs = {name: (TensorProto.INT64, ["batch", "length"]) for name in ("tokens", "mask")}
    return n.model(inputs, {n.layer_norm(x, 16): 3}), {
        "tokens": lambda r, b, k: r.integers(0, 32, (b, 3 * k + 1)), "mask": lambda r, b, k: np.arange(3 * k + 1) <= r.integers(0, 4, (b, 1)) + k}


def gpt(opset):
    """A causal mask cut out of a constant by the length, and positions cut out of a table."""
    n = Network(opset)
    length = n.extent("tokens", 1)
    x = n("Add", n("Gather", n.real(32, 16, scale=1), "tokens", axis=0), n.slice(n.real(1, 64, 16, scale=0.5), 1, 0, length))
    table = n.add(np.tril(np.ones((1, 1, 64, 64), np.bool_)))
    causal = n.slice(n.slice(table, 2, 0, length), 3, 0, length)
    mask = n("Where", causal, n.scalar(0), n.scalar(np.finfo(np.float32).min))
    for _ in range(2):
        x = block(n, x, 16, 4, mask=mask)
    last = n.slice(n.layer_norm(x, 16), 1, -1, 2 ** 31 - 1)
    return n.model({"tokens": (TensorProto.INT64, ["batch", "length"])}, {n.linear(last, 16, 32): 3, x: 3}), {
        "tokens": lambda r, b, k: r.integers(0, 32, (b, 3 * k + 1))}


def detector(opset):
    """As TensorFlow writes one: pads by the image's size, normalization by itself, and a pyramid to the size of another."""
    n = Network(opset)
    x = n("Relu", n.conv("image", 3, 8, s=2, auto_pad="SAME_UPPER"))
    x = n("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
    c1 = n("Clip", n.conv(x, 8, 16, auto_pad="SAME_UPPER"), n.scalar(0), n.scalar(6))
    y = n("Relu", n.conv(c1, 16, 16, s=2, groups=16, auto_pad="SAME_UPPER"))
    c2 = n("Add", n.conv(y, 16, 16, k=1), n.conv(c1, 16, 16, k=1, s=2, auto_pad="SAME_UPPER"))
    whole = n.slice(n("Shape", c1), 0, 2, 4)
    sizes = n("Concat", n.slice(n("Shape", c2), 0, 0, 2), whole, axis=0)
    up = n("Resize", c2, "", "", sizes, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    merged = n.conv(n("Add", up, n.conv(c1, 16, 16, k=1)), 16, 12)
    smooth = n("Resize", merged, "", n.add(np.array([1, 1, 2, 2], np.float32)), mode="linear", coordinate_transformation_mode="half_pixel")
    pooled = n("AveragePool", merged, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
    return n.model(image("batch", 3, "height", "width"), {smooth: 4, n.conv(pooled, 12, 4, k=1): 4}), {
        "image": lambda r, b, k: r.normal(0, 1, (b, 3, 11 * k, 7 * k + 9))}


NETWORKS = {"unet": (unet, [9, 11, 17, 21], [1, 2, 4]), "padded_unet": (padded_unet, [11, 17], [1, 2, 3]), "yolo": (yolo, [9, 10, 11, 17], [1, 2]),
            "audio": (audio, [9, 14, 17], [1, 2]), "sound": (sound, [9, 11, 17], [1, 2, 6]), "vit": (vit, [11, 17, 20], [1, 2, 3]),
            "swin": (swin, [11, 17], [1, 2]), "t5": (t5, [12, 17], [1, 2, 5]), "gpt": (gpt, [11, 17], [1, 2, 7]),
            "detector": (detector, [13, 17], [1, 2, 3])}
CASES = [(name, opset) for name, (_, opsets, _) in NETWORKS.items() for opset in opsets]


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """networks(name, opset): a file, and the maker of its feeds."""
    folder, known = tmp_path_factory.mktemp("networks"), {}

    def get(name, opset):
        if (name, opset) not in known:
            model, feeds = NETWORKS[name][0](opset)
            onnx.save(model, folder / f"{name}_{opset}.onnx")
            types = {v.name: helper.tensor_dtype_to_np_dtype(v.type.tensor_type.elem_type) for v in model.graph.input}

            def feed(size, batch, seed):
                random = np.random.default_rng(seed)
                return {key: make(random, batch, size).astype(types[key]) for key, make in feeds.items()}
            known[name, opset] = folder / f"{name}_{opset}.onnx", feed
        return known[name, opset]
    return get


def results(path, model, feeds):
    """(result, onnxruntime's) of each output, the interpreter's bits at hand."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    wanted = session.run(None, feeds)
    for got, exact, want in zip(model.run(feeds), model.reference(feeds), wanted, strict=True):
        assert got.shape == exact.shape == want.shape and got.tobytes() == exact.tobytes()
        yield got, want


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name, opset", CASES)
def test_float(networks, name, opset):
    path, feed = networks(name, opset)
    model = nibble.compile(path, weights="float")
    sizes = NETWORKS[name][2]
    for size in [*sizes, *sizes[::-1]]:
        for got, want in results(path, model, feed(size, 1 + size % 3, size)):
            np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", NETWORKS)
def test_quantized(networks, name):
    """With default options."""
    path, feed = networks(name, NETWORKS[name][1][-1])
    sizes = NETWORKS[name][2]
    model = nibble.compile(path, [feed(size, 1 + size % 2, 50 + i) for size in sizes for i in range(4)])
    for size in sizes:
        for got, want in results(path, model, feed(size, 2, size)):
            noise = np.square(got - want).sum() / max(np.square(want).sum(), 1e-12)
            assert noise < 0.05, f"{name} of size {size}"
