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


def test_nested_functions_of_extents():
    """As many as text may nest, so that it cannot exhaust the stack, and one more."""
    def parse(depth):
        extent = "min(d0, " * depth + "d1" + ")" * depth
        return nibble.opt("func.func private @f() attributes {a = #nibble.extents<[" + extent + "]>}")
    assert parse(256).count("min(d0, ") == 256
    with pytest.raises(ValueError, match="error: expected at most 256 nested functions"):
        parse(257)
