"""What a session is asked for, and who hears of its progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol as Interface

from edge.bench.gate import Gate
from edge.bench.programs import Runner
from edge.errors import EdgezooError
from edge.results.measurement import Subject
from edge.results.protocol import Protocol
from edge.results.reasons import Remark


@dataclass(frozen=True, slots=True)
class Job:
    """One model file. `reasons` and `notes` are what is known of it before it is measured, for all its cells; `runner` measures
    it in place of the session's, and `engine` is what people call that."""

    nb: Path
    subject: Subject
    reasons: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = ()
    runner: Runner | None = None
    engine: str | None = None

    @property
    def label(self) -> str:
        """The network, and the engine where there are several."""
        return f"{self.subject.name}, {self.engine}" if self.engine else self.subject.name


@dataclass(frozen=True, slots=True)
class Request:
    """What a session is to measure and how; times in seconds.

    `fresh` measures again what is there, `keep_invalid` not even what is there and not valid. `wrong` hears, beside the
    listener, of each error that ended a cell.
    """

    jobs: tuple[Job, ...]
    threads: tuple[int, ...]
    protocol: Protocol
    seed: int
    fresh: bool = False
    keep_invalid: bool = False
    synthetic_allowed: bool = False
    launch_timeout: float = 600.0
    recover_limit: float = 120.0
    gate: Gate = field(default_factory=Gate)
    wrong: Callable[[EdgezooError], None] = lambda _: None


class Listener(Interface):
    """Hears what a session does: a line that stays, what went wrong, what is done at the moment (`done` pieces of `of`), and
    that a launch is `kept`, in the database.
    """

    def line(self, text: str) -> None: ...

    def error(self, text: str) -> None: ...

    def now(self, text: str, done: int = 0, of: int = 0) -> None: ...

    def working(self, name: str) -> Callable[[str, int, int], None]: ...

    def kept(self) -> None: ...


class DownloadListener(Listener, Interface):
    """Hears of downloads, too."""

    def download(self, name: str) -> Callable[[int, int | None], None]: ...
