"""The Intel columns of PaddleClas' table (protocol `intel-table`): Paddle with oneDNN on a Xeon 6148, OpenVINO on a 6271C."""

from __future__ import annotations

from collections.abc import Sequence

from edge.bench.host_engines import HostEngine, host_engine
from edge.errors import UsageError
from edge.zoo.catalogue import catalogue

THREADS = 10  # of both columns
# The columns of the catalogue, the engine that each was measured in, and on what.
COLUMNS = {"xeon6148_ms": "paddle", "xeon6271c_openvino_ms": "openvino"}
MACHINES = {
    "xeon6148_ms": "Xeon Gold 6148, Paddle with oneDNN",
    "xeon6271c_openvino_ms": "Xeon Gold 6271C, OpenVINO",
}


def engine_of(names: Sequence[str]) -> HostEngine:
    """The engine that the published numbers of these networks were measured in; Paddle, where there are none."""
    published = {one.name: one.published.elsewhere_ms for one in catalogue()}
    columns = {column for name in names for column in published.get(name, {})}
    if len(names) == 1 and "xeon6271c_openvino_ms" in columns and "xeon6148_ms" not in columns:
        return host_engine(COLUMNS["xeon6271c_openvino_ms"])
    return host_engine("paddle")


def check_threads(threads: Sequence[int], cores: int | None, device: str) -> None:
    """Raises `UsageError` for more threads than there are cores: what they then take turns on is no such latency."""
    if cores and max(threads) > cores:
        raise UsageError(
            f"the published numbers are with {THREADS} threads, and {device} has {cores} core{'s' * (cores != 1)}"
            if max(threads) == THREADS
            else f"--threads {max(threads)}: {device} has {cores} core{'s' * (cores != 1)}",
            hint=f"--threads {cores} measures with those there are, which the table says",
        )
