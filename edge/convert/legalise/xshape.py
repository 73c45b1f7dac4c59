"""Reshaping operators without their XShape output, a scratch variable that holds no data."""

from __future__ import annotations

from functools import partial

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft

_OTHERS = frozenset({"flatten2", "reshape2", "squeeze2", "transpose2", "unsqueeze2"})


def _give_xshape(draft: Draft, ops: frozenset[str]) -> int:
    count = 0
    for op in draft.ops(*ops):
        source = op.input("X")
        if op.output("XShape") is None and source is not None:
            described = draft.tensor(source)
            shape, dtype = (described.shape, described.dtype) if described else ((), "float32")
            op.set_output("XShape", [draft.new_tensor(source, dtype, (0, *shape), block=op.block)])
            count += 1
    return count


FLATTEN_XSHAPE = Rule(
    name="flatten-xshape",
    reason="without XShape, which Paddle 2.5 and later leave out, opt 2.13rc0 dies (SIGSEGV in InferType) for x86 and "
    "runtimes before 2.14 refuse the model",
    ops=frozenset({"flatten_contiguous_range"}),
    apply=partial(_give_xshape, ops=frozenset({"flatten_contiguous_range"})),
)

OTHER_XSHAPES = Rule(
    name="xshape-output",
    reason="without XShape, which Paddle 2.5 and later leave out, opt 2.10 and 2.11 abort and their engines die running it",
    ops=_OTHERS,
    engines=frozenset({"2.10", "2.11"}),
    apply=partial(_give_xshape, ops=_OTHERS),
)
