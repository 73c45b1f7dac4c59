"""A network's accuracy on labelled images: read and prepared here while the engine, beside, works on the batch before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from edge.errors import EvaluationError, ImageError
from edge.evaluate.accuracy import ranked
from edge.evaluate.network import Classifier
from edge.images.dataset import Dataset, Image
from edge.images.preprocess import prepare
from edge.images.reading import read_image
from edge.results.accuracy import Share, share
from edge.zoo.model import Preprocessing

_BATCH_BYTES = 32 << 20  # of tensors: enough to make up for loading the network, and twice this is what is held
_BATCH_IMAGES = 128
TOP = 5
_TELLING = 10  # images: fewer may be alike by chance


@dataclass(frozen=True, slots=True)
class Prediction:
    """The network's best classes for one image, best first."""

    image: Image
    top: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An image that could not be judged: counted as a failure, and in no accuracy."""

    image: Image
    reason: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of one network. `top5` is None where five guesses are all the classes there are.

    `classes` is None for a network that answers with its best classes, and does not say how many there are.
    """

    classes: int | None
    top1: Share
    top5: Share | None
    predictions: tuple[Prediction, ...]
    unreadable: tuple[Unreadable, ...]


def evaluate(
    network: Classifier,
    dataset: Dataset,
    how: Preprocessing,
    *,
    heard: Callable[[int, int], None] = lambda _done, _all: None,
    bad: Callable[[Unreadable], None] = lambda _: None,
) -> Evaluation:
    """Judge the network on every image, prepared as `how` says; `heard` is told how many are done of how many.

    At most two batches of tensors are in memory, however many images there are. `bad` hears at once of each image that
    cannot be read. Raises `UsageError` if the labels do not fit the network, `EvaluationError` if no image could be read,
    or what the network raises.
    """
    predictions: list[Prediction] = []
    unreadable: list[Unreadable] = []
    classes: int | None = None
    guesses = 0
    for tensors, images, failed in _prepared(dataset.images, how):
        unreadable += failed
        for one in failed:
            bad(one)
        if images:
            answers = network.classify(tensors)
            best = answers[:, :TOP]
            if answers.dtype.kind == "f":
                if classes is None:
                    classes = answers.shape[1]
                    dataset.check(classes)
                best = ranked(answers.astype(np.float32, copy=False), min(TOP, classes))
            guesses = best.shape[1]
            predictions += [Prediction(image, tuple(top)) for image, top in zip(images, best.tolist(), strict=True)]
        heard(len(predictions) + len(unreadable), len(dataset.images))
    if not predictions:
        raise EvaluationError(f"none of the {len(unreadable)} images can be read: {unreadable[0].reason}")
    return Evaluation(
        classes,
        _hits(predictions, 1),
        _hits(predictions, TOP) if guesses == TOP and classes != TOP else None,
        tuple(predictions),
        tuple(unreadable),
    )


def remarks(made: Evaluation) -> list[str]:
    """What looks like a mistake rather than a network: one class for everything, nothing right, labels counted from 1."""
    labels = [one.image.label for one in made.predictions]
    found = [one.top[0] for one in made.predictions]
    if len(found) < _TELLING or len(set(labels)) < 2:
        return []
    doubts = []
    if len(set(found)) == 1:
        doubts.append(
            f"every image is of class {found[0]} to it: is the preprocessing another one (mean, std, scale, channels)?"
        )
    moved = {by: sum(a - by == b for a, b in zip(labels, found, strict=True)) for by in (1, -1)}
    best = max(moved, key=lambda by: moved[by])
    if moved[best] > max(2 * made.top1.hits, len(found) / 3) and len(set(found)) > 1:
        how = "1, and its classes from 0" if best == 1 else "0, and its classes from 1"
        doubts.append(f"with every label one {'less' if best == 1 else 'more'}, {moved[best]} of {len(found)} are right: "
                    f"do the labels count from {how}?")  # fmt: skip
    elif made.top1.hits == 0:
        doubts.append(
            "no image is right: are the labels in the order of the network's classes (--labels), and counted from 0?"
        )
    return doubts


def _hits(predictions: Sequence[Prediction], count: int) -> Share:
    return share(sum(one.image.label in one.top[:count] for one in predictions), len(predictions))


Batch = tuple[list[NDArray[np.float32]], list[Image], list[Unreadable]]


def _prepared(images: Sequence[Image], how: Preprocessing) -> Iterator[Batch]:
    """Batches of tensors; the next one is made while the last one is used."""
    size = max(1, min(_BATCH_IMAGES, _BATCH_BYTES // (12 * prod(how.crop))))
    starts = range(0, len(images), size)
    with ThreadPoolExecutor(1) as executor:
        waiting = [executor.submit(_batch, images[:size], how)] if images else []
        for start in starts:
            batch = waiting.pop().result()
            if start + size < len(images):
                waiting.append(executor.submit(_batch, images[start + size : start + 2 * size], how))
            yield batch


def _batch(images: Sequence[Image], how: Preprocessing) -> Batch:
    tensors, read, failed = [], [], []
    for image in images:
        try:
            tensors.append(prepare(read_image(image.path), how))
            read.append(image)
        except ImageError as error:
            failed.append(Unreadable(image, error.message))
    return tensors, read, failed
