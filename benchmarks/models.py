# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whole models beside onnxruntime and OpenVINO, float and int8, in alternating rounds: latency, and what it is worth.

    ./dev bench MODEL... [--calib DATA | --dim NAME=N] [--threads N] [--target avx2] [--json FILE] [--chart FILE]

MODEL is an ONNX file, or the name of a model of ../shared/models, where that folder is. DATA are typical inputs, as for
`nibble compile`; without them all is quantized by ranges found at run time, and runs on made-up numbers. A latency is the
shortest of all runs; the machine's int8 rate is that of a product of 512x512x512 in the same rounds.
"""
import argparse
import contextlib
import json
import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import nibble

sys.path.insert(0, str(Path(__file__).resolve().parent))
from contender import Contender, shortest  # noqa: E402
from peers import contenders  # noqa: E402

MODELS = Path(__file__).resolve().parents[2] / "shared" / "models"
ZOO = ["mobilenetv2", "ultraface", "ic_resnet8", "kws_dscnn", "minilm", "silero_vad", "ppocr_rec", "stories260k"]
SIDE = 512  # of the product that tells the machine's rate


@dataclass
class FileModel:
    """A user's model, in the form of those of ../shared/models."""
    path: Path
    data: Path | None
    dims: dict = field(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        self.name = self.path.stem
        known = {d.dim_param for value in self.inputs() for d in value.type.tensor_type.shape.dim if d.dim_param}
        for name in set(self.dims) - known:
            sys.exit(f"error: --dim: no input has a dynamic dimension '{name}', expected one of {sorted(known)}")

    def calibration(self, count: int) -> list:
        if not self.data:
            return []
        feeds = []
        for path in sorted(self.data.glob("*.npz")) if self.data.is_dir() else [self.data]:
            arrays = self.read(path)
            samples = min(count - len(feeds), *(len(array) for array in arrays.values()))
            feeds += [{name: array[i:i + 1] for name, array in arrays.items()} for i in range(samples)]
        if not feeds:
            sys.exit(f"error: '{self.data}' has no samples")
        return feeds

    def read(self, path: Path) -> dict:
        """The arrays of a file, one for each input."""
        names = [value.name for value in self.inputs()]
        try:
            loaded = np.load(path)
        except (OSError, ValueError) as error:
            sys.exit(f"error: cannot read '{path}': {error}")
        arrays = dict(loaded) if hasattr(loaded, "files") else {names[0]: loaded}
        if sorted(arrays) != sorted(names):
            sys.exit(f"error: '{path}' has arrays {sorted(arrays)}, expected one for each input, {sorted(names)}")
        return arrays

    def inputs(self) -> list:
        graph = onnx.load(str(self.path), load_external_data=False).graph
        weights = {tensor.name for tensor in graph.initializer}
        return [value for value in graph.input if value.name not in weights]

    def bench_feed(self) -> dict:
        if feeds := self.calibration(1):
            return feeds[0]
        rng, feed = np.random.default_rng(0), {}
        for value in self.inputs():
            shape = [d.dim_value or self.dims.get(d.dim_param, 1) for d in value.type.tensor_type.shape.dim]
            dtype = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
            feed[value.name] = rng.standard_normal(shape).astype(dtype) if dtype.kind == "f" else np.zeros(shape, dtype)
        return feed


def find_model(name: str, args: argparse.Namespace):
    if Path(name).suffix == ".onnx":
        if not Path(name).exists():
            sys.exit(f"error: no file '{name}'")
        return FileModel(Path(name), args.calib, args.dim)
    if not MODELS.exists():
        sys.exit(f"error: '{name}' is not an .onnx file, and the folder of known models, {MODELS}, is not there")
    sys.path.insert(0, str(MODELS))
    import zoo

    try:
        return zoo.get(name)
    except KeyError:
        sys.exit(f"error: no model '{name}'; known are {', '.join(ZOO)}")


def rate_of_machine(folder: str, target: str | None) -> tuple[Callable, int]:
    """A product of bytes, and its multiplications."""
    weights = np.random.default_rng(0).standard_normal((SIDE, SIDE)).astype(np.float32)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])], "product",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [SIDE, SIDE])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [SIDE, SIDE])],
        [onnx.numpy_helper.from_array(weights, "w")])
    path = f"{folder}/product.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9), path)
    x = np.random.default_rng(1).standard_normal((SIDE, SIDE)).astype(np.float32)
    model = nibble.compile(path, calibration=[{"x": x}], weights="int8", activations="uint8", io="quantized",
                           **({"target": target} if target else {}))
    feed = {"x": x.astype(model.inputs[0].dtype)}
    return lambda: model.run(feed), SIDE ** 3


def sqnr(exact: list, results: list) -> float:
    """In dB, of the worst output."""
    worst = float("inf")
    for a, b in zip(exact, results):
        if np.asarray(a).dtype.kind == "f":
            noise = float(np.sum((a.astype(np.float64) - b) ** 2))
            if np.isnan(noise):
                return -np.inf
            worst = min(worst, 10 * np.log10(float(np.sum(a.astype(np.float64) ** 2)) / noise) if noise else np.inf)
    return worst


def measure(model, args: argparse.Namespace, progress: Progress) -> dict:
    """Rows by contender: ms, score or sqnr_db, or the error that it ended with; and what the machine gave meanwhile."""
    built, rows, exact, feed = {}, {}, None, model.bench_feed()
    names = list(contenders(model, args.threads, args.target))
    task = progress.add_task(model.name, total=len(names) + 1)
    for name, build in names:
        progress.update(task, description=f"{model.name}: {name}")
        contender = Contender(build, lambda predict: model.evaluate(predict)["score"])
        try:
            results = contender.do("run", feed)
            rows[name] = {} if exact is None else {"sqnr_db": sqnr(exact, results)}
            exact = results if exact is None else exact
            if hasattr(model, "evaluate") and args.score:
                rows[name]["score"] = contender.do("score")
            built[name] = contender
        except RuntimeError as error:
            rows[name] = {"error": str(error)}
            contender.close()
        progress.advance(task)
    progress.update(task, description=f"{model.name}: latency")
    with tempfile.TemporaryDirectory() as folder:
        product, multiplications = rate_of_machine(folder, args.target)
        best = time_in_turns(product, built, feed, rows)
    for contender in built.values():
        contender.close()
    progress.remove_task(task)
    return {"model": model.name, "gmacs_per_second": multiplications / best / 1e6, "rows": rows}


def time_in_turns(product: Callable, built: dict, feed: dict, rows: dict, rounds: int = 6) -> float:
    """Adds the shortest run in ms of each contender, in rounds, to the rows; gives the product's."""
    best, runs, seconds = float("inf"), 30, 0.5
    for _ in range(rounds):
        best = min(best, shortest(product, runs, seconds))
        for name, contender in built.items():
            milliseconds = contender.do("time", feed, runs, seconds)
            rows[name]["ms"] = min(rows[name].get("ms", float("inf")), milliseconds)
    return best


def describe_machine() -> str:
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
        family, number = (next(line.split(":")[1].strip() for line in lines if line.startswith(key))
                          for key in ("cpu family", "model\t"))
        known = ["avx2", "avx_vnni", "avx512_vnni", "amx_int8"]
        flags = next(line for line in lines if line.startswith("flags")).split()
        return f"{cpu}, family {family} model {number}, {' '.join(flag for flag in known if flag in flags)}"
    return platform.processor() or platform.machine()


def show(console: Console, result: dict) -> None:
    rows = result["rows"]
    others = [row["ms"] for name, row in rows.items() if "ms" in row and not name.startswith("Nibble")]
    table = Table(title=f"{result['model']} (int8 product of {SIDE}³: {result['gmacs_per_second']:.0f} GMAC/s)")
    for column in ("", "ms", "best peer / this", "score", "SQNR, dB", ""):
        table.add_column(column, justify="left" if not column else "right", no_wrap=bool(column))
    for name, row in rows.items():
        number = lambda key, digits: f"{row[key]:.{digits}f}" if key in row else ""  # noqa: E731
        ratio = f"{min(others) / row['ms']:.2f}" if "ms" in row and others else ""
        table.add_row(name, number("ms", 4), ratio, number("score", 4), number("sqnr_db", 1), row.get("error", ""))
    console.print(table)


def draw(results: list, path: Path) -> None:
    """Bars: how many times as fast as onnxruntime's (or else the first contender's) float."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(name for result in results for name in result["rows"]))
    figure, axes = plt.subplots(figsize=(1.5 + 1.6 * len(results), 4))
    for i, name in enumerate(names):
        heights = []
        for result in results:
            first = next((row["ms"] for row in result["rows"].values() if "ms" in row), np.nan)
            heights.append(first / result["rows"].get(name, {}).get("ms", np.nan))
        axes.bar(np.arange(len(results)) + (i - len(names) / 2) * 0.8 / len(names), heights, 0.8 / len(names), label=name)
    axes.set_xticks(range(len(results)), [result["model"] for result in results], rotation=20)
    axes.set_ylabel(f"times as fast as {names[0]}")
    axes.axhline(1, color="grey", linewidth=0.5)
    axes.legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(path)


def parse() -> argparse.Namespace:
    def dim(text: str) -> tuple[str, int]:
        name, _, extent = text.rpartition("=")
        if not name or not extent.isdigit():
            raise argparse.ArgumentTypeError(f"'{text}' is not NAME=N")
        return name, int(extent)

    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL", help="an ONNX file or a known name; 'zoo' is all of them")
    parser.add_argument("--calib", type=Path, metavar="DATA")
    parser.add_argument("--dim", type=dim, action="append", default=[], metavar="NAME=N")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--target", choices=["avx2", "avxvnni", "avx512vnni"], help="Nibble's; avx2 caps OpenVINO too")
    parser.add_argument("--no-score", dest="score", action="store_false", help="latency alone")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="a bar chart, .svg or .png")
    args = parser.parse_args()
    args.dim = dict(args.dim)
    if args.calib and not args.calib.exists():
        parser.error(f"no file '{args.calib}'")
    if args.calib and args.dim:
        parser.error("--calib and --dim: what runs is the first sample of DATA, as large as it is")
    return args


def main() -> None:
    args, console, results = parse(), Console(), []
    names = [each for name in args.models for each in (ZOO if name == "zoo" else [name])]
    models = [find_model(name, args) for name in names]
    console.print(f"{describe_machine()}; {args.threads} thread{'s' * (args.threads > 1)}"
                  f"{', Nibble for ' + args.target if args.target else ''}; shortest run of rounds in turns")
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for model in models:
            results.append(measure(model, args, progress))
            show(console, results[-1])
            if args.json:
                args.json.write_text(json.dumps({"machine": describe_machine(), "threads": args.threads,
                                                 "target": args.target, "models": results}, indent=1))
    if args.chart:
        draw(results, args.chart)


if __name__ == "__main__":
    main()
