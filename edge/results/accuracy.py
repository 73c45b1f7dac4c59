"""An accuracy: how many of the images a network got right, how sure that is, and two of them on the same images.

Shares are from 0 to 1. What every image came to is kept, so that two networks are compared image by image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any, Literal

from edge.errors import ResultsError
from edge.results.identity import DeviceIdentity
from edge.results.measurement import Subject
from edge.results.versions import engine_named

RIGHT, AMONG_FIVE, WRONG, UNREADABLE = 2, 1, 0, 255
"""What an image came to, as `Accuracy.outcomes` has it."""
_Z = 1.959963984540054  # the normal distribution's 97.5 % point: 95 % on both sides


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `total` images, the share itself (0 to 1), and its 95 % confidence interval."""

    hits: int
    total: int
    value: float
    low: float
    high: float


def share(hits: int, total: int) -> Share:
    """The share with Wilson's score interval, which holds near 0 and 1, too, and for few images.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209-212. It takes
    the images for an independent sample of those the network will meet. `total` must be at least 1.
    """
    p = hits / total
    scale = 1 + _Z**2 / total
    centre = (p + _Z**2 / (2 * total)) / scale
    half = _Z * sqrt(p * (1 - p) / total + _Z**2 / (4 * total**2)) / scale
    # At the ends the formula gives exactly 0 and 1, and rounding may not.
    return Share(hits, total, p, 0.0 if hits == 0 else centre - half, 1.0 if hits == total else centre + half)


@dataclass(frozen=True)
class Accuracy:
    """What a network's judgement of a set of images came to. Times in seconds.

    `network` names the program, weights and precision, whatever file they are in; None: not known. `dataset` is the folder's
    name, `dataset_sha256` is of the contents and classes of its images, in whose order `outcomes` are. `device` as in
    `Measurement`; `program` is None where the engine ran in its own interpreter. `synthetic`: no network ran.
    """

    id: int
    finished: float
    seconds: float
    subject: Subject
    network: str | None
    dataset: str
    dataset_sha256: str
    classes: int | None
    preprocessing: Mapping[str, Any]
    engine: str
    program: Mapping[str, Any] | None
    synthetic: bool
    device: Mapping[str, Any]
    remarks: tuple[str, ...]
    has_top5: bool
    outcomes: bytes

    @property
    def images(self) -> int:
        """How many were judged."""
        return len(self.outcomes) - self.unreadable

    @property
    def unreadable(self) -> int:
        """How many could not be read, and are in no share."""
        return self.outcomes.count(UNREADABLE)

    @cached_property
    def top1(self) -> Share:
        """The share of images whose class came first."""
        return share(self.outcomes.count(RIGHT), self.images)

    @cached_property
    def top5(self) -> Share | None:
        """The share of images whose class was among the five best; None where five are all there are."""
        hits = self.outcomes.count(RIGHT) + self.outcomes.count(AMONG_FIVE)
        return share(hits, self.images) if self.has_top5 else None

    @property
    def identity(self) -> DeviceIdentity:
        """The device it was judged on."""
        return DeviceIdentity.of(self.device)

    @property
    def words(self) -> str:
        """Where the number comes from, in a line."""
        where = f"{self.images:,} images of {self.dataset} (sha256 {self.dataset_sha256[:8]})"
        return f"{where}, judged on {self.device.get('serial') or 'host'} by {engine_named(self.engine)}"


@dataclass(frozen=True, slots=True)
class AccuracyComparison:
    """Two accuracies on the same images: `difference` of the shares (second less first), and its 95 % interval.

    `only_first` and `only_second`: how many images only one of them got right.
    """

    first: int
    second: int
    images: int
    difference: float
    low: float
    high: float
    only_first: int
    only_second: int
    verdict: Literal["more accurate", "less accurate", "no difference shown"]


def compare_accuracies(first: Accuracy, second: Accuracy) -> AccuracyComparison:
    """Image by image, in top-1. Raises `ResultsError` where the images are others.

    The interval is Bonett and Price's adjusted Wald for paired proportions: Journal of Educational and Behavioral Statistics 37
    (2012) 479-488. It takes the images for an independent sample of those the networks will meet.
    """
    if first.dataset_sha256 != second.dataset_sha256:
        raise ResultsError(
            f"accuracy {first.id} and {second.id} are of different images ({first.dataset}, {second.dataset})",
            hint="judge both on the same ones: edgezoo eval A B --data DIR",
        )
    if len(first.outcomes) != len(second.outcomes):
        raise ResultsError(
            f"accuracy {first.id} tells of {len(first.outcomes)} images and {second.id} of {len(second.outcomes)}, "
            "though they are of the same ones: one is damaged",
            hint="judge both again",
        )
    pairs = [pair for pair in zip(first.outcomes, second.outcomes, strict=True) if UNREADABLE not in pair]
    only_first = sum(a == RIGHT != b for a, b in pairs)
    only_second = sum(b == RIGHT != a for a, b in pairs)
    n = len(pairs)
    gained, lost = (only_second + 1) / (n + 2), (only_first + 1) / (n + 2)
    half = _Z * sqrt((gained + lost - (gained - lost) ** 2) / (n + 2))
    low, high = max(-1.0, gained - lost - half), min(1.0, gained - lost + half)
    verdict: Literal["more accurate", "less accurate", "no difference shown"] = "no difference shown"
    if low > 0 or high < 0:
        verdict = "more accurate" if low > 0 else "less accurate"
    difference = (only_second - only_first) / n if n else 0.0
    return AccuracyComparison(first.id, second.id, n, difference, low, high, only_first, only_second, verdict)
