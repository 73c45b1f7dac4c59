"""A refusal of the command line in the words of a plan: there the options are fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from edge.errors import EdgezooError

if TYPE_CHECKING:
    from edge.bench.request import DownloadListener

# An option with a value that is known by its form, as it is written in a plan. In this order: later ones are shorter.
_WITH_VALUE = (
    (r"with -s(?: SERIAL)?\b", "as `serial`"),
    (r"--devices (\d+)", r"count = \1"),
    (r"--threads (-?\d+(?:,\d+)*)", r"threads = [\1]"),
    (r"--match ([a-z]\w*)=(.+?)(?= is no tag| and |$)", r'match = { \1 = "\2" }'),
    (r"--match TAG=VALUE", 'match = { TAG = "VALUE" }'),
    (r"--lab HOST:PORT", 'lab = "HOST:PORT"'),
    (r"--engine ([a-z][\w-]*|\d[\w.]*)(?= does| is|$)", r'engines = ["\1"]'),
    (r"--precision ((?:fp|int)\d+)", r'precisions = ["\1"]'),
    (r"--protocol (robust|table|intel-table)", r'protocol = "\1"'),
    (r"--device host", 'serial = "host"'),
    (r"--runner PATH", 'runner = "PATH"'),
)
_FIELDS = {
    "--devices": "count",
    "--device": "serial",
    "--adb-server": "adb_server",
    "--all": "light",
    "--engine": "engines",
    "--precision": "precisions",
    "--runner-kind": "runner_kind",
    **{
        f"--{same}": same
        for same in ("lab", "light", "match", "protocol", "runner", "series", "split", "threads", "weights")
    },
}


_COMMANDS = re.compile(r"(`[^`]*`|edgezoo [^;,]*)")


def in_plan_words(text: str) -> str:
    """The text with fields in place of the options that a plan takes the place of; others stay, and so do whole commands."""
    pieces = _COMMANDS.split(text)
    return "".join(piece if place % 2 else _in_plan_words(piece) for place, piece in enumerate(pieces))


def _in_plan_words(text: str) -> str:
    text = text.replace("use --series, --light or --all", "use `series` or `light`")
    text = text.replace("fp32 or int8-static", "fp32")  # a plan names no images to calibrate with
    for pattern, field in _WITH_VALUE:
        text = re.sub(pattern, field, text)
    return re.sub(r"--[a-z]+(?:-[a-z]+)*", lambda found: _field(found[0]), text)


class PlanListener:
    """Passes on what a session says, in the words of a plan."""

    def __init__(self, listener: DownloadListener) -> None:
        self._listener = listener

    def line(self, text: str) -> None:
        self._listener.line(in_plan_words(text))

    def error(self, text: str) -> None:
        self._listener.error(in_plan_words(text))

    def now(self, text: str, done: int = 0, of: int = 0) -> None:
        self._listener.now(text, done, of)

    def working(self, name: str) -> Callable[[str, int, int], None]:
        return self._listener.working(name)

    def download(self, name: str) -> Callable[[int, int | None], None]:
        return self._listener.download(name)

    def kept(self) -> None:
        self._listener.kept()


def retold(error: EdgezooError) -> tuple[str, str]:
    """The message and the hint."""
    return in_plan_words(error.message), in_plan_words(error.hint)


def field_meant(error: EdgezooError) -> str | None:
    """The field of the whole plan that the message begins with, if any."""
    option = re.match(r"--[a-z]+", error.message)
    field = _FIELDS.get(option[0]) if option else None
    return field if field in ("engines", "precisions", "threads", "weights", "protocol", "lab") else None


def _field(option: str) -> str:
    return f"`{_FIELDS[option]}`" if option in _FIELDS else option
