"""Whole powers as products: the right values for every exponent, by an interpreter of two lines."""

from __future__ import annotations

import numpy as np
import pytest

from edge.convert.legalise import legalise
from edge.paddle.draft import NewOp
from edge.paddle.program import Program
from tests.paddle.programs import program


def powered(factor: float, *, inplace: bool = False) -> Program:
    out = "x" if inplace else "y"
    return program(
        [NewOp("pow", {"X": ["x"]}, {"Out": [out]}, {"factor": factor})], {"x": (1, 5)}, [out], {"y": (1, 5)}
    )


@pytest.mark.parametrize("exponent", range(2, 17))
@pytest.mark.parametrize("inplace", [False, True], ids=["", "in place"])
def test_a_whole_power_is_made_of_products(exponent: int, inplace: bool) -> None:
    legal, (applied,) = legalise(powered(float(exponent), inplace=inplace), engine="2.13rc0")
    assert applied.rule == ("pow-to-square" if exponent == 2 else "pow-to-products")
    x = np.array([-1.5, -1.0, 0.0, 0.5, 1.25])
    values = {"x": x}
    for op in legal.ops("square", "elementwise_mul"):
        (out,) = op.outputs["Out"]
        a, b = op.input("X"), op.input("Y") or op.input("X")
        assert a is not None
        assert b is not None
        values[out] = values[a] * values[b]
    assert np.allclose(values["x" if inplace else "y"], x**exponent)
    assert len(list(legal.ops("elementwise_mul"))) <= 6


@pytest.mark.parametrize("factor", [0.5, 2.5, -1.0, 0.0, 1.0, 17.0])
def test_other_powers_stay(factor: float) -> None:
    network = powered(factor)
    assert legalise(network, engine="2.13rc0") == (network, ())
