#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints the lines of a text whose meaning is nearest to a query."""
import argparse
import sys
from pathlib import Path

import nibble
import numpy as np

try:
    from tokenizers import Tokenizer
except ImportError:
    sys.exit("search.py needs the package tokenizers: ./dev python -m pip install tokenizers")

CALIBRATION, LONGEST = 64, 256  # lines that ranges are measured on; tokens of a line that the model was trained for


def read_tokenizer(path):
    text = path.read_text(encoding="utf-8")
    try:
        tokenizer = Tokenizer.from_str(text)
    except Exception as error:  # the package raises nothing more precise
        raise ValueError(f"{path} is not a tokenizer: {error}") from None
    tokenizer.enable_truncation(LONGEST)
    tokenizer.no_padding()  # each line runs by itself and in its own length
    return tokenizer


def feed(tokenizer, line):
    """The model's inputs for one line: a batch of one, as long as the line has tokens."""
    ids = np.array([tokenizer.encode(line).ids], np.int64)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}


def load(path, library, samples):
    """The library if there is one, else the model, compiled and kept there."""
    if library and library.exists():
        return nibble.load(library.resolve())
    model = nibble.compile(path, calibration=samples)
    if library:
        model.save(library)
    return model


def embed(model, inputs):
    """The direction that a line's meaning has: the mean of its tokens' vectors, of length 1."""
    mean = model.run(inputs)[0][0].mean(axis=0)
    return mean / np.linalg.norm(mean)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="a sentence-embedding transformer, .onnx")
    parser.add_argument("tokenizer", type=Path, help="its tokenizer.json")
    parser.add_argument("text", type=Path, help="the text to search, a thought on each line")
    parser.add_argument("query", help="what to look for")
    parser.add_argument("--count", type=int, default=5, help="lines to print (default: %(default)s)")
    parser.add_argument("--library", type=Path, help="the compiled model: loaded if it exists, else kept there")
    options = parser.parse_args()

    lines = {number: line.strip() for number, line in
             enumerate(options.text.read_text(encoding="utf-8").splitlines(), 1) if line.strip()}
    if not lines:
        raise ValueError(f"{options.text} has no text")
    tokenizer = read_tokenizer(options.tokenizer)
    feeds = [feed(tokenizer, line) for line in lines.values()]

    model = load(options.model, options.library, feeds[::-(-len(feeds) // CALIBRATION)])
    near = np.stack([embed(model, inputs) for inputs in feeds]) @ embed(model, feed(tokenizer, options.query))
    found = sorted(zip(near, lines.items(), strict=True), reverse=True)
    for similarity, (number, line) in found[:options.count]:
        print(f"{similarity:6.3f}  {number}: {line}")


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError) as error:  # a nibble.Error is a ValueError
        sys.exit(f"search.py: {error}")
