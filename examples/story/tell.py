#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tells a story, token by token, with a small language model that keeps what it has read in a cache."""
import argparse
import json
import re
import struct
import subprocess
import sys
import time
from pathlib import Path

import nibble
import numpy as np

BEGIN, END, FIRST_BYTE = 1, 2, 3  # tokens; 256 for single bytes follow
LONGEST, LONGEST_BEGINNING = 512, 128  # tokens that the cache has room for, and that one run reads


class Tokenizer:
    """A tokenizer file of llama2.c: a score and the bytes of each token."""

    def __init__(self, path):
        data, offset, self.pieces, self.scores = path.read_bytes(), 4, [], []
        while offset < len(data):
            try:
                score, size = struct.unpack_from("<fi", data, offset)
            except struct.error:
                size = -1
            if not 0 <= size <= len(data) - offset - 8:
                raise ValueError(f"{path} is not a tokenizer of llama2.c")
            self.pieces.append(data[offset + 8:offset + 8 + size])
            self.scores.append(score)
            offset += 8 + size
        self.index = {piece: token for token, piece in enumerate(self.pieces)}

    def encode(self, text):
        """Characters, of which the two neighbours that make the best token are joined until none do."""
        tokens = []
        for character in map(str.encode, " " + text):
            known = self.index.get(character)
            tokens += [FIRST_BYTE + byte for byte in character] if known is None else [known]
        while True:
            pairs = [(self.scores[joined], -at, joined) for at in range(len(tokens) - 1)
                     if (joined := self.index.get(self.pieces[tokens[at]] + self.pieces[tokens[at + 1]])) is not None]
            if not pairs:
                return [BEGIN, *tokens]
            _, negative, joined = max(pairs)  # of equals the first
            tokens[-negative:2 - negative] = [joined]

    def decode(self, token):
        byte = re.fullmatch(rb"<0x([0-9A-F]{2})>", self.pieces[token])
        return bytes([int(byte[1], 16)]) if byte else self.pieces[token]


def describe(path):
    """What the model's caches are called before and behind a run, and its open extents: tokens of the past and new ones."""
    done = subprocess.run([sys.executable, "-m", "nibble", "inspect", path, "--json"], capture_output=True, text=True)
    if done.returncode:
        raise ValueError(done.stderr.strip())
    model = json.loads(done.stdout)
    shapes = {value["name"]: value["shape"] for value in model["inputs"]}
    ids = shapes.pop("input_ids", None)
    if not ids or len(model["outputs"]) != 1 + len(shapes):
        raise ValueError("the model must take input_ids and its cache, and give logits and the longer cache")
    past = {extent for shape in shapes.values() for extent in shape if isinstance(extent, str)} - set(ids)
    bounds = dict.fromkeys(past, LONGEST - 1) | {ids[1]: LONGEST_BEGINNING}
    return dict(zip(shapes, (value["name"] for value in model["outputs"][1:]), strict=True)), bounds


def load(path, library):
    """The library if there is one, else the model, compiled without data and kept there."""
    if library and library.exists():
        return nibble.load(library.resolve())
    state, bounds = describe(path)
    model = nibble.compile(path, mode="dynamic", state=state, bounds=bounds)
    if library:
        model.save(library)
    return model


def tell(model, tokens, choose):
    """Yields the tokens that follow. The model reads the beginning at once, and then each token that it chose."""
    state = model.state()  # what it has read, which each run makes longer in place
    while True:
        logits, = model.run({"input_ids": np.array([tokens], np.int64)}, state=state)
        tokens = [choose(logits[0, -1])]
        yield tokens[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="a language model with a cache, .onnx")
    parser.add_argument("tokens", type=Path, help="its tokenizer, a .bin of llama2.c")
    parser.add_argument("beginning", nargs="?", default="Once upon a time", help="(default: %(default)s)")
    parser.add_argument("--length", type=int, default=200, help="tokens to tell at most (default: %(default)s)")
    parser.add_argument("--temperature", type=float, default=0, help="0 takes the likeliest token, 1 each as often "
                        "as the model expects it (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="makes the same choices again")
    parser.add_argument("--library", type=Path, help="the compiled model: loaded if it exists, else kept there")
    options = parser.parse_args()
    tokenizer, random = Tokenizer(options.tokens), np.random.default_rng(options.seed)
    model = load(options.model, options.library)

    def choose(logits):
        if options.temperature <= 0:
            return int(logits.argmax())
        return int(np.argmax(logits / options.temperature + random.gumbel(size=logits.size)))

    def show(text):  # bytes: a letter may take several tokens
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()

    show(options.beginning.encode())
    start, count = time.perf_counter(), 0
    for token in tell(model, tokenizer.encode(options.beginning), choose):
        if token in (BEGIN, END) or count == options.length:
            break
        show(tokenizer.decode(token))
        count += 1
    show(f"\n\n{count} tokens, {count / (time.perf_counter() - start):.0f} a second\n".encode())


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError) as error:  # a nibble.Error is a ValueError
        sys.exit(f"tell.py: {error}")
