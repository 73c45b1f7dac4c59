"""Several images at once through the x86 twin of a quantised network, so that an x86 fault does not show.

The x86 engine rounds the end of an int8 tensor wrongly where its elements, beyond a multiple of 32, are 8 or more (see
edge.convert.verify.x86_int8). A batch makes the tensors longer by a factor: with one of 32 each is a multiple of 32, often
a smaller one does. So the twin of a file for ARM, which has no such fault, has all the int8 convolutions of that file.
"""

from __future__ import annotations

from math import prod

from edge.paddle.draft import Draft, OpDraft
from edge.paddle.program import Program

VECTOR, SAFE_REST = 32, 7  # elements that the x86 engine rounds at once; the most that may be left over


def safe_batch(program: Program) -> int:
    """The smallest power of two of images with which no int8 tensor ends where the x86 engine rounds wrongly.

    1 where the program quantises no activations; 32 where it leaves sizes open.
    """
    quantised = {op.input("X") for op in program.ops() if op.type.startswith("fake_quantize")}
    shapes = [spec.shape for name in quantised if (spec := program.tensor(name or "")) is not None and spec.shape]
    if any(-1 in shape[1:] for shape in shapes):
        return VECTOR
    sizes = [prod(shape[1:]) for shape in shapes]  # of one image
    return next(
        batch for batch in (1, 2, 4, 8, 16, VECTOR) if all(size * batch % VECTOR <= SAFE_REST for size in sizes)
    )


def opened(program: Program) -> Program:
    """The program of one image for any number of them.

    Inputs get an open batch, and a reshape2 that writes the batch's 1 as a number takes over its input's. What else depends
    on a batch of one stays as it is: such a program fails when it is given more.
    """
    draft = Draft.of(program)
    for op in [op for op in draft.ops("reshape2") if _keeps_one(draft, op)]:
        op.set_attr("shape", [0, *op.attr("shape")[1:]])
    for spec in program.feeds:
        draft.set_shape(spec.name, [-1, *spec.shape[1:]])
    return draft.build()


def _keeps_one(draft: Draft, op: OpDraft) -> bool:
    x, out = draft.tensor(op.input("X")), draft.tensor(op.output("Out"))
    if x is None or out is None or draft.is_weight(x.name) or op.input("Shape") or op.input("ShapeTensor"):
        return False
    return tuple(x.shape[:1]) == tuple(out.shape[:1]) == tuple(op.attr("shape", ())[:1]) == (1,)
