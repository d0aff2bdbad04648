# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The narrowest weights that a score of the user's allows, and a picture of a search."""

import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path as FilePath
from typing import Any

from nibble import _nibble
from nibble._compile import Feed, Path, compile
from nibble._model import Model


def search(path: Path, calibration: Iterable[Feed], score: Callable[[Model], float], *, accuracy_drop: float,
           plan_out: Path | None = None, **options: Any) -> Model:
    """Compile the model at `path` with the narrowest weights that cost `score` no more than `accuracy_drop`.

    Every node's loss by weights of 4 and 2 bits is measured on the calibration inputs; of the best choices for each size
    that follow, the smallest is taken whose score is at least that of 8 bits less `accuracy_drop`, found by halving.

    Args:
        path: the model, a .onnx file.
        calibration: as of `compile`; kept in memory, as it is used several times.
        score: of a compiled model, the higher the better.
        accuracy_drop: what may be lost of the score that weights of 8 bits have.
        plan_out: where the plan is written that was found; `compile` takes it as its `plan`.
        options: others of `compile`.

    Raises:
        Error: as of `compile`, or if not even weights of 8 bits have the score.
    """
    if not accuracy_drop >= 0:
        raise _nibble.Error(f"accuracy_drop is {accuracy_drop}, expected 0 or more")
    if unknown := {"max_bytes", "avg_bits", "output_sqnr", "weights"} & set(options):
        raise _nibble.Error(f"{sorted(unknown)[0]} has no place beside accuracy_drop: leave one of them out")
    feeds = list(calibration)
    given = options.pop("plan", None)
    base = json.loads(FilePath(given).read_text()) if given else {"schema": 1, "nodes": {}}
    with tempfile.TemporaryDirectory() as folder:
        file = FilePath(folder) / "plan.json"

        def build(widths: dict[str, int]) -> Model:
            nodes = dict(base.get("nodes", {}))
            for node, bits in widths.items():
                nodes[node] = {**nodes.get(node, {}), "weights": f"int{bits}"}
            file.write_text(json.dumps({**base, "nodes": nodes}, indent=2) + "\n")
            return compile(path, feeds, plan=file, **options)

        found = compile(path, feeds, plan=given, avg_bits=8, **options).summary["search"]
        names = [node["node"] for node in found["sensitivities"]]
        front = found["front"]
        needed = score(build({name: 8 for name in names})) - accuracy_drop
        low, high = 0, len(front)  # the last stands for 8 bits everywhere
        while low < high:
            middle = (low + high) // 2
            if score(build(dict(zip(names, front[middle]["widths"])))) >= needed:
                high = middle
            else:
                low = middle + 1
        widths = dict(zip(names, front[low]["widths"])) if low < len(front) else {name: 8 for name in names}
        model = build(widths)
        if plan_out is not None:
            FilePath(os.fspath(plan_out)).write_text(file.read_text())
        return model


def plot_search(model: Model, path: Path | None = None) -> Any:
    """Draw what the search found that `model` was compiled with: bits and SQNR of each node, and size against accuracy.

    Needs matplotlib (`pip install nibble[plot]`). Returns the figure, and writes it to `path` if that is given.
    """
    found = model.summary.get("search")
    if not found:
        raise _nibble.Error("the model was not compiled with a search: ask for one by max_bytes, avg_bits or output_sqnr")
    from matplotlib.figure import Figure
    nodes, front = found["sensitivities"], [p for p in found["front"] if p["sqnr_db"] is not None]
    places = range(len(nodes))
    figure = Figure(figsize=(10, 8), layout="constrained")
    bits, alone, curve = figure.subplots(3)
    bits.bar(places, [node["bits"] for node in nodes])
    bits.set(ylabel="bits", title=f"Weights of {model.summary['model']}")
    tried = [width for width in ("4", "2") if width in nodes[0]["sqnr_db"]]
    for at, width in enumerate(tried):
        alone.bar([place + 0.4 * (at - (len(tried) - 1) / 2) for place in places],
                  [node["sqnr_db"][width] or 0 for node in nodes], 0.4, label=f"{width} bits")
    alone.set(ylabel="SQNR of the outputs, dB", xlabel="node, by itself")
    alone.legend()
    curve.plot([p["bytes"] for p in front], [p["sqnr_db"] for p in front], marker=".")
    chosen = [p for p in front if p.get("chosen")]
    curve.plot([p["bytes"] for p in chosen], [p["sqnr_db"] for p in chosen], "o", fillstyle="none", markersize=10)
    curve.set(xlabel="bytes of weights", ylabel="expected SQNR, dB")
    if path is not None:
        figure.savefig(os.fspath(path))
    return figure
