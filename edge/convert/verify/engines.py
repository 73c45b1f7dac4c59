"""The two networks that are compared, run by their engines: the converted one's x86 twin, and Paddle's original."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.convert.opt.messages import cause_of
from edge.convert.opt.optimise import optimise
from edge.convert.recipe import Recipe
from edge.convert.verify.compare import Outputs
from edge.convert.verify.inputs import Sample
from edge.convert.verify.reference import write_reference
from edge.errors import WorkerError
from edge.paddle.program import Program
from edge.source.model import InferenceModel
from edge.toolchain.worker import Worker

_TIMEOUT = 1800.0  # seconds for one engine to run all samples of the largest network

Lend = Callable[[], AbstractContextManager[Worker]]


class TwinDiedError(Exception):
    """The x86 engine could not run the twin."""


class Twin:
    """The converted network, for x86. It is given `batch` samples at once; where there are too few, the last one again."""

    def __init__(
        self, lend: Lend, program: Program, params: Path, recipe: Recipe, scratch: Path, *, batch: int = 1
    ) -> None:
        self._lend, self._scratch, self._batch = lend, scratch, batch
        self._program, self._params, self._recipe = program, params, recipe

    def run(self, given: Sequence[Sample]) -> Outputs:
        """Its outputs for these samples; converted at the first call. Raises `OptError`, `TwinDiedError`."""
        made = self._scratch / "twin.nb"
        fetches = [spec.name for spec in self._program.fetches]
        batches = given if self._batch == 1 else _batches(given, self._batch)
        with self._lend() as worker:
            if not made.exists():
                optimise(worker, self._program, self._params, made, self._recipe)
            _save(self._scratch / "inputs.npz", batches)
            try:
                worker.call(
                    "run",
                    timeout=_TIMEOUT,
                    nb=str(made),
                    inputs_npz=str(self._scratch / "inputs.npz"),
                    outputs_npz=str(self._scratch / "twin.npz"),
                    feeds=[spec.name for spec in self._program.feeds],
                    fetches=fetches,
                )
            except WorkerError as error:
                raise TwinDiedError(cause_of(error).sentence) from error
        outputs = _load(self._scratch / "twin.npz", fetches, len(batches))
        return outputs if self._batch == 1 else [_apart(output)[: len(given)] for output in outputs]


class Paddle:
    """The original program in Paddle: the one that wrote it, if that was Paddle 3."""

    def __init__(self, lend: Lend, source: InferenceModel, program: Program, scratch: Path) -> None:
        self._lend, self._scratch = lend, scratch
        self._fetches = [spec.name for spec in program.fetches]
        self._program = write_reference(source, program, scratch)

    def run(self, params: Path, given: Sequence[Sample]) -> Outputs:
        """Its outputs for these samples, with the parameters in that file. Raises `WorkerError`."""
        _save(self._scratch / "inputs.npz", given)
        with self._lend() as worker:
            worker.call(
                "run",
                timeout=_TIMEOUT,
                program=str(self._program),
                params=str(params),
                inputs_npz=str(self._scratch / "inputs.npz"),
                outputs_npz=str(self._scratch / "reference.npz"),
            )
        return _load(self._scratch / "reference.npz", self._fetches, len(given))


def _batches(given: Sequence[Sample], size: int) -> list[Sample]:
    """The samples, `size` of them at a time in one."""
    groups = [[given[min(k + j, len(given) - 1)] for j in range(size)] for k in range(0, len(given), size)]
    return [{name: np.concatenate([sample[name] for sample in group]) for name in group[0]} for group in groups]


def _apart(output: NDArray[Any]) -> NDArray[Any]:
    """An output (batches, samples, ...) as that of one sample after the other (samples, 1, ...)."""
    return output.reshape(-1, 1, *output.shape[2:])


def _save(path: Path, given: Sequence[Mapping[str, NDArray[Any]]]) -> None:
    arrays = {f"{number}/{name}": array for number, sample in enumerate(given) for name, array in sample.items()}
    np.savez(path, **arrays)  # type: ignore[arg-type]


def _load(path: Path, names: Sequence[str], count: int) -> Outputs:
    with np.load(path) as arrays:
        return [np.stack([arrays[f"{number}/{name}"] for number in range(count)]) for name in names]
