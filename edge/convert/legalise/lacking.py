"""Operators that no version of Paddle-Lite has, as those that it has."""

from __future__ import annotations

from collections.abc import Sequence

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft, NewOp, OpDraft
from edge.paddle.program import TensorSpec


def _deformable(draft: Draft) -> int:
    """Without a mask, as with one of ones: a third of the offsets' numbers, times 0 plus 1."""
    count = 0
    for op in list(draft.ops("deformable_conv_v1")):
        offset = draft.tensor(op.input("Offset"))
        if offset is None or len(offset.shape) != 4 or offset.shape[1] < 2:
            continue
        shape = (offset.shape[0], offset.shape[1] // 2, *offset.shape[2:])
        half, ones = (draft.new_tensor(offset.name, "float32", shape, block=op.block) for _ in range(2))
        cut = {"axes": [1], "starts": [0], "ends": [shape[1]], "infer_flags": [1], "decrease_axis": []}
        one = {"scale": 0.0, "bias": 1.0, "bias_after_scale": True}
        draft.precede(
            op,
            NewOp("slice", {"Input": [offset.name]}, {"Out": [half]}, cut),
            NewOp("scale", {"X": [half]}, {"Out": [ones]}, one),
        )
        op.set_type("deformable_conv")
        op.set_input("Mask", [ones])
        count += 1
    return count


def _repeated(draft: Draft) -> int:
    """A new axis behind the one that is repeated, tiled, and joined with it."""
    count = 0
    for op in list(draft.ops("repeat_interleave")):
        x, out = draft.tensor(op.input("X")), op.output("Out")
        if x is None or out is None or op.input("RepeatsTensor") or not x.shape:
            continue
        if not op.has_attr("Repeats"):
            continue
        rank, times = len(x.shape), op.attr("Repeats")
        axis = op.attr("dim", 0) % rank
        apart = (*x.shape[: axis + 1], 1, *x.shape[axis + 1 :])
        made = [
            draft.new_tensor(x.name, x.dtype, (*apart[: axis + 1], n, *apart[axis + 2 :]), block=op.block)
            for n in (1, times)
        ]
        scratch = [draft.new_tensor(x.name, x.dtype, (), block=op.block) for _ in range(2)]
        repeat = [times if k == axis + 1 else 1 for k in range(rank + 1)]
        draft.replace(
            op,
            NewOp("unsqueeze2", {"X": [x.name]}, {"Out": [made[0]], "XShape": [scratch[0]]}, {"axes": [axis + 1]}),
            NewOp("tile", {"X": [made[0]]}, {"Out": [made[1]]}, {"repeat_times": repeat}),
            NewOp("flatten_contiguous_range", {"X": [made[1]]}, {"Out": [out], "XShape": [scratch[1]]},
                  {"start_axis": axis, "stop_axis": axis + 1}),
        )  # fmt: skip
        count += 1
    return count


def _einsums(draft: Draft) -> int:
    count = 0
    for op in list(draft.ops("einsum")):
        names = op.inputs.get("Operands", ())
        specs = [spec for name in names if (spec := draft.tensor(name)) is not None]
        out = draft.tensor(op.output("Out"))
        if len(specs) == len(names) == 2 and out is not None and (new := _product(draft, op, specs, out)):
            draft.replace(op, *new)
            count += 1
    return count


def _product(draft: Draft, op: OpDraft, specs: Sequence[TensorSpec], out: TensorSpec) -> list[NewOp]:
    """Two tensors by a matrix product: their axes ordered as (in both and kept, in one only, summed), each group joined to one.

    Nothing for equations of another kind, and where a group has more than one open size.
    """
    left, _, result = op.attr("equation", "").replace(" ", "").partition("->")
    a, b = left.split(",") if left.count(",") == 1 else ("", "")
    if (
        "." in left
        or not a
        or not b
        or sorted(set(result)) != sorted(result)
        or len(set(a)) < len(a)
        or len(set(b)) < len(b)
    ):
        return []
    if (len(a), len(b)) != (len(specs[0].shape), len(specs[1].shape)):
        return []
    sizes = dict(zip(b, specs[1].shape, strict=True)) | dict(zip(a, specs[0].shape, strict=True))
    both = [label for label in a if label in b and label in result]
    summed = [label for label in a if label in b and label not in result]
    rows, columns = [label for label in a if label not in b], [label for label in b if label not in a]
    groups = (both, rows, columns, summed)
    if not summed or set(result) != {*both, *rows, *columns}:
        return []  # a sum over one tensor's own axis, or no sum
    joined = [_joined([sizes[label] for label in group]) for group in groups]
    if None in joined or joined.count(-1) > 1:
        return []
    batch, m, n, k = (size or 1 for size in joined)
    made: list[NewOp] = []
    x = _arranged(draft, op, made, specs[0], [a.index(label) for label in (*both, *rows, *summed)], (batch, m, k))
    y = _arranged(draft, op, made, specs[1], [b.index(label) for label in (*both, *summed, *columns)], (batch, k, n))
    product = draft.new_tensor(out.name, out.dtype, (batch, m, n), block=op.block)
    made.append(NewOp("matmul_v2", {"X": [x], "Y": [y]}, {"Out": [product]}, {"trans_x": False, "trans_y": False}))
    labels = [*both, *rows, *columns]
    order = [labels.index(label) for label in result]
    whole = tuple(sizes[label] for label in labels)
    last = out.name if order == sorted(order) else draft.new_tensor(out.name, out.dtype, whole, block=op.block)
    made.append(_op(draft, op, "reshape2", product, last, {"shape": list(whole)}))
    if last != out.name:
        made.append(_op(draft, op, "transpose2", last, out.name, {"axis": order}))
    return made


def _arranged(
    draft: Draft, op: OpDraft, made: list[NewOp], x: TensorSpec, order: Sequence[int], shape: tuple[int, int, int]
) -> str:
    """A variable with the axes of `x` in that order, joined to three."""
    name = x.name
    if list(order) != sorted(order):
        name = draft.new_tensor(x.name, x.dtype, [x.shape[k] for k in order], block=op.block)
        made.append(_op(draft, op, "transpose2", x.name, name, {"axis": list(order)}))
    three = draft.new_tensor(x.name, x.dtype, shape, block=op.block)
    made.append(_op(draft, op, "reshape2", name, three, {"shape": list(shape)}))
    return three


def _op(draft: Draft, op: OpDraft, kind: str, x: str, out: str, attrs: dict[str, list[int]]) -> NewOp:
    scratch = draft.new_tensor(x, "float32", (), block=op.block)
    return NewOp(kind, {"X": [x]}, {"Out": [out], "XShape": [scratch]}, attrs)


def _joined(sizes: Sequence[int]) -> int | None:
    """Their product: -1 with one that is open, None with more."""
    if list(sizes).count(-1) > 1:
        return None
    product = 1
    for size in sizes:
        product *= abs(size)
    return -1 if -1 in sizes else product


def _folded(draft: Draft) -> int:
    """Of patches that do not overlap: their rows and columns put between those of the grid they lie in."""
    count = 0
    for op in list(draft.ops("fold")):
        x, out = draft.tensor(op.input("X")), draft.tensor(op.output("Y"))
        high, wide = op.attr("kernel_sizes", (0, 0))
        plain = tuple(op.attr("strides", ())) == (high, wide) and set(op.attr("dilations", (1,))) == {1}
        if x is None or out is None or not plain or set(op.attr("paddings", (0,))) != {0} or len(out.shape) != 4:
            continue
        _, channels, height, width = out.shape
        if min(channels, height, width) < 1 or height % high or width % wide:
            continue
        rows, columns = height // high, width // wide
        patches = draft.new_tensor(x.name, x.dtype, (-1, high, wide, rows, columns), block=op.block)
        grid = draft.new_tensor(x.name, x.dtype, (-1, rows, high, columns, wide), block=op.block)
        draft.replace(
            op,
            _op(draft, op, "reshape2", x.name, patches, {"shape": [-1, high, wide, rows, columns]}),
            _op(draft, op, "transpose2", patches, grid, {"axis": [0, 3, 1, 4, 2]}),
            _op(draft, op, "reshape2", grid, out.name, {"shape": [-1, channels, height, width]}),
        )
        count += 1
    return count


DEFORMABLE_MASK = Rule(
    name="deformable-conv-mask",
    reason="Paddle-Lite has the deformable convolution with a mask only: one of ones changes nothing",
    ops=frozenset({"deformable_conv_v1"}),
    apply=_deformable,
)

REPEAT_BY_TILE = Rule(
    name="repeat-interleave-to-tile",
    reason="Paddle-Lite has no repeat_interleave; a new axis, tiled and joined, repeats the same",
    ops=frozenset({"repeat_interleave"}),
    apply=_repeated,
)

EINSUM_TO_MATMUL = Rule(
    name="einsum-to-matmul",
    reason="Paddle-Lite has no einsum; of two tensors it is a matrix product of their axes in another order",
    ops=frozenset({"einsum"}),
    apply=_einsums,
)

FOLD_TO_RESHAPE = Rule(
    name="fold-to-reshape",
    reason="Paddle-Lite has no fold; patches that do not overlap are put together by reordering axes",
    ops=frozenset({"fold"}),
    apply=_folded,
)
