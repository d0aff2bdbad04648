#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints where in a recording somebody speaks, in seconds."""
import argparse
import sys
import time
import wave
from pathlib import Path

import nibble
import numpy as np

RATE, CHUNK, CONTEXT = 16000, 512, 64  # samples in a second, in a step of the model, and of the step before


def read(path):
    """The samples of a recording, from -1 to 1."""
    try:
        with wave.open(str(path)) as sound:
            rate, channels, bits = sound.getframerate(), sound.getnchannels(), 8 * sound.getsampwidth()
            data = sound.readframes(sound.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path} is not a WAV file of plain samples: {error}") from None
    if (rate, channels, bits) != (RATE, 1, 16):
        raise ValueError(f"{path} has {rate} Hz, {channels} channel(s) and {bits} bits, not {RATE} Hz, 1 channel and "
                         f"16 bits; ffmpeg -i {path} -ar {RATE} -ac 1 -c:a pcm_s16le other.wav converts it")
    return np.frombuffer(data, "<i2").astype(np.float32) / 32768


def load(path, library):
    """The library if there is one, else the model, compiled without data and kept there."""
    if library and library.exists():
        return nibble.load(library.resolve())
    model = nibble.compile(path, mode="dynamic", dims={"batch": 1, "sequence": CONTEXT + CHUNK})
    if library:
        model.save(library)
    return model


def listen(model, samples):
    """The probability of speech in each chunk. It hears some of the chunk before, and gets its state back."""
    samples = np.pad(samples, (CONTEXT, -len(samples) % CHUNK))
    state = np.zeros((2, 1, 128), np.float32)
    for start in range(0, len(samples) - CONTEXT, CHUNK):
        chunk = samples[None, start:start + CONTEXT + CHUNK]
        probability, state = model.run({"input": chunk, "state": state, "sr": np.array(RATE, np.int64)})
        yield probability.item()


def stretches(probabilities, threshold, pause):
    """The first chunk of each stretch of speech and the one behind it; a pause of so many chunks divides none."""
    found = []
    for chunk, probability in enumerate(probabilities):
        if probability > threshold:
            if found and chunk - found[-1][1] <= pause:
                found[-1][1] = chunk + 1
            else:
                found.append([chunk, chunk + 1])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="silero_vad_16k_op15.onnx")
    parser.add_argument("sound", type=Path, help="a recording, .wav: 16 kHz, one channel, 16 bits")
    parser.add_argument("--threshold", type=float, default=0.5,
                        help="probability from which on it is speech (default: %(default)s)")
    parser.add_argument("--pause", type=float, default=0.3, help="seconds that do not end it (default: %(default)s)")
    parser.add_argument("--library", type=Path, help="the compiled model: loaded if it exists, else kept there")
    options = parser.parse_args()

    samples = read(options.sound)
    model = load(options.model, options.library)
    start = time.perf_counter()
    probabilities = list(listen(model, samples))
    elapsed, length = time.perf_counter() - start, len(samples) / RATE
    found = [(first * CHUNK / RATE, min(behind * CHUNK / RATE, length)) for first, behind in
             stretches(probabilities, options.threshold, options.pause * RATE / CHUNK)]
    for first, behind in found:
        print(f"{first:8.2f} – {behind:.2f}")
    print(f"{sum(behind - first for first, behind in found):.1f} of {length:.1f} seconds are speech; "
          f"heard in {elapsed:.2f} seconds")


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError) as error:  # a nibble.Error is a ValueError
        sys.exit(f"speech.py: {error}")
