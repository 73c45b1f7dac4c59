"""The one door for JSON and TOML from outside: bytes or parsed values become typed values, or an error that names the field.

The types are msgspec structs or frozen dataclasses. Fields that a type does not know are passed over, unless it forbids them.
Within limits: no more than `MOST_LEVELS` in one another, and whole numbers that 64 bits hold.
"""

from __future__ import annotations

import re
from threading import RLock
from typing import Any, TypeVar

import msgspec

from edge.errors import FormatError
from edge.untrusted.guard import brief

T = TypeVar("T")

MOST_LEVELS = 64
_LEAST, _MOST = -(1 << 63), (1 << 64) - 1
_LONG_NUMBER = re.compile(rb"[0-9]{19}")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))

_AT = re.compile(r"^(?P<what_is_wrong>.*?)(?: - at `(?P<key>key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_FIELD = re.compile(r"^Object (?P<what>missing required|contains unknown) field `(?P<name>.+)`$")
_LEARNING = RLock()  # msgspec learns a type at its first use; two threads that do at once crash Python


def decode(data: bytes | str, kind: type[T], where: str, *, error: type[FormatError] = FormatError) -> T:
    """JSON text as a `kind`. Raises `error`, which begins with `where` and names the field."""
    try:
        raw = data.encode() if isinstance(data, str) else bytes(data)
        if _may_be_beyond(raw):
            _check(msgspec.json.decode(raw), where, error)
        with _LEARNING:
            return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as wrong:
        raise _named(wrong, where, error) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as wrong:
        raise error(f"{where} cannot be read as JSON: {brief(wrong)}") from None


def convert(value: object, kind: type[T], where: str, *, error: type[FormatError] = FormatError) -> T:
    """A parsed value (JSON, TOML) as a `kind`. Raises `error`, as `decode` does."""
    _check(value, where, error)
    try:
        with _LEARNING:
            return msgspec.convert(value, kind, str_keys=True)
    except msgspec.ValidationError as wrong:
        raise _named(wrong, where, error) from None


def _may_be_beyond(data: bytes) -> bool:
    """Whether the text has a long number, or many brackets in one another. Seldom wrongly so, and quickly told."""
    brackets = data.translate(None, _NO_BRACKETS)
    for _ in range(MOST_LEVELS):  # each round takes the innermost away
        if not brackets:
            break
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return bool(brackets) or _LONG_NUMBER.search(data) is not None


def _check(value: object, where: str, error: type[FormatError]) -> None:
    """Raises `error` for a value beyond the limits."""
    level: list[object] = [value]
    for _ in range(MOST_LEVELS + 1):
        if any(type(one) is int and not _LEAST <= one <= _MOST for one in level):
            raise error(f"{where} has a whole number that 64 bits do not hold")
        level = [
            inner
            for one in level
            if isinstance(one, dict | list | tuple)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise error(f"{where} has more than {MOST_LEVELS} levels in one another")


def plain(value: object) -> Any:
    """Dataclasses as dictionaries, at any depth, as `dataclasses.asdict` makes them of JSON's own types and tuples.

    Many times as fast, and no copies: a launch holds hundreds of values.
    """
    return msgspec.to_builtins(value)


def encode(value: object) -> str:
    """JSON text of dataclasses, mappings and JSON's own types; keys sorted. NaN and infinity become null."""
    return msgspec.json.encode(value, order="sorted").decode()


def _named(wrong: msgspec.ValidationError, where: str, error: type[FormatError]) -> FormatError:
    match = _AT.match(str(wrong))
    assert match is not None  # every text matches
    what, path = match["what_is_wrong"], (match["path"] or "").removeprefix(".")
    if (field := _FIELD.match(what)) is not None:
        path = f"{path}.{field['name']}".removeprefix(".")
        what = "it is missing" if field["what"].startswith("missing") else "there is no such field"
    else:
        what = what[:1].lower() + what[1:]
    place = f"{where}: `{brief(path)}`" if path else where
    return error(f"{place}: {brief(what)}", field=path)
