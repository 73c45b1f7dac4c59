"""What a network computes from its parameters alone is computed once, by Paddle, when it is converted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.convert.legalise import Applied
from edge.errors import WorkerError
from edge.paddle.constants import Constants, constants_of
from edge.paddle.params import tensors, write
from edge.paddle.program import Program
from edge.source.model import InferenceModel
from edge.toolchain.worker import Lend

NAME = "constants-computed"
REASON = (
    "operators that need no input (masks, biases gathered from tables, shapes put together) compute the same at every "
    "inference; neither opt nor the runtime sees it"
)
VALUES = "constants.npz"  # beside the legalised program
_TIMEOUT = 600.0


def compute(program: Program, params: Path, folder: Path, lend: Lend) -> tuple[Applied, ...]:
    """Have Paddle 2.6 compute them, and put them into `folder`, for `fold`; nothing is done where there are none.

    Neither is it where Paddle cannot: they are then computed at every inference, as before.
    """
    constants = constants_of(program)
    if not constants.ops:
        return ()
    known = {spec.name: values for spec, values in tensors(params, program.persistables)}
    try:
        values = _computed(constants, known, lend)
    except WorkerError:
        return ()
    np.savez(folder / VALUES, **values)  # type: ignore[arg-type]
    return (Applied(NAME, len(constants.ops), REASON),)


def fold(program: Program, params: Path, folder: Path, out: Path) -> tuple[Program, Path]:
    """The program with what `compute` put into `folder` as parameters, and its parameters (`out`); both as they are without."""
    if not (folder / VALUES).exists():
        return program, params
    with np.load(folder / VALUES) as archive:
        values = {name: archive[name] for name in archive}
    folded = constants_of(program).folded(values)
    known = {spec.name: values for spec, values in tensors(params, program.persistables)}
    write(out, ((values if spec.name in values else known)[spec.name] for spec in folded.persistables))
    return folded, out


@contextmanager
def computed_once(source: InferenceModel, lend: Lend) -> Iterator[InferenceModel]:
    """The network with what `compute` finds as parameters, for as long as the context lasts.

    It is this one that is quantised: of a computed filter are then the numbers learnt that it has, and what others are
    computed from is not rounded before.
    """
    with TemporaryDirectory(prefix="edgezoo-once-") as scratch:
        program, folder = Program.read(source.program), Path(scratch)
        if not compute(program, source.params, folder, lend):
            yield source
            return
        folded, params = fold(program, source.params, folder, folder / "inference.pdiparams")
        place = folder / "inference.pdmodel"
        place.write_bytes(folded.serialize())
        yield replace(source, program=place, params=params)


def _computed(constants: Constants, known: Mapping[str, NDArray[Any]], lend: Lend) -> dict[str, NDArray[Any]]:
    alone = constants.alone()
    with TemporaryDirectory(prefix="edgezoo-constants-") as scratch:
        program, params, made = (Path(scratch) / name for name in ("alone.pdmodel", "alone.pdiparams", "made.npz"))
        program.write_bytes(alone.serialize())
        write(params, (known.get(spec.name, np.zeros(spec.shape, spec.dtype)) for spec in alone.persistables))
        with lend() as worker:
            worker.call("constants", timeout=_TIMEOUT, program=str(program), params=str(params), outputs_npz=str(made))
        with np.load(made) as archive:
            # The engines know no tensor without a dimension: it has one, as the rule `fill-one-element` has it.
            return {spec.name: np.atleast_1d(archive[spec.name]) for spec in constants.results}
