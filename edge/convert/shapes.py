"""The shapes a model's inputs are used with."""

from __future__ import annotations

from collections.abc import Sequence

from edge.errors import ProgramError
from edge.paddle.program import TensorSpec


def input_shapes(feeds: Sequence[TensorSpec], first: Sequence[int] | None) -> list[tuple[int, ...]]:
    """The shape of every input: `first` (for the first one), else the program's own with an open batch taken as 1.

    Raises `ProgramError` where that does not fit, or another dimension is open and nothing says its size.
    """
    shapes = []
    for number, spec in enumerate(feeds):
        shape = first if first is not None and number == 0 else spec.shape
        if len(shape) != len(spec.shape) or any(own not in (-1, n) for own, n in zip(spec.shape, shape, strict=True)):
            raise ProgramError(f"the input {spec.name} has shape {list(spec.shape)}, which {list(shape)} does not fit")
        fixed = tuple(1 if n == -1 and axis == 0 else n for axis, n in enumerate(shape))
        if -1 in fixed:
            raise ProgramError(
                f"the input {spec.name} has the open shape {list(spec.shape)}",
                hint="say which shape it is used with: --input-shape, for instance 1,3,320,320",
            )
        shapes.append(fixed)
    return shapes
