"""Sizes that a program works out when it runs, and that are known, or follow from the others."""

from __future__ import annotations

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft

_LIST = "ShapeTensor"  # a tensor for each size; -1 in `shape` where only it tells
_ASKED = frozenset({"shape", "slice", "fill_constant", "cast"})  # what such tensors are made by


def _by_attribute(draft: Draft) -> int:
    """Leave out the tensors of sizes of which one at most is open: it follows from the number of elements."""
    freed: list[str] = []
    count = 0
    for op in draft.ops("reshape2"):
        given, shape = op.inputs.get(_LIST, ()), tuple(op.attr("shape", ()))
        out = draft.tensor(op.output("Out"))
        if not given or op.input("Shape") or out is None or len(shape) != len(given) or len(shape) != len(out.shape):
            continue
        known = all(one in (-1, 0) or one == size for one, size in zip(shape, out.shape, strict=True))
        if known and shape.count(-1) <= 1:
            op.drop_input(_LIST)
            freed += given
            count += 1
    if freed:
        _drop_unread(draft, set(freed))
    return count


def _drop_unread(draft: Draft, names: set[str]) -> None:
    """What makes these variables goes, where nobody reads them any more, and so does what only that read."""
    makers, readers = draft.makers(), {name: len(ops) for name, ops in draft.readers().items()}
    waiting = sorted(names)
    while waiting:
        name = waiting.pop()
        op = makers.get(name)
        if readers.get(name) or op is None or op.type not in _ASKED or draft.is_weight(name):
            continue
        draft.replace(op)
        del makers[name]
        for read in dict.fromkeys(op.reads):
            readers[read] -= 1
            waiting.append(read)


RESHAPE_OPEN_SIZE = Rule(
    name="reshape-open-size",
    reason="a network exported with an open batch works out the sizes that it reshapes to, each by operators of its own, and "
    "opt then fuses nothing (a shuffle of channels stays three operators); a size that alone is open follows from the others",
    ops=frozenset({"reshape2"}),
    apply=_by_attribute,
)
