"""Reshapes in a row, whatever they are: the legalised program computes what the other did, by numpy."""

from __future__ import annotations

from math import prod

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.convert.legalise import legalise
from edge.paddle.draft import AttrValue, NewOp
from edge.paddle.program import Op, Program
from tests.paddle.programs import program

X = (2, 6, 4, 3)


def _computed(network: Program) -> dict[str, NDArray[np.float64]]:
    """The outputs by name."""
    known = {"x": np.arange(prod(X), dtype=np.float64).reshape(X)}
    for op in network.ops():
        if op.type in ("feed", "fetch"):
            continue
        known[op.output("Out") or ""] = _one(op, known[op.input("X") or ""])
    return {spec.name: known[spec.name] for spec in network.fetches}


def _one(op: Op, x: NDArray[np.float64]) -> NDArray[np.float64]:
    if op.type == "relu":
        return x + 1  # any function of each number will do
    if op.type == "transpose2":
        return x.transpose(op.attr("axis"))
    if op.type == "unsqueeze2":
        return np.expand_dims(x, tuple(op.attr("axes")))
    if op.type == "squeeze2":
        return np.squeeze(x, tuple(op.attr("axes")))
    if op.type == "flatten_contiguous_range":
        start, stop = op.attr("start_axis"), op.attr("stop_axis")
        return x.reshape(*x.shape[:start], -1, *x.shape[stop + 1 :])
    assert op.type == "reshape2"
    return x.reshape([x.shape[axis] if size == 0 else size for axis, size in enumerate(op.attr("shape"))])


@st.composite
def _shape(draw: st.DrawFn, count: int) -> list[int]:
    """Sizes whose product is `count`."""
    sizes = []
    while count > 1:
        size = draw(st.sampled_from([k for k in range(1, count + 1) if count % k == 0][:8]))
        sizes.append(size)
        count //= size
        if len(sizes) == 4:
            sizes.append(count)
            break
    return sizes or [1]


@st.composite
def networks(draw: st.DrawFn) -> Program:
    ops = [NewOp("relu", {"X": ["x"]}, {"Out": ["v0"]})]
    shapes: dict[str, tuple[int, ...]] = {"v0": X}
    fetched = []
    for number in range(1, draw(st.integers(2, 9))):
        source = f"v{draw(st.sampled_from([number - 1] * 4 + list(range(number))))}"
        now, name = tuple(shapes[source]), f"v{number}"
        kind = draw(
            st.sampled_from(
                ["reshape2"] * 4 + ["transpose2", "relu", "unsqueeze2", "squeeze2", "flatten_contiguous_range"]
            )
        )
        attrs: dict[str, AttrValue] = {}
        made: tuple[int, ...] = now
        ones = [axis for axis, size in enumerate(now) if size == 1]
        if kind == "transpose2":
            axes = draw(st.permutations(range(len(now))))
            attrs, made = {"axis": list(axes)}, tuple(now[axis] for axis in axes)
        elif kind == "unsqueeze2" and len(now) < 5:
            axis = draw(st.integers(0, len(now)))
            attrs, made = {"axes": [axis]}, (*now[:axis], 1, *now[axis:])
        elif kind == "squeeze2" and ones and len(now) > 1:
            attrs, made = {"axes": [ones[0]]}, (*now[: ones[0]], *now[ones[0] + 1 :])
        elif kind == "flatten_contiguous_range" and len(now) > 1:
            stop = draw(st.integers(1, len(now) - 1))
            attrs, made = (
                {"start_axis": stop - 1, "stop_axis": stop},
                (*now[: stop - 1], now[stop - 1] * now[stop], *now[stop + 1 :]),
            )
        elif kind != "relu":
            kind, asked = "reshape2", draw(_shape(prod(now)))
            made = tuple(asked)
            for axis, size in enumerate(asked):
                if axis < len(now) and now[axis] == size and draw(st.booleans()):
                    asked[axis] = 0
            if draw(st.booleans()):
                asked[draw(st.integers(0, len(asked) - 1))] = -1
            attrs = {"shape": asked}
        outs = {"Out": [name]} if kind in ("relu", "transpose2") else {"Out": [name], "XShape": [f"{name}.s"]}
        shapes[name] = made
        if kind not in ("relu", "transpose2"):
            shapes[f"{name}.s"] = (0, *now)
        ops.append(NewOp(kind, {"X": [source]}, outs, attrs))
        if draw(st.integers(0, 4)) == 0:
            fetched.append(name)
    return program(ops, {"x": X}, list(dict.fromkeys([*fetched, name])), shapes)


@given(networks())
def test_reshapes_in_a_row_compute_what_they_did(network: Program) -> None:
    made, applied = legalise(network, engine="2.13rc0")
    before, after = _computed(network), _computed(made)
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) and before[name].shape == after[name].shape for name in before)
    left_out = len(list(network.ops())) - len(list(made.ops()))
    assert left_out == sum(one.count for one in applied if one.rule == "reshapes-to-one")
    assert legalise(made, engine="2.13rc0")[1] == ()
