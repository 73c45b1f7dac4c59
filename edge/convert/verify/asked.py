"""Which inputs a verification is made with: the user's own samples, a range that is known, or several that are tried."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cache.hashing import sha256_of
from edge.cache.regular import open_file
from edge.errors import UsageError
from edge.zoo.model import Preprocessing

if TYPE_CHECKING:
    from edge.convert.verify.inputs import Range, Sample
    from edge.convert.verify.judge import Domain
    from edge.paddle.program import Program, TensorSpec

_FORM = (
    "numpy.savez(FILE, NAME=array): an array for each input, its first axis the samples; "
    "or keys NUMBER/NAME, an array for each sample and input"
)


@dataclass(frozen=True, slots=True)
class InputsAsked:
    """What the user says of the inputs: a `bounds` (least and greatest value) or a `file` of samples, not both; and in how
    many `seconds` a verification shall have run them.

    Raises `UsageError` for a range that is none, and a file that cannot be read.
    """

    bounds: tuple[float, float] | None = None
    file: Path | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.bounds is not None and self.file is not None:
            raise UsageError(
                "--inputs brings the inputs: there is nothing left for --input-range", hint="leave one out"
            )
        if self.bounds is not None and not _is_range(self.bounds):
            given = ",".join(f"{bound:g}" for bound in self.bounds)
            raise UsageError(f"--input-range {given} is no range", hint="LO,HI with LO below HI, as in 0,255")
        if self.file is not None and not _is_zip(self.file):
            raise UsageError(f"--inputs {self.file} is no .npz file", hint=_FORM)

    def key(self, preprocessing: Preprocessing | None) -> dict[str, Any]:
        """What of the inputs can change a verification, besides the code."""
        known = bounds_of(preprocessing) if preprocessing is not None else None
        return {
            "range": list(self.bounds or known or ()),
            "samples": sha256_of(self.file) if self.file is not None else None,
            **({"seconds": self.seconds} if self.seconds is not None else {}),
        }


def _is_zip(path: Path) -> bool:
    try:
        with open_file(path) as file:
            return zipfile.is_zipfile(file)
    except OSError:
        return False


def _is_range(bounds: Sequence[float]) -> bool:
    return len(bounds) == 2 and all(map(isfinite, bounds)) and bounds[0] < bounds[1]


NOTHING_ASKED = InputsAsked()


def bounds_of(preprocessing: Preprocessing) -> Range:
    """The least and the greatest value that this preprocessing makes of a pixel; ImageNet's as they have always been drawn."""
    from edge.convert.verify.inputs import IMAGENET
    from edge.images.preprocess import levels

    made = levels(preprocessing)
    low, high = float(made.min()), float(made.max())
    near = abs(low - IMAGENET[0]) < 0.05 and abs(high - IMAGENET[1]) < 0.05
    return IMAGENET if near else (low, high)


def domains(
    program: Program,
    shapes: Sequence[Sequence[int]],
    asked: InputsAsked,
    preprocessing: Preprocessing | None,
    count: int,
) -> list[Domain]:
    """The kinds of inputs to judge with: the user's samples; the range that is asked for or that the preprocessing has; else
    each of several, ImageNet's with `count` samples and the others with half as many.

    Raises `UsageError` for samples that do not fit the program, and a range where it takes whole numbers.
    """
    import numpy as np

    from edge.convert.verify.inputs import IMAGENET, drawn_samples, whole_range
    from edge.convert.verify.judge import Domain

    feeds = program.feeds
    if asked.file is not None:
        given = read_samples(asked.file, feeds, shapes)
        return [Domain(f"of {asked.file.name}", lambda round_: given if round_ == 0 else [])]
    rows = rows_of(program)
    fixed = tuple(map(tuple, shapes))

    def drawn(bounds: Range | None, number: int) -> Domain:
        return Domain(
            named(bounds), lambda round_: drawn_samples(feeds, fixed, number, round_, bounds, tuple(rows.items()))
        )

    if all(spec.dtype in _WHOLE for spec in feeds):
        if asked.bounds is not None:
            raise UsageError(
                "--input-range is for floats, and this network takes whole numbers",
                hint="leave it out, or give real samples with --inputs",
            )
        whole = [whole_range(np.dtype(s.dtype), n, rows.get(s.name)) for s, n in zip(feeds, shapes, strict=True)]
        name = " and ".join(dict.fromkeys(f"{low} to {high}" for low, high in whole))
        return [replace(drawn(IMAGENET, count), name=f"of whole numbers {name}")]
    known = asked.bounds or (bounds_of(preprocessing) if preprocessing is not None else None)
    if known is not None:
        return [drawn(known, count)]
    return [drawn(IMAGENET, count), *(drawn(bounds, max(2, count // 2)) for bounds in OTHER_RANGES)]


# Where nothing is known of the preprocessing: what is common besides ImageNet's.
OTHER_RANGES: tuple[tuple[float, float], ...] = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
_WHOLE = frozenset({"uint8", "int8", "int16", "int32", "int64", "bool"})


def named(bounds: Range | None) -> str:
    """A range in words: `0 to 255`."""
    return "around 1" if bounds is None else f"{bounds[0]:.4g} to {bounds[1]:.4g}"


def rows_of(program: Program) -> dict[str, int]:
    """For each integer input that picks rows of a table (an embedding), how many there are: the least, if of several."""
    found: dict[str, int] = {}
    feeds = {spec.name for spec in program.feeds}
    origin = {name: name for name in feeds}
    for op in program.ops():
        if (
            op.type in _PASSING
            and (source := origin.get(op.input("X") or "")) is not None
            and (out := op.output("Out"))
        ):
            origin[out] = source
        for ids, table, attr in _PICKING.get(op.type, ()):
            source = origin.get(op.input(ids) or "")
            spec = program.tensor(op.input(table) or "")
            size = op.attr(attr) if attr else spec.shape[0] if spec is not None and spec.shape else None
            if source is not None and isinstance(size, int) and size > 0:
                found[source] = min(size, found.get(source, size))
    return found


# Operators that hand integers on, and those that pick by them: the slots of the indices and of the table, or the attribute that
# says how many rows there are.
_PASSING = frozenset(
    {"cast", "reshape2", "reshape", "squeeze2", "squeeze", "unsqueeze2", "unsqueeze", "assign", "transpose2", "slice",
     "flatten_contiguous_range", "flatten2", "strided_slice", "expand_v2", "tile"}
)  # fmt: skip
_PICKING: Mapping[str, tuple[tuple[str, str, str | None], ...]] = {
    "lookup_table_v2": (("Ids", "W", None),),
    "lookup_table": (("Ids", "W", None),),
    "gather": (("Index", "X", None),),
    "one_hot_v2": (("X", "", "depth"),),
    "one_hot": (("X", "", "depth"),),
}


def read_samples(path: Path, feeds: Sequence[TensorSpec], shapes: Sequence[Sequence[int]]) -> list[Sample]:
    """The user's samples, for inputs of these shapes. Raises `UsageError` where they do not fit."""
    import numpy as np

    try:
        with open_file(path) as file, np.load(file, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, KeyError) as error:
        raise UsageError(f"--inputs {path} cannot be read: {error}", hint=_FORM) from error
    numbers = sorted(
        {key.partition("/")[0] for key in arrays if "/" in key and key.partition("/")[0].isdecimal()}, key=int
    )
    given: list[Sample] = []
    if numbers and all(f"{number}/{spec.name}" in arrays for number in numbers for spec in feeds):
        for number in numbers:
            each = zip(feeds, shapes, strict=True)
            given.append({s.name: _fitting(path, s, tuple(n), arrays[f"{number}/{s.name}"]) for s, n in each})
    else:
        lists = [
            _split(path, spec, tuple(shape), arrays.get(spec.name)) for spec, shape in zip(feeds, shapes, strict=True)
        ]
        lengths = {len(each) for each in lists}
        if len(lengths) > 1:
            raise UsageError(f"--inputs {path} has not as many samples for each input: {sorted(lengths)}", hint=_FORM)
        names = [spec.name for spec in feeds]
        given = [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]
    if len(given) < 2:
        raise UsageError(
            f"--inputs {path} has {len(given)} sample: one alone tells nothing apart",
            hint="give eight, or two at least",
        )
    return given


def _split(path: Path, spec: TensorSpec, shape: tuple[int, ...], array: Any) -> list[Any]:
    """The samples of one input; the batch of 1 may be left out."""
    if array is None:
        raise UsageError(f"--inputs {path} has no array for the input {spec.name}", hint=_FORM)
    if array.ndim and array.shape[1:] == shape:
        return [_fitting(path, spec, shape, one) for one in array]
    if array.ndim and shape[:1] == (1,) and array.shape[1:] == shape[1:]:
        return [_fitting(path, spec, shape, one[None]) for one in array]
    raise UsageError(
        f"--inputs {path}: {spec.name} has shape {list(array.shape)}, and the input {list(shape)}",
        hint=f"the first axis is the samples: [N, {', '.join(map(str, shape))}]",
    )


def _fitting(path: Path, spec: TensorSpec, shape: tuple[int, ...], array: Any) -> Any:
    import numpy as np

    if array.shape != shape:
        raise UsageError(f"--inputs {path}: {spec.name} has shape {list(array.shape)}, and the input {list(shape)}")
    dtype = np.dtype(spec.dtype)
    same = array.dtype.kind == dtype.kind or (dtype.kind == "f" and array.dtype.kind in "iu")
    if not same and not (dtype.kind in "iu" and array.dtype.kind in "iu"):
        raise UsageError(f"--inputs {path}: {spec.name} is {array.dtype}, and the input {spec.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise UsageError(f"--inputs {path}: {spec.name} holds numbers that are not finite")
    return np.ascontiguousarray(array.astype(dtype))
