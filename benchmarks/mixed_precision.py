# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What fewer bits cost and save on real models: score or SQNR, bytes of weights and latency of each way to round.

    ./dev python benchmarks/mixed_precision.py [MODEL...]

Needs the folder of models that lies beside the checkout (../shared/models).
"""
import sys
from pathlib import Path

import numpy as np

import nibble

sys.path.insert(0, str(Path(__file__).resolve().parent))
from contender import shortest  # noqa: E402
from models import MODELS  # noqa: E402

WAYS = {"int8": {}, "int4 nearest": {"weights": "int4", "rounding": "nearest"},
        "int4 adaround": {"weights": "int4", "rounding": "adaround"}, "int4 gptq": {"weights": "int4"},
        "int4 gptq, groups of 32": {"weights": "int4", "group": 32}, "5 bits": {"avg_bits": 5},
        "4.5 bits": {"avg_bits": 4.5}, "int2": {"weights": "int2"}}


def sqnr(exact, compiled, feeds: list) -> float:
    """Of the first output over all feeds, in dB."""
    pairs = [(exact.run(feed)[0], compiled.run(feed)[0]) for feed in feeds]
    noise = sum(((a - b) ** 2).sum() for a, b in pairs)
    return 10 * np.log10(sum((a ** 2).sum() for a, _ in pairs) / noise) if noise else float("inf")


def measure(model) -> None:
    calibration = model.calibration(64)
    exact = nibble.compile(model.path, weights="float")
    compiled = {}
    for way, options in WAYS.items():
        compiled[way] = nibble.compile(model.path, calibration=calibration, **options)
    feed = model.bench_feed()
    every = [exact, *compiled.values()]
    rounds = [[shortest(lambda each=each: each.run(feed), runs=30, seconds=0.5) for each in every] for _ in range(6)]
    times = [min(turns) for turns in zip(*rounds)]
    print(f"{'float':26}{model.evaluate(exact.run)['score']:9.4f}{'':>9}{times[0]:10.3f}", flush=True)
    for (way, each), time in zip(compiled.items(), times[1:]):
        print(f"{way:26}{model.evaluate(each.run)['score']:9.4f}{sqnr(exact, each, calibration):9.1f}{time:10.3f}", flush=True)


def main() -> None:
    if not MODELS.exists():
        sys.exit(f"no models at {MODELS}")
    sys.path.insert(0, str(MODELS))
    import zoo

    for name in sys.argv[1:] or ["mobilenetv2", "ic_resnet8", "kws_dscnn"]:
        print(f"{name:26}{'score':>9}{'SQNR':>9}{'ms':>10}")
        measure(zoo.get(name))


if __name__ == "__main__":
    main()
