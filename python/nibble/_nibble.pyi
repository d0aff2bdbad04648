# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

class Error(ValueError): ...

class QuantizationOptions:
    weights: str
    activations: str
    mode: str
    calib_method: str
    bias_correction: str
    rounding: str
    max_bytes: int | None
    avg_bits: float | None
    output_sqnr: float | None
    plan_out: str
    per_tensor: bool
    calib_file: str
    plan: str
    group: int | None
    min_sqnr: float | None
    strict: bool

class CompileOptions:
    quantization: QuantizationOptions
    target: str
    name: str
    io: str
    io_layout: str
    requant: str
    ptxas: str
    strip: bool
    bounds: dict[str, int]
    states: dict[str, str]
    specializations: list[dict[str, int]]
    threads: int

class Program:
    @property
    def inputs(self) -> str: ...
    @property
    def outputs(self) -> str: ...
    @property
    def states(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def warnings(self) -> list[str]: ...
    def run(self, feed: dict[str, np.ndarray], /) -> list[np.ndarray]: ...
    def run_kept(self, feed: dict[str, np.ndarray], buffers: dict[str, np.ndarray], lengths: list[int],
                 /) -> tuple[list[np.ndarray], list[int]]: ...
    def reference(self, feed: dict[str, np.ndarray], /) -> list[np.ndarray]: ...
    def save(self, path: str, /) -> None: ...

def compile(path: str, samples: Iterator[Mapping[str, Any]] | str | None, options: CompileOptions,
            dims: dict[str, int]) -> Program: ...
def load(path: str, threads: int) -> Program: ...
def quantize(path: str, samples: Iterator[Mapping[str, Any]] | str | None, output: str,
             options: QuantizationOptions, dims: dict[str, int]) -> tuple[str, list[str]]: ...
def opt(source: str, pipeline: str = "") -> str:
    """Run a pass pipeline on MLIR text and return the result's text.

    Raises nibble.Error with the diagnostics when the text does not parse or a pass fails.
    """
