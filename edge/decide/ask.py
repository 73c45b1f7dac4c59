"""`edgezoo estimate` as one call: from its options to the estimates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.decide.counting import check, check_shape, counted
from edge.decide.estimate import Estimate, estimate
from edge.decide.fitted import THREADS
from edge.decide.measured import cells, references
from edge.errors import ResultsError, UsageError


@dataclass(frozen=True, kw_only=True)
class EstimateOptions:
    """The options of the command, as `edgezoo estimate --help` explains them. Raises `UsageError`, `ModelFilesError`."""

    names: tuple[str, ...]
    threads: tuple[int, ...] = THREADS
    calibrate_on: str | None = None
    input_shape: tuple[int, ...] | None = None
    evaluate: bool = False
    db: Path | None = None

    def __post_init__(self) -> None:
        if others := [count for count in self.threads if count not in THREADS]:
            raise UsageError(f"--threads {others[0]}: latencies are published for 1, 2 and 4 threads")
        if self.evaluate and (self.names or self.calibrate_on or self.input_shape):
            raise UsageError("--evaluate is of the published networks: it takes no names, devices and shapes")
        if self.db is not None and self.calibrate_on is None:
            raise UsageError("--db belongs to --calibrate-on", hint="name the device that was measured")
        if not self.names and not self.evaluate:
            raise UsageError("no network is named", hint="edgezoo estimate NAME|FILE..., or --evaluate")
        for name in self.names:
            check(name)
        check_shape(self.input_shape, self.names)


def ask(asked: EstimateOptions, say: Callable[[str], None]) -> tuple[list[Estimate], list[str]]:
    """The estimates, network by network; and a sentence for each measurement that is damaged.

    Raises what a conversion raises, and `ResultsError` where nothing measured on the device is of a known network.
    """
    measured, damaged = cells(asked.calibrate_on, asked.threads, asked.db) if asked.calibrate_on else ([], [])
    networks = [counted(name, asked.input_shape, say) for name in dict.fromkeys(asked.names)]
    known = {count: references([one for one in measured if one.threads == count], networks) for count in asked.threads}
    if asked.calibrate_on and not any(known.values()):
        raise ResultsError(
            f"nothing measured on {asked.calibrate_on} tells its speed: no valid float32 network of the catalogue is there",
            hint=f"edgezoo bench MobileNetV3_small_x1_0 --weights random -s {asked.calibrate_on}",
        )
    return [
        estimate(network, count, known[count] if asked.calibrate_on else None)
        for network in networks
        for count in asked.threads
    ], damaged
