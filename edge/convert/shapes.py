"""The shapes a model's inputs are used with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from edge.errors import ProgramError, UsageError
from edge.paddle.program import TensorSpec

MOST_VALUES = 1 << 27  # of an input: half a GiB of float32, an image of 6,600 x 6,600

# What is asked for: the shape of the one input that is meant, or shapes by the inputs' names.
InputShape = tuple[int, ...] | Mapping[str, tuple[int, ...]]


def asked_shapes(given: Sequence[tuple[str, tuple[int, ...]]], option: str = "--input-shape") -> InputShape | None:
    """One bare shape (without a name: '') or several named ones. Raises `UsageError` for anything else."""
    if not given:
        return None
    for _, shape in given:
        check_size(shape, option)
    names = [name for name, _ in given]
    if names == [""]:
        return given[0][1]
    twice = next((name for name in names if names.count(name) > 1), None)
    if "" in names or twice:
        what = "a shape without a name stands for one input" if "" in names else f"{twice} is given twice"
        raise UsageError(f"{option}: {what}", hint=f"name each: {option} image=1,3,320,320 {option} scale_factor=1,2")
    return dict(given)


def check_size(shape: Sequence[int], option: str = "--input-shape") -> None:
    """Raises `UsageError` for a shape whose values alone would fill the memory."""
    if prod(shape) > MOST_VALUES:
        raise UsageError(
            f"{option} {_typed(shape)} has {prod(shape):.3g} values: at most {MOST_VALUES}", hint="a smaller one"
        )


def check_catalogue(name: str, own: Sequence[int], shape: InputShape) -> tuple[int, int, int, int]:
    """The shape, if a network of the catalogue can have it: one input, of the channels of its `own`. Raises `UsageError`."""
    if isinstance(shape, Mapping):
        raise UsageError(f"{name} has one input", hint=f"--input-shape {_typed(own)}, without a name")
    if len(shape) != len(own) or shape[1] != own[1]:
        raise UsageError(f"--input-shape {_typed(shape)}: {name} takes images of N,{own[1]},H,W", hint=_typed(own))
    batch, channels, height, width = shape
    return batch, channels, height, width


def check_exported(name: str, shape: InputShape) -> tuple[int, int, int, int]:
    """The shape, if PaddleClas can export a network for it: of one image or several. Raises `UsageError`."""
    if isinstance(shape, Mapping):
        raise UsageError(f"{name} has one input", hint="--input-shape 1,3,224,224, without a name")
    if len(shape) != 4:
        raise UsageError(f"--input-shape {_typed(shape)}: {name} takes images of N,C,H,W", hint="1,3,224,224")
    batch, channels, height, width = shape
    return batch, channels, height, width


def _typed(shape: Sequence[int]) -> str:
    return ",".join(map(str, shape))


def input_shapes(feeds: Sequence[TensorSpec], asked: InputShape | None) -> list[tuple[int, ...]]:
    """The shape of every input: what is `asked` of it, else the program's own.

    A bare shape is that of the one input with an open size, or the one that it fits. An open batch of which nothing is said is
    that of the others, or 1. Raises `ProgramError` where a shape does not fit, it is not clear whose it is, or another size is
    open and nothing says it.
    """
    named = _by_name(feeds, asked)
    batches = {named[spec.name][0] for spec in feeds if spec.name in named and spec.shape[:1] == (-1,)}
    batch = batches.pop() if len(batches) == 1 else 1
    shapes = []
    for spec in feeds:
        shape = named.get(spec.name, spec.shape)
        if not _fits(spec, shape):
            raise ProgramError(f"the input {spec.name} has shape {list(spec.shape)}, which {list(shape)} does not fit")
        fixed = tuple(batch if n == -1 and axis == 0 else n for axis, n in enumerate(shape))
        if -1 in fixed:
            raise ProgramError(
                f"the input {spec.name} has the open shape {list(spec.shape)}",
                hint=f"say which shape it is used with: {_options(feeds)}",
            )
        shapes.append(fixed)
    return shapes


def _by_name(feeds: Sequence[TensorSpec], asked: InputShape | None) -> Mapping[str, tuple[int, ...]]:
    names = [spec.name for spec in feeds]
    if isinstance(asked, Mapping):
        if unknown := next((name for name in asked if name not in names), None):
            raise ProgramError(f"there is no input {unknown}: the network has {', '.join(names)}", hint=_options(feeds))
        return asked
    if asked is None:
        return {}
    meant = [spec for spec in feeds if -1 in spec.shape[1:]] or list(feeds)
    if len(meant) > 1:
        meant = [spec for spec in meant if _fits(spec, asked)] or meant
    if len(meant) > 1:
        raise ProgramError(
            f"--input-shape {_typed(asked)} could be that of {' or '.join(spec.name for spec in meant)}",
            hint=f"name the inputs: {_options(feeds)}",
        )
    return {meant[0].name: asked}


def _fits(spec: TensorSpec, shape: Sequence[int]) -> bool:
    return len(shape) == len(spec.shape) and all(own in (-1, n) for own, n in zip(spec.shape, shape, strict=True))


def _options(feeds: Sequence[TensorSpec]) -> str:
    """The options that say all that is open, for instance."""
    opened = [spec for spec in feeds if -1 in spec.shape[1:]]
    usual = (320, 320) if any(len(spec.shape) == 4 for spec in opened) else (128,)
    made = []
    for spec in opened:
        sizes = iter([*usual, *[usual[-1]] * len(spec.shape)])
        shape = [1 if n == -1 and axis == 0 else next(sizes) if n == -1 else n for axis, n in enumerate(spec.shape)]
        made.append(f"--input-shape {spec.name + '=' if len(opened) > 1 else ''}{_typed(shape)}")
    return "for instance " + " ".join(made) if made else "leave --input-shape out"
