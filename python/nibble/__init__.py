# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Nibble, a quantization compiler: ONNX in, integer machine code out.

    model = nibble.compile("model.onnx", calibration=[{"image": array}, ...])
    outputs = model.run({"image": array})
    model.save("model.so")
"""

from nibble._nibble import Error, opt
from nibble._model import Model, Value, load
from nibble._compile import Feed, compile, quantize
from nibble._search import plot_search, search
from nibble._state import State

__all__ = ["Error", "Feed", "Model", "State", "Value", "compile", "load", "opt", "plot_search", "quantize",
           "search"]
