"""The one door for JSON and TOML from outside: bytes or parsed values become typed values, or an error that names the field.

The types are msgspec structs or frozen dataclasses. Fields that a type does not know are passed over, unless it forbids them.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from edge.errors import FormatError

T = TypeVar("T")

_AT = re.compile(r"^(?P<what_is_wrong>.*?)(?: - at `(?P<key>key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_FIELD = re.compile(r"^Object (?P<what>missing required|contains unknown) field `(?P<name>.+)`$")


def decode(data: bytes | str, kind: type[T], where: str, *, error: type[FormatError] = FormatError) -> T:
    """JSON text as a `kind`. Raises `error`, which begins with `where` and names the field."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as wrong:
        raise _named(wrong, where, error) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as wrong:
        raise error(f"{where} cannot be read as JSON: {wrong}") from None


def convert(value: object, kind: type[T], where: str, *, error: type[FormatError] = FormatError) -> T:
    """A parsed value (JSON, TOML) as a `kind`. Raises `error`, as `decode` does."""
    try:
        return msgspec.convert(value, kind, str_keys=True)
    except msgspec.ValidationError as wrong:
        raise _named(wrong, where, error) from None


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
    place = f"{where}: `{path}`" if path else where
    return error(f"{place}: {what}", field=path)
