from __future__ import annotations

from edge.paddle.draft import Draft, NewOp
from edge.paddle.program import Program
from tests.paddle.programs import program

CHAIN = program(
    [NewOp("relu", {"X": ["x"]}, {"Out": ["a"]}), NewOp("relu", {"X": ["a"]}, {"Out": ["y"]})],
    {"x": (1, 2)},
    ["y"],
    {"a": (1, 2), "y": (1, 2)},
)


def types(network: Program) -> list[str]:
    return [op.type for op in network.ops()]


def test_an_operator_is_replaced_in_its_place_and_the_original_stays() -> None:
    draft = Draft.of(CHAIN)
    first = next(draft.ops("relu"))
    between = draft.new_tensor("a", "float32", (1, 2))
    draft.replace(
        first,
        NewOp("abs", {"X": ["x"]}, {"Out": [between]}),
        NewOp(
            "sqrt", {"X": [between]}, {"Out": ["a"]}, {"n": 3, "f": 0.5, "s": "t", "b": True, "fs": [1.0], "is": [2]}
        ),
    )
    changed = draft.build()
    assert types(changed) == ["feed", "abs", "sqrt", "relu", "fetch"]
    assert types(CHAIN) == ["feed", "relu", "relu", "fetch"]
    made = next(changed.ops("sqrt"))
    assert made.attr_kinds == {"n": "INT", "f": "FLOAT", "s": "STRING", "b": "BOOLEAN", "fs": "FLOATS", "is": "INTS"}
    assert made.input("X") == between
    assert Program.parse(changed.serialize()).serialize() == changed.serialize()


def test_several_replacements_keep_their_places() -> None:
    draft = Draft.of(CHAIN)
    for op in draft.ops("relu"):
        draft.replace(op, NewOp("abs", op.inputs, op.outputs), NewOp("abs", op.outputs, op.outputs))
    assert types(draft.build()) == ["feed", "abs", "abs", "abs", "abs", "fetch"]


def test_an_operator_is_left_out() -> None:
    draft = Draft.of(CHAIN)
    draft.replace(next(draft.ops("relu")))
    assert types(draft.build()) == ["feed", "relu", "fetch"]


def test_attributes_and_slots_are_set_and_dropped() -> None:
    draft = Draft.of(CHAIN)
    op = next(draft.ops("relu"))
    op.set_type("relu6")
    op.set_attr("threshold", 6)
    op.set_attr("threshold", 6.0)
    op.set_input("Old", ["x"])
    op.drop_input("Old")
    op.set_input("X", ["y"])
    built = next(draft.build().ops("relu6"))
    assert built.attr_kinds == {"threshold": "FLOAT"}
    assert built.outputs == {"Out": ("a",)}
    assert built.input("X") == "y"


def test_new_names_are_never_taken_twice() -> None:
    draft = Draft.of(CHAIN)
    names = {draft.new_tensor("a", "float32", (1, 2)) for _ in range(3)}
    again = Draft.of(draft.build())
    names.add(again.new_tensor("a", "float32", (1, 2)))
    assert len(names) == 4
