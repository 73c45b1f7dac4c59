"""Where a network is judged."""

from __future__ import annotations

from edge.convert.verify.points import at_points, makes, points_of
from edge.paddle.draft import NewOp
from edge.paddle.program import Program
from tests.paddle.programs import program

X = {"x": (1, 3, 4, 4)}


def op(kind: str, x: str, out: str) -> NewOp:
    return NewOp(kind, {"X": [x]}, {"Out": [out]})


def net(*ops: NewOp, fetches: list[str]) -> Program:
    names = {name for one in ops for out in one.outputs.values() for name in out}
    return program(ops, X, fetches, dict.fromkeys(names, (1, 3, 4, 4)))


NMS = NewOp("multiclass_nms3", {"BBoxes": ["b"], "Scores": ["s"]}, {"Out": ["y"], "Index": ["i"], "NmsRoisNum": ["n"]})
DETECTOR = net(op("relu", "x", "b"), op("tanh", "x", "l"), op("sigmoid", "l", "s"), NMS, op("cast", "y", "z"),
               fetches=["z", "n"])  # fmt: skip


def test_of_every_output_the_logits_too() -> None:
    two = net(op("relu", "x", "l"), op("softmax", "l", "p"), op("sigmoid", "l", "q"), op("tanh", "x", "t"),
              fetches=["p", "q", "t"])  # fmt: skip
    points = points_of(two)
    assert (points.values, points.logits, points.remark) == (("p", "q", "t"), {"p": "l", "q": "l"}, None)
    assert points.names == ("p", "q", "t", "l")
    assert [spec.name for spec in at_points(two, points).fetches] == ["p", "q", "t", "l"]


def test_boxes_are_judged_before_some_survive() -> None:
    points = points_of(DETECTOR)
    assert (points.values, points.logits) == (("b", "s"), {"s": "l"})
    assert (points.behind, points.by) == (("z", "n"), ("multiclass_nms3",))
    assert points.remark == "judged before multiclass_nms3: z, n behind it were not compared"
    made = at_points(DETECTOR, points)
    assert [spec.name for spec in made.fetches] == ["b", "s", "l"]
    assert "multiclass_nms3" not in made.op_types


def test_the_greatest_class_is_judged_by_what_is_compared() -> None:
    mapped = net(op("relu", "x", "l"), op("arg_max", "l", "y"), fetches=["y"])
    points = points_of(mapped)
    assert (points.values, points.behind) == (("l",), ("y",))
    assert points.remark == "judged before arg_max: y behind it was not compared"


def test_an_output_beside_a_choice_is_judged_itself() -> None:
    both = net(op("relu", "x", "l"), op("arg_max", "l", "y"), op("tanh", "x", "t"), fetches=["y", "t"])
    assert points_of(both).values == ("t", "l")


def test_a_choice_that_no_output_depends_on_changes_nothing() -> None:
    unused = net(op("relu", "x", "l"), op("arg_max", "l", "y"), fetches=["l"])
    points = points_of(unused)
    assert (points.values, points.behind, points.by) == (("l",), (), ())


def test_a_choice_of_the_input_itself_leaves_nothing_to_judge() -> None:
    assert points_of(net(op("arg_max", "x", "y"), fetches=["y"])).values == ()


def test_points_that_another_form_of_the_network_lacks_are_left_out() -> None:
    fewer = points_of(DETECTOR).among(makes(net(op("relu", "x", "b"), op("tanh", "x", "s"), fetches=["b", "s"])))
    assert (fewer.values, fewer.logits, fewer.lost) == (("b", "s"), {}, ())
    none = points_of(DETECTOR).among({"s", "l"})
    assert (none.values, none.logits, none.lost) == (("s",), {"s": "l"}, ("b",))
    assert str(none.remark).endswith("; b was not compared: the converted network has no such variable")
