"""Reshaping operators without their XShape output, a scratch variable that holds no data."""

from __future__ import annotations

from edge.convert.draft import Draft
from edge.convert.legalise.rule import Rule

_OPS = ("flatten2", "flatten_contiguous_range", "reshape2", "squeeze2", "unsqueeze2")


def _give_xshape(draft: Draft) -> int:
    count = 0
    for op in draft.ops(*_OPS):
        source = op.input("X")
        if op.output("XShape") is None and source is not None:
            described = draft.tensor(source)
            shape, dtype = (described.shape, described.dtype) if described else ((), "float32")
            op.set_output("XShape", [draft.new_tensor(source, dtype, (0, *shape), block=op.block)])
            count += 1
    return count


XSHAPE = Rule(
    name="xshape-output",
    reason="Paddle 2.5 and later leave XShape out: opt 2.13rc0 dies of it (SIGSEGV in InferType) for x86, opt 2.10 aborts, "
    "and runtimes before 2.14 refuse the model",
    ops=frozenset(_OPS),
    apply=_give_xshape,
)
