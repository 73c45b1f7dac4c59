"""What commands say: results on standard output, everything else on standard error."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from edge.cli import terminal
from edge.cli.running import running

if TYPE_CHECKING:
    from edge.bench.host_engines import HostEngine
    from edge.cli.bars import Bars
    from edge.report.view import View
    from edge.results.measurement import Measurement
    from edge.results.missing import Missing


def say(line: str) -> None:
    """One line of progress or a remark, on standard error."""
    click.echo(line, err=True)


def print_json(value: Any) -> None:
    """A JSON document on standard output."""
    running().printed = True
    click.echo(json_text(value))


def json_text(value: Any) -> str:
    """A JSON document; NaN and infinity are refused, for no other program reads them."""
    import json

    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)


def write_file(path: Path, content: str) -> None:
    """Write a report, whole or not at all; into a device or a pipe as it is, and through a link. Raises `OutputError`."""
    from edge.cache.files import write_text
    from edge.errors import foreseen

    if path.is_char_device() or path.is_fifo():
        try:
            with path.open("w", encoding="utf-8") as stream:
                stream.write(content)
        except OSError as error:
            raise foreseen(error) from error
        return
    write_text(Path(os.path.realpath(path)), content, hint="name another place")


def print_report(
    measurements: Sequence[Measurement],
    *,
    form: str,
    output: Path | None = None,
    ratio: bool = False,
    view: View | None = None,
) -> None:
    """Measurements on standard output or in a file; `form`: text, markdown, csv or json. Raises `OutputError`."""
    from importlib import import_module

    shown = {"view": view} if view is not None and form in ("text", "markdown") else {}
    rendered = import_module(f"edge.report.{form}").render(measurements, ratio=ratio, **shown)
    put(rendered, output)


def print_compared(cells: Sequence[Measurement], *, form: str, output: Path | None = None) -> None:
    """The answers to `bench --compare`, one for each session and thread count. Raises `OutputError`."""
    import json
    from dataclasses import asdict

    from edge.report.comparison import sentences
    from edge.results.comparison import compare

    groups: dict[tuple[int, int], list[Measurement]] = {}
    for one in cells:
        groups.setdefault((one.session, one.threads), []).append(one)
    twos = [group for group in groups.values() if len(group) == 2 and all(one.counted for one in group)]
    found = [compare(first, second) for first, second in twos]
    if form == "json":
        text = json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    else:
        text = "\n\n".join("\n".join(sentences(one)) for one in found) + "\n" * bool(found)
    put(text, output)


def print_engines(
    cells: Sequence[Measurement],
    missing: Sequence[Missing],
    first: HostEngine | None,
    *,
    intel: bool = False,
    form: str,
    output: Path | None = None,
    view: View,
) -> None:
    """Networks in several engines, each beside the `first` that is named, or beside the published Intel columns.

    Raises `OutputError`.
    """
    from edge.report import engine_values, engines
    from edge.report.intel import render as intel_table

    if form in ("json", "csv"):
        made = getattr(engine_values, f"as_{form}")(cells, missing, first, columns=intel)
    elif not cells and not missing:  # what kept everything from being measured has been said
        return
    elif intel or first is None:
        made = intel_table(cells, form, view, missing)
    else:
        made = engines.render(cells, missing, first, form, view)
    put(made, output)


def print_sustained(cells: Sequence[Measurement], *, output: Path | None = None, view: View) -> None:
    """What `bench --sustained` brought, as tables. Raises `OutputError`."""
    from edge.report.sustained import render

    put(render(cells, view), output)


def put(text: str, output: Path | None) -> None:
    """On standard output, or into the file `output`. Raises `OutputError`."""
    if output is None:
        running().printed = True
        click.echo(text, nl=False)
    else:
        write_file(output, text)


LOG_EVERY, SHOW_EVERY = 60.0, 0.5  # seconds: a line in a log, and on a terminal
BYTES_FROM = 1_000_000  # counts from here on are bytes: no work has so many pieces


@dataclass
class Activity:
    """What is being done of one model since `began`: `done` pieces of `of` (0: not known), `before` of which were done then."""

    what: str
    done: int
    of: int
    began: float
    before: int = 0

    @property
    def amount(self) -> str:
        """`3 of 8`, `13.7 of 120.4 MB`, or nothing."""
        if self.of >= BYTES_FROM:
            return f"{self.done / 1e6:.1f} of {self.of / 1e6:.1f} MB"
        return f"{self.done:,} of {self.of:,}" if self.of else ""

    @property
    def times(self) -> str:
        """How long it has taken, and about how long it will."""
        return ", ".join(one for one in (clock(time.monotonic() - self.began), self.left) if one)

    @property
    def left(self) -> str:
        """About how long it will take, where that is known."""
        passed, made = time.monotonic() - self.began, self.done - self.before
        return f"about {clock(passed * (self.of - self.done) / made)} left" if made > 0 and self.of >= self.done else ""

    def sentence(self, name: str) -> str:
        """All of it in a line."""
        return f"{name.removeprefix(_MOMENT)}: {self.what} {self.amount}".rstrip() + f", {self.times}"


def clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


class ProgressLine:
    """Lines on standard error; while work goes on, on a terminal a bar for each piece of it, in a log a line a minute.

    `quiet` silences progress, never what went wrong. Several threads may use one. `resumes`: what a Ctrl-C leaves, and how to
    go on, for the sentence that is printed then; with `once_kept` only after something was `kept`.
    """

    def __init__(self, *, quiet: bool = False, resumes: str = "", once_kept: bool = False) -> None:
        self._lock = threading.RLock()
        self._quiet = quiet
        self._in_place = terminal.rewrites(sys.stderr)
        self._bars: Bars | None = None
        self._spoke = time.monotonic()
        self._activities: dict[str, Activity] = {}
        self._over, self._ticker = threading.Event(), threading.Thread(target=self._tick, daemon=True)
        self._running, self._resumes = running(), f" {resumes}" if resumes else ""
        if not once_kept:
            self.kept()

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        if self._ticker.is_alive():
            self._ticker.join()
        if self._bars is not None:
            self._bars.end()
        if kind is None:
            self._running.resumes = ""

    def kept(self) -> None:
        """From now on a Ctrl-C leaves something."""
        self._running.resumes = self._resumes

    def working(self, name: str) -> Callable[[str, int, int], None]:
        """A listener for what is being done of one model ("": nothing more), how many pieces of it are, and of how many.

        What has the same word in front (`verify: Paddle`) is one piece of work, whose time goes on. Counts from a million on
        are bytes.
        """

        def heard(what: str, done: int, of: int) -> None:
            with self._lock:
                known = self._activities.pop(name, None)
                if what:
                    self._put(name, known, what, done, of)

        return heard

    def _put(self, name: str, known: Activity | None, what: str, done: int, of: int) -> None:
        same = known is not None and known.what.partition(":")[0] == what.partition(":")[0]
        if known is not None and same:
            began, before = known.began, known.before if known.of else done
        else:
            began, before = time.monotonic(), done
        self._activities[name] = Activity(what, done, of, began, before)
        if not self._quiet and not self._ticker.ident:
            self._ticker.start()

    def _tick(self) -> None:
        while not self._over.wait(SHOW_EVERY):
            with self._lock:
                if self._in_place:
                    self._draw()
                elif self._activities and time.monotonic() - self._spoke >= LOG_EVERY:
                    self.line("  ".join(one.sentence(name) for name, one in self._activities.items()))

    def _draw(self) -> None:
        if self._bars is None and self._activities:
            from edge.cli.bars import Bars

            self._bars = Bars()
        if self._bars is not None:
            self._bars.show(self._activities)

    def line(self, text: str) -> None:
        """A line that stays."""
        if not self._quiet:
            self.error(text)

    def error(self, text: str) -> None:
        """What went wrong: quiet or not, a user must hear why."""
        with self._lock:
            self._spoke = time.monotonic()
            self._activities.pop(_MOMENT + text.partition(":")[0], None)
            if self._bars is None:
                say(text)
            else:
                self._bars.line(text)

    def now(self, text: str, done: int = 0, of: int = 0) -> None:
        """What is being done at the moment, until the next line about the same device or model; `done` pieces of `of`."""
        name, _, what = text.partition(": ")
        with self._lock:
            known = self._activities.get(_MOMENT + name)
            began, before = time.monotonic(), done
            if known is not None and known.of:  # one piece of work, whatever it is at the moment
                began, before = known.began, known.before
                done, of = (done, of) if of else (known.done, known.of)
            self._activities[_MOMENT + name] = Activity(what, done, of, began, before)
            if not self._quiet and not self._ticker.ident:
                self._ticker.start()

    def download(self, name: str) -> Callable[[int, int | None], None]:
        """A listener for the bytes of one download: have, and all (None: not known)."""

        def heard(have: int, total: int | None) -> None:
            ended = total is not None and have >= total
            what = "download" if total else f"download, {have / 1e6:.1f} MB"
            self.working(name)("" if ended else what, have, total or 0)

        return heard


_MOMENT = "\0"  # in front of what `now` says, which nobody ends
