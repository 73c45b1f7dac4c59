"""Which layers of a quantised network stay float, and what becomes of the program."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from edge.convert.kept import Measure, choose, no_nearer, unquantised
from edge.errors import ConvertError
from edge.paddle.draft import NewOp
from edge.paddle.program import Program
from edge.toolchain.answers import FloatAgreement
from tests.paddle.programs import program

HARMS = {"a": 0.01, "b": 0.2, "c": 0.05, "d": 0.004}


@pytest.fixture
def measure() -> tuple[Measure, list[int]]:
    """A network to whose output every layer in int8 does its harm; and how many networks each question was about."""
    asked: list[int] = []

    def measure(kept: Sequence[Sequence[str]], harms: bool) -> Sequence[FloatAgreement]:
        del harms
        asked.append(len(kept))
        return [
            FloatAgreement(1.0, 1 - sum(harm for layer, harm in HARMS.items() if layer not in names)) for names in kept
        ]

    return measure, asked


@pytest.mark.parametrize(
    ("wanted", "kept", "cosine"), [(1, ["b"], 0.936), (2, ["b", "c"], 0.986), (0.93, ["b"], 0.936), (0.5, [], 0.736)]
)
def test_the_most_harmed_stay_float(
    measure: tuple[Measure, list[int]], wanted: float, kept: list[str], cosine: float
) -> None:
    made = choose("net", list(HARMS), wanted, measure[0])
    assert [one.layer for one in made.layers] == ["b", "c", "a", "d"]
    assert [one.harm for one in made.layers] == pytest.approx([0.2, 0.05, 0.01, 0.004])
    assert [one.layer for one in made.layers if one.kept] == list(made.names) == kept
    assert made.figures.mean_cosine == pytest.approx(cosine)
    assert measure[1][0] == 5  # all in float, and each alone in int8


@pytest.mark.parametrize(
    ("wanted", "says"),
    [(4, "net: 4 of its convolutions are to stay float, and 4 could compute in int8"),
     (0.9999, "the mean cosine is 0.9960 at most while one convolution or more computes in int8, not 0.9999")],
)  # fmt: skip
def test_a_network_without_int8_is_refused(measure: tuple[Measure, list[int]], wanted: float, says: str) -> None:
    with pytest.raises(ConvertError, match=says):
        choose("net", list(HARMS), wanted, measure[0])


def test_a_number_of_layers_in_float_that_brings_nothing_is_said() -> None:
    """Harms of single layers do not add up."""
    assert no_nearer(3, 0.71, 0.77) is None
    assert no_nearer(0.9, 0.95, 0.95) is None  # as few as are needed: none
    assert no_nearer(3, 0.771, 0.75) == (
        "with 3 in float the mean cosine is 0.7500, with none 0.7710: leave out --int8-keep, or ask for a cosine"
    )


def two_convolutions(*, share: bool) -> Program:
    """Of one input, each quantised by an operator of its own, or with `share` by the same."""
    ops, shapes = [], dict.fromkeys(("q", "q2", "c1", "c2", "y1", "y2"), (1, 2, 4, 4))
    for number in ("1", "2"):
        numbers = "q" if share or number == "1" else "q2"
        if number == "1" or not share:
            ops.append(NewOp("fake_quantize_range_abs_max", {"X": ["x"], "InScale": ["xs"]},
                             {"Out": [numbers], "OutScale": ["xs"]}, {"bit_length": 8}))  # fmt: skip
        ops += [
            NewOp("conv2d", {"Input": [numbers], "Filter": [f"w{number}"]}, {"Output": [f"c{number}"]}),
            NewOp("fake_channel_wise_dequantize_max_abs", {"X": [f"c{number}"], "Scales": [f"s{number}", "xs"]},
                  {"Out": [f"y{number}"]}, {"quant_bits": [8, 8]}),
        ]  # fmt: skip
    weights = {"w1": (2, 2, 1, 1), "w2": (2, 2, 1, 1), "s1": (2,), "s2": (2,), "xs": (1,)}
    return program(ops, {"x": (1, 2, 4, 4)}, ["y1", "y2"], shapes, weights)


def convolutions(made: Program) -> dict[str | None, tuple[str | None, str | None]]:
    return {op.input("Filter"): (op.input("Input"), op.output("Output")) for op in made.ops("conv2d")}


def count(made: Program, kind: str) -> int:
    return sum(op.type.startswith(kind) for op in made.ops())


@pytest.mark.parametrize("share", [False, True])
def test_a_kept_layer_is_as_it_was_before(share: bool) -> None:
    made = unquantised(two_convolutions(share=share), ["w1"])
    assert convolutions(made) == {"w1": ("x", "y1"), "w2": ("q" if share else "q2", "c2")}
    assert (count(made, "fake_quantize"), count(made, "fake_channel")) == (1, 1)
    whole = unquantised(two_convolutions(share=share), ["w1", "w2"])
    assert convolutions(whole) == {"w1": ("x", "y1"), "w2": ("x", "y2")}
    assert count(whole, "fake_") == 0
