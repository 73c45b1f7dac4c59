"""The two networks that are compared, run by their engines: the converted one's x86 twin, and Paddle's original."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.cache.hashing import sha256_of
from edge.convert.opt.messages import cause_of
from edge.convert.opt.optimise import optimise
from edge.convert.recipe import Recipe
from edge.convert.verify.compare import Outputs, stacked
from edge.convert.verify.half import as_half, half_params, in_half
from edge.convert.verify.inputs import Sample
from edge.convert.verify.reference import write_reference
from edge.convert.verify.references import kept_outputs, reference_outputs_key
from edge.convert.verify.runs import Runs
from edge.errors import WorkerError, WorkerRequestError
from edge.paddle.double import doubled, doubled_params
from edge.paddle.program import Program
from edge.source.model import InferenceModel
from edge.toolchain.engines import engine
from edge.toolchain.worker import Lend, Worker

_TIMEOUT = 1800.0  # seconds for one engine to run all samples of the largest network


class TwinDiedError(Exception):
    """The x86 engine could not run the twin."""


class Twin:
    """The converted network, for x86. It is given `batch` samples at once; where there are too few, the last one again."""

    def __init__(
        self,
        lend: Lend,
        program: Program,
        params: Path,
        recipe: Recipe,
        scratch: Path,
        *,
        batch: int = 1,
        runs: Runs | None = None,
    ) -> None:
        self._lend, self._scratch, self._batch, self._runs = lend, scratch, batch, runs or Runs()
        self._program, self._params, self._recipe = program, params, recipe

    def run(self, given: Sequence[Sample]) -> Outputs:
        """Its outputs for these samples; converted at the first call. Raises `OptError`, `TwinDiedError`."""
        made = self._scratch / "twin.nb"
        feeds, fetches = ([spec.name for spec in ends] for ends in (self._program.feeds, self._program.fetches))
        batches = given if self._batch == 1 else _batches(given, self._batch)
        with self._lend() as worker:
            if not made.exists():
                optimise(worker, self._program, self._params, made, self._recipe)
            outputs = run_lite(worker, made, batches, feeds, fetches, self._scratch, self._runs)
        return outputs if self._batch == 1 else [apart(output, self._batch)[: len(given)] for output in outputs]


class Paddle:
    """The original program in Paddle: the one that wrote it, if that was Paddle 3.

    With `keep`, its outputs stay in the cache, and are taken from there (`references.py`).
    """

    def __init__(
        self,
        lend: Lend,
        source: InferenceModel,
        program: Program,
        scratch: Path,
        *,
        keep: bool = False,
        runs: Runs | None = None,
        operation: str = "run",
    ) -> None:
        self._lend, self._scratch, self._source, self._keep, self._runs = lend, scratch, source, keep, runs or Runs()
        self._operation = operation
        self._fetches = [spec.name for spec in program.fetches]
        whole = program if source.pir is None else Program.read(source.program)  # Paddle 3's own is not cut
        self._feeds = [spec.name for spec in whole.feeds]
        self._program = write_reference(source, program, scratch)

    def run(self, params: Path, given: Sequence[Sample]) -> Outputs:
        """Its outputs for these samples, with the parameters in that file.

        Raises `WorkerError`, which names Paddle where that refuses its own model.
        """
        try:
            return self._kept(params, given)
        except WorkerRequestError as error:
            version, own = engine(self._source.reference_engine).version, self._operation == "run"
            what = "itself cannot run the model as it came" if own else "cannot compute the network in float16's steps"
            raise WorkerRequestError(
                f"Paddle {version} {what}: {error.message.strip().splitlines()[0]}",
                kind=error.kind,
                hint="give inputs of shapes that belong together (--input-shape), or export the model again"
                if own
                else "",
                log=error.log,
            ) from error

    def _kept(self, params: Path, given: Sequence[Sample]) -> Outputs:
        if not self._keep:
            return self._ran(params, given)
        sha256 = self._source.params_sha256 if params == self._source.params else sha256_of(params)
        key = reference_outputs_key(self._source, self._program, sha256, self._fetches, given)
        ran = False

        def run() -> Outputs:
            nonlocal ran
            ran = True
            return self._ran(params, given)

        outputs = kept_outputs(key, self._fetches, run)
        if not ran:
            self._runs.planned -= len(given)
        return outputs

    def _ran(self, params: Path, given: Sequence[Sample]) -> Outputs:
        save(self._scratch / "inputs.npz", given, self._feeds)
        with self._lend() as worker:
            worker.call(
                self._operation,
                timeout=_TIMEOUT,
                heard=self._runs.of("Paddle", len(given)),
                program=str(self._program),
                params=str(params),
                inputs_npz=str(self._scratch / "inputs.npz"),
                outputs_npz=str(self._scratch / "reference.npz"),
            )
        return load(self._scratch / "reference.npz", self._fetches, len(given))


class Double:
    """The original program in float64, by Paddle: what it computes, nearly without rounding."""

    def __init__(
        self, lend: Lend, source: InferenceModel, whole: Program, program: Program, params: Path, scratch: Path
    ) -> None:
        """`program` is `whole` with the outputs that are wanted, `params` are those of `whole`."""
        self._lend, self._program, self._whole, self._from = lend, program, whole, params
        self._source = replace(source, pir=None, pir_sha256=None)  # Paddle 3's own form is not widened
        self._folder = scratch / "double"
        self._paddle: Paddle | None = None  # made when it is asked: most networks pass without it

    def run(self, given: Sequence[Sample]) -> Outputs | None:
        """Its outputs; None where this Paddle cannot: not every operator has a float64 kernel."""
        params = self._folder / "double.pdiparams"
        if self._paddle is None:
            self._folder.mkdir()
            doubled_params(self._whole, self._from, params)
            self._paddle = Paddle(self._lend, self._source, doubled(self._program), self._folder)
        wide = [{name: _wide(array) for name, array in sample.items()} for sample in given]
        try:
            return self._paddle.run(params, wide)
        except WorkerError:
            return None


class Half:
    """The original program in float16, by Paddle and numpy (`half.py`)."""

    def __init__(self, lend: Lend, source: InferenceModel, program: Program, params: Path, scratch: Path) -> None:
        """`params` are those that the float32 reference runs with, of the source's whole program."""
        self._source = replace(source, pir=None, pir_sha256=None)  # Paddle 3's own form is not rewritten
        self._lend, self._program, self._from, self._folder = lend, program, params, scratch / "half"
        self._made: dict[int | None, Paddle] = {}

    def run(self, given: Sequence[Sample], order: int | None = None) -> Outputs:
        """Its outputs for these samples, with sums in float16 if there is an `order` (`half.in_half`). Raises `WorkerError`."""
        if order not in self._made:
            place = self._folder / str(order)
            place.mkdir(parents=True)
            folds = None if order is None else self._program
            half_params(Program.read(self._source.program), self._from, place / "half.pdiparams", folds=folds)
            network = in_half(self._program, order)
            self._made[order] = Paddle(self._lend, self._source, network, place, operation="run_half")
        rounded = [{name: as_half(array) for name, array in sample.items()} for sample in given]
        return self._made[order].run(self._folder / str(order) / "half.pdiparams", rounded)


def run_lite(
    worker: Worker,
    nb: Path,
    given: Sequence[Sample],
    feeds: Sequence[str],
    fetches: Sequence[str],
    scratch: Path,
    runs: Runs,
    **more: Any,
) -> Outputs:
    """The outputs `fetches` of a file for x86, with `more` for the worker's `run`. Raises `TwinDiedError`."""
    inputs, outputs = scratch / "inputs.npz", scratch / "twin.npz"
    save(inputs, given, feeds)
    try:
        worker.call(
            "run",
            timeout=_TIMEOUT,
            heard=runs.of("Paddle-Lite", len(given)),
            nb=str(nb),
            inputs_npz=str(inputs),
            outputs_npz=str(outputs),
            feeds=list(feeds),
            fetches=list(fetches),
            **more,
        )
    except WorkerError as error:
        raise TwinDiedError(cause_of(error).sentence) from error
    return load(outputs, fetches, len(given))


def _wide(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float64) if array.dtype == np.float32 else array


def _batches(given: Sequence[Sample], size: int) -> list[Sample]:
    """The samples, `size` of them at a time in one."""
    groups = [[given[min(k + j, len(given) - 1)] for j in range(size)] for k in range(0, len(given), size)]
    return [{name: np.concatenate([sample[name] for sample in group]) for name in group[0]} for group in groups]


def apart(output: NDArray[Any], size: int) -> NDArray[Any]:
    """An output (batches, size * rows, ...) as that of one sample after the other (samples, rows, ...).

    Raises `TwinDiedError` where its rows are no multiple of the batch.
    """
    if output.ndim < 2 or output.shape[1] % size:
        raise TwinDiedError(f"an output of {size} images at once is not {size} times that of one")
    return output.reshape(len(output) * size, output.shape[1] // size, *output.shape[2:])


def save(path: Path, given: Sequence[Mapping[str, NDArray[Any]]], names: Sequence[str]) -> None:
    """These inputs of the samples, as the workers read them: an array `<sample>/<input>` each."""
    arrays = {f"{number}/{name}": sample[name] for number, sample in enumerate(given) for name in names}
    np.savez(path, **arrays)  # type: ignore[arg-type]


def load(path: Path, names: Sequence[str], count: int) -> Outputs:
    """The outputs of `count` samples as the workers write them."""
    with np.load(path) as arrays:
        return [stacked([arrays[f"{number}/{name}"] for number in range(count)]) for name in names]
