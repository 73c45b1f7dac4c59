"""Text that is safe in HTML and SVG. A `Markup` is made here alone, so that the type checker sees what was not escaped."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import NewType

Markup = NewType("Markup", str)

# What XML forbids, what HTML reads otherwise, and what turns the direction of the words around it.
_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_SPACES = str.maketrans({"\n": "&#10;", "\t": "&#9;"})  # in an attribute XML reads them as blanks
_EMPTY = frozenset({"meta", "input", "br", "hr", "col"})

Value = str | float | bool | None


def text(value: object) -> Markup:
    """Words as they are shown: escaped, and without what is no text."""
    return Markup(html.escape(_UNSHOWABLE.sub("\ufffd", str(value))))


def tag(name: str, attributes: Mapping[str, Value] | None = None, *children: Markup) -> Markup:
    """An element. Attributes that are None or False are left out, one that is True stands without a value."""
    made = "".join(_attribute(key, value) for key, value in (attributes or {}).items())
    if name in _EMPTY:
        return Markup(f"<{name}{made}>")
    return Markup(f"<{name}{made}>{''.join(children)}</{name}>")


def join(*parts: Markup) -> Markup:
    """One after the other."""
    return Markup("".join(parts))


def number(value: float) -> str:
    """A coordinate with as many digits as a screen shows."""
    return f"{value:.1f}".removesuffix(".0")


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return f" {key}"
    shown = number(value) if isinstance(value, float) else text(value).translate(_SPACES)
    return f' {key}="{shown}"'
