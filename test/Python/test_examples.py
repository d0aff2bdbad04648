# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The example programs on real models, where these are at hand, and what they say of wrong files."""

import re
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

ZOO = Path(__file__).resolve().parents[3] / "shared" / "models"
SEARCH, TELL, SPEECH = (ROOT / "examples" / name for name in
                        ("sentence-search/search.py", "story/tell.py", "voice-activity/speech.py"))
DIGITS = ROOT / "examples/digits/digits.onnx"


def at_hand(*names):
    """Paths of files of the zoo; skips without them."""
    for name in names:
        if not (ZOO / name).exists():
            pytest.skip(f"there is no {ZOO / name}")
    return [ZOO / name for name in names]


def run(program, *arguments):
    done = subprocess.run([sys.executable, program, *map(str, arguments)], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def refusal(program, *arguments):
    done = subprocess.run([sys.executable, program, *map(str, arguments)], capture_output=True, encoding="utf-8")
    assert done.returncode == 1 and done.stdout == ""
    assert "Traceback" not in done.stderr and done.stderr.startswith(f"{program.name}: ")
    return done.stderr


def write_sound(path, rate=16000, channels=1, seconds=0.1):
    with wave.open(str(path), "wb") as sound:
        sound.setparams((channels, 2, rate, 0, "NONE", ""))
        sound.writeframes(bytes(2 * channels * int(rate * seconds)))
    return path


def test_search(tmp_path):
    pytest.importorskip("tokenizers")
    model, tokenizer = at_hand("minilm/model.onnx", "minilm/tokenizer.json")
    text, library = tmp_path / "text.txt", tmp_path / "minilm.so"
    text.write_text("The train to the coast leaves at noon.\n\nA kitten sleeps on the sofa.\n"
                    "Shares fell sharply on Monday after the bank's report.\nStir the onions until they are golden.\n"
                    "The senate voted against the law.\nHe scored twice in the second half.\n")
    queries = {"a cat taking a nap": 3, "news of the stock market": 4, "cooking": 5, "football": 7}
    for query, line in queries.items():  # the first compiles, the others load
        found = re.findall(r"^ *(-?\d\.\d{3})  (\d+): (.+)$", run(
            SEARCH, model, tokenizer, text, query, "--count", 3, "--library", library), re.M)
        similarities = [float(similarity) for similarity, _, _ in found]
        assert len(found) == 3 and int(found[0][1]) == line
        assert similarities == sorted(similarities, reverse=True) and 0.15 < similarities[0] <= 1


def test_search_refuses(tmp_path):
    pytest.importorskip("tokenizers")
    text, bad = tmp_path / "text.txt", tmp_path / "tokenizer.json"
    assert "No such file" in refusal(SEARCH, DIGITS, bad, text, "query")
    text.write_text("\n \n")
    assert "text.txt has no text" in refusal(SEARCH, DIGITS, bad, text, "query")
    text.write_text("a line\n")
    bad.write_text("{}")
    assert "tokenizer.json is not a tokenizer" in refusal(SEARCH, DIGITS, bad, text, "query")
    tokenizer, = at_hand("minilm/tokenizer.json")
    assert "none.onnx" in refusal(SEARCH, tmp_path / "none.onnx", tokenizer, text, "query")
    assert "input 'image' is missing" in refusal(SEARCH, DIGITS, tokenizer, text, "query")
    assert "text.txt" in refusal(SEARCH, DIGITS, tokenizer, text, "query", "--library", text)


def test_story(tmp_path):
    model, tokens = at_hand("stories260k/model.onnx", "stories260k/tok512.bin")
    library = tmp_path / "story.so"

    def story(*options):
        printed = run(TELL, model, tokens, "Once upon a time", "--library", library, *options)
        text, count = re.fullmatch(r"(.*)\n\n(\d+) tokens, \d+ a second\n", printed, re.S).groups()
        return text, int(count)
    told = story("--length", 150)
    assert told[0].startswith("Once upon a time, there was a little girl named ") and told[1] == 150
    assert library.exists() and story("--length", 150) == told
    drawn = story("--temperature", 1, "--seed", 1)
    assert drawn == story("--temperature", 1, "--seed", 1)
    assert drawn != story("--temperature", 1, "--seed", 2)


def test_story_refuses(tmp_path):
    bad = tmp_path / "tokens.bin"
    assert "No such file" in refusal(TELL, DIGITS, bad)
    bad.write_bytes(b"no tokens, but a text")
    assert "tokens.bin is not a tokenizer of llama2.c" in refusal(TELL, DIGITS, bad)
    bad.write_bytes(bytes(4) + b"".join(bytes(4) + (1).to_bytes(4, "little") + bytes([byte]) for byte in range(256)))
    assert "none.onnx" in refusal(TELL, tmp_path / "none.onnx", bad, "a")
    done = subprocess.run([sys.executable, TELL, DIGITS, bad, "a"], capture_output=True, encoding="utf-8")
    assert done.returncode == 1 and "input_ids and its cache" in done.stderr and "Traceback" not in done.stderr


def speech_in_onnxruntime(path, sound, pause):
    """Stretches of chunks, as the float model decides them."""
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    with wave.open(str(sound)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / 32768
    samples = np.concatenate([np.zeros(64, np.float32), samples, np.zeros(-len(samples) % 512, np.float32)])
    state, found = np.zeros((2, 1, 128), np.float32), []
    for chunk in range(len(samples) // 512):
        probability, state = session.run(None, {"input": samples[None, 512 * chunk:512 * chunk + 576], "state": state,
                                                "sr": np.array(16000, np.int64)})
        if probability.item() > 0.5:
            if found and chunk - found[-1][1] <= pause:
                found[-1][1] = chunk + 1
            else:
                found.append([chunk, chunk + 1])
    return np.array(found)


def test_speech(tmp_path):
    model, sound = at_hand("silero_vad/model.onnx", "data/audio/silero_test_16k.wav")
    library = tmp_path / "speech.so"
    printed = [run(SPEECH, model, sound, "--library", library) for _ in range(2)]  # compiled, then loaded
    found = [re.findall(r"^ *([\d.]+) – ([\d.]+)$", text, re.M) for text in printed]
    assert found[0] == found[1]
    want = speech_in_onnxruntime(model, sound, 0.3 * 16000 / 512)
    assert np.abs(np.array(found[0], float) * 16000 / 512 - want).max() <= 2
    total = sum(behind - first for first, behind in np.array(found[0], float))
    said, = re.search(r"^([\d.]+) of 60\.0 seconds are speech", printed[0], re.M).groups()
    assert float(said) == pytest.approx(total, abs=0.2)


def test_no_speech(tmp_path):
    model, = at_hand("silero_vad/model.onnx")
    assert run(SPEECH, model, write_sound(tmp_path / "silence.wav", seconds=2)).startswith(
        "0.0 of 2.0 seconds are speech")


def test_speech_refuses(tmp_path):
    sound = write_sound(tmp_path / "sound.wav")
    assert "No such file" in refusal(SPEECH, DIGITS, tmp_path / "none.wav")
    assert "none.onnx" in refusal(SPEECH, tmp_path / "none.onnx", sound)
    assert "has 8000 Hz, 1 channel(s) and 16 bits" in refusal(SPEECH, DIGITS, write_sound(tmp_path / "8k.wav", 8000))
    assert "2 channel(s)" in refusal(SPEECH, DIGITS, write_sound(tmp_path / "stereo.wav", channels=2))
    assert "is not a WAV file" in refusal(SPEECH, DIGITS, DIGITS)
    assert "sequence" in refusal(SPEECH, DIGITS, sound)
    assert "digits.onnx" in refusal(SPEECH, DIGITS, sound, "--library", DIGITS)
