# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles models for every target from one plan, runs them here or in emulators, and compares the output bytes with the
reference interpreter's.

    ./dev verify-targets [--json] [--models digits,kws_dscnn] [--targets cortex-m4,neon]

Without --models: the digits of examples/, and the models that lie beside the checkout (../shared/models), if there are
any. The status is 1 where an output differs. What cannot run says why: no emulator, a machine without the instructions, a
model too large for the board.
"""
import argparse
import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import nibble

sys.path.insert(0, str(Path(__file__).resolve().parent))
import cuda  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
ZOO = ROOT.parent / "shared" / "models"
NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"
CNNS = ["mobilenetv2", "ic_resnet8", "kws_dscnn", "ultraface", "ad_autoencoder"]
# One plan for all: ranges from a file, which is what bare metal takes, and its arithmetic.
OPTIONS = {"calib_method": "minmax", "bias_correction": "off", "requant": "fixed", "io": "quantized"}
FLAGS = [f"--{name.replace('_', '-')}={value}" for name, value in OPTIONS.items()]

_spec = importlib.util.spec_from_file_location("board", ROOT / "examples" / "cortex-m" / "run.py")
board = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(board)


class Prepared(NamedTuple):
    """A model with the ranges of its values, one sample as integers, and the bytes it shall give."""
    name: str
    path: Path
    ranges: Path
    feed: dict
    expected: bytes
    macs: int


class Impossible(Exception):
    """Why a model cannot be run for a target."""


def count_macs(path: Path) -> int:
    """Multiplications of the convolutions and matrix products, of one sample."""
    model = onnx.load(str(path))
    for value in model.graph.input:
        for dim in value.type.tensor_type.shape.dim:
            if not dim.HasField("dim_value"):
                dim.dim_value = 1
    graph = onnx.shape_inference.infer_shapes(model).graph
    shapes = {value.name: [dim.dim_value or 1 for dim in value.type.tensor_type.shape.dim]
              for value in [*graph.value_info, *graph.output, *graph.input]}
    shapes |= {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    macs = 0
    for node in graph.node:
        if node.op_type == "Conv":
            macs += int(np.prod(shapes[node.output[0]])) * int(np.prod(shapes[node.input[1]][1:]))
        elif node.op_type in ("Gemm", "MatMul"):
            transposed = any(a.name == "transA" and a.i for a in node.attribute)
            macs += int(np.prod(shapes[node.output[0]])) * shapes[node.input[0]][-2 if transposed else -1]
    return macs


def quantize(value, array: np.ndarray) -> np.ndarray:
    if value.scale is None:
        return array
    bounds = np.iinfo(value.dtype)
    return np.clip(np.rint(array / np.float32(value.scale)) + value.zero_point, bounds.min, bounds.max).astype(value.dtype)


def load(name: str) -> tuple[Path, list[dict]]:
    """A model's path and calibration samples; the first one is what is run."""
    if name == "digits":
        images = np.load(ROOT / "examples/digits/digits.npz")["calibration"].astype(np.float32) / 16
        return ROOT / "examples/digits/digits.onnx", [{"image": image[None]} for image in images]
    if not (ZOO / name / "model.onnx").exists():
        sys.exit(f"error: there is no model '{name}': neither digits nor in {ZOO}")
    if name == "ad_autoencoder":  # it has no data here
        random = np.random.default_rng(0)
        model = onnx.load(str(ZOO / name / "model.onnx"))
        value = model.graph.input[0]
        shape = [dim.dim_value or 1 for dim in value.type.tensor_type.shape.dim]
        return ZOO / name / "model.onnx", [{value.name: random.normal(size=shape).astype(np.float32)} for _ in range(8)]
    sys.path.insert(0, str(ZOO))
    import zoo
    model = zoo.get(name)
    return model.path, model.calibration(8)


def prepare(name: str, folder: Path) -> Prepared:
    path, samples = load(name)
    ranges = folder / f"{name}.calib.json"
    model = nibble.compile(path, calibration=samples, calib_file=ranges, **OPTIONS)
    feed = {value.name: quantize(value, samples[0][value.name]) for value in model.inputs}
    expected = b"".join(output.tobytes() for output in model.reference(feed))
    return Prepared(name, path, ranges, feed, expected, count_macs(path))


def compile_for(model: Prepared, target: str, kind: str, output: Path, *options: str) -> dict:
    done = subprocess.run([NIBBLE, "compile", model.path, "--calib-file", model.ranges, *FLAGS, "--target", target, "--emit",
                           kind, "--strip", "--name", model.name, "--json", "-o", output, *options], capture_output=True, text=True)
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if "error: " in line]
        raise Impossible((errors or done.stderr.splitlines())[0].split("error: ")[-1])
    return json.loads(done.stdout)


def run_native(model: Prepared, target: dict, folder: Path) -> dict:
    library = folder / "model.so"
    summary = compile_for(model, target["name"], "so", library)
    outputs = nibble.load(library).run(model.feed)
    return {"how": "native", "output": b"".join(output.tobytes() for output in outputs), "summary": summary,
            "library_bytes": library.stat().st_size}


def run_emulated(model: Prepared, target: dict, folder: Path) -> dict:
    emulator = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if emulator is None:
        raise Impossible("qemu-aarch64-static is not installed")
    summary = compile_for(model, target["name"], "so", folder / "model.so")
    compile_for(model, target["name"], "exe", folder / "model")
    np.savez(folder / "in.npz", **model.feed)
    known = subprocess.run([emulator, "-cpu", "help"], capture_output=True, text=True).stdout.split()
    cpu = target["cpu"] if target["cpu"] in known else "max"
    subprocess.run([emulator, "-cpu", cpu, folder / "model", "--inputs", folder / "in.npz", "--outputs",
                    folder / "out.npz"], check=True, capture_output=True)
    outputs = np.load(folder / "out.npz")
    return {"how": f"qemu-aarch64 -cpu {cpu}", "output": b"".join(outputs[key].tobytes() for key in outputs.files),
            "summary": summary, "library_bytes": (folder / "model.so").stat().st_size}


def run_on_board(model: Prepared, target: dict, folder: Path) -> dict:
    emulated = board.BOARDS[target["name"]]
    if shutil.which(emulated.emulator) is None:
        raise Impossible(f"{emulated.emulator} is not installed")
    library = folder / "model.a"
    summary = compile_for(model, target["name"], "a", library)
    data = b"".join(array.tobytes() for array in model.feed.values())
    port = len(data) + len(model.expected) + 64
    needed = {"flash": (summary["code_bytes"] + summary["weight_bytes"], emulated.flash_bytes),
              "RAM": (summary["arena_bytes"] + summary["stack_bytes"] + port, emulated.ram_bytes)}
    for what, (bytes_, limit) in needed.items():
        if bytes_ > limit:
            raise Impossible(f"{emulated.machine} has {limit:,} bytes of {what}, the model needs {bytes_:,}")
    output, printed = board.run(library, target["name"], data, port_bytes=port)
    return {"how": f"{emulated.emulator} -machine {emulated.machine}", "output": output, "summary": summary, "instructions": printed.get("instructions"),
            "library_bytes": summary["code_bytes"] + summary["weight_bytes"]}


def run_on_gpu(model: Prepared, target: dict, folder: Path) -> dict:
    """On this machine's device where that runs the code, else in the emulator of the PTX."""
    device = cuda.find_device()
    executed = device is not None and device.runs(target["name"])
    if not executed and not (cuda.EMULATOR / "libcuda.so.1").exists():
        raise Impossible(f"{cuda.EMULATOR} has no emulator")
    library = folder / "model.so"
    summary = compile_for(model, target["name"], "so", library, *batch_of_one(model))
    np.savez(folder / "in.npz", **model.feed)
    capability = int(target["name"].removeprefix("sm_"))
    done = subprocess.run([NIBBLE, "run", library, "--inputs", folder / "in.npz", "--outputs", folder / "out.npz"],
                          capture_output=True, text=True, env=None if executed else cuda.emulated(f"sm={capability}"))
    if done.returncode != 0:
        sys.exit(f"error: {model.name} for {target['name']}: {done.stderr}")
    outputs = np.load(folder / "out.npz")
    how = f"executed on {device.name}" if executed else "emulated, not executed: PTX on the CPU"
    return {"how": how, "output": b"".join(outputs[key].tobytes() for key in outputs.files), "summary": summary,
            "library_bytes": library.stat().st_size}


def batch_of_one(model: Prepared) -> list[str]:
    """Options that fix the dimensions that the model leaves open as the sample has them."""
    dims = {}
    for value in onnx.load(str(model.path), load_external_data=False).graph.input:
        for dim, extent in zip(value.type.tensor_type.shape.dim, model.feed.get(value.name, np.zeros(0)).shape):
            if dim.dim_param:
                dims[dim.dim_param] = extent
    return [argument for name, extent in dims.items() for argument in ("--dim", f"{name}={extent}")]


def get_runner(target: dict):
    """How a target's code is run; None where it cannot be."""
    if target["runs_here"]:
        return run_native
    if target["name"].startswith("sm_"):
        return run_on_gpu
    if target["triple"].startswith("aarch64"):
        return run_emulated
    return run_on_board if target["name"] in board.BOARDS else None


def verify(model: Prepared, target: dict) -> dict:
    """A row of the table."""
    row = {"model": model.name, "target": target["name"], "equal": None}
    runner = get_runner(target)
    if runner is None:
        return row | {"note": f"this machine lacks {target['features'] or 'an emulator'}"}
    with tempfile.TemporaryDirectory() as folder:
        try:
            result = runner(model, target, Path(folder))
        except Impossible as reason:
            return row | {"note": str(reason)}
    summary, instructions = result["summary"], result.get("instructions")
    return row | {"how": result["how"], "hash": hashlib.sha256(result["output"]).hexdigest(),
                  "equal": result["output"] == model.expected, "library_bytes": result["library_bytes"],
                  "code_bytes": summary.get("code_bytes"),
                  "ram_bytes": summary["arena_bytes"] + summary.get("stack_bytes", 0), "instructions": instructions,
                  "instructions_per_mac": instructions and instructions / model.macs}


def make_table(rows: list[dict]) -> Table:
    table = Table(title="One plan, one sample: are the output bytes the reference interpreter's?")
    for name in ("model", "target", "run by"):
        table.add_column(name, no_wrap=name != "run by")
    for name in ("hash", "equal", "library, B", "RAM, B", "instructions per MAC"):
        table.add_column(name, justify="right")
    for row in rows:
        if "note" in row:
            table.add_row(row["model"], row["target"], f"not run: {row['note']}")
            continue
        rate = row["instructions_per_mac"]
        table.add_row(row["model"], row["target"], row["how"], row["hash"][:12], "yes" if row["equal"] else "[red]NO",
                      f"{row['library_bytes']:,}", f"{row['ram_bytes']:,}", f"{rate:.2f}" if rate else "")
    return table


def select(names: list[str], wanted: str, what: str) -> list[str]:
    chosen = [name for name in wanted.split(",") if name]
    for name in chosen:
        if name not in names:
            sys.exit(f"error: there is no {what} '{name}', expected {', '.join(names)}")
    return chosen or names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--models", default="", metavar="A,B")
    parser.add_argument("--targets", default="", metavar="A,B", help="names of `nibble targets`")
    options = parser.parse_args()
    targets = {entry["name"]: entry for entry in json.loads(
        subprocess.run([NIBBLE, "targets", "--json"], check=True, capture_output=True, text=True).stdout)}
    models = select(["digits", *(name for name in CNNS if (ZOO / name).exists())], options.models, "model")
    chosen = select(list(targets), options.targets, "target")
    rows = []
    with tempfile.TemporaryDirectory() as folder, Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=len(models) * len(chosen), visible=sys.stderr.isatty())
        for name in models:
            progress.update(task, description=f"{name}: calibrating")
            model = prepare(name, Path(folder))
            for target in chosen:
                progress.update(task, description=f"{name} for {target}")
                rows.append(verify(model, targets[target]))
                progress.advance(task)
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        Console(width=None if sys.stdout.isatty() else 140).print(make_table(rows))
    different = [row for row in rows if row["equal"] is False]
    for row in different:
        print(f"error: {row['model']} for {row['target']} gives other bytes than the interpreter", file=sys.stderr)
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
