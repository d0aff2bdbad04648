# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX's own test cases, compiled in float and run: how many pass, and why the others do not.

    ./dev conformance [--suite NAME] [--only TEXT] [--update] [--json FILE]

A case passes when the model compiles, every data set runs, and each output has the expected type and is as near as the
case asks. `refused.txt` holds the cases that do not, each with the compiler's reason; `--update` writes it anew.
"""
import argparse
import collections
import concurrent.futures
import json
import multiprocessing
import os
import re
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
from rich.console import Console
from rich.progress import track

REFUSED = Path(__file__).parent / "refused.txt"
SUITES = ("node", "simple", "pytorch-converted", "pytorch-operator")
SINGLE = "DIFFERS: 0 where the exact value is 0; the case expects 1.9e-7, its own rounding, and allows 1e-7"
ROUNDED = "DIFFERS: computes in float32, where the expected values are those of steps rounded to 16 bits"
# Cases whose numbers are not those of ONNX's reference, and why they are near enough.
DIFFERING = {"test_dft_inverse": SINGLE, "test_dft_inverse_opset19": SINGLE} | dict.fromkeys((
    "test_attention_3d_causal_bf16",
    "test_attention_3d_causal_bf16_expanded",
    "test_attention_4d_attn_mask_causal_bf16",
    "test_attention_4d_attn_mask_causal_bf16_expanded",
    "test_attention_4d_causal_bf16",
    "test_attention_4d_causal_bf16_expanded",
    "test_attention_4d_causal_fp16_expanded",
    "test_attention_4d_causal_padded_kv_bf16_expanded",
    "test_attention_4d_padded_kv_bf16_expanded",
), ROUNDED)


def load(path: Path, type: onnx.TypeProto):
    """A value as the onnx package's files keep it."""
    kind = {"sequence_type": onnx.SequenceProto, "optional_type": onnx.OptionalProto}
    value = kind.get(type.WhichOneof("value"), onnx.TensorProto)()
    value.ParseFromString(path.read_bytes())
    return value


def load_case(case):
    """A case of the suites that the onnx package has as files, with its model and data."""
    case.model = onnx.load(Path(case.model_dir) / "model.onnx")
    initialized = {tensor.name for tensor in case.model.graph.initializer}
    inputs = [each for each in case.model.graph.input if each.name not in initialized]
    case.data_sets = [tuple([load(folder / f"{kind}_{i}.pb", each.type) for i, each in enumerate(values)]
                            for kind, values in (("input", inputs), ("output", case.model.graph.output)))
                      for folder in sorted(Path(case.model_dir).glob("test_data_set_*"))]
    return case


def collect(suites=SUITES) -> dict:
    """ONNX's cases by name: those of `node` are made from seeds, so the same everywhere; the others lie in files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases
        from onnx.backend.test.loader import load_model_tests
        cases = {case.name: case for case in collect_testcases(None)} if "node" in suites else {}
        files = [case for suite in suites if suite != "node" for case in load_model_tests(kind=suite)]
        return cases | {case.name: load_case(case) for case in files}


def to_array(value):
    if isinstance(value, onnx.TensorProto):
        return onnx.numpy_helper.to_array(value)
    if isinstance(value, onnx.SequenceProto):
        return onnx.numpy_helper.to_list(value)
    if isinstance(value, onnx.OptionalProto):
        return onnx.numpy_helper.to_optional(value)
    return value if isinstance(value, (np.ndarray, list, dict, type(None))) else np.asarray(value)


def reason(error: Exception) -> str:
    """The first line of an error, without the names of the case's file and node."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    first = re.sub(r"^(error: )?(node '[^']*': )?", "", re.sub(r"\S*case\.onnx: ", "", first))
    return re.sub(r"node '[^']*' \((\S+?)(, opset \d+)?\): ", r"\1: ", first)


def check(want, got, case) -> None:
    got = np.asarray(got)
    if not isinstance(want, np.ndarray):
        raise TypeError("the expected output is not a tensor")
    if got.dtype != want.dtype:
        raise TypeError(f"an output has type {got.dtype}, expected {want.dtype}")
    if want.dtype.kind in "OSU":
        np.testing.assert_array_equal(got, want)
    else:
        np.testing.assert_allclose(got, want, rtol=case.rtol, atol=case.atol)


def run(case) -> str:
    """Empty if the case passes, or why it does not."""
    import nibble

    initialized = {tensor.name for tensor in case.model.graph.initializer}
    names = [each.name for each in case.model.graph.input if each.name not in initialized]
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "case.onnx"
            onnx.save(case.model, path)
            compiled = nibble.compile(path, weights="float")
        for inputs, outputs in case.data_sets:
            got = compiled.run(dict(zip(names, map(to_array, inputs))))
            for want, each in zip(map(to_array, outputs), got, strict=True):
                check(want, each, case)
    except AssertionError:
        return DIFFERING.get(case.name, "WRONG: outputs differ")
    except Exception as error:  # noqa: BLE001: whatever it is, it is this case's reason
        return reason(error)
    return ""


_cases = {}


def _start() -> None:
    """In each process of a pool: not a copy of this one, whose compiler may have threads."""
    _cases.update(collect())


def _run(name: str) -> str:
    return run(_cases[name])


def outcomes(names: list, progress=lambda all, total: all) -> dict:
    """The reason of each case, each pool of processes taking on what a crash leaves."""
    result, left = {}, list(names)
    while left:
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), mp_context=context, initializer=_start) as pool:
            futures = {name: pool.submit(_run, name) for name in left}
            for name in progress(left, total=len(left)):
                try:
                    result[name] = futures[name].result()
                except concurrent.futures.process.BrokenProcessPool:
                    result[name] = "WRONG: the process ended"
                    break
        left = [name for name in left if name not in result]
    return result


def read_refused() -> dict:
    lines = [line.split("\t", 1) for line in REFUSED.read_text().splitlines() if line and not line.startswith("#")]
    return {name: why for name, why in lines}


def write_refused(reasons: dict) -> None:
    head = ("# ONNX's test cases that do not pass, and the compiler's reason.\n"
            "# Written by `./dev conformance --update`; read by test_conformance.py, which fails when one of them passes.\n")
    REFUSED.write_text(head + "".join(f"{name}\t{why}\n" for name, why in sorted(reasons.items())))


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev conformance", description=__doc__.splitlines()[0])
    parser.add_argument("--suite", choices=SUITES, help="cases of one of the onnx package's suites; all without it")
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    parser.add_argument("--update", action="store_true", help="write refused.txt anew")
    parser.add_argument("--json", metavar="FILE", help="write each case's outcome to a file")
    options = parser.parse_args()
    if options.update and (options.only or options.suite):
        parser.error("--update needs all cases: leave out --only and --suite")
    suites = [options.suite] if options.suite else SUITES
    names = [name for name in collect(suites) if options.only in name]
    if not names:
        parser.error(f"no case's name holds '{options.only}'")
    console = Console(stderr=True)
    reasons = outcomes(names, lambda all, total: track(all, "cases", total=total, console=console,
                                                       disable=not console.is_terminal))
    failed = {name: why for name, why in reasons.items() if why}
    if options.json:
        Path(options.json).write_text(json.dumps(reasons, indent=1) + "\n")
    if options.update:
        write_refused(failed)
    for why, count in collections.Counter(failed.values()).most_common(20):
        print(f"{count:6} {why}")
    wrong = sum(why.startswith("WRONG") for why in failed.values())
    differ = sum(why.startswith("DIFFERS") for why in failed.values())
    print(f"{len(names) - len(failed)} of {len(names)} cases pass, {len(failed) - wrong - differ} are refused, "
          f"{differ} differ for a reason, {wrong} are wrong")


if __name__ == "__main__":
    sys.exit(main())
