"""A program cut short: the same network up to some of its variables, which become its outputs."""

from __future__ import annotations

from collections.abc import Sequence

from edge.errors import ProgramError
from edge.paddle.draft import Draft
from edge.paddle.program import Program


def cut(program: Program, names: Sequence[str]) -> Program:
    """The program whose outputs are the variables `names`, in this order, without what only other outputs needed.

    Inputs that nothing needs any more go, too. Of a program with several blocks (loops, branches) every operator stays. Raises
    `ProgramError` for a variable that nothing makes.
    """
    made = {name for op in program.ops() for out in op.outputs.values() for name in out}
    if missing := [name for name in names if name not in made]:
        raise ProgramError(f"The program has no variable {missing[0]}.")
    draft = Draft.of(program)
    fetched = {op.input("X") for op in draft.ops("fetch")}
    for name in names:
        if name not in fetched:
            draft.add_fetch(name)
    for op in list(draft.ops("fetch")):
        if op.input("X") not in names:
            draft.replace(op)
        else:
            op.set_attr("col", list(names).index(op.input("X") or ""))
    draft.flush()
    if all(op.block == 0 for op in draft.ops()):
        _prune(draft)
    return draft.build()


def _prune(draft: Draft) -> None:
    needed: set[str] = set()
    for op in reversed(list(draft.ops())):
        outputs = [name for out in op.outputs.values() for name in out]
        if op.type == "fetch" or any(name in needed for name in outputs):
            needed.update(op.reads)
        else:
            draft.replace(op)
    draft.flush()
    for col, feed in enumerate(sorted(draft.ops("feed"), key=lambda op: int(op.attr("col", 0)))):
        feed.set_attr("col", col)
