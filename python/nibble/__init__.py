# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Nibble, a quantization compiler: ONNX in, integer machine code out."""

from nibble._nibble import opt

__all__ = ["opt"]
