"""Evaluations into the results database, as each network ends."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from functools import cached_property

from edge.cache.hashing import sha256_of
from edge.device.host import HostDevice
from edge.evaluate.evaluation import Evaluation, Prediction, remarks
from edge.evaluate.report import EvaluatedModel, Launched
from edge.images.dataset import Dataset
from edge.results.accuracies import network_id
from edge.results.accuracy import AMONG_FIVE, RIGHT, UNREADABLE, WRONG, Accuracy
from edge.results.store import Store


class Keeping:
    """Keeps what was judged on `dataset`, which lies in the folder called `name`. Give it to a session as `keep`."""

    def __init__(self, store: Store, dataset: Dataset, name: str) -> None:
        self._store, self._dataset, self._name = store, dataset, name

    def __call__(self, one: EvaluatedModel) -> EvaluatedModel:
        """The same, as it is stored. Raises `ResultsError`."""
        launched = one.launched
        made = Accuracy(
            id=0,
            finished=time.time(),
            seconds=one.seconds,
            subject=one.subject,
            network=network_id(one.subject),
            dataset=self._name,
            dataset_sha256=sha256_of("\n".join(content for content, _ in self._contents).encode()),
            classes=one.evaluation.classes,
            preprocessing=one.preprocessing.as_values(),
            engine=one.engine,
            program=_program(launched) if launched else None,
            synthetic=launched is not None and launched.synthetic,
            device=launched.device if launched else asdict(HostDevice().properties()),
            remarks=tuple(remarks(one.evaluation)),
            has_top5=one.evaluation.top5 is not None,
            outcomes=self._outcomes(one.evaluation),
        )
        return replace(one, stored=replace(made, id=self._store.accuracies.add(made)))

    @cached_property
    def _contents(self) -> list[tuple[str, str]]:
        """What each image is, and its name, in the order of what they are: of the same images the same, wherever they lie."""
        names = [image.name for image in self._dataset.images]
        return sorted(zip(self._dataset.contents(), names, strict=True))

    def _outcomes(self, made: Evaluation) -> bytes:
        found = {one.image.name: _outcome(one) for one in made.predictions}
        return bytes(found.get(name, UNREADABLE) for _, name in self._contents)


def _outcome(one: Prediction) -> int:
    if one.image.label == one.top[0]:
        return RIGHT
    return AMONG_FIVE if one.image.label in one.top else WRONG


def _program(launched: Launched) -> dict[str, str]:
    return {"name": launched.program.name, "sha256": launched.program.sha256, "version": launched.version}
