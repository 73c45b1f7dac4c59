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

if TYPE_CHECKING:
    from edge.results.measurement import Measurement
    from edge.results.missing import Missing


def say(line: str) -> None:
    """One line of progress or a remark, on standard error."""
    click.echo(line, err=True)


def print_json(value: Any) -> None:
    """A JSON document on standard output."""
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
    measurements: Sequence[Measurement], *, form: str, output: Path | None = None, ratio: bool = False
) -> None:
    """Measurements on standard output or in a file; `form`: text, markdown, csv or json. Raises `OutputError`."""
    from importlib import import_module

    rendered = import_module(f"edge.report.{form}").render(measurements, ratio=ratio)
    _put(rendered, output)


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
    _put(text, output)


def print_engines(
    cells: Sequence[Measurement], missing: Sequence[Missing], *, form: str, output: Path | None = None
) -> None:
    """Networks in several engines, each beside the first. Raises `OutputError`."""
    from edge.report import engines

    _put(engines.as_json(cells, missing) if form == "json" else engines.render(cells, missing, form), output)


def print_intel(cells: Sequence[Measurement], *, form: str, output: Path | None = None) -> None:
    """What `bench --protocol intel-table` brought, beside the published numbers. Raises `OutputError`."""
    from edge.report.intel import render

    _put(render(cells, form), output)


def print_sustained(cells: Sequence[Measurement], *, output: Path | None = None) -> None:
    """What `bench --sustained` brought, as tables. Raises `OutputError`."""
    from edge.report.sustained import render

    _put(render(cells), output)


def _put(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
    else:
        write_file(output, text)


LOG_EVERY, SHOW_EVERY = 60.0, 1.0  # seconds: a line in a log, and in place on a terminal


@dataclass
class _Activity:
    """What is being done of one model since `began`: `done` pieces of `of` (0: not known)."""

    what: str
    done: int
    of: int
    began: float

    def sentence(self, name: str) -> str:
        passed = time.monotonic() - self.began
        how_far = f" {self.done} of {self.of}" if self.of else ""
        left = f", about {_clock(passed * (self.of - self.done) / self.done)} left" if self.done and self.of else ""
        return f"{name}: {self.what}{how_far}, {_clock(passed)}{left}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


class ProgressLine:
    """Lines on standard error; while work goes on, on a terminal the last is rewritten in place, in a log comes one a minute.

    `quiet` silences progress, never what went wrong. Several threads may use one.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._lock = threading.RLock()
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._shown = False
        self._spoke = time.monotonic()
        self._activities: dict[str, _Activity] = {}
        self._over, self._ticker = threading.Event(), threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        if self._ticker.is_alive():
            self._ticker.join()
        self._wipe()

    def working(self, name: str) -> Callable[[str, int, int], None]:
        """A listener for what is being done of one model ("": nothing more), how many pieces of it are, and of how many.

        What has the same word in front (`verify: Paddle`) is one piece of work, whose time goes on.
        """

        def heard(what: str, done: int, of: int) -> None:
            with self._lock:
                known = self._activities.pop(name, None)
                if not what:
                    return
                same = known is not None and known.what.partition(":")[0] == what.partition(":")[0]
                began = known.began if known is not None and same else time.monotonic()
                self._activities[name] = _Activity(what, done, of, began)
                if not self._quiet and not self._ticker.ident:
                    self._ticker.start()

        return heard

    def _tick(self) -> None:
        while not self._over.wait(SHOW_EVERY):
            with self._lock:
                if self._activities:
                    self.now("  ".join(one.sentence(name) for name, one in self._activities.items()))

    def line(self, text: str) -> None:
        """A line that stays."""
        if not self._quiet:
            self.error(text)

    def error(self, text: str) -> None:
        """What went wrong: quiet or not, a user must hear why."""
        with self._lock:
            self._wipe()
            self._spoke = time.monotonic()
            say(text)

    def now(self, text: str) -> None:
        """What is being done at the moment; in a log only where nothing was said for a minute: more would be noise."""
        if not self._terminal and time.monotonic() - self._spoke >= LOG_EVERY:
            self.line(text)
        if self._terminal and not self._quiet:
            import shutil

            with self._lock:
                self._wipe()
                click.echo(text[: shutil.get_terminal_size().columns - 1], nl=False, err=True)
                self._shown = True

    def download(self, name: str) -> Callable[[int, int | None], None]:
        """A listener for the bytes of one download: have, and all (None: not known)."""

        def heard(have: int, total: int | None) -> None:
            filled = 30 * have // total if total else 0
            bar = f"[{'#' * filled}{'.' * (30 - filled)}] " if total else ""
            whole = f" of {total / 2**20:.1f}" if total else ""
            self.now(f"{name}: {bar}{have / 2**20:.1f}{whole} MiB")

        return heard

    def _wipe(self) -> None:
        if self._shown:
            click.echo("\r\033[K", nl=False, err=True)
            self._shown = False
