# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Buffers that a model updates in place from run to run."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from nibble._nibble import Error


class State(Mapping[str, np.ndarray]):
    """What a model keeps from run to run: a buffer for each input that is one with an output (`state` of `compile`).

    `Model.state` makes one, zeroed, and each `Model.run` with it writes what is new and advances it. As a mapping it has
    the values of these inputs by their names, views of the buffers. One state belongs to one sequence of runs: two
    threads take one each.
    """

    def __init__(self, entries: Sequence[Mapping[str, Any]], inputs: Mapping[str, Any], dims: Mapping[str, int]) -> None:
        self._axes = {entry["input"]: entry["axis"] for entry in entries}
        self._buffers = {}
        for name, extent in dims.items():
            if operator.index(extent) < 0:
                raise Error(f"dimension '{name}' is {extent}, expected 0 or more")
        named = set()
        for entry in entries:
            value = inputs[entry["input"]]
            extents = list(zip(entry["capacity"], map(str, value.shape), strict=True))
            named.update(own for extent, own in extents if extent < 0)
            self._buffers[value.name] = np.zeros([dims.get(own, 1) if extent < 0 else extent for extent, own in extents],
                                                 value.dtype)
        for name in set(dims) - named:
            raise Error(f"no state has an open dimension '{name}', those that are open are {sorted(named)}")
        self._lengths = dict.fromkeys(self._buffers, 0)

    @property
    def length(self) -> int:
        """How many rows the state holds, the same of all that grow: what runs have appended."""
        return max((self._lengths[name] for name, axis in self._axes.items() if axis is not None), default=0)

    @property
    def capacity(self) -> int | None:
        """How many rows it can hold, by the bounds that the model was compiled with; None if none of it grows."""
        return min((self._buffers[name].shape[axis] for name, axis in self._axes.items() if axis is not None),
                   default=None)

    def truncate(self, length: int) -> None:
        """Forget the rows behind the first `length`: the next run writes over them. Values that do not grow stay."""
        length = operator.index(length)
        if not 0 <= length <= self.length:
            raise Error(f"the state has {self.length} rows, and cannot be cut to {length}")
        for name, axis in self._axes.items():
            if axis is not None:
                self._lengths[name] = min(self._lengths[name], length)

    def reset(self) -> None:
        """Forget everything: no rows, and zeros where a value does not grow."""
        for name, axis in self._axes.items():
            self._lengths[name] = 0
            if axis is None:
                self._buffers[name][...] = 0

    def advance(self, run: Callable[[dict[str, np.ndarray], list[int]], tuple[list[np.ndarray], list[int]]],
                ) -> list[np.ndarray]:
        """Let `run` work on the buffers and lengths; it gives the other outputs, and how long each is then."""
        outputs, lengths = run(self._buffers, list(self._lengths.values()))
        self._lengths = dict(zip(self._lengths, lengths, strict=True))
        return outputs

    def __getitem__(self, name: str) -> np.ndarray:
        buffer, axis = self._buffers[name], self._axes[name]
        return buffer if axis is None else buffer[(slice(None),) * axis + (slice(self._lengths[name]),)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._buffers)

    def __len__(self) -> int:
        return len(self._buffers)

    def __repr__(self) -> str:
        return f"<nibble.State of {', '.join(self._buffers)}: {self.length} of {self.capacity} rows>"
