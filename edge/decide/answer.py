"""`edgezoo choose` as one call: from its options to the decision."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edge.cache.paths import results_database
from edge.decide.candidates import SOURCES, LatencyOf, Source, candidates, estimated_latency, published_latency
from edge.decide.choose import Decision, choose
from edge.decide.fitted import THREADS
from edge.decide.judged import judged_on
from edge.decide.measured import SD855, cells, references
from edge.decide.number import Limit
from edge.errors import UsageError
from edge.results.measurement import Measurement


@dataclass(frozen=True, kw_only=True)
class ChooseOptions:
    """The options of the command, as `edgezoo choose --help` explains them: ms, a share from 0 to 1 (or percent), MB.

    Raises `UsageError`.
    """

    max_ms: float | None = None
    threads: int = 1
    min_top1: float | None = None
    max_mb: float | None = None
    device: str = SD855
    weights: str = "all"
    source: Source | None = None
    on: str | None = None
    db: Path | None = None

    def __post_init__(self) -> None:
        if self.min_top1 is not None and not 0 < self.min_top1 <= 100:
            raise UsageError(f"--min-top1 {self.min_top1:g} is no accuracy", hint="0.7 and 70 mean the same")
        if self.source is not None and self.source not in SOURCES:
            raise UsageError(f"--source {self.source} is none", hint=", ".join(SOURCES))
        if self.source not in (None, "measured") and self.threads not in THREADS:
            raise UsageError(
                f"the published latencies, and estimates from them, are for 1, 2 and 4 threads, not {self.threads}"
            )
        if self.source == "published" and self.device != SD855:
            raise UsageError(
                f"the published latencies are of a Snapdragon 855, not of {self.device}",
                hint="leave --device out, or --source measured",
            )

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Those that are asked for."""
        top1 = self.min_top1 / 100 if self.min_top1 is not None and self.min_top1 > 1 else self.min_top1
        asked = (("--max-ms", self.max_ms, True), ("--min-top1", top1, False), ("--max-mb", self.max_mb, True))
        return tuple(Limit(name, value, most) for name, value, most in asked if value is not None)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Of latencies, the most trusted first."""
        return SOURCES if self.source is None else (self.source,)

    @property
    def fastest_first(self) -> bool:
        """Where an accuracy is asked for and no latency; else the most accurate comes first."""
        return self.min_top1 is not None and self.max_ms is None


@dataclass(frozen=True, slots=True)
class Answer:
    """What fits; of how many networks the latency has which source; how many measurements were left out as not valid, and
    a sentence for each that is damaged."""

    asked: ChooseOptions
    decision: Decision
    sources: dict[str, int]
    invalid: int
    damaged: tuple[str, ...]


def answer(asked: ChooseOptions) -> Answer:
    """Gather what is known, and choose. Raises `ResultsError`, `UnknownResultError` where a device has no measurement."""
    judged, damaged = judged_on(asked.on, asked.db) if asked.on is not None else (None, [])
    cells, more = _cells(asked)
    others: list[LatencyOf] = []
    if "published" in asked.sources and asked.device == SD855:
        others.append(partial(published_latency, threads=asked.threads))
    if "estimated" in asked.sources and asked.threads in THREADS:
        known = None if asked.device == SD855 else references(cells)
        others.append(partial(estimated_latency, threads=asked.threads, references=known))
    measured = cells if "measured" in asked.sources else []
    found = candidates(measured, others, judged=judged, ssld=asked.weights == "ssld")
    return Answer(
        asked,
        choose(found, asked.limits, fastest_first=asked.fastest_first),
        dict(Counter(one.latency.source for one in found if one.latency is not None)),
        sum(one.status == "measured" and not one.valid for one in measured),
        (*damaged, *more),
    )


def _cells(asked: ChooseOptions) -> tuple[list[Measurement], list[str]]:
    """What was measured; of a Snapdragon 855 there may be nothing, where it is not all that is asked for."""
    if asked.device == SD855:
        without = asked.source is None and asked.db is None and not results_database().exists()
        if without or "measured" not in asked.sources:
            return [], []
    return cells(asked.device, (asked.threads,), asked.db)
