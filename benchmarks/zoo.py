# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scores and latencies on real models, beside onnxruntime's float, measured in alternating rounds on one thread.

    ./dev python benchmarks/zoo.py [MODEL...]

Needs the folder of models that lies beside the checkout (../shared/models) and what its zoo.py imports.
"""
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime

import nibble

MODELS = Path(__file__).resolve().parents[2] / "shared" / "models"
CNNS = ["mobilenetv2", "ic_resnet8", "kws_dscnn", "ultraface"]


def best_milliseconds(functions: list, rounds: int = 6, runs: int = 30) -> list:
    """The shortest of all runs of each function; the functions take turns."""
    best = [float("inf")] * len(functions)
    for _ in range(rounds):
        for i, function in enumerate(functions):
            for _ in range(runs):
                start = time.perf_counter()
                function()
                best[i] = min(best[i], (time.perf_counter() - start) * 1e3)
    return best


def peer(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def measure(model) -> dict:
    start = time.perf_counter()
    int8 = nibble.compile(model.path, calibration=model.calibration(64))
    seconds = time.perf_counter() - start
    float32 = nibble.compile(model.path, weights="float")
    session, feed = peer(model.path), model.bench_feed()
    expected = session.run(None, feed)
    error = max(float(np.max(np.abs(a - b)) / np.max(np.abs(b))) for a, b in zip(float32.run(feed), expected))
    times = best_milliseconds([lambda: session.run(None, feed), lambda: float32.run(feed), lambda: int8.run(feed)])
    same = all(a.tobytes() == b.tobytes() for a, b in zip(int8.run(feed), int8.reference(feed)))
    return {"score": model.evaluate(int8.run)["score"], "peer": times[0], "float": times[1], "int8": times[2],
            "error": error, "compile": seconds, "same": same}


def main() -> None:
    if not MODELS.exists():
        sys.exit(f"no models at {MODELS}")
    sys.path.insert(0, str(MODELS))
    import zoo

    print(f"{'model':14}{'int8 score':>11}{'ORT float':>11}{'float':>9}{'int8':>9}  ms; float error, compile, same bits")
    for name in sys.argv[1:] or CNNS:
        r = measure(zoo.get(name))
        print(f"{name:14}{r['score']:11.4f}{r['peer']:11.3f}{r['float']:9.3f}{r['int8']:9.3f}"
              f"  {r['error']:.1e} {r['compile']:.1f} s {r['same']}", flush=True)


if __name__ == "__main__":
    main()
