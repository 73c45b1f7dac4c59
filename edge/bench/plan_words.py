"""A refusal of the command line in the words of a plan: there the options are fields."""

from __future__ import annotations

import re

from edge.errors import EdgezooError

# An option with a value that is known by its form, as it is written in a plan. In this order: later ones are shorter.
_WITH_VALUE = (
    (r"--devices (\d+)", r"count = \1"),
    (r"--threads (-?\d+(?:,\d+)*)", r"threads = [\1]"),
    (r"--match ([a-z]\w*)=(\S+)", r'match = { \1 = "\2" }'),
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
    **{
        f"--{same}": same
        for same in ("lab", "light", "match", "protocol", "runner", "series", "split", "threads", "weights")
    },
}


def in_plan_words(text: str) -> str:
    """The text with fields in place of the options that a plan takes the place of; others stay."""
    text = text.replace("use --series, --light or --all", "use `series` or `light`")
    for pattern, field in _WITH_VALUE:
        text = re.sub(pattern, field, text)
    return re.sub(r"--[a-z]+(?:-[a-z]+)*", lambda found: _field(found[0]), text)


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
