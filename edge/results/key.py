"""What makes two measurements the same one: everything that can change the number."""

from __future__ import annotations

from dataclasses import dataclass, fields

from edge.results.identity import DeviceIdentity
from edge.results.measurement import RunnerProgram, Subject
from edge.results.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Key:
    """A stored number is that of another request only if all of this is equal.

    `shapes` are the inputs' with the batch; the inputs' fill, power mode and cores are part of the protocol, the engine
    and its contract number of the program. The last four are facts of the file's bytes: one that is not known (the file
    has lost its metadata) contradicts nothing, for the sha256 is the same.
    """

    model_sha256: str
    shapes: tuple[tuple[int, ...], ...]
    device: DeviceIdentity
    threads: int
    protocol: Protocol
    program: RunnerProgram
    precision: str | None = None
    target: str | None = None
    weights: str | None = None
    opt_version: str | None = None

    @staticmethod
    def of(subject: Subject, device: DeviceIdentity, threads: int, protocol: Protocol, program: RunnerProgram) -> Key:
        """Of a model file on a device."""
        return Key(
            subject.sha256,
            subject.shapes,
            device,
            threads,
            protocol,
            program,
            subject.precision,
            subject.target,
            subject.weights,
            subject.opt_version,
        )

    def same(self, other: Key) -> bool:
        """Whether a number of the one is a number of the other."""
        facts = ("precision", "target", "weights", "opt_version")
        if any(getattr(self, one.name) != getattr(other, one.name) for one in fields(self) if one.name not in facts):
            return False
        pairs = [(getattr(self, name), getattr(other, name)) for name in facts]
        return all(mine is None or theirs is None or mine == theirs for mine, theirs in pairs)
