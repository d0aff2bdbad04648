#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles the digits model to float and to int8, and compares them on held-out images."""
import argparse
import multiprocessing
import re
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nibble
import numpy as np
from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.progress import Progress
from rich.table import Table

try:
    import onnxruntime
except ImportError:
    onnxruntime = None  # the comparison is then between Nibble's own models

HERE = Path(__file__).resolve().parent
MODEL = HERE / "digits.onnx"
PIXEL_MAX = 16


def resident(field):
    """A memory field of this process in bytes: VmRSS now, VmHWM at its peak."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(re.search(rf"{field}:\s+(\d+)", status)[1])


def load(path):
    """A function from images to logits; an ONNX file runs in onnxruntime."""
    if path.suffix != ".onnx":
        model = nibble.load(str(path))
        return lambda images: model.run({"image": images})[0]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {"image": images})[0]


def measure(path, images, labels):
    """Logits and figures of one model; in a process of its own, so that memory is its alone."""
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts from now
    run, times = load(path), []
    for image in np.split(images, len(images)) * 4:
        start = time.perf_counter()
        run(image)
        times.append(time.perf_counter() - start)
    memory = resident("VmHWM") - before
    logits = run(images)
    accuracy = np.mean(logits.argmax(axis=1) == labels)
    return logits, (path.stat().st_size, accuracy, np.median(times), memory)


def comparison(figures):
    table = Table(title="One image at a time, one thread", caption="latency: median; "
                  "memory: peak growth of the process while it loads and runs the model")
    table.add_column("")
    for heading in ("size", "accuracy", "latency", "memory"):
        table.add_column(heading, justify="right")
    for name, (size, accuracy, latency, memory) in figures.items():
        table.add_row(name, f"{size:,} B", f"{accuracy:.1%}", f"{latency * 1e6:.1f} µs",
                      f"{memory / 1024:,.0f} KiB", end_section=name == "Nibble int8")
    (size, accuracy, latency, memory), small = figures["Nibble float"], figures["Nibble int8"]
    table.add_row("int8 against float", f"÷ {size / small[0]:.2f}",
                  f"{(small[1] - accuracy) * 100:+.1f} points", f"÷ {latency / small[2]:.2f}",
                  f"÷ {memory / small[3]:.2f}" if small[3] else "", style="bold")
    return table


def drawing(pixels, label, logits):
    """An 8x8 image in shades of block characters, with the prediction and its probability."""
    rows = pixels.reshape(8, 8).astype(int) * 4
    art = "\n".join("".join(" ░▒▓█"[-(-level // PIXEL_MAX)] * 2 for level in row) for row in rows)
    guess, odds = logits.argmax(), np.exp(logits - logits.max())
    colour = "green" if guess == label else "red"
    return Panel(art, title=f"label {label}", width=18, padding=0,
                 subtitle=f"int8: [{colour}]{guess}[/], {odds[guess] / odds.sum():.0%}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", type=int, default=8, help="digits to draw (default: %(default)s)")
    show, console = parser.parse_args().show, Console()
    data = np.load(HERE / "digits.npz")
    images = data["test"].astype(np.float32) / PIXEL_MAX
    samples = np.split(data["calibration"].astype(np.float32) / PIXEL_MAX, 25)

    with tempfile.TemporaryDirectory() as folder, Progress(console=console) as progress:
        batches = progress.track([{"image": batch} for batch in samples], description="calibrating")
        variants = {"Nibble float": {"weights": "float", "activations": "float"},
                    "Nibble int8": {"weights": "int8", "calibration": batches}}
        paths = {"onnxruntime float": MODEL} if onnxruntime else {}
        for name, options in progress.track(variants.items(), description="compiling"):
            paths[name] = Path(folder, f"{name.split()[1]}.so")
            nibble.compile(str(MODEL), **options).save(str(paths[name]))
        results = {}
        for name, path in progress.track(paths.items(), description="running"):
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
                results[name] = process.submit(measure, path, images, data["labels"]).result()

    logits, reference = results["Nibble int8"][0], results["Nibble float"][0]
    right = logits.argmax(axis=1) == data["labels"]
    chosen = np.argsort(right, kind="stable")[:show]  # the mistakes first: they tell the most
    console.print(Columns(drawing(data["test"][i], data["labels"][i], logits[i]) for i in chosen))
    console.print(comparison({name: figures for name, (_, figures) in results.items()}))
    agreed = np.mean(logits.argmax(axis=1) == reference.argmax(axis=1))
    console.print(f"int8 and float agree on {agreed:.1%} of {len(images)} test images.\n")
    console.print("The same with your own model:\n"
                  "  ./dev run nibble compile model.onnx --calib data.npz -o model.so\n"
                  "  ./dev run nibble explain model.so --html model.html\n"
                  "docs/getting-started.md goes through every command.", highlight=False)


if __name__ == "__main__":
    main()
