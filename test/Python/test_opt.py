# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import nibble
import pytest

IDENTITY = "func.func @main(%x: tensor<4xi8>) -> tensor<4xi8> { return %x : tensor<4xi8> }"


def test_round_trip():
    assert "func.func @main(%arg0: tensor<4xi8>)" in nibble.opt(IDENTITY)


def test_runs_a_pipeline():
    dead = IDENTITY.replace("{", "{ %c = arith.constant 1 : i8 ")
    assert "arith.constant" in nibble.opt(dead)
    assert "arith.constant" not in nibble.opt(dead, "canonicalize")


def test_bad_text_raises_its_diagnostic():
    with pytest.raises(ValueError, match="error: .*undeclared SSA value"):
        nibble.opt(IDENTITY.replace("return %x", "return %y"))


def test_unknown_pass_raises():
    with pytest.raises(ValueError, match="no-such-pass"):
        nibble.opt(IDENTITY, "no-such-pass")
