"""What tells one measurement from another, as words: for lists, tables and exports in which no two may look alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache

from edge.results.measurement import Measurement
from edge.results.protocol import Protocol
from edge.results.summary import Summary
from edge.results.versions import as_named, engine_named

# In the order in which they are shown. Those of the first lines are of the model file, the rest of how it was measured.
OF_FILE = ("Model", "Weights", "Precision", "Target", "Shape", "Opt", "Sha256")
OF_RUN: tuple[str, ...] = ("Device", "Address", "Device id", "Build", "Protocol", "Parameters", "Engine", "Program")
OF_RUN += ("Contract", "Program sha256")


def words(one: Measurement | Summary) -> Mapping[str, str]:
    """The whole identity, by column title; what is not known is "unknown"."""
    device = one.identity if isinstance(one, Measurement) else one.device
    address = str(one.device.get("serial") or "") if isinstance(one, Measurement) else one.address
    engine = one.engine if isinstance(one, Measurement) else (one.engine, one.engine_version)
    subject, program = one.subject, one.program
    found = {
        "Model": subject.name,
        "Weights": subject.weights,
        "Precision": subject.precision,
        "Target": subject.target,
        "Shape": shapes(subject.shapes),
        "Opt": subject.opt_version and as_named(subject.opt_version),
        "Sha256": subject.sha256[:12],
        "Device": address if device.kind == "host" else device.known_as or address,
        "Address": address,
        "Device id": device.serialno,
        "Build": f"{device.build or 'unknown'}, {device.soc or 'unknown'}",
        "Threads": str(one.threads),
        "Protocol": one.protocol.name,
        "Parameters": parameters(one.protocol),
        "Engine": engine_named(*engine),
        "Program": program.name,
        "Contract": "none" if program.contract is None else str(program.contract),
        "Program sha256": program.sha256[:12],
    }
    return {title: value or "unknown" for title, value in found.items()}


def shared_names(rows: Sequence[Mapping[str, str]]) -> bool:
    """Whether one name stands for several devices: every host's is "host"."""
    return len({row["Device"] for row in rows}) < len({(row["Device"], row["Device id"]) for row in rows})


def shapes(of: Sequence[Sequence[int]]) -> str:
    """`1x3x224x224`, several inputs with a comma between."""
    return ",".join("x".join(map(str, shape)) for shape in of)


@lru_cache(maxsize=64)
def parameters(protocol: Protocol) -> str:
    """The protocol's parameters without its name: `warmup_runs=10 ...`; a list of cores as `7,6`."""
    values = {name: value for name, value in asdict(protocol).items() if name != "name" and value is not None}
    texts = {
        name: ",".join(map(str, value)) if isinstance(value, tuple) else f"{value}" for name, value in values.items()
    }
    return " ".join(f"{name}={text}" for name, text in texts.items())


def distinguishing(rows: Sequence[Mapping[str, str]], shown: Sequence[str], others: Sequence[str]) -> list[str]:
    """Which of the `others` must be shown as well, so that rows that differ in any of them do not look alike.

    Rows are told apart by what is shown; the first column that parts rows still alike is added, until none parts any.
    """
    added: list[str] = []
    while True:
        groups: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
        for row in rows:
            groups.setdefault(tuple(row[title] for title in (*shown, *added)), []).append(row)
        alike = [group for group in groups.values() if len(group) > 1]
        parting = (title for title in others if any(len({row[title] for row in group}) > 1 for group in alike))
        title = next(parting, None)
        if title is None:
            return [title for title in others if title in added]
        added.append(title)
