"""A .nb for ARM with x86 kernels in place of ARM's: the same operators, variables and weights, for a machine that has no ARM.

Each operator names its kernel in an attribute, which is written over; an output more is a `fetch` more (`prepend.py`).
"""

from __future__ import annotations

import re

from edge.errors import NbFormatError
from edge.nb.flatbuffer import FlatTable
from edge.nb.prepend import Part, Prepend
from edge.nb.program import kernel_of
from edge.untrusted.guard import guarded

# Kernels of ARM ("op/alias/target/precision/layout") and those that opt takes for the same operators for x86: with them a file
# computes, bit for bit, what opt's conversion for x86 does (tests/convert/verify/test_itself.py). Each pair is equally long.
_SAME = (
    "conv2d", "depthwise_conv2d", "fc", "matmul", "matmul_v2", "pool2d", "softmax", "dropout", "scale", "clip", "slice",
    "elementwise_add", "elementwise_sub", "elementwise_mul", "elementwise_div", "elementwise_max",
    "fusion_elementwise_add_activation", "nearest_interp_v2", "bilinear_interp_v2",
    "relu", "relu6", "leaky_relu", "hard_swish", "sigmoid", "tanh", "gelu", "sqrt", "rsqrt", "square",
    "batch_norm", "layer_norm", "group_norm", "reduce_mean", "reduce_max", "reduce_sum",
)  # fmt: skip
_ON_HOST = ("hard_sigmoid", "swish", "exp", "abs", "pad2d")
X86_KERNELS = {
    **{f"{op}/def/4/1/1": f"{op}/def/2/1/1" for op in _SAME},
    **{f"{op}/def/4/1/1": f"{op}/def/1/1/1" for op in _ON_HOST},
    "concat/def/4/4/1": "concat/def/2/1/1",
    "transpose2/def/4/4/1": "transpose2/def/2/1/1",
}
_HERE = re.compile(r"/[12]/\d+/\d+$")  # of the host or x86


def for_x86(topology: bytes) -> bytes | None:
    """The program with x86 kernels; None where an operator has none that is known to be the same. Raises NbFormatError."""
    data = bytearray(topology)
    with guarded(NbFormatError, "its program cannot be read"):
        for block in FlatTable.root(topology).tables(0):
            for op in block.tables(3):
                kernel, place = kernel_of(op)
                other = kernel if _HERE.search(kernel) else X86_KERNELS.get(kernel)
                if other is None or place is None:
                    return None
                data[place + 4 : place + 4 + len(kernel)] = other.encode()
    return bytes(data)


def with_logits(topology: bytes) -> bytes | None:
    """The program with one output more: what the softmax or sigmoid is taken of that makes its only one, the last operator.

    None for another program. Raises NbFormatError.
    """
    with guarded(NbFormatError, "its program cannot be read"):
        program = FlatTable.root(topology)
        blocks = list(program.tables(0))
        ops = list(blocks[0].tables(3))
        if len(blocks) != 1 or len(ops) < 2 or sum(op.string(0) == "fetch" for op in ops) != 1:
            return None
        closing, fetch = ops[-2:]
        given, made, fetched = (_slot(op, index) for op, index in ((closing, 1), (closing, 2), (fetch, 1)))
        if closing.string(0) not in ("softmax", "sigmoid") or fetch.string(0) != "fetch":
            return None
        if given is None or made is None or fetched is None or made.strings(1) != fetched.strings(1):
            return None
        return _with_fetch(topology, program, blocks[0], fetch, fetched, next(given.places(1)))


def _slot(op: FlatTable, index: int) -> FlatTable | None:
    """The one slot of inputs (1) or outputs (2), if it is one with one variable."""
    named = [slot for slot in op.tables(index) if slot.strings(1)]
    return named[0] if len(named) == 1 and len(named[0].strings(1)) == 1 else None


def _with_fetch(
    topology: bytes, program: FlatTable, block: FlatTable, fetch: FlatTable, fetched: FlatTable, variable: int
) -> bytes:
    """`fetch` once more, behind the last operator: output 1, of the variable whose name lies at `variable`."""
    new = Prepend(topology)

    def kept(table: FlatTable, *indices: int) -> dict[int, int | Part]:
        return {index: new.old(place) for index in indices if (place := table.place(index)) is not None}

    def numbers(table: FlatTable, *indices: int) -> dict[int, int | Part]:
        return {index: table.number(index, "i") for index in indices if table.field(index) is not None}

    slot = new.table({**kept(fetched, 0), 1: new.vector([new.old(variable)])})
    attrs = [
        new.table({**kept(attr, 0), **numbers(attr, 1), 2: 1}) if attr.string(0) == "col" else new.old(attr.at)
        for attr in fetch.tables(3)
    ]
    another = new.table({**kept(fetch, 0, 2), 1: new.vector([slot]), 3: new.vector(attrs)})
    ops = new.vector([*(new.old(place) for place in block.places(3)), another])
    own = new.table({**numbers(block, 0, 1, 4), **kept(block, 2), 3: ops})
    return new.whole(new.table({0: new.vector([own]), **kept(program, 1, 2)}))
