from __future__ import annotations

import pytest

from edge.errors import ProgramError
from edge.paddle.cut import cut
from edge.paddle.draft import NewOp
from edge.paddle.program import Program
from tests.paddle.programs import program

NET = program(
    [
        NewOp("relu", {"X": ["a"]}, {"Out": ["h"]}),
        NewOp("tanh", {"X": ["b"]}, {"Out": ["t"]}),
        NewOp("elementwise_mul", {"X": ["h"], "Y": ["t"]}, {"Out": ["y"]}, {"axis": -1}),
        NewOp("sigmoid", {"X": ["h"]}, {"Out": ["z"]}),
    ],
    {"a": (1, 4), "b": (1, 4)},
    ["y", "z"],
    dict.fromkeys("htyz", (1, 4)),
    {"w": (3,)},
)


def ends(made: Program) -> tuple[list[str], list[str]]:
    return [spec.name for spec in made.feeds], [spec.name for spec in made.fetches]


def test_what_only_other_outputs_needed_goes() -> None:
    made = cut(NET, ["z", "h"])
    assert ends(made) == (["a"], ["z", "h"])
    assert {op.type for op in made.ops()} == {"feed", "relu", "sigmoid", "fetch"}
    assert [op.attr("col") for op in made.ops("feed")] == [0]
    assert made.persistables == NET.persistables  # the parameters' file is read by all of them


def test_inputs_keep_their_order_and_are_numbered_anew() -> None:
    made = cut(NET, ["t"])
    assert ends(made) == (["b"], ["t"])
    assert [op.attr("col") for op in made.ops("feed")] == [0]
    assert ends(cut(NET, ["y"])) == (["a", "b"], ["y"])


def test_the_program_itself_stays() -> None:
    cut(NET, ["h"])
    assert ends(NET) == (["a", "b"], ["y", "z"])


def test_a_variable_that_nothing_makes() -> None:
    with pytest.raises(ProgramError, match="no variable nothing"):
        cut(NET, ["nothing"])
