#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Accuracy, latency, size and memory of Nibble on real models, beside onnxruntime's: ./dev python benchmarks/zoo.py

The models come with a module `zoo` (zoo.get(name).path, .calibration(n), .evaluate(predict), .bench_feed()). Latencies
are medians of alternating rounds in one process, so that all see the same machine; only their ratios mean anything.
"""
import argparse
import json
import logging
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import nibble
import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
CNNS = ["mobilenetv2", "ic_resnet8", "kws_dscnn", "ultraface"]
MILLI = 1e3


class Reader(CalibrationDataReader):
    def __init__(self, feeds):
        self.feeds = iter(feeds)

    def get_next(self):
        return next(self.feeds, None)


def onnxruntime_predict(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda feed: session.run(None, feed)


def onnxruntime_int8(model, feeds, folder):
    """onnxruntime's own static quantization, in its recommended steps."""
    source, prepared, quantized = onnx.load(str(model.path)), folder / "prepared.onnx", folder / "static.onnx"
    if next(o.version for o in source.opset_import if o.domain in ("", "ai.onnx")) < 13:
        source = onnx.version_converter.convert_version(source, 13)  # per-channel QDQ needs it
    onnx.save(source, str(folder / "opset.onnx"))
    quant_pre_process(str(folder / "opset.onnx"), str(prepared), skip_symbolic_shape=True)
    quantize_static(str(prepared), str(quantized), Reader(feeds), activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8, per_channel=True)
    return quantized


def latencies(predicts, feed, rounds, seconds):
    """Milliseconds of each contender: the median over rounds of each round's minimum, taken in turns."""
    minima = {name: [] for name in predicts}
    for predict in predicts.values():
        for _ in range(5):
            predict(feed)
    for _ in range(rounds):
        for name, predict in predicts.items():
            best, end = float("inf"), time.perf_counter() + seconds
            while time.perf_counter() < end:
                start = time.perf_counter()
                predict(feed)
                best = min(best, time.perf_counter() - start)
            minima[name].append(best)
    return {name: float(np.median(times)) * MILLI for name, times in minima.items()}


def contenders(model, options, folder):
    """Name -> (predict, bytes of the file, facts)."""
    feeds = model.calibration(options.samples)
    found = {"onnxruntime float": (onnxruntime_predict(model.path, options.threads), model.path.stat().st_size, {})}
    static = onnxruntime_int8(model, feeds, folder)
    found["onnxruntime int8"] = (onnxruntime_predict(static, options.threads), static.stat().st_size, {})
    variants = {"nibble float": {"weights": "float"}, "nibble int8": {"calibration": iter(feeds)}}
    for name, arguments in variants.items():
        if name == "nibble float" and options.no_float:
            continue
        start = time.perf_counter()
        compiled = nibble.compile(model.path, threads=options.threads, target=options.target, **arguments)
        facts = {"compile_s": time.perf_counter() - start, "arena": compiled.summary.get("arena_bytes"),
                 "weights": compiled.summary.get("weight_bytes"),
                 "nodes": compiled.summary["nodes"] if name == "nibble int8" else None}
        path = folder / f"{name}.so"
        compiled.save(path)
        loaded = nibble.load(path, threads=options.threads)
        found[name] = (loaded.run, path.stat().st_size, facts)
    return found


def measure(zoo, name, options):
    model = zoo.get(name)
    with tempfile.TemporaryDirectory() as folder:
        found = contenders(model, options, Path(folder))
        times = latencies({key: entry[0] for key, entry in found.items()}, model.bench_feed(), options.rounds,
                          options.seconds)
        rows = {}
        for key, (predict, size, facts) in found.items():
            score = None if options.no_score else model.evaluate(predict)["score"]
            rows[key] = {"ms": times[key], "score": score, "bytes": size} | facts
    return rows


def show(console, name, rows):
    table = Table(title=name)
    for heading in ("", "score", "ms", "× onnxruntime float", "file B", "weights B", "arena B", "compiled in s"):
        table.add_column(heading, justify="right" if heading else "left")
    base = rows["onnxruntime float"]["ms"]
    for key, row in rows.items():
        cells = [row.get("bytes"), row.get("weights"), row.get("arena")]
        table.add_row(key, "" if row["score"] is None else f"{row['score']:.4f}", f"{row['ms']:.4f}",
                      f"{base / row['ms']:.2f}", *(f"{c:,}" if c is not None else "" for c in cells),
                      f"{row['compile_s']:.1f}" if "compile_s" in row else "")
    console.print(table)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=CNNS, metavar="MODEL", help=f"default: {' '.join(CNNS)}")
    parser.add_argument("--zoo", type=Path, default=HERE.parent.parent / "shared/models", help="folder of zoo.py")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--target", default="host")
    parser.add_argument("--samples", type=int, default=64, help="calibration inputs")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="of a contender in a round")
    parser.add_argument("--no-score", action="store_true")
    parser.add_argument("--no-float", action="store_true", help="leave out our own float code")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not (options.zoo / "zoo.py").exists():
        sys.exit(f"there is no zoo.py in {options.zoo}: name its folder with --zoo")
    sys.path.insert(0, str(options.zoo))
    import zoo

    onnxruntime.set_default_logger_severity(4)
    logging.disable(logging.WARNING)
    console, results = Console(width=140), {}
    for name in options.models:
        results[name] = measure(zoo, name, options)
        show(console, name, results[name])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    console.print(f"{os.cpu_count()} cores, {options.threads} threads; peak memory of this process {peak // 1024} MiB")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
