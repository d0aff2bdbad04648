# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX's own test cases: those that pass, and no others, are those that refused.txt does not name."""
import onnx
import pytest
from conformance import collect, outcomes, read_refused

pytestmark = pytest.mark.skipif(not onnx.__version__.startswith("1.23."), reason="the list is that of onnx 1.23")


def test_all_cases_do_as_listed():
    refused, reasons = read_refused(), outcomes(list(collect()))
    assert not set(refused) - set(reasons), "refused.txt names cases that ONNX does not have"
    broken = {name: why for name, why in reasons.items() if why and name not in refused}
    assert not broken, "cases that passed before; mend them"
    mended = sorted(name for name in refused if not reasons[name])
    assert not mended, "cases that pass now: run `./dev conformance --update`"


def test_no_case_is_wrong():
    """What cannot be compiled is refused, with a reason: no crash, and no other numbers."""
    wrong = {name: why for name, why in read_refused().items() if why.startswith("WRONG")}
    assert not wrong
