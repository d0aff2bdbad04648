# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models that run."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from nibble import _nibble
from nibble._state import State


@dataclass(frozen=True)
class Value:
    """An input or output of a model."""

    name: str
    dtype: np.dtype
    shape: tuple[int | str | None, ...]
    """Extents; of a dynamic dimension its name, or None if it has none. An output's may be an expression of the inputs'
    dimensions: "past + sequence"."""
    scale: float | None = None
    """real = scale * (integer - zero_point), where integers stand for real numbers."""
    zero_point: int | None = None
    layout: str | None = None
    """Of an image, the order of its dimensions: "nchw" or "nhwc"."""


def _dtype(name: str) -> np.dtype:
    return np.dtype(getattr(ml_dtypes, name, name))


def _values(text: str) -> list[Value]:
    return [Value(entry["name"], _dtype(entry["dtype"]), tuple(entry["shape"]),
                  entry.get("scale"), entry.get("zero_point"), entry.get("layout")) for entry in json.loads(text)]


def _feed(feed: Mapping[str, Any]) -> dict[str, np.ndarray]:
    return {name: np.asarray(array, order="C") for name, array in feed.items()}


class Model:
    """A compiled model. `nibble.compile` and `nibble.load` make one.

    `run` may be called by several threads at once.
    """

    def __init__(self, program: _nibble.Program) -> None:
        self._program = program

    @property
    def inputs(self) -> list[Value]:
        """The inputs, in the model's order."""
        return _values(self._program.inputs)

    @property
    def outputs(self) -> list[Value]:
        """The outputs, in the model's order."""
        return _values(self._program.outputs)

    @property
    def summary(self) -> dict[str, Any]:
        """What the compilation came to: sizes in bytes, signal-to-noise ratio in dB, and each node's precision with
        the reason where it is not int8."""
        return json.loads(self._program.summary)

    def state(self, dims: Mapping[str, int] | None = None) -> State:
        """Zeroed buffers of the inputs that are one with an output (`state` of `compile`), for `run`.

        Extents of theirs that are open, as a batch, are 1 unless `dims` tells them by their names. Raises `nibble.Error`
        for a model that has no such inputs.
        """
        entries = json.loads(self._program.states)
        if not entries:
            raise _nibble.Error("the model keeps no state: compile it with state={'input': 'output'}")
        return State(entries, {value.name: value for value in self.inputs}, dims or {})

    def run(self, feed: Mapping[str, Any], state: State | None = None) -> list[np.ndarray]:
        """Compute the outputs, in the model's order.

        `feed` has an array for each input, under its name and of its dtype and shape; where an input takes integers that
        stand for real numbers, float32 is quantized. Dynamic dimensions may differ from run to run; inputs that name the
        same one agree on it. Raises `nibble.Error` naming the input that is missing, unknown, or of another dtype or
        shape, or the dimension that two inputs disagree on or that is larger than the model takes.

        With `state`, of `Model.state`, the inputs that it holds are left out of `feed` and their outputs of the result:
        the run finds what is there, writes what is new in place, and the state is that much longer. Without it a model
        that keeps state takes and gives these values as any others, copied.
        """
        if state is None:
            return self._program.run(_feed(feed))
        if not isinstance(state, State):
            raise _nibble.Error(f"expected a state of Model.state, got {type(state).__name__}")
        return state.advance(lambda buffers, lengths: self._program.run_kept(_feed(feed), buffers, lengths))

    def reference(self, feed: Mapping[str, Any]) -> list[np.ndarray]:
        """Compute the outputs in the reference interpreter: slow, and the same bits as `run`.

        Raises `nibble.Error` as `run` does, and for a model that was loaded: a library holds no graph.
        """
        return self._program.reference(_feed(feed))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the shared library that `nibble.load`, C and C++ load. Raises `nibble.Error` if it cannot be written."""
        self._program.save(os.fspath(path))

    def __repr__(self) -> str:
        values = ", ".join(f"{v.name}: {v.dtype}{list(v.shape)}" for v in self.inputs)
        results = ", ".join(f"{v.name}: {v.dtype}{list(v.shape)}" for v in self.outputs)
        return f"<nibble.Model ({values}) -> ({results})>"


def load(path: str | os.PathLike[str], *, threads: int = 1) -> Model:
    """Load a compiled model (.so), to run on `threads` threads; the results do not depend on how many.

    Raises `nibble.Error` if the file is no compiled model or is for another processor. Loading runs the file's code:
    load only what you trust.
    """
    return Model(_nibble.load(os.fspath(path), threads))
