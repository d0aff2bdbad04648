# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every diagnostic of the sources is expected by a test, word for word, or stands below with the reason why not."""
from pathlib import Path

import pytest

import messages

ROOT = Path(__file__).resolve().parents[2]
TESTS = ["test/**/*.mlir", "test/**/*.test", "test/**/*.py", "unittests/**/*.cpp", "unittests/**/*.h", "examples/**/*.mlir"]
BUG = "follows the diagnostic of a pass, and stands alone only where a pass has none"
ONNX = "ONNX's checker refuses it first; without the check a checker less strict would end in a crash"
HUGE = "needs gigabytes"
LINKED = "the file is one that LLVM or its linker has just made as asked"
UNTESTED = {
    "failed without a diagnostic: please report this": BUG,
    "lowering to kernels failed": BUG,
    "folding failed": BUG,
    "lowering to the LLVM dialect failed": BUG,
    "translation to LLVM IR failed": BUG,
    "no code for the instruction set '": BUG,
    "no code for '": BUG,
    "no kernels for the instruction set '": "each target of the list has kernels",
    "' has no kernel for": "all that is lowered has kernels; TableTest asks for parameters that have none",
    "cannot generate code for '": "LLVM has all targets of the list",
    "the target '": "LLVM writes all kinds of files for all targets of the list",
    "' writes no such file": "LLVM writes all kinds of files for all targets of the list",
    "there is no section of weights": LINKED,
    "bytes of weights, got a section of": LINKED,
    "the weights have no segment of their own": LINKED,
    "expected an ELF file of little-endian words": LINKED,
    "calls, its explanation tells of": "only a library put together of two has such an explanation",
    "the model makes": "only a library put together of two has such an explanation",
    "cannot read the folder '": "tests may run as root, who reads every folder",
    "' is used before it is computed": ONNX,
    "' has external data but is no initializer": ONNX,
    "' has no shape": ONNX,
    "keys and input 0 have unlike types": ONNX,
    "keys and ... values": ONNX,
    "' and input 0 have unlike types": ONNX,
    "attributes 'nodes_splits' and 'leaf_weights' do not fit the nodes and leaves": ONNX,
    "its rank must be known": ONNX,
    "has no attribute '": ONNX,
    "attribute 'value' has": ONNX,
    "') has elements of type": ONNX,
    "') is not one float known at compile time": "only attributes of old opsets, which the converter makes constants",
    "attribute 'keep_aspect_ratio_policy' is '": ONNX,
    "', expected 'stretch', 'not_larger' or 'not_smaller'": ONNX,
    ", expected f32": ONNX,
    "expected extents that are not negative, got": "the parser of the type takes no others",
    ", expected 3 or 4": ONNX,
    "bytes, ONNX allows fewer than 2 GiB in one file": HUGE,
    "the constant's data is missing": "the verifier of nibble.constant refuses it first",
    "expected a constant whose data is present, got none (elided resources cannot be executed)":
        "the verifier of nibble.constant refuses it first",
    "ends after ... bytes": "arrays are read by the size that their header was checked for",
}


def expectations() -> str:
    files = sorted({path for pattern in TESTS for path in ROOT.glob(pattern)} - set(ROOT.glob("test/Meta/*")))
    return " ".join(messages.plain(path.read_text()) for path in files)


@pytest.fixture(scope="module")
def untested() -> dict[str, str]:
    """Parts of diagnostics that no test expects, with their places."""
    text = expectations()
    sources = sorted({path for pattern in ("lib/**/*.cpp", "lib/**/*.h", "tools/**/*.cpp") for path in ROOT.glob(pattern)})
    return {part: message.place for path in sources for message in messages.messages(path) for part in message.missing(text)}


def test_every_diagnostic_is_expected_by_a_test(untested):
    missing = [f"{place}: {part!r}" for part, place in untested.items() if part not in UNTESTED]
    assert not missing, "no test expects these parts of diagnostics:\n" + "\n".join(missing)


def test_no_exception_is_out_of_date(untested):
    assert set(UNTESTED) <= set(untested), "tested or gone: " + ", ".join(set(UNTESTED) - set(untested))


def test_there_are_diagnostics():
    files = (ROOT / "lib/Dialect/UKernel/IR").glob("*.cpp")
    assert sum(len(messages.messages(file)) for file in files) > 30
