"""Accuracies that `edgezoo eval` found on one set of images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.cache.paths import results_database
from edge.decide.measured import network_of
from edge.decide.number import Sourced
from edge.errors import UnknownResultError, UsageError
from edge.results.accuracies import network_id
from edge.results.accuracy import Accuracy
from edge.results.measurement import Subject
from edge.results.store import Store
from edge.zoo.model import Model

LEAST_DIGITS = 6  # of a data set's hash


class JudgedOnImages:
    """Of one set of images; of a network the newest counts."""

    def __init__(self, accuracies: Sequence[Accuracy]) -> None:
        """`accuracies`, the oldest first."""
        self._models: dict[tuple[str, str | None], Sourced] = {}
        self._files: dict[str, Sourced] = {}
        for one in accuracies:
            number = Sourced(one.top1.value, "measured", one.top1.low, one.top1.high, 0.95, one.words)
            if one.subject.weights == "published" and (model := network_of(one.subject)) is not None:
                self._models[model.name, one.subject.precision] = number
            self._files[one.subject.sha256] = number
            if one.network is not None:
                self._files[one.network] = number

    def of_model(self, model: Model, precision: str | None) -> Sourced | None:
        """Of the catalogue's published weights in that precision, in whatever file."""
        return self._models.get((model.name, precision))

    def of_file(self, subject: Subject) -> Sourced | None:
        """Of that file, or of the same program, weights and precision in another."""
        return self._files.get(subject.sha256) or self._files.get(network_id(subject) or "")


def judged_on(dataset: str, db: Path | None) -> tuple[JudgedOnImages, list[str]]:
    """Those of the data set of that name, or whose hash begins so; and a sentence for each row that is damaged.

    Raises `ResultsError`, `UnknownResultError` where there is none, `UsageError` where it means several.
    """
    with Store(db or results_database(), create=False) as store:
        found, damaged = store.accuracies.all()
    real = [one for one in found if not one.synthetic]
    prefix = dataset if len(dataset) >= LEAST_DIGITS else "none"
    chosen = [one for one in real if one.dataset == dataset or one.dataset_sha256.startswith(prefix)]
    sets = {one.dataset_sha256: f"{one.dataset} ({one.dataset_sha256[:LEAST_DIGITS]})" for one in chosen or real}
    known = ", ".join(sets.values())
    if not chosen:
        hint = f"there are {known}" if known else "`edgezoo eval NAME --data DIR` makes one"
        raise UnknownResultError(f"no accuracy is kept of the data set {dataset}", hint=hint)
    if len(sets) > 1:
        raise UsageError(f"--on {dataset} means {len(sets)} sets of images", hint=f"name one by its hash: {known}")
    return JudgedOnImages(chosen), damaged
