"""The shapes a model's inputs are used with."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from edge.errors import ProgramError, UsageError
from edge.paddle.program import TensorSpec

MOST_VALUES = 1 << 27  # of an input: half a GiB of float32, an image of 6,600 x 6,600


def check_size(shape: Sequence[int], option: str = "--input-shape") -> None:
    """Raises `UsageError` for a shape whose values alone would fill the memory."""
    if prod(shape) > MOST_VALUES:
        raise UsageError(
            f"{option} {_typed(shape)} has {prod(shape):.3g} values: at most {MOST_VALUES}", hint="a smaller one"
        )


def check_catalogue(name: str, own: Sequence[int], shape: Sequence[int], *, exported: bool) -> None:
    """Raises `UsageError` for a shape that a network of the catalogue cannot have: its `own` one is written into an `exported`
    network; of a published one the archive decides about the sizes, and it takes images of three channels in any case."""
    if exported and tuple(shape) != tuple(own):
        raise UsageError(
            f"--input-shape {_typed(shape)}: {name} is exported for {_typed(own)}", hint="leave --input-shape out"
        )
    if len(shape) != len(own) or shape[1] != own[1]:
        raise UsageError(f"--input-shape {_typed(shape)}: {name} takes images of N,{own[1]},H,W", hint=_typed(own))


def _typed(shape: Sequence[int]) -> str:
    return ",".join(map(str, shape))


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
