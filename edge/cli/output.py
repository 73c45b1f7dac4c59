"""What commands say: results on standard output, everything else on standard error."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from edge.results.measurement import Measurement


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


def print_sustained(cells: Sequence[Measurement], *, output: Path | None = None) -> None:
    """What `bench --sustained` brought, as tables. Raises `OutputError`."""
    from edge.report.sustained import render

    _put(render(cells), output)


def _put(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
    else:
        write_file(output, text)


class ProgressLine:
    """Lines on standard error; on a terminal the last one is rewritten in place while work goes on.

    `quiet` silences progress, never what went wrong. Several threads may use one.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._lock = threading.RLock()
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._shown = False

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._wipe()

    def line(self, text: str) -> None:
        """A line that stays."""
        if not self._quiet:
            self.error(text)

    def error(self, text: str) -> None:
        """What went wrong: quiet or not, a user must hear why."""
        with self._lock:
            self._wipe()
            say(text)

    def now(self, text: str) -> None:
        """What is being done at the moment; on a terminal only, for in a log it would be noise."""
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
